// Block-circulant matrices by their definition: expansion, projection and gradient folding.
// docs/math.md section 1. The spectral product is circ/product.c.
// SPDX-License-Identifier: Apache-2.0
#include "ernn/circ.h"

#include "circ/circ.h"

#include <math.h>
#include <string.h>

int ernn_circ_blocks(int n, int k)
{
    return (n + k - 1) / k;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

size_t ernn_circ_count(int rows, int cols, int k)
{
    return (size_t)ernn_circ_blocks(rows, k) * (size_t)ernn_circ_blocks(cols, k) * (size_t)k;
}

// One block inside a matrix: where it starts and how much of it exists.
typedef struct block {
    int row;    // of the matrix
    int col;    // of the matrix
    int n_rows; // that exist, at most k
    int n_cols;
} block;

static block block_at(int rows, int cols, int k, int i, int j)
{
    return (block){i * k, j * k, least(k, rows - i * k), least(k, cols - j * k)};
}

void ernn_circ_expand(const float *w, int rows, int cols, int k, float *dense)
{
    for (int i = 0; i < ernn_circ_blocks(rows, k); i++)
        for (int j = 0; j < ernn_circ_blocks(cols, k); j++, w += k) {
            const block b = block_at(rows, cols, k, i, j);
            // B[r][c] = w[(r - c) mod k] (math.md eq. 1)
            for (int r = 0; r < b.n_rows; r++) {
                float *row = dense + (size_t)(b.row + r) * (size_t)cols + b.col;
                for (int c = 0; c < b.n_cols; c++)
                    row[c] = w[(r - c) & (k - 1)];
            }
        }
}

// sums[d] = sum of the block's entries on wrapped diagonal d, counts[d] = how many exist.
static void sum_diagonals(const float *dense, int cols, int k, block b, double *sums, int *counts)
{
    memset(sums, 0, (size_t)k * sizeof *sums);
    memset(counts, 0, (size_t)k * sizeof *counts);
    for (int r = 0; r < b.n_rows; r++) {
        const float *row = dense + (size_t)(b.row + r) * (size_t)cols + b.col;
        for (int c = 0; c < b.n_cols; c++) {
            sums[(r - c) & (k - 1)] += row[c];
            counts[(r - c) & (k - 1)]++;
        }
    }
}

void ernn_circ_project(const float *dense, int rows, int cols, int k, float *w)
{
    double sums[ERNN_CIRC_MAX_K];
    int counts[ERNN_CIRC_MAX_K];
    for (int i = 0; i < ernn_circ_blocks(rows, k); i++)
        for (int j = 0; j < ernn_circ_blocks(cols, k); j++, w += k) {
            sum_diagonals(dense, cols, k, block_at(rows, cols, k, i, j), sums, counts);
            // w[d] = mean of the entries of diagonal d (math.md eq. 8)
            for (int d = 0; d < k; d++)
                w[d] = counts[d] ? (float)(sums[d] / counts[d]) : 0;
        }
}

double ernn_circ_norm_factor(const float *dense, const float *projected, size_t n, int k)
{
    // s = min(|W| / |P(W)|, sqrt(k)) (math.md eq. 8a)
    double whole = 0;
    double kept = 0;
    for (size_t i = 0; i < n; i++) {
        whole += (double)dense[i] * dense[i];
        kept += (double)projected[i] * projected[i];
    }
    if (whole == 0)
        return 1;
    return sqrt(whole < k * kept ? whole / kept : k);
}

void ernn_circ_fold_gradient(const float *dense_gradient, int rows, int cols, int k, float *dw)
{
    double sums[ERNN_CIRC_MAX_K];
    int counts[ERNN_CIRC_MAX_K];
    for (int i = 0; i < ernn_circ_blocks(rows, k); i++)
        for (int j = 0; j < ernn_circ_blocks(cols, k); j++, dw += k) {
            sum_diagonals(dense_gradient, cols, k, block_at(rows, cols, k, i, j), sums, counts);
            // dL/dw[d] = sum of dL/dB over diagonal d (math.md eq. 7)
            for (int d = 0; d < k; d++)
                dw[d] += (float)sums[d];
        }
}

void ernn_circ_clear_absent(int rows, int cols, int k, float *w)
{
    // Only the corner block can lack a diagonal: the others have all rows or all columns.
    const block b =
        block_at(rows, cols, k, ernn_circ_blocks(rows, k) - 1, ernn_circ_blocks(cols, k) - 1);
    float *corner = w + ernn_circ_count(rows, cols, k) - k;
    for (int d = 0; d < k; d++)
        // diagonal d holds (d, 0) downwards and (0, k - d) rightwards
        if (d >= b.n_rows && k - d >= b.n_cols)
            corner[d] = 0;
}
