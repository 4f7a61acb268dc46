// SGD with momentum, Adam, AdamW, weight decay and gradient clipping, on flat parameter blocks.
// docs/math.md, training. All that takes workers works on pieces that the size of the block alone
// decides, on the caller's thread when they are NULL: the same bits for any number of threads.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_TRAIN_OPTIMISER_H
#define ERNN_SRC_TRAIN_OPTIMISER_H

#include "ernn/train.h"
#include "num/workers.h"

typedef struct ernn_optimiser {
    ernn_optimiser_kind kind;
    double momentum;
    double weight_decay;
    bool is_nesterov;
    const ernn_model *model; // its matrices decay, its vectors do not; borrowed
    size_t n;                // parameters
    int64_t steps;
    float *mean;   // [n] first moment; SGD: the velocity
    float *square; // [n] second moment; SGD: NULL
} ernn_optimiser;

ernn_status ernn_optimiser_init(ernn_optimiser *optimiser, const ernn_train_options *options,
                                const ernn_model *model, ernn_error *err);
void ernn_optimiser_clear(ernn_optimiser *optimiser);
// parameters[n] move against gradient[n]; the gradient is changed by a weight decay that is not
// decoupled.
void ernn_optimiser_step(ernn_optimiser *optimiser, float *gradient, double rate, float *parameters,
                         ernn_workers *workers);

// gradient[n] times a factor.
void ernn_gradient_scale(float *gradient, size_t n, float factor, ernn_workers *workers);
// Scales gradient[n] to a norm of at most `limit` (0 = no limit); returns the norm it had.
double ernn_gradient_clip(float *gradient, size_t n, double limit, ernn_workers *workers);

#endif
