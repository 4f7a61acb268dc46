// The streaming front end: samples in, normalised stacked feature frames out (docs/math.md, section
// "Features"). Whole utterances go through the same code in slices.
//
// samples -> pre-emphasis -> windows -> log mel or cepstra -> deltas -> normaliser -> stack
//
// Only whole windows and whole stacks come out: what is left at the end is dropped.
// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"
#include "ernn/speech.h"
#include "speech/normaliser.h"
#include "speech/spectrum.h"

#include <string.h>

enum {
    DELTA_REACH = 2, // frames on either side
    MAX_ORDER = 2,
    RING = 16, // frames kept per order: the reach of all orders on both sides, and more
    SLICE = 16384
};

#define PRE_EMPHASIS 0.97f

struct ernn_frontend {
    ernn_features features;
    ernn_spectrum *spectrum;
    ernn_normaliser *normaliser;
    int n_window; // samples
    int n_shift;  // samples
    int n_values; // numbers per frame and delta order
    int n_dims;   // numbers per unstacked frame, all orders
    bool is_ended;
    // Samples after pre-emphasis that no finished window has left behind: pending[begin..end).
    float *pending;
    size_t begin;
    size_t end;
    size_t capacity;
    float last_sample;
    bool has_last_sample;
    // ring[order][t % RING][n_values], `n_ring` frames of each order computed so far.
    float *ring[MAX_ORDER + 1];
    int64_t n_ring[MAX_ORDER + 1];
    int64_t n_vectors; // unstacked frames that went on to the stack
    float *stack;      // [n_stacked][n_dims], the first n_in_stack filled
    int n_in_stack;
};

static ernn_status allocate(ernn_frontend *frontend, ernn_error *err)
{
    const size_t n_stacked = (size_t)frontend->features.n_stacked;
    frontend->capacity = 2 * (size_t)frontend->n_window + SLICE;
    frontend->pending = ernn_mem_new(frontend->capacity, sizeof(float), err);
    frontend->stack = ernn_mem_new(n_stacked * (size_t)frontend->n_dims, sizeof(float), err);
    if (!frontend->pending || !frontend->stack)
        return ERNN_NO_MEMORY;
    for (int order = 0; order <= frontend->features.n_deltas; order++) {
        frontend->ring[order] =
            ernn_mem_new((size_t)RING * (size_t)frontend->n_values, sizeof(float), err);
        if (!frontend->ring[order])
            return ERNN_NO_MEMORY;
    }
    return ERNN_OK;
}

ernn_status ernn_frontend_new(const ernn_features *features,
                              const ernn_feature_statistics *statistics, ernn_frontend **frontend,
                              ernn_error *err)
{
    *frontend = NULL;
    ernn_status status = ernn_features_validate(features, err);
    if (status != ERNN_OK)
        return status;
    ernn_frontend *made = ernn_mem_new(1, sizeof *made, err);
    if (!made)
        return ERNN_NO_MEMORY;
    made->features = *features;
    made->n_shift = features->rate_hz * features->shift_ms / 1000;
    made->n_dims = ernn_features_width(features) / features->n_stacked;
    status = ernn_spectrum_new(features, &made->spectrum, err);
    if (status != ERNN_OK)
        goto done;
    made->n_window = ernn_spectrum_window(made->spectrum);
    made->n_values = ernn_spectrum_width(made->spectrum);
    status = ernn_normaliser_new(features->normalisation, made->n_dims, statistics,
                                 &made->normaliser, err);
    if (status == ERNN_OK)
        status = allocate(made, err);
done:
    if (status != ERNN_OK) {
        ernn_frontend_free(made);
        return status;
    }
    *frontend = made;
    return ERNN_OK;
}

void ernn_frontend_free(ernn_frontend *frontend)
{
    if (!frontend)
        return;
    ernn_spectrum_free(frontend->spectrum);
    ernn_normaliser_free(frontend->normaliser);
    ernn_mem_free(frontend->pending);
    ernn_mem_free(frontend->stack);
    for (int order = 0; order <= MAX_ORDER; order++)
        ernn_mem_free(frontend->ring[order]);
    ernn_mem_free(frontend);
}

void ernn_frontend_reset(ernn_frontend *frontend)
{
    ernn_normaliser_reset(frontend->normaliser);
    frontend->is_ended = false;
    frontend->begin = frontend->end = 0;
    frontend->has_last_sample = false;
    memset(frontend->n_ring, 0, sizeof frontend->n_ring);
    frontend->n_vectors = 0;
    frontend->n_in_stack = 0;
}

// Makes room for n more samples. Allocates only when a caller hands over far more samples than the
// frames it takes back.
static bool reserve(ernn_frontend *frontend, size_t n)
{
    if (n <= frontend->capacity - frontend->end)
        return true;
    const size_t left = frontend->end - frontend->begin;
    memmove(frontend->pending, frontend->pending + frontend->begin, left * sizeof(float));
    frontend->begin = 0;
    frontend->end = left;
    if (n <= frontend->capacity - left)
        return true;
    if (n > SIZE_MAX / 4 - left)
        return false;
    const size_t capacity = 2 * (left + n);
    float *grown = ernn_mem_resize(frontend->pending, left, capacity, sizeof(float), NULL);
    if (!grown)
        return false;
    frontend->pending = grown;
    frontend->capacity = capacity;
    return true;
}

// (F.1) e[n] = x[n] - 0.97 x[n-1], x[-1] = x[0]
static bool append(ernn_frontend *frontend, const float *samples, size_t n)
{
    if (n == 0)
        return true;
    if (!reserve(frontend, n))
        return false;
    float last = frontend->has_last_sample ? frontend->last_sample : samples[0];
    float *to = frontend->pending + frontend->end;
    for (size_t i = 0; i < n; i++) {
        to[i] = samples[i] - PRE_EMPHASIS * last;
        last = samples[i];
    }
    frontend->last_sample = last;
    frontend->has_last_sample = true;
    frontend->end += n;
    return true;
}

static float *ring_frame(const ernn_frontend *frontend, int order, int64_t t)
{
    return frontend->ring[order] + (t % RING) * frontend->n_values;
}

static int64_t clamp(int64_t t, int64_t n)
{
    return t < 0 ? 0 : t >= n ? n - 1 : t;
}

// (F.7) d[t] = sum_{r=1,2} r (c[t+r] - c[t-r]) / 10, the ends repeated
static void compute_delta(ernn_frontend *frontend, int order, int64_t t)
{
    const int64_t n = frontend->n_ring[order - 1];
    const float *before_2 = ring_frame(frontend, order - 1, clamp(t - 2, n));
    const float *before_1 = ring_frame(frontend, order - 1, clamp(t - 1, n));
    const float *after_1 = ring_frame(frontend, order - 1, clamp(t + 1, n));
    const float *after_2 = ring_frame(frontend, order - 1, clamp(t + 2, n));
    float *to = ring_frame(frontend, order, t);
    for (int i = 0; i < frontend->n_values; i++)
        to[i] = (after_1[i] - before_1[i] + 2 * (after_2[i] - before_2[i])) / 10;
}

// Computes every delta whose frames are there; at the end of the stream all of them are.
static void update_deltas(ernn_frontend *frontend)
{
    const int reach = frontend->is_ended ? 0 : DELTA_REACH;
    for (int order = 1; order <= frontend->features.n_deltas; order++)
        while (frontend->n_ring[order] + reach < frontend->n_ring[order - 1])
            compute_delta(frontend, order, frontend->n_ring[order]++);
}

// One more window, if the samples suffice.
static bool read_window(ernn_frontend *frontend)
{
    if (frontend->end - frontend->begin < (size_t)frontend->n_window)
        return false;
    ernn_spectrum_run(frontend->spectrum, frontend->pending + frontend->begin,
                      ring_frame(frontend, 0, frontend->n_ring[0]++));
    frontend->begin += (size_t)frontend->n_shift;
    update_deltas(frontend);
    return true;
}

// vector[n_dims]: the next frame with its deltas, normalised.
static bool next_vector(ernn_frontend *frontend, float *vector)
{
    const int n_deltas = frontend->features.n_deltas;
    while (frontend->n_vectors >= frontend->n_ring[n_deltas])
        if (!read_window(frontend))
            return false;
    for (int order = 0; order <= n_deltas; order++)
        memcpy(vector + order * frontend->n_values,
               ring_frame(frontend, order, frontend->n_vectors),
               (size_t)frontend->n_values * sizeof(float));
    frontend->n_vectors++;
    if (frontend->features.normalisation != ERNN_NORMALISE_UTTERANCE)
        ernn_normaliser_step(frontend->normaliser, vector);
    return true;
}

// Writes finished stacks to frames[max][width] and returns how many.
static int take(ernn_frontend *frontend, float *frames, int max)
{
    const int n_stacked = frontend->features.n_stacked;
    const size_t width = (size_t)n_stacked * (size_t)frontend->n_dims;
    int n = 0;
    while (n < max &&
           next_vector(frontend, frontend->stack + frontend->n_in_stack * frontend->n_dims)) {
        if (++frontend->n_in_stack < n_stacked)
            continue;
        frontend->n_in_stack = 0;
        memcpy(frames + (size_t)n++ * width, frontend->stack, width * sizeof(float));
    }
    return n;
}

int ernn_frontend_push(ernn_frontend *frontend, const float *samples, size_t n, float *frames,
                       int max)
{
    if (frontend->features.normalisation == ERNN_NORMALISE_UTTERANCE || frontend->is_ended)
        return -1;
    return append(frontend, samples, n) ? take(frontend, frames, max) : -1;
}

int ernn_frontend_flush(ernn_frontend *frontend, float *frames, int max)
{
    if (frontend->features.normalisation == ERNN_NORMALISE_UTTERANCE)
        return -1;
    const int n = take(frontend, frames, max);
    if (n == max)
        return n;
    frontend->is_ended = true;
    update_deltas(frontend);
    return n + take(frontend, frames + (size_t)n * (size_t)ernn_features_width(&frontend->features),
                    max - n);
}

// Stacks in an utterance of n samples.
static size_t count_frames(const ernn_frontend *frontend, size_t n)
{
    if (n < (size_t)frontend->n_window)
        return 0;
    const size_t n_vectors = 1 + (n - (size_t)frontend->n_window) / (size_t)frontend->n_shift;
    return n_vectors / (size_t)frontend->features.n_stacked;
}

ernn_status ernn_frontend_run(ernn_frontend *frontend, const float *samples, size_t n,
                              float **frames, size_t *n_frames, ernn_error *err)
{
    *frames = NULL;
    *n_frames = 0;
    const size_t width = (size_t)ernn_features_width(&frontend->features);
    const size_t count = count_frames(frontend, n);
    if (count > INT32_MAX)
        return ernn_error_set(err, ERNN_TOO_BIG, "features: %zu frames, at most %d", count,
                              INT32_MAX);
    float *block = ernn_mem_new(count, width * sizeof(float), err);
    if (!block)
        return ERNN_NO_MEMORY;
    ernn_frontend_reset(frontend);
    size_t done = 0;
    for (size_t at = 0; at < n; at += SLICE) {
        if (!append(frontend, samples + at, n - at < SLICE ? n - at : SLICE)) {
            ernn_mem_free(block);
            return ernn_error_set(err, ERNN_NO_MEMORY, "features: no memory for %d samples", SLICE);
        }
        done += (size_t)take(frontend, block + done * width, (int)(count - done));
    }
    frontend->is_ended = true;
    update_deltas(frontend);
    done += (size_t)take(frontend, block + done * width, (int)(count - done));
    ernn_frontend_reset(frontend);
    if (frontend->features.normalisation == ERNN_NORMALISE_UTTERANCE)
        ernn_normaliser_run(frontend->normaliser, block,
                            done * (size_t)frontend->features.n_stacked);
    *frames = block;
    *n_frames = done;
    return ERNN_OK;
}
