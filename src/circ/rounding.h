// Rounding of stored weights to W bits, spectra included: which format, which integers, and the
// numbers that those stand for. docs/fixed-point.md section 8; docs/math.md, quantization-aware
// training. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_CIRC_ROUNDING_H
#define ERNN_SRC_CIRC_ROUNDING_H

#include "ernn/status.h"

// Limits of a weight's fractional bits (fixed-point.md section 1).
enum { ERNN_WEIGHTS_MIN_FRAC = -16, ERNN_WEIGHTS_MAX_FRAC = 40 };

// round(value 2^frac), half up, limited to +-(2^(bits-1) - 1).
int32_t ernn_to_fixed(double value, int frac, int bits);

// The most fractional bits with which `bits` bits hold +-peak.
int ernn_fixed_frac(double peak, int bits);

// spectra[n_blocks][k] = the packed spectra (num/rfft.h) of time-domain blocks w[n_blocks][k], k up
// to 64, in double precision; and back to float.
void ernn_spectra(const float *w, size_t n_blocks, int k, double *spectra);
void ernn_spectra_inverse(const double *spectra, size_t n_blocks, int k, float *w);

// The format of the spectra of w[n_blocks][k]: of the largest that clips nothing and the two above
// it, the one with the least mean squared error of the weights, clipping included.
int ernn_weights_frac(const float *w, size_t n_blocks, int k, int bits);

// integers[n_blocks][k] = the spectra of w in that format.
void ernn_weights_to_fixed(const float *w, size_t n_blocks, int k, int frac, int bits,
                           int16_t *integers);

// rounded[n_blocks][k] = the time-domain blocks whose spectra are those integers; w may be rounded.
void ernn_weights_round(const float *w, size_t n_blocks, int k, int frac, int bits, float *rounded);

#endif
