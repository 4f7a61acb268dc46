// The steps of a recurrence on several threads, split in one of two ways: every thread takes some
// utterances through all steps, or every thread takes some cells of every step and waits for the
// others between the products that depend on each other. The sums of an element are the same either
// way, so neither the way nor the number of threads changes a bit.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NN_RECURRENCE_H
#define ERNN_SRC_NN_RECURRENCE_H

#include "nn/net_layer.h"

// What a thread does of a step: rows of the packing, cells, and outputs (what the cell feeds back).
typedef struct ernn_part {
    ernn_ranks ranks;
    ernn_columns cells;
    ernn_columns outputs;
} ernn_part;

// One stage of step t for a part. It reads what earlier stages wrote, and of its own stage only
// what its own part wrote.
typedef void ernn_stage(const void *pass, const ernn_part *part, int t, int stage, float *scratch);

typedef struct ernn_recurrence {
    const ernn_layer *layer;
    const ernn_packing *packing;
    const ernn_layer_weights *weights;
    const ernn_layer_scratch *scratch;
    bool is_backward; // from the last step to the first
    int n_stages;     // of a step
    ernn_stage *stage;
    const void *pass;
} ernn_recurrence;

void ernn_recurrence_run(const ernn_recurrence *recurrence);

#endif
