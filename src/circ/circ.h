// Block-circulant matrices: what other rooms need beyond the public header.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_CIRC_CIRC_H
#define ERNN_SRC_CIRC_CIRC_H

#include "ernn/circ.h"

enum { ERNN_CIRC_MAX_K = 64 };

// Blocks of size k that cover n rows or columns: ceil(n / k).
int ernn_circ_blocks(int n, int k);

// Zeroes the numbers of w that stand for no entry of the matrix: diagonals of the corner block
// that lie in the padding whole. Projection and folding never make them anything else.
void ernn_circ_clear_absent(int rows, int cols, int k, float *w);

#endif
