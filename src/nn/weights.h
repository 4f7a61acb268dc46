// Where the parts of a layer's cell lie in the dense parameters, for the passes of training.
// G gates (4 LSTM, 3 GRU), H cells, N inputs, R states (what is fed back).
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NN_WEIGHTS_H
#define ERNN_SRC_NN_WEIGHTS_H

#include "nn/net.h"

typedef struct ernn_layer_weights {
    const float *input;             // [G H][N]
    const float *recurrent;         // [G H][R]
    const float *recurrent_turned;  // [R][G H], its transpose
    const float *bias;              // [G][H]
    const float *candidate_bias;    // [H], GRU with the reset after
    const float *peephole;          // [3][H] i, f, o, LSTM with peepholes
    const float *projection;        // [R][H], projected LSTM
    const float *projection_turned; // [H][R], its transpose
} ernn_layer_weights;

// The same parts of a dense gradient.
typedef struct ernn_layer_gradient {
    float *input;
    float *recurrent;
    float *bias;
    float *candidate_bias;
    float *peephole;
    float *projection;
} ernn_layer_gradient;

// direction: 0, or 1 for the cell of a bidirectional layer that runs backwards in time.
ernn_layer_weights ernn_weights_layer(const ernn_weights *weights, int layer, int direction);
ernn_layer_gradient ernn_weights_layer_gradient(const ernn_weights *weights, int layer,
                                                int direction, float *dense_gradient);

// The dense parameters, and in them the offsets of output.W [labels][R] and output.b [labels].
const float *ernn_weights_values(const ernn_weights *weights);
size_t ernn_weights_output(const ernn_weights *weights);
size_t ernn_weights_output_bias(const ernn_weights *weights);

#endif
