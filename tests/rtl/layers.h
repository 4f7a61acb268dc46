// Random layers of one-layer networks, for the vectors of cells and of whole layers.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_TESTS_RTL_LAYERS_H
#define ERNN_TESTS_RTL_LAYERS_H

#include <stddef.h>

#include "vectors.h"

void *layers_new(size_t n, size_t size);
// p q k.
size_t layers_weights(const ernn_rt_matrix *matrix);
// A layer of random weights, biases and peepholes; sizes and shifts from the case.
void layers_build(words_case *c, ernn_rng *rng, ernn_rt_network *network);
// A random state for it.
void layers_state(const ernn_rt_network *network, ernn_rng *rng, int calm, ernn_rt_state *state);
// `network` may be NULL: the state alone.
void layers_free(ernn_rt_network *network, ernn_rt_state *state);

#endif
