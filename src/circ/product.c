// The spectral product of a block-circulant matrix with a vector, and its gradients.
// docs/math.md section 1, eq. 5, 6 and 7.
//
// Spectra are element-major: number e of all blocks together, spectra[k][q][p] for the matrix,
// [k][q] for an input, [k][p] for an output, so that inner loops run over output blocks. Numbers e
// follow the packed order of num/rfft.h: 0 and 1 are real bins, then pairs (re, im). One
// accumulation order whatever the machine: results are the same bits everywhere.
// SPDX-License-Identifier: Apache-2.0
#include "ernn/circ.h"

#include "base/memory.h"
#include "circ/circ.h"
#include "num/clones.h"
#include "num/rfft.h"

#include <string.h>

struct ernn_circ {
    int rows;
    int cols;
    int k;
    size_t p; // block rows
    size_t q; // block columns
    float *spectra;
};

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

ernn_status ernn_circ_new(const float *w, int rows, int cols, int k, ernn_circ **circ,
                          ernn_error *err)
{
    *circ = NULL;
    if (rows < 1 || cols < 1 || k < 1 || k > ERNN_CIRC_MAX_K || (k & (k - 1)) != 0)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "circulant matrix: %d x %d with blocks of %d; sizes from 1 and a "
                              "power of two from 1 to %d are wanted",
                              rows, cols, k, ERNN_CIRC_MAX_K);
    const size_t p = (size_t)ernn_circ_blocks(rows, k);
    const size_t q = (size_t)ernn_circ_blocks(cols, k);
    ernn_circ *made = ernn_mem_new(1, sizeof *made, err);
    float *spectra = ernn_mem_new(p * q * (size_t)k, sizeof *spectra, err);
    float *scratch = ernn_mem_new(p * q * (size_t)k, sizeof *scratch, err);
    if (!made || !spectra || !scratch) {
        ernn_mem_free(made);
        ernn_mem_free(spectra);
        ernn_mem_free(scratch);
        return ERNN_NO_MEMORY;
    }
    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j < q; j++)
            for (size_t e = 0; e < (size_t)k; e++)
                spectra[(e * q + j) * p + i] = w[(i * q + j) * (size_t)k + e];
    ernn_rfft(spectra, k, p * q, scratch);
    ernn_mem_free(scratch);
    *made = (ernn_circ){rows, cols, k, p, q, spectra};
    *circ = made;
    return ERNN_OK;
}

void ernn_circ_free(ernn_circ *circ)
{
    if (!circ)
        return;
    ernn_mem_free(circ->spectra);
    ernn_mem_free(circ);
}

// Input spectra, output spectra, and the FFTs' own.
size_t ernn_circ_scratch(const ernn_circ *circ)
{
    return (size_t)circ->k * (circ->p + circ->q + larger(circ->p, circ->q));
}

// spectra[k][n_blocks] = FFT of each block of x[n], the last one padded with zeros.
static void transform(const float *x, size_t n, size_t k, size_t n_blocks, float *spectra,
                      float *scratch)
{
    for (size_t b = 0; b < n_blocks; b++)
        for (size_t e = 0; e < k; e++)
            spectra[e * n_blocks + b] = b * k + e < n ? x[b * k + e] : 0;
    ernn_rfft(spectra, (int)k, n_blocks, scratch);
}

// y[n] += a w[n]
static inline void add_real(const float *w, float a, size_t n, float *y)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        y[i] += a * w[i];
}

// y[n] += a w[n], complex: rows of real and imaginary parts
static inline void add_complex(const float *w_re, const float *w_im, float a_re, float a_im,
                               size_t n, float *y_re, float *y_im)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        y_re[i] += w_re[i] * a_re - w_im[i] * a_im;
        y_im[i] += w_re[i] * a_im + w_im[i] * a_re;
    }
}

// A_i += sum_j W_ij . X_j in every bin (math.md eq. 5)
ERNN_CLONES static void accumulate(const float *w, size_t k, size_t p, size_t q, const float *x,
                                   float *sums)
{
    for (size_t e = 0; e < k && e < 2; e++)
        for (size_t j = 0; j < q; j++)
            add_real(w + (e * q + j) * p, x[e * q + j], p, sums + e * p);
    for (size_t e = 2; e < k; e += 2)
        for (size_t j = 0; j < q; j++)
            add_complex(w + (e * q + j) * p, w + ((e + 1) * q + j) * p, x[e * q + j],
                        x[(e + 1) * q + j], p, sums + e * p, sums + (e + 1) * p);
}

void ernn_circ_product(const ernn_circ *circ, const float *x, float *y, float *scratch)
{
    const size_t k = (size_t)circ->k;
    float *inputs = scratch;
    float *sums = inputs + k * circ->q;
    float *rest = sums + k * circ->p;
    transform(x, (size_t)circ->cols, k, circ->q, inputs, rest);
    memset(sums, 0, k * circ->p * sizeof *sums);
    accumulate(circ->spectra, k, circ->p, circ->q, inputs, sums);
    ernn_irfft(sums, circ->k, circ->p, rest);
    for (size_t r = 0; r < (size_t)circ->rows; r++)
        y[r] = sums[r % k * circ->p + r / k];
}

// ---- Gradients ----

// dX_j = sum_i conj(W_ij) . dY_i in every bin (math.md eq. 6)
static void accumulate_transposed(const ernn_circ *circ, const float *dy, float *dx)
{
    const size_t k = (size_t)circ->k;
    const size_t p = circ->p;
    const size_t q = circ->q;
    for (size_t e = 0; e < k && e < 2; e++)
        for (size_t j = 0; j < q; j++) {
            const float *w = circ->spectra + (e * q + j) * p;
            float sum = 0;
            for (size_t i = 0; i < p; i++)
                sum += w[i] * dy[e * p + i];
            dx[e * q + j] = sum;
        }
    for (size_t e = 2; e < k; e += 2)
        for (size_t j = 0; j < q; j++) {
            const float *w_re = circ->spectra + (e * q + j) * p;
            const float *w_im = w_re + q * p;
            const float *dy_re = dy + e * p;
            const float *dy_im = dy_re + p;
            float re = 0;
            float im = 0;
            for (size_t i = 0; i < p; i++) {
                re += w_re[i] * dy_re[i] + w_im[i] * dy_im[i];
                im += w_re[i] * dy_im[i] - w_im[i] * dy_re[i];
            }
            dx[e * q + j] = re;
            dx[(e + 1) * q + j] = im;
        }
}

// dW_ij = dY_i . conj(X_j) for all i of block column j (math.md eq. 7): dw[k][p].
static void column_gradient(size_t k, size_t p, size_t q, size_t j, const float *x, const float *dy,
                            float *dw)
{
    for (size_t e = 0; e < k && e < 2; e++)
        for (size_t i = 0; i < p; i++)
            dw[e * p + i] = dy[e * p + i] * x[e * q + j];
    for (size_t e = 2; e < k; e += 2) {
        const float x_re = x[e * q + j];
        const float x_im = x[(e + 1) * q + j];
        for (size_t i = 0; i < p; i++) {
            const float re = dy[e * p + i];
            const float im = dy[(e + 1) * p + i];
            dw[e * p + i] = re * x_re + im * x_im;
            dw[(e + 1) * p + i] = im * x_re - re * x_im;
        }
    }
}

void ernn_circ_product_backward(const ernn_circ *circ, const float *x, const float *dy, float *dx,
                                float *dw, float *scratch)
{
    const size_t k = (size_t)circ->k;
    const size_t p = circ->p;
    const size_t q = circ->q;
    float *x_spectra = scratch;
    float *dy_spectra = x_spectra + k * q;
    float *dx_spectra = dy_spectra + k * p;
    float *column = dx_spectra + k * q;
    float *rest = column + k * p;
    transform(dy, (size_t)circ->rows, k, p, dy_spectra, rest);
    accumulate_transposed(circ, dy_spectra, dx_spectra);
    ernn_irfft(dx_spectra, circ->k, q, rest);
    for (size_t c = 0; c < (size_t)circ->cols; c++)
        dx[c] += dx_spectra[c % k * q + c / k];
    if (!dw)
        return;
    transform(x, (size_t)circ->cols, k, q, x_spectra, rest);
    for (size_t j = 0; j < q; j++) {
        column_gradient(k, p, q, j, x_spectra, dy_spectra, column);
        ernn_irfft(column, circ->k, p, rest);
        for (size_t i = 0; i < p; i++)
            for (size_t e = 0; e < k; e++)
                dw[(i * q + j) * k + e] += column[e * p + i];
    }
}
