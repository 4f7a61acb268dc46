// Integer FFTs against the direct DFT in double precision. SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "rt/fft.h"

enum { TRIALS = 200 };

// Packed spectrum of x[k] by definition.
static void direct_dft(const int32_t *x, unsigned k, double *packed)
{
    for (unsigned j = 0; j <= k / 2; j++) {
        double re = 0;
        double im = 0;
        for (unsigned n = 0; n < k; n++) {
            re += x[n] * cos(2 * M_PI * j * n / k);
            im -= x[n] * sin(2 * M_PI * j * n / k);
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

static void test_forward(void **state)
{
    (void)state;
    ernn_rng rng = ernn_rng_new(1, 0, 0);
    for (unsigned log2_k = 0; log2_k <= ERNN_RT_MAX_LOG2_K; log2_k++) {
        const unsigned k = 1u << log2_k;
        for (int trial = 0; trial < TRIALS; trial++) {
            int32_t v[ERNN_RT_MAX_K];
            double want[ERNN_RT_MAX_K];
            for (unsigned i = 0; i < k; i++)
                v[i] = (int32_t)ernn_rng_below(&rng, 65536) - 32768;
            direct_dft(v, k, want);
            ernn_rt_rfft(v, log2_k);
            // Twiddles are off by at most 2^-15 and each product is rounded once per stage.
            const double tolerance = k <= 4 ? 1e-6 : 3.0 * k;
            for (unsigned i = 0; i < k; i++)
                check_near(v[i], want[i], tolerance);
        }
    }
}

static void test_round_trip(void **state)
{
    (void)state;
    ernn_rng rng = ernn_rng_new(2, 0, 0);
    for (unsigned log2_k = 0; log2_k <= ERNN_RT_MAX_LOG2_K; log2_k++) {
        const unsigned k = 1u << log2_k;
        for (int trial = 0; trial < TRIALS; trial++) {
            int32_t x[ERNN_RT_MAX_K];
            int32_t v[ERNN_RT_MAX_K];
            for (unsigned i = 0; i < k; i++)
                v[i] = x[i] = (int32_t)ernn_rng_below(&rng, 65536) - 32768;
            ernn_rt_rfft(v, log2_k);
            ernn_rt_irfft(v, log2_k);
            for (unsigned i = 0; i < k; i++)
                check_near(v[i] / (double)k, x[i], k <= 4 ? 0 : 3.0 * k);
        }
    }
}

// The widest values at the corner inputs stay inside log2 k + 1 bits of growth.
static void test_growth(void **state)
{
    (void)state;
    for (unsigned log2_k = 0; log2_k <= ERNN_RT_MAX_LOG2_K; log2_k++) {
        const unsigned k = 1u << log2_k;
        for (unsigned j = 0; j <= k / 2; j++) {
            int32_t v[ERNN_RT_MAX_K];
            for (unsigned n = 0; n < k; n++)
                v[n] = cos(2 * M_PI * j * n / k + 1e-9) >= 0 ? 32767 : -32768;
            ernn_rt_rfft(v, log2_k);
            for (unsigned i = 0; i < k; i++)
                assert_true(abs(v[i]) <= 32768 << log2_k);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_growth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
