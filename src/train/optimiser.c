// Optimisers and gradient clipping. SPDX-License-Identifier: Apache-2.0
#include "train/optimiser.h"

#include "base/memory.h"
#include "num/clones.h"

#include <math.h>

static const double BETA_MEAN = 0.9;
static const double BETA_SQUARE = 0.999;
static const float EPSILON = 1e-8f;

ernn_status ernn_optimiser_init(ernn_optimiser *optimiser, const ernn_train_options *options,
                                const ernn_model *model, ernn_error *err)
{
    const bool is_sgd = options->optimiser == ERNN_OPTIMISER_SGD;
    *optimiser = (ernn_optimiser){.kind = options->optimiser,
                                  .momentum = options->momentum,
                                  .weight_decay = options->weight_decay,
                                  .is_nesterov = options->nesterov,
                                  .model = model,
                                  .n = ernn_model_n_parameters(model)};
    optimiser->mean = ernn_mem_new(optimiser->n, sizeof(float), err);
    if (!is_sgd)
        optimiser->square = ernn_mem_new(optimiser->n, sizeof(float), err);
    if (optimiser->mean && (is_sgd || optimiser->square))
        return ERNN_OK;
    ernn_optimiser_clear(optimiser);
    return ERNN_NO_MEMORY;
}

void ernn_optimiser_clear(ernn_optimiser *optimiser)
{
    ernn_mem_free(optimiser->mean);
    ernn_mem_free(optimiser->square);
    *optimiser = (ernn_optimiser){0};
}

// ---- Steps ----

// Adam and SGD: g += d w (the gradient of d/2 |w|^2). AdamW: w -= a d w, beside the moments
// (Loshchilov and Hutter 2019, algorithm 2).
static void decay(const ernn_optimiser *o, float *gradient, double rate, float *parameters)
{
    const ernn_tensor *tensors = ernn_model_tensors(o->model);
    const float pull = (float)o->weight_decay;
    const float kept = (float)(1 - rate * o->weight_decay);
    for (size_t i = 0; i < ernn_model_n_tensors(o->model); i++) {
        if (!tensors[i].is_matrix)
            continue;
        float *restrict g = gradient + tensors[i].offset;
        float *restrict w = parameters + tensors[i].offset;
        if (o->kind == ERNN_OPTIMISER_ADAMW)
            for (size_t j = 0; j < tensors[i].count; j++)
                w[j] *= kept;
        else
            for (size_t j = 0; j < tensors[i].count; j++)
                g[j] += pull * w[j];
    }
}

ERNN_CLONES static void adam_step(ernn_optimiser *o, const float *restrict gradient, double rate,
                                  float *restrict parameters)
{
    const double t = (double)o->steps;
    const float to_mean = (float)(rate / (1 - pow(BETA_MEAN, t)));
    const float to_square = (float)(1 / (1 - pow(BETA_SQUARE, t)));
    const float b1 = (float)BETA_MEAN;
    const float b2 = (float)BETA_SQUARE;
    float *restrict mean = o->mean;
    float *restrict square = o->square;
#pragma omp simd
    for (size_t i = 0; i < o->n; i++) {
        // m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2 (Kingma and Ba 2015, algorithm 1)
        mean[i] = b1 * mean[i] + (1 - b1) * gradient[i];
        square[i] = b2 * square[i] + (1 - b2) * gradient[i] * gradient[i];
        // w -= a m^ / (sqrt(v^) + eps)
        parameters[i] -= to_mean * mean[i] / (sqrtf(square[i] * to_square) + EPSILON);
    }
}

static void sgd_step(ernn_optimiser *o, const float *restrict gradient, double rate,
                     float *restrict parameters)
{
    const float mu = (float)o->momentum;
    const float a = (float)rate;
    float *restrict velocity = o->mean;
    if (o->is_nesterov) {
        for (size_t i = 0; i < o->n; i++) {
            // v = mu v + g;  w -= a (g + mu v) (Sutskever et al. 2013, in the form that keeps w
            // where the gradient is taken)
            velocity[i] = mu * velocity[i] + gradient[i];
            parameters[i] -= a * (gradient[i] + mu * velocity[i]);
        }
        return;
    }
    for (size_t i = 0; i < o->n; i++) {
        // v = mu v + g;  w -= a v
        velocity[i] = mu * velocity[i] + gradient[i];
        parameters[i] -= a * velocity[i];
    }
}

void ernn_optimiser_step(ernn_optimiser *o, float *gradient, double rate, float *parameters)
{
    o->steps++;
    if (o->weight_decay > 0)
        decay(o, gradient, rate, parameters);
    if (o->kind == ERNN_OPTIMISER_SGD)
        sgd_step(o, gradient, rate, parameters);
    else
        adam_step(o, gradient, rate, parameters);
}

// sum of v[i]^2 in double, in LANES sums that are added in order: the same bits on every machine.
ERNN_CLONES static double energy_of(const float *v, size_t n)
{
    enum { LANES = 16 };
    double sums[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
#pragma omp simd
        for (size_t j = 0; j < LANES; j++)
            sums[j] += (double)v[i + j] * v[i + j];
    }
    for (; i < n; i++)
        sums[0] += (double)v[i] * v[i];
    for (int j = 1; j < LANES; j++)
        sums[0] += sums[j];
    return sums[0];
}

ERNN_CLONES static void scale(float *v, size_t n, float factor)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        v[i] *= factor;
}

double ernn_gradient_clip(float *gradient, size_t n, double limit)
{
    const double norm = sqrt(energy_of(gradient, n));
    if (limit > 0 && norm > limit)
        scale(gradient, n, (float)(limit / norm));
    return norm;
}
