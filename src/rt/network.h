// The deployed network: block-circulant integer products and the LSTM and GRU cells, one frame at a
// time. Evaluation, generated C and the vectors of the Verilog benches all run this code.
// Normative text: docs/fixed-point.md sections 4, 6 and 7.
//
// A signal value is an int32_t of `signal_bits` significant bits; "frac" is its number of
// fractional bits. Structures point to arrays that the caller owns; nothing here allocates.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_RT_NETWORK_H
#define ERNN_RT_NETWORK_H

#include "rt/arithmetic.h"
#include "rt/fft.h"

enum { ERNN_RT_MAX_LAYERS = 8, ERNN_RT_MAX_GATES = 4 };

// Signal classes that saturate, each with a sticky counter.
enum {
    ERNN_RT_INPUT,         // features, when they are quantised
    ERNN_RT_SPECTRUM,      // FFT of an input block
    ERNN_RT_ACCUMULATOR,   // spectral sum after its rounding
    ERNN_RT_PRODUCT,       // result of one matrix product
    ERNN_RT_PREACTIVATION, // sum of products, bias and peephole
    ERNN_RT_CELL,          // LSTM cell state
    ERNN_RT_CLASSES
};

// A rows x cols matrix of block size k = 2^log2_k (1 = dense), p x q blocks, p = ceil(rows / k),
// q = ceil(cols / k), padding zero. (fixed-point.md 4)
typedef struct ernn_rt_matrix {
    uint32_t rows;
    uint32_t cols;
    uint32_t log2_k;
    uint32_t spectrum_shift;    // transform of x -> spectrum format, round and saturate
    uint32_t accumulator_shift; // spectral sum -> inverse input format, signal_bits + 4 bits
    uint32_t output_shift;      // k times the inverse transform -> output format
    const int16_t *weights;     // [p][q][k]: packed spectrum of each block's first column
} ernn_rt_matrix;

typedef enum ernn_rt_cell { ERNN_RT_LSTM, ERNN_RT_GRU } ernn_rt_cell;

// Gate order everywhere: LSTM i, f, c, o; GRU z, r, h. Each matrix's rows are the gates one after
// the other, each gate padded to a multiple of that matrix's k: gate g starts at row
// g * ceil(n_cells / k) * k. The matrix's `rows` counts this padding.
typedef struct ernn_rt_layer {
    ernn_rt_cell cell;
    uint32_t n_inputs;
    uint32_t n_cells;
    uint32_t n_outputs;          // projection size, or n_cells
    uint32_t is_peephole;        // LSTM
    uint32_t is_projected;       // LSTM
    uint32_t is_reset_after;     // GRU: the reset gate multiplies the product, not the state
    uint32_t input_frac;         // of x
    uint32_t preactivation_frac; // of both products, biases and their sum, 3 or more
    uint32_t cell_frac;          // LSTM cell state, at most signal_bits - 2
    uint32_t peephole_frac;
    uint32_t output_frac;          // of y: signal_bits - 2 unless projected
    ernn_rt_matrix input;          // [gates n_cells] x n_inputs
    ernn_rt_matrix recurrent;      // [gates n_cells] x n_outputs; GRU reset before: gates z, r only
    ernn_rt_matrix candidate;      // GRU reset before: n_cells x n_cells on r . h'
    ernn_rt_matrix projection;     // n_outputs x n_cells
    const int32_t *bias;           // [gates][n_cells], preactivation_frac
    const int32_t *bias_candidate; // [n_cells], GRU reset after: b_hr inside the reset
    const int32_t *peephole;       // [3][n_cells] i, f, o, peephole_frac
} ernn_rt_layer;

typedef struct ernn_rt_network {
    uint32_t signal_bits; // 8 to 18; gates have signal_bits - 2 fractional bits
    uint32_t weight_bits; // 4 to 16
    uint32_t n_layers;
    ernn_rt_layer layers[ERNN_RT_MAX_LAYERS];
    ernn_rt_matrix output;      // dense or circulant linear layer; rows = 0 when there is none
    const int32_t *output_bias; // [rows], output_frac
    uint32_t output_frac;
    ernn_rt_pwl sigmoid;
    ernn_rt_pwl tanh;
} ernn_rt_network;

// State of one stream: for each layer y[n_outputs] and, for an LSTM, c[n_cells].
typedef struct ernn_rt_state {
    int32_t *y[ERNN_RT_MAX_LAYERS];
    int32_t *c[ERNN_RT_MAX_LAYERS];
    int32_t *scratch;                      // ernn_rt_scratch_words() words
    uint32_t saturations[ERNN_RT_CLASSES]; // since the caller last cleared them
} ernn_rt_state;

// Called with each intermediate vector of a step when tracing, for locating a first mismatch.
// `signal` is one of "input_product", "recurrent_product", "candidate_product", "c", "m", "y".
typedef void (*ernn_rt_trace_fn)(void *user, uint32_t layer, const char *signal,
                                 const int32_t *values, uint32_t n);

// Words of scratch that one step of this network needs.
uint32_t ernn_rt_scratch_words(const ernn_rt_network *network);

// y[rows] = matrix * x[cols]. `scratch` holds q * k words for this matrix. x is not changed;
// y does not overlap x. (fixed-point.md 4)
void ernn_rt_product(const ernn_rt_matrix *matrix, uint32_t signal_bits, const int32_t *x,
                     int32_t *y, int32_t *scratch, uint32_t *saturations);

// One frame through layer `layer`: reads x[n_inputs], updates the state, whose y is the output.
void ernn_rt_layer_step(const ernn_rt_network *network, uint32_t layer, const int32_t *x,
                        ernn_rt_state *state, ernn_rt_trace_fn trace, void *user);

// One frame through the stack and, when `logits` is not NULL, the output layer.
void ernn_rt_step(const ernn_rt_network *network, const int32_t *x, int32_t *logits,
                  ernn_rt_state *state, ernn_rt_trace_fn trace, void *user);

// All states of the stream to zero; counters stay.
void ernn_rt_reset(const ernn_rt_network *network, ernn_rt_state *state);

#endif
