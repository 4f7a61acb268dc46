// Zero mean and unit variance for each dimension of a stream of vectors (math.md, F.8 to F.10).
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_SPEECH_NORMALISER_H
#define ERNN_SRC_SPEECH_NORMALISER_H

#include "base/error.h"
#include "ernn/speech.h"

// What the prior weighs under ERNN_NORMALISE_RUNNING, in unstacked frames; smallest variance.
#define ERNN_PRIOR_FRAMES 300.0
#define ERNN_VARIANCE_FLOOR 1e-4

typedef struct ernn_normaliser {
    ernn_normalisation kind;
    int n;        // dimensions
    double count; // frames so far, the prior's included
    double *sum;
    double *square;
    double *mean;  // the prior's
    double *scale; // 1 / standard deviation of the prior
    double *prior_square;
} ernn_normaliser;

// `statistics` NULL: mean 0, variance 1. Refuses statistics of another width or not finite.
ernn_status ernn_normaliser_new(ernn_normalisation kind, int n,
                                const ernn_feature_statistics *statistics,
                                ernn_normaliser **normaliser, ernn_error *err);
void ernn_normaliser_free(ernn_normaliser *normaliser);
void ernn_normaliser_reset(ernn_normaliser *normaliser);

// The next vector[n], in place; not for ERNN_NORMALISE_UTTERANCE.
void ernn_normaliser_step(ernn_normaliser *normaliser, float *vector);

// A whole utterance, vectors[n_vectors][n], in place and from a fresh state: the same bits as
// stepping through it.
void ernn_normaliser_run(ernn_normaliser *normaliser, float *vectors, size_t n_vectors);

#endif
