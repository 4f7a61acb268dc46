// Exploration: which cell, block sizes, word lengths and parallelism meet an accuracy requirement
// on a device. Phase I spends at most five trainings, Phase II none (Li et al. 2019, sections
// V-VI).
//
//     ernn_explore_options options = ernn_explore_defaults();
//     ernn_explore(&start, train, dev, device, &options, &result, &err);
//
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_EXPLORE_H
#define ERNN_EXPLORE_H

#include "ernn/hw.h"
#include "ernn/quant.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ernn_explore_options {
    double max_loss;             // PER points that the compressed network may lose, default 1.0
    double max_word_loss;        // PER points that shorter words may cost on top, default 0.5
    double max_per;              // absolute requirement in percent; 0 = only max_loss counts
    double share;                // of every device resource that may be used, (0, 1], default 0.8
    int max_trainings;           // 1 to 10, default 5
    const char *folder;          // trials are kept here and found again: the search resumes
    ernn_train_options dense;    // of the dense phase that a cell type starts from
    ernn_train_options compress; // of the ADMM phase
    ernn_progress_fn progress;
    void *progress_user;
} ernn_explore_options;

ERNN_API ernn_explore_options ernn_explore_defaults(void);

// One candidate of Phase I: a network brought to its final structure.
typedef struct ernn_trial {
    char spec[160];        // text form, "lstm:64"
    char blocks[64];       // "input=16,recurrent=8,projection=8"
    char model[256];       // file below the folder
    char dense_model[256]; // file of the dense network that it started from
    double per_dense;      // of the dense network it started from, dev, percent
    double per;            // dev, percent; 0 when not trained
    size_t parameters;
    bool is_trained; // false: rejected before, since it does not fit the device
    bool is_accepted;
    bool is_resumed;  // found in the folder, not trained again
    char reason[320]; // why it was tried and what was decided
} ernn_trial;

// One point of Phase II: word lengths and what they cost.
typedef struct ernn_word_trial {
    int signal_bits;
    int weight_bits;
    double per;
    bool is_accepted;
} ernn_word_trial;

enum { ERNN_EXPLORE_MAX_TRIALS = 10, ERNN_EXPLORE_MAX_WORDS = 12 };

typedef struct ernn_explore_result {
    double requirement; // dev PER that must not be passed, percent
    int block_low;      // smallest block size whose weights fit the device's memory
    int block_high;     // largest block size that still saves computation
    int n_trials;
    ernn_trial trials[ERNN_EXPLORE_MAX_TRIALS];
    int winner; // index of the accepted trial, -1 when none meets the requirement
    int n_words;
    ernn_word_trial words[ERNN_EXPLORE_MAX_WORDS];
    ernn_design design; // word lengths and processing elements chosen
    ernn_cost cost;     // modelled
} ernn_explore_result;

// Runs both phases. `start` gives layers and sizes (its cell is tried as an LSTM first), `train`
// and `dev` the data. ERNN_NO_FIT when no block size fits the device or no trial meets the
// requirement (the result then still holds what was tried).
ERNN_API ernn_status ernn_explore(const ernn_spec *start, const ernn_features *features,
                                  const ernn_feature_statistics *statistics,
                                  const ernn_sequences *train, const ernn_sequences *dev,
                                  const ernn_device *device, const ernn_explore_options *options,
                                  ernn_explore_result *result, ernn_error *err);

// The smallest power-of-two block size from 4 to 16 whose weights fit `share` of the device's
// memory, or 0. The largest that still saves at least 5 % of the dense multiplications over its
// half.
ERNN_API int ernn_explore_block_low(const ernn_spec *spec, const ernn_device *device,
                                    int signal_bits, int weight_bits, double share);
ERNN_API int ernn_explore_block_high(const ernn_spec *spec);

#ifdef __cplusplus
}
#endif
#endif
