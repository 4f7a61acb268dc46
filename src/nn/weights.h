// The parts of a layer's cell for the passes of training: matrices ready for products, vectors, and
// their gradients. G gates (4 LSTM, 3 GRU), H cells, N inputs, R states (what is fed back).
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NN_WEIGHTS_H
#define ERNN_SRC_NN_WEIGHTS_H

#include "nn/matrix.h"
#include "nn/net.h"

// NULL where the cell has no such part.
typedef struct ernn_layer_weights {
    const ernn_stack *input;      // G of [H][N]
    const ernn_stack *recurrent;  // G of [H][R]
    const ernn_stack *projection; // [R][H], projected LSTM
    const float *bias;            // [G][H]
    const float *candidate_bias;  // [H], GRU with the reset after
    const float *peephole;        // [3][H] i, f, o, LSTM with peepholes
} ernn_layer_weights;

// The same parts of a gradient in the layout of the model.
typedef struct ernn_layer_gradient {
    float *input;
    float *recurrent;
    float *projection;
    float *bias;
    float *candidate_bias;
    float *peephole;
} ernn_layer_gradient;

const ernn_spec *ernn_weights_spec(const ernn_weights *weights);
// direction: 0, or 1 for the cell of a bidirectional layer that runs backwards in time.
ernn_layer_weights ernn_weights_layer(const ernn_weights *weights, int layer, int direction);
ernn_layer_gradient ernn_weights_layer_gradient(const ernn_weights *weights, int layer,
                                                int direction, float *gradient);

// The output layer [labels][R] and its bias [labels]; their places in a gradient.
const ernn_stack *ernn_weights_output(const ernn_weights *weights);
const float *ernn_weights_output_bias(const ernn_weights *weights);
float *ernn_weights_output_gradient(const ernn_weights *weights, float *gradient);
float *ernn_weights_output_bias_gradient(const ernn_weights *weights, float *gradient);

#endif
