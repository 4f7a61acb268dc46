// xoshiro256** seeded by splitmix64. SPDX-License-Identifier: Apache-2.0
#include "base/rng.h"

#include <math.h>

static uint64_t splitmix(uint64_t *x)
{
    uint64_t z = (*x += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

ernn_rng ernn_rng_new(uint64_t seed, uint64_t stream, uint64_t index)
{
    uint64_t x = seed;
    x = splitmix(&x) ^ stream;
    x = splitmix(&x) ^ index;
    ernn_rng rng;
    for (int i = 0; i < 4; i++)
        rng.state[i] = splitmix(&x);
    return rng;
}

static uint64_t rotate(uint64_t x, int n)
{
    return (x << n) | (x >> (64 - n));
}

uint64_t ernn_rng_bits(ernn_rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double ernn_rng_uniform(ernn_rng *rng)
{
    return (double)(ernn_rng_bits(rng) >> 11) * 0x1p-53;
}

uint64_t ernn_rng_below(ernn_rng *rng, uint64_t n)
{
    uint64_t limit = UINT64_MAX - UINT64_MAX % n;
    uint64_t bits;
    do
        bits = ernn_rng_bits(rng);
    while (bits >= limit);
    return bits % n;
}

double ernn_rng_normal(ernn_rng *rng)
{
    double radius = sqrt(-2.0 * log(1.0 - ernn_rng_uniform(rng)));
    return radius * cos(6.283185307179586 * ernn_rng_uniform(rng));
}

void ernn_rng_shuffle(ernn_rng *rng, size_t *order, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)ernn_rng_below(rng, i);
        size_t kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
}
