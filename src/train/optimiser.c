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

// ---- Pieces of a block ----

// A block is cut into as many pieces whatever its size, of whole vectors of LANES.
enum { PIECES = 64, LANES = 16 };

static size_t piece_of(size_t n)
{
    return ((n + PIECES - 1) / PIECES + LANES - 1) / LANES * LANES;
}

// Where piece `index` begins, and the end of the one before.
static size_t piece_at(size_t n, int index)
{
    const size_t begin = piece_of(n) * (size_t)index;
    return begin < n ? begin : n;
}

static void run_pieces(ernn_workers *workers, ernn_task *task, void *user)
{
    if (workers)
        ernn_workers_run(workers, PIECES, task, user);
    else
        for (int i = 0; i < PIECES; i++)
            task(user, i, NULL);
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

typedef struct piece_step {
    const ernn_optimiser *optimiser;
    const float *gradient;
    double rate;
    float *parameters;
} piece_step;

// Parameters begin ... end - 1, here and below.
ERNN_CLONES static void adam_step(const piece_step *step, size_t begin, size_t end)
{
    const ernn_optimiser *o = step->optimiser;
    const double rate = step->rate;
    const float *restrict gradient = step->gradient;
    float *restrict parameters = step->parameters;
    const double t = (double)o->steps;
    const float to_mean = (float)(rate / (1 - pow(BETA_MEAN, t)));
    const float to_square = (float)(1 / (1 - pow(BETA_SQUARE, t)));
    const float b1 = (float)BETA_MEAN;
    const float b2 = (float)BETA_SQUARE;
    float *restrict mean = o->mean;
    float *restrict square = o->square;
#pragma omp simd
    for (size_t i = begin; i < end; i++) {
        // m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2 (Kingma and Ba 2015, algorithm 1)
        mean[i] = b1 * mean[i] + (1 - b1) * gradient[i];
        square[i] = b2 * square[i] + (1 - b2) * gradient[i] * gradient[i];
        // w -= a m^ / (sqrt(v^) + eps)
        parameters[i] -= to_mean * mean[i] / (sqrtf(square[i] * to_square) + EPSILON);
    }
}

static void sgd_step(const piece_step *step, size_t begin, size_t end)
{
    const ernn_optimiser *o = step->optimiser;
    const float mu = (float)o->momentum;
    const float a = (float)step->rate;
    const float *restrict gradient = step->gradient;
    float *restrict parameters = step->parameters;
    float *restrict velocity = o->mean;
    if (o->is_nesterov) {
        for (size_t i = begin; i < end; i++) {
            // v = mu v + g;  w -= a (g + mu v) (Sutskever et al. 2013, in the form that keeps w
            // where the gradient is taken)
            velocity[i] = mu * velocity[i] + gradient[i];
            parameters[i] -= a * (gradient[i] + mu * velocity[i]);
        }
        return;
    }
    for (size_t i = begin; i < end; i++) {
        // v = mu v + g;  w -= a v
        velocity[i] = mu * velocity[i] + gradient[i];
        parameters[i] -= a * velocity[i];
    }
}

static void step_piece(void *user, int index, float *scratch)
{
    (void)scratch;
    const piece_step *step = user;
    const size_t begin = piece_at(step->optimiser->n, index);
    const size_t end = piece_at(step->optimiser->n, index + 1);
    if (step->optimiser->kind == ERNN_OPTIMISER_SGD)
        sgd_step(step, begin, end);
    else
        adam_step(step, begin, end);
}

void ernn_optimiser_step(ernn_optimiser *o, float *gradient, double rate, float *parameters,
                         ernn_workers *workers)
{
    piece_step step = {o, gradient, rate, parameters};
    o->steps++;
    if (o->weight_decay > 0)
        decay(o, gradient, rate, parameters);
    run_pieces(workers, step_piece, &step);
}

// ---- Gradients ----

// sum of v[i]^2 in double, in LANES sums that are added in order: the same bits on every machine.
ERNN_CLONES static double energy_of(const float *v, size_t n)
{
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

typedef struct piece_gradient {
    float *values;
    size_t n;
    float factor;
    double energies[PIECES];
} piece_gradient;

static void scale_piece(void *user, int index, float *scratch)
{
    (void)scratch;
    const piece_gradient *g = user;
    const size_t begin = piece_at(g->n, index);
    scale(g->values + begin, piece_at(g->n, index + 1) - begin, g->factor);
}

static void energy_of_piece(void *user, int index, float *scratch)
{
    (void)scratch;
    piece_gradient *g = user;
    const size_t begin = piece_at(g->n, index);
    g->energies[index] = energy_of(g->values + begin, piece_at(g->n, index + 1) - begin);
}

void ernn_gradient_scale(float *gradient, size_t n, float factor, ernn_workers *workers)
{
    piece_gradient g = {.values = gradient, .n = n, .factor = factor};
    run_pieces(workers, scale_piece, &g);
}

double ernn_gradient_clip(float *gradient, size_t n, double limit, ernn_workers *workers)
{
    piece_gradient g = {.values = gradient, .n = n};
    double energy = 0;
    run_pieces(workers, energy_of_piece, &g);
    for (int i = 0; i < PIECES; i++)
        energy += g.energies[i];
    const double norm = sqrt(energy);
    if (limit > 0 && norm > limit)
        ernn_gradient_scale(gradient, n, (float)(limit / norm), workers);
    return norm;
}
