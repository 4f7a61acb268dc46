// Rounding of weights against the definition: complex exponentials, integers by hand, and the error
// of the weights themselves for the choice of a format. SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "circ/circ.h"
#include "circ/rounding.h"

#include <complex.h>

enum { BLOCKS = 7, N = BLOCKS * ERNN_CIRC_MAX_K };

static const int BITS[] = {4, 5, 8, 12, 16};
enum { N_BITS = sizeof BITS / sizeof *BITS };

// Element e of the packed spectrum of w[k].
static double bin(const float *w, int k, int e)
{
    const int j = e == 0 ? 0 : e == 1 ? k / 2 : e / 2;
    double complex sum = 0;
    for (int n = 0; n < k; n++)
        sum += w[n] * cexp(-2 * M_PI * I * j * n / k);
    return e < 2 || e % 2 == 0 ? creal(sum) : cimag(sum);
}

static void make(ernn_rng *rng, float *w)
{
    check_random(rng, w, N, 1);
    for (int i = 0; i < N; i++)
        w[i] *= w[i] * w[i]; // a few far values, so that limiting can pay
}

static void test_spectra(void **state)
{
    (void)state;
    ernn_rng rng = ernn_rng_new(1, 0, 0);
    static double spectra[N];
    static float w[N];
    static float back[N];
    for (int k = 1; k <= ERNN_CIRC_MAX_K; k *= 2) {
        make(&rng, w);
        ernn_spectra(w, BLOCKS, k, spectra);
        for (int i = 0; i < BLOCKS * k; i++)
            check_near(spectra[i], bin(w + i / k * k, k, i % k), 1e-10);
        ernn_spectra_inverse(spectra, BLOCKS, k, back);
        for (int i = 0; i < BLOCKS * k; i++)
            check_near(back[i], w[i], 1e-6);
    }
}

static void check_rounded(const float *w, int k, int bits)
{
    static int16_t integers[N];
    static float rounded[N];
    const int frac = ernn_weights_frac(w, BLOCKS, k, bits);
    ernn_weights_to_fixed(w, BLOCKS, k, frac, bits, integers);
    ernn_weights_round(w, BLOCKS, k, frac, bits, rounded);
    const double top = ldexp(1, bits - 1) - 1;
    for (int i = 0; i < BLOCKS * k; i++) {
        const double exact = bin(w + i / k * k, k, i % k) * ldexp(1, frac);
        const double limited = fmin(fmax(exact, -top), top);
        assert_true(fabs(integers[i] - limited) <= 0.5 + 1e-9);
        check_near(bin(rounded + i / k * k, k, i % k) * ldexp(1, frac), integers[i], 1e-6 * top);
    }
    // What is rounded stays as it is.
    static int16_t again[N];
    assert_int_equal(ernn_weights_frac(rounded, BLOCKS, k, bits), frac);
    ernn_weights_to_fixed(rounded, BLOCKS, k, frac, bits, again);
    assert_memory_equal(again, integers, (size_t)(BLOCKS * k) * sizeof *again);
}

static void test_rounding(void **state)
{
    (void)state;
    ernn_rng rng = ernn_rng_new(2, 0, 0);
    static float w[N];
    for (int k = 1; k <= ERNN_CIRC_MAX_K; k *= 2)
        for (int b = 0; b < N_BITS; b++) {
            make(&rng, w);
            check_rounded(w, k, BITS[b]);
        }
}

// Squared error of the weights in the time domain.
static double error_of(const float *w, int k, int frac, int bits)
{
    static float rounded[N];
    double sum = 0;
    ernn_weights_round(w, BLOCKS, k, frac, bits, rounded);
    for (int i = 0; i < BLOCKS * k; i++)
        sum += ((double)w[i] - rounded[i]) * ((double)w[i] - rounded[i]);
    return sum;
}

static void test_format(void **state)
{
    (void)state;
    ernn_rng rng = ernn_rng_new(3, 0, 0);
    static float w[N];
    int n_limited = 0;
    for (int k = 1; k <= ERNN_CIRC_MAX_K; k *= 2)
        for (int b = 0; b < N_BITS; b++) {
            make(&rng, w);
            const int bits = BITS[b];
            int whole = -16; // by trial: the largest format that holds every value
            double peak = 0;
            for (int i = 0; i < BLOCKS * k; i++)
                peak = fmax(peak, fabs(bin(w + i / k * k, k, i % k)));
            while (peak * ldexp(1, whole + 1) <= ldexp(1, bits - 1) - 1)
                whole++;
            const int frac = ernn_weights_frac(w, BLOCKS, k, bits);
            assert_true(frac >= whole && frac <= whole + 2);
            n_limited += frac > whole;
            for (int f = whole; f <= whole + 2; f++)
                assert_true(error_of(w, k, frac, bits) <= error_of(w, k, f, bits) * (1 + 1e-9));
        }
    assert_true(n_limited > 0 && n_limited < 7 * N_BITS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_spectra),
                                       cmocka_unit_test(test_rounding),
                                       cmocka_unit_test(test_format)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
