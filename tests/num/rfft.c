// Float FFTs against the direct DFT in double precision, for every size and many lane counts.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "num/rfft.h"

enum { MAX_N = 70, K = ERNN_RFFT_MAX_K };

// Packed spectrum of x[k] by definition.
static void direct_dft(const double *x, int k, double *packed)
{
    for (int j = 0; j <= k / 2; j++) {
        double re = 0;
        double im = 0;
        for (int m = 0; m < k; m++) {
            re += x[m] * cos(2 * M_PI * j * m / k);
            im -= x[m] * sin(2 * M_PI * j * m / k);
        }
        if (j == 0)
            packed[0] = re;
        else if (j == k / 2)
            packed[1] = re;
        else {
            packed[2 * j] = re;
            packed[2 * j + 1] = im;
        }
    }
}

static const size_t LANES[] = {1, 2, 7, 16, 33, 70};

static void test_forward(void **state)
{
    (void)state;
    ernn_rng rng = ernn_rng_new(1, 0, 0);
    for (int k = 1; k <= K; k *= 2)
        for (size_t l = 0; l < sizeof LANES / sizeof *LANES; l++) {
            const size_t n = LANES[l];
            float v[K * MAX_N];
            float x[K * MAX_N];
            float scratch[K * MAX_N];
            check_random(&rng, v, (size_t)k * n, 1);
            memcpy(x, v, sizeof v);
            ernn_rfft(v, k, n, scratch);
            for (size_t t = 0; t < n; t++) {
                double one[K];
                double want[K];
                float got[K];
                for (int e = 0; e < k; e++) {
                    one[e] = x[(size_t)e * n + t];
                    got[e] = v[(size_t)e * n + t];
                }
                direct_dft(one, k, want);
                check_db(got, want, (size_t)k, 130);
            }
        }
}

static void test_inverse(void **state)
{
    (void)state;
    ernn_rng rng = ernn_rng_new(2, 0, 0);
    for (int k = 1; k <= K; k *= 2)
        for (size_t l = 0; l < sizeof LANES / sizeof *LANES; l++) {
            const size_t n = LANES[l];
            float v[K * MAX_N];
            double x[K * MAX_N];
            float scratch[K * MAX_N];
            check_random(&rng, v, (size_t)k * n, 1);
            for (size_t i = 0; i < (size_t)k * n; i++)
                x[i] = v[i];
            ernn_rfft(v, k, n, scratch);
            ernn_irfft(v, k, n, scratch);
            check_db(v, x, (size_t)k * n, 130);
        }
}

// A lane's bits do not depend on how many lanes there are.
static void test_lanes(void **state)
{
    (void)state;
    ernn_rng rng = ernn_rng_new(3, 0, 0);
    for (int k = 1; k <= K; k *= 2) {
        float v[K * MAX_N];
        float scratch[K * MAX_N];
        float alone[K];
        check_random(&rng, v, (size_t)k * MAX_N, 1);
        for (int e = 0; e < k; e++)
            alone[e] = v[e * MAX_N + 69];
        ernn_rfft(v, k, MAX_N, scratch);
        ernn_rfft(alone, k, 1, scratch);
        for (int e = 0; e < k; e++)
            assert_true(alone[e] == v[e * MAX_N + 69]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_inverse),
        cmocka_unit_test(test_lanes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
