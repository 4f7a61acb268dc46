// What a batch must not change: a batch equals the sum of its utterances one by one, wherever they
// stand and whatever the others' lengths, noise and dropout included; runs repeat bit for bit, in
// parallel too; logits agree with double precision over long utterances and wide layers.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "num/denormal.h"
#include "nn/net_layer.h"
#include "reference.h"

enum { N = 5, MAX_FRAMES = 220, N_INPUTS = 13, N_LABELS = 9 };

static const char *const networks[] = {
    "lstm:33p17,20+peephole",      "gru:31,18",
    "gru:31,18+reset_before",      "lstm:33p17,20+peephole+clip0.4+bidirectional",
    "gru:31,18+bidirectional_sum",
};
enum { N_NETWORKS = sizeof networks / sizeof *networks };

typedef struct fixture {
    ernn_model *model;
    ernn_weights *weights;
    ernn_net *net;
    size_t n_floats;
    float frames[N][MAX_FRAMES * N_INPUTS];
    int labels[N][MAX_FRAMES];
    const float *frame_rows[N];
    const int *label_rows[N];
    int n_frames[N];
    int n_labels[N];
    uint64_t seeds[N];
    ernn_batch batch;
} fixture;

static fixture *fixture_new(const char *network, const char *blocks, double spread)
{
    static const int lengths[N] = {60, 97, 1, 220, 97};
    ernn_error err = {0};
    const ernn_features features = {0};
    ernn_spec spec = ernn_spec_defaults();
    fixture *f = calloc(1, sizeof *f);
    spec.n_inputs = N_INPUTS;
    spec.n_labels = N_LABELS;
    check_ok(ernn_spec_parse(&spec, network, &err), err);
    check_ok(ernn_spec_parse_blocks(&spec, blocks, &err), err);
    check_ok(ernn_model_new(&spec, &features, (ernn_phone_set)0, 1, &f->model, &err), err);
    reference_randomize(f->model, 3, spread);
    check_ok(ernn_weights_new(f->model, &f->weights, &err), err);
    check_ok(ernn_net_new(f->weights, N, MAX_FRAMES, 1, &f->net, &err), err);
    f->n_floats = ernn_weights_count(f->weights);
    ernn_rng rng = ernn_rng_new(8, 0, 0);
    for (int i = 0; i < N; i++) {
        check_random(&rng, f->frames[i], MAX_FRAMES * N_INPUTS, 1);
        f->frame_rows[i] = f->frames[i];
        f->label_rows[i] = f->labels[i];
        f->n_frames[i] = lengths[i];
        f->n_labels[i] = lengths[i] / 3;
        f->seeds[i] = ernn_rng_bits(&rng);
        for (int t = 0; t < MAX_FRAMES; t++)
            f->labels[i][t] = 1 + (int)ernn_rng_below(&rng, N_LABELS - 1);
    }
    f->batch = (ernn_batch){.n = N,
                            .frames = f->frame_rows,
                            .n_frames = f->n_frames,
                            .labels = f->label_rows,
                            .n_labels = f->n_labels,
                            .target = ERNN_TARGET_CTC,
                            .noise = 0.2,
                            .dropout = 0.3,
                            .masks = {2, 8, 1, 3, 1},
                            .seeds = f->seeds};
    return f;
}

static void fixture_free(fixture *f)
{
    ernn_net_free(f->net);
    ernn_weights_free(f->weights);
    ernn_model_free(f->model);
    free(f);
}

// The batch of utterance i alone.
static ernn_batch alone(const fixture *f, int i)
{
    ernn_batch one = f->batch;
    one.n = 1;
    one.frames += i;
    one.n_frames += i;
    one.labels += i;
    one.n_labels += i;
    one.seeds += i;
    return one;
}

static double run(fixture *f, const ernn_batch *batch, float *gradient, int *n_skipped)
{
    ernn_net_forward(f->net, f->weights, batch);
    return ernn_net_backward(f->net, f->weights, batch, gradient, n_skipped);
}

static void test_batch_is_sum(void **state)
{
    (void)state;
    for (int k = 0; k < N_NETWORKS; k++) {
        fixture *f = fixture_new(networks[k], k % 2 ? "output=4" : "1", 0.3);
        float *whole = calloc(f->n_floats, sizeof *whole);
        double *sum = calloc(f->n_floats, sizeof *sum);
        float *logits = calloc((size_t)N * MAX_FRAMES * N_LABELS, sizeof *logits);
        int n_skipped;
        const double loss = run(f, &f->batch, whole, &n_skipped);
        assert_int_equal(n_skipped, 0);
        size_t stride;
        for (int i = 0; i < N; i++)
            memcpy(logits + i * MAX_FRAMES * N_LABELS, ernn_net_logits(f->net, i, &stride),
                   (size_t)f->n_frames[i] * N_LABELS * sizeof *logits);
        assert_int_equal(stride, N_LABELS);
        double losses = 0;
        for (int i = 0; i < N; i++) {
            const ernn_batch one = alone(f, i);
            float *part = calloc(f->n_floats, sizeof *part);
            losses += run(f, &one, part, &n_skipped);
            for (size_t e = 0; e < f->n_floats; e++)
                sum[e] += part[e];
            free(part);
            const float *other = ernn_net_logits(f->net, 0, &stride);
            for (int e = 0; e < f->n_frames[i] * N_LABELS; e++)
                check_near(logits[i * MAX_FRAMES * N_LABELS + e], other[e], 2e-5);
        }
        check_near(loss, losses, 1e-6 * fabs(losses));
        check_db(whole, sum, f->n_floats, 95);
        free(whole);
        free(sum);
        free(logits);
        fixture_free(f);
    }
}

// The gradient is added to what is there, and a second run gives the same bits.
static void test_repeats_and_adds(void **state)
{
    (void)state;
    for (int k = 0; k < N_NETWORKS; k++) {
        fixture *f = fixture_new(networks[k], "1", 0.3);
        float *first = calloc(f->n_floats, sizeof *first);
        float *again = calloc(f->n_floats, sizeof *again);
        float *twice = calloc(f->n_floats, sizeof *twice);
        double *want = calloc(f->n_floats, sizeof *want);
        int n_skipped;
        const double loss = run(f, &f->batch, first, &n_skipped);
        const ernn_batch other = alone(f, 3); // leaves its traces in the workspace
        run(f, &other, twice, &n_skipped);
        memset(twice, 0, f->n_floats * sizeof *twice);
        assert_true(loss == run(f, &f->batch, again, &n_skipped));
        assert_memory_equal(first, again, f->n_floats * sizeof *first);
        run(f, &f->batch, twice, &n_skipped);
        run(f, &f->batch, twice, &n_skipped);
        for (size_t e = 0; e < f->n_floats; e++)
            want[e] = 2.0 * first[e];
        check_db(twice, want, f->n_floats, 110);
        free(first);
        free(again);
        free(twice);
        free(want);
        fixture_free(f);
    }
}

// One net per thread on shared weights gives each thread what a lone run gives.
static void test_parallel_nets(void **state)
{
    (void)state;
    enum { SHARDS = 4 };
    fixture *f = fixture_new(networks[0], "1", 0.3);
    ernn_net *nets[SHARDS];
    float *gradients[SHARDS];
    ernn_error err = {0};
    for (int s = 0; s < SHARDS; s++) {
        check_ok(ernn_net_new(f->weights, N, MAX_FRAMES, 1, &nets[s], &err), err);
        gradients[s] = calloc(f->n_floats, sizeof *gradients[s]);
    }
#pragma omp parallel for num_threads(SHARDS) schedule(static, 1)
    for (int s = 0; s < SHARDS; s++) {
        int n_skipped;
        const ernn_batch one = alone(f, s);
        ernn_net_forward(nets[s], f->weights, &one);
        ernn_net_backward(nets[s], f->weights, &one, gradients[s], &n_skipped);
    }
    for (int s = 0; s < SHARDS; s++) {
        int n_skipped;
        float *lone = calloc(f->n_floats, sizeof *lone);
        const ernn_batch one = alone(f, s);
        run(f, &one, lone, &n_skipped);
        assert_memory_equal(lone, gradients[s], f->n_floats * sizeof *lone);
        free(lone);
        free(gradients[s]);
        ernn_net_free(nets[s]);
    }
    fixture_free(f);
}

static void test_against_double(void **state)
{
    (void)state;
    static const char *const wide[] = {
        "lstm:60p33,41+peephole", "gru:57,64", "gru:57,64+reset_before",
        "lstm:31p33,33+peephole+clip0.3+bidirectional/gru:1", "gru:31,64+bidirectional_sum"};
    for (int k = 0; k < N_NETWORKS; k++) {
        fixture *f = fixture_new(wide[k], "input=8,recurrent=4,projection=2", 0.25);
        reference ref = reference_new(f->model);
        f->batch.seeds = NULL;
        ernn_net_forward(f->net, f->weights, &f->batch);
        for (int i = 0; i < N; i++) {
            double *want = calloc((size_t)MAX_FRAMES * N_LABELS, sizeof *want);
            size_t stride;
            reference_logits(&ref, &f->batch, i, want);
            check_db(ernn_net_logits(f->net, i, &stride), want, (size_t)(f->n_frames[i] * N_LABELS),
                     105);
            free(want);
        }
        reference_free(&ref);
        fixture_free(f);
    }
}

// Too few frames for the labels: counted, without a trace in loss and gradient.
static void test_skipped(void **state)
{
    (void)state;
    fixture *f = fixture_new(networks[1], "1", 0.3);
    float *with = calloc(f->n_floats, sizeof *with);
    float *without = calloc(f->n_floats, sizeof *without);
    double *want = calloc(f->n_floats, sizeof *want);
    int n_skipped;
    f->n_labels[1] = f->n_frames[1] + 100; // more labels than the scratch is made for
    f->n_labels[2] = 1;
    f->n_labels[4] = f->n_frames[4];
    f->labels[4][1] = f->labels[4][0]; // just enough frames but for a repeat
    const double loss = run(f, &f->batch, with, &n_skipped);
    assert_int_equal(n_skipped, 2);
    double losses = 0;
    for (int i = 0; i < N; i++) {
        const ernn_batch one = alone(f, i);
        if (i == 1 || i == 4)
            continue;
        losses += run(f, &one, without, &n_skipped);
        assert_int_equal(n_skipped, 0);
    }
    check_near(loss, losses, 1e-6 * losses);
    for (size_t e = 0; e < f->n_floats; e++)
        want[e] = without[e];
    check_db(with, want, f->n_floats, 95);
    free(with);
    free(without);
    free(want);
    fixture_free(f);
}

// The spectral form of circulant matrices against the expanded one: logits, loss and gradient, for
// all block sizes, each matrix with its own, sizes that blocks do not divide.
static void test_forms_agree(void **state)
{
    (void)state;
    static const char *const both[][2] = {
        {"lstm:60p33,41+peephole", "input=8,recurrent=4,projection=2"},
        {"lstm:37p70,130",
         "layer0.input=2,layer0.W_ir=32,layer0.W_cr=4,layer0.W_or=32,projection=64,"
         "layer1.input=16,layer1.W_fr=8"},
        {"gru:57,64", "input=16,recurrent=8"},
        {"gru:67,33", "layer0.W_zx=64,layer0.W_rx=64,layer0.W_hr=2,layer1.input=4,layer1.W_rr=32"},
        {"gru:57,64+reset_before", "input=4,recurrent=16"},
        {"lstm:37p40,31+peephole+clip0.4+bidirectional", "input=16,recurrent=4,projection=8"},
        {"gru:67,33+reset_before", "layer0.recurrent=8,layer0.W_hr=32,layer1.W_zr=64"},
        // one block size for both products; the same with some gates of another
        {"lstm:37p20,30", "8"},
        {"gru:40,33", "4"},
        {"gru:40,33+reset_before", "16"},
        {"lstm:37,30", "layer0.input=8,layer0.W_cx=4,layer0.W_ox=4,layer0.recurrent=8,layer0.W_or="
                       "4,layer1.input=2"},
    };
    for (size_t k = 0; k < sizeof both / sizeof *both; k++) {
        fixture *f = fixture_new(both[k][0], both[k][1], 0.25);
        float *gradients[2];
        double losses[2];
        for (int form = 0; form < 2; form++) {
            ernn_error err = {0};
            int n_skipped;
            ernn_net_free(f->net);
            ernn_weights_free(f->weights);
            check_ok(ernn_weights_new_in(f->model,
                                         form ? ERNN_MATRIX_SPECTRAL : ERNN_MATRIX_EXPANDED,
                                         &f->weights, &err),
                     err);
            check_ok(ernn_net_new(f->weights, N, MAX_FRAMES, 1 + form, &f->net, &err), err);
            gradients[form] = calloc(f->n_floats, sizeof **gradients);
            losses[form] = run(f, &f->batch, gradients[form], &n_skipped);
            // sums are used up: a second run gives the same
            float *again = calloc(f->n_floats, sizeof *again);
            assert_true(run(f, &f->batch, again, &n_skipped) == losses[form]);
            assert_memory_equal(again, gradients[form], f->n_floats * sizeof *again);
            free(again);
        }
        check_near(losses[1], losses[0], 1e-6 * fabs(losses[0]));
        for (size_t i = 0; i < ernn_model_n_tensors(f->model); i++) {
            const ernn_tensor *t = &ernn_model_tensors(f->model)[i];
            double *want = calloc(t->count, sizeof *want);
            for (size_t e = 0; e < t->count; e++)
                want[e] = gradients[0][t->offset + e];
            check_db(gradients[1] + t->offset, want, t->count, 90);
            for (size_t e = 0; e < t->count; e++) // a number that stands for no entry
                assert_true(want[e] != 0 || gradients[1][t->offset + e] == 0);
            free(want);
        }
        free(gradients[0]);
        free(gradients[1]);
        fixture_free(f);
    }
}

// Loss and gradient of the fixture on some threads, split in a given way.
static double run_split(fixture *f, int threads, ernn_split split, float *gradient)
{
    ernn_error err = {0};
    int n_skipped;
    ernn_net_free(f->net);
    check_ok(ernn_net_new(f->weights, N, MAX_FRAMES, threads, &f->net, &err), err);
    ernn_net_set_split(f->net, split);
    return run(f, &f->batch, gradient, &n_skipped);
}

// Any number of threads and either split gives the same bits, in either form of the matrices.
static void check_threads(const char *network, const char *blocks, ernn_matrix_form form)
{
    static const int threads[] = {1, 2, 3, 5};
    fixture *f = fixture_new(network, blocks, 0.3);
    ernn_error err = {0};
    ernn_weights_free(f->weights);
    check_ok(ernn_weights_new_in(f->model, form, &f->weights, &err), err);
    float *want = calloc(f->n_floats, sizeof *want);
    float *got = calloc(f->n_floats, sizeof *got);
    const double loss = run_split(f, 1, ERNN_SPLIT_UTTERANCES, want);
    for (int i = 0; i < 4; i++)
        for (int split = ERNN_SPLIT_FASTER; split <= ERNN_SPLIT_COLUMNS; split++) {
            memset(got, 0, f->n_floats * sizeof *got);
            assert_true(run_split(f, threads[i], (ernn_split)split, got) == loss);
            assert_true(memcmp(got, want, f->n_floats * sizeof *got) == 0);
        }
    free(want);
    free(got);
    fixture_free(f);
}

static void test_threads(void **state)
{
    (void)state;
    for (int k = 0; k < N_NETWORKS; k++)
        for (int form = ERNN_MATRIX_EXPANDED; form <= ERNN_MATRIX_SPECTRAL; form++)
            check_threads(networks[k], "input=4,recurrent=8,projection=2", (ernn_matrix_form)form);
    // wide enough for several shares, which end in the middle of a panel
    check_threads("lstm:147p69+peephole", "1", ERNN_MATRIX_FASTER);
    check_threads("gru:147", "1", ERNN_MATRIX_FASTER);
    check_threads("gru:147+reset_before", "1", ERNN_MATRIX_FASTER);
    check_threads("lstm:147", "recurrent=2", ERNN_MATRIX_SPECTRAL);
    check_threads("lstm:261p133", "recurrent=2,projection=4", ERNN_MATRIX_SPECTRAL);
    check_threads("gru:261+reset_before", "recurrent=4", ERNN_MATRIX_SPECTRAL);
}

// Rate and scale of the dropout, moments of the noise, independence of places and frames.
static void test_draws(void **state)
{
    (void)state;
    enum { WIDTH = 101, STEPS = 2000 };
    float ones[WIDTH];
    float x[WIDTH];
    float y[WIDTH];
    double dropped = 0;
    double equal = 0;
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < WIDTH; i++)
        ones[i] = 1;
    for (int t = 0; t < STEPS; t++) {
        ernn_dropout_row(5, 1, t, 0.3, WIDTH, ones, x);
        ernn_dropout_row(5, 2, t, 0.3, WIDTH, ones, y);
        for (int i = 0; i < WIDTH; i++) {
            assert_true(x[i] == 0 || fabsf(x[i] - 1 / 0.7f) < 1e-6f);
            dropped += x[i] == 0;
            equal += x[i] == y[i];
        }
        ernn_noise_row(5, t, 0.5, WIDTH, ones, x);
        for (int i = 0; i < WIDTH; i++) {
            sum += x[i] - 1;
            squares += (x[i] - 1) * (x[i] - 1);
        }
    }
    const double n = (double)WIDTH * STEPS; // standard errors about 0.001
    check_near(dropped / n, 0.3, 0.005);
    check_near(equal / n, 0.7 * 0.7 + 0.3 * 0.3, 0.005);
    check_near(sum / n, 0, 0.006);
    check_near(squares / n, 0.25, 0.005);
}

// Draws of L.10 for many utterances: masks are whole stretches and whole bands, in every stacked
// frame the same, with the widths and places of the definition.
static void test_masks(void **state)
{
    (void)state;
    enum { FILTERS = 20, STACKED = 2, WIDTH = FILTERS * STACKED, STEPS = 60, SEEDS = 4000 };
    const ernn_masks time = {.n_time = 1, .time_width = 7, .n_stacked = STACKED};
    const ernn_masks bands = {.n_frequency = 1, .frequency_width = 6, .n_stacked = STACKED};
    double widths[2][8] = {{0}};
    double first_frame = 0;
    double last_frame = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        int n_masked = 0;
        int edges = 0;
        int before = 0;
        for (int t = 0; t < STEPS; t++) {
            float x[WIDTH];
            for (int i = 0; i < WIDTH; i++)
                x[i] = 1;
            ernn_mask_row(&time, seed, t, STEPS, WIDTH, x);
            const int is_masked = x[0] == 0;
            for (int i = 0; i < WIDTH; i++)
                assert_true((x[i] == 0) == is_masked);
            n_masked += is_masked;
            edges += is_masked && !before;
            before = is_masked;
            first_frame += is_masked && t == 0;
            last_frame += is_masked && t == STEPS - 1;
        }
        assert_true(n_masked <= 7 && edges == (n_masked > 0));
        widths[0][n_masked]++;
        float x[2][WIDTH];
        n_masked = edges = before = 0;
        for (int i = 0; i < 2 * WIDTH; i++)
            x[i / WIDTH][i % WIDTH] = 1;
        ernn_mask_row(&bands, seed, 3, STEPS, WIDTH, x[0]);
        ernn_mask_row(&bands, seed, 44, STEPS, WIDTH, x[1]);
        assert_memory_equal(x[0], x[1], sizeof x[0]);
        assert_memory_equal(x[0], x[0] + FILTERS, FILTERS * sizeof(float));
        for (int i = 0; i < FILTERS; i++) {
            n_masked += x[0][i] == 0;
            edges += x[0][i] == 0 && !before;
            before = x[0][i] == 0;
        }
        assert_true(n_masked <= 6 && edges == (n_masked > 0));
        widths[1][n_masked]++;
    }
    for (int w = 0; w <= 7; w++) {
        check_near(widths[0][w] / SEEDS, 1 / 8.0, 0.03);
        check_near(widths[1][w] / SEEDS, w <= 6 ? 1 / 7.0 : 0, 0.03);
    }
    // P(frame 0 masked) = mean over w of [w > 0] / (T - w + 1), the same at the end.
    double want = 0;
    for (int w = 1; w <= 7; w++)
        want += 1.0 / 8 / (STEPS - w + 1);
    check_near(first_frame / SEEDS, want, 0.01);
    check_near(last_frame / SEEDS, want, 0.01);
    // Never over a fifth: of nine frames one, of four none.
    for (uint64_t seed = 0; seed < 200; seed++) {
        int n_masked[2] = {0, 0};
        for (int t = 0; t < 9; t++) {
            float x[2] = {1, 1};
            ernn_mask_row(&time, seed, t, 9, 1, &x[0]);
            if (t < 4)
                ernn_mask_row(&time, seed, t, 4, 1, &x[1]);
            n_masked[0] += x[0] == 0;
            n_masked[1] += x[1] == 0;
        }
        assert_true(n_masked[0] <= 1 && n_masked[1] == 0);
    }
}

// The caller's floating-point mode is back after a pass.
static void test_mode_is_restored(void **state)
{
    (void)state;
    fixture *f = fixture_new(networks[0], "1", 0.3);
    volatile float tiny = 1e-30f;
    const unsigned mode = ernn_denormal_flush();
#if defined(__x86_64__)
    assert_true(tiny * 1e-10f == 0);
#endif
    ernn_denormal_restore(mode);
    float *gradient = calloc(f->n_floats, sizeof *gradient);
    int n_skipped;
    run(f, &f->batch, gradient, &n_skipped);
    assert_true(tiny * 1e-10f > 0);
    free(gradient);
    fixture_free(f);
}

static void test_bad_sizes(void **state)
{
    (void)state;
    fixture *f = fixture_new(networks[0], "1", 0.3);
    ernn_error err = {0};
    ernn_net *net = NULL;
    assert_int_equal(ernn_net_new(f->weights, 0, 10, 1, &net, &err), ERNN_BAD_ARG);
    assert_int_equal(ernn_net_new(f->weights, 1 << 20, 1 << 20, 1, &net, &err), ERNN_TOO_BIG);
    assert_non_null(strstr(err.text, "1048576"));
    assert_null(net);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batch_is_sum),  cmocka_unit_test(test_repeats_and_adds),
        cmocka_unit_test(test_parallel_nets), cmocka_unit_test(test_against_double),
        cmocka_unit_test(test_skipped),       cmocka_unit_test(test_forms_agree),
        cmocka_unit_test(test_threads),       cmocka_unit_test(test_draws),
        cmocka_unit_test(test_masks),         cmocka_unit_test(test_mode_is_restored),
        cmocka_unit_test(test_bad_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
