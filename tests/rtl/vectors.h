// The vector program's parts: one function per kind of bench. Each reads its sizes from the case,
// writes inputs and expected outputs computed by src/rt into `folder`, and fills in what the bench
// needs to know.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_TESTS_RTL_VECTORS_H
#define ERNN_TESTS_RTL_VECTORS_H

#include "base/rng.h"
#include "rt/network.h"
#include "words.h"

// Uniform in [-limit, limit].
int32_t vectors_uniform(ernn_rng *rng, int32_t limit);
// Any value of `bits` signed bits: one in eight is an extreme, one in eight small.
int32_t vectors_signal(ernn_rng *rng, unsigned bits);

// Chords of the two activations with signal_bits - 2 fractional bits; they go into the case too.
void vectors_pwl(words_case *c, unsigned signal_bits, ernn_rt_pwl *sigmoid, ernn_rt_pwl *tanh);

// A random matrix; `name` prefixes its keys (NAME_LOG2_K, NAME_PES, ...), "" for none. The shifts
// keep results of random vectors near half of full scale, `hot` more bits above it.
void vectors_matrix(words_case *c, ernn_rng *rng, const char *name, unsigned signal_bits,
                    unsigned weight_bits, uint32_t rows, uint32_t cols, ernn_rt_matrix *matrix);

// Bit c - 1 for each saturated class c, as o_saturated of a layer.
int vectors_saturated(const uint32_t *saturations);

// layers.c: whole products and layers; cells.c: the element-wise part of a layer
void vectors_product(words_case *c, const char *folder, ernn_rng *rng);
void vectors_layer(words_case *c, const char *folder, ernn_rng *rng);
void vectors_linear(words_case *c, const char *folder, ernn_rng *rng);
void vectors_cell(words_case *c, const char *folder, ernn_rng *rng);

#endif
