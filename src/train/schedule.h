// What every epoch of a training is: its phase, learning rate and ADMM penalty, as pure functions
// of the options, so that a resumed training knows where it stands from the epoch number alone.
// docs/math.md, training. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_TRAIN_SCHEDULE_H
#define ERNN_SRC_TRAIN_SCHEDULE_H

#include "ernn/train.h"

typedef enum ernn_phase {
    ERNN_PHASE_TRAIN,
    ERNN_PHASE_ADMM,
    ERNN_PHASE_FINETUNE,
    ERNN_PHASE_PRUNE,    // dense, becoming sparse
    ERNN_PHASE_QUANTIZE, // weights rounded in the forward pass
    ERNN_PHASES
} ernn_phase;

typedef struct ernn_schedule {
    ernn_train_options options;
    int n_admm;      // epochs of the ADMM phase
    int n_prune;     // epochs of the pruning phase
    int n_quantize;  // epochs of the last phase, with rounded weights
    int n_epochs;    // of all phases
    int block_limit; // largest block size to reach, 1 without ADMM
} ernn_schedule;

// One epoch, `epoch` from 0.
typedef struct ernn_schedule_epoch {
    ernn_phase phase;
    double rho;           // ADMM
    int block;            // ADMM: largest block size of this round
    bool is_stage_start;  // ADMM: the circulant set changes, Z and U start anew
    bool is_round_start;  // ADMM: rho changes
    bool is_round_end;    // ADMM: Z and U are updated after this epoch
    double rate_position; // of the phase's (ADMM: round's) learning rate curve, at the beginning
    double rate_length;   // share of that curve that the epoch covers
    int halvings;         // of the plateau schedule so far, 0 from ernn_schedule_at
} ernn_schedule_epoch;

// Whether a method brings a dense model to a structure and fine-tunes it there.
bool ernn_schedule_is_two(ernn_method method);
// `structure` may be NULL without ADMM. Options are validated before.
ernn_schedule ernn_schedule_new(const ernn_train_options *options, const ernn_spec *structure);
ernn_schedule_epoch ernn_schedule_at(const ernn_schedule *schedule, int epoch);
// How often the plateau schedule has halved the rate by `epoch`, from the epochs before it.
int ernn_schedule_halvings(const ernn_schedule *schedule, const ernn_epoch *epochs, int epoch);
// Learning rate `within` [0, 1] of the epoch.
double ernn_schedule_rate(const ernn_schedule *schedule, const ernn_schedule_epoch *epoch,
                          double within);
double ernn_schedule_dropout(const ernn_schedule *schedule, ernn_phase phase);
const char *ernn_phase_name(ernn_phase phase);

#endif
