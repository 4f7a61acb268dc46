// The state of a running training: everything a checkpoint must carry.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_TRAIN_TRAINER_H
#define ERNN_SRC_TRAIN_TRAINER_H

#include "train/admm.h"
#include "train/batches.h"
#include "train/optimiser.h"
#include "train/parts.h"
#include "train/rounding.h"
#include "train/schedule.h"
#include "train/shards.h"

#include "base/buffer.h"

// Where the running epoch is: what its line of the log will be made of.
typedef struct ernn_position {
    size_t batch; // updates done in this epoch, 0: it has not begun
    double loss;  // sums over them
    double units;
    double norm;
    double frames;
    double seconds; // of earlier runs that worked on this epoch
} ernn_position;

typedef struct ernn_trainer {
    ernn_train_options options;
    ernn_schedule schedule;
    const ernn_model *initial; // borrowed
    const ernn_spec *structure;
    const ernn_sequences *train;
    const ernn_sequences *dev; // NULL: none
    ernn_buffer identity;      // of options and data, see options.h

    ernn_model *model; // the present phase's
    ernn_phase phase;
    float *best; // [parameters of the model], NULL until an epoch of the last phase is done
    ernn_optimiser optimiser;
    ernn_admm admm;         // in the ADMM phase
    ernn_rounding rounding; // in the quantize phase
    float *gradient;
    ernn_shards *shards; // nets for one part of a batch
    ernn_parts parts;
    ernn_batches batches;
    ernn_train_report report; // n_epochs are done; room for all
    ernn_position position;   // in the epoch after them
    double saved;             // seconds of the clock at the last checkpoint

    // The decoder of the development set: greedy, or Viterbi for frame training.
    ernn_decode_options decoding;
    ernn_label_counts label_counts; // n_phones 0: CTC
    ernn_bigram *bigram;
    float log_priors[61];

    // One batch, part by part, as pointers into the sequences: [parts x batch] each.
    const float **frames;
    int *n_frames;
    const int **labels;
    int *n_labels;
    uint64_t *seeds;
    const float **teachers;
    float **posteriors; // [train->n] of the teacher, NULL without one
    int ***targets;     // [1 + variants][train->n] CTC or frame labels as the network counts them
} ernn_trainer;

// Checks options, models and data and makes what no phase changes. `options`, `initial`,
// `structure`, `train` and `dev` are set.
ernn_status ernn_trainer_open(ernn_trainer *trainer, ernn_error *err);
// Frees everything but the report.
void ernn_trainer_close(ernn_trainer *trainer);

// Sets what the development set is decoded with.
ernn_status ernn_trainer_open_decoding(ernn_trainer *trainer, ernn_error *err);

// What the first phase starts from.
ernn_status ernn_trainer_first_model(const ernn_trainer *trainer, ernn_model **model,
                                     ernn_error *err);
// Leaves the present phase. Takes `model` over, also on failure, and makes what training it needs.
ernn_status ernn_trainer_open_phase(ernn_trainer *trainer, ernn_phase phase, ernn_model *model,
                                    ernn_error *err);
// Ends ADMM or pruning: hard projection, and on with the structure's own parameters.
ernn_status ernn_trainer_project(ernn_trainer *trainer, ernn_error *err);
// Begins quantization-aware training from the best model so far.
ernn_status ernn_trainer_quantize(ernn_trainer *trainer, ernn_error *err);
// The structure whose zeros stay: the one to reach while pruning, else the model's.
const ernn_spec *ernn_trainer_structure(const ernn_trainer *trainer);
// The parameters that the network runs with now: the model's own, or rounded.
const float *ernn_trainer_forward(ernn_trainer *trainer);
// Takes the best epoch's model out of the trainer; NULL when no epoch is done.
ernn_model *ernn_trainer_take_best(ernn_trainer *trainer);
// PER of the present parameters on the development set, -1 without one; all ranks share the work.
ernn_status ernn_trainer_dev_per(ernn_trainer *trainer, double *per, ernn_error *err);

// values[report.n_residuals] = |W - Z| / |W| of the matrices that the report names.
void ernn_trainer_residuals(const ernn_trainer *trainer, double *values);

// Runs one epoch, from 0 and from the position in it, and adds its line to the report. Checkpoints
// are written within it as the options ask. ERNN_STOPPED, without a text, when progress asks for
// it.
ernn_status ernn_trainer_epoch(ernn_trainer *trainer, int epoch, ernn_error *err);
// Rank 0 writes the checkpoint when all ranks have arrived at the same parameters.
ernn_status ernn_trainer_save(ernn_trainer *trainer, ernn_error *err);
double ernn_trainer_seconds(void); // of a steady clock
bool ernn_trainer_progress(const ernn_trainer *trainer, double done, const ernn_epoch *line);

#endif
