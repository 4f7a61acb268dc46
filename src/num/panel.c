// Packing, the plain kernels, and the walk over rows, panels and terms.
// SPDX-License-Identifier: Apache-2.0
#include "num/panel.h"

#include "num/clones.h"

#include <string.h>

// Terms of a panel that stay in the first cache while groups of rows pass, and rows that stay in
// the second while panels pass.
enum { TERMS = 256, ROWS = 64 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

// ---- Packing ----

// panel[terms][width] = columns first .. first + width - 1, `stride` floats from term to term;
// zeros past `cols`.
static void pack_columns(const ernn_panel_source *from, int terms, size_t cols, size_t first,
                         size_t width, float *panel, size_t stride)
{
    const size_t n = least(width, cols - first);
    for (size_t t = 0; t < (size_t)terms; t++) {
        const float *row = from->w + t * from->term_step + first * from->col_step;
        float *to = panel + t * stride;
        for (size_t c = 0; c < n; c++)
            to[c] = from->scale * row[c * from->col_step];
        for (size_t c = n; c < width; c++)
            to[c] = 0;
    }
}

// The same in blocks of terms, for a matrix whose columns are far apart.
static void pack_panel(const ernn_panel_source *from, int terms, size_t cols, size_t first,
                       size_t width, float *panel, size_t stride)
{
    enum { BLOCK = 16 };
    for (int t = 0; t < terms; t += BLOCK) {
        ernn_panel_source part = *from;
        part.w += (size_t)t * from->term_step;
        pack_columns(&part, terms - t < BLOCK ? terms - t : BLOCK, cols, first, width,
                     panel + (size_t)t * stride, stride);
    }
}

void ernn_panel_pack(const ernn_panel_source *from, int terms, int cols, float *panels)
{
    const size_t n = (size_t)cols;
    const size_t all = ernn_panel_round(n);
    for (size_t c = 0; c < all; c += ERNN_PANEL_COLS) {
        const size_t width = least(ERNN_PANEL_COLS, all - c);
        pack_panel(from, terms, n, c, width, panels + c * (size_t)terms, width);
    }
}

void ernn_panel_pack_complex(const ernn_panel_source *re, const ernn_panel_source *im, int terms,
                             int cols, float *panels)
{
    const size_t n = (size_t)cols;
    for (size_t c = 0; c < n; c += ERNN_PANEL_LANES) {
        float *panel = panels + 2 * c * (size_t)terms;
        pack_panel(re, terms, n, c, ERNN_PANEL_LANES, panel, 2 * ERNN_PANEL_LANES);
        pack_panel(im, terms, n, c, ERNN_PANEL_LANES, panel + ERNN_PANEL_LANES,
                   2 * ERNN_PANEL_LANES);
    }
}

// ---- Plain kernels ----

ERNN_CLONES void ernn_panel_tile_plain(const ernn_panel_tile *tile)
{
    const size_t width = (size_t)tile->vectors * ERNN_PANEL_LANES;
    for (int r = 0; r < tile->rows.n; r++) {
        const float *x = tile->rows.x + (size_t)r * tile->rows.ldx;
        float *y = tile->rows.y + (size_t)r * tile->rows.ldy;
        float sums[ERNN_PANEL_COLS] = {0};
        if (tile->rows.add)
            memcpy(sums, y, (size_t)tile->cols * sizeof *sums);
        for (int t = 0; t < tile->terms; t++) {
            const float *w = tile->panel + (size_t)t * width;
#pragma omp simd
            for (size_t c = 0; c < width; c++)
                sums[c] += w[c] * x[(size_t)t * tile->x_step];
        }
        memcpy(y, sums, (size_t)tile->cols * sizeof *sums);
    }
}

// (a + i b)(c + i d) = ac - bd + i (ad + bc)
ERNN_CLONES void ernn_panel_tile_complex_plain(const ernn_panel_tile *tile)
{
    enum { L = ERNN_PANEL_LANES };
    for (int r = 0; r < tile->rows.n; r++) {
        const float *x = tile->rows.x + (size_t)r * tile->rows.ldx;
        float *y = tile->rows.y + (size_t)r * tile->rows.ldy;
        float re[L] = {0};
        float im[L] = {0};
        if (tile->rows.add) {
            memcpy(re, y, sizeof re);
            memcpy(im, y + tile->y_im, sizeof im);
        }
        for (int t = 0; t < tile->terms; t++) {
            const float *w = tile->panel + (size_t)t * 2 * L;
            const float x_re = x[t];
            const float x_im = x[(size_t)t + tile->x_im];
#pragma omp simd
            for (int c = 0; c < L; c++) {
                re[c] = re[c] + w[c] * x_re - w[L + c] * x_im;
                im[c] = im[c] + w[c] * x_im + w[L + c] * x_re;
            }
        }
        memcpy(y, re, sizeof re);
        memcpy(y + tile->y_im, im, sizeof im);
    }
}

// ---- The walk ----

typedef void tile_function(const ernn_panel_tile *tile);

static tile_function *real_function(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return ernn_panel_tile_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return ernn_panel_tile_avx2;
#endif
    return ernn_panel_tile_plain;
}

static tile_function *complex_function(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return ernn_panel_tile_complex_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return ernn_panel_tile_complex_avx2;
#endif
    return ernn_panel_tile_complex_plain;
}

// All rows of `rows` against the panel of `tile`, whose terms have `width` floats, in groups.
static void pass_rows(tile_function *function, const ernn_panel_tile *panel,
                      const ernn_panel_rows *rows)
{
    ernn_panel_tile tile = *panel;
    for (int r = 0; r < rows->n; r += ERNN_PANEL_ROWS) {
        tile.rows.n = (int)least(ERNN_PANEL_ROWS, (size_t)(rows->n - r));
        tile.rows.x = panel->rows.x + (size_t)r * rows->ldx;
        tile.rows.y = panel->rows.y + (size_t)r * rows->ldy;
        function(&tile);
    }
}

// One panel of `width` floats per term, in blocks of terms.
static void pass_panel(tile_function *function, const ernn_panel_tile *panel, size_t width,
                       const ernn_panel_rows *rows)
{
    // Few rows pass once: nothing is gained by coming back.
    const int block = rows->n > ERNN_PANEL_ROWS ? TERMS : panel->terms;
    for (int t = 0; t < panel->terms; t += block) {
        ernn_panel_tile part = *panel;
        part.panel += (size_t)t * width;
        part.terms = (int)least((size_t)block, (size_t)(panel->terms - t));
        part.rows.x += t;
        part.rows.add = rows->add || t > 0;
        pass_rows(function, &part, rows);
    }
}

void ernn_panel_product(const float *panels, int terms, int cols, const ernn_panel_rows *rows)
{
    tile_function *function = real_function();
    const size_t n = (size_t)cols;
    for (int r = 0; r < rows->n; r += ROWS) {
        ernn_panel_rows some = *rows;
        some.n = (int)least(ROWS, (size_t)(rows->n - r));
        some.x += (size_t)r * rows->ldx;
        some.y += (size_t)r * rows->ldy;
        for (size_t c = 0; c < n; c += ERNN_PANEL_COLS) {
            const size_t width = least(ERNN_PANEL_COLS, ernn_panel_round(n - c));
            ernn_panel_tile panel = {.panel = panels + c * (size_t)terms,
                                     .terms = terms,
                                     .vectors = (int)(width / ERNN_PANEL_LANES),
                                     .cols = (int)least(width, n - c),
                                     .rows = some,
                                     .x_step = 1};
            panel.rows.y += c;
            pass_panel(function, &panel, width, &some);
        }
    }
}

void ernn_panel_product_complex(const float *panels, int terms, int cols,
                                const ernn_panel_rows *rows, size_t x_im, size_t y_im)
{
    tile_function *function = complex_function();
    for (int r = 0; r < rows->n; r += ROWS) {
        ernn_panel_rows some = *rows;
        some.n = (int)least(ROWS, (size_t)(rows->n - r));
        some.x += (size_t)r * rows->ldx;
        some.y += (size_t)r * rows->ldy;
        for (size_t c = 0; c < (size_t)cols; c += ERNN_PANEL_LANES) {
            ernn_panel_tile panel = {.panel = panels + 2 * c * (size_t)terms,
                                     .terms = terms,
                                     .rows = some,
                                     .x_im = x_im,
                                     .y_im = y_im};
            panel.rows.y += c;
            pass_panel(function, &panel, 2 * (size_t)ERNN_PANEL_LANES, &some);
        }
    }
}

// ---- Sums over rows ----

// Both factors are copied to where they are read in one stream: the rows of a batch often lie a
// power of two apart, on a few sets of a cache. A block of a stays in the second cache while panels
// of b pass through the first.
typedef struct sum_block {
    size_t terms;
    size_t rows;
    float *a; // groups of rows, each [terms][ERNN_PANEL_ROWS]
    float *b; // [terms][width]
} sum_block;

// to[n] = from[n] + sign * more[n]
static void copy_sum(float *restrict to, const float *restrict from, const float *restrict more,
                     float sign, size_t n)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        to[i] = from[i] + sign * more[i];
}

// Some terms of all groups: whole cache lines are written.
static void copy_terms(const sum_block *block, size_t first, size_t n, const float *a,
                       const float *more, size_t lda)
{
    for (size_t r = 0; r < block->rows; r += ERNN_PANEL_ROWS) {
        float *to = block->a + r * block->terms + first * ERNN_PANEL_ROWS;
        const size_t rows = least(ERNN_PANEL_ROWS, block->rows - r);
        for (size_t t = 0; t < n; t++, to += ERNN_PANEL_ROWS) {
            const size_t at = t * lda + r;
            if (more && rows == ERNN_PANEL_ROWS)
                copy_sum(to, a + at, more + at, 1, ERNN_PANEL_ROWS);
            else if (more)
                copy_sum(to, a + at, more + at, 1, rows);
            else if (rows == ERNN_PANEL_ROWS)
                memcpy(to, a + at, ERNN_PANEL_ROWS * sizeof *to);
            else
                memcpy(to, a + at, rows * sizeof *to);
        }
    }
}

static void copy_a(const sum_block *block, const float *a, const float *more, size_t lda)
{
    enum { SOME = 8 };
    for (size_t t = 0; t < block->terms; t += SOME)
        copy_terms(block, t, least(SOME, block->terms - t), a + t * lda,
                   more ? more + t * lda : NULL, lda);
}

static void copy_b(const sum_block *block, const float *b, const float *less, size_t ldb,
                   size_t cols, size_t width)
{
    for (size_t t = 0; t < block->terms; t++) {
        float *to = block->b + t * width;
        const float *from = b + t * ldb;
        if (less)
            copy_sum(to, from, less + t * ldb, -1, cols);
        else if (cols == ERNN_PANEL_COLS)
            memcpy(to, from, ERNN_PANEL_COLS * sizeof *to);
        else
            memcpy(to, from, cols * sizeof *to);
        if (cols < width)
            memset(to + cols, 0, (width - cols) * sizeof *to);
    }
}

// c[rows][cols] += the block of a, turned, times the panel of b.
static void add_products(tile_function *function, const sum_block *block, size_t cols, size_t width,
                         float *c, size_t ldc)
{
    ernn_panel_tile tile = {.panel = block->b,
                            .terms = (int)block->terms,
                            .vectors = (int)(width / ERNN_PANEL_LANES),
                            .cols = (int)cols,
                            .rows = {.ldx = 1, .ldy = ldc, .add = true},
                            .x_step = ERNN_PANEL_ROWS};
    for (size_t r = 0; r < block->rows; r += ERNN_PANEL_ROWS) {
        tile.rows.n = (int)least(ERNN_PANEL_ROWS, block->rows - r);
        tile.rows.x = block->a + r * block->terms;
        tile.rows.y = c + r * ldc;
        function(&tile);
    }
}

void ernn_panel_add_sums(const ernn_panel_sums *s, float *scratch)
{
    tile_function *function = real_function();
    const size_t n = (size_t)s->n;
    sum_block block = {.a = scratch,
                       .b = scratch + (size_t)ERNN_PANEL_SUM_TERMS * ERNN_PANEL_SUM_ROWS};
    for (int i = 0; i < s->m; i += ERNN_PANEL_SUM_ROWS)
        for (int t = 0; t < s->terms; t += ERNN_PANEL_SUM_TERMS) {
            block.rows = least(ERNN_PANEL_SUM_ROWS, (size_t)(s->m - i));
            block.terms = least(ERNN_PANEL_SUM_TERMS, (size_t)(s->terms - t));
            const size_t row_a = (size_t)t * s->lda + (size_t)i;
            copy_a(&block, s->a + row_a, s->a_more ? s->a_more + row_a : NULL, s->lda);
            for (size_t j = 0; j < n; j += ERNN_PANEL_COLS) {
                const size_t width = least(ERNN_PANEL_COLS, ernn_panel_round(n - j));
                const size_t cols = least(width, n - j);
                const size_t row_b = (size_t)t * s->ldb + j;
                copy_b(&block, s->b + row_b, s->b_less ? s->b_less + row_b : NULL, s->ldb, cols,
                       width);
                add_products(function, &block, cols, width, s->c + (size_t)i * s->ldc + j, s->ldc);
            }
        }
}
