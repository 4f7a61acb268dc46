// Ranges of every signal class, from the network in double precision over calibration sequences.
// docs/fixed-point.md section 8. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_FIXED_CALIBRATE_H
#define ERNN_SRC_FIXED_CALIBRATE_H

#include "fixed/qmodel.h"

typedef struct ernn_range {
    double low;
    double high;
} ernn_range;

typedef struct ernn_matrix_ranges {
    ernn_range weights; // spectra
    ernn_range spectrum;
    ernn_range accumulator;
    ernn_range product;
} ernn_matrix_ranges;

typedef struct ernn_layer_ranges {
    ernn_range input;
    ernn_range bias;
    ernn_range preactivation; // sums as they enter the activations
    ernn_range cell;
    ernn_range peephole;
    ernn_range output;
    ernn_matrix_ranges matrices[ERNN_QMATRICES];
} ernn_layer_ranges;

typedef struct ernn_network_ranges {
    ernn_layer_ranges layers[ERNN_RT_MAX_LAYERS];
    ernn_matrix_ranges output;
    ernn_range scores; // product and bias of the output layer
} ernn_network_ranges;

// The larger magnitude of the two ends.
double ernn_range_peak(ernn_range range);
void ernn_range_add(ernn_range *range, const double *values, size_t n);

// Runs at most `max_sequences` of `calibration`, spread evenly over it, through `model`; `shape` is
// a qmodel of the same spec. The same ranges for any number of threads.
ernn_status ernn_calibrate(const ernn_model *model, ernn_qmodel *shape,
                           const ernn_sequences *calibration, int max_sequences,
                           ernn_network_ranges *ranges, ernn_error *err);

#endif
