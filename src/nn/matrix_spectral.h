// The spectral form of a stack of block-circulant matrices (nn/matrix.h): the functions behind the
// interface, which documents them. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NN_MATRIX_SPECTRAL_H
#define ERNN_SRC_NN_MATRIX_SPECTRAL_H

#include "nn/matrix.h"

// Rows of a gradient.
typedef struct ernn_spectral_rows {
    int n;
    const float *dy;
    size_t ldy;
    const float *x;
    size_t ldx;
} ernn_spectral_rows;

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
void ernn_matrix_spectral_gradient(const ernn_matrix *matrix, const ernn_matrix_sums *sums,
                                   ernn_gates gates, const ernn_spectral_rows *rows,
                                   ernn_workers *workers);
void ernn_matrix_spectral_finish(const ernn_matrix *matrix, const ernn_matrix_sums *sums,
                                 float *gradient, ernn_workers *workers);

#endif
