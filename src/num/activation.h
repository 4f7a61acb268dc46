// Exponential, sigmoid and tanh in float without branches, for loops that a compiler vectorises;
// and the few element-wise helpers that every cell needs.
//
// Largest errors over all float arguments, tested against double: ernn_exp 1e-7 relative inside
// its range, ernn_sigmoid 1e-7 absolute and 2e-7 relative above -80, ernn_tanh 1.5e-7 relative. NaN
// stays NaN. The value does not depend on the machine or on the position in an array.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NUM_ACTIVATION_H
#define ERNN_SRC_NUM_ACTIVATION_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t ernn_float_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float ernn_float_from_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

// exp(x) for -87 <= x <= 88; outside, the value at the nearer end.
static inline float ernn_exp(float x)
{
    const float rounder = 12582912.0f; // 1.5 * 2^23: adding it rounds to a whole number
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    // x = n ln 2 + r, |r| <= ln 2 / 2; ln 2 in two parts, the first exact in n times it
    const float shifted = x * 1.44269504f + rounder;
    const float n = shifted - rounder;
    const float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    // exp(r) = 1 + r + r^2 q(r), q minimax of degree 4, 3.1e-9 relative
    float q = 1.3814594e-3f;
    q = q * r + 8.3687169e-3f;
    q = q * r + 4.1668388e-2f;
    q = q * r + 1.6666521e-1f;
    q = q * r + 4.9999993e-1f;
    const float e = 1.0f + (r + r * r * q);
    // times 2^n, put into the exponent; the low bits of `shifted` are n
    return ernn_float_from_bits(ernn_float_bits(e) + (ernn_float_bits(shifted) << 23));
}

// 1 / (1 + exp(-x))
static inline float ernn_sigmoid(float x)
{
    return 1.0f / (1.0f + ernn_exp(-x));
}

static inline float ernn_tanh(float x)
{
    const float a = fabsf(x);
    // |x| >= 0.625: 1 - 2 / (exp(2 |x|) + 1), which is 1 in float from 9.01 on
    const float capped = a > 10.0f ? 10.0f : a;
    const float far = copysignf(1.0f - 2.0f / (ernn_exp(2.0f * capped) + 1.0f), x);
    // |x| < 0.625: x + x^3 p(x^2), p minimax of degree 4, 4.2e-9 relative
    const float u = x * x;
    float p = -5.7170419e-3f;
    p = p * u + 2.0650584e-2f;
    p = p * u - 5.3743497e-2f;
    p = p * u + 1.3331491e-1f;
    p = p * u - 3.3333284e-1f;
    const float near = x + x * u * p;
    return a < 0.625f ? near : far;
}

// v[n] in place.
void ernn_sigmoid_many(float *v, size_t n);
void ernn_tanh_many(float *v, size_t n);

// y[n] += x[n]
void ernn_add_many(float *y, const float *x, size_t n);
// y[n] += a[n] . x[n], element by element
void ernn_multiply_add_many(float *y, const float *a, const float *x, size_t n);
// y[n] += a x[n]
void ernn_scale_add_many(float *y, float a, const float *x, size_t n);
// sum of v[i]^2 in double, in order
double ernn_sum_squares(const float *v, size_t n);
// ln sum exp(x[i]) in double, n >= 1: the logarithm of a softmax's denominator.
double ernn_log_sum_exp(const float *x, int n);

#endif
