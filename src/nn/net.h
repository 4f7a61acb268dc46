// Batched forward and backward passes for training: what the optimiser sees of a network.
//
// Matrices are prepared for products once per update (ernn_weights): dense ones packed, circulant
// ones as spectra (nn/matrix.h). Gradients come in the layout of the model's parameters. Results do
// not depend on the number of threads. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NN_NET_H
#define ERNN_SRC_NN_NET_H

#include "ernn/model.h"
#include "nn/matrix.h"

// The parameters of a model ready for products. Read-only while nets run; shared between threads.
typedef struct ernn_weights ernn_weights;
ernn_status ernn_weights_new(const ernn_model *model, ernn_weights **weights, ernn_error *err);
// The same with the form of circulant matrices given.
ernn_status ernn_weights_new_in(const ernn_model *model, ernn_matrix_form form,
                                ernn_weights **weights, ernn_error *err);
void ernn_weights_free(ernn_weights *weights);
// Floats of a gradient: the parameters of the model.
size_t ernn_weights_count(const ernn_weights *weights);
// Takes over `parameters` (laid out as the model's block), which must stay as they are until the
// passes on them are done. `workers` NULL: on the caller's thread.
void ernn_weights_update(ernn_weights *weights, const float *parameters, ernn_workers *workers);

typedef enum ernn_target { ERNN_TARGET_CTC, ERNN_TARGET_FRAME } ernn_target;

// Stretches of an utterance that are set to 0, the mean of normalised features (math.md L.10).
typedef struct ernn_masks {
    int n_time; // stretches of frames
    int time_width;
    int n_frequency; // bands of filters, the same for all frames of the utterance
    int frequency_width;
    int n_stacked; // frames in one vector: a band is masked in each
} ernn_masks;

// A batch of N utterances, borrowed pointers. Shorter ones are padded inside; padding has no
// effect.
typedef struct ernn_batch {
    int n;
    const float *const *frames; // [n] -> [n_frames[i]][n_inputs]
    const int *n_frames;        // [n]
    const int *const *labels;   // CTC: [n] -> [n_labels[i]], values 1.. (0 is blank);
                                // frame: [n] -> [n_frames[i]], values 0..
    const int *n_labels;        // CTC
    ernn_target target;
    double noise;                 // standard deviation added to the features
    double dropout;               // on the inputs of layers 1.. and of the output layer, inverted
    const uint64_t *seeds;        // [n] of noise, masks and dropout of each utterance; NULL: none
    const float *const *teachers; // [n] -> [n_frames[i]][n_labels] posteriors; NULL: no teacher
    double imitation;             // share of the teacher in the loss, 0 to 1
    ernn_masks masks;             // over the features, after the noise
} ernn_batch;

// Workspace of one computation on `threads` threads. Nothing allocates in forward or backward.
typedef struct ernn_net ernn_net;
// For models of the shape of `weights` and their form of matrices.
ernn_status ernn_net_new(const ernn_weights *weights, int max_batch, int max_frames, int threads,
                         ernn_net **net, ernn_error *err);
void ernn_net_free(ernn_net *net);
ernn_workers *ernn_net_workers(const ernn_net *net);

// What the threads share out in a recurrence (nn/recurrence.h); changes no bit of the results.
typedef enum ernn_split {
    ERNN_SPLIT_FASTER, // by a rule that was measured
    ERNN_SPLIT_UTTERANCES,
    ERNN_SPLIT_COLUMNS
} ernn_split;
void ernn_net_set_split(ernn_net *net, ernn_split split);

// Forward pass from zero state. Logits stay in the net until the next forward.
void ernn_net_forward(ernn_net *net, const ernn_weights *weights, const ernn_batch *batch);
// Logits of utterance i after a forward: returns [n_frames][n_labels] rows `*stride` floats apart.
const float *ernn_net_logits(const ernn_net *net, int i, size_t *stride);
// Loss summed over the batch (CTC: -ln p; frame: cross-entropy), and its gradient ADDED to
// `gradient`, in the layout of the model. An utterance shorter than its labels need contributes
// nothing and is counted in `*n_skipped`. Call after ernn_net_forward on the same batch.
double ernn_net_backward(ernn_net *net, const ernn_weights *weights, const ernn_batch *batch,
                         float *gradient, int *n_skipped);

#endif
