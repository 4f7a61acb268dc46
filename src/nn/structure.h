// Structures of a network's matrices: what other parts of nn need beyond the public header.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NN_STRUCTURE_H
#define ERNN_SRC_NN_STRUCTURE_H

#include "ernn/spec.h"

// "ifco" or "zrh": the gates in the order of the tensor table.
const char *ernn_gate_letters(ernn_cell cell);

// Refuses a structure outside the ranges of spec.h, naming layer, class, value and range.
ernn_status ernn_structure_validate(const ernn_layer_spec *layer, int index, ernn_error *err);
// The same for the block size of the output layer.
ernn_status ernn_structure_validate_output(const ernn_spec *spec, ernn_error *err);

#endif
