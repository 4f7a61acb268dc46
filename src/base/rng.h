// Counter-seeded random numbers: a generator is derived from (seed, stream, index), so that work
// resumed in the middle draws what uninterrupted work would have drawn.
// xoshiro256** seeded by splitmix64 (Blackman and Vigna 2018). SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_BASE_RNG_H
#define ERNN_SRC_BASE_RNG_H

#include "ernn/status.h"

typedef struct ernn_rng {
    uint64_t state[4];
} ernn_rng;

ernn_rng ernn_rng_new(uint64_t seed, uint64_t stream, uint64_t index);
uint64_t ernn_rng_bits(ernn_rng *rng);
// Uniform in [0, 1).
double ernn_rng_uniform(ernn_rng *rng);
// Uniform integer in [0, n), n >= 1, without modulo bias.
uint64_t ernn_rng_below(ernn_rng *rng, uint64_t n);
// Standard normal (Box-Muller, one draw per call so that no half is hidden in state).
double ernn_rng_normal(ernn_rng *rng);
// Fisher-Yates permutation of `order[n]`.
void ernn_rng_shuffle(ernn_rng *rng, size_t *order, size_t n);

#endif
