// Comparison of two models against enumeration, and the confusion table against the score.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "ernn/decode.h"

// Share of all 2^n choices of signs whose sum is at least as far from 0.
static double enumerate_signs(const int64_t *a, const int64_t *b, int n)
{
    int64_t seen = 0;
    int64_t n_far = 0;
    for (int i = 0; i < n; i++)
        seen += a[i] - b[i];
    for (int signs = 0; signs < 1 << n; signs++) {
        int64_t sum = 0;
        for (int i = 0; i < n; i++)
            sum += signs >> i & 1 ? a[i] - b[i] : b[i] - a[i];
        n_far += llabs(sum) >= llabs(seen);
    }
    return (double)n_far / (1 << n);
}

// The same over the signs of one coin for each utterance that differs.
static double enumerate_coins(size_t n_better, size_t n_worse)
{
    const int n = (int)(n_better + n_worse);
    const int seen = abs((int)n_better - (int)n_worse);
    int n_far = 0;
    for (int signs = 0; signs < 1 << n; signs++) {
        int sum = 0;
        for (int i = 0; i < n; i++)
            sum += signs >> i & 1 ? 1 : -1;
        n_far += abs(sum) >= seen;
    }
    return (double)n_far / (1 << n);
}

static void test_compare(void **state)
{
    (void)state;
    ernn_error err = {0};
    for (uint64_t seed = 0; seed < 100; seed++) {
        ernn_rng rng = ernn_rng_new(seed, 0, 0);
        const int n = 1 + (int)ernn_rng_below(&rng, 10);
        int64_t a[10];
        int64_t b[10];
        int64_t references[10];
        int64_t sum = 0;
        int64_t total = 0;
        for (int i = 0; i < n; i++) {
            a[i] = (int64_t)ernn_rng_below(&rng, 6);
            b[i] = (int64_t)ernn_rng_below(&rng, 4);
            references[i] = 5 + (int64_t)ernn_rng_below(&rng, 20);
            sum += a[i] - b[i];
            total += references[i];
        }
        ernn_comparison c;
        check_ok(ernn_compare(a, b, references, (size_t)n, seed, &c, &err), err);
        check_near(c.difference, 100.0 * (double)sum / (double)total, 1e-12);
        check_near(c.p_permutation, enumerate_signs(a, b, n), 1e-12);
        check_near(c.p_sign, enumerate_coins(c.n_better, c.n_worse), 1e-9);
        assert_int_equal(c.n_better + c.n_worse + c.n_equal, n);
        assert_true(c.low <= c.high);
        // Exchanged, everything is the other way round; the seed alone decides the samples.
        ernn_comparison d;
        check_ok(ernn_compare(b, a, references, (size_t)n, seed, &d, &err), err);
        check_near(d.difference, -c.difference, 1e-12);
        check_near(d.p_permutation, c.p_permutation, 1e-12);
        assert_int_equal(d.n_better, c.n_worse);
        check_near(d.low, -c.high, 1e-12);
    }
}

// With equal references the bootstrap's interval is close to the normal one of a mean.
static void test_interval(void **state)
{
    (void)state;
    enum { N = 400 };
    ernn_error err = {0};
    ernn_rng rng = ernn_rng_new(9, 0, 0);
    int64_t a[N];
    int64_t b[N];
    int64_t references[N];
    double sum = 0;
    double square = 0;
    for (int i = 0; i < N; i++) {
        a[i] = (int64_t)ernn_rng_below(&rng, 7);
        b[i] = (int64_t)ernn_rng_below(&rng, 6);
        references[i] = 10;
        const double d = (double)(a[i] - b[i]);
        sum += d;
        square += d * d;
    }
    const double mean = sum / N;
    const double error = sqrt((square / N - mean * mean) / N);
    ernn_comparison c;
    check_ok(ernn_compare(a, b, references, N, 1, &c, &err), err);
    check_near(c.difference, 10 * mean, 1e-9);
    check_near(c.low, 10 * (mean - 1.96 * error), 0.1 * 10 * 1.96 * error);
    check_near(c.high, 10 * (mean + 1.96 * error), 0.1 * 10 * 1.96 * error);
    // and the permutation test to the normal one
    check_near(c.p_permutation, erfc(fabs(sum) / sqrt(2 * square)), 0.02);
    check_ok(ernn_compare(a, a, references, N, 1, &c, &err), err);
    check_near(c.p_permutation, 1, 0);
    check_near(c.p_sign, 1, 0);
    check_near(c.low, 0, 0);
    assert_int_equal(ernn_compare(a, b, references, 0, 1, &c, &err), ERNN_BAD_ARG);
    a[0] = INT64_C(1) << 40;
    assert_int_equal(ernn_compare(a, b, references, N, 1, &c, &err), ERNN_TOO_BIG);
    a[0] = -1;
    assert_int_equal(ernn_compare(a, b, references, N, 1, &c, &err), ERNN_BAD_ARG);
}

static void test_confusion(void **state)
{
    (void)state;
    ernn_error err = {0};
    const int sil = ernn_phones_find(ERNN_PHONES_39, "sil");
    for (uint64_t seed = 0; seed < 300; seed++) {
        ernn_rng rng = ernn_rng_new(seed, 1, 0);
        int r[12];
        int h[12];
        const int n = (int)ernn_rng_below(&rng, 13);
        const int m = (int)ernn_rng_below(&rng, 13);
        for (int i = 0; i < 12; i++) {
            r[i] = ernn_rng_below(&rng, 3) ? (int)ernn_rng_below(&rng, 4) : sil;
            h[i] = ernn_rng_below(&rng, 3) ? (int)ernn_rng_below(&rng, 4) : sil;
        }
        for (int silence = 0; silence < 3; silence++) {
            ernn_score score = {0};
            ernn_confusion confusion = {0};
            check_ok(
                ernn_score_add(&score, ERNN_PHONES_39, r, n, h, m, (ernn_silence)silence, &err),
                err);
            check_ok(ernn_confusion_add(&confusion, ERNN_PHONES_39, r, n, h, m,
                                        (ernn_silence)silence, &err),
                     err);
            ernn_score sum = {0};
            int64_t right = 0;
            for (int i = 0; i < 39; i++) {
                for (int j = 0; j < 39; j++)
                    *(i == j ? &right : &sum.substitutions) += confusion.counts[i][j];
                sum.deletions += confusion.counts[i][39];
                sum.insertions += confusion.counts[39][i];
            }
            assert_int_equal(sum.substitutions, score.substitutions);
            assert_int_equal(sum.deletions, score.deletions);
            assert_int_equal(sum.insertions, score.insertions);
            assert_int_equal(confusion.counts[39][39], 0);
            if (silence != ERNN_SILENCE_OPTIONAL) // there silence may vanish without an edit
                assert_int_equal(right + sum.substitutions + sum.deletions, score.references);
        }
    }
}

// Words by numbers of any size: kitten, sitting.
static void test_symbols(void **state)
{
    (void)state;
    ernn_error err = {0};
    const int r[] = {1000, 1, 2, 2, 3, 4};
    const int h[] = {5000, 1, 2, 2, 1, 4, 6};
    ernn_score score = {0};
    check_ok(ernn_score_symbols(&score, r, 6, h, 7, &err), err);
    assert_int_equal(score.substitutions, 2);
    assert_int_equal(score.insertions, 1);
    assert_int_equal(score.deletions, 0);
    assert_int_equal(score.references, 6);
    // A word outside the vocabulary is -1 and never right.
    const int unknown[] = {-1};
    check_ok(ernn_score_symbols(&score, unknown, 1, r, 0, &err), err);
    assert_int_equal(score.deletions, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_interval),
        cmocka_unit_test(test_confusion),
        cmocka_unit_test(test_symbols),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
