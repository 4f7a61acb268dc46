// Changed audio: speed against a tone of the other pitch, noise against noise that the test adds,
// utterances that cannot be read. SPDX-License-Identifier: Apache-2.0
#include "files.h"

#include <math.h>

enum { RATE = 16000, SECONDS = 2, N = RATE * SECONDS };

// A WAV file of a tone of `hz` with an amplitude of 0.25, plus noise of `deviation`.
static void put_tone(const char *path, double hz, double deviation, int n)
{
    static unsigned char bytes[44 + 2 * N];
    static const unsigned char head[44] = "RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0"
                                          "\x7d\0\0\x02\0\x10\0data";
    ernn_rng rng = ernn_rng_new(99, 0, 0);
    memcpy(bytes, head, sizeof head);
    for (int i = 0; i < 4; i++) {
        bytes[4 + i] = (unsigned char)((36 + 2 * n) >> (8 * i));
        bytes[40 + i] = (unsigned char)((2 * n) >> (8 * i));
    }
    for (int i = 0; i < n; i++) {
        const double value =
            0.25 * sin(2 * M_PI * hz * i / RATE) + deviation * ernn_rng_normal(&rng);
        const int sample = (int)lround(32767 * fmax(-1, fmin(1, value)));
        bytes[44 + 2 * i] = (unsigned char)(sample & 255);
        bytes[45 + 2 * i] = (unsigned char)((sample >> 8) & 255);
    }
    write_file(path, bytes, 44 + 2 * (size_t)n);
}

// A TIMIT tree with the utterances SX1 ...; `hz[n]` their tones, 0 = no audio but text.
static ernn_corpus *new_corpus(char *folder, const double *hz, int n, double deviation)
{
    ernn_error err = {0};
    ernn_corpus *corpus;
    char name[64];
    for (int i = 0; i < n; i++) {
        snprintf(name, sizeof name, "DR1/FABC0/SX%d.WAV", i + 1);
        if (hz[i] > 0)
            put_tone(in(folder, name), hz[i], deviation, N);
        else
            write_text(in(folder, name), "not audio");
        snprintf(name, sizeof name, "DR1/FABC0/SX%d.PHN", i + 1);
        write_text(in(folder, name), "0 8000 h#\n8000 20000 aa\n20000 32000 h#\n");
    }
    check_ok(ernn_corpus_load_lenient(folder, &corpus, &err), err);
    return corpus;
}

static ernn_sequences *load(const ernn_corpus *corpus, const ernn_sequence_options *options)
{
    ernn_error err = {0};
    ernn_features f = ernn_features_defaults();
    f.normalisation = ERNN_NORMALISE_GLOBAL; // raw
    ernn_sequences *made;
    check_ok(ernn_sequences_load(corpus, &f, NULL, false, ERNN_PHONES_39, options, &made, &err),
             err);
    return made;
}

// 1000 Hz at the speed 1.25 is 1250 Hz for a fifth less time, and the labels move along.
static void test_speed(void **state)
{
    (void)state;
    char *folder = new_folder();
    static const double tones[] = {1000, 1250};
    ernn_corpus *corpus = new_corpus(folder, tones, 2, 0);
    ernn_sequence_options options = ernn_sequence_defaults();
    options.speed = 1.25;
    ernn_sequences *fast = load(corpus, &options);
    ernn_sequences *plain = load(corpus, NULL);
    assert_int_equal(fast->n, 2);
    const double length = N / 1.25;
    assert_true(abs(fast->n_frames[0] - (1 + ((int)length - 400) / 160) / 2) <= 1);
    const int loudest = 40; // filters of one frame
    for (int t = 5; t < fast->n_frames[0] - 5; t++) {
        const float *a = fast->frames[0] + (size_t)t * (size_t)fast->width;
        const float *b = plain->frames[1] + (size_t)t * (size_t)plain->width;
        for (int i = 0; i < loudest; i++)
            if (b[i] > -5) // what stands out of the rounding of 16-bit files
                check_near(a[i], b[i], 0.05);
        const int middle = 320 * t + 280;
        const int phone = fast->alignment[0][t];
        const int silence = ernn_phones_find(ERNN_PHONES_39, "sil");
        assert_int_equal(phone == silence, middle * 1.25 < 8000 || middle * 1.25 >= 20000);
    }
    ernn_sequences_free(fast);
    ernn_sequences_free(plain);
    ernn_corpus_free(corpus);
    drop_folder(folder);
}

static double mean_of(const ernn_sequences *s, int i, int filter)
{
    double sum = 0;
    for (int t = 0; t < s->n_frames[i]; t++)
        sum += s->frames[i][t * s->width + filter];
    return sum / s->n_frames[i];
}

// 10 dB below a tone of amplitude 0.25: deviation 0.25 / sqrt(2) / sqrt(10). The filters far from
// the tone see the noise alone; noise from a file is the truth.
static void test_noise(void **state)
{
    (void)state;
    char *folder = new_folder();
    char *noisy = new_folder();
    static const double tones[] = {700, 700};
    ernn_corpus *corpus = new_corpus(folder, tones, 2, 0);
    ernn_corpus *truth = new_corpus(noisy, tones, 2, 0.25 / sqrt(2) / sqrt(10));
    ernn_sequence_options options = ernn_sequence_defaults();
    options.has_noise = true;
    options.snr_low = options.snr_high = 10;
    ernn_sequences *made = load(corpus, &options);
    ernn_sequences *again = load(corpus, &options);
    ernn_sequences *want = load(truth, NULL);
    double difference = 0;
    for (int filter = 25; filter < 40; filter++) {
        difference += (mean_of(made, 0, filter) - mean_of(want, 0, filter)) / 15;
        check_near(mean_of(made, 0, filter), mean_of(want, 0, filter), 0.2);
    }
    check_near(difference, 0, 0.03);
    const size_t bytes = (size_t)(made->n_frames[0] * made->width) * sizeof(float);
    assert_memory_equal(made->frames[0], again->frames[0], bytes);
    assert_memory_not_equal(made->frames[0], made->frames[1], bytes); // each utterance its own
    options.seed = 1;
    ernn_sequences *other = load(corpus, &options);
    assert_memory_not_equal(made->frames[0], other->frames[0], bytes);
    ernn_sequences_free(made);
    ernn_sequences_free(again);
    ernn_sequences_free(other);
    ernn_sequences_free(want);
    ernn_corpus_free(corpus);
    ernn_corpus_free(truth);
    drop_folder(folder);
    drop_folder(noisy);
}

static void test_skip_bad(void **state)
{
    (void)state;
    ernn_error err = {0};
    char *folder = new_folder();
    static const double tones[] = {400, 0, 900, 0, 1500};
    ernn_corpus *corpus = new_corpus(folder, tones, 5, 0);
    ernn_features f = ernn_features_defaults();
    ernn_sequences *s;
    ernn_feature_statistics statistics;
    assert_int_equal(ernn_sequences_new(corpus, &f, NULL, false, ERNN_PHONES_39, &s, &err),
                     ERNN_BAD_FILE);
    assert_non_null(strstr(err.text, "SX2.WAV"));
    ernn_sequence_options options = ernn_sequence_defaults();
    options.skip_bad = true;
    check_ok(ernn_sequences_load(corpus, &f, &statistics, true, ERNN_PHONES_39, &options, &s, &err),
             err);
    assert_int_equal(s->n, 3);
    assert_int_equal(s->n_bad, 2);
    assert_non_null(strstr(s->first_bad, "SX2.WAV"));
    static const char *const ids[] = {"dr1-fabc0-sx1", "dr1-fabc0-sx3", "dr1-fabc0-sx5"};
    for (int i = 0; i < 3; i++) {
        assert_string_equal(s->ids[i], ids[i]);
        assert_int_equal(s->n_frames[i], (1 + (N - 400) / 160) / 2);
        assert_int_equal(s->n_phones[i], 3);
        assert_non_null(s->alignment[i]);
    }
    for (int d = 0; d < statistics.n; d++)
        assert_true(isfinite(statistics.mean[d]) && isfinite(statistics.variance[d]));
    ernn_sequences_free(s);
    options.speed = 3;
    assert_int_equal(
        ernn_sequences_load(corpus, &f, NULL, false, ERNN_PHONES_39, &options, &s, &err),
        ERNN_BAD_ARG);
    assert_non_null(strstr(err.text, "0.5 to 2"));
    ernn_corpus_free(corpus);
    drop_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_speed),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_skip_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
