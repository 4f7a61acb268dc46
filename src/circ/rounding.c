// Rounding of weights and their spectra. SPDX-License-Identifier: Apache-2.0
#include "circ/rounding.h"

#include "circ/circ.h"

#include <math.h>

// Formats that are tried: the one that holds everything and those above it, which limit far values.
enum { FORMATS = 3 };

// cosine[j] = cos(2 pi j / k); sin(a) = cos(a - pi / 2).
typedef struct turns {
    int k;
    double cosine[ERNN_CIRC_MAX_K];
} turns;

static turns turns_of(int k)
{
    turns table = {.k = k};
    for (int j = 0; j < k; j++)
        table.cosine[j] = cos(2 * 3.14159265358979323846 * j / k);
    return table;
}

int32_t ernn_to_fixed(double value, int frac, int bits)
{
    const double top = ldexp(1, bits - 1) - 1;
    const double scaled = floor(ldexp(value, frac) + 0.5);
    return (int32_t)fmin(fmax(scaled, -top), top);
}

int ernn_fixed_frac(double peak, int bits)
{
    int exponent = 0;
    frexp((ldexp(1, bits - 1) - 1) / fmax(peak, 1e-9), &exponent);
    return exponent - 1;
}

// X_j = sum_n w_n exp(-2 pi i j n / k) by definition; k is small.
static void spectrum(const turns *table, const float *w, double *packed)
{
    const int k = table->k;
    for (int j = 0; j <= k / 2; j++) {
        double re = 0;
        double im = 0;
        for (int n = 0; n < k; n++) {
            const int turn = j * n & (k - 1);
            re += w[n] * table->cosine[turn];
            im -= w[n] * table->cosine[(turn + k - k / 4) & (k - 1)];
        }
        if (j == 0 || 2 * j == k)
            packed[j ? 1 : 0] = re;
        else {
            packed[2 * j] = re;
            packed[2 * j + 1] = im;
        }
    }
}

// w_n = 1/k sum_j X_j exp(2 pi i j n / k); bins past k/2 are the conjugates of those below.
static void inverse(const turns *table, const double *packed, float *w)
{
    const int k = table->k;
    for (int n = 0; n < k; n++) {
        double sum = packed[0];
        if (k > 1)
            sum += n % 2 ? -packed[1] : packed[1];
        for (int j = 1; j < k / 2; j++) {
            const int turn = j * n & (k - 1);
            sum += 2 * (packed[2 * j] * table->cosine[turn] -
                        packed[2 * j + 1] * table->cosine[(turn + k - k / 4) & (k - 1)]);
        }
        w[n] = (float)(sum / k);
    }
}

void ernn_spectra(const float *w, size_t n_blocks, int k, double *spectra)
{
    const turns table = turns_of(k);
    for (size_t b = 0; b < n_blocks; b++)
        spectrum(&table, w + b * (size_t)k, spectra + b * (size_t)k);
}

void ernn_spectra_inverse(const double *spectra, size_t n_blocks, int k, float *w)
{
    const turns table = turns_of(k);
    for (size_t b = 0; b < n_blocks; b++)
        inverse(&table, spectra + b * (size_t)k, w + b * (size_t)k);
}

static double peak_of(const turns *table, const float *w, size_t n)
{
    double packed[ERNN_CIRC_MAX_K];
    double peak = 0;
    for (size_t i = 0; i < n; i += (size_t)table->k) {
        spectrum(table, w + i, packed);
        for (int e = 0; e < table->k; e++)
            peak = fmax(peak, fabs(packed[e]));
    }
    return peak;
}

// A format's step and its inverse, both powers of two, and the largest integer.
typedef struct scale {
    double up;
    double down;
    double top;
} scale;

static scale scale_of(int frac, int bits)
{
    return (scale){ldexp(1, frac), ldexp(1, -frac), ldexp(1, bits - 1) - 1};
}

// ernn_to_fixed, in whole numbers that stay double.
static double to_whole(double value, const scale *s)
{
    const double whole = floor(value * s->up + 0.5);
    return whole > s->top ? s->top : whole < -s->top ? -s->top : whole;
}

int ernn_weights_frac(const float *w, size_t n_blocks, int k, int bits)
{
    const turns table = turns_of(k);
    const size_t n = n_blocks * (size_t)k;
    const int whole = ernn_fixed_frac(peak_of(&table, w, n), bits);
    double sums[FORMATS] = {0};
    scale scales[FORMATS];
    for (int f = 0; f < FORMATS; f++)
        scales[f] = scale_of(whole + f, bits);
    double packed[ERNN_CIRC_MAX_K];
    for (size_t i = 0; i < n; i += (size_t)k) {
        spectrum(&table, w + i, packed);
        for (int f = 0; f < FORMATS; f++)
            for (int e = 0; e < k; e++) {
                const double error = to_whole(packed[e], &scales[f]) * scales[f].down - packed[e];
                // Bins 0 and k/2 stand once in the inverse transform, all others twice.
                sums[f] += (e < 2 ? 1 : 2) * error * error;
            }
    }
    int best = 0;
    for (int f = 1; f < FORMATS; f++)
        if (sums[f] < sums[best])
            best = f;
    const int frac = whole + best;
    return frac < ERNN_WEIGHTS_MIN_FRAC   ? ERNN_WEIGHTS_MIN_FRAC
           : frac > ERNN_WEIGHTS_MAX_FRAC ? ERNN_WEIGHTS_MAX_FRAC
                                          : frac;
}

void ernn_weights_to_fixed(const float *w, size_t n_blocks, int k, int frac, int bits,
                           int16_t *integers)
{
    const turns table = turns_of(k);
    double packed[ERNN_CIRC_MAX_K];
    for (size_t i = 0; i < n_blocks * (size_t)k; i += (size_t)k) {
        spectrum(&table, w + i, packed);
        for (int e = 0; e < k; e++)
            integers[i + (size_t)e] = (int16_t)ernn_to_fixed(packed[e], frac, bits);
    }
}

void ernn_weights_round(const float *w, size_t n_blocks, int k, int frac, int bits, float *rounded)
{
    const turns table = turns_of(k);
    const scale s = scale_of(frac, bits);
    double packed[ERNN_CIRC_MAX_K];
    for (size_t i = 0; i < n_blocks * (size_t)k; i += (size_t)k) {
        spectrum(&table, w + i, packed);
        for (int e = 0; e < k; e++)
            packed[e] = to_whole(packed[e], &s) * s.down;
        inverse(&table, packed, rounded + i);
    }
}
