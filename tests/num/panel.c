// Products with packed matrices, real and complex, and sums over rows against the triple loop in
// double precision; and what lets work be split: a row, a column or a panel comes out the same
// whatever else is in the call.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "num/panel.h"

// x[rows][ldx] times w[terms][cols] (column by column in memory) into y[rows][ldy].
typedef struct problem {
    int rows;
    int terms;
    int cols;
    size_t ldx;
    size_t ldy;
    float *x;
    float *w;
    float *panels;
    float *y;
    double *want;
} problem;

static float *random_floats(ernn_rng *rng, size_t n)
{
    float *v = calloc(n, sizeof *v);
    check_random(rng, v, n, 1);
    return v;
}

static problem problem_new(int rows, int terms, int cols, int parts, ernn_rng *rng)
{
    const size_t n = ernn_panel_round((size_t)cols);
    problem p = {.rows = rows, .terms = terms, .cols = cols};
    p.ldx = (size_t)(parts * terms) + 3;
    p.ldy = (size_t)parts * n + 5;
    p.x = random_floats(rng, (size_t)rows * p.ldx);
    p.w = random_floats(rng, (size_t)(parts * terms * cols));
    p.panels = random_floats(rng, (size_t)(parts * terms) * n);
    p.y = random_floats(rng, (size_t)rows * p.ldy);
    p.want = calloc((size_t)rows * p.ldy, sizeof *p.want);
    return p;
}

static void problem_free(problem *p)
{
    free(p->x);
    free(p->w);
    free(p->panels);
    free(p->y);
    free(p->want);
}

static double w_at(const problem *p, int part, int t, int c)
{
    return p->w[(size_t)((part * p->cols + c) * p->terms + t)];
}

// Pieces of rows: 1, 2, 3 ... rows at a time give the same bits as all at once.
static void check_pieces(const problem *p, const ernn_panel_rows *all, const float *before,
                         size_t im)
{
    const size_t n = (size_t)p->rows * p->ldy;
    float *y = calloc(n, sizeof *y);
    memcpy(y, before, n * sizeof *y);
    for (int r = 0, size = 1; r < p->rows; r += size, size++) {
        ernn_panel_rows some = *all;
        some.n = size < p->rows - r ? size : p->rows - r;
        some.x += (size_t)r * p->ldx;
        some.y = y + (size_t)r * p->ldy;
        if (im)
            ernn_panel_product_complex(p->panels, p->terms, p->cols, &some, (size_t)p->terms, im);
        else
            ernn_panel_product(p->panels, p->terms, p->cols, &some);
    }
    assert_memory_equal(y, p->y, n * sizeof *y);
    free(y);
}

static void check_real(int rows, int terms, int cols, bool add, ernn_rng *rng)
{
    problem p = problem_new(rows, terms, cols, 1, rng);
    float *before = calloc((size_t)rows * p.ldy, sizeof *before);
    memcpy(before, p.y, (size_t)rows * p.ldy * sizeof *before);
    for (int r = 0; r < rows; r++)
        for (size_t c = 0; c < p.ldy; c++) {
            double *want = &p.want[(size_t)r * p.ldy + c];
            *want = add || c >= (size_t)cols ? p.y[(size_t)r * p.ldy + c] : 0;
            for (int t = 0; t < terms && c < (size_t)cols; t++)
                *want += p.x[(size_t)r * p.ldx + (size_t)t] * w_at(&p, 0, t, (int)c);
        }
    const ernn_panel_source source = {p.w, 1, (size_t)terms, 1};
    const ernn_panel_rows all = {rows, p.x, p.ldx, p.y, p.ldy, add};
    ernn_panel_pack(&source, terms, cols, p.panels);
    ernn_panel_product(p.panels, terms, cols, &all);
    check_db(p.y, p.want, (size_t)rows * p.ldy, 115);
    for (int r = 0; r < rows; r++) // nothing past the columns is touched
        for (size_t c = (size_t)cols; c < p.ldy; c++)
            assert_true(p.y[(size_t)r * p.ldy + c] == before[(size_t)r * p.ldy + c]);
    check_pieces(&p, &all, before, 0);
    free(before);
    problem_free(&p);
}

static void check_complex(int rows, int terms, int cols, bool add, ernn_rng *rng)
{
    problem p = problem_new(rows, terms, cols, 2, rng);
    const size_t im = ernn_panel_round((size_t)cols);
    float *before = calloc((size_t)rows * p.ldy, sizeof *before);
    memcpy(before, p.y, (size_t)rows * p.ldy * sizeof *before);
    for (size_t i = 0; i < (size_t)rows * p.ldy; i++)
        p.want[i] = p.y[i];
    for (int r = 0; r < rows; r++)
        for (size_t c = 0; c < im; c++) {
            double *re = &p.want[(size_t)r * p.ldy + c];
            *re = add ? *re : 0;
            re[im] = add ? re[im] : 0;
            for (int t = 0; t < terms && c < (size_t)cols; t++) {
                const double a = 0.5 * w_at(&p, 0, t, (int)c);
                const double b = -0.5 * w_at(&p, 1, t, (int)c);
                const float *x = p.x + (size_t)r * p.ldx + t;
                *re += a * x[0] - b * x[terms];
                re[im] += a * x[terms] + b * x[0];
            }
        }
    const ernn_panel_source of_re = {p.w, 1, (size_t)terms, 0.5f};
    const ernn_panel_source of_im = {p.w + (size_t)(terms * cols), 1, (size_t)terms, -0.5f};
    const ernn_panel_rows all = {rows, p.x, p.ldx, p.y, p.ldy, add};
    ernn_panel_pack_complex(&of_re, &of_im, terms, cols, p.panels);
    ernn_panel_product_complex(p.panels, terms, cols, &all, (size_t)terms, im);
    check_db(p.y, p.want, (size_t)rows * p.ldy, 115);
    check_pieces(&p, &all, before, im);
    free(before);
    problem_free(&p);
}

// c += a^T b, with the other half of each row added to a and taken from b; then in pieces of m and
// n, which give the same bits.
static void check_sums(int terms, int m, int n, bool has_more, bool has_less, ernn_rng *rng)
{
    enum { PAD = 3 };
    const size_t lda = 2 * (size_t)m + PAD;
    const size_t ldb = 2 * (size_t)n + PAD;
    const size_t n_c = (size_t)m * ldb;
    float *a = random_floats(rng, (size_t)terms * lda);
    float *b = random_floats(rng, (size_t)terms * ldb);
    float *c = random_floats(rng, n_c);
    float *pieces = calloc(n_c, sizeof *pieces);
    double *want = calloc(n_c, sizeof *want);
    float *scratch = calloc(ERNN_PANEL_SUMS_SCRATCH, sizeof *scratch);
    memcpy(pieces, c, n_c * sizeof *pieces);
    for (size_t i = 0; i < n_c; i++) {
        want[i] = c[i];
        for (int t = 0; t < terms && i % ldb < (size_t)n; t++) {
            const float *x = a + (size_t)t * lda + i / ldb;
            const float *y = b + (size_t)t * ldb + i % ldb;
            want[i] +=
                (x[0] + (has_more ? (double)x[m] : 0)) * (y[0] - (has_less ? (double)y[n] : 0));
        }
    }
    const ernn_panel_sums all = {.terms = terms,
                                 .m = m,
                                 .n = n,
                                 .a = a,
                                 .a_more = has_more ? a + m : NULL,
                                 .lda = lda,
                                 .b = b,
                                 .b_less = has_less ? b + n : NULL,
                                 .ldb = ldb,
                                 .c = c,
                                 .ldc = ldb};
    ernn_panel_add_sums(&all, scratch);
    check_db(c, want, n_c, 115);
    for (int i = 0, rows = 1; i < m; i += rows, rows += 5)
        for (int j = 0, cols = 7; j < n; j += cols, cols += 20) {
            ernn_panel_sums some = all;
            some.m = rows < m - i ? rows : m - i;
            some.n = cols < n - j ? cols : n - j;
            some.a += i;
            some.a_more = has_more ? a + m + i : NULL;
            some.b += j;
            some.b_less = has_less ? b + n + j : NULL;
            some.c = pieces + (size_t)i * ldb + j;
            ernn_panel_add_sums(&some, scratch);
        }
    assert_memory_equal(pieces, c, n_c * sizeof *c); // what is past the columns, too
    free(a);
    free(b);
    free(c);
    free(pieces);
    free(want);
    free(scratch);
}

static void test_sums(void **state)
{
    (void)state;
    static const int terms[] = {1, 33, 256, 300, 600};
    static const int rows[] = {1, 7, 8, 31, 300};
    static const int cols[] = {1, 16, 17, 32, 33, 100};
    ernn_rng rng = ernn_rng_new(3, 0, 0);
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++)
        for (size_t j = 0; j < sizeof rows / sizeof *rows; j++)
            for (size_t e = 0; e < sizeof cols / sizeof *cols; e++)
                check_sums(terms[i], rows[j], cols[e], (i + j) % 2, (j + e) % 2, &rng);
}

static void test_sizes(void **state)
{
    (void)state;
    static const int rows[] = {1, 3, 8, 9, 23, 70};
    static const int cols[] = {1, 15, 16, 31, 33, 64, 100};
    static const int terms[] = {1, 33, 256, 300, 600};
    ernn_rng rng = ernn_rng_new(1, 0, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t j = 0; j < sizeof cols / sizeof *cols; j++)
            for (size_t e = 0; e < sizeof terms / sizeof *terms; e++) {
                check_real(rows[i], terms[e], cols[j], (i + j + e) % 2, &rng);
                check_complex(rows[i], terms[e], cols[j], (i + j + e) % 2, &rng);
            }
}

#if defined(__x86_64__)
// Each instruction set by itself, where the machine has it.
static void check_kernel(void (*real)(const ernn_panel_tile *),
                         void (*complex)(const ernn_panel_tile *))
{
    enum { TERMS = 37, COLS = 29, LD = 80, IM = 40 };
    ernn_rng rng = ernn_rng_new(2, 0, 0);
    for (int n = 1; n <= ERNN_PANEL_ROWS; n++)
        for (int add = 0; add < 2; add++) {
            float w[2 * TERMS * ERNN_PANEL_COLS];
            float x[ERNN_PANEL_ROWS * LD];
            float y[ERNN_PANEL_ROWS * LD];
            double want[ERNN_PANEL_ROWS * LD];
            check_random(&rng, w, 2 * TERMS * ERNN_PANEL_COLS, 1);
            check_random(&rng, x, ERNN_PANEL_ROWS * LD, 1);
            for (int is_complex = 0; is_complex < 2; is_complex++) {
                check_random(&rng, y, ERNN_PANEL_ROWS * LD, 1);
                ernn_panel_tile tile = {w, TERMS, 2, COLS, {n, x, LD, y, LD, add}, 1, IM, IM};
                float turned[TERMS * ERNN_PANEL_ROWS];
                for (int i = 0; i < TERMS * ERNN_PANEL_ROWS; i++)
                    turned[i] = x[i % ERNN_PANEL_ROWS * LD + i / ERNN_PANEL_ROWS];
                if (!is_complex && n % 2) { // the same terms a row of x apart
                    tile.rows.x = turned;
                    tile.rows.ldx = 1;
                    tile.x_step = ERNN_PANEL_ROWS;
                }
                const int cols = is_complex ? ERNN_PANEL_LANES : COLS;
                for (int i = 0; i < ERNN_PANEL_ROWS * LD; i++)
                    want[i] = y[i];
                for (int r = 0; r < n; r++)
                    for (int c = 0; c < cols; c++) {
                        double *re = &want[r * LD + c];
                        *re = add ? *re : 0;
                        if (is_complex)
                            re[IM] = add ? re[IM] : 0;
                        for (int t = 0; t < TERMS; t++) {
                            const double a = w[t * ERNN_PANEL_COLS + c];
                            const double b =
                                is_complex ? w[t * ERNN_PANEL_COLS + ERNN_PANEL_LANES + c] : 0;
                            *re += a * x[r * LD + t] - b * x[r * LD + t + IM];
                            if (is_complex)
                                re[IM] += a * x[r * LD + t + IM] + b * x[r * LD + t];
                        }
                    }
                (is_complex ? complex : real)(&tile);
                check_db(y, want, ERNN_PANEL_ROWS * LD, 115);
                for (int i = n * LD; i < ERNN_PANEL_ROWS * LD; i++)
                    assert_true(y[i] == want[i]);
            }
        }
}
#endif

static void test_kernels(void **state)
{
    (void)state;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        check_kernel(ernn_panel_tile_avx512, ernn_panel_tile_complex_avx512);
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        check_kernel(ernn_panel_tile_avx2, ernn_panel_tile_complex_avx2);
    check_kernel(ernn_panel_tile_plain, ernn_panel_tile_complex_plain);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes), cmocka_unit_test(test_sums),
                                       cmocka_unit_test(test_kernels)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
