// A batch in parts: the gradient of every part is computed alone, by whichever rank has it, and all
// are added in the order of the parts: the same bytes for any number of ranks. docs/distributed.md.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_TRAIN_PARTS_H
#define ERNN_SRC_TRAIN_PARTS_H

#include "train/comm.h"
#include "train/shards.h"

typedef struct ernn_parts {
    ernn_comm *comm; // borrowed, NULL: one process has all parts
    int n;           // parts of a batch
    int begin;       // this rank has begin ... end - 1
    int end;
    size_t count;    // floats of a gradient
    float **own;     // [end - begin - 1] -> gradients after the first, which is the caller's
    float *received; // [n][slice] slices of all parts: this rank adds up one slice
    double *losses;  // [n]
    int *layouts;    // [8][ranks] counts and offsets of what is sent
    int n_exchanges; // parts of the rank that has most
} ernn_parts;

// For gradients of `count` floats. ERNN_TOO_BIG when a rank would receive 2 GiB or more at once.
ernn_status ernn_parts_init(ernn_parts *parts, ernn_comm *comm, int n, size_t count,
                            ernn_error *err);
void ernn_parts_clear(ernn_parts *parts);

// gradient[count] and *loss: sums over the batch, of which `shards` run one part at a time.
ernn_status ernn_parts_gradient(ernn_parts *parts, ernn_shards *shards, const float *parameters,
                                const ernn_batch *batch, float *gradient, double *loss,
                                ernn_error *err);

#endif
