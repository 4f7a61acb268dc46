// TIMIT's published parts on a tree that has its shape (630 speakers, 10 sentences each, one tiny
// recording linked everywhere) and on trees with every fault planted. SPDX-License-Identifier:
// Apache-2.0
#include "files.h"

enum { N_TRAIN = 462, N_TEST = 168, N_FEW = 37, N_MORE = 111 };

// Each folder of the tree twice: as it is sold, and in lower case one folder further down.
typedef struct layout {
    const char *train;
    const char *test;
    bool is_upper;
} layout;

static const layout LAYOUTS[] = {{"TRAIN", "TEST", true}, {"timit/train", "timit/test", false}};

static void link_file(const char *from, const char *to)
{
    if (link(from, to) != 0) {
        print_error("link %s %s\n", from, to);
        fail();
    }
}

// labels of one utterance: n that count and one q.
static void write_labels(const char *path, int n)
{
    char text[2048] = "0 10 h#\n10 20 q\n";
    for (int i = 1; i < n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%d %d %s\n", 10 + 10 * i,
                 20 + 10 * i, i % 2 ? "tcl" : "pau");
    write_text(path, text);
}

// half/DRn/speaker with SA1, SA2 and eight more. `n_more`: how many have one label more.
static void make_speaker(const char *root, const char *half, int region, const char *speaker,
                         bool is_upper, int n_more)
{
    static const char *const SENTENCES[] = {"SA1", "SA2", "SI1", "SI2", "SI3",
                                            "SX1", "SX2", "SX3", "SX4", "SX5"};
    char path[600];
    char name[700];
    ernn_error err = {0};
    snprintf(path, sizeof path, "%s/%s/%s%d/%s", root, half, is_upper ? "DR" : "dr", region,
             speaker);
    for (char *c = path + strlen(path) - strlen(speaker); is_upper && *c; c++)
        *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
    check_ok(ernn_folder_new(path, &err), err);
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "%s/%s.%s", path, SENTENCES[i], is_upper ? "WAV" : "wav");
        link_file(in(root, "one.wav"), name);
        snprintf(name, sizeof name, "%s/%s.%s", path, SENTENCES[i], is_upper ? "PHN" : "phn");
        link_file(in(root, i - 2 < n_more && i >= 2 ? "more.phn" : "few.phn"), name);
    }
}

static char *new_tree(const layout *shape, int n_train)
{
    char *root = new_folder();
    float *sine = new_sine(500, 300, 16000, 0.5);
    write_wav(in(root, "one.wav"), sine, 500, 1, 16000, 0);
    free(sine);
    write_labels(in(root, "few.phn"), N_FEW);
    write_labels(in(root, "more.phn"), N_FEW + 1);
    char speaker[16];
    for (int i = 0; i < n_train; i++) {
        snprintf(speaker, sizeof speaker, "mt%c%c%d", 'a' + i / 10 % 26, 'a' + i / 260, i % 10);
        make_speaker(root, shape->train, 1 + i % 8, speaker, shape->is_upper, 0);
    }
    int n = 0;
    // 192 * 37 + 111 = 7215: 13 speakers with 8 longer sentences, one with 7.
    for (const char *const *s = ernn_timit_speakers(ERNN_TIMIT_CORE_TEST); *s; s++, n++)
        make_speaker(root, shape->test, 1 + n / 3, *s, shape->is_upper,
                     n < 13   ? 8
                     : n < 14 ? N_MORE - 13 * 8
                              : 0);
    for (const char *const *s = ernn_timit_speakers(ERNN_TIMIT_DEV); *s; s++, n++)
        make_speaker(root, shape->test, 1 + n % 8, *s, shape->is_upper, 0);
    for (; n < N_TEST; n++) {
        snprintf(speaker, sizeof speaker, "fo%c%c%d", 'a' + n / 10, 'a', n % 10);
        make_speaker(root, shape->test, 1 + n % 8, speaker, shape->is_upper, 0);
    }
    return root;
}

static void test_lists(void **state)
{
    (void)state;
    static const int COUNTS[] = {0, 50, 24};
    const char *const *core = ernn_timit_speakers(ERNN_TIMIT_CORE_TEST);
    const char *const *dev = ernn_timit_speakers(ERNN_TIMIT_DEV);
    assert_null(ernn_timit_speakers(ERNN_TIMIT_TRAIN));
    for (int part = 1; part < 3; part++) {
        const char *const *list = part == 1 ? dev : core;
        int n = 0;
        for (; list[n]; n++) {
            assert_int_equal(strlen(list[n]), 5);
            assert_true(list[n][0] == 'f' || list[n][0] == 'm');
            for (int i = 0; i < n; i++)
                assert_string_not_equal(list[i], list[n]);
        }
        assert_int_equal(n, COUNTS[part]);
    }
    int n_women = 0;
    for (int i = 0; core[i]; i++) {
        n_women += core[i][0] == 'f';
        for (int j = 0; dev[j]; j++)
            assert_string_not_equal(core[i], dev[j]);
    }
    assert_int_equal(n_women, 8);
}

static void test_parts(void **state)
{
    (void)state;
    static const size_t SENTENCES[] = {3696, 400, 192};
    for (size_t i = 0; i < sizeof LAYOUTS / sizeof *LAYOUTS; i++) {
        ernn_error err = {0};
        char *root = new_tree(&LAYOUTS[i], i == 0 ? N_TRAIN : 1);
        for (int part = i == 0 ? 0 : 1; part < 3; part++) {
            ernn_corpus *corpus;
            check_ok(ernn_timit_load(root, (ernn_timit_part)part, &corpus, &err), err);
            assert_int_equal(corpus->n_utterances, SENTENCES[part]);
            assert_true(corpus->has_silence);
            check_ok(ernn_timit_check(corpus, (ernn_timit_part)part, &err), err);
            for (size_t u = 0; u < corpus->n_utterances; u++)
                assert_null(strstr(corpus->utterances[u].id, "-sa"));
            check_fails(ernn_timit_check(corpus, (ernn_timit_part)((part + 1) % 3), &err),
                        ERNN_BAD_FILE, &err, part == 2 ? "462" : "is missing");
            ernn_corpus_free(corpus);
        }
        drop_folder(root);
    }
}

static void refuse_core(const char *root, const char *part)
{
    ernn_error err = {0};
    ernn_corpus *corpus;
    check_ok(ernn_timit_load(root, ERNN_TIMIT_CORE_TEST, &corpus, &err), err);
    check_fails(ernn_timit_check(corpus, ERNN_TIMIT_CORE_TEST, &err), ERNN_BAD_FILE, &err, part);
    ernn_corpus_free(corpus);
}

static void test_faults(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_corpus *corpus = NULL;
    char *root = new_tree(&LAYOUTS[0], 0);
    // One label too many: the files are links, so the first is replaced.
    unlink(in(root, "TEST/DR8/FMLD0/SX1.PHN"));
    link_file(in(root, "more.phn"), in(root, "TEST/DR8/FMLD0/SX1.PHN"));
    refuse_core(root, "7216 reference phones");
    unlink(in(root, "TEST/DR8/FMLD0/SX2.WAV"));
    refuse_core(root, "24 speakers with 191 sentences");
    check_ok(ernn_folder_remove(in(root, "TEST/DR8/FMLD0"), &err), err);
    refuse_core(root, "speaker fmld0 is missing");
    check_fails(ernn_timit_load(in(root, "TEST"), ERNN_TIMIT_TRAIN, &corpus, &err), ERNN_BAD_FILE,
                &err, "no folder TRAIN");
    assert_null(corpus);
    check_fails(ernn_timit_load(in(root, "none"), ERNN_TIMIT_DEV, &corpus, &err), ERNN_IO, &err,
                "no such folder");
    drop_folder(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
