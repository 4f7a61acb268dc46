// Noise on the features and dropout between layers. Each row draws from a generator of its own,
// derived from the utterance's seed, the place and the frame, so that an utterance gets the same
// numbers in any batch, at any place in it, forward and backward. docs/math.md L.9.
// SPDX-License-Identifier: Apache-2.0
#include "nn/net_layer.h"

#include "base/rng.h"

#include <assert.h>

// Stream 0 of an utterance is noise, stream 1.. the dropout before that layer.
enum { STREAM_NOISE = 0 };

void ernn_noise_row(uint64_t seed, int t, double deviation, int n, const float *x, float *y)
{
    ernn_rng rng = ernn_rng_new(seed, STREAM_NOISE, (uint64_t)t);
    for (int i = 0; i < n; i++)
        y[i] = x[i] + (float)(deviation * ernn_rng_normal(&rng));
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
