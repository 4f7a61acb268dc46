// The steps from synthesiser to TIMIT labels, each against signals and alignments made by hand.
// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"
#include "base/process.h"
#include "check.h"
#include "ernn/speech.h"
#include "speech/recording.h"
#include "speech/sentences.h"
#include "speech/voices.h"

#include <ctype.h>

enum { MS = ERNN_SYNTHESIS_RATE_HZ / 1000 };

static void test_sentences(void **state)
{
    (void)state;
    enum { N = 3000 };
    ernn_error err = {0};
    char **a;
    char **b;
    char **other;
    check_ok(ernn_sentences_new(7, N, &a, &err), err);
    check_ok(ernn_sentences_new(7, N, &b, &err), err);
    check_ok(ernn_sentences_new(8, N, &other, &err), err);
    int n_moved = 0;
    for (int i = 0; i < N; i++) {
        assert_string_equal(a[i], b[i]);
        n_moved += strcmp(a[i], other[i]) != 0;
        assert_true(isupper((unsigned char)a[i][0]));
        assert_non_null(strchr(".?", a[i][strlen(a[i]) - 1]));
        for (const char *c = a[i]; *c; c++)
            assert_true(isalpha((unsigned char)*c) || strchr(" ,.?'", *c));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(a[i], a[j]);
    }
    assert_true(n_moved > N * 9 / 10);
    ernn_sentences_free(a, N);
    ernn_sentences_free(b, N);
    ernn_sentences_free(other, N);
    assert_int_equal(ernn_sentences_new(7, 0, &a, &err), ERNN_BAD_ARG);
    assert_null(a);
}

static void test_labels(void **state)
{
    (void)state;
    const char *labels[2];
    for (int engine = 0; engine < 2; engine++) {
        // Every phone a name of one to three printable characters can be; those known must be
        // TIMIT's, closures not among them.
        int n_known = 0;
        char phone[4] = "";
        for (int code = 0; code < 95 * 95 * 95; code++) {
            phone[0] = (char)(' ' + code / 9025);
            phone[1] = code / 95 % 95 ? (char)(' ' + code / 95 % 95) : 0;
            phone[2] = code % 95 ? (char)(' ' + code % 95) : 0;
            const int n = ernn_labels_find((ernn_engine)engine, phone, labels);
            n_known += n >= 0;
            for (int i = 0; i < n; i++)
                assert_true(ernn_phones_find(ERNN_PHONES_61, labels[i]) >= 0);
        }
        assert_true(n_known >= 40);
        assert_int_equal(ernn_labels_find((ernn_engine)engine, "qqq", labels), -1);
    }
    assert_int_equal(ernn_labels_find(ERNN_ENGINE_ESPEAK, "A@", labels), 2);
    assert_string_equal(labels[0], "aa");
    assert_string_equal(labels[1], "r");
    assert_string_equal(ernn_label_closure("jh"), "dcl");
    assert_null(ernn_label_closure("dh"));
}

// A vowel of 120 Hz and its harmonics, a closure of `hum` times its loudness, a burst of noise, a
// vowel again: cut at 100, 150 and 165 ms of 300.
static void speak_stop(ernn_spoken *spoken, double hum)
{
    ernn_rng rng = ernn_rng_new(1, 2, 3);
    ernn_error err = {0};
    *spoken = (ernn_spoken){.n = 300 * MS};
    spoken->samples = ernn_mem_new(spoken->n, sizeof *spoken->samples, &err);
    for (size_t i = 0; i < spoken->n; i++) {
        const double t = 6.283185307179586 * 120 * (double)i / ERNN_SYNTHESIS_RATE_HZ;
        double x = 0.2 * (sin(t) + 0.7 * sin(6 * t) + 0.3 * sin(18 * t));
        if (i >= 100 * MS && i < 150 * MS)
            x = hum * sin(t);
        else if (i >= 150 * MS && i < 165 * MS)
            x = 0.1 * ernn_rng_normal(&rng);
        spoken->samples[i] = (float)x;
    }
}

static void set_phones(ernn_spoken *spoken, const char *const *labels, const int *begins_ms, int n)
{
    spoken->n_phones = n;
    for (int i = 0; i < n; i++)
        spoken->phones[i] = (ernn_spoken_phone){
            begins_ms[i] * MS, i + 1 < n ? begins_ms[i + 1] * MS : (int64_t)spoken->n, labels[i],
            0};
}

static void check_cut(const ernn_spoken *spoken, const char *closure, const char *burst)
{
    assert_int_equal(spoken->n_phones, 4);
    assert_string_equal(spoken->phones[1].label, closure);
    assert_string_equal(spoken->phones[2].label, burst);
    check_near(spoken->phones[1].begin, 100 * MS, 3 * MS);
    check_near(spoken->phones[2].begin, 150 * MS, 3 * MS);
    check_near(spoken->phones[3].begin, 165 * MS, 3 * MS);
}

static void test_closures(void **state)
{
    (void)state;
    ernn_error err = {0};
    const char *const voiceless[] = {"aa", "t", "iy"};
    const char *const voiced[] = {"aa", "g", "iy"};
    // flite: the segment holds closure and burst. Its vowel may also run on 12 ms too short.
    for (int late = 0; late <= 12; late += 6) {
        ernn_spoken spoken;
        speak_stop(&spoken, 0);
        set_phones(&spoken, voiceless, (int[]){0, 100 - late, 165}, 3);
        check_ok(ernn_spoken_close(&spoken, ERNN_ENGINE_FLITE, &err), err);
        check_ok(ernn_spoken_tidy(&spoken, &err), err);
        check_cut(&spoken, "tcl", "t");
        ernn_mem_free(spoken.samples);
    }
    // espeak-ng: the event is the burst, or the closure when voice goes on.
    for (int is_voiced = 0; is_voiced <= 1; is_voiced++) {
        ernn_spoken spoken;
        speak_stop(&spoken, is_voiced ? 0.04 : 0);
        set_phones(&spoken, is_voiced ? voiced : voiceless, (int[]){0, is_voiced ? 100 : 150, 165},
                   3);
        check_ok(ernn_spoken_close(&spoken, ERNN_ENGINE_ESPEAK, &err), err);
        check_ok(ernn_spoken_tidy(&spoken, &err), err);
        check_cut(&spoken, is_voiced ? "gcl" : "tcl", is_voiced ? "g" : "t");
        ernn_mem_free(spoken.samples);
    }
    // After a pause there is no closure.
    ernn_spoken spoken;
    speak_stop(&spoken, 0);
    set_phones(&spoken, (const char *const[]){"pau", "t", "iy"}, (int[]){0, 150, 165}, 3);
    check_ok(ernn_spoken_close(&spoken, ERNN_ENGINE_ESPEAK, &err), err);
    assert_int_equal(spoken.n_phones, 3);
    ernn_mem_free(spoken.samples);
}

static void test_tidy(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_spoken spoken = {.n = 100, .n_phones = 7};
    const ernn_spoken_phone phones[] = {
        {0, 10, "pau", -1}, {10, 20, "dh", 0}, {20, 40, "s", 0},    {40, 40, "ax", 1},
        {40, 60, "s", 1},   {60, 70, "ih", 1}, {75, 90, "pau", -1},
    };
    memcpy(spoken.phones, phones, sizeof phones);
    check_ok(ernn_spoken_tidy(&spoken, &err), err);
    const int64_t begins[] = {0, 10, 20, 60, 75};
    assert_int_equal(spoken.n_phones, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(spoken.phones[i].begin, begins[i]);
        assert_int_equal(spoken.phones[i].end, i < 4 ? begins[i + 1] : 100);
    }
    // looked_kt: the k has no burst.
    const ernn_spoken_phone stops[] = {{0, 10, "uh", 0},
                                       {10, 20, "kcl", 0},
                                       {20, 20, "k", 0},
                                       {20, 50, "tcl", 0},
                                       {50, 100, "t", 0}};
    memcpy(spoken.phones, stops, sizeof stops);
    spoken.n_phones = 5;
    check_ok(ernn_spoken_tidy(&spoken, &err), err);
    assert_int_equal(spoken.n_phones, 3);
    assert_string_equal(spoken.phones[1].label, "kcl");
    assert_int_equal(spoken.phones[1].end, 50);
    spoken.n_phones = 0;
    assert_int_equal(ernn_spoken_tidy(&spoken, &err), ERNN_BAD_FILE);
}

// "a cat in the hat" with a reduced "a", a flapped and a lost sound and one that nothing expects.
static void test_words(void **state)
{
    (void)state;
    ernn_error err = {0};
    static const ernn_pronunciation A = {1, {"ey"}};
    static const ernn_pronunciation CAT = {3, {"k", "ae", "t"}};
    static const ernn_pronunciation IN = {2, {"ih", "n"}};
    static const ernn_pronunciation THE = {2, {"dh", "iy"}};
    static const ernn_pronunciation HAT = {3, {"hh", "ae", "t"}};
    const ernn_pronunciation *const words[] = {&A, &CAT, &IN, &THE, &HAT};
    const char *const said[] = {"pau", "ax", "k",  "ae", "dx", "ix", "n",
                                "ax",  "hh", "ae", "ix", "t",  "pau"};
    const int want[] = {-1, 0, 1, 1, 1, 2, 2, 3, 4, 4, 4, 4, -1};
    ernn_spoken spoken = {.n_phones = sizeof said / sizeof *said};
    for (int i = 0; i < spoken.n_phones; i++)
        spoken.phones[i].label = said[i];
    check_ok(ernn_spoken_number_words(&spoken, words, 5, &err), err);
    for (int i = 0; i < spoken.n_phones; i++)
        assert_int_equal(spoken.phones[i].word, want[i]);
}

static double power(const ernn_spoken *spoken, int phone)
{
    double sum = 0;
    for (int64_t i = spoken->phones[phone].begin; i < spoken->phones[phone].end; i++)
        sum += (double)spoken->samples[i] * spoken->samples[i];
    return sum / (double)(spoken->phones[phone].end - spoken->phones[phone].begin);
}

// The noise floor is as far down as was asked for.
static void test_recording(void **state)
{
    (void)state;
    ernn_error err = {0};
    for (int seed = 0; seed < 20; seed++) {
        ernn_spoken spoken;
        speak_stop(&spoken, 0.2);
        set_phones(&spoken, (const char *const[]){"pau", "aa", "pau"}, (int[]){0, 20, 290}, 3);
        ernn_rng rng = ernn_rng_new((uint64_t)seed, 5, 6);
        check_ok(ernn_spoken_record(&spoken, 30, &rng, &err), err);
        assert_int_equal(spoken.n_phones, 3);
        assert_int_equal(spoken.phones[1].end - spoken.phones[1].begin, 270 * MS);
        assert_int_equal(spoken.phones[2].end, spoken.n);
        double peak = 0;
        for (size_t i = 0; i < spoken.n; i++)
            peak = fmax(peak, fabs((double)spoken.samples[i]));
        assert_true(peak > 0.2 && peak < 0.75);
        // The first 60 ms of silence hold noise alone: what was cut away held the rest.
        spoken.phones[0].end = 60 * MS;
        const double snr_db = 10 * log10(power(&spoken, 1) / power(&spoken, 0));
        assert_true(snr_db > 28.5 && snr_db < 41.5);
        ernn_mem_free(spoken.samples);
    }
}

static void test_speakers(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_synthesis_options options = ernn_synthesis_defaults();
    for (int voices = 0; voices < 3; voices++) {
        ernn_speaker speakers[400];
        options.voices = (ernn_voices)voices;
        options.n_test_speakers = 20;
        options.n_speakers = ERNN_SPEAKERS_PER_VOICE * ernn_voices_count(options.voices) - 20;
        check_ok(ernn_speakers_fill(&options, speakers, &err), err);
        const int n = options.n_speakers + options.n_test_speakers;
        for (int i = 0; i < n; i++)
            for (int j = 0; j < i; j++) {
                const ernn_speaker *a = &speakers[i];
                const ernn_speaker *b = &speakers[j];
                assert_string_not_equal(a->name, b->name);
                // Even a voice that takes no pitch sounds different.
                assert_true(strcmp(a->voice, b->voice) != 0 || a->rate != b->rate ||
                            a->tract != b->tract);
            }
        options.n_speakers++;
        assert_int_equal(ernn_speakers_fill(&options, speakers, &err), ERNN_BAD_ARG);
    }
}

static void test_process(void **state)
{
    (void)state;
    ernn_error err = {0};
    char *output;
    const char *const echo[] = {"echo", "a b; exit 3 $HOME", NULL};
    check_ok(ernn_process_run(echo, "coreutils", &output, &err), err);
    assert_string_equal(output, "a b; exit 3 $HOME\n");
    ernn_mem_free(output);
    const char *const missing[] = {"no-such-program-of-ours", NULL};
    assert_int_equal(ernn_process_run(missing, "some-package", &output, &err), ERNN_IO);
    assert_null(output);
    assert_non_null(strstr(err.text, "no-such-program-of-ours"));
    assert_non_null(strstr(err.text, "some-package"));
    const char *const failing[] = {"sh", "-c", "echo one >&2; echo the reason >&2; exit 3", NULL};
    assert_int_equal(ernn_process_run(failing, "dash", &output, &err), ERNN_IO);
    assert_non_null(strstr(err.text, "exit code 3"));
    assert_non_null(strstr(err.text, ": the reason"));
    const char *const killed[] = {"sh", "-c", "kill -9 $$", NULL};
    assert_int_equal(ernn_process_run(killed, "dash", &output, &err), ERNN_IO);
    assert_non_null(strstr(err.text, "signal 9"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentences), cmocka_unit_test(test_labels),
        cmocka_unit_test(test_closures),  cmocka_unit_test(test_tidy),
        cmocka_unit_test(test_words),     cmocka_unit_test(test_recording),
        cmocka_unit_test(test_speakers),  cmocka_unit_test(test_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
