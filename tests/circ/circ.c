// Block-circulant matrices against the expanded dense matrix in double precision: definition,
// projection and its optimality, folding, spectral product and both gradients; sizes around and far
// from multiples of every block size. SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "circ/circ.h"
#include "ernn/circ.h"

enum { MAX = 153, MAX_PADDED = 192 };

static const int SIZES[] = {1, 31, 32, 33, 153};
enum { N_SIZES = sizeof SIZES / sizeof *SIZES };

// What one combination of sizes works on; too large for the stack.
typedef struct arrays {
    float w[MAX_PADDED * MAX_PADDED];
    float dw[MAX_PADDED * MAX_PADDED];
    float dense[MAX * MAX];
    float other[MAX * MAX];
    double want[MAX_PADDED * MAX_PADDED];
} arrays;

typedef void (*case_fn)(arrays *a, ernn_rng *rng, int rows, int cols, int k);

static void for_all(case_fn run)
{
    arrays *a = malloc(sizeof *a);
    for (int r = 0; r < N_SIZES; r++)
        for (int c = 0; c < N_SIZES; c++)
            for (int k = 1; k <= ERNN_CIRC_MAX_K; k *= 2) {
                ernn_rng rng = ernn_rng_new((uint64_t)r, (uint64_t)c, (uint64_t)k);
                run(a, &rng, SIZES[r], SIZES[c], k);
            }
    free(a);
}

// Index in w of the number behind entry (r, c), by definition.
static size_t place(int cols, int k, int r, int c)
{
    const int q = (cols + k - 1) / k;
    const int d = ((r % k - c % k) % k + k) % k;
    return (size_t)((r / k * q + c / k) * k + d);
}

static void expand_case(arrays *a, ernn_rng *rng, int rows, int cols, int k)
{
    const size_t n = ernn_circ_count(rows, cols, k);
    const int p = (rows + k - 1) / k;
    const int q = (cols + k - 1) / k;
    assert_int_equal(n, p * q * k);
    check_random(rng, a->w, n, 1);
    ernn_circ_expand(a->w, rows, cols, k, a->dense);
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++)
            assert_true(a->dense[r * cols + c] == a->w[place(cols, k, r, c)]);
}

static void test_expand(void **state)
{
    (void)state;
    for_all(expand_case);
}

// Mean and sum over each wrapped diagonal by definition; which diagonals exist at all.
static void project_case(arrays *a, ernn_rng *rng, int rows, int cols, int k)
{
    const size_t n = ernn_circ_count(rows, cols, k);
    int *counts = calloc(n, sizeof *counts);
    memset(a->want, 0, n * sizeof *a->want);
    check_random(rng, a->dense, (size_t)(rows * cols), 1);
    check_random(rng, a->dw, n, 1);
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++) {
            a->want[place(cols, k, r, c)] += a->dense[r * cols + c];
            counts[place(cols, k, r, c)]++;
        }
    memcpy(a->w, a->dw, n * sizeof *a->w);
    ernn_circ_fold_gradient(a->dense, rows, cols, k, a->w);
    for (size_t i = 0; i < n; i++)
        check_near(a->w[i], a->want[i] + a->dw[i], 1e-5);
    ernn_circ_project(a->dense, rows, cols, k, a->w);
    for (size_t i = 0; i < n; i++)
        check_near(a->w[i], counts[i] ? a->want[i] / counts[i] : 0, 1e-6);
    // numbers that stand for no entry
    ernn_circ_clear_absent(rows, cols, k, a->dw);
    for (size_t i = 0; i < n; i++)
        assert_true(counts[i] ? a->dw[i] != 0 : a->dw[i] == 0);
    free(counts);
}

static void test_project(void **state)
{
    (void)state;
    for_all(project_case);
}

static double distance(const float *x, const float *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += ((double)x[i] - y[i]) * ((double)x[i] - y[i]);
    return sum;
}

// P(P(W)) = P(W); W - P(W) is orthogonal to the set; no step inside the set lowers the distance.
static void optimal_case(arrays *a, ernn_rng *rng, int rows, int cols, int k)
{
    const size_t n = ernn_circ_count(rows, cols, k);
    const size_t n_dense = (size_t)(rows * cols);
    float *dense = malloc(n_dense * sizeof *dense);
    check_random(rng, dense, n_dense, 1);
    ernn_circ_project(dense, rows, cols, k, a->w);
    ernn_circ_expand(a->w, rows, cols, k, a->dense);
    ernn_circ_project(a->dense, rows, cols, k, a->dw);
    for (size_t i = 0; i < n; i++)
        check_near(a->dw[i], a->w[i], 1e-7 * (1 + fabs(a->w[i])));
    check_random(rng, a->dw, n, 1);
    ernn_circ_expand(a->dw, rows, cols, k, a->other);
    double inner = 0;
    for (size_t i = 0; i < n_dense; i++)
        inner += ((double)dense[i] - a->dense[i]) * a->other[i];
    check_near(inner, 0, 1e-6 * (double)(n_dense + 1));
    const double least = distance(dense, a->dense, n_dense);
    for (int trial = 0; trial < 6; trial++) {
        const size_t at = ernn_rng_below(rng, n);
        const float kept = a->w[at];
        a->w[at] += trial % 2 ? 0.01f : -0.01f;
        ernn_circ_expand(a->w, rows, cols, k, a->other);
        assert_true(distance(dense, a->other, n_dense) >= least - 1e-6);
        a->w[at] = kept;
    }
    free(dense);
}

static void test_optimal(void **state)
{
    (void)state;
    for_all(optimal_case);
}

// s P(W) has the norm of W, and no other circulant matrix of that norm is nearer; never more than
// sqrt(k), nothing to do for what is circulant.
static void norm_case(arrays *a, ernn_rng *rng, int rows, int cols, int k)
{
    const size_t n = ernn_circ_count(rows, cols, k);
    const size_t n_dense = (size_t)(rows * cols);
    float *dense = malloc(n_dense * sizeof *dense);
    float *zero = calloc(n_dense, sizeof *zero);
    check_random(rng, dense, n_dense, 1);
    for (size_t i = 0; i < n_dense; i++) // so that a small block keeps more than 1 / sqrt(k)
        dense[i] += 1;
    ernn_circ_project(dense, rows, cols, k, a->w);
    ernn_circ_expand(a->w, rows, cols, k, a->dense);
    const double norm = distance(dense, zero, n_dense);
    const double s = ernn_circ_norm_factor(dense, a->dense, n_dense, k);
    check_near(s * s * distance(a->dense, zero, n_dense), norm, 1e-5 * norm);
    check_near(ernn_circ_norm_factor(a->dense, a->dense, n_dense, k), 1, 0);
    check_near(ernn_circ_norm_factor(zero, zero, n_dense, k), 1, 0);
    check_near(ernn_circ_norm_factor(dense, zero, n_dense, k), sqrt(k), 1e-15);
    for (size_t i = 0; i < n_dense; i++)
        a->dense[i] *= (float)s;
    const double nearest = distance(a->dense, dense, n_dense);
    for (int i = 0; i < 5; i++) {
        check_random(rng, a->dw, n, 1);
        for (size_t j = 0; j < n; j++)
            a->dw[j] = a->w[j] + 0.1f * a->dw[j];
        ernn_circ_expand(a->dw, rows, cols, k, a->other);
        const double scale = sqrt(norm / distance(a->other, zero, n_dense));
        for (size_t j = 0; j < n_dense; j++)
            a->other[j] *= (float)scale;
        assert_true(distance(a->other, dense, n_dense) > nearest - 1e-5 * norm);
    }
    free(zero);
    free(dense);
}

static void test_norm(void **state)
{
    (void)state;
    for_all(norm_case);
}

static void product_case(arrays *a, ernn_rng *rng, int rows, int cols, int k)
{
    ernn_error err = {0};
    ernn_circ *circ;
    const size_t n = ernn_circ_count(rows, cols, k);
    float x[MAX];
    float y[MAX + 1];
    double want[MAX] = {0};
    check_random(rng, a->w, n, 0.3);
    check_random(rng, x, (size_t)cols, 1);
    y[rows] = 77;
    ernn_circ_expand(a->w, rows, cols, k, a->dense);
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++)
            want[r] += (double)a->dense[r * cols + c] * x[c];
    check_ok(ernn_circ_new(a->w, rows, cols, k, &circ, &err), err);
    float *scratch = malloc(ernn_circ_scratch(circ) * sizeof *scratch);
    ernn_circ_product(circ, x, y, scratch);
    free(scratch);
    ernn_circ_free(circ);
    assert_true(y[rows] == 77);
    // 1 x 1 matrices may cancel inside the transform: compare with the terms' size instead
    double size = 0;
    for (int c = 0; c < cols; c++)
        size += x[c] * x[c] * 0.09;
    for (int r = 0; r < rows; r++)
        check_near(y[r], want[r], 4e-6 * (sqrt(size) + 1));
}

static void test_product(void **state)
{
    (void)state;
    for_all(product_case);
}

static void backward_case(arrays *a, ernn_rng *rng, int rows, int cols, int k)
{
    ernn_error err = {0};
    ernn_circ *circ;
    const size_t n = ernn_circ_count(rows, cols, k);
    float x[MAX];
    float dy[MAX];
    float dx[MAX];
    float dx_alone[MAX];
    double want_dx[MAX] = {0};
    check_random(rng, a->w, n, 0.3);
    check_random(rng, a->dw, n, 1);
    check_random(rng, x, (size_t)cols, 1);
    check_random(rng, dx, (size_t)cols, 1);
    check_random(rng, dy, (size_t)rows, 1);
    ernn_circ_expand(a->w, rows, cols, k, a->dense);
    // both gradients add to what is there
    for (int c = 0; c < cols; c++)
        want_dx[c] = dx_alone[c] = dx[c];
    for (size_t i = 0; i < n; i++)
        a->want[i] = a->dw[i];
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++) {
            want_dx[c] += (double)a->dense[r * cols + c] * dy[r];
            a->want[place(cols, k, r, c)] += (double)dy[r] * x[c];
        }
    check_ok(ernn_circ_new(a->w, rows, cols, k, &circ, &err), err);
    float *scratch = malloc(3 * ernn_circ_scratch(circ) * sizeof *scratch);
    ernn_circ_product_backward(circ, x, dy, dx, a->dw, scratch);
    ernn_circ_product_backward(circ, x, dy, dx_alone, NULL, scratch);
    free(scratch);
    ernn_circ_free(circ);
    assert_memory_equal(dx, dx_alone, (size_t)cols * sizeof *dx);
    for (int c = 0; c < cols; c++)
        check_near(dx[c], want_dx[c], 3e-5);
    for (size_t i = 0; i < n; i++)
        check_near(a->dw[i], a->want[i], 3e-5);
}

static void test_backward(void **state)
{
    (void)state;
    for_all(backward_case);
}

static void test_refused(void **state)
{
    (void)state;
    static const int bad[][3] = {{0, 4, 4},  {4, 0, 4},   {4, 4, 0}, {4, 4, 3},
                                 {4, 4, -8}, {4, 4, 128}, {-4, 4, 4}};
    ernn_error err = {0};
    ernn_circ *circ;
    const float w[16] = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(ernn_circ_new(w, bad[i][0], bad[i][1], bad[i][2], &circ, &err),
                         ERNN_BAD_ARG);
        assert_null(circ);
    }
    ernn_circ_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expand),  cmocka_unit_test(test_project),
        cmocka_unit_test(test_optimal), cmocka_unit_test(test_norm),
        cmocka_unit_test(test_product), cmocka_unit_test(test_backward),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
