// Which utterances are trained together: batches of similar length, reshuffled in every epoch from
// (seed, epoch) alone. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_TRAIN_BATCHES_H
#define ERNN_SRC_TRAIN_BATCHES_H

#include "ernn/train.h"

typedef struct ernn_batches {
    const ernn_sequences *sequences;
    int size;       // utterances in a batch; the shortest batch may have fewer
    size_t n;       // batches
    size_t n_items; // sequences that can be trained
    size_t *usable; // [n_items]
    size_t *items;  // [n_items] in the order of this epoch
    size_t *order;  // [n] batches in the order of this epoch
    double *keys;   // [sequences->n] sorting keys
    int n_unfit;    // sequences too short for their labels
    size_t first_unfit;
} ernn_batches;

// Has sequence i enough frames for its labels?
bool ernn_batches_is_fit(const ernn_sequences *sequences, size_t i, bool is_ctc);
// Leaves out sequences that CTC cannot fit: fewer frames than labels plus repeats. `is_ctc` false:
// leaves out empty ones only. ERNN_BAD_ARG when none remains.
ernn_status ernn_batches_init(ernn_batches *batches, const ernn_sequences *sequences, int size,
                              bool is_ctc, ernn_error *err);
void ernn_batches_clear(ernn_batches *batches);
void ernn_batches_shuffle(ernn_batches *batches, uint64_t seed, int epoch);
// The sequences of batch `index` of this epoch; returns how many.
int ernn_batches_items(const ernn_batches *batches, size_t index, const size_t **items);
// Order of [n] sequences by falling length, equal lengths by index.
ernn_status ernn_batches_by_length(const ernn_sequences *sequences, size_t **order,
                                   ernn_error *err);

// The random streams of training, so that no two share draws.
enum { ERNN_STREAM_BATCHES = 0x100, ERNN_STREAM_NOISE = 0x200, ERNN_STREAM_VARIANT = 0x300 };

#endif
