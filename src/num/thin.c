// Products of a few rows, cut into pieces that the BLAS multiplies without packing its operands.
//
// OpenBLAS (0.3.17 and later) copies b before it multiplies unless the product is small; with 8
// rows the copy costs as much as the product. Pieces of 128 columns and 512 terms stay below its
// threshold. Measured on one AVX-512 core, GFLOP/s whole and in pieces: 8 x 768 x 256: 50, 105;
// 8 x 4096 x 512: 28, 88; 16 x 768 x 256: 66, 99. SPDX-License-Identifier: Apache-2.0
#include "num/thin.h"

#include "num/gemm.h"

enum { PIECE_COLS = 128, PIECE_COLS_MANY = 64, PIECE_TERMS = 512, FEW_ROWS = 8 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

void ernn_thin_product(int m, int n, int k, const float *a, size_t lda, const float *b, size_t ldb,
                       float *c, size_t ldc)
{
    const int cols = m <= FEW_ROWS ? PIECE_COLS : PIECE_COLS_MANY;
    for (int j = 0; j < n; j += cols)
        for (int i = 0; i < k; i += PIECE_TERMS)
            ernn_gemm_nn(m, least(cols, n - j), least(PIECE_TERMS, k - i), 1, a + i, lda,
                         b + (size_t)i * ldb + j, ldb, 1, c + j, ldc);
}
