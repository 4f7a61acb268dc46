// The network in double precision, in the very steps of src/rt, with every signal in reach: what
// calibration watches. Not fast; it runs over a few dozen utterances.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_FIXED_FLOAT_NETWORK_H
#define ERNN_SRC_FIXED_FLOAT_NETWORK_H

#include "fixed/calibrate.h"

// Read-only and shared between threads.
typedef struct ernn_float_network ernn_float_network;
ernn_status ernn_float_network_new(const ernn_model *model, ernn_qmodel *shape,
                                   ernn_float_network **network, ernn_error *err);
void ernn_float_network_free(ernn_float_network *network);

// State and scratch of one stream.
typedef struct ernn_float_run ernn_float_run;
ernn_status ernn_float_run_new(const ernn_float_network *network, ernn_float_run **run,
                               ernn_error *err);
void ernn_float_run_free(ernn_float_run *run);
void ernn_float_run_reset(ernn_float_run *run);

// One frame x[n_inputs]: scores[n_labels], and every signal's range widened in `ranges`.
void ernn_float_run_step(ernn_float_run *run, const float *x, double *scores,
                         ernn_network_ranges *ranges);

#endif
