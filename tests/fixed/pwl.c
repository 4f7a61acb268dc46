// The activations over every representable argument, against the C library in double precision.
// Prints the table of docs/fixed-point.md section 5.3. SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "fixed/pwl.h"

typedef int32_t (*activation)(const ernn_rt_pwl *pwl, int32_t x, unsigned x_frac,
                              unsigned gate_frac);

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

// Largest error over all arguments of `bits` bits with `x_frac` fractional bits; checks the range
// of the result and the symmetry on the way.
static double largest_error(const ernn_rt_pwl *pwl, activation f, double (*exact)(double),
                            int is_odd, int bits, unsigned x_frac)
{
    const unsigned gate_frac = (unsigned)bits - 2;
    const int32_t one = (int32_t)1 << gate_frac;
    double largest = 0;
    for (int32_t x = -(1 << (bits - 1)); x < 1 << (bits - 1); x++) {
        const int32_t y = f(pwl, x, x_frac, gate_frac);
        const double error = fabs(ldexp(y, -(int)gate_frac) - exact(ldexp(x, -(int)x_frac)));
        largest = error > largest ? error : largest;
        assert_true(y >= (is_odd ? -one : 0) && y <= one);
        if (x > -(1 << (bits - 1)))
            assert_int_equal(f(pwl, -x, x_frac, gate_frac), x ? (is_odd ? 0 : one) - y : y);
    }
    return largest;
}

// The bound that the fit promises: half the chord's sag, two roundings of coefficients (a slope is
// multiplied by at most one segment), one of the product; or the step to 1 past the last segment.
static double promised(double sag, double tail, unsigned gate_frac)
{
    const double ulp = ldexp(1, -(int)gate_frac);
    return fmax(sag + 1.2 * ulp, tail + 1.2 * ulp);
}

static void test_largest_error(void **state)
{
    (void)state;
    print_message("| S | sigmoid | tanh |\n");
    for (int bits = 8; bits <= 18; bits++) {
        ernn_rt_pwl sigmoids;
        ernn_rt_pwl tanhs;
        const unsigned gate_frac = (unsigned)bits - 2;
        ernn_pwl_sigmoid(&sigmoids, gate_frac);
        ernn_pwl_tanh(&tanhs, gate_frac);
        assert_true(ernn_pwl_is_valid(&sigmoids, 2, 17, gate_frac));
        assert_true(ernn_pwl_is_valid(&tanhs, 3, 17, gate_frac));
        double worst[2] = {0, 0};
        for (unsigned x_frac = 3; x_frac < (unsigned)bits; x_frac++) {
            worst[0] =
                fmax(worst[0], largest_error(&sigmoids, ernn_rt_sigmoid, sigmoid, 0, bits, x_frac));
            worst[1] = fmax(worst[1], largest_error(&tanhs, ernn_rt_tanh, tanh, 1, bits, x_frac));
        }
        print_message("| %d | %.6f | %.6f |\n", bits, worst[0], worst[1]);
        assert_true(worst[0] <= promised(0.00038, 0.00034, gate_frac));
        assert_true(worst[1] <= promised(0.00077, 0.00068, gate_frac));
        if (bits == 16) {
            assert_true(worst[0] <= 0.0005);
            assert_true(worst[1] <= 0.0010);
        }
    }
}

// A table whose values leave [0, 1] anywhere is told from a good one.
static void test_validity(void **state)
{
    (void)state;
    ernn_rt_pwl good;
    ernn_pwl_tanh(&good, 14);
    for (int s = 0; s < ERNN_RT_PWL_SEGMENTS; s++) {
        ernn_rt_pwl bad = good;
        bad.base[s] = 16385;
        assert_false(ernn_pwl_is_valid(&bad, 3, 15, 14));
        bad.base[s] = -1;
        assert_false(ernn_pwl_is_valid(&bad, 3, 15, 14));
        bad = good;
        bad.slope[s] = INT32_MAX;
        assert_false(ernn_pwl_is_valid(&bad, 3, 15, 14));
        bad.slope[s] = 8 * (16384 - bad.base[s]) + 8;
        assert_false(ernn_pwl_is_valid(&bad, 3, 15, 14));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_largest_error),
        cmocka_unit_test(test_validity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
