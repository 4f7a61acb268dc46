// Q formats of a whole network and the shifts they stand for. docs/fixed-point.md section 1.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_FIXED_FORMATS_H
#define ERNN_SRC_FIXED_FORMATS_H

#include "ernn/status.h"
#include "rt/network.h"

// The matrices of a layer in the integer network.
typedef enum ernn_qmatrix {
    ERNN_QMATRIX_INPUT,
    ERNN_QMATRIX_RECURRENT,
    ERNN_QMATRIX_CANDIDATE,
    ERNN_QMATRIX_PROJECTION,
    ERNN_QMATRICES
} ernn_qmatrix;

// Fractional bits inside one product.
typedef struct ernn_matrix_formats {
    int weights;     // packed spectra of the blocks
    int spectrum;    // input spectra
    int accumulator; // spectral sums after their rounding
} ernn_matrix_formats;

// Fractional bits of a layer's signals; 0 where the layer has no such signal.
typedef struct ernn_layer_formats {
    int input;
    int preactivation;
    int cell;
    int peephole;
    int output;
    ernn_matrix_formats matrices[ERNN_QMATRICES];
} ernn_layer_formats;

typedef struct ernn_network_formats {
    ernn_layer_formats layers[ERNN_RT_MAX_LAYERS];
    ernn_matrix_formats output; // of the output matrix
    int output_frac;            // of the labels' scores
} ernn_network_formats;

// A layer's matrix; rows = 0 when the layer has none of this kind.
ernn_rt_matrix *ernn_layer_matrix(ernn_rt_layer *layer, ernn_qmatrix which);
// "input", "recurrent", "candidate", "projection".
const char *ernn_qmatrix_name(ernn_qmatrix which);

// Width of the spectral sums: W + S + ceil(log2 q). (fixed-point.md 4.1)
unsigned ernn_accumulator_bits(unsigned signal_bits, unsigned weight_bits,
                               const ernn_rt_matrix *matrix);

// Lowers formats as far as the ranges of section 1 demand, given the shapes, signal_bits and
// weight_bits of `network`.
void ernn_formats_constrain(ernn_network_formats *formats, ernn_rt_network *network);

// Writes the formats and shifts into `network`, whose shapes are set. ERNN_BAD_ARG naming the
// first format or shift outside its range; the widths of src/rt hold afterwards.
ernn_status ernn_formats_apply(const ernn_network_formats *formats, ernn_rt_network *network,
                               ernn_error *err);

#endif
