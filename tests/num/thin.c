// Thin products against the triple loop in double precision, for sizes around the piece sizes.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "num/thin.h"

static void check_product(int m, int n, int k, ernn_rng *rng)
{
    const size_t lda = (size_t)k + 3;
    const size_t ldb = (size_t)n + 5;
    const size_t ldc = (size_t)n + 2;
    float *a = calloc((size_t)m * lda, sizeof *a);
    float *b = calloc((size_t)k * ldb, sizeof *b);
    float *c = calloc((size_t)m * ldc, sizeof *c);
    double *want = calloc((size_t)m * ldc, sizeof *want);
    check_random(rng, a, (size_t)m * lda, 1);
    check_random(rng, b, (size_t)k * ldb, 1);
    check_random(rng, c, (size_t)m * ldc, 1);
    for (size_t i = 0; i < (size_t)m * ldc; i++)
        want[i] = c[i]; // between the rows nothing changes
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++)
            for (int e = 0; e < k; e++)
                want[(size_t)i * ldc + (size_t)j] +=
                    (double)a[(size_t)i * lda + (size_t)e] * b[(size_t)e * ldb + (size_t)j];
    ernn_thin_product(m, n, k, a, lda, b, ldb, c, ldc);
    check_db(c, want, (size_t)m * ldc, 115);
    for (int i = 0; i < m; i++)
        for (size_t j = (size_t)n; j < ldc; j++)
            assert_true(c[(size_t)i * ldc + j] == want[(size_t)i * ldc + j]);
    free(a);
    free(b);
    free(c);
    free(want);
}

static void test_sizes(void **state)
{
    (void)state;
    static const int rows[] = {1, 3, 8, 9, 17};
    static const int cols[] = {1, 31, 64, 127, 128, 129, 300};
    static const int terms[] = {1, 33, 511, 512, 513, 1100};
    ernn_rng rng = ernn_rng_new(1, 0, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t j = 0; j < sizeof cols / sizeof *cols; j++)
            for (size_t e = 0; e < sizeof terms / sizeof *terms; e++)
                check_product(rows[i], cols[j], terms[e], &rng);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
