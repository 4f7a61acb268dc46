// Real FFTs of 1 to 64 points in float, many at once: the transforms of the spectral product.
//
// Data are element-major, v[k][n]: element e of transform t is v[e * n + t], so that the inner
// loops run over transforms and need no shuffles. Packed spectrum as in rt/fft.h: rows Re X_0, Re
// X_{k/2}, Re X_1, Im X_1, ... Re X_{k/2-1}, Im X_{k/2-1}; for k = 1 just X_0. (math.md eq. 4)
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NUM_RFFT_H
#define ERNN_SRC_NUM_RFFT_H

#include <stddef.h>

enum { ERNN_RFFT_MAX_K = 64 };

// cos(2 pi j / 64), j = 0..16; the sine is the same read backwards.
extern const float ernn_rfft_cosine[ERNN_RFFT_MAX_K / 4 + 1];

// cos and sin of 2 pi j / m, 0 <= j <= m / 4.
static inline float ernn_rfft_cos(int m, int j)
{
    return ernn_rfft_cosine[j * (ERNN_RFFT_MAX_K / m)];
}

static inline float ernn_rfft_sin(int m, int j)
{
    return ernn_rfft_cosine[ERNN_RFFT_MAX_K / 4 - j * (ERNN_RFFT_MAX_K / m)];
}

// v[k][n] time domain -> packed spectra, in place. X_j = sum_m x_m exp(-2 pi i j m / k). k is a
// power of two; scratch[k][n].
void ernn_rfft(float *v, int k, size_t n, float *scratch);

// v[k][n] packed spectra -> time domain, in place, 1/k included: the inverse of ernn_rfft.
void ernn_irfft(float *v, int k, size_t n, float *scratch);

#endif
