// Matrix products, row-major; the one door to the BLAS.
//
// Each call runs on the caller's thread alone: parallel work is split by the caller into pieces
// that do not depend on the number of threads. `ld*` are the floats from one row to the next.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NUM_GEMM_H
#define ERNN_SRC_NUM_GEMM_H

#include <stdbool.h>
#include <stddef.h>

// c[m][n] = alpha * a[m][k] b[k][n] + beta * c; c is not read when beta is 0.
void ernn_gemm_nn(int m, int n, int k, float alpha, const float *a, size_t lda, const float *b,
                  size_t ldb, float beta, float *c, size_t ldc);

// c[m][n] = alpha * a[m][k] b[n][k]^T + beta * c. (products with weight matrices: x W^T)
void ernn_gemm_nt(int m, int n, int k, float alpha, const float *a, size_t lda, const float *b,
                  size_t ldb, float beta, float *c, size_t ldc);

// c[m][n] = alpha * a[k][m]^T b[k][n] + beta * c. (weight gradients: dy^T x)
void ernn_gemm_tn(int m, int n, int k, float alpha, const float *a, size_t lda, const float *b,
                  size_t ldb, float beta, float *c, size_t ldc);

// y[m] = a[m][n] x[n] (+ y when `add`): one frame through a dense matrix.
void ernn_gemv(int m, int n, const float *a, size_t lda, const float *x, bool add, float *y);

#endif
