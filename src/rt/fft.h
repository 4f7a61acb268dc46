// Integer real FFTs of 1 to 64 points, packed. Normative text: docs/fixed-point.md section 3;
// the same butterflies are rtl/rfft.v and rtl/irfft.v.
//
// Packed spectrum of k real numbers: [Re X_0, Re X_{k/2}, Re X_1, Im X_1, ... Re X_{k/2-1},
// Im X_{k/2-1}]; for k = 1 just [X_0]. No scaling inside: values grow by at most log2 k + 1 bits.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_RT_FFT_H
#define ERNN_RT_FFT_H

#include <stdint.h>

enum { ERNN_RT_MAX_LOG2_K = 6, ERNN_RT_MAX_K = 64, ERNN_RT_TWIDDLE_FRAC = 14 };

// cos(2 pi j / 64) for j = 0..16 with 14 fractional bits, rounded to nearest.
extern const int32_t ernn_rt_cosine[17];

// cos and sin of 2 pi j / 2^log2_m, 0 <= j <= 2^log2_m / 4.
int32_t ernn_rt_twiddle_cos(unsigned log2_m, unsigned j);
int32_t ernn_rt_twiddle_sin(unsigned log2_m, unsigned j);

// The position of element i before the first stage: i with its log2_k bits reversed.
unsigned ernn_rt_bit_reverse(unsigned i, unsigned log2_k);

// v[k] time domain in natural order -> packed spectrum, in place. X_j = sum_n x_n exp(-2 pi i
// jn/k).
void ernn_rt_rfft(int32_t *v, unsigned log2_k);

// v[k] packed spectrum -> k times its inverse transform in natural order, in place.
void ernn_rt_irfft(int32_t *v, unsigned log2_k);

#endif
