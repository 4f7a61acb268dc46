// The gradient of a batch on several threads: the same bytes for any number of them.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_TRAIN_SHARDS_H
#define ERNN_SRC_TRAIN_SHARDS_H

#include "nn/net.h"

// Utterances that are decoded together, fixed so that every evaluation of a model agrees.
enum { ERNN_DECODE_GROUP = 8 };

typedef struct ernn_shards {
    int threads;
    ernn_weights *weights;
    ernn_net *net;
} ernn_shards;

// All cores when `threads` is 0.
int ernn_shards_threads(int threads);

// A net that holds batches of `batch` utterances (and decoding groups) of up to `max_frames`
// frames.
ernn_status ernn_shards_new(const ernn_model *model, int batch, int max_frames, int threads,
                            ernn_shards **shards, ernn_error *err);
void ernn_shards_free(ernn_shards *shards);

// Utterances begin ... end - 1 of the batch, borrowed.
ernn_batch ernn_shards_slice(const ernn_batch *batch, int begin, int end);

// gradient (layout of the model) = that of the loss summed over the batch; returns the loss.
double ernn_shards_gradient(ernn_shards *shards, const float *parameters, const ernn_batch *batch,
                            float *gradient);

#endif
