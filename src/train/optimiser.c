// Adam and gradient clipping. SPDX-License-Identifier: Apache-2.0
#include "train/optimiser.h"

#include "base/memory.h"

#include <math.h>

static const double BETA_MEAN = 0.9;
static const double BETA_SQUARE = 0.999;
static const float EPSILON = 1e-8f;

ernn_status ernn_adam_init(ernn_adam *adam, size_t n, ernn_error *err)
{
    *adam = (ernn_adam){.n = n};
    adam->mean = ernn_mem_new(n, sizeof(float), err);
    adam->square = ernn_mem_new(n, sizeof(float), err);
    if (adam->mean && adam->square)
        return ERNN_OK;
    ernn_adam_clear(adam);
    return ERNN_NO_MEMORY;
}

void ernn_adam_clear(ernn_adam *adam)
{
    ernn_mem_free(adam->mean);
    ernn_mem_free(adam->square);
    *adam = (ernn_adam){0};
}

void ernn_adam_step(ernn_adam *adam, const float *gradient, double rate, float *parameters)
{
    adam->steps++;
    const double t = (double)adam->steps;
    const float to_mean = (float)(rate / (1 - pow(BETA_MEAN, t)));
    const float to_square = (float)(1 / (1 - pow(BETA_SQUARE, t)));
    const float b1 = (float)BETA_MEAN;
    const float b2 = (float)BETA_SQUARE;
    float *restrict mean = adam->mean;
    float *restrict square = adam->square;
    for (size_t i = 0; i < adam->n; i++) {
        // m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2 (Kingma and Ba 2015, algorithm 1)
        mean[i] = b1 * mean[i] + (1 - b1) * gradient[i];
        square[i] = b2 * square[i] + (1 - b2) * gradient[i] * gradient[i];
        // w -= a m^ / (sqrt(v^) + eps)
        parameters[i] -= to_mean * mean[i] / (sqrtf(square[i] * to_square) + EPSILON);
    }
}

double ernn_gradient_clip(float *gradient, size_t n, double limit)
{
    double energy = 0;
    for (size_t i = 0; i < n; i++)
        energy += (double)gradient[i] * gradient[i];
    const double norm = sqrt(energy);
    if (limit > 0 && norm > limit) {
        const float scale = (float)(limit / norm);
        for (size_t i = 0; i < n; i++)
            gradient[i] *= scale;
    }
    return norm;
}
