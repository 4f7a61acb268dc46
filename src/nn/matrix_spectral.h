// The spectral form of a stack of block-circulant matrices (nn/matrix.h): the functions behind the
// interface, which documents them. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NN_MATRIX_SPECTRAL_H
#define ERNN_SRC_NN_MATRIX_SPECTRAL_H

#include "nn/matrix.h"

// Rows that a gradient is summed over.
typedef struct ernn_gradient_rows {
    int n;
    const float *dy; // [n][gates.n * H]
    size_t ldy;
} ernn_gradient_rows;

// A run of matrices that has this dy, and what it was multiplied by.
typedef struct ernn_spectral_factor {
    const ernn_matrix *matrix;
    const ernn_matrix_sums *sums;
    const float *x;
    size_t ldx;
} ernn_spectral_factor;

// Floats of the stage of one matrix.
size_t ernn_matrix_spectral_stage(const ernn_matrix *matrix);
// w[p][q][k] becomes matrix g.
void ernn_matrix_spectral_update(ernn_matrix *matrix, int g, const float *w);
size_t ernn_matrix_spectral_scratch(const ernn_matrix *matrix);
void ernn_matrix_spectral_product(const ernn_matrix *matrix, ernn_gates gates, ernn_columns columns,
                                  const ernn_panel_rows *rows, float *scratch);
void ernn_matrix_spectral_transposed(const ernn_matrix *matrix, ernn_gates gates,
                                     ernn_columns columns, const ernn_panel_rows *rows,
                                     float *scratch);
// Floats of ernn_matrix_sums: of the sums and of the spectra of rows.
size_t ernn_matrix_spectral_sums(const ernn_matrix *matrix);
size_t ernn_matrix_spectral_rows(const ernn_matrix *matrix);
// The `n` factors, ERNN_GRADIENT_FACTORS at most, have as many rows and the same block size.
void ernn_matrix_spectral_gradient(const ernn_spectral_factor *factors, int n, ernn_gates gates,
                                   const ernn_gradient_rows *rows, ernn_workers *workers);
void ernn_matrix_spectral_finish(const ernn_matrix *matrix, const ernn_matrix_sums *sums,
                                 float *gradient, ernn_workers *workers);

#endif
