// Balanced-sparse matrices: projection, packing and what they take. docs/math.md section 1.
// SPDX-License-Identifier: Apache-2.0
#include "ernn/sparse.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

// ---- Positions ----

// One PE's part of a matrix.
typedef struct part {
    int pe;
    int n_pes;
    int n_rows; // of the PE
    int cols;
    size_t n; // positions, n_rows cols
} part;

static part part_of(int rows, int cols, int n_pes, int pe)
{
    const int n_rows = (rows - pe + n_pes - 1) / n_pes;
    return (part){pe, n_pes, n_rows, cols, (size_t)n_rows * (size_t)cols};
}

// Where position `at` lies in the dense array.
static size_t place(const part *p, size_t at)
{
    const size_t row = at % (size_t)p->n_rows * (size_t)p->n_pes + (size_t)p->pe;
    return row * (size_t)p->cols + at / (size_t)p->n_rows;
}

size_t ernn_sparse_share(int rows, int cols, ernn_sparsity sparsity)
{
    const uint64_t whole = (uint64_t)rows * (uint64_t)cols * (uint64_t)sparsity.density;
    const uint64_t unit = (uint64_t)ERNN_FULL_DENSITY * (uint64_t)sparsity.n_pes;
    const size_t most = (size_t)(rows / sparsity.n_pes) * (size_t)cols;
    const size_t share = (size_t)((whole + unit / 2) / unit);
    return share < 1 ? 1 : share > most ? most : share;
}

size_t ernn_sparse_count(int rows, int cols, ernn_sparsity sparsity)
{
    return (size_t)sparsity.n_pes * ernn_sparse_share(rows, cols, sparsity);
}

// ---- Projection ----

// The bits of |x|: ordered as the magnitudes are.
static uint32_t magnitude(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x7fffffffu;
}

// The share-th largest magnitude of a PE, digit by digit from the highest; `*n_equal` is how many
// of this very magnitude belong to the share.
static uint32_t threshold(const part *p, const float *dense, size_t share, size_t *n_equal)
{
    uint32_t found = 0;
    size_t left = share; // to be found among those that agree with `found` in the digits above
    for (int shift = 24; shift >= 0; shift -= 8) {
        size_t counts[256] = {0};
        const uint32_t above = shift == 24 ? 0 : ~0u << (shift + 8);
        for (int i = 0; i < p->n_rows; i++) {
            const float *row = dense + place(p, (size_t)i);
            for (int c = 0; c < p->cols; c++) {
                const uint32_t bits = magnitude(row[c]);
                if ((bits & above) == found)
                    counts[bits >> shift & 255]++;
            }
        }
        uint32_t digit = 255;
        for (; counts[digit] < left; digit--)
            left -= counts[digit];
        found |= digit << shift;
    }
    *n_equal = left;
    return found;
}

void ernn_sparse_project(const float *dense, int rows, int cols, ernn_sparsity sparsity,
                         float *sparse)
{
    const size_t share = ernn_sparse_share(rows, cols, sparsity);
    for (int pe = 0; pe < sparsity.n_pes; pe++) {
        const part p = part_of(rows, cols, sparsity.n_pes, pe);
        size_t n_equal;
        const uint32_t least = threshold(&p, dense, share, &n_equal);
        // Z = W where |W| is among the largest of its PE, else 0 (math.md eq. S.2)
        for (size_t at = 0; at < p.n; at++) {
            const size_t i = place(&p, at);
            const uint32_t bits = magnitude(dense[i]);
            const bool is_equal = bits == least && n_equal > 0;
            n_equal -= is_equal;
            sparse[i] = bits > least || is_equal ? dense[i] : 0;
        }
    }
}

// ---- Packing ----

// How many zeros a PE stores to fill its share, or less than 0: it has so many weights too many.
static ptrdiff_t missing(const part *p, const float *sparse, size_t share)
{
    ptrdiff_t n = (ptrdiff_t)share;
    for (int i = 0; i < p->n_rows; i++) {
        const float *row = sparse + place(p, (size_t)i);
        for (int c = 0; c < p->cols; c++)
            n -= row[c] != 0;
    }
    return n;
}

ernn_status ernn_sparse_pack(const float *sparse, int rows, int cols, ernn_sparsity sparsity,
                             float *values, int32_t *positions, ernn_error *err)
{
    const size_t share = ernn_sparse_share(rows, cols, sparsity);
    for (int pe = 0; pe < sparsity.n_pes; pe++) {
        const part p = part_of(rows, cols, sparsity.n_pes, pe);
        ptrdiff_t n_zeros = missing(&p, sparse, share);
        if (n_zeros < 0)
            return ernn_error_set(err, ERNN_BAD_ARG,
                                  "sparse matrix of %d x %d: PE %d has %zu weights, its share is "
                                  "%zu",
                                  rows, cols, pe, share + (size_t)-n_zeros, share);
        for (size_t at = 0; at < p.n; at++) {
            const float value = sparse[place(&p, at)];
            if (value == 0 && n_zeros-- <= 0)
                continue;
            *values++ = value;
            *positions++ = (int32_t)at;
        }
    }
    return ERNN_OK;
}

ernn_status ernn_sparse_unpack(const float *values, const int32_t *positions, int rows, int cols,
                               ernn_sparsity sparsity, float *sparse, ernn_error *err)
{
    const size_t share = ernn_sparse_share(rows, cols, sparsity);
    memset(sparse, 0, (size_t)rows * (size_t)cols * sizeof *sparse);
    for (int pe = 0; pe < sparsity.n_pes; pe++) {
        const part p = part_of(rows, cols, sparsity.n_pes, pe);
        int64_t before = -1;
        for (size_t i = 0; i < share; i++) {
            const int64_t at = *positions++;
            if (at <= before || at >= (int64_t)p.n)
                return ernn_error_set(err, ERNN_BAD_FILE,
                                      "PE %d, weight %zu: position %lld, %lld to %zu is wanted", pe,
                                      i, (long long)at, (long long)before + 1, p.n - 1);
            sparse[place(&p, (size_t)at)] = *values++;
            before = at;
        }
    }
    return ERNN_OK;
}

// ---- Bits ----

// Padding zeros of one PE: every `reach` positions without a weight before a weight take one.
static size_t padding(const part *p, const float *sparse, size_t share, size_t reach)
{
    ptrdiff_t n_zeros = missing(p, sparse, share);
    size_t gap = 0;
    size_t n = 0;
    for (size_t at = 0; at < p->n; at++) {
        if (sparse[place(p, at)] == 0 && n_zeros-- <= 0) {
            gap++;
        } else {
            n += gap / reach;
            gap = 0;
        }
    }
    return n;
}

ernn_sparse_bits ernn_sparse_count_bits(const float *sparse, int rows, int cols,
                                        ernn_sparsity sparsity, int weight_bits, int index_bits)
{
    const size_t share = ernn_sparse_share(rows, cols, sparsity);
    ernn_sparse_bits bits = {.n_weights = ernn_sparse_count(rows, cols, sparsity)};
    for (int pe = 0; pe < sparsity.n_pes; pe++) {
        const part p = part_of(rows, cols, sparsity.n_pes, pe);
        bits.n_padding += padding(&p, sparse, share, (size_t)1 << index_bits);
    }
    const size_t n = bits.n_weights + bits.n_padding;
    bits.index_bits = n * (size_t)index_bits; // (math.md eq. S.3)
    bits.total_bits = n * (size_t)weight_bits + bits.index_bits;
    return bits;
}

// d (w + i) / (1 - (1 - d)^(2^i)) bits a position: the padding of independent positions (S.3)
static double bits_at(double density, int weight_bits, int index_bits)
{
    const double none = exp2(index_bits) * log1p(-density); // ln of P(no weight within reach)
    return density * (weight_bits + index_bits) / -expm1(none);
}

double ernn_sparse_density_like(int block, int weight_bits, int index_bits)
{
    const double wanted = (double)weight_bits / block;
    double low = 1e-6; // the bits rise with the density
    double high = 1 - 1e-9;
    if (bits_at(low, weight_bits, index_bits) > wanted)
        return 0;
    for (int i = 0; i < 60; i++) {
        const double middle = 0.5 * (low + high);
        *(bits_at(middle, weight_bits, index_bits) > wanted ? &high : &low) = middle;
    }
    return low;
}
