// Activations against double precision over a dense sweep of float arguments, and alone against in
// an array. SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "num/activation.h"

// Every float whose bit pattern is a multiple of this step, both signs: 4 million arguments.
enum { BIT_STEP = 1021 };

static void test_exp(void **state)
{
    (void)state;
    double worst = 0;
    for (uint32_t bits = 0; bits < 0x7f800000u; bits += BIT_STEP)
        for (uint32_t sign = 0; sign <= 1; sign++) {
            const float x = ernn_float_from_bits(bits | sign << 31);
            if (x < -87 || x > 88)
                continue;
            worst = fmax(worst, fabs(ernn_exp(x) / exp(x) - 1));
        }
    print_message("exp: %.3g relative\n", worst);
    check_near(worst, 0, 1e-7);
    assert_true(ernn_exp(-1e30f) > 0 && ernn_exp(-1e30f) < 2e-38);
    assert_true(isfinite(ernn_exp(1e30f)));
}

static void test_sigmoid(void **state)
{
    (void)state;
    double worst = 0;
    double worst_relative = 0;
    for (uint32_t bits = 0; bits <= 0x7f800000u; bits += BIT_STEP)
        for (uint32_t sign = 0; sign <= 1; sign++) {
            const float x = ernn_float_from_bits(bits | sign << 31);
            const double want = 1 / (1 + exp(-(double)x));
            worst = fmax(worst, fabs(ernn_sigmoid(x) - want));
            if (x > -80)
                worst_relative = fmax(worst_relative, fabs(ernn_sigmoid(x) / want - 1));
            assert_true(ernn_sigmoid(x) >= 0 && ernn_sigmoid(x) <= 1);
        }
    print_message("sigmoid: %.3g absolute, %.3g relative\n", worst, worst_relative);
    check_near(worst, 0, 1e-7);
    check_near(worst_relative, 0, 2e-7);
    assert_true(isnan(ernn_sigmoid(NAN)));
    assert_true(ernn_sigmoid(INFINITY) == 1 && ernn_sigmoid(0) == 0.5);
}

static void test_tanh(void **state)
{
    (void)state;
    double worst = 0;
    for (uint32_t bits = BIT_STEP; bits <= 0x7f800000u; bits += BIT_STEP) {
        const float x = ernn_float_from_bits(bits);
        assert_true(ernn_tanh(-x) == -ernn_tanh(x) && ernn_tanh(x) <= 1);
        if (bits > 0x00800000u) // below, x itself is denormal
            worst = fmax(worst, fabs(ernn_tanh(x) / tanh(x) - 1));
    }
    print_message("tanh: %.3g relative\n", worst);
    check_near(worst, 0, 2e-7);
    assert_true(isnan(ernn_tanh(NAN)) && ernn_tanh(0) == 0);
    assert_true(ernn_tanh(INFINITY) == 1 && ernn_tanh(-INFINITY) == -1);
}

// Vector bodies and scalar tails give the same bits as one call.
static void test_arrays(void **state)
{
    (void)state;
    ernn_rng rng = ernn_rng_new(1, 0, 0);
    for (size_t n = 0; n < 70; n++) {
        float x[70];
        float s[70];
        float t[70];
        check_random(&rng, x, n, 4);
        memcpy(s, x, sizeof x);
        memcpy(t, x, sizeof x);
        ernn_sigmoid_many(s, n);
        ernn_tanh_many(t, n);
        for (size_t i = 0; i < n; i++)
            assert_true(s[i] == ernn_sigmoid(x[i]) && t[i] == ernn_tanh(x[i]));
        ernn_add_many(s, x, n);
        ernn_multiply_add_many(t, x, s, n);
        for (size_t i = 0; i < n; i++) {
            assert_true(s[i] == ernn_sigmoid(x[i]) + x[i]);
            const float product = x[i] * s[i];
            assert_true(t[i] == ernn_tanh(x[i]) + product);
        }
        double sum = 0;
        ernn_scale_add_many(s, -1.5f, x, n);
        for (size_t i = 0; i < n; i++) {
            const float product = -1.5f * x[i];
            assert_true(s[i] == ernn_sigmoid(x[i]) + x[i] + product);
            sum += (double)s[i] * s[i];
        }
        check_near(ernn_sum_squares(s, n), sum, 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exp),
        cmocka_unit_test(test_sigmoid),
        cmocka_unit_test(test_tanh),
        cmocka_unit_test(test_arrays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
