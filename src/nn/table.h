// The table of a model's parameter tensors, derived from the spec alone: names, shapes and places
// in the parameter block. A dense twin of a model has the table of its spec with all matrices
// dense.
//
// A sparse matrix lies in the parameter block as a dense array, zeros being its mask, so that
// products, optimiser and projection need no other form: `count` and offsets are those of the
// array. `n_stored` is what the structure keeps, and what ernn_spec_parameters adds up.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NN_TABLE_H
#define ERNN_SRC_NN_TABLE_H

#include "ernn/model.h"

// The most that any spec has: input, recurrent and bias of four gates, three peepholes and the
// projection per layer and direction, and the output layer's two.
enum { ERNN_MAX_TENSORS = ERNN_MAX_LAYERS * 2 * 16 + 2 };

// Fills tensors[ERNN_MAX_TENSORS] in the order of the parameter block and returns how many;
// `*n_floats` is the size of the block. `spec` is valid.
size_t ernn_table_fill(const ernn_spec *spec, ernn_tensor *tensors, size_t *n_floats);

// The structure that `spec` gives a tensor of a model of its shape; vectors are dense.
ernn_structure ernn_table_structure(const ernn_spec *spec, const ernn_tensor *tensor);

#endif
