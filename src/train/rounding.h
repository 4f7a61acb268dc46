// Quantization-aware training: the parameters with every weight rounded as the fixed-point network
// would store it. The forward pass and its gradient see these; the update moves the unrounded ones
// (straight-through). docs/math.md, T.12. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_TRAIN_ROUNDING_H
#define ERNN_SRC_TRAIN_ROUNDING_H

#include "ernn/model.h"

// The gates of one product, contiguous: they share a format.
typedef struct ernn_weight_group {
    size_t offset; // in floats
    size_t n_blocks;
    int block;
} ernn_weight_group;

enum { ERNN_MAX_WEIGHT_GROUPS = 18 * ERNN_MAX_LAYERS + 1 };

typedef struct ernn_rounding {
    int bits;
    size_t n_groups;
    ernn_weight_group groups[ERNN_MAX_WEIGHT_GROUPS];
    size_t n;
    float *values; // [n] rounded parameters, NULL: not in use
} ernn_rounding;

ernn_status ernn_rounding_init(ernn_rounding *rounding, const ernn_model *model, int bits,
                               ernn_error *err);
void ernn_rounding_clear(ernn_rounding *rounding);
// values = `parameters` rounded, each group in the format that ernn_quantize would choose for it
// now; biases and peepholes as they are. Returns values.
const float *ernn_rounding_update(ernn_rounding *rounding, const float *parameters);

#endif
