// Are two models different on the same utterances? Matched pairs: an exact permutation test of the
// signs, an exact sign test, and a bootstrap interval (docs/math.md, Comparing two models).
// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"
#include "base/rng.h"
#include "ernn/decode.h"

#include <math.h>
#include <stdlib.h>

enum { N_SAMPLES = 10000, MAX_SUM = 1 << 24 };

static int64_t difference(const int64_t *a, const int64_t *b, size_t i)
{
    return a[i] - b[i];
}

// P(|sum of +-d_i| >= |sum of d_i|) over all choices of signs: the distribution of the sum is built
// up utterance by utterance, in steps of the whole numbers that it can be.
static ernn_status permute(const int64_t *a, const int64_t *b, size_t n, int64_t reach, double *p,
                           ernn_error *err)
{
    const size_t width = 2 * (size_t)reach + 1;
    double *now = ernn_mem_new(width, sizeof *now, err);
    double *next = ernn_mem_new(width, sizeof *next, err);
    if (!now || !next) {
        ernn_mem_free(now);
        ernn_mem_free(next);
        return ERNN_NO_MEMORY;
    }
    int64_t sum = 0;
    int64_t reached = 0;
    now[reach] = 1;
    for (size_t i = 0; i < n; i++) {
        const int64_t d = llabs(difference(a, b, i));
        sum += difference(a, b, i);
        if (d == 0)
            continue;
        for (int64_t s = -reached - d; s <= reached + d; s++) {
            const double below = llabs(s - d) <= reached ? now[s - d + reach] : 0;
            const double above = llabs(s + d) <= reached ? now[s + d + reach] : 0;
            next[s + reach] = 0.5 * (below + above);
        }
        reached += d;
        double *swap = now;
        now = next;
        next = swap;
    }
    *p = 0;
    for (int64_t s = -reached; s <= reached; s++)
        if (llabs(s) >= llabs(sum))
            *p += now[s + reach];
    *p = *p < 1 ? *p : 1;
    ernn_mem_free(now);
    ernn_mem_free(next);
    return ERNN_OK;
}

// Two-sided binomial: 2 P(X <= the smaller count), X of n fair coins, at most 1.
static double sign_test(size_t n_better, size_t n_worse)
{
    const size_t n = n_better + n_worse;
    const size_t fewer = n_better < n_worse ? n_better : n_worse;
    double sum = 0;
    for (size_t k = 0; k <= fewer; k++)
        sum += exp(lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1) -
                   (double)n * log(2));
    return 2 * sum < 1 ? 2 * sum : 1;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

// The middle 95 % of the difference in error rate over samples of n utterances with replacement.
static ernn_status bootstrap(const int64_t *a, const int64_t *b, const int64_t *references,
                             size_t n, uint64_t seed, ernn_comparison *c, ernn_error *err)
{
    double *samples = ernn_mem_new(N_SAMPLES, sizeof *samples, err);
    if (!samples)
        return ERNN_NO_MEMORY;
    for (size_t k = 0; k < N_SAMPLES; k++) {
        ernn_rng rng = ernn_rng_new(seed, 0, k);
        int64_t errors = 0;
        int64_t total = 0;
        for (size_t i = 0; i < n; i++) {
            const size_t chosen = (size_t)ernn_rng_below(&rng, n);
            errors += difference(a, b, chosen);
            total += references[chosen];
        }
        samples[k] = total ? 100.0 * (double)errors / (double)total : 0;
    }
    qsort(samples, N_SAMPLES, sizeof *samples, compare_doubles);
    c->low = samples[N_SAMPLES / 40];
    c->high = samples[N_SAMPLES - 1 - N_SAMPLES / 40];
    ernn_mem_free(samples);
    return ERNN_OK;
}

ernn_status ernn_compare(const int64_t *errors_a, const int64_t *errors_b,
                         const int64_t *references, size_t n, uint64_t seed,
                         ernn_comparison *comparison, ernn_error *err)
{
    ernn_comparison c = {0};
    int64_t sum = 0;
    int64_t total = 0;
    int64_t reach = 0;
    for (size_t i = 0; i < n; i++) {
        if (errors_a[i] < 0 || errors_b[i] < 0 || references[i] < 0)
            return ernn_error_set(err, ERNN_BAD_ARG, "comparison: utterance %zu: a negative count",
                                  i);
        const int64_t d = difference(errors_a, errors_b, i);
        sum += d;
        total += references[i];
        reach += llabs(d);
        c.n_better += d < 0;
        c.n_worse += d > 0;
        c.n_equal += d == 0;
        if (reach > MAX_SUM)
            return ernn_error_set(err, ERNN_TOO_BIG,
                                  "comparison: more than %d edits lie between the two", MAX_SUM);
    }
    if (n == 0 || total == 0)
        return ernn_error_set(err, ERNN_BAD_ARG, "comparison: no utterances, or no references");
    c.difference = 100.0 * (double)sum / (double)total;
    c.p_sign = sign_test(c.n_better, c.n_worse);
    ernn_status status = permute(errors_a, errors_b, n, reach, &c.p_permutation, err);
    if (status == ERNN_OK)
        status = bootstrap(errors_a, errors_b, references, n, seed, &c, err);
    if (status == ERNN_OK)
        *comparison = c;
    return status;
}
