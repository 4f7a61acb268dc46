// The state of a running training: everything a checkpoint must carry.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_TRAIN_TRAINER_H
#define ERNN_SRC_TRAIN_TRAINER_H

#include "train/admm.h"
#include "train/batches.h"
#include "train/optimiser.h"
#include "train/schedule.h"
#include "train/shards.h"

#include "base/buffer.h"

typedef struct ernn_trainer {
    ernn_train_options options;
    ernn_schedule schedule;
    const ernn_model *initial; // borrowed
    const ernn_spec *structure;
    const ernn_sequences *train;
    const ernn_sequences *dev; // NULL: none
    ernn_buffer identity;      // of options and data, see options.h

    ernn_model *model; // the present phase's
    float *best;       // [parameters of the model], NULL until an epoch of the last phase is done
    ernn_adam adam;
    ernn_admm admm; // in the ADMM phase
    float *gradient;
    ernn_shards *shards;
    ernn_batches batches;
    ernn_train_report report; // n_epochs are done; room for all

    // One batch, as pointers into the sequences: [batch] each.
    const float **frames;
    int *n_frames;
    const int **labels;
    int *n_labels;
    uint64_t *seeds;
    int **targets; // [train->n] CTC or frame labels as the network counts them
} ernn_trainer;

#endif
