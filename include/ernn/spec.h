// The shape of a network: cells, sizes and block sizes. A plain struct; edit after the defaults.
//
// Text form, also used on the command line: "gru:256,256" or "lstm:1024p512,1024p512" with options
// after the sizes: "p<N>" projection, "+peephole", "+reset_before", "+clip<C>" (LSTM: |c| <= C),
// "+bidirectional" or "+bidirectional_sum", for example "lstm:1024p512,1024p512+peephole+clip50";
// "/" joins groups of layers, "lstm:64+peephole/gru:32".
//
// Structures of the matrices: first one for those of all layers, "8"; then, or instead, by class,
// "input=16,recurrent=8,projection=8"; by layer and class, "layer0.input=16"; by layer and matrix,
// "layer1.W_ir=4" (the names of docs/format.md); of the output layer, "output=8". What stands later
// wins. A structure is a block size, 1 being dense, or "sparse:16:0.1": balanced over 16 processing
// elements, 10 % of the weights kept. The output layer is dense unless named ("8,output=8"), and
// never sparse.
//
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SPEC_H
#define ERNN_SPEC_H

#include "ernn/sparse.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { ERNN_MAX_LAYERS = 8, ERNN_MAX_SIZE = 8192, ERNN_MAX_BLOCK = 64, ERNN_MAX_GATES = 4 };
// Bytes that hold any text that ernn_spec_print or ernn_spec_print_blocks writes.
enum { ERNN_SPEC_TEXT = 4096 };

typedef enum ernn_cell { ERNN_CELL_LSTM, ERNN_CELL_GRU } ernn_cell;

// A bidirectional layer runs a second cell, with parameters of its own and of the same shape and
// structures, from the last frame to the first; its output is both outputs side by side (forward
// first) or their sum.
typedef enum ernn_direction {
    ERNN_FORWARD,
    ERNN_BIDIRECTIONAL,
    ERNN_BIDIRECTIONAL_SUM
} ernn_direction;

// Matrix classes, each with its own structure.
typedef enum ernn_matrix_class {
    ERNN_MATRIX_INPUT,      // W_ix W_fx W_cx W_ox, or W_zx W_rx W_hx
    ERNN_MATRIX_RECURRENT,  // W_ir W_fr W_cr W_or, or W_zr W_rr W_hr
    ERNN_MATRIX_PROJECTION, // W_ym
    ERNN_MATRIX_OUTPUT,     // linear layer to the labels, never sparse
    ERNN_MATRIX_CLASSES
} ernn_matrix_class;

// The structure of one matrix: dense, block-circulant or balanced-sparse.
typedef struct ernn_structure {
    int block; // 1 (dense or sparse), 2, 4, ... 64
    ernn_sparsity sparse;
} ernn_structure;

typedef struct ernn_layer_spec {
    ernn_cell cell;
    int n_cells;         // 1 to 8192
    int n_projected;     // LSTM: 1 to 8192; 0 = none
    bool is_peephole;    // LSTM: i and f see c_{t-1}, o sees c_t
    bool is_reset_after; // GRU: r multiplies W_hr h' + b_hr; else r multiplies h' (default after)
    float cell_clip;     // LSTM: |c| is at most this, 0.001 to 1000 in steps of 0.001; 0 = no clip
    ernn_direction direction;
    // Structure of each class; ERNN_MATRIX_OUTPUT is unused here (output_block of ernn_spec). Read
    // through ernn_spec_structure, written through ernn_spec_set_structure where gates may differ.
    int block[ERNN_MATRIX_CLASSES];            // 1 (dense or sparse), 2, 4, ... 64
    ernn_sparsity sparse[ERNN_MATRIX_CLASSES]; // n_pes 0: not sparse; else block is 1
    // Of single gates of the input and the recurrent class; block 0: as their class.
    ernn_structure own[ERNN_MATRIX_PROJECTION][ERNN_MAX_GATES];
} ernn_layer_spec;

typedef struct ernn_spec {
    int n_inputs; // features per frame after stacking
    int n_layers; // 1 to 8
    int n_labels; // outputs of the linear layer, the CTC blank (label 0) included
    ernn_layer_spec layers[ERNN_MAX_LAYERS];
    int output_block; // of the linear layer's matrix: 1 (dense), 2, 4, ... 64
} ernn_spec;

// One GRU layer of 64 cells, dense, reset after.
ERNN_API ernn_spec ernn_spec_defaults(void);

// Fills cell, layers and sizes from the text form; other fields of `spec` stay.
ERNN_API ernn_status ernn_spec_parse(ernn_spec *spec, const char *text, ernn_error *err);

// Sets the structures of the matrices from the text form; those not named stay, the output layer's
// too under one structure for all. Layers and gates that the spec does not have are refused.
ERNN_API ernn_status ernn_spec_parse_blocks(ernn_spec *spec, const char *text, ernn_error *err);

// Refuses anything outside the ranges above, naming field, value and range.
ERNN_API ernn_status ernn_spec_validate(const ernn_spec *spec, ernn_error *err);

// The text form, canonical; `size` bytes at `text`, always terminated.
ERNN_API void ernn_spec_print(const ernn_spec *spec, char *text, size_t size);

// The structures as ernn_spec_parse_blocks reads them: those of the first layer for all, then what
// differs, the output layer's when it is not dense. `size` bytes at `text`, always terminated.
ERNN_API void ernn_spec_print_blocks(const ernn_spec *spec, char *text, size_t size);
// "8" or "sparse:16:0.1".
ERNN_API void ernn_spec_print_structure(ernn_structure structure, char *text, size_t size);

// Structure of a gate's matrix, gates in the order of the tensor table (i f c o or z r h); 0 for
// the projection.
ERNN_API ernn_structure ernn_spec_structure(const ernn_layer_spec *layer, ernn_matrix_class matrix,
                                            int gate);
// Gives all matrices of a class one structure.
ERNN_API void ernn_spec_set_structure(ernn_layer_spec *layer, ernn_matrix_class matrix,
                                      ernn_structure structure);
// The same network with every matrix dense.
ERNN_API ernn_spec ernn_spec_dense(const ernn_spec *spec);
// Of all matrices, the output layer's included: the largest block size, 1 without blocks; whether
// one is sparse; whether every one is dense.
ERNN_API int ernn_spec_largest_block(const ernn_spec *spec);
ERNN_API bool ernn_spec_has_sparse(const ernn_spec *spec);
ERNN_API bool ernn_spec_is_dense(const ernn_spec *spec);
// Refuses bidirectional layers, for users that see one frame at a time; `what` begins the message.
ERNN_API ernn_status ernn_spec_check_streaming(const ernn_spec *spec, const char *what,
                                               ernn_error *err);
// Refuses what the integer network and the accelerator do not have: bidirectional layers, a cell
// clip, gates that differ in structure inside a class of a layer.
ERNN_API ernn_status ernn_spec_check_deployable(const ernn_spec *spec, const char *what,
                                                ernn_error *err);

// Gates of a cell: 4 or 3.
ERNN_API int ernn_spec_gates(ernn_cell cell);
// 1, or 2 for a bidirectional layer.
ERNN_API int ernn_spec_directions(const ernn_layer_spec *layer);
// Width of the state y that a layer's cell feeds back: its cells or its projection.
ERNN_API int ernn_spec_layer_states(const ernn_spec *spec, int layer);
// Width of a layer's input and output vectors: the output is as wide as the state, or twice that
// when it is both directions side by side.
ERNN_API int ernn_spec_layer_inputs(const ernn_spec *spec, int layer);
ERNN_API int ernn_spec_layer_outputs(const ernn_spec *spec, int layer);
// Numbers stored: weights, biases, peepholes and output layer, padding included; of a sparse matrix
// the weights it keeps, without their positions. (In memory a sparse matrix takes a dense array.)
ERNN_API size_t ernn_spec_parameters(const ernn_spec *spec);
// The same for the recurrent layers' weight matrices alone (what their structures compress).
ERNN_API size_t ernn_spec_matrix_parameters(const ernn_spec *spec);
// Of these the padding: what blocks store beyond rows cols / k because rows or columns are no
// multiples of k, rounded down matrix by matrix.
ERNN_API size_t ernn_spec_padding(const ernn_spec *spec);
// The same for one class of a layer; ERNN_MATRIX_OUTPUT: of the output layer, whatever `layer` is.
ERNN_API size_t ernn_spec_class_padding(const ernn_spec *spec, int layer, ernn_matrix_class matrix);

#ifdef __cplusplus
}
#endif
#endif
