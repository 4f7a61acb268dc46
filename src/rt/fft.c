// Integer real FFTs by decimation in time. docs/fixed-point.md section 3.
// SPDX-License-Identifier: Apache-2.0
#include "rt/fft.h"
#include "rt/arithmetic.h"

const int32_t ernn_rt_cosine[17] = {16384, 16305, 16069, 15679, 15137, 14449, 13623, 12665, 11585,
                                    10394, 9102,  7723,  6270,  4756,  3196,  1606,  0};

int32_t ernn_rt_twiddle_cos(unsigned log2_m, unsigned j)
{
    return ernn_rt_cosine[j << (ERNN_RT_MAX_LOG2_K - log2_m)];
}

int32_t ernn_rt_twiddle_sin(unsigned log2_m, unsigned j)
{
    return ernn_rt_cosine[16 - (j << (ERNN_RT_MAX_LOG2_K - log2_m))];
}

unsigned ernn_rt_bit_reverse(unsigned i, unsigned log2_k)
{
    unsigned reversed = 0;
    for (unsigned bit = 0; bit < log2_k; bit++)
        reversed |= ((i >> bit) & 1u) << (log2_k - 1 - bit);
    return reversed;
}

static void permute(int32_t *v, unsigned log2_k)
{
    for (unsigned i = 0; i < 1u << log2_k; i++) {
        const unsigned j = ernn_rt_bit_reverse(i, log2_k);
        if (i < j) {
            const int32_t kept = v[i];
            v[i] = v[j];
            v[j] = kept;
        }
    }
}

// (a cos + b sin) with one rounding. (fixed-point.md 3.2)
static int32_t rotate(int32_t a, int32_t cos, int32_t b, int32_t sin)
{
    const int64_t sum = (int64_t)a * cos + (int64_t)b * sin;
    return (int32_t)ernn_rt_round_shift(sum, ERNN_RT_TWIDDLE_FRAC);
}

// Merges the packed spectra E = v[0..m/2) and O = v[m/2..m) of the even and odd elements:
// X_j = E_j + w^j O_j, X_{m/2-j} = conj(E_j - w^j O_j), w = exp(-2 pi i / m).
static void merge(int32_t *v, unsigned log2_m)
{
    const unsigned m = 1u << log2_m;
    const int32_t *even = v;
    const int32_t *odd = v + m / 2;
    int32_t out[ERNN_RT_MAX_K];
    out[0] = even[0] + odd[0];
    out[1] = even[0] - odd[0];
    if (m >= 4) { // X_{m/4} = E_{m/4} - i O_{m/4}, both real
        out[m / 2] = even[1];
        out[m / 2 + 1] = -odd[1];
    }
    for (unsigned j = 1; j < m / 4; j++) {
        const int32_t cos = ernn_rt_twiddle_cos(log2_m, j);
        const int32_t sin = ernn_rt_twiddle_sin(log2_m, j);
        const int32_t re = rotate(odd[2 * j], cos, odd[2 * j + 1], sin);
        const int32_t im = rotate(odd[2 * j + 1], cos, odd[2 * j], -sin);
        out[2 * j] = even[2 * j] + re;
        out[2 * j + 1] = even[2 * j + 1] + im;
        out[m - 2 * j] = even[2 * j] - re;
        out[m - 2 * j + 1] = im - even[2 * j + 1];
    }
    for (unsigned i = 0; i < m; i++)
        v[i] = out[i];
}

// Undoes merge, times 2: E_j = X_j + conj(X_{m/2-j}), O_j = conj(w^j) (X_j - conj(X_{m/2-j})).
static void split(int32_t *v, unsigned log2_m)
{
    const unsigned m = 1u << log2_m;
    int32_t out[ERNN_RT_MAX_K];
    int32_t *even = out;
    int32_t *odd = out + m / 2;
    even[0] = v[0] + v[1];
    odd[0] = v[0] - v[1];
    if (m >= 4) {
        even[1] = 2 * v[m / 2];
        odd[1] = -2 * v[m / 2 + 1];
    }
    for (unsigned j = 1; j < m / 4; j++) {
        const int32_t cos = ernn_rt_twiddle_cos(log2_m, j);
        const int32_t sin = ernn_rt_twiddle_sin(log2_m, j);
        const int32_t re = v[2 * j] - v[m - 2 * j];
        const int32_t im = v[2 * j + 1] + v[m - 2 * j + 1];
        even[2 * j] = v[2 * j] + v[m - 2 * j];
        even[2 * j + 1] = v[2 * j + 1] - v[m - 2 * j + 1];
        odd[2 * j] = rotate(re, cos, im, -sin);
        odd[2 * j + 1] = rotate(im, cos, re, sin);
    }
    for (unsigned i = 0; i < m; i++)
        v[i] = out[i];
}

void ernn_rt_rfft(int32_t *v, unsigned log2_k)
{
    permute(v, log2_k);
    for (unsigned s = 1; s <= log2_k; s++)
        for (unsigned base = 0; base < 1u << log2_k; base += 1u << s)
            merge(v + base, s);
}

void ernn_rt_irfft(int32_t *v, unsigned log2_k)
{
    for (unsigned s = log2_k; s >= 1; s--)
        for (unsigned base = 0; base < 1u << log2_k; base += 1u << s)
            split(v + base, s);
    permute(v, log2_k);
}
