// What the passes of one layer share: the packed batch, the layer's buffers, the two cells.
//
// A batch is packed time-major without padding: utterances are ranked by length, longest first, and
// the rows of step t are those of the utterances still running, so that row i of step t continues
// row i of step t - 1 and every product sees real frames alone. `rows` = all frames of the batch.
// A bidirectional layer is two cells; the one that runs backwards in time sees the frames of every
// utterance in reverse order, which leaves the packing as it is.
// G gates (4 LSTM, 3 GRU), H cells, N inputs, R states (what the cell feeds back).
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NN_NET_LAYER_H
#define ERNN_SRC_NN_NET_LAYER_H

#include "nn/weights.h"

typedef struct ernn_packing {
    int n;         // utterances
    int n_steps;   // frames of the longest
    int *order;    // [n] utterance of each rank
    int *length;   // [n] frames of each rank
    int *active;   // [n_steps] utterances running at a step
    size_t *start; // [n_steps + 1] first row of a step; the last is `rows`
} ernn_packing;

static inline int ernn_packing_rows(const ernn_packing *packing)
{
    return (int)packing->start[packing->n_steps];
}

// Ranks first .. first + n - 1 of a step: the rows that one thread takes through all steps.
typedef struct ernn_ranks {
    int first;
    int n;
} ernn_ranks;

// Share `index` of `shares` of the utterances.
static inline ernn_ranks ernn_packing_share(const ernn_packing *packing, int index, int shares)
{
    const int begin = packing->n * index / shares;
    return (ernn_ranks){begin, packing->n * (index + 1) / shares - begin};
}

// How many of the ranks still run at step t.
static inline int ernn_packing_running(const ernn_packing *packing, ernn_ranks ranks, int t)
{
    const int left = packing->active[t] - ranks.first;
    return left < 0 ? 0 : left < ranks.n ? left : ranks.n;
}

// Buffers of one cell, kept from the forward to the backward pass.
typedef struct ernn_layer {
    ernn_layer_spec spec;
    int n_inputs;
    int n_outputs;      // R
    const float *input; // [rows][N], borrowed
    float *gates;       // [rows][4][H]; after the backward pass their gradients (see each cell)
    float *cell;        // [rows][H], LSTM
    float *hidden;      // [rows][H], m of a projected LSTM
    float *output;      // [rows][R]
    ernn_stack_sums input_sums;
    ernn_stack_sums recurrent_sums;
    ernn_stack_sums projection_sums;
} ernn_layer;

// Scratch that the layers use in turn; H and R the largest of the network.
typedef struct ernn_layer_scratch {
    ernn_workers *workers;
    ernn_split split;
    const float *zeros; // [max batch][4 H or R] state before the first step
    float *carry;       // [max batch][H]
    float *inner;       // [max batch][H]
    float *previous;    // [rows][R] outputs of the step before
} ernn_layer_scratch;

// Forward pass of a whole batch: layer->input -> layer->output.
void ernn_lstm_forward(const ernn_layer *layer, const ernn_packing *packing,
                       const ernn_layer_weights *weights, const ernn_layer_scratch *scratch);
void ernn_gru_forward(const ernn_layer *layer, const ernn_packing *packing,
                      const ernn_layer_weights *weights, const ernn_layer_scratch *scratch);

// Backward pass: d_output[rows][R], which is overwritten, adds to the gradients of the weights.
// layer->gates is left with the gradients of the pre-activations.
void ernn_lstm_backward(const ernn_layer *layer, const ernn_packing *packing,
                        const ernn_layer_weights *weights, const ernn_layer_gradient *gradient,
                        const ernn_layer_scratch *scratch, float *d_output);
void ernn_gru_backward(const ernn_layer *layer, const ernn_packing *packing,
                       const ernn_layer_weights *weights, const ernn_layer_gradient *gradient,
                       const ernn_layer_scratch *scratch, float *d_output);
// d_input[rows][N] from what a backward pass left.
void ernn_lstm_backward_input(const ernn_layer *layer, const ernn_packing *packing,
                              const ernn_layer_weights *weights, const ernn_layer_scratch *scratch,
                              float *d_input);
void ernn_gru_backward_input(const ernn_layer *layer, const ernn_packing *packing,
                             const ernn_layer_weights *weights, const ernn_layer_scratch *scratch,
                             float *d_input);

// previous[rows][n] = x of the step before, zero at the first.
void ernn_packing_shift(const ernn_packing *packing, int n, const float *x, float *previous);
// sums[n] += the sum of the rows of x[rows][n], ld floats apart.
void ernn_sum_rows(int rows, int n, const float *x, size_t ld, float *sums, ernn_workers *workers);

// ---- Bidirectional layers ----

// y[rows][n] = x, every utterance from its last frame to its first; y is not x.
void ernn_packing_reverse(const ernn_packing *packing, int n, const float *x, float *y);
// The layer's output from those of its cells, [rows][n] each: side by side, output[rows][2 n], or
// their sum. `backward` is in the reverse order that its cell saw.
void ernn_directions_join(ernn_direction direction, const ernn_packing *packing, int n,
                          const float *forward, const float *backward, float *output);
// The way of the gradient back: d_forward and d_backward[rows][n] from d_output.
void ernn_directions_split(ernn_direction direction, const ernn_packing *packing, int n,
                           const float *d_output, float *d_forward, float *d_backward);
// d_input[rows][n] += what reached the cell that saw the reverse order.
void ernn_directions_add_input(const ernn_packing *packing, int n, const float *d_backward,
                               float *d_input);

// ---- Noise, from the utterance's seed, place and frame alone ----

// y[n] = x[n] + normal noise for frame t.
void ernn_noise_row(uint64_t seed, int t, double deviation, int n, const float *x, float *y);
// Frame t of an utterance of n_frames: y[n] = 0 where a mask lies.
void ernn_mask_row(const ernn_masks *masks, uint64_t seed, int t, int n_frames, int n, float *y);
// Inverted dropout before layer `place` (n_layers: before the output layer): y = 0 with probability
// `rate`, else x / (1 - rate). Also its own backward pass. y may be x.
void ernn_dropout_row(uint64_t seed, int place, int t, double rate, int n, const float *x,
                      float *y);

// ---- Losses ----

// Doubles of scratch for the function below.
size_t ernn_loss_scratch(int max_frames, int n_labels);
// Loss of utterance i of the batch on its logits[n_frames][n_labels] and its gradient.
// `*is_skipped` when it has fewer frames than its labels need: then loss and gradient are 0.
double ernn_loss(const ernn_batch *batch, int i, int n_labels, const float *logits, float *gradient,
                 double *scratch, bool *is_skipped);

#endif
