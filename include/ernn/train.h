// Training: dense, block-circulant directly (C-LSTM) and by ADMM (E-RNN).
//
//     ernn_train_options options = ernn_train_defaults();
//     ernn_train(model, train, dev, &options, &trained, &report, &err);
//
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_TRAIN_H
#define ERNN_TRAIN_H

#include "ernn/model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ernn_method {
    ERNN_METHOD_DENSE,     // the structure that the model has, all blocks 1
    ERNN_METHOD_CIRCULANT, // the k-vectors themselves, from the start (C-LSTM)
    ERNN_METHOD_ADMM,      // dense -> pulled to the circulant set -> hard projection -> fine-tuning
    ERNN_METHOD_PRUNE,     // dense -> pruned step by step to balanced-sparse -> fine-tuning (ESE)
} ernn_method;

enum { ERNN_MAX_PARTS = 4096 };

typedef enum ernn_loss { ERNN_LOSS_CTC, ERNN_LOSS_FRAME } ernn_loss;

// The ranks (processes) of one job, joined by MPI: docs/distributed.md. NULL is a job of one
// process.
typedef struct ernn_comm ernn_comm;

typedef enum ernn_optimiser_kind {
    ERNN_OPTIMISER_ADAM,  // weight decay as a part of the gradient
    ERNN_OPTIMISER_ADAMW, // weight decay beside it
    ERNN_OPTIMISER_SGD,   // with momentum
} ernn_optimiser_kind;

// Learning rate over the epochs of a phase; ADMM's rounds have a curve of their own.
typedef enum ernn_rate_schedule {
    ERNN_SCHEDULE_ONE_CYCLE, // up over the warm-up, down to almost nothing, both half cosines
    ERNN_SCHEDULE_COSINE,    // linear warm-up, then half a cosine down
    ERNN_SCHEDULE_PLATEAU,   // linear warm-up, then halved whenever the dev PER stops improving
    ERNN_SCHEDULE_CONSTANT,  // linear warm-up, then the peak
} ernn_rate_schedule;

// What a matrix of ADMM is pulled to and replaced by (docs/math.md, ADMM).
typedef enum ernn_admm_target {
    ERNN_ADMM_TARGET_NORM,    // of the circulant matrices with its norm the nearest one
    ERNN_ADMM_TARGET_NEAREST, // of all circulant matrices the nearest one, as in the paper: smaller
} ernn_admm_target;

typedef struct ernn_train_report ernn_train_report;

typedef struct ernn_train_options {
    ernn_method method; // default dense
    ernn_loss loss;     // default CTC; frame cross-entropy needs alignments
    int n_epochs;       // 1 to 10000, default 24; ADMM, prune: epochs of the fine-tuning; 0 only
                        // with quantize_epochs
    int batch;          // utterances, 1 to 256, default 8; of one part of an update
    int parts; // batches whose gradients are added for one update, 1 to 4096; default 0: as many as
               // ranks; resuming: as many as the checkpoint had
    double learning_rate; // peak of the schedule, 1e-9 to 1, default 2e-3
    double clip_norm;     // gradient norm, default 5; 0 = off
    double noise;         // standard deviation added to the features, default 0.1
    double dropout;       // on the inputs of every layer but the first, 0 to 0.95; default -1:
                          // 0.3, and 0.1 for circulant, ADMM and prune (docs/math.md, ADMM)
    int time_masks;       // stretches of frames set to the mean, 0 to 20, default 0
    int time_width;       // most frames of one, 1 to 1000 (never over a fifth)
    int frequency_masks;  // bands of log-mel filters set to the mean, 0 to 20, default 0
    int frequency_width;  // most filters of one, 1 to 128
    // Other forms of the training set, as of ernn_sequences_load with a speed or noise; each epoch
    // takes one of them, or the set itself, for every utterance. Borrowed.
    const ernn_sequences *const *variants;
    int n_variants;                // default 0
    uint64_t seed;                 // default 1
    ernn_optimiser_kind optimiser; // default Adam
    double momentum;               // SGD, 0 to 0.9999, default 0.9
    int nesterov;                  // SGD, 0 or 1, default 0
    double weight_decay;           // of matrices, 0 to 1, default 0
    ernn_rate_schedule schedule;   // default one-cycle
    double warmup;        // epochs, 0 to 10000; default 0: one-cycle 0.3 of the phase, else none
    int patience;         // plateau: epochs without a better dev PER (loss without dev), default 3
    double init_scale;    // factor on the first matrices, 0.01 to 100, default 1; not with ADMM
    double finetune_rate; // learning rate after ADMM, 1e-9 to 1, default 0: learning_rate
    double finetune_dropout; // after ADMM, 0 to 0.95, default -1: dropout
    int threads;             // 0 = all cores; results do not depend on it
    // ADMM
    int admm_rounds;       // U-updates, default 8; 0 = project at once and fine-tune
    int admm_epochs;       // W-step epochs in each round, default 1
    double admm_rho_first; // penalty of the first round, default 0.01 (relative: docs/math.md)
    double admm_rho_last;  // of the last, default 1; geometric in between
    int admm_block_growth; // 1: dense -> 2 -> 4 ... -> k, 0: straight to k
    ernn_admm_target admm_target; // default of the matrix's norm
    // Pruning
    int prune_epochs; // until the wanted density, 0 to 10000, default 12; 0 = prune at once
    // Distillation
    const ernn_model *teacher; // whose posteriors the network also learns; NULL = none; borrowed
    double distillation;       // share of the teacher in the loss, 0 to 1, default 0.5
    // Quantization-aware, last of all: every update sees the weights rounded as ernn_quantize would
    // round them, and moves the unrounded ones. The result holds the rounded weights.
    int quantize_epochs;  // 0 to 10000, default 0 = none
    int weight_bits;      // 4 to 16, default 12
    double quantize_rate; // peak of the one-cycle learning rate then, 1e-9 to 1, default 5e-4
    // Checkpoints
    const char *checkpoint;    // path, NULL = none; written after every epoch, and when stopped
    double checkpoint_minutes; // also after so long within an epoch, default 10; 0 = not
    int checkpoint_updates;    // also after so many updates within an epoch, default 0 = not
    bool resume;               // continue from it, bit for bit
    ernn_progress_fn progress; // may be NULL; counts epochs, whole numbers at their ends
    void *progress_user;
    // After every epoch, when its checkpoint is on disk, with the report so far. NULL = nothing.
    void (*on_epoch)(void *user, const ernn_train_report *report);
    void *on_epoch_user;
    // With ranks all of them train with the same options, models and data; progress and checkpoint
    // may be given to all: any rank's progress stops the job, rank 0 alone writes.
    ernn_comm *comm; // borrowed, NULL: one process
} ernn_train_options;

ERNN_API ernn_train_options ernn_train_defaults(void);

// Joins the other processes that mpirun started; once in a process. ERNN_BAD_ARG: built without
// MPI. Free leaves the job, and ends it when a rank was lost.
ERNN_API ernn_status ernn_comm_new(ernn_comm **comm, ernn_error *err);
ERNN_API void ernn_comm_free(ernn_comm *comm);
ERNN_API int ernn_comm_rank(const ernn_comm *comm); // from 0
ERNN_API int ernn_comm_size(const ernn_comm *comm);
// All ranks call it: ERNN_OK when `status` is so on all of them; else the status and the text of
// the first rank that failed, on every rank.
ERNN_API ernn_status ernn_comm_agree(ernn_comm *comm, ernn_status status, ernn_error *err);

// What ADMM's rounds, or fine-tuning without rounds, go on from: the projection of `model`, brought
// to `target`. NULL on failure.
ERNN_API ernn_status ernn_train_project(const ernn_model *model, const ernn_spec *structure,
                                        ernn_admm_target target, ernn_model **projected,
                                        ernn_error *err);

// One line of the training log.
typedef struct ernn_epoch {
    int epoch;            // over all phases, from 1
    char phase[16];       // "train", "admm", "finetune", "prune", "quantize"
    double loss;          // mean over training frames or labels
    double dev_per;       // percent, -1 without a development set
    double residual;      // ADMM: max over matrices of |W - Z| / |W|; else 0
    double rho;           // ADMM
    double density;       // share of the sparse matrices' weights that is not 0, else 1
    double learning_rate; // of the last update
    double gradient_norm; // mean over the updates, before clipping and without the penalty of ADMM
    double frames;        // that were trained
    double seconds;       // evaluation included
} ernn_epoch;

// How far a matrix was from its circulant set when ADMM ended: |W - Z| / |W|.
typedef struct ernn_residual {
    char name[32];
    double value;
} ernn_residual;

struct ernn_train_report {
    int n_epochs;
    ernn_epoch *epochs;  // [n_epochs]
    double best_dev_per; // -1 without a development set
    int best_epoch;
    double per_projected;     // ADMM, prune: dev PER after the projection, before fine-tuning
    double per_rounded;       // quantization-aware: dev PER with the weights just rounded
    int n_planned;            // epochs of all phases
    int n_residuals;          // ADMM: matrices with a block size
    ernn_residual *residuals; // [n_residuals] when ADMM ended
    double *epoch_residuals;  // [n_epochs][n_residuals] after each epoch of ADMM, 0 after others
    int n_unfit;              // utterances left out: fewer frames than their labels need
    char first_unfit[128];    // the first of them
    size_t n_bad;             // utterances of the training set that could not be read
};

// Trains a copy of `initial` on `train`, choosing the epoch with the lowest PER on `dev` (NULL: the
// last). ADMM: `initial` is dense (train it first), `structure` gives the block sizes to reach;
// circulant: `structure` is where to start from scratch; dense: `structure` NULL.
// ERNN_STOPPED after progress asked to stop: the checkpoint is intact. Options that do not agree
// with the checkpoint's: ERNN_BAD_ARG. A loss that is not finite, or far above that of a network
// that knows nothing: ERNN_NO_FIT, and `*trained` is the best model so far, or NULL. `*report` is
// filled whatever happens and always to be freed.
ERNN_API ernn_status ernn_train(const ernn_model *initial, const ernn_spec *structure,
                                const ernn_sequences *train, const ernn_sequences *dev,
                                const ernn_train_options *options, ernn_model **trained,
                                ernn_train_report *report, ernn_error *err);
ERNN_API void ernn_train_report_free(ernn_train_report *report);

// Decodes every sequence with the float model; `options` NULL: greedily. The same result for any
// number of threads.
ERNN_API ernn_status ernn_evaluate(const ernn_model *model, const ernn_sequences *sequences,
                                   const ernn_decode_options *options, int threads,
                                   ernn_evaluation *evaluation, ernn_error *err);

#ifdef __cplusplus
}
#endif
#endif
