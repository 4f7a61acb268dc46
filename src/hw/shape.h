// Matrix products of a layer as block counts, and what the models share.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_HW_SHAPE_H
#define ERNN_SRC_HW_SHAPE_H

#include "ernn/hw.h"

// One product: p block rows (gates padded one by one), q block columns, block size k.
typedef struct ernn_hw_shape {
    int p;
    int q;
    int k;
    int log2_k;
} ernn_hw_shape;

// False when layer `l` has no such product.
bool ernn_hw_shape_of(const ernn_spec *spec, int l, ernn_product product, ernn_hw_shape *shape);

ernn_hw_shape ernn_hw_output_shape(const ernn_spec *spec);
// Words of a beat of scores: those of the other beats, at most the output layer's block size.
int ernn_hw_output_lanes(const ernn_spec *spec, const ernn_design *design);

// Multiplications of one block product with three real ones per complex bin: 3k/2 - 1.
int ernn_hw_operands(const ernn_hw_shape *shape);

// Chains of elements of a product: one for each gate whose rows are needed at the same time. The
// candidate's product runs on the recurrent's elements and has none.
int ernn_hw_chains(const ernn_spec *spec, int l, ernn_product product);

// "input", "recurrent", "candidate", "projection".
const char *ernn_hw_product_name(ernn_product product);

int ernn_hw_ceil(int a, int b);
// ceil(log2 n), n >= 1.
int ernn_hw_log2(int n);

// Cycles from one y of layer `l` to the next: recurrent product, cells, candidate or projection.
int ernn_hw_loop_cycles(const ernn_spec *spec, const ernn_design *design, int l);
// Cycles from one input product to the next: it runs ahead of the loop.
int ernn_hw_ahead_cycles(const ernn_spec *spec, const ernn_design *design, int l);
// The larger of both.
int ernn_hw_layer_cycles(const ernn_spec *spec, const ernn_design *design, int l);
// Cycles from one frame of the output layer to the next.
int ernn_hw_output_cycles(const ernn_spec *spec, const ernn_design *design);
// Cycles from the first input word to the last output word of a lone frame.
int ernn_hw_latency(const ernn_spec *spec, const ernn_design *design);

// LUT, FF, DSP and memory of the whole stack.
void ernn_hw_resources(const ernn_spec *spec, const ernn_design *design, ernn_cost *cost);

#endif
