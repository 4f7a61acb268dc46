// Products of rows with a matrix that was packed once and is used many times: one step of a
// recurrence, or all frames of a batch. Real matrices, and complex ones for a bin of a spectrum.
// And the sums over rows that are a matrix' gradient, with the same kernels.
//
// A packed matrix is read in one linear stream: columns in panels, a panel term by term. Every
// element of a result is the sum over the terms in order, whatever the number of rows and columns
// of the call and the place of its row among them: work may be split by rows or by panels without
// changing a bit. AVX-512, AVX2 with FMA, or plain C, chosen at run time; they round differently.
//
// `ld*` are the floats from one row to the next. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NUM_PANEL_H
#define ERNN_SRC_NUM_PANEL_H

#include <stdbool.h>
#include <stddef.h>

// Columns come in whole vectors of LANES; a panel of a real matrix is two of them, the last perhaps
// one.
enum { ERNN_PANEL_LANES = 16, ERNN_PANEL_COLS = 32 };

// n rounded up to whole vectors.
static inline size_t ernn_panel_round(size_t n)
{
    return (n + ERNN_PANEL_LANES - 1) / ERNN_PANEL_LANES * ERNN_PANEL_LANES;
}

// A matrix w[terms][cols] in memory: element (t, c) is w[t * term_step + c * col_step].
typedef struct ernn_panel_source {
    const float *w;
    size_t term_step;
    size_t col_step;
    float scale; // of every element
} ernn_panel_source;

// panels[terms * ernn_panel_round(cols)] = the real matrix, padded with zeros.
void ernn_panel_pack(const ernn_panel_source *from, int terms, int cols, float *panels);
// panels[2 * terms * ernn_panel_round(cols)] = re + i im: for every vector of columns, term after
// term, its real and its imaginary parts.
void ernn_panel_pack_complex(const ernn_panel_source *re, const ernn_panel_source *im, int terms,
                             int cols, float *panels);

// Rows of a call: y[n][cols] = x[n][terms] w, or y += when `add`.
typedef struct ernn_panel_rows {
    int n;
    const float *x;
    size_t ldx;
    float *y;
    size_t ldy;
    bool add;
} ernn_panel_rows;

// The real product; y has `cols` floats, none past them is touched.
void ernn_panel_product(const float *panels, int terms, int cols, const ernn_panel_rows *rows);
// The complex product: imaginary parts lie x_im and y_im floats past the real ones. Writes whole
// vectors: y has ernn_panel_round(cols) floats of each.
void ernn_panel_product_complex(const float *panels, int terms, int cols,
                                const ernn_panel_rows *rows, size_t x_im, size_t y_im);

// Sums over rows: c[m][n] += a[terms][m]^T b[terms][n], as the gradient of a matrix wants them.
typedef struct ernn_panel_sums {
    int terms;
    int m;
    int n;
    const float *a;
    const float *a_more; // a + a_more in place of a, unless NULL
    size_t lda;          // of both
    const float *b;
    const float *b_less; // b - b_less in place of b, unless NULL
    size_t ldb;
    float *c;
    size_t ldc;
} ernn_panel_sums;

// Floats of scratch for it, whatever the sizes.
enum { ERNN_PANEL_SUM_TERMS = 256, ERNN_PANEL_SUM_ROWS = 256 };
enum { ERNN_PANEL_SUMS_SCRATCH = ERNN_PANEL_SUM_TERMS * (ERNN_PANEL_SUM_ROWS + ERNN_PANEL_COLS) };

void ernn_panel_add_sums(const ernn_panel_sums *sums, float *scratch);

// ---- One group of rows against one panel, for the files that know an instruction set ----

// A tile of a product: up to ERNN_PANEL_ROWS rows and one panel of `vectors` vectors.
enum { ERNN_PANEL_ROWS = 8 };

typedef struct ernn_panel_tile {
    const float *panel;
    int terms;
    int vectors; // real: 1 or 2
    int cols;    // real: at most 16 * vectors are stored
    ernn_panel_rows rows;
    size_t x_step; // real: floats from one term of x to the next
    size_t x_im;
    size_t y_im;
} ernn_panel_tile;

void ernn_panel_tile_plain(const ernn_panel_tile *tile);
void ernn_panel_tile_complex_plain(const ernn_panel_tile *tile);
void ernn_panel_tile_avx512(const ernn_panel_tile *tile);
void ernn_panel_tile_complex_avx512(const ernn_panel_tile *tile);
void ernn_panel_tile_avx2(const ernn_panel_tile *tile);
void ernn_panel_tile_complex_avx2(const ernn_panel_tile *tile);

#endif
