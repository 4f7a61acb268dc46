// The shape of a network: cells, sizes and block sizes. A plain struct; edit after the defaults.
//
// Text form, also used on the command line: "gru:256,256" or "lstm:1024p512,1024p512" with options
// after the sizes: "p<N>" projection, "+peephole", "+reset_before", for example
// "lstm:1024p512,1024p512+peephole"; "/" joins groups of layers, "lstm:64+peephole/gru:32". Block
// sizes: "8" or "input=16,recurrent=8,projection=8".
//
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SPEC_H
#define ERNN_SPEC_H

#include "ernn/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { ERNN_MAX_LAYERS = 8, ERNN_MAX_SIZE = 8192, ERNN_MAX_BLOCK = 64 };

typedef enum ernn_cell { ERNN_CELL_LSTM, ERNN_CELL_GRU } ernn_cell;

// Matrix classes, each with its own block size.
typedef enum ernn_matrix_class {
    ERNN_MATRIX_INPUT,      // W_ix W_fx W_cx W_ox, or W_zx W_rx W_hx
    ERNN_MATRIX_RECURRENT,  // W_ir W_fr W_cr W_or, or W_zr W_rr W_hr
    ERNN_MATRIX_PROJECTION, // W_ym
    ERNN_MATRIX_OUTPUT,     // linear layer to the labels, dense
    ERNN_MATRIX_CLASSES
} ernn_matrix_class;

typedef struct ernn_layer_spec {
    ernn_cell cell;
    int n_cells;         // 1 to 8192
    int n_projected;     // LSTM: 1 to 8192; 0 = none
    bool is_peephole;    // LSTM: i and f see c_{t-1}, o sees c_t
    bool is_reset_after; // GRU: r multiplies W_hr h' + b_hr; else r multiplies h' (default after)
    int block[ERNN_MATRIX_CLASSES]; // 1 (dense), 2, 4, ... 64; ERNN_MATRIX_OUTPUT is unused here
} ernn_layer_spec;

typedef struct ernn_spec {
    int n_inputs; // features per frame after stacking
    int n_layers; // 1 to 8
    int n_labels; // outputs of the linear layer, the CTC blank (label 0) included
    ernn_layer_spec layers[ERNN_MAX_LAYERS];
} ernn_spec;

// One GRU layer of 64 cells, dense, reset after.
ERNN_API ernn_spec ernn_spec_defaults(void);

// Fills cell, layers and sizes from the text form; other fields of `spec` stay.
ERNN_API ernn_status ernn_spec_parse(ernn_spec *spec, const char *text, ernn_error *err);

// Sets the block sizes of all layers from the text form; classes not named stay.
ERNN_API ernn_status ernn_spec_parse_blocks(ernn_spec *spec, const char *text, ernn_error *err);

// Refuses anything outside the ranges above, naming field, value and range.
ERNN_API ernn_status ernn_spec_validate(const ernn_spec *spec, ernn_error *err);

// The text form, canonical; `size` bytes at `text`, always terminated.
ERNN_API void ernn_spec_print(const ernn_spec *spec, char *text, size_t size);

// The block sizes of the first layer as ernn_spec_parse_blocks reads them.
ERNN_API void ernn_spec_print_blocks(const ernn_spec *spec, char *text, size_t size);

// Gates of a cell: 4 or 3.
ERNN_API int ernn_spec_gates(ernn_cell cell);
// Width of a layer's input and output vectors.
ERNN_API int ernn_spec_layer_inputs(const ernn_spec *spec, int layer);
ERNN_API int ernn_spec_layer_outputs(const ernn_spec *spec, int layer);
// Numbers stored: weights, biases, peepholes and output layer, padding included.
ERNN_API size_t ernn_spec_parameters(const ernn_spec *spec);
// The same for the recurrent layers' weight matrices alone (what circulant blocks compress).
ERNN_API size_t ernn_spec_matrix_parameters(const ernn_spec *spec);

#ifdef __cplusplus
}
#endif
#endif
