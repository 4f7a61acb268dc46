// The scalar integer operations of the deployed network: rounding shift, saturation and the
// piecewise-linear activations. Normative text: docs/fixed-point.md sections 2 and 5; the same
// operations are rtl/saturate.v and rtl/pwl.v.
//
// Only <stdint.h>; no allocation, no floating point. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_RT_ARITHMETIC_H
#define ERNN_RT_ARITHMETIC_H

#include <stdint.h>

// Right shift with round half up: floor(x / 2^shift + 1/2), 0 <= shift <= 62. (fixed-point.md 2.1)
static inline int64_t ernn_rt_round_shift(int64_t x, unsigned shift)
{
    return shift ? (x + ((int64_t)1 << (shift - 1))) >> shift : x;
}

// Saturation to `bits` signed bits; every hit adds one to `*hits`. (fixed-point.md 2.2)
static inline int32_t ernn_rt_saturate(int64_t x, unsigned bits, uint32_t *hits)
{
    const int64_t top = ((int64_t)1 << (bits - 1)) - 1;
    if (x > top) {
        ++*hits;
        return (int32_t)top;
    }
    if (x < -top - 1) {
        ++*hits;
        return (int32_t)(-top - 1);
    }
    return (int32_t)x;
}

enum { ERNN_RT_PWL_SEGMENTS = 32 };

// One half of an odd or point-symmetric function, as 32 chords over |x|.
// base and slope have `gate_frac` fractional bits. (fixed-point.md 5)
typedef struct ernn_rt_pwl {
    int32_t base[ERNN_RT_PWL_SEGMENTS];
    int32_t slope[ERNN_RT_PWL_SEGMENTS];
} ernn_rt_pwl;

// f(|x|) for x with `x_frac` fractional bits; segments are 2^-step_log2 wide (2: sigmoid, 3: tanh),
// so x_frac >= step_log2. Past the last segment the value is 1.0.
static inline int32_t ernn_rt_pwl_half(const ernn_rt_pwl *pwl, uint32_t magnitude, unsigned x_frac,
                                       unsigned step_log2, unsigned gate_frac)
{
    const unsigned offset_bits = x_frac - step_log2;
    const uint32_t segment = magnitude >> offset_bits;
    if (segment >= ERNN_RT_PWL_SEGMENTS)
        return (int32_t)1 << gate_frac;
    const int64_t offset = magnitude & (((uint32_t)1 << offset_bits) - 1);
    return pwl->base[segment] + (int32_t)ernn_rt_round_shift(pwl->slope[segment] * offset, x_frac);
}

// sigmoid(-x) = 1 - sigmoid(x), segments of 1/4 over [0, 8). (fixed-point.md 5.1)
static inline int32_t ernn_rt_sigmoid(const ernn_rt_pwl *pwl, int32_t x, unsigned x_frac,
                                      unsigned gate_frac)
{
    const uint32_t magnitude = x < 0 ? 0u - (uint32_t)x : (uint32_t)x;
    const int32_t half = ernn_rt_pwl_half(pwl, magnitude, x_frac, 2, gate_frac);
    return x < 0 ? ((int32_t)1 << gate_frac) - half : half;
}

// tanh(-x) = -tanh(x), segments of 1/8 over [0, 4). (fixed-point.md 5.2)
static inline int32_t ernn_rt_tanh(const ernn_rt_pwl *pwl, int32_t x, unsigned x_frac,
                                   unsigned gate_frac)
{
    const uint32_t magnitude = x < 0 ? 0u - (uint32_t)x : (uint32_t)x;
    const int32_t half = ernn_rt_pwl_half(pwl, magnitude, x_frac, 3, gate_frac);
    return x < 0 ? -half : half;
}

#endif
