// A plain double-precision network for the tests: forward pass and loss written from the equations,
// sharing nothing with the training code but the table of parameter names. Gradients are central
// differences of its loss. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_TESTS_NN_REFERENCE_H
#define ERNN_TESTS_NN_REFERENCE_H

#include "ernn/model.h"
#include "nn/net.h"

// Parts of a layer's cell in `expanded`, gate by gate in the order of the gates; NULL when absent.
typedef struct reference_layer {
    const double *input[4];
    const double *recurrent[4];
    const double *bias[4];
    const double *candidate_bias;
    const double *peephole[3]; // i, f, o
    const double *projection;
} reference_layer;

typedef struct reference {
    const ernn_model *model;
    double *parameters;                         // layout of the model's block, free to change
    double *expanded;                           // matrices dense [rows][cols], vectors [rows]
    size_t *offsets;                            // of each tensor in `expanded`
    reference_layer layers[ERNN_MAX_LAYERS][2]; // forward, backward in time
    const double *output;
    const double *output_bias;
} reference;

reference reference_new(const ernn_model *model);
void reference_free(reference *ref);

// Logits of utterance i of the batch, [n_frames][n_labels], with the batch's noise and dropout.
void reference_logits(reference *ref, const ernn_batch *batch, int i, double *logits);
// The loss that ernn_net_backward returns.
double reference_loss(reference *ref, const ernn_batch *batch);
// Central differences of the loss with respect to every stored parameter.
void reference_gradient(reference *ref, const ernn_batch *batch, double *gradient);

// Normal values of the given spread in every parameter, biases and peepholes included; those of
// diagonals outside the matrix too, which must not matter.
void reference_randomize(ernn_model *model, uint64_t seed, double spread);

#endif
