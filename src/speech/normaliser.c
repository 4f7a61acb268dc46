// Running, utterance-wise and global normalisation. SPDX-License-Identifier: Apache-2.0
#include "speech/normaliser.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

static double scale_of(double variance)
{
    return 1 / sqrt(fmax(variance, ERNN_VARIANCE_FLOOR));
}

static ernn_status check_statistics(const ernn_feature_statistics *statistics, int n,
                                    ernn_error *err)
{
    if (statistics->n != n)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "feature statistics: %d dimensions, the features have %d; use the "
                              "features that the statistics were collected with",
                              statistics->n, n);
    for (int i = 0; i < n; i++)
        if (!isfinite(statistics->mean[i]) || !isfinite(statistics->variance[i]) ||
            statistics->variance[i] < 0)
            return ernn_error_set(err, ERNN_BAD_ARG,
                                  "feature statistics: dimension %d: mean %g, variance %g; finite "
                                  "numbers and a variance from 0 are wanted",
                                  i, (double)statistics->mean[i], (double)statistics->variance[i]);
    return ERNN_OK;
}

ernn_status ernn_normaliser_new(ernn_normalisation kind, int n,
                                const ernn_feature_statistics *statistics,
                                ernn_normaliser **normaliser, ernn_error *err)
{
    *normaliser = NULL;
    ernn_status status = statistics ? check_statistics(statistics, n, err) : ERNN_OK;
    if (status != ERNN_OK)
        return status;
    ernn_normaliser *made = ernn_mem_new(1, sizeof *made, err);
    double *block = ernn_mem_new((size_t)n * 5, sizeof *block, err);
    if (!made || !block) {
        ernn_mem_free(made);
        ernn_mem_free(block);
        return ERNN_NO_MEMORY;
    }
    *made = (ernn_normaliser){.kind = kind,
                              .n = n,
                              .sum = block,
                              .square = block + n,
                              .mean = block + 2 * n,
                              .scale = block + 3 * n,
                              .prior_square = block + 4 * n};
    for (int i = 0; i < n; i++) {
        const double mean = statistics ? statistics->mean[i] : 0;
        const double variance = statistics ? statistics->variance[i] : 1;
        made->mean[i] = mean;
        made->scale[i] = scale_of(variance);
        made->prior_square[i] = ERNN_PRIOR_FRAMES * (variance + mean * mean);
    }
    ernn_normaliser_reset(made);
    *normaliser = made;
    return ERNN_OK;
}

void ernn_normaliser_free(ernn_normaliser *normaliser)
{
    if (!normaliser)
        return;
    ernn_mem_free(normaliser->sum);
    ernn_mem_free(normaliser);
}

void ernn_normaliser_reset(ernn_normaliser *normaliser)
{
    normaliser->count = ERNN_PRIOR_FRAMES;
    for (int i = 0; i < normaliser->n; i++) {
        normaliser->sum[i] = ERNN_PRIOR_FRAMES * normaliser->mean[i];
        normaliser->square[i] = normaliser->prior_square[i];
    }
}

// (F.9) The vector itself belongs to the statistics that normalise it.
static void step_running(ernn_normaliser *normaliser, float *vector)
{
    normaliser->count += 1;
    const double share = 1 / normaliser->count;
    for (int i = 0; i < normaliser->n; i++) {
        const double x = vector[i];
        normaliser->sum[i] += x;
        normaliser->square[i] += x * x;
        const double mean = normaliser->sum[i] * share;
        const double variance = normaliser->square[i] * share - mean * mean;
        vector[i] = (float)((x - mean) * scale_of(variance));
    }
}

void ernn_normaliser_step(ernn_normaliser *normaliser, float *vector)
{
    if (normaliser->kind == ERNN_NORMALISE_RUNNING) {
        step_running(normaliser, vector);
        return;
    }
    // (F.10)
    for (int i = 0; i < normaliser->n; i++)
        vector[i] = (float)((vector[i] - normaliser->mean[i]) * normaliser->scale[i]);
}

// (F.8) Mean first, then the variance around it.
static void run_utterance(ernn_normaliser *normaliser, float *vectors, size_t n_vectors)
{
    const size_t n = (size_t)normaliser->n;
    double *mean = normaliser->sum;
    double *variance = normaliser->square;
    memset(mean, 0, n * sizeof *mean);
    memset(variance, 0, n * sizeof *variance);
    for (size_t t = 0; t < n_vectors; t++)
        for (size_t i = 0; i < n; i++)
            mean[i] += vectors[t * n + i];
    for (size_t i = 0; i < n; i++)
        mean[i] /= (double)n_vectors;
    for (size_t t = 0; t < n_vectors; t++)
        for (size_t i = 0; i < n; i++)
            variance[i] += (vectors[t * n + i] - mean[i]) * (vectors[t * n + i] - mean[i]);
    for (size_t i = 0; i < n; i++)
        variance[i] = scale_of(variance[i] / (double)n_vectors);
    for (size_t t = 0; t < n_vectors; t++)
        for (size_t i = 0; i < n; i++)
            vectors[t * n + i] = (float)((vectors[t * n + i] - mean[i]) * variance[i]);
}

void ernn_normaliser_run(ernn_normaliser *normaliser, float *vectors, size_t n_vectors)
{
    ernn_normaliser_reset(normaliser);
    if (n_vectors == 0)
        return;
    if (normaliser->kind == ERNN_NORMALISE_UTTERANCE) {
        run_utterance(normaliser, vectors, n_vectors);
        return;
    }
    for (size_t t = 0; t < n_vectors; t++)
        ernn_normaliser_step(normaliser, vectors + t * (size_t)normaliser->n);
}
