// Balanced-sparse matrices, the structure of ESE (Han et al. 2017): beside circulant ones.
//
// The rows of a rows x cols matrix are dealt out to n_pes processing elements, row r to PE
// r mod n_pes, and every PE holds exactly the same number of weights, its share, so that none waits
// for another. In memory such a matrix is the dense array [rows][cols] with zeros where nothing is
// stored: the zeros are the mask. In files and in hardware it is each PE's weights with their
// positions. A PE's positions run down its rows, column by column: local row i of PE p is row
// i n_pes + p, its entry in column c has position c n + i, n the rows of the PE.
//
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SPARSE_H
#define ERNN_SPARSE_H

#include "ernn/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    ERNN_MAX_PES = 1024,
    ERNN_FULL_DENSITY = 10000, // of ernn_sparsity.density: everything kept
    ERNN_MIN_DENSITY = 10,
    ERNN_SPARSE_INDEX_BITS = 4,      // of ESE's relative index
    ERNN_SPARSE_MAX_INDEX_BITS = 16, // from 1
};

typedef struct ernn_sparsity {
    int n_pes;   // 1 to 1024 and at most the rows; 0 = the matrix is not sparse
    int density; // share of the weights that is kept, in 1/10000: 10 to 10000
} ernn_sparsity;

// Weights of one PE: density rows cols / n_pes, rounded, at least 1 and at most what the PE with
// the fewest rows has.
ERNN_API size_t ernn_sparse_share(int rows, int cols, ernn_sparsity sparsity);
// Weights of the matrix: n_pes shares.
ERNN_API size_t ernn_sparse_count(int rows, int cols, ernn_sparsity sparsity);

// sparse[rows][cols] = the nearest balanced-sparse matrix in the Euclidean (Frobenius) sense: the
// share of each PE that is largest in magnitude, of equal ones those of lower position; all else 0.
// sparse may be dense.
ERNN_API void ernn_sparse_project(const float *dense, int rows, int cols, ernn_sparsity sparsity,
                                  float *sparse);

// Values and positions of all PEs, [n_pes][share] each, positions ascending. A PE with fewer
// non-zeros than its share stores zeros of the lowest positions too; more are refused, naming the
// PE.
ERNN_API ernn_status ernn_sparse_pack(const float *sparse, int rows, int cols,
                                      ernn_sparsity sparsity, float *values, int32_t *positions,
                                      ernn_error *err);
// The inverse; positions that do not ascend or lie outside the PE are refused, `sparse` is then
// unspecified.
ERNN_API ernn_status ernn_sparse_unpack(const float *values, const int32_t *positions, int rows,
                                        int cols, ernn_sparsity sparsity, float *sparse,
                                        ernn_error *err);

// What ESE stores: each weight with the number of zeros before it, in 4 bits there and in
// `index_bits` here, counted along the PE's positions, and on from one column to the next, so that
// no column pointers are needed. 16 zeros (2^index_bits) and more take padding zeros, each a stored
// weight of its own that stands for 15 zeros and itself.
typedef struct ernn_sparse_bits {
    size_t n_weights;  // the shares
    size_t n_padding;  // zeros stored for the sake of the index
    size_t index_bits; // of weights and padding
    size_t total_bits; // weights, padding and indices
} ernn_sparse_bits;

ERNN_API ernn_sparse_bits ernn_sparse_count_bits(const float *sparse, int rows, int cols,
                                                 ernn_sparsity sparsity, int weight_bits,
                                                 int index_bits);

// The density, 0 to 1, at which a large matrix with kept positions at random takes the bits that
// its blocks of `block` would take, indices and padding included. 0 when no density has so few: the
// padding alone takes one stored weight in 2^index_bits positions.
ERNN_API double ernn_sparse_density_like(int block, int weight_bits, int index_bits);

#ifdef __cplusplus
}
#endif
#endif
