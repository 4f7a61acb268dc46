// Block-circulant matrices multiplied through their spectra. docs/math.md section 1, eq. 5 to 7.
//
// A product transforms the blocks of its rows, multiplies bin by bin (two real bins, k/2 - 1
// complex ones; matrices packed by bin) and transforms back. A gradient is summed over all rows of
// a batch bin by bin and transformed back once. Inverse transforms leave their factor 1/k to the
// packed matrix and to the last step of a gradient. Layout of spectra: circ/spectra.h.
// SPDX-License-Identifier: Apache-2.0
#include "nn/matrix_spectral.h"

#include "circ/circ.h"
#include "circ/spectra.h"

#include <string.h>

// Rows whose spectra stay in the cache during a product; rows of a gradient at a time; block rows
// of a finished gradient that a worker takes at a time.
enum { ROWS = 16, GRADIENT_ROWS = 128, TASK_ROWS = 16, TASK_BLOCKS = 16 };

static size_t lanes_in(const ernn_matrix *m)
{
    return ernn_panel_round((size_t)m->q);
}

static size_t lanes_out(const ernn_matrix *m)
{
    return ernn_panel_round((size_t)m->p);
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

// ---- Matrices ----

// Packs all bins of a matrix, spectra w[k/2][2][lanes], with terms and columns `step` apart; the
// complex conjugate when `sign` is -1.
static void pack(const ernn_spectra *w, ernn_panel_source at, float sign, int terms, int cols,
                 float *panels)
{
    const size_t of_bin = 2 * (size_t)terms * ernn_panel_round((size_t)cols);
    at.scale = 1.0f / (float)w->k;
    for (int b = 0; b < w->k / 2; b++) {
        ernn_panel_source re = at;
        ernn_panel_source im = at;
        re.w = ernn_spectra_bin(w, b);
        im.w = re.w + w->lanes;
        float *to = panels + (size_t)b * of_bin;
        if (b == 0) { // X_0 and X_{k/2}
            ernn_panel_pack(&re, terms, cols, to);
            ernn_panel_pack(&im, terms, cols, to + of_bin / 2);
            continue;
        }
        im.scale *= sign;
        ernn_panel_pack_complex(&re, &im, terms, cols, to);
    }
}

// All blocks of the matrix as one row.
static ernn_spectra of_blocks(const ernn_matrix *m, float *values)
{
    return (ernn_spectra){m->k, 1, ernn_panel_round((size_t)m->p * (size_t)m->q), values};
}

size_t ernn_matrix_spectral_stage(const ernn_matrix *matrix)
{
    const ernn_spectra spectra = of_blocks(matrix, NULL);
    return ernn_spectra_floats(&spectra);
}

void ernn_matrix_spectral_update(ernn_matrix *matrix, int g, const float *w)
{
    const ernn_matrix *m = matrix;
    const size_t q = (size_t)m->q;
    const size_t blocks = (size_t)m->p * q;
    const ernn_spectra spectra = of_blocks(m, m->stage + (size_t)g * m->staged);
    ernn_spectra_of_rows(&spectra, 0, 1, 0, w, (int)blocks * m->k, 0);
    const ernn_panel_source across = {.term_step = 1, .col_step = q};
    const ernn_panel_source down = {.term_step = q, .col_step = 1};
    pack(&spectra, across, 1, m->q, m->p, m->forward + (size_t)g * m->packed);
    pack(&spectra, down, -1, m->p, m->q, m->backward + (size_t)g * m->packed_turned);
}

// ---- Products ----

size_t ernn_matrix_spectral_scratch(const ernn_matrix *m)
{
    // of rows and products; of a row of blocks of the gradient, which is less
    const ernn_spectra x = {m->k, ROWS, lanes_in(m), NULL};
    const ernn_spectra y = {m->k, ROWS, lanes_out(m), NULL};
    return ernn_spectra_floats(&x) + ernn_spectra_floats(&y);
}

// Vectors of lanes that a product computes.
typedef struct lanes {
    size_t first;
    size_t n;
} lanes;

static lanes lanes_of(const ernn_matrix *m, ernn_columns columns)
{
    const int blocks = (columns.n + m->k - 1) / m->k;
    return (lanes){(size_t)(columns.first / m->k), ernn_panel_round((size_t)blocks)};
}

// y = x w in every bin, or += when `add`; some lanes of y.
static void multiply_bins(const float *panels, const ernn_spectra *x, int terms, bool add, lanes of,
                          const ernn_spectra *y)
{
    const int cols = (int)of.n;
    const size_t of_bin = 2 * (size_t)terms * y->lanes;
    const size_t first = of.first * (size_t)terms;
    for (int b = 0; b < x->k / 2; b++) {
        const float *w = panels + (size_t)b * of_bin;
        ernn_panel_rows rows = {x->rows,
                                ernn_spectra_bin(x, b),
                                ernn_spectra_row(x),
                                ernn_spectra_bin(y, b) + of.first,
                                ernn_spectra_row(y),
                                add};
        if (b > 0) {
            ernn_panel_product_complex(w + 2 * first, terms, cols, &rows, x->lanes, y->lanes);
            continue;
        }
        ernn_panel_product(w + first, terms, cols, &rows);
        rows.x += x->lanes;
        rows.y += y->lanes;
        ernn_panel_product(w + of_bin / 2 + first, terms, cols, &rows);
    }
}

// (5) y_i = IFFT(sum_j W_ij . X_j)
static void product(const ernn_matrix *m, ernn_gates gates, ernn_columns columns,
                    const ernn_panel_rows *rows, float *scratch)
{
    const ernn_spectra x = {m->k, rows->n, lanes_in(m), scratch};
    const ernn_spectra y = {m->k, rows->n, lanes_out(m), scratch + ernn_spectra_floats(&x)};
    const lanes of = lanes_of(m, columns);
    ernn_spectra_of_rows(&x, 0, rows->n, 0, rows->x, m->cols, rows->ldx);
    for (int g = 0; g < gates.n; g++) {
        multiply_bins(m->forward + (size_t)(gates.first + g) * m->packed, &x, m->q, false, of, &y);
        ernn_spectra_to_rows(&y, of.first, rows->add,
                             rows->y + (size_t)g * (size_t)m->rows + columns.first, columns.n,
                             rows->ldy);
    }
}

// (6) dx_j = IFFT(sum_i conj(W_ij) . dY_i), over all matrices of the stack before the inverse
static void transposed(const ernn_matrix *m, ernn_gates gates, ernn_columns columns,
                       const ernn_panel_rows *rows, float *scratch)
{
    const ernn_spectra dx = {m->k, rows->n, lanes_in(m), scratch};
    const ernn_spectra dy = {m->k, rows->n, lanes_out(m), scratch + ernn_spectra_floats(&dx)};
    const lanes of = lanes_of(m, columns);
    for (int g = 0; g < gates.n; g++) {
        ernn_spectra_of_rows(&dy, 0, rows->n, 0, rows->x + (size_t)g * (size_t)m->rows, m->rows,
                             rows->ldx);
        multiply_bins(m->backward + (size_t)(gates.first + g) * m->packed_turned, &dy, m->p, g > 0,
                      of, &dx);
    }
    ernn_spectra_to_rows(&dx, of.first, rows->add, rows->y + columns.first, columns.n, rows->ldy);
}

// Rows begin ... of a call, as many as fit.
static ernn_panel_rows some_rows(const ernn_panel_rows *rows, int begin)
{
    ernn_panel_rows some = *rows;
    some.n = least(ROWS, rows->n - begin);
    some.x += (size_t)begin * rows->ldx;
    some.y += (size_t)begin * rows->ldy;
    return some;
}

void ernn_matrix_spectral_product(const ernn_matrix *matrix, ernn_gates gates, ernn_columns columns,
                                  const ernn_panel_rows *rows, float *scratch)
{
    for (int r = 0; r < rows->n; r += ROWS) {
        const ernn_panel_rows some = some_rows(rows, r);
        product(matrix, gates, columns, &some, scratch);
    }
}

void ernn_matrix_spectral_transposed(const ernn_matrix *matrix, ernn_gates gates,
                                     ernn_columns columns, const ernn_panel_rows *rows,
                                     float *scratch)
{
    for (int r = 0; r < rows->n; r += ROWS) {
        const ernn_panel_rows some = some_rows(rows, r);
        transposed(matrix, gates, columns, &some, scratch);
    }
}

// ---- Gradients ----
//
// Three real products make a complex one, summed over all rows before they are put together:
//
//     dY conj(X) = p + q + i (r - p + q),  p = re(dY) re(X), q = im(dY) im(X),
//                                          r = (re(dY) + im(dY)) (re(X) - im(X))
//
// Sums, [3 k / 2 - 1][n lanes_out][lanes_in]: p, q and r of the complex bins, then p and q of bin
// 0, where they are X_0 and X_{k/2}.

static int n_parts(const ernn_matrix *m)
{
    return 3 * m->k / 2 - 1;
}

static float *sums_at(const ernn_matrix *m, const ernn_matrix_sums *sums, int part)
{
    return sums->sums + (size_t)part * (size_t)m->n * lanes_out(m) * lanes_in(m);
}

size_t ernn_matrix_spectral_sums(const ernn_matrix *m)
{
    return (size_t)n_parts(m) * (size_t)m->n * lanes_out(m) * lanes_in(m);
}

size_t ernn_matrix_spectral_rows(const ernn_matrix *m)
{
    const ernn_spectra x = {m->k, GRADIENT_ROWS, lanes_in(m), NULL};
    const ernn_spectra dy = {m->k, GRADIENT_ROWS, (size_t)m->n * lanes_out(m), NULL};
    return ernn_spectra_floats(&x) + ernn_spectra_floats(&dy);
}

typedef struct summing {
    ernn_spectral_factor factors[ERNN_GRADIENT_FACTORS];
    int n;
    ernn_gates gates;
    ernn_gradient_rows rows;               // at most GRADIENT_ROWS
    ernn_spectra dy;                       // the matrices of the run side by side
    ernn_spectra x[ERNN_GRADIENT_FACTORS]; // of each factor
} summing;

static void transform_rows(void *user, int index, float *scratch)
{
    (void)scratch;
    const summing *d = user;
    const ernn_matrix *m = d->factors[0].matrix;
    const int begin = index * TASK_ROWS;
    const int n = least(TASK_ROWS, d->rows.n - begin);
    for (int f = 0; f < d->n; f++) {
        const ernn_spectral_factor *of = &d->factors[f];
        ernn_spectra_of_rows(&d->x[f], begin, n, 0, of->x + (size_t)begin * of->ldx,
                             of->matrix->cols, of->ldx);
    }
    for (int g = 0; g < d->gates.n; g++)
        ernn_spectra_of_rows(&d->dy, begin, n, (size_t)g * lanes_out(m),
                             d->rows.dy + (size_t)begin * d->rows.ldy + (size_t)g * (size_t)m->rows,
                             m->rows, d->rows.ldy);
}

// index = factor times parts + part
static void sum_rows(void *user, int index, float *scratch)
{
    const summing *d = user;
    const int part = index % n_parts(d->factors[0].matrix);
    const int f = index / n_parts(d->factors[0].matrix);
    const ernn_matrix *m = d->factors[f].matrix;
    const int n_complex = n_parts(m) - 2;
    const int b = part < n_complex ? 1 + part / 3 : 0;
    const int which = part < n_complex ? part % 3 : part - n_complex; // p, q, r
    const size_t out = d->dy.lanes;
    const size_t in = lanes_in(m);
    const float *dy = ernn_spectra_bin(&d->dy, b);
    const float *x = ernn_spectra_bin(&d->x[f], b);
    const ernn_panel_sums sums = {.terms = d->rows.n,
                                  .m = (int)out,
                                  .n = (int)in,
                                  .a = which == 1 ? dy + out : dy,
                                  .a_more = which == 2 ? dy + out : NULL,
                                  .lda = ernn_spectra_row(&d->dy),
                                  .b = which == 1 ? x + in : x,
                                  .b_less = which == 2 ? x + in : NULL,
                                  .ldb = ernn_spectra_row(&d->x[f]),
                                  .c = sums_at(m, d->factors[f].sums, part) +
                                       (size_t)d->gates.first * lanes_out(m) * in,
                                  .ldc = in};
    ernn_panel_add_sums(&sums, scratch);
}

void ernn_matrix_spectral_gradient(const ernn_spectral_factor *factors, int n, ernn_gates gates,
                                   const ernn_gradient_rows *rows, ernn_workers *workers)
{
    const ernn_matrix *m = factors[0].matrix;
    summing d = {.n = n, .gates = gates};
    for (int begin = 0; begin < rows->n; begin += GRADIENT_ROWS) {
        d.rows = *rows;
        d.rows.n = least(GRADIENT_ROWS, rows->n - begin);
        d.rows.dy += (size_t)begin * rows->ldy;
        for (int f = 0; f < n; f++) {
            d.factors[f] = factors[f];
            d.factors[f].x += (size_t)begin * factors[f].ldx;
            d.x[f] = (ernn_spectra){m->k, d.rows.n, lanes_in(factors[f].matrix),
                                    factors[f].sums->spectra};
        }
        d.dy = (ernn_spectra){m->k, d.rows.n, (size_t)gates.n * lanes_out(m),
                              factors[0].sums->spectra + ernn_spectra_floats(&d.x[0])};
        ernn_workers_run(workers, (d.rows.n + TASK_ROWS - 1) / TASK_ROWS, transform_rows, &d);
        ernn_workers_run(workers, n * n_parts(m), sum_rows, &d);
    }
}

typedef struct finishing {
    const ernn_matrix *matrix;
    const ernn_matrix_sums *sums;
    float *gradient;
} finishing;

// (7) dW_ij = dY_i . conj(X_j) / k for block row `row` of the run and all j, bin b; the sums go
// back to zero.
static void finish_bin(const ernn_matrix *m, const ernn_matrix_sums *sums, int b, size_t row,
                       const ernn_spectra *dw)
{
    const size_t in = lanes_in(m);
    const float scale = 1.0f / (float)m->k;
    const int part = b > 0 ? 3 * (b - 1) : n_parts(m) - 2;
    float *p = sums_at(m, sums, part) + row * in;
    float *q = sums_at(m, sums, part + 1) + row * in;
    float *re = ernn_spectra_bin(dw, b);
    float *im = re + in;
    if (b == 0)
        for (size_t j = 0; j < in; j++) {
            re[j] = scale * p[j];
            im[j] = scale * q[j];
        }
    else {
        float *r = sums_at(m, sums, part + 2) + row * in;
        for (size_t j = 0; j < in; j++) {
            re[j] = scale * (p[j] + q[j]);
            im[j] = scale * (r[j] - p[j] + q[j]);
        }
        memset(r, 0, in * sizeof *r);
    }
    memset(p, 0, in * sizeof *p);
    memset(q, 0, in * sizeof *q);
}

// Index = matrix times tasks of each + place.
static void finish_rows(void *user, int index, float *scratch)
{
    const finishing *f = user;
    const ernn_matrix *m = f->matrix;
    const ernn_spectra dw = {m->k, 1, lanes_in(m), scratch};
    const int tasks = (m->p + TASK_BLOCKS - 1) / TASK_BLOCKS;
    const size_t g = (size_t)(index / tasks);
    const int begin = index % tasks * TASK_BLOCKS;
    const int of_row = m->q * m->k;
    for (int i = begin; i < least(m->p, begin + TASK_BLOCKS); i++) {
        float *to = f->gradient + (g * (size_t)m->p + (size_t)i) * (size_t)of_row;
        for (int b = 0; b < m->k / 2; b++)
            finish_bin(m, f->sums, b, g * lanes_out(m) + (size_t)i, &dw);
        ernn_spectra_to_rows(&dw, 0, true, to, of_row, 0);
    }
}

void ernn_matrix_spectral_finish(const ernn_matrix *matrix, const ernn_matrix_sums *sums,
                                 float *gradient, ernn_workers *workers)
{
    const ernn_matrix *m = matrix;
    const size_t stored = ernn_circ_count(m->rows, m->cols, m->k);
    finishing f = {m, sums, gradient};
    ernn_workers_run(workers, m->n * ((m->p + TASK_BLOCKS - 1) / TASK_BLOCKS), finish_rows, &f);
    // Numbers that stand for no entry have no gradient; rounding would give them one.
    for (int g = 0; g < m->n; g++)
        ernn_circ_clear_absent(m->rows, m->cols, m->k, gradient + (size_t)g * stored);
}
