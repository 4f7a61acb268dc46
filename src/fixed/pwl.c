// Minimax fit of the activation chords. docs/fixed-point.md section 5.
//
// Both functions are concave for x >= 0. The best line over [a, b] of a concave f has the slope of
// its chord and lies half way between the chord and the tangent of that slope, so that the error is
// equal and opposite at both ends and at the tangent point. SPDX-License-Identifier: Apache-2.0
#include "fixed/pwl.h"

#include <math.h>

// A function over x >= 0 and the point where its slope is `slope`.
typedef struct curve {
    double (*value)(double x);
    double (*tangent_point)(double slope);
} curve;

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

// f' = f (1 - f), so f = (1 + sqrt(1 - 4 f')) / 2 for x >= 0.
static double sigmoid_tangent_point(double slope)
{
    const double f = (1 + sqrt(1 - 4 * slope)) / 2;
    return log(f / (1 - f));
}

// f' = 1 - f^2
static double tanh_tangent_point(double slope)
{
    return atanh(sqrt(1 - slope));
}

// The line through (0, f(0)) with the least largest error over [0, h]: as far below f at the
// tangent point as above it at h. The difference grows with the slope, so bisect.
static double first_slope(const curve *f, double h)
{
    const double start = f->value(0);
    double low = (f->value(h) - start) / h;
    double high = (f->value(h * 1e-3) - start) / (h * 1e-3);
    for (int i = 0; i < 60; i++) {
        const double slope = (low + high) / 2;
        const double t = f->tangent_point(slope);
        const double below = f->value(t) - start - slope * t;
        const double above = start + slope * h - f->value(h);
        if (above > below)
            high = slope;
        else
            low = slope;
    }
    return (low + high) / 2;
}

static void fit(ernn_rt_pwl *pwl, const curve *f, unsigned step_log2, unsigned gate_frac)
{
    const double h = ldexp(1, -(int)step_log2);
    const double one = ldexp(1, (int)gate_frac);
    for (int s = 0; s < ERNN_RT_PWL_SEGMENTS; s++) {
        const double a = s * h;
        double slope = first_slope(f, h);
        double base = f->value(0);
        if (s > 0) {
            slope = (f->value(a + h) - f->value(a)) / h;
            const double t = f->tangent_point(slope);
            base = (f->value(a) + f->value(t) - slope * (t - a)) / 2;
        }
        pwl->base[s] = (int32_t)fmin(floor(base * one + 0.5), one);
        pwl->slope[s] = (int32_t)floor(slope * one + 0.5);
        // Rounding up must not carry the end of a segment past 1.
        if (pwl->base[s] + pwl->slope[s] * h > one)
            pwl->slope[s] = (int32_t)floor((one - pwl->base[s]) / h);
    }
}

void ernn_pwl_sigmoid(ernn_rt_pwl *pwl, unsigned gate_frac)
{
    const curve f = {sigmoid, sigmoid_tangent_point};
    fit(pwl, &f, ERNN_PWL_SIGMOID_STEP, gate_frac);
}

void ernn_pwl_tanh(ernn_rt_pwl *pwl, unsigned gate_frac)
{
    const curve f = {tanh, tanh_tangent_point};
    fit(pwl, &f, ERNN_PWL_TANH_STEP, gate_frac);
}

bool ernn_pwl_is_valid(const ernn_rt_pwl *pwl, unsigned step_log2, unsigned max_x_frac,
                       unsigned gate_frac)
{
    const int32_t one = (int32_t)1 << gate_frac;
    for (int s = 0; s < ERNN_RT_PWL_SEGMENTS; s++) {
        if (pwl->base[s] < 0 || pwl->base[s] > one || pwl->slope[s] < 0 || pwl->slope[s] > one)
            return false;
        for (unsigned x_frac = step_log2; x_frac <= max_x_frac; x_frac++) {
            const int64_t last = ((int64_t)1 << (x_frac - step_log2)) - 1;
            if (pwl->base[s] + ernn_rt_round_shift(pwl->slope[s] * last, x_frac) > one)
                return false;
        }
    }
    return true;
}
