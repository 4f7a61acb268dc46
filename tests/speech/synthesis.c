// Whole corpora: layout, labels against the sound, equal bytes for any number of threads, and
// nothing left behind by failures. Skipped, loudly, without flite or the espeak-ng program.
// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "base/memory.h"
#include "check.h"
#include "ernn/speech.h"
#include "ernn/synthesis.h"
#include "speech/spoken.h"

#include <ftw.h>
#include <unistd.h>

static char folder[] = "/tmp/ernn-test-XXXXXX";

static bool has_program(const char *name)
{
    char command[300];
    snprintf(command, sizeof command, "command -v '%s' >/dev/null 2>&1", name);
    return system(command) == 0;
}

static void need_voices(void)
{
    if (has_program("flite") && has_program(ESPEAK_VOICE))
        return;
    print_message("SKIPPED: flite and ernn-espeak-voice (libespeak-ng-dev) are needed\n");
    skip();
}

static ernn_synthesis_options small(int n_train, int n_test)
{
    ernn_synthesis_options options = ernn_synthesis_defaults();
    options.n_train = n_train;
    options.n_test = n_test;
    options.espeak_program = ESPEAK_VOICE;
    return options;
}

static void path_of(char path[300], const char *name)
{
    snprintf(path, 300, "%s/%s", folder, name);
}

// ---- Layout ----

// What the labels of all utterances say about the sound below them.
typedef struct sound_counts {
    int n_unreleased; // closures that another sound than their own stop follows
    int n_closures;
    int n_quiet_closures; // at least 3 dB below their burst
    double rise_db;       // sum over closures
    int n_vowels;
    int n_loud_vowels; // at least 10 dB above the silence before the utterance
    double early_db;   // sum of the contrast at fricatives' edges, labels moved by -20, 0, 20 ms
    double right_db;
    double late_db;
} sound_counts;

static double power_db(const float *x, int64_t begin, int64_t end)
{
    double sum = 0;
    for (int64_t i = begin; i < end; i++)
        sum += (double)x[i] * x[i];
    return 10 * log10(sum / (double)(end - begin) + 1e-12);
}

// Power of the difference of neighbours, in dB: high frequencies.
static double sharpness_db(const float *x, int64_t begin, int64_t end)
{
    double sum = 0;
    for (int64_t i = begin + 1; i < end; i++)
        sum += ((double)x[i] - x[i - 1]) * ((double)x[i] - x[i - 1]);
    return 10 * log10(sum / (double)(end - begin) + 1e-12);
}

static double edge(const float *x, size_t n, int64_t at, int sign)
{
    const int64_t reach = 320;
    if (at < reach || at + reach > (int64_t)n)
        return 0;
    return sign * (sharpness_db(x, at, at + reach) - power_db(x, at, at + reach) -
                   sharpness_db(x, at - reach, at) + power_db(x, at - reach, at));
}

static bool is_sibilant(const char *label)
{
    return strcmp(label, "s") == 0 || strcmp(label, "sh") == 0 || strcmp(label, "z") == 0;
}

static bool is_vowel(const char *label)
{
    return strchr("aeiou", label[0]) && label[1] != 'l' && label[1] != 'n' && label[1] != 'p';
}

static void listen(const ernn_utterance *utterance, sound_counts *counts)
{
    ernn_error err = {0};
    float *x;
    size_t n;
    check_ok(ernn_audio_load(utterance->audio_path, ERNN_SYNTHESIS_RATE_HZ, &x, &n, &err), err);
    const ernn_segment *s = utterance->segments;
    const double silence_db = power_db(x, s[0].begin, s[0].end);
    for (int i = 1; i < utterance->n_phones; i++) {
        const char *label = ernn_phones_name(ERNN_PHONES_61, s[i].phone);
        const char *before = ernn_phones_name(ERNN_PHONES_61, s[i - 1].phone);
        if (strlen(before) == 3 && strcmp(before + 1, "cl") == 0) {
            const char *closure = ernn_label_closure(label);
            counts->n_unreleased += !closure || strcmp(closure, before) != 0;
            const double rise = sharpness_db(x, s[i].begin, s[i].end) -
                                sharpness_db(x, s[i - 1].begin, s[i - 1].end);
            counts->n_closures++;
            counts->n_quiet_closures += rise > 3;
            counts->rise_db += rise;
        }
        if (is_vowel(label)) {
            counts->n_vowels++;
            counts->n_loud_vowels += power_db(x, s[i].begin, s[i].end) > silence_db + 10;
        }
        if (is_sibilant(label) != is_sibilant(before) && (is_vowel(label) || is_vowel(before))) {
            const int sign = is_sibilant(label) ? 1 : -1;
            counts->early_db += edge(x, n, s[i].begin - 320, sign);
            counts->right_db += edge(x, n, s[i].begin, sign);
            counts->late_db += edge(x, n, s[i].begin + 320, sign);
        }
    }
    ernn_audio_free(x);
}

static void check_labels(const ernn_utterance *utterance)
{
    ernn_error err = {0};
    float *x;
    size_t n;
    check_ok(ernn_audio_load(utterance->audio_path, ERNN_SYNTHESIS_RATE_HZ, &x, &n, &err), err);
    ernn_audio_free(x);
    const ernn_segment *s = utterance->segments;
    const int silence = ernn_phones_find(ERNN_PHONES_61, "h#");
    assert_int_equal(s[0].begin, 0);
    assert_int_equal(s[0].phone, silence);
    assert_int_equal(s[utterance->n_phones - 1].phone, silence);
    assert_int_equal(s[utterance->n_phones - 1].end, n);
    for (int i = 0; i < utterance->n_phones; i++) {
        assert_true(s[i].end > s[i].begin);
        assert_true(i == 0 || s[i].begin == s[i - 1].end);
        assert_true(i == 0 || i == utterance->n_phones - 1 || s[i].phone != silence);
    }
}

static bool is_boundary(const ernn_utterance *utterance, int64_t at)
{
    for (int i = 0; i < utterance->n_phones; i++)
        if (utterance->segments[i].begin == at)
            return true;
    return false;
}

// .WRD: the sentence's words in order, between the two h#, on phone boundaries.
static void check_words(const ernn_utterance *utterance)
{
    ernn_error err = {0};
    char path[300];
    char *text;
    size_t size;
    snprintf(path, sizeof path, "%s", utterance->audio_path);
    memcpy(path + strlen(path) - 3, "WRD", 3);
    check_ok(ernn_file_load(path, 100000, &text, &size, &err), err);
    const char *sentence = utterance->text;
    int64_t last = utterance->segments[0].end;
    char *cursor = NULL;
    for (char *line = strtok_r(text, "\n", &cursor); line; line = strtok_r(NULL, "\n", &cursor)) {
        long long begin;
        long long end;
        char word[50];
        assert_int_equal(sscanf(line, "%lld %lld %49s", &begin, &end, word), 3);
        assert_true(begin >= last && end > begin);
        assert_true(is_boundary(utterance, begin) && is_boundary(utterance, end));
        sentence += strspn(sentence, " ,");
        for (size_t i = 0; i < strlen(word); i++)
            assert_int_equal(word[i] | 32, *sentence++ | 32);
        last = end;
    }
    assert_true(last <= utterance->segments[utterance->n_phones - 1].begin);
    assert_int_equal(strspn(sentence, " ,.?"), strlen(sentence));
    ernn_mem_free(text);
}

static void check_apart(const ernn_corpus *train, const ernn_corpus *test)
{
    for (size_t i = 0; i < train->n_utterances; i++)
        for (size_t j = 0; j < test->n_utterances; j++) {
            assert_string_not_equal(train->utterances[i].speaker, test->utterances[j].speaker);
            assert_string_not_equal(train->utterances[i].text, test->utterances[j].text);
        }
}

static void make_and_check(ernn_voices voices, const char *name, sound_counts *counts)
{
    ernn_error err = {0};
    ernn_synthesis_options options = small(60, 12);
    ernn_synthesis_summary summary;
    ernn_corpus *sets[2];
    char path[300];
    char below[320];
    options.voices = voices;
    options.n_speakers = 22;
    path_of(path, name);
    check_ok(ernn_synthesis_run(path, &options, &summary, &err), err);
    for (int set = 0; set < 2; set++) {
        snprintf(below, sizeof below, "%s/%s", path, set ? "TEST" : "TRAIN");
        check_ok(ernn_corpus_load(below, &sets[set], &err), err);
        assert_int_equal(sets[set]->n_utterances, set ? 12 : 60);
        assert_int_equal(summary.n_utterances[set], set ? 12 : 60);
        int64_t n_phones = 0;
        for (size_t i = 0; i < sets[set]->n_utterances; i++) {
            check_labels(&sets[set]->utterances[i]);
            check_words(&sets[set]->utterances[i]);
            listen(&sets[set]->utterances[i], counts);
            n_phones += sets[set]->utterances[i].n_phones;
        }
        assert_int_equal(summary.n_phones[set], n_phones);
    }
    check_apart(sets[0], sets[1]);
    ernn_corpus_free(sets[0]);
    ernn_corpus_free(sets[1]);
}

// The 80 human utterances of a TIMIT sample give: 97 % quiet closures, 19 dB rise.
static void check_sound(const char *name, const sound_counts *c, double quiet, double rise_db)
{
    print_message("%s: %d closures, %.0f %% quiet, %.1f dB rise; %.1f %% of %d vowels loud; "
                  "contrast %.0f dB, 20 ms early %.0f, 20 ms late %.0f\n",
                  name, c->n_closures, 100.0 * c->n_quiet_closures / c->n_closures,
                  c->rise_db / c->n_closures, 100.0 * c->n_loud_vowels / c->n_vowels, c->n_vowels,
                  c->right_db, c->early_db, c->late_db);
    assert_true(c->n_closures > 200 && c->n_vowels > 500);
    assert_true(c->n_unreleased < 0.05 * c->n_closures);
    assert_true(c->n_quiet_closures > quiet * c->n_closures);
    assert_true(c->rise_db > rise_db * c->n_closures);
    assert_true(c->n_loud_vowels > 0.98 * c->n_vowels);
    assert_true(c->right_db > 1.4 * c->early_db && c->right_db > 1.4 * c->late_db);
}

static void test_flite(void **state)
{
    (void)state;
    need_voices();
    sound_counts counts = {0};
    make_and_check(ERNN_VOICES_FLITE, "flite", &counts);
    check_sound("flite", &counts, 0.7, 8);
}

static void test_espeak(void **state)
{
    (void)state;
    need_voices();
    sound_counts counts = {0};
    make_and_check(ERNN_VOICES_ESPEAK, "espeak", &counts);
    check_sound("espeak-ng", &counts, 0.85, 14);
}

// ---- Equal bytes ----

static bool same_trees(const char *a, const char *b)
{
    char command[700];
    snprintf(command, sizeof command, "diff -r '%s' '%s' >/dev/null", a, b);
    return system(command) == 0;
}

static void test_reproducible(void **state)
{
    (void)state;
    need_voices();
    ernn_error err = {0};
    char one[300];
    char three[300];
    char other[300];
    path_of(one, "one");
    path_of(three, "three");
    path_of(other, "other");
    ernn_synthesis_options options = small(18, 5);
    options.n_threads = 1;
    check_ok(ernn_synthesis_run(one, &options, NULL, &err), err);
    options.n_threads = 3;
    check_ok(ernn_synthesis_run(three, &options, NULL, &err), err);
    options.seed++;
    check_ok(ernn_synthesis_run(other, &options, NULL, &err), err);
    assert_true(same_trees(one, three));
    assert_false(same_trees(one, other));
}

// ---- Failures ----

static int count_entries(void)
{
    char command[320];
    snprintf(command, sizeof command, "test -z \"$(ls -A '%s/fail')\"", folder);
    return system(command);
}

static void refuse(const ernn_synthesis_options *options, ernn_status want, const char *words)
{
    ernn_error err = {0};
    char path[300];
    path_of(path, "fail/corpus");
    assert_int_equal(ernn_synthesis_run(path, options, NULL, &err), want);
    if (!strstr(err.text, words))
        print_error("%s: '%s' is missing\n", err.text, words);
    assert_non_null(strstr(err.text, words));
    assert_int_equal(count_entries(), 0);
}

static bool stop_after_two(void *user, double done, double total, const char *text)
{
    (void)user;
    (void)total;
    (void)text;
    return done < 2;
}

static void test_failures(void **state)
{
    (void)state;
    need_voices();
    ernn_error err = {0};
    char path[300];
    path_of(path, "fail");
    check_ok(ernn_folder_new(path, &err), err);
    ernn_synthesis_options options = small(10, 2);
    options.espeak_program = "/no/such/voice";
    refuse(&options, ERNN_IO, "libespeak-ng-dev");
    options.espeak_program = "false";
    refuse(&options, ERNN_IO, "exit code 1");
    options.espeak_program = "echo";
    refuse(&options, ERNN_BAD_FILE, "has no TIMIT label");
    // Knows how words sound, then fails in the middle of the work.
    char script[320];
    snprintf(script, sizeof script, "%s/halfway", folder);
    static const char TEXT[] =
        "#!/bin/sh\ncase \"$*\" in *--pronounce*) exec " ESPEAK_VOICE " \"$@\";; esac\n"
        "echo no voice today >&2\nexit 4\n";
    check_ok(ernn_file_save(script, TEXT, sizeof TEXT - 1, &err), err);
    char command[350];
    snprintf(command, sizeof command, "chmod +x '%s'", script);
    assert_int_equal(system(command), 0);
    options.espeak_program = script;
    refuse(&options, ERNN_IO, "exit code 4, 0 wanted: no voice today");

    options = small(10, 2);
    options.voices = ERNN_VOICES_FLITE;
    options.progress = stop_after_two;
    refuse(&options, ERNN_STOPPED, "stopped");
    options = small(0, 2);
    refuse(&options, ERNN_BAD_ARG, "training utterances: 0");
    options = small(10, 2);
    options.snr_db = NAN;
    refuse(&options, ERNN_BAD_ARG, "10 to 100");
    options = small(400, 2);
    options.n_speakers = 374;
    refuse(&options, ERNN_BAD_ARG, "374 to train");
}

static void test_existing(void **state)
{
    (void)state;
    need_voices();
    ernn_error err = {0};
    char path[300];
    char keep[320];
    path_of(path, "existing");
    snprintf(keep, sizeof keep, "%s/keep", path);
    check_ok(ernn_folder_new(path, &err), err);
    check_ok(ernn_file_save(keep, "x", 1, &err), err);
    ernn_synthesis_options options = small(3, 1);
    options.voices = ERNN_VOICES_FLITE;
    assert_int_equal(ernn_synthesis_run(path, &options, NULL, &err), ERNN_BAD_ARG);
    assert_non_null(strstr(err.text, "--force"));
    assert_true(ernn_file_exists(keep));
    options.force = true;
    check_ok(ernn_synthesis_run(path, &options, NULL, &err), err);
    assert_false(ernn_file_exists(keep));
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return ernn_folder_remove(folder, NULL) == ERNN_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flite),        cmocka_unit_test(test_espeak),
        cmocka_unit_test(test_reproducible), cmocka_unit_test(test_failures),
        cmocka_unit_test(test_existing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
