// Noise and masks on the features and dropout between layers. Each row draws from a generator of
// its own, derived from the utterance's seed, the place and the frame, so that an utterance gets
// the same numbers in any batch, at any place in it, forward and backward. docs/math.md L.9, L.10.
// SPDX-License-Identifier: Apache-2.0
#include "nn/net_layer.h"

#include "base/rng.h"

#include <assert.h>
#include <string.h>

// Stream 0 of an utterance is noise, stream 1.. the dropout before that layer, the last one masks.
enum { STREAM_NOISE = 0, STREAM_MASKS = 1 << 20 };
// A stretch of frames is never longer than this part of the utterance.
enum { LARGEST_PART = 5 };

void ernn_noise_row(uint64_t seed, int t, double deviation, int n, const float *x, float *y)
{
    ernn_rng rng = ernn_rng_new(seed, STREAM_NOISE, (uint64_t)t);
    for (int i = 0; i < n; i++)
        y[i] = x[i] + (float)(deviation * ernn_rng_normal(&rng));
}

// A stretch of 0 to `widest` of n places, anywhere.
static int draw_mask(ernn_rng *rng, int widest, int n, int *first)
{
    const int width = (int)ernn_rng_below(rng, (uint64_t)(widest < n ? widest : n) + 1);
    *first = (int)ernn_rng_below(rng, (uint64_t)(n - width) + 1);
    return width;
}

void ernn_mask_row(const ernn_masks *masks, uint64_t seed, int t, int n_frames, int n, float *y)
{
    // The masks of an utterance are drawn again for each of its frames, which costs less than
    // keeping them: the same generator, so the same masks.
    ernn_rng rng = ernn_rng_new(seed, STREAM_MASKS, 0);
    const int longest = n_frames / LARGEST_PART;
    int first;
    for (int i = 0; i < masks->n_time; i++) {
        const int widest = masks->time_width < longest ? masks->time_width : longest;
        const int width = draw_mask(&rng, widest, n_frames, &first);
        if (t >= first && t < first + width)
            memset(y, 0, (size_t)n * sizeof *y);
    }
    const int n_filters = masks->n_stacked > 0 ? n / masks->n_stacked : n;
    for (int i = 0; i < masks->n_frequency; i++) {
        const int width = draw_mask(&rng, masks->frequency_width, n_filters, &first);
        for (int at = first; at < n; at += n_filters)
            memset(y + at, 0, (size_t)width * sizeof *y);
    }
}

void ernn_dropout_row(uint64_t seed, int place, int t, double rate, int n, const float *x, float *y)
{
    assert(place > STREAM_NOISE && rate >= 0 && rate < 1);
    ernn_rng rng = ernn_rng_new(seed, (uint64_t)place, (uint64_t)t);
    const uint32_t threshold = (uint32_t)(rate * 0x1p32);
    const float scale = (float)(1 / (1 - rate));
    // Two draws of 32 bits from each number.
    for (int i = 0; i < n; i += 2) {
        const uint64_t bits = ernn_rng_bits(&rng);
        y[i] = (uint32_t)bits < threshold ? 0 : x[i] * scale;
        if (i + 1 < n)
            y[i + 1] = (uint32_t)(bits >> 32) < threshold ? 0 : x[i + 1] * scale;
    }
}
