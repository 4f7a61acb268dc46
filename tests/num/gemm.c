// Matrix products against triple loops in double precision, odd sizes, padded rows.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "num/gemm.h"

enum { MAX = 70 };

// want = alpha * op(a) op(b) + beta * c by definition; rows are MAX floats apart.
static void direct(bool ta, bool tb, int m, int n, int k, double alpha, const float *a,
                   const float *b, double beta, const float *c, double *want)
{
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int e = 0; e < k; e++)
                sum += (double)(ta ? a[e * MAX + i] : a[i * MAX + e]) *
                       (tb ? b[j * MAX + e] : b[e * MAX + j]);
            want[i * MAX + j] = alpha * sum + (beta != 0 ? beta * c[i * MAX + j] : 0);
        }
}

typedef void (*gemm_fn)(int, int, int, float, const float *, size_t, const float *, size_t, float,
                        float *, size_t);

static void check_gemm(gemm_fn gemm, bool ta, bool tb, float beta)
{
    static const int sizes[] = {1, 31, 33, 65};
    ernn_rng rng = ernn_rng_new(3, ta, tb);
    float a[MAX * MAX];
    float b[MAX * MAX];
    float c[MAX * MAX];
    double want[MAX * MAX];
    check_random(&rng, a, MAX * MAX, 1);
    check_random(&rng, b, MAX * MAX, 1);
    for (int m = 0; m < 4; m++)
        for (int n = 0; n < 4; n++)
            for (int k = 0; k < 4; k++) {
                check_random(&rng, c, MAX * MAX, 1);
                if (beta == 0)
                    c[0] = NAN; // must not be read
                const float outside = c[sizes[n]];
                direct(ta, tb, sizes[m], sizes[n], sizes[k], 0.5, a, b, beta, c, want);
                gemm(sizes[m], sizes[n], sizes[k], 0.5f, a, MAX, b, MAX, beta, c, MAX);
                for (int i = 0; i < sizes[m]; i++)
                    for (int j = 0; j < sizes[n]; j++)
                        check_near(c[i * MAX + j], want[i * MAX + j], 2e-5);
                assert_true(c[sizes[n]] == outside);
            }
}

static void test_gemm(void **state)
{
    (void)state;
    for (int beta = 0; beta <= 1; beta++) {
        check_gemm(ernn_gemm_nn, false, false, (float)beta);
        check_gemm(ernn_gemm_nt, false, true, (float)beta);
        check_gemm(ernn_gemm_tn, true, false, (float)beta);
    }
}

static void test_gemv(void **state)
{
    (void)state;
    ernn_rng rng = ernn_rng_new(4, 0, 0);
    float a[MAX * MAX];
    float x[MAX];
    float y[MAX];
    check_random(&rng, a, MAX * MAX, 1);
    check_random(&rng, x, MAX, 1);
    for (int add = 0; add <= 1; add++) {
        check_random(&rng, y, MAX, 1);
        for (int i = 0; i < 33; i++) {
            double want = add ? y[i] : 0;
            for (int j = 0; j < 31; j++)
                want += (double)a[i * MAX + j] * x[j];
            float got[MAX];
            memcpy(got, y, sizeof y);
            ernn_gemv(33, 31, a, MAX, x, add, got);
            check_near(got[i], want, 2e-5);
            assert_true(got[33] == y[33]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gemm),
        cmocka_unit_test(test_gemv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
