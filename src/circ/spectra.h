// Rows of numbers to the spectra of their blocks and back, in the layout of the products by bin.
//
// A row of n numbers is cut into blocks of k, the last one padded with zeros. Spectra of many rows
// lie bin by bin, and inside a bin row by row, real parts of all blocks, then imaginary parts:
//
//     spectra[k / 2][rows][2][lanes],  lanes = the number of blocks, rounded up to whole vectors
//
// with one vector of room after every row and every bin: strides that are powers of two would put
// all bins of a block into the same few places of a cache.
//
// Bin 0 has the two real numbers X_0 and X_{k/2} in place of a real and an imaginary part, bin b
// from 1 on has X_b (math.md eq. 4). Blocks in neighbouring lanes make the transforms and the
// products free of shuffles; the one transposition is done in registers on the way in and out.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_CIRC_SPECTRA_H
#define ERNN_SRC_CIRC_SPECTRA_H

#include <stdbool.h>
#include <stddef.h>

// The spectra of `rows` rows, k from 2 to 64, a power of two.
typedef struct ernn_spectra {
    int k;
    int rows;
    size_t lanes; // a multiple of 16
    float *values;
} ernn_spectra;

enum { ERNN_SPECTRA_ROOM = 16 }; // floats after a row and after a bin

// Floats from one row to the next, and from one bin to the next.
static inline size_t ernn_spectra_row(const ernn_spectra *spectra)
{
    return 2 * spectra->lanes + ERNN_SPECTRA_ROOM;
}

static inline size_t ernn_spectra_stride(const ernn_spectra *spectra)
{
    return (size_t)spectra->rows * ernn_spectra_row(spectra) + ERNN_SPECTRA_ROOM;
}

// Floats of `values`.
static inline size_t ernn_spectra_floats(const ernn_spectra *spectra)
{
    return (size_t)(spectra->k / 2) * ernn_spectra_stride(spectra);
}

// The first row of bin b.
static inline float *ernn_spectra_bin(const ernn_spectra *spectra, int b)
{
    return spectra->values + (size_t)b * ernn_spectra_stride(spectra);
}

// Spectra of rows row .. row + count - 1 from x[count][n], rows ldx floats apart; `lane` is a
// multiple of 16 and the place of the row's first block. Lanes up to the next multiple of 16 get
// the spectra of zero blocks.
void ernn_spectra_of_rows(const ernn_spectra *spectra, int row, int count, size_t lane,
                          const float *x, int n, size_t ldx);

// The inverse without its factor 1/k: y[rows][n] = k IFFT, or += when `add`. `spectra` is used up.
void ernn_spectra_to_rows(const ernn_spectra *spectra, size_t lane, bool add, float *y, int n,
                          size_t ldy);

#endif
