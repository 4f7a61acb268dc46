// Products of a few rows, as one step of a recurrent network makes them.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NUM_THIN_H
#define ERNN_SRC_NUM_THIN_H

#include <stddef.h>

// c[m][n] += a[m][k] b[k][n] for few rows m (a batch) and a large b, `ld*` floats from one row to
// the next.
void ernn_thin_product(int m, int n, int k, const float *a, size_t lda, const float *b, size_t ldb,
                       float *c, size_t ldc);

#endif
