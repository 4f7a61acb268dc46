// Real FFTs of 1 to 64 points, radix 2, decimation in time, many transforms per call.
//
// Stage s merges the spectra of the even and of the odd elements of each subsequence, as in
// rt/fft.c; stages go back and forth between `v` and `scratch`. SPDX-License-Identifier: Apache-2.0
#include "num/rfft.h"

#include "num/clones.h"

#include <string.h>

const float ernn_rfft_cosine[ERNN_RFFT_MAX_K / 4 + 1] = {
    1.0f,         0.995184727f, 0.980785280f, 0.956940336f,  0.923879533f, 0.881921264f,
    0.831469612f, 0.773010453f, 0.707106781f, 0.634393284f,  0.555570233f, 0.471396737f,
    0.382683432f, 0.290284677f, 0.195090322f, 0.0980171403f, 0.0f};

// One pair of bins of a merge, over n transforms: X_j = E_j + w^j O_j and
// X_{m/2-j} = conj(E_j - w^j O_j), w = exp(-2 pi i / m). Rows of two: real, imaginary.
static inline void merge_pair(const float *even, const float *odd, size_t n, float cos, float sin,
                              float *low, float *high)
{
#pragma omp simd
    for (size_t t = 0; t < n; t++) {
        const float re = odd[t] * cos + odd[n + t] * sin;
        const float im = odd[n + t] * cos - odd[t] * sin;
        low[t] = even[t] + re;
        low[n + t] = even[n + t] + im;
        high[t] = even[t] - re;
        high[n + t] = im - even[n + t];
    }
}

// Undoes merge_pair, times 1/2: E_j = (X_j + conj(X_{m/2-j})) / 2,
// O_j = conj(w^j) (X_j - conj(X_{m/2-j})) / 2.
static inline void split_pair(const float *low, const float *high, size_t n, float cos, float sin,
                              float *even, float *odd)
{
#pragma omp simd
    for (size_t t = 0; t < n; t++) {
        const float re = 0.5f * (low[t] - high[t]);
        const float im = 0.5f * (low[n + t] + high[n + t]);
        even[t] = 0.5f * (low[t] + high[t]);
        even[n + t] = 0.5f * (low[n + t] - high[n + t]);
        odd[t] = re * cos - im * sin;
        odd[n + t] = im * cos + re * sin;
    }
}

// sum = scale (a + b), difference = scale (a - b)
static inline void butterfly(const float *a, const float *b, size_t n, float scale, float *sum,
                             float *difference)
{
#pragma omp simd
    for (size_t t = 0; t < n; t++) {
        sum[t] = scale * (a[t] + b[t]);
        difference[t] = scale * (a[t] - b[t]);
    }
}

static inline void negate_row(const float *from, size_t n, float *to)
{
#pragma omp simd
    for (size_t t = 0; t < n; t++)
        to[t] = -from[t];
}

// Spectra of m/2 points in in[0..m/2) and in[m/2..m) to one of m points; rows of n.
static inline void merge(const float *in, int m, size_t n, float *out)
{
    const float *even = in;
    const float *odd = in + (size_t)(m / 2) * n;
    butterfly(even, odd, n, 1.0f, out, out + n);
    if (m >= 4) { // X_{m/4} = E_{m/4} - i O_{m/4}, both real
        memcpy(out + (size_t)(m / 2) * n, even + n, n * sizeof *out);
        negate_row(odd + n, n, out + (size_t)(m / 2 + 1) * n);
    }
    for (int j = 1; j < m / 4; j++)
        merge_pair(even + (size_t)(2 * j) * n, odd + (size_t)(2 * j) * n, n, ernn_rfft_cos(m, j),
                   ernn_rfft_sin(m, j), out + (size_t)(2 * j) * n, out + (size_t)(m - 2 * j) * n);
}

static inline void split(const float *in, int m, size_t n, float *out)
{
    float *even = out;
    float *odd = out + (size_t)(m / 2) * n;
    butterfly(in, in + n, n, 0.5f, even, odd);
    if (m >= 4) {
        memcpy(even + n, in + (size_t)(m / 2) * n, n * sizeof *out);
        negate_row(in + (size_t)(m / 2 + 1) * n, n, odd + n);
    }
    for (int j = 1; j < m / 4; j++)
        split_pair(in + (size_t)(2 * j) * n, in + (size_t)(m - 2 * j) * n, n, ernn_rfft_cos(m, j),
                   ernn_rfft_sin(m, j), even + (size_t)(2 * j) * n, odd + (size_t)(2 * j) * n);
}

// to[e] = from[e with its bits reversed]; its own inverse.
static inline void permute(const float *from, int k, size_t n, float *to)
{
    int reversed = 0;
    for (int e = 0; e < k; e++) {
        memcpy(to + (size_t)e * n, from + (size_t)reversed * n, n * sizeof *to);
        int bit = k >> 1;
        for (; bit && (reversed & bit); bit >>= 1)
            reversed ^= bit;
        reversed |= bit;
    }
}

ERNN_CLONES void ernn_rfft(float *v, int k, size_t n, float *scratch)
{
    if (k == 1)
        return;
    permute(v, k, n, scratch);
    float *from = scratch;
    float *to = v;
    for (int m = 2; m <= k; m *= 2) {
        for (int base = 0; base < k; base += m)
            merge(from + (size_t)base * n, m, n, to + (size_t)base * n);
        float *kept = from;
        from = to;
        to = kept;
    }
    if (from != v)
        memcpy(v, from, (size_t)k * n * sizeof *v);
}

ERNN_CLONES void ernn_irfft(float *v, int k, size_t n, float *scratch)
{
    if (k == 1)
        return;
    float *from = v;
    float *to = scratch;
    for (int m = k; m >= 2; m /= 2) {
        for (int base = 0; base < k; base += m)
            split(from + (size_t)base * n, m, n, to + (size_t)base * n);
        float *kept = from;
        from = to;
        to = kept;
    }
    if (from == v) {
        memcpy(scratch, v, (size_t)k * n * sizeof *v);
        from = scratch;
    }
    permute(from, k, n, v);
}
