// The front end against its definition in double precision (docs/math.md, section "Features"):
// direct DFT, triangles, cosines, regression, normalisation, all written out here once more.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "ernn/speech.h"

#define LOW_HZ 20.0

static double mel(double hz)
{
    return 1127 * log(1 + hz / 700);
}

// log_mel[n_filters] of the window of samples that starts at x[at].
static void direct_log_mel(const ernn_features *f, const float *x, size_t at, int n_fft,
                           double *log_mel)
{
    const int n = f->rate_hz * f->window_ms / 1000;
    const double low = mel(LOW_HZ);
    const double step = (mel(f->rate_hz / 2.0) - low) / (f->n_filters + 1);
    for (int j = 0; j < f->n_filters; j++)
        log_mel[j] = 0;
    for (int bin = 0; bin <= n_fft / 2; bin++) {
        double re = 0;
        double im = 0;
        for (int i = 0; i < n; i++) {
            const double before = at + (size_t)i ? x[at + (size_t)i - 1] : x[0];
            const double e = x[at + (size_t)i] - 0.97 * before;
            const double w = e * (0.54 - 0.46 * cos(2 * M_PI * i / (n - 1)));
            re += w * cos(2 * M_PI * bin * i / n_fft);
            im -= w * sin(2 * M_PI * bin * i / n_fft);
        }
        const double m = mel((double)bin * f->rate_hz / n_fft);
        for (int j = 0; j < f->n_filters; j++) {
            const double weight = 1 - fabs(m - (low + (j + 1) * step)) / step;
            if (weight > 0)
                log_mel[j] += weight * (re * re + im * im);
        }
    }
    for (int j = 0; j < f->n_filters; j++)
        log_mel[j] = log(fmax(log_mel[j], 1e-8));
}

// Cepstra by the sum that defines them, lifter 22.
static void direct_cepstra(const ernn_features *f, const double *log_mel, double *cepstra)
{
    for (int i = 0; i < f->n_cepstra; i++) {
        double sum = 0;
        for (int j = 0; j < f->n_filters; j++)
            sum += log_mel[j] * cos(M_PI * i * (2 * j + 1) / (2.0 * f->n_filters));
        sum *= sqrt((i ? 2.0 : 1.0) / f->n_filters);
        cepstra[i] = sum * (1 + 11 * sin(M_PI * i / 22));
    }
}

// values[n_frames][n] static features of the whole signal.
static double *direct_static(const ernn_features *f, const float *x, size_t n, int n_fft,
                             int *n_frames, int *n_values)
{
    const size_t window = (size_t)(f->rate_hz * f->window_ms / 1000);
    const size_t shift = (size_t)(f->rate_hz * f->shift_ms / 1000);
    const int count = (int)(1 + (n - window) / shift);
    const int width = f->kind == ERNN_FEATURES_MFCC ? f->n_cepstra : f->n_filters;
    double *values = calloc((size_t)(count * width), sizeof *values);
    double log_mel[128];
    for (int t = 0; t < count; t++) {
        direct_log_mel(f, x, (size_t)t * shift, n_fft, log_mel);
        if (f->kind == ERNN_FEATURES_MFCC)
            direct_cepstra(f, log_mel, values + t * width);
        else
            memcpy(values + t * width, log_mel, (size_t)width * sizeof *values);
    }
    *n_frames = count;
    *n_values = width;
    return values;
}

static double at(const double *values, int n_frames, int width, int t, int i)
{
    t = t < 0 ? 0 : t >= n_frames ? n_frames - 1 : t;
    return values[t * width + i];
}

// vectors[n_frames][width * (1 + n_deltas)].
static double *direct_deltas(const double *values, int n_frames, int width, int n_deltas)
{
    const int dims = width * (1 + n_deltas);
    double *vectors = calloc((size_t)(n_frames * dims), sizeof *vectors);
    double *order = malloc((size_t)(n_frames * width) * sizeof *order);
    double *next = malloc((size_t)(n_frames * width) * sizeof *next);
    memcpy(order, values, (size_t)(n_frames * width) * sizeof *order);
    for (int o = 0; o <= n_deltas; o++) {
        for (int t = 0; t < n_frames; t++)
            for (int i = 0; i < width; i++) {
                vectors[t * dims + o * width + i] = order[t * width + i];
                next[t * width + i] = 0;
                for (int r = 1; r <= 2; r++)
                    next[t * width + i] += r *
                                           (at(order, n_frames, width, t + r, i) -
                                            at(order, n_frames, width, t - r, i)) /
                                           10;
            }
        memcpy(order, next, (size_t)(n_frames * width) * sizeof *order);
    }
    free(order);
    free(next);
    return vectors;
}

static float *new_noise(size_t n, uint64_t seed)
{
    ernn_rng rng = ernn_rng_new(seed, 0, 0);
    float *x = malloc(n * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(0.1 * ernn_rng_normal(&rng) + 0.3 * sin(0.05 * (double)i) + 0.1);
    return x;
}

static float *run(const ernn_features *f, const ernn_feature_statistics *statistics, const float *x,
                  size_t n, size_t *n_frames)
{
    ernn_error err = {0};
    ernn_frontend *frontend;
    float *frames;
    check_ok(ernn_frontend_new(f, statistics, &frontend, &err), err);
    check_ok(ernn_frontend_run(frontend, x, n, &frames, n_frames, &err), err);
    ernn_frontend_free(frontend);
    return frames;
}

// Raw features of one setting against the definition; `n_fft` is what the definition wants.
static void check_raw(ernn_features f, int n_fft)
{
    const size_t n = (size_t)f.rate_hz * 17 / 100 + 37;
    float *x = new_noise(n, 3);
    int count;
    int width;
    f.normalisation = ERNN_NORMALISE_GLOBAL;
    double *values = direct_static(&f, x, n, n_fft, &count, &width);
    double *want = direct_deltas(values, count, width, f.n_deltas);
    size_t n_frames;
    float *got = run(&f, NULL, x, n, &n_frames);
    assert_int_equal(n_frames, count / f.n_stacked);
    const size_t total = n_frames * (size_t)ernn_features_width(&f);
    assert_int_equal(ernn_features_width(&f), width * (1 + f.n_deltas) * f.n_stacked);
    for (size_t i = 0; i < total; i++)
        check_near(got[i], want[i], 2e-4);
    check_db(got, want, total, 95);
    ernn_audio_free(got);
    free(values);
    free(want);
    free(x);
}

static void test_definition(void **state)
{
    (void)state;
    ernn_features f = ernn_features_defaults();
    check_raw(f, 512);
    f.n_stacked = 3;
    f.n_deltas = 1;
    check_raw(f, 512);
    f.kind = ERNN_FEATURES_MFCC;
    f.n_deltas = 2;
    f.n_stacked = 1;
    check_raw(f, 512);
    f.n_filters = 26;
    f.n_cepstra = 26;
    check_raw(f, 512);
    // 8 kHz and a short window; filters so narrow that the FFT must grow: first half-base 10.5 Hz.
    f = ernn_features_defaults();
    f.rate_hz = 8000;
    f.window_ms = 10;
    f.shift_ms = 5;
    f.n_filters = 128;
    check_raw(f, 1024);
}

static void test_sine_peak(void **state)
{
    (void)state;
    ernn_features f = ernn_features_defaults();
    f.normalisation = ERNN_NORMALISE_GLOBAL;
    f.n_stacked = 1;
    const double low = mel(LOW_HZ);
    const double step = (mel(8000) - low) / 41;
    for (int j = 2; j < 40; j += 3) {
        const double hz = 700 * (exp((low + (j + 1) * step) / 1127) - 1);
        float x[3200];
        for (int i = 0; i < 3200; i++)
            x[i] = (float)(0.5 * sin(2 * M_PI * hz * i / 16000));
        size_t n_frames;
        float *got = run(&f, NULL, x, 3200, &n_frames);
        assert_int_equal(n_frames, 18);
        for (size_t t = 1; t < n_frames; t++) {
            int best = 0;
            for (int i = 1; i < 40; i++)
                if (got[t * 40 + (size_t)i] > got[t * 40 + (size_t)best])
                    best = i;
            assert_int_equal(best, j);
        }
        ernn_audio_free(got);
    }
}

// Random statistics of the right width.
static ernn_feature_statistics random_statistics(const ernn_features *f)
{
    ernn_rng rng = ernn_rng_new(9, 0, 0);
    ernn_feature_statistics s = {.n = ernn_features_width(f) / f->n_stacked};
    for (int i = 0; i < s.n; i++) {
        s.mean[i] = (float)(3 * ernn_rng_normal(&rng));
        s.variance[i] = (float)(0.5 + 4 * ernn_rng_uniform(&rng));
    }
    return s;
}

// Chunks of any size give the bits of the whole, for every setting, and so does a used front end.
static void test_chunked(void **state)
{
    (void)state;
    ernn_error err = {0};
    for (int setting = 0; setting < 12; setting++) {
        ernn_features f = ernn_features_defaults();
        f.kind = setting % 2 ? ERNN_FEATURES_MFCC : ERNN_FEATURES_LOG_MEL;
        f.n_deltas = setting % 3;
        f.n_stacked = 1 + setting % 4;
        f.normalisation = setting % 5 ? ERNN_NORMALISE_RUNNING : ERNN_NORMALISE_GLOBAL;
        const ernn_feature_statistics s = random_statistics(&f);
        const size_t width = (size_t)ernn_features_width(&f);
        const size_t n = 20011;
        const size_t chunks[] = {1, 7, 160, 1601, n};
        float *x = new_noise(n, 4 + (uint64_t)setting);
        size_t n_whole;
        float *whole = run(&f, &s, x, n, &n_whole);
        assert_int_equal(n_whole, (1 + (n - 400) / 160) / (size_t)f.n_stacked);
        ernn_frontend *frontend;
        check_ok(ernn_frontend_new(&f, &s, &frontend, &err), err);
        float *got = malloc((n_whole + 8) * width * sizeof *got);
        for (size_t c = 0; c < 5; c++) {
            size_t n_got = 0;
            int taken;
            for (size_t begin = 0; begin < n; begin += chunks[c]) {
                const size_t more = n - begin < chunks[c] ? n - begin : chunks[c];
                taken = ernn_frontend_push(frontend, x + begin, more, got + n_got * width, 3);
                for (n_got += (size_t)taken; taken == 3; n_got += (size_t)taken)
                    taken = ernn_frontend_push(frontend, NULL, 0, got + n_got * width, 3);
            }
            // Without deltas nothing waits for the end.
            if (f.n_deltas == 0)
                assert_int_equal(n_got, n_whole);
            do {
                taken = ernn_frontend_flush(frontend, got + n_got * width, 1);
                n_got += (size_t)taken;
            } while (taken == 1);
            assert_int_equal(n_got, n_whole);
            assert_memory_equal(got, whole, n_whole * width * sizeof *got);
            ernn_frontend_reset(frontend);
        }
        ernn_frontend_free(frontend);
        ernn_audio_free(whole);
        free(got);
        free(x);
    }
}

// Two interleaved streams equal two separate runs.
static void test_interleaved(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_features f = ernn_features_defaults();
    const size_t width = (size_t)ernn_features_width(&f);
    float *x[2] = {new_noise(16000, 20), new_noise(16000, 21)};
    ernn_frontend *streams[2];
    float *got[2];
    size_t n_got[2] = {0, 0};
    for (int s = 0; s < 2; s++) {
        check_ok(ernn_frontend_new(&f, NULL, &streams[s], &err), err);
        got[s] = malloc(60 * width * sizeof(float));
    }
    for (size_t begin = 0; begin < 16000; begin += 500)
        for (int s = 0; s < 2; s++)
            n_got[s] += (size_t)ernn_frontend_push(streams[s], x[s] + begin, 500,
                                                   got[s] + n_got[s] * width, 60 - (int)n_got[s]);
    for (int s = 0; s < 2; s++) {
        size_t n;
        float *want = run(&f, NULL, x[s], 16000, &n);
        assert_int_equal(n_got[s], n);
        assert_memory_equal(got[s], want, n * width * sizeof(float));
        ernn_audio_free(want);
        ernn_frontend_free(streams[s]);
        free(got[s]);
        free(x[s]);
    }
}

static void test_normalisation(void **state)
{
    (void)state;
    ernn_features f = ernn_features_defaults();
    f.n_stacked = 1;
    f.normalisation = ERNN_NORMALISE_GLOBAL;
    const ernn_feature_statistics s = random_statistics(&f);
    const size_t n = 24000;
    float *x = new_noise(n, 6);
    size_t count;
    float *raw = run(&f, NULL, x, n, &count);
    float *global = run(&f, &s, x, n, &count);
    f.normalisation = ERNN_NORMALISE_RUNNING;
    float *running = run(&f, &s, x, n, &count);
    f.normalisation = ERNN_NORMALISE_UTTERANCE;
    float *utterance = run(&f, &s, x, n, &count);
    for (int i = 0; i < 40; i++) {
        double sum = 300.0 * s.mean[i];
        double square = 300.0 * (s.variance[i] + (double)s.mean[i] * s.mean[i]);
        double mean_whole = 0;
        double variance_whole = 0;
        for (size_t t = 0; t < count; t++) {
            const double v = raw[t * 40 + (size_t)i];
            sum += v;
            square += v * v;
            const double mean = sum / (301.0 + (double)t);
            const double variance = square / (301.0 + (double)t) - mean * mean;
            check_near(running[t * 40 + (size_t)i], (v - mean) / sqrt(variance), 1e-5);
            check_near(global[t * 40 + (size_t)i], (v - s.mean[i]) / sqrt(s.variance[i]), 1e-5);
            mean_whole += utterance[t * 40 + (size_t)i];
            variance_whole += (double)utterance[t * 40 + (size_t)i] * utterance[t * 40 + (size_t)i];
        }
        check_near(mean_whole / (double)count, 0, 1e-5);
        check_near(variance_whole / (double)count, 1, 1e-5);
    }
    ernn_audio_free(raw);
    ernn_audio_free(global);
    ernn_audio_free(running);
    ernn_audio_free(utterance);
    free(x);
}

static void test_edges(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_features f = ernn_features_defaults();
    float x[4000] = {0};
    size_t n_frames;
    // Digital silence and audio shorter than a window, than a stack.
    const size_t lengths[] = {0, 1, 399, 400, 559, 560, 4000};
    const size_t wanted[] = {0, 0, 0, 0, 0, 1, 11};
    for (size_t i = 0; i < 7; i++) {
        float *got = run(&f, NULL, x, lengths[i], &n_frames);
        assert_int_equal(n_frames, wanted[i]);
        for (size_t j = 0; j < n_frames * 80; j++)
            assert_true(isfinite(got[j]));
        ernn_audio_free(got);
    }
    // One frame with both deltas: they are zero.
    f.n_deltas = 2;
    f.n_stacked = 1;
    f.normalisation = ERNN_NORMALISE_GLOBAL;
    float *got = run(&f, NULL, x, 400, &n_frames);
    assert_int_equal(n_frames, 1);
    for (int j = 40; j < 120; j++)
        check_near(got[j], 0, 0);
    ernn_audio_free(got);
    // Utterance statistics cannot stream.
    f.normalisation = ERNN_NORMALISE_UTTERANCE;
    ernn_frontend *frontend;
    check_ok(ernn_frontend_new(&f, NULL, &frontend, &err), err);
    float frame[120];
    assert_int_equal(ernn_frontend_push(frontend, x, 4000, frame, 1), -1);
    ernn_frontend_free(frontend);
}

static void test_refused(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_frontend *frontend;
    ernn_features f = ernn_features_defaults();
    f.n_filters = 129;
    assert_int_equal(ernn_frontend_new(&f, NULL, &frontend, &err), ERNN_BAD_ARG);
    assert_non_null(strstr(err.text, "n_filters is 129, 8 to 128"));
    f = ernn_features_defaults();
    f.window_ms = 10;
    f.shift_ms = 11;
    assert_int_equal(ernn_features_validate(&f, &err), ERNN_BAD_ARG);
    f = ernn_features_defaults();
    ernn_feature_statistics s = random_statistics(&f);
    s.n = 39;
    assert_int_equal(ernn_frontend_new(&f, &s, &frontend, &err), ERNN_BAD_ARG);
    assert_non_null(strstr(err.text, "39 dimensions, the features have 40"));
    s.n = 40;
    s.variance[7] = NAN;
    assert_int_equal(ernn_frontend_new(&f, &s, &frontend, &err), ERNN_BAD_ARG);
    assert_non_null(strstr(err.text, "dimension 7"));
    check_near(ernn_features_frames_per_second(&f), 50, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definition),    cmocka_unit_test(test_sine_peak),
        cmocka_unit_test(test_chunked),       cmocka_unit_test(test_interleaved),
        cmocka_unit_test(test_normalisation), cmocka_unit_test(test_edges),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
