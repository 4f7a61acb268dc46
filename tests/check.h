// Test helpers over cmocka: closeness in absolute, relative and dB terms, random arrays, folders.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_TESTS_CHECK_H
#define ERNN_TESTS_CHECK_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "ernn/status.h"

// |value - want| <= tolerance, or fail with both numbers.
#define check_near(value, want, tolerance)                                                         \
    check_near_at((double)(value), (double)(want), (double)(tolerance), #value, __FILE__, __LINE__)

static inline void check_near_at(double value, double want, double tolerance, const char *what,
                                 const char *file, int line)
{
    if (fabs(value - want) <= tolerance)
        return;
    print_error("%s is %.12g, want %.12g within %.3g\n", what, value, want, tolerance);
    _fail(file, line);
}

// Error energy of got against want at least `db` below the energy of want.
#define check_db(got, want, n, db) check_db_at(got, want, n, db, #got, __FILE__, __LINE__)

static inline void check_db_at(const float *got, const double *want, size_t n, double db,
                               const char *what, const char *file, int line)
{
    double error = 0;
    double energy = 0;
    for (size_t i = 0; i < n; i++) {
        error += (got[i] - want[i]) * (got[i] - want[i]);
        energy += want[i] * want[i];
    }
    double measured = 10 * log10(energy / (error + 1e-300));
    if (energy > 0 && measured >= db)
        return;
    print_error("%s: %.1f dB, at least %.1f wanted\n", what, measured, db);
    _fail(file, line);
}

// ERNN_OK, or fail printing the error line.
#define check_ok(call, err)                                                                        \
    do {                                                                                           \
        if ((call) != ERNN_OK) {                                                                   \
            print_error("%s: %s\n", #call, (err).text);                                            \
            _fail(__FILE__, __LINE__);                                                             \
        }                                                                                          \
    } while (0)

static inline void check_random(ernn_rng *rng, float *values, size_t n, double spread)
{
    for (size_t i = 0; i < n; i++)
        values[i] = (float)(spread * ernn_rng_normal(rng));
}

#endif
