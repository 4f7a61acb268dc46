// Block-circulant matrices: expansion, exact projection, gradient folding and the spectral product.
//
// A rows x cols matrix of block size k (a power of two, 1 = dense) is stored as w[p][q][k],
// p = ceil(rows / k), q = ceil(cols / k): the first column of each block, so that inside block
// (i, j) entry (r, c) is w_ij[(r - c) mod k]. Rows and columns past the matrix do not exist: they
// are dropped from products and from means. docs/math.md section 1.
//
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_CIRC_H
#define ERNN_CIRC_H

#include "ernn/status.h"

#ifdef __cplusplus
extern "C" {
#endif

// Floats that w takes: p q k (rows * cols for k = 1).
ERNN_API size_t ernn_circ_count(int rows, int cols, int k);

// dense[rows][cols] = the matrix that w stands for.
ERNN_API void ernn_circ_expand(const float *w, int rows, int cols, int k, float *dense);

// w = the nearest block-circulant matrix in the Euclidean (Frobenius) sense: the mean over each
// wrapped diagonal of each block, over the entries that exist; 0 for a diagonal without any.
ERNN_API void ernn_circ_project(const float *dense, int rows, int cols, int k, float *w);

// What brings a projection back to the norm of its matrix: |dense| / |projected| (Frobenius), both
// of n entries, at most sqrt(k), which a matrix of independent entries has; 1 when both are 0.
ERNN_API double ernn_circ_norm_factor(const float *dense, const float *projected, size_t n, int k);

// dw += the gradient with respect to w, given that with respect to the dense entries: the sum over
// each wrapped diagonal.
ERNN_API void ernn_circ_fold_gradient(const float *dense_gradient, int rows, int cols, int k,
                                      float *dw);

// A matrix with its spectra, ready for products; read-only and shareable.
typedef struct ernn_circ ernn_circ;
ERNN_API ernn_status ernn_circ_new(const float *w, int rows, int cols, int k, ernn_circ **circ,
                                   ernn_error *err);
ERNN_API void ernn_circ_free(ernn_circ *circ);
// Floats of scratch that one product needs.
ERNN_API size_t ernn_circ_scratch(const ernn_circ *circ);
// y[rows] = W x[cols]: q forward and p inverse transforms. No overlap of x, y, scratch.
ERNN_API void ernn_circ_product(const ernn_circ *circ, const float *x, float *y, float *scratch);
// Gradients of a product: dx[cols] += W^T dy[rows] and, when dw is not NULL, dw += d/dw (dy . W x),
// both in the frequency domain. Scratch of 3 * ernn_circ_scratch floats.
ERNN_API void ernn_circ_product_backward(const ernn_circ *circ, const float *x, const float *dy,
                                         float *dx, float *dw, float *scratch);

#ifdef __cplusplus
}
#endif
#endif
