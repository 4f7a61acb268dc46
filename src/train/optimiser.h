// Adam (Kingma and Ba 2015) and gradient clipping, on flat parameter blocks.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_TRAIN_OPTIMISER_H
#define ERNN_SRC_TRAIN_OPTIMISER_H

#include "ernn/status.h"

typedef struct ernn_adam {
    size_t n;
    int64_t steps;
    float *mean;   // [n] first moment
    float *square; // [n] second moment
} ernn_adam;

ernn_status ernn_adam_init(ernn_adam *adam, size_t n, ernn_error *err);
void ernn_adam_clear(ernn_adam *adam);
// parameters[n] move against gradient[n].
void ernn_adam_step(ernn_adam *adam, const float *gradient, double rate, float *parameters);

// Scales gradient[n] to a norm of at most `limit` (0 = no limit); returns the norm it had.
double ernn_gradient_clip(float *gradient, size_t n, double limit);

#endif
