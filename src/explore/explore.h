// What the two phases of the exploration share. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_EXPLORE_EXPLORE_H
#define ERNN_SRC_EXPLORE_EXPLORE_H

#include "ernn/explore.h"

// The inputs of one search, borrowed.
typedef struct ernn_search {
    const ernn_features *features;
    const ernn_feature_statistics *statistics;
    const ernn_sequences *train;
    const ernn_sequences *dev;
    const ernn_device *device;
    const ernn_explore_options *options;
} ernn_search;

// The dense network of `spec`'s cell and sizes: loaded from the folder or trained into it.
ernn_status ernn_explore_dense(const ernn_search *search, const ernn_spec *spec, char *path,
                               size_t path_size, ernn_model **dense, double *per, ernn_error *err);

// One training: `spec` with its block sizes from the dense network, by ADMM. Found again in the
// folder when it was finished before.
ernn_status ernn_explore_trial(const ernn_search *search, const ernn_spec *spec, ernn_trial *trial,
                               ernn_error *err);

// Word lengths and processing elements for the winner; fills words, design and cost.
ernn_status ernn_explore_phase2(const ernn_search *search, const char *model_path,
                                ernn_explore_result *result, ernn_error *err);

#endif
