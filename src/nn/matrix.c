// Stacks of matrices, their runs of one block size, the choice of a form, and the dense form.
// docs/math.md section 1. SPDX-License-Identifier: Apache-2.0
#include "nn/matrix.h"

#include "base/memory.h"
#include "circ/circ.h"
#include "nn/matrix_spectral.h"
#include "num/panel.h"

#include <string.h>

// Rows that a worker takes at a time, and rows of a gradient.
enum { TASK_ROWS = 64, TASK_GRADIENT = 256 };

static bool is_expanded(const ernn_matrix *matrix)
{
    return matrix->k > 1 && !matrix->is_spectral;
}

// ---- Runs of one block size ----

// Multiplications of a product of one row, in either form. Transforming a number takes the time of
// about TRANSFORM of them (measured: 0.1 to 0.3 ns against 0.012 ns on an AVX-512 core).
static bool is_spectral_faster(const ernn_matrix *m)
{
    enum { TRANSFORM = 20 };
    const double lanes_in = (double)ernn_panel_round((size_t)m->q);
    const double lanes_out = (double)ernn_panel_round((size_t)m->p);
    // two real bins and k / 2 - 1 complex ones
    const double products = m->n * lanes_out * m->q * (2 + 4 * (m->k / 2 - 1));
    const double transforms = TRANSFORM * m->k * (lanes_in + m->n * lanes_out);
    const double dense = (double)ernn_panel_round((size_t)m->rows) * m->cols * m->n;
    return products + transforms < dense;
}

static void measure(ernn_matrix *m)
{
    const size_t k = m->is_spectral ? (size_t)m->k : 1;
    const size_t p = m->is_spectral ? (size_t)m->p : (size_t)m->rows;
    const size_t q = m->is_spectral ? (size_t)m->q : (size_t)m->cols;
    m->packed = k * q * ernn_panel_round(p);
    m->packed_turned = k * p * ernn_panel_round(q);
    m->staged = m->is_spectral ? ernn_matrix_spectral_stage(m) : is_expanded(m) ? p * q : 0;
}

static void clear(ernn_matrix *matrix)
{
    ernn_mem_free(matrix->forward);
    ernn_mem_free(matrix->backward);
    ernn_mem_free(matrix->stage);
    *matrix = (ernn_matrix){0};
}

static ernn_status init(ernn_matrix *matrix, int n, int rows, int cols, int k,
                        ernn_matrix_form form, ernn_error *err)
{
    ernn_matrix *m = matrix;
    *m = (ernn_matrix){.n = n, .rows = rows, .cols = cols, .k = k};
    m->p = ernn_circ_blocks(rows, k);
    m->q = ernn_circ_blocks(cols, k);
    m->is_spectral = k > 1 && (form == ERNN_MATRIX_SPECTRAL ||
                               (form == ERNN_MATRIX_FASTER && is_spectral_faster(m)));
    measure(m);
    m->forward = ernn_mem_new((size_t)n, m->packed * sizeof(float), err);
    m->backward = ernn_mem_new((size_t)n, m->packed_turned * sizeof(float), err);
    m->stage = ernn_mem_new((size_t)n, m->staged * sizeof(float), err);
    if (m->forward && m->backward && m->stage)
        return ERNN_OK;
    clear(m);
    return ERNN_NO_MEMORY;
}

// Of one matrix of the stack.
static size_t stored(const ernn_matrix *matrix)
{
    return ernn_circ_count(matrix->rows, matrix->cols, matrix->k);
}

// w: the parameters of matrix g.
static void update(ernn_matrix *matrix, int g, const float *w)
{
    const ernn_matrix *m = matrix;
    if (m->is_spectral) {
        ernn_matrix_spectral_update(matrix, g, w);
        return;
    }
    if (is_expanded(m)) {
        float *stage = m->stage + (size_t)g * m->staged;
        ernn_circ_expand(w, m->rows, m->cols, m->k, stage);
        w = stage;
    }
    const ernn_panel_source source = {w, 1, (size_t)m->cols, 1};
    const ernn_panel_source turned = {w, (size_t)m->cols, 1, 1};
    ernn_panel_pack(&source, m->cols, m->rows, m->forward + (size_t)g * m->packed);
    ernn_panel_pack(&turned, m->rows, m->cols, m->backward + (size_t)g * m->packed_turned);
}

// ---- The stack ----

ernn_status ernn_stack_init(ernn_stack *stack, int n, int rows, int cols, const int *k,
                            ernn_matrix_form form, ernn_error *err)
{
    *stack = (ernn_stack){.n = n, .rows = rows};
    ernn_status status = ERNN_OK;
    for (int g = 0, end; g < n && status == ERNN_OK; g = end) {
        for (end = g + 1; end < n && k[end] == k[g];)
            end++;
        status = init(&stack->runs[stack->n_runs++], end - g, rows, cols, k[g], form, err);
    }
    if (status != ERNN_OK)
        ernn_stack_clear(stack);
    return status;
}

void ernn_stack_clear(ernn_stack *stack)
{
    for (int r = 0; r < stack->n_runs; r++)
        clear(&stack->runs[r]);
    *stack = (ernn_stack){0};
}

void ernn_stack_update(ernn_stack *stack, int g, const float *parameters)
{
    for (int r = 0; r < stack->n_runs; r++) {
        ernn_matrix *m = &stack->runs[r];
        if (g < m->n) {
            update(m, g, parameters + (size_t)g * stored(m));
            return;
        }
        g -= m->n;
        parameters += (size_t)m->n * stored(m);
    }
}

size_t ernn_stack_scratch(const ernn_stack *stack)
{
    size_t most = ERNN_PANEL_SUMS_SCRATCH;
    for (int r = 0; r < stack->n_runs; r++) {
        const ernn_matrix *m = &stack->runs[r];
        const size_t n = m->is_spectral ? ernn_matrix_spectral_scratch(m) : 0;
        most = n > most ? n : most;
    }
    return most;
}

// A run's part of a selection.
typedef struct share {
    const ernn_matrix *matrix;
    ernn_gates gates; // counted inside the run
    size_t column;    // of the selection's rows, where the part begins
    size_t stored;    // floats of the parameters before the run
} share;

// The part of run r; none when its gates.n is 0.
static share share_of(const ernn_stack *stack, ernn_gates gates, int r)
{
    int before = 0;
    size_t floats = 0;
    for (int i = 0; i < r; i++) {
        before += stack->runs[i].n;
        floats += (size_t)stack->runs[i].n * stored(&stack->runs[i]);
    }
    const ernn_matrix *m = &stack->runs[r];
    const int begin = gates.first > before ? gates.first : before;
    const int end = gates.first + gates.n < before + m->n ? gates.first + gates.n : before + m->n;
    share s = {.matrix = m, .stored = floats};
    if (begin < end) {
        s.gates = (ernn_gates){begin - before, end - begin};
        s.column = (size_t)(begin - gates.first) * (size_t)m->rows;
    }
    return s;
}

// ---- A few rows ----

int ernn_stack_unit(const ernn_stack *stack)
{
    int most = ERNN_PANEL_COLS; // block sizes are powers of two: the largest is a multiple of all
    for (int r = 0; r < stack->n_runs; r++) {
        const ernn_matrix *m = &stack->runs[r];
        const int unit = ERNN_PANEL_COLS * (m->is_spectral ? m->k : 1);
        most = unit > most ? unit : most;
    }
    return most;
}

size_t ernn_stack_packed(const ernn_stack *stack)
{
    size_t n = 0;
    for (int r = 0; r < stack->n_runs; r++)
        n += (size_t)stack->runs[r].n * stack->runs[r].packed;
    return n;
}

static void product(const ernn_matrix *m, ernn_gates gates, ernn_columns columns,
                    const ernn_panel_rows *rows, float *scratch)
{
    if (m->is_spectral) {
        ernn_matrix_spectral_product(m, gates, columns, rows, scratch);
        return;
    }
    const size_t first = (size_t)columns.first;
    for (int g = 0; g < gates.n; g++) {
        ernn_panel_rows of_gate = *rows;
        of_gate.y += (size_t)g * (size_t)m->rows + first;
        ernn_panel_product(m->forward + (size_t)(gates.first + g) * m->packed +
                               first * (size_t)m->cols,
                           m->cols, columns.n, &of_gate);
    }
}

void ernn_stack_product(const ernn_stack *stack, ernn_gates gates, ernn_columns columns,
                        const ernn_panel_rows *rows, float *scratch)
{
    for (int r = 0; r < stack->n_runs; r++) {
        const share s = share_of(stack, gates, r);
        ernn_panel_rows of_run = *rows;
        of_run.y += s.column;
        if (s.gates.n && columns.n > 0)
            product(s.matrix, s.gates, columns, &of_run, scratch);
    }
}

static void transposed(const ernn_matrix *m, ernn_gates gates, ernn_columns columns,
                       const ernn_panel_rows *rows, float *scratch)
{
    if (m->is_spectral) {
        ernn_matrix_spectral_transposed(m, gates, columns, rows, scratch);
        return;
    }
    const size_t first = (size_t)columns.first;
    for (int g = 0; g < gates.n; g++) {
        ernn_panel_rows of_gate = *rows;
        of_gate.x += (size_t)g * (size_t)m->rows;
        of_gate.y += first;
        of_gate.add = rows->add || g > 0;
        ernn_panel_product(m->backward + (size_t)(gates.first + g) * m->packed_turned +
                               first * (size_t)m->rows,
                           m->rows, columns.n, &of_gate);
    }
}

void ernn_stack_transposed(const ernn_stack *stack, ernn_gates gates, ernn_columns columns,
                           const ernn_panel_rows *rows, float *scratch)
{
    for (int r = 0; r < stack->n_runs; r++) {
        const share s = share_of(stack, gates, r);
        ernn_panel_rows of_run = *rows;
        of_run.x += s.column;
        of_run.add = rows->add || s.column > 0;
        if (s.gates.n && columns.n > 0)
            transposed(s.matrix, s.gates, columns, &of_run, scratch);
    }
}

// ---- All rows ----

typedef struct all_rows {
    const ernn_stack *stack;
    ernn_gates gates;
    bool is_transposed;
    ernn_panel_rows rows;
} all_rows;

static void some_rows(void *user, int index, float *scratch)
{
    const all_rows *all = user;
    const ernn_panel_rows *r = &all->rows;
    const int begin = index * TASK_ROWS;
    const int n = r->n - begin < TASK_ROWS ? r->n - begin : TASK_ROWS;
    ernn_panel_rows some = *r;
    some.n = n;
    some.x += (size_t)begin * r->ldx;
    some.y += (size_t)begin * r->ldy;
    if (all->is_transposed)
        ernn_stack_transposed(all->stack, all->gates, (ernn_columns){0, all->stack->runs[0].cols},
                              &some, scratch);
    else
        ernn_stack_product(all->stack, all->gates, (ernn_columns){0, all->stack->rows}, &some,
                           scratch);
}

static void run_rows(all_rows *all, ernn_workers *workers)
{
    ernn_workers_run(workers, (all->rows.n + TASK_ROWS - 1) / TASK_ROWS, some_rows, all);
}

void ernn_stack_product_all(const ernn_stack *stack, ernn_gates gates, int n_rows, const float *x,
                            size_t ldx, float *y, size_t ldy, ernn_workers *workers)
{
    all_rows all = {stack, gates, false, {n_rows, x, ldx, y, ldy, false}};
    run_rows(&all, workers);
}

void ernn_stack_transposed_all(const ernn_stack *stack, ernn_gates gates, int n_rows,
                               const float *dy, size_t ldy, bool add, float *dx, size_t ldx,
                               ernn_workers *workers)
{
    all_rows all = {stack, gates, true, {n_rows, dy, ldy, dx, ldx, add}};
    run_rows(&all, workers);
}

// ---- Gradients ----

static ernn_status sums_init(ernn_matrix_sums *sums, const ernn_matrix *m, ernn_error *err)
{
    if (m->k == 1)
        return ERNN_OK;
    const size_t n = m->is_spectral ? ernn_matrix_spectral_sums(m)
                                    : (size_t)m->n * (size_t)m->rows * (size_t)m->cols;
    const size_t n_spectra = m->is_spectral ? ernn_matrix_spectral_rows(m) : 0;
    sums->sums = ernn_mem_new(n, sizeof *sums->sums, err);
    sums->spectra = ernn_mem_new(n_spectra, sizeof *sums->spectra, err);
    return sums->sums && sums->spectra ? ERNN_OK : ERNN_NO_MEMORY;
}

ernn_status ernn_stack_sums_init(ernn_stack_sums *sums, const ernn_stack *stack, ernn_error *err)
{
    ernn_status status = ERNN_OK;
    *sums = (ernn_stack_sums){0};
    for (int r = 0; r < stack->n_runs && status == ERNN_OK; r++)
        status = sums_init(&sums->runs[r], &stack->runs[r], err);
    if (status != ERNN_OK)
        ernn_stack_sums_clear(sums);
    return status;
}

void ernn_stack_sums_clear(ernn_stack_sums *sums)
{
    for (int r = 0; r < ERNN_MAX_GATES; r++) {
        ernn_mem_free(sums->runs[r].sums);
        ernn_mem_free(sums->runs[r].spectra);
    }
    *sums = (ernn_stack_sums){0};
}

typedef struct dense_gradient {
    int rows; // of the gradient
    int cols;
    ernn_gradient_rows of;
    const float *x;
    size_t ldx;
    float *sums; // [rows][cols]
} dense_gradient;

static void some_gradient(void *user, int index, float *scratch)
{
    const dense_gradient *d = user;
    const size_t begin = (size_t)index * TASK_GRADIENT;
    const int n = d->rows - (int)begin < TASK_GRADIENT ? d->rows - (int)begin : TASK_GRADIENT;
    // dW += sum_t dy x^T
    const ernn_panel_sums sums = {.terms = d->of.n,
                                  .m = n,
                                  .n = d->cols,
                                  .a = d->of.dy + begin,
                                  .lda = d->of.ldy,
                                  .b = d->x,
                                  .ldb = d->ldx,
                                  .c = d->sums + begin * (size_t)d->cols,
                                  .ldc = (size_t)d->cols};
    ernn_panel_add_sums(&sums, scratch);
}

// A factor's part of a selection.
typedef struct factor_share {
    share of;
    ernn_spectral_factor factor;
    float *gradient; // of the run
} factor_share;

static factor_share factor_share_of(const ernn_stack_factor *factor, ernn_gates gates, int r)
{
    const share s = share_of(factor->stack, gates, r);
    return (factor_share){
        s,
        {s.matrix, &factor->sums->runs[r], factor->x, factor->ldx},
        factor->gradient + s.stored,
    };
}

static ernn_gradient_rows rows_of_run(const ernn_gradient_rows *rows, const share *s)
{
    return (ernn_gradient_rows){rows->n, rows->dy + s->column, rows->ldy};
}

static void gradient_of(const factor_share *s, const ernn_gradient_rows *rows,
                        ernn_workers *workers)
{
    const ernn_matrix *m = s->of.matrix;
    const ernn_gradient_rows of_run = rows_of_run(rows, &s->of);
    if (m->is_spectral) {
        ernn_matrix_spectral_gradient(&s->factor, 1, s->of.gates, &of_run, workers);
        return;
    }
    float *to = m->k == 1 ? s->gradient : s->factor.sums->sums;
    dense_gradient d = {.rows = s->of.gates.n * m->rows,
                        .cols = m->cols,
                        .of = of_run,
                        .x = s->factor.x,
                        .ldx = s->factor.ldx,
                        .sums = to + (size_t)s->of.gates.first * (size_t)m->rows * (size_t)m->cols};
    ernn_workers_run(workers, (d.rows + TASK_GRADIENT - 1) / TASK_GRADIENT, some_gradient, &d);
}

// Both spectral, with as many matrices of one block size at the same place of their stacks.
static bool have_one_spectrum(const share *a, const share *b)
{
    return a->matrix->is_spectral && b->matrix->is_spectral && a->matrix->k == b->matrix->k &&
           a->column == b->column && a->gates.first == b->gates.first && a->gates.n == b->gates.n;
}

// Of run r of each factor that has so many.
static void gradients_of_run(const ernn_stack_factor *factors, int n_factors, ernn_gates gates,
                             int r, const ernn_gradient_rows *rows, ernn_workers *workers)
{
    factor_share shares[ERNN_GRADIENT_FACTORS];
    int n = 0;
    for (int f = 0; f < n_factors; f++)
        if (r < factors[f].stack->n_runs) {
            shares[n] = factor_share_of(&factors[f], gates, r);
            n += shares[n].of.gates.n > 0;
        }
    if (n == 2 && have_one_spectrum(&shares[0].of, &shares[1].of)) {
        const ernn_spectral_factor both[] = {shares[0].factor, shares[1].factor};
        const ernn_gradient_rows of_run = rows_of_run(rows, &shares[0].of);
        ernn_matrix_spectral_gradient(both, 2, shares[0].of.gates, &of_run, workers);
        return;
    }
    for (int f = 0; f < n; f++)
        gradient_of(&shares[f], rows, workers);
}

void ernn_stack_gradient(const ernn_stack_factor *factors, int n_factors, ernn_gates gates,
                         int n_rows, const float *dy, size_t ldy, ernn_workers *workers)
{
    const ernn_gradient_rows rows = {n_rows, dy, ldy};
    for (int r = 0; r < ERNN_MAX_GATES; r++)
        gradients_of_run(factors, n_factors, gates, r, &rows, workers);
}

typedef struct folding {
    const ernn_matrix *matrix;
    float *sums;
    float *gradient;
} folding;

static void fold(void *user, int index, float *scratch)
{
    (void)scratch;
    const folding *f = user;
    const ernn_matrix *m = f->matrix;
    const size_t n = (size_t)m->rows * (size_t)m->cols;
    float *sums = f->sums + (size_t)index * n;
    ernn_circ_fold_gradient(sums, m->rows, m->cols, m->k, f->gradient + (size_t)index * stored(m));
    memset(sums, 0, n * sizeof *sums);
}

void ernn_stack_finish(const ernn_stack_factor *factor, ernn_workers *workers)
{
    float *gradient = factor->gradient;
    for (int r = 0; r < factor->stack->n_runs; r++) {
        const ernn_matrix *m = &factor->stack->runs[r];
        const ernn_matrix_sums *sums = &factor->sums->runs[r];
        folding f = {m, sums->sums, gradient};
        if (m->is_spectral)
            ernn_matrix_spectral_finish(m, sums, gradient, workers);
        else if (m->k > 1)
            ernn_workers_run(workers, m->n, fold, &f);
        gradient += (size_t)m->n * stored(m);
    }
}
