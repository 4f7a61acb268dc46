// Audio files: containers, channels, resampling, and every way in which a file can lie.
// SPDX-License-Identifier: Apache-2.0
#include "files.h"

#define SPHERE_HEADER                                                                              \
    "NIST_1A\n   1024\nchannel_count -i 1\nsample_count -i %d\nsample_rate -i 16000\n"             \
    "sample_n_bytes -i 2\nsample_byte_format -s2 01\nsample_sig_bits -i 16\nend_head\n"

static void test_wav(void **state)
{
    (void)state;
    ernn_error err = {0};
    char *folder = new_folder();
    const size_t n = 5001;
    float *stereo = malloc(2 * n * sizeof *stereo);
    ernn_rng rng = ernn_rng_new(1, 0, 0);
    for (size_t i = 0; i < 2 * n; i++)
        stereo[i] = (float)(2 * ernn_rng_uniform(&rng) - 1);
    write_wav(in(folder, "a.wav"), stereo, n, 2, 16000, 0);
    float *got;
    size_t n_got;
    check_ok(ernn_audio_load(in(folder, "a.wav"), 16000, &got, &n_got, &err), err);
    assert_int_equal(n_got, n);
    for (size_t i = 0; i < n; i++)
        check_near(got[i], (stereo[2 * i] + stereo[2 * i + 1]) / 2, 5e-5);
    ernn_audio_free(got);
    free(stereo);
    drop_folder(folder);
}

// The frequency with the largest direct DFT magnitude on a 1 Hz grid, and its amplitude.
static double peak_hz(const float *x, size_t n, int rate_hz, double *amplitude)
{
    double best = 0;
    double best_hz = 0;
    for (int hz = 50; hz < rate_hz / 2; hz += 1) {
        double re = 0;
        double im = 0;
        for (size_t i = 0; i < n; i++) {
            re += x[i] * cos(2 * M_PI * hz * (double)i / rate_hz);
            im += x[i] * sin(2 * M_PI * hz * (double)i / rate_hz);
        }
        const double magnitude = 2 * sqrt(re * re + im * im) / (double)n;
        if (magnitude > best) {
            best = magnitude;
            best_hz = hz;
        }
    }
    *amplitude = best;
    return best_hz;
}

static void test_resampling(void **state)
{
    (void)state;
    ernn_error err = {0};
    char *folder = new_folder();
    const int rates[] = {8000, 11025, 22050, 44100, 48000};
    for (size_t r = 0; r < 5; r++) {
        const size_t n = (size_t)rates[r] / 5;
        float *sine = new_sine(n, 1000, rates[r], 0.5);
        write_wav(in(folder, "a.wav"), sine, n, 1, rates[r], 0);
        float *got;
        size_t n_got;
        check_ok(ernn_audio_load(in(folder, "a.wav"), 16000, &got, &n_got, &err), err);
        check_near(n_got, 3200, 2);
        double amplitude;
        check_near(peak_hz(got + 400, 1600, 16000, &amplitude), 1000, 2);
        check_near(amplitude, 0.5, 0.005);
        // No delay: the same phase as at the file's rate.
        for (size_t i = 400; i < 1600; i++)
            check_near(got[i], 0.5 * sin(2 * M_PI * 1000 * (double)i / 16000), 0.002);
        ernn_audio_free(got);
        free(sine);
    }
    drop_folder(folder);
}

static void test_sphere(void **state)
{
    (void)state;
    ernn_error err = {0};
    char *folder = new_folder();
    char header[1024];
    const size_t n = 3000;
    float *sine = new_sine(n, 440, 16000, 0.7);
    float *got;
    size_t n_got;
    snprintf(header, sizeof header, SPHERE_HEADER, (int)n);
    write_sphere(in(folder, "a.wav"), header, sine, n);
    check_ok(ernn_audio_load(in(folder, "a.wav"), 16000, &got, &n_got, &err), err);
    assert_int_equal(n_got, n);
    for (size_t i = 0; i < n; i++)
        check_near(got[i], sine[i], 5e-5);
    ernn_audio_free(got);
    free(sine);
    drop_folder(folder);
}

static void refuse(const char *path, ernn_status want, const char *part)
{
    ernn_error err = {0};
    float *got = (float *)1;
    size_t n = 1;
    const ernn_status status = ernn_audio_load(path, 16000, &got, &n, &err);
    check_fails(status, want, &err, part);
    assert_null(got);
}

static void test_bad_wav(void **state)
{
    (void)state;
    char *folder = new_folder();
    float *sine = new_sine(1000, 440, 16000, 0.7);
    write_wav(in(folder, "cut.wav"), sine, 1000, 1, 16000, 1);
    refuse(in(folder, "cut.wav"), ERNN_BAD_FILE, "promises 2000 bytes, 1999 follow");
    write_wav(in(folder, "cut.wav"), sine, 1000, 1, 16000, 2005);
    refuse(in(folder, "cut.wav"), ERNN_BAD_FILE, "no RIFF data chunk");
    write_wav(in(folder, "empty.wav"), sine, 0, 1, 16000, 0);
    refuse(in(folder, "empty.wav"), ERNN_BAD_FILE, "empty");
    write_text(in(folder, "zero.wav"), "");
    refuse(in(folder, "zero.wav"), ERNN_BAD_FILE, "empty");
    write_text(in(folder, "text.wav"), "this is no audio at all, only some text in a file\n");
    refuse(in(folder, "text.wav"), ERNN_BAD_FILE, "not audio");
    refuse(in(folder, "none.wav"), ERNN_IO, "cannot open");
    refuse(folder, ERNN_IO, "not a regular file");
    ernn_error err = {0};
    float *got;
    size_t n;
    const ernn_status status = ernn_audio_load(in(folder, "cut.wav"), 7, &got, &n, &err);
    check_fails(status, ERNN_BAD_ARG, &err, "7 Hz");
    free(sine);
    drop_folder(folder);
}

static void test_bad_sphere(void **state)
{
    (void)state;
    static const char *const HEADERS[][2] = {
        {"NIST_1A\n   1024\nchannel_count -i 1\nsample_rate -i 16000\nsample_n_bytes -i 2\n"
         "end_head\n",
         "field sample_count is missing"},
        {"NIST_1A\n   1024\nchannel_count -i 1\nsample_count -i 10\nsample_rate -i 16000\n",
         "no end_head"},
        {"NIST_1A\n   abcd\nchannel_count -i 1\nend_head\n", "line 2 is '   abcd'"},
        {"NIST_1A\n999999\nchannel_count -i 1\nend_head\n", "line 2 is '999999'"},
        {"NIST_1A\n  60000\nchannel_count -i 1\nend_head\n", "60000 bytes promised"},
        {"NIST_1A\n   1024\nchannel_count -i 0\nsample_count -i 10\nsample_rate -i 16000\n"
         "sample_n_bytes -i 2\nend_head\n",
         "channel_count is '0', 1 to 64 allowed"},
        {"NIST_1A\n   1024\nchannel_count -i 1\nsample_count -i 101\nsample_rate -i 16000\n"
         "sample_n_bytes -i 2\nend_head\n",
         "promises 202 bytes of samples, 200 follow"},
        {"NIST_1A\n   1024\nchannel_count -i 1\nsample_count -i 100\nsample_rate -i 16000\n"
         "sample_n_bytes -i 2\nsample_coding -s26 pcm,embedded-shorten-v2.00\nend_head\n",
         "sph2pipe"},
    };
    char *folder = new_folder();
    float *sine = new_sine(100, 440, 16000, 0.7);
    for (size_t i = 0; i < sizeof HEADERS / sizeof *HEADERS; i++) {
        write_sphere(in(folder, "a.wav"), HEADERS[i][0], sine, 100);
        refuse(in(folder, "a.wav"), ERNN_BAD_FILE, HEADERS[i][1]);
    }
    free(sine);
    drop_folder(folder);
}

// A FLAC file cut in the middle decodes up to the cut only, which must not pass.
static void test_real(void **state)
{
    (void)state;
    need_speech();
    ernn_error err = {0};
    char *folder = new_folder();
    char *data;
    size_t size;
    size_t n;
    float *got;
    const char *flac = SPEECH_FOLDER "/an4/wav/an396-miry-b.flac";
    check_ok(ernn_file_load(flac, 1 << 24, &data, &size, &err), err);
    write_file(in(folder, "cut.flac"), data, size / 2);
    refuse(in(folder, "cut.flac"), ERNN_BAD_FILE, "cut.flac");
    ernn_mem_free(data);
    check_ok(ernn_audio_load(SPEECH_FOLDER "/timit-sample/TRAIN/DR1/FVMH0/SI836.WAV", 16000, &got,
                             &n, &err),
             err);
    assert_int_equal(n, 68813); // as its SPHERE header says
    ernn_audio_free(got);
    size_t n_slow;
    check_ok(ernn_audio_load(SPEECH_FOLDER "/fsdd/wav/0_george_0.flac", 8000, &got, &n_slow, &err),
             err);
    ernn_audio_free(got);
    check_ok(ernn_audio_load(SPEECH_FOLDER "/fsdd/wav/0_george_0.flac", 16000, &got, &n, &err),
             err);
    check_near(n, 2.0 * (double)n_slow, 1);
    ernn_audio_free(got);
    drop_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wav),        cmocka_unit_test(test_resampling),
        cmocka_unit_test(test_sphere),     cmocka_unit_test(test_bad_wav),
        cmocka_unit_test(test_bad_sphere), cmocka_unit_test(test_real),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
