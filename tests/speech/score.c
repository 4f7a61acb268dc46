// Phone sets, greedy decoding and scoring: known cases, and brute force over every alignment.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "ernn/speech.h"

// Lee and Hon's folding 61 -> 39 as published, written as groups of what differs.
static const char *const FOLDED[][2] = {
    {"ao", "aa"},   {"ax", "ah"},   {"ax-h", "ah"}, {"axr", "er"},  {"hv", "hh"},   {"ix", "ih"},
    {"ux", "uw"},   {"el", "l"},    {"em", "m"},    {"en", "n"},    {"nx", "n"},    {"eng", "ng"},
    {"zh", "sh"},   {"pcl", "sil"}, {"tcl", "sil"}, {"kcl", "sil"}, {"bcl", "sil"}, {"dcl", "sil"},
    {"gcl", "sil"}, {"h#", "sil"},  {"pau", "sil"}, {"epi", "sil"},
};
enum { N_FOLDED = sizeof FOLDED / sizeof *FOLDED };

static void test_folding(void **state)
{
    (void)state;
    const ernn_phone_set sets[] = {ERNN_PHONES_61, ERNN_PHONES_48, ERNN_PHONES_39};
    const int counts[] = {61, 48, 39};
    for (int s = 0; s < 3; s++) {
        assert_int_equal(ernn_phones_count(sets[s]), counts[s]);
        for (int p = 0; p < counts[s]; p++)
            assert_int_equal(ernn_phones_find(sets[s], ernn_phones_name(sets[s], p)), p);
        assert_null(ernn_phones_name(sets[s], counts[s]));
        assert_null(ernn_phones_name(sets[s], -1));
    }
    bool is_hit[39] = {false};
    bool is_hit_48[48] = {false};
    for (int p = 0; p < 61; p++) {
        const char *name = ernn_phones_name(ERNN_PHONES_61, p);
        const char *want = name;
        for (int i = 0; i < N_FOLDED; i++)
            if (!strcmp(FOLDED[i][0], name))
                want = FOLDED[i][1];
        const int got = ernn_phones_fold(ERNN_PHONES_61, p, ERNN_PHONES_39);
        const int got_48 = ernn_phones_fold(ERNN_PHONES_61, p, ERNN_PHONES_48);
        assert_int_equal(ernn_phones_fold(ERNN_PHONES_61, p, ERNN_PHONES_61), p);
        if (!strcmp(name, "q")) {
            assert_int_equal(got, -1);
            assert_int_equal(got_48, -1);
            continue;
        }
        assert_string_equal(ernn_phones_name(ERNN_PHONES_39, got), want);
        assert_int_equal(ernn_phones_fold(ERNN_PHONES_48, got_48, ERNN_PHONES_39), got);
        is_hit[got] = true;
        is_hit_48[got_48] = true;
    }
    for (int p = 0; p < 39; p++)
        assert_true(is_hit[p]);
    for (int p = 0; p < 48; p++)
        assert_true(is_hit_48[p]);
    assert_int_equal(ernn_phones_fold(ERNN_PHONES_39, 3, ERNN_PHONES_61), -1);
    assert_int_equal(ernn_phones_fold(ERNN_PHONES_61, 61, ERNN_PHONES_39), -1);
    assert_int_equal(ernn_phones_find(ERNN_PHONES_39, "zh"), -1);
}

// Labels of a blank-separated text.
static int parse(ernn_phone_set set, const char *text, int *labels)
{
    char copy[512];
    int n = 0;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *name = strtok(copy, " "); name; name = strtok(NULL, " ")) {
        labels[n] = ernn_phones_find(set, name);
        assert_true(labels[n] >= 0);
        n++;
    }
    return n;
}

static void check_score(ernn_phone_set set, const char *reference, const char *hypothesis,
                        ernn_silence silence, int s, int d, int i, int n)
{
    int r[128];
    int h[128];
    ernn_error err = {0};
    ernn_score score = {1, 2, 3, 4}; // counts are added
    const int n_r = parse(set, reference, r);
    const int n_h = parse(set, hypothesis, h);
    check_ok(ernn_score_add(&score, set, r, n_r, h, n_h, silence, &err), err);
    if (score.substitutions != 1 + s || score.deletions != 2 + d || score.insertions != 3 + i ||
        score.references != 4 + n) {
        print_error("'%s' / '%s': S %d D %d I %d N %d\n", reference, hypothesis,
                    (int)score.substitutions - 1, (int)score.deletions - 2,
                    (int)score.insertions - 3, (int)score.references - 4);
        fail();
    }
}

static void test_known(void **state)
{
    (void)state;
    const ernn_phone_set set = ERNN_PHONES_39;
    const ernn_silence scored = ERNN_SILENCE_SCORED;
    const ernn_silence optional = ERNN_SILENCE_OPTIONAL;
    const ernn_silence removed = ERNN_SILENCE_REMOVED;
    check_score(set, "aa b ch", "aa b ch", scored, 0, 0, 0, 3);
    check_score(set, "aa b ch", "aa d ch", scored, 1, 0, 0, 3);
    check_score(set, "aa b ch", "aa ch", scored, 0, 1, 0, 3);
    check_score(set, "aa b ch", "aa b b ch", scored, 0, 0, 1, 3);
    check_score(set, "aa b ch d", "b ch d f", scored, 0, 1, 1, 4);
    check_score(set, "aa b", "", scored, 0, 2, 0, 2);
    check_score(set, "", "aa b", scored, 0, 0, 2, 0);
    // Repeats of phones stay, repeats of silence are one.
    check_score(set, "sil sil aa sil", "sil aa sil sil sil", scored, 0, 0, 0, 3);
    check_score(set, "sil aa sil", "aa", scored, 0, 2, 0, 3);
    check_score(set, "sil aa sil b", "aa b", optional, 0, 0, 0, 4);
    check_score(set, "aa b", "sil aa sil b sil", optional, 0, 0, 0, 2);
    check_score(set, "sil aa b", "d b", optional, 1, 0, 0, 3);
    check_score(set, "aa sil b", "aa d b", optional, 0, 0, 1, 3);
    check_score(set, "aa d b", "aa sil b", optional, 0, 1, 0, 3);
    check_score(set, "aa d b", "aa sil b", scored, 1, 0, 0, 3);
    check_score(set, "sil aa b", "aa sil b", removed, 0, 0, 0, 2);
    // The flap is t only where silence is removed.
    check_score(set, "aa t", "aa dx", removed, 0, 0, 0, 2);
    check_score(set, "aa t", "aa dx", scored, 1, 0, 0, 2);
    // 61 labels: folding, the glottal stop deleted, closures are silence.
    check_score(ERNN_PHONES_61, "h# q aa tcl t h#", "h# ao kcl t pau", scored, 0, 0, 0, 5);
    check_score(ERNN_PHONES_61, "h# pcl p ax-h q", "q q p ah", optional, 0, 0, 0, 3);
    check_score(ERNN_PHONES_61, "zh ux", "sh uw", removed, 0, 0, 0, 2);
}

// Fewest edits by trying everything: the definition, exponential.
static int brute_force(const int *r, int n_r, const int *h, int n_h, int free_phone)
{
    if (n_r == 0 && n_h == 0)
        return 0;
    int best = 1000;
    if (n_r > 0) {
        const int cost = brute_force(r + 1, n_r - 1, h, n_h, free_phone) + (r[0] != free_phone);
        best = cost < best ? cost : best;
    }
    if (n_h > 0) {
        const int cost = brute_force(r, n_r, h + 1, n_h - 1, free_phone) + (h[0] != free_phone);
        best = cost < best ? cost : best;
    }
    if (n_r > 0 && n_h > 0) {
        const int cost = brute_force(r + 1, n_r - 1, h + 1, n_h - 1, free_phone) + (r[0] != h[0]);
        best = cost < best ? cost : best;
    }
    return best;
}

static int collapse(int *labels, int n, int phone)
{
    int count = 0;
    for (int i = 0; i < n; i++)
        if (labels[i] != phone || count == 0 || labels[count - 1] != phone)
            labels[count++] = labels[i];
    return count;
}

static void test_brute_force(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_rng rng = ernn_rng_new(5, 0, 0);
    const int sil = ernn_phones_find(ERNN_PHONES_39, "sil");
    const int alphabet[4] = {0, 1, 2, sil};
    for (int trial = 0; trial < 3000; trial++) {
        int r[7];
        int h[7];
        int n_r = (int)ernn_rng_below(&rng, 7);
        int n_h = (int)ernn_rng_below(&rng, 7);
        for (int i = 0; i < 7; i++) {
            r[i] = alphabet[ernn_rng_below(&rng, 4)];
            h[i] = alphabet[ernn_rng_below(&rng, 4)];
        }
        ernn_score scored = {0};
        ernn_score optional = {0};
        check_ok(ernn_score_add(&scored, ERNN_PHONES_39, r, n_r, h, n_h, ERNN_SILENCE_SCORED, &err),
                 err);
        check_ok(
            ernn_score_add(&optional, ERNN_PHONES_39, r, n_r, h, n_h, ERNN_SILENCE_OPTIONAL, &err),
            err);
        n_r = collapse(r, n_r, sil);
        n_h = collapse(h, n_h, sil);
        assert_int_equal(scored.substitutions + scored.deletions + scored.insertions,
                         brute_force(r, n_r, h, n_h, -1));
        assert_int_equal(optional.substitutions + optional.deletions + optional.insertions,
                         brute_force(r, n_r, h, n_h, sil));
        assert_int_equal(scored.references, n_r);
        // Any alignment explains the difference in length.
        assert_int_equal(scored.insertions - scored.deletions, n_h - n_r);
    }
}

// Counts add up over utterances; the rate is of the sums.
static void test_accumulation(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_score score = {0};
    assert_true(isnan(ernn_score_per(&score)));
    const int one[] = {1};
    const int ten[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    check_ok(ernn_score_add(&score, ERNN_PHONES_39, one, 1, ten, 0, ERNN_SILENCE_SCORED, &err),
             err);
    check_ok(ernn_score_add(&score, ERNN_PHONES_39, ten, 10, ten, 10, ERNN_SILENCE_SCORED, &err),
             err);
    check_near(ernn_score_per(&score), 100.0 / 11, 1e-12);
    const int bad[] = {39};
    const ernn_score before = score;
    assert_int_equal(
        ernn_score_add(&score, ERNN_PHONES_39, ten, 3, bad, 1, ERNN_SILENCE_SCORED, &err),
        ERNN_BAD_ARG);
    assert_non_null(strstr(err.text, "hypothesis 0: label 39, 0 to 38"));
    assert_memory_equal(&before, &score, sizeof score);
}

static void test_decode_known(void **state)
{
    (void)state;
    // blank 1 1 blank 1 2 2 2 blank blank
    const int path[] = {0, 1, 1, 0, 1, 2, 2, 2, 0, 0};
    float logits[10][3] = {{0}};
    for (int t = 0; t < 10; t++)
        logits[t][path[t]] = 2 + 0.1f * (float)t;
    ernn_hypothesis got[10];
    assert_int_equal(ernn_decode_greedy(&logits[0][0], 10, 3, got, 10), 3);
    const int want[3][3] = {{1, 1, 2}, {1, 4, 4}, {2, 5, 7}};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(got[i].phone, want[i][0]);
        assert_int_equal(got[i].first_frame, want[i][1]);
        assert_int_equal(got[i].last_frame, want[i][2]);
        double posterior = 0;
        for (int t = want[i][1]; t <= want[i][2]; t++)
            posterior += 1 / (1 + 2 * exp(-(2 + 0.1 * t)));
        check_near(got[i].posterior, posterior / (want[i][2] - want[i][1] + 1), 1e-6);
    }
    assert_int_equal(ernn_decode_greedy(&logits[0][0], 10, 3, got, 2), 2);
    assert_int_equal(ernn_decode_greedy(&logits[0][0], 0, 3, got, 2), 0);
}

static void test_decode_stream(void **state)
{
    (void)state;
    enum { T = 200, L = 7 };
    static float logits[T][L];
    ernn_rng rng = ernn_rng_new(8, 0, 0);
    check_random(&rng, &logits[0][0], T * L, 2);
    for (int t = 1; t < T; t += 3) // some labels last
        memcpy(logits[t], logits[t - 1], sizeof logits[t]);
    ernn_hypothesis whole[T];
    const int n = ernn_decode_greedy(&logits[0][0], T, L, whole, T);
    // By definition: merge repeats, drop blanks.
    int labels[T];
    int n_labels = 0;
    int last = 0;
    for (int t = 0; t < T; t++) {
        int best = 0;
        for (int i = 1; i < L; i++)
            best = logits[t][i] > logits[t][best] ? i : best;
        if (best != last && best != 0)
            labels[n_labels++] = best;
        last = best;
    }
    assert_int_equal(n, n_labels);
    ernn_greedy greedy = {0};
    int count = 0;
    for (int t = 0; t <= T; t++) {
        ernn_hypothesis done;
        if (!ernn_greedy_step(&greedy, t < T ? logits[t] : NULL, L, &done))
            continue;
        assert_int_equal(done.phone, labels[count]);
        assert_memory_equal(&done, &whole[count], sizeof done);
        count++;
    }
    assert_int_equal(count, n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folding),      cmocka_unit_test(test_known),
        cmocka_unit_test(test_brute_force),  cmocka_unit_test(test_accumulation),
        cmocka_unit_test(test_decode_known), cmocka_unit_test(test_decode_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
