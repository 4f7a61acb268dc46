// Optimisers and learning rates against closed forms and their definitions in double precision
// (docs/math.md, Training). SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "train/optimiser.h"
#include "train/schedule.h"

// ---- Optimisers ----

typedef struct network {
    ernn_model *model; // gives the tensors: matrices decay, vectors do not
    size_t n;
    float *w;
    float *gradient;
    double *want;
    double *mean;
    double *square;
    ernn_rng rng;
    ernn_train_options options;
} network;

static int set_up(void **state)
{
    ernn_error err = {0};
    network *c = calloc(1, sizeof *c);
    const ernn_features features = ernn_features_defaults();
    ernn_spec spec = ernn_spec_defaults();
    check_ok(ernn_spec_parse(&spec, "lstm:5p3+peephole", &err), err);
    spec.n_inputs = 7;
    spec.n_labels = 40;
    check_ok(ernn_model_new(&spec, &features, ERNN_PHONES_39, 1, &c->model, &err), err);
    c->n = ernn_model_n_parameters(c->model);
    c->w = ernn_model_parameters(c->model);
    c->gradient = calloc(c->n, sizeof *c->gradient);
    c->want = calloc(3 * c->n, sizeof *c->want);
    c->mean = c->want + c->n;
    c->square = c->mean + c->n;
    c->rng = ernn_rng_new(5, 0, 0);
    check_random(&c->rng, c->w, c->n, 1);
    for (size_t i = 0; i < c->n; i++)
        c->want[i] = c->w[i];
    c->options = ernn_train_defaults();
    *state = c;
    return 0;
}

static int tear_down(void **state)
{
    network *c = *state;
    ernn_model_free(c->model);
    free(c->gradient);
    free(c->want);
    free(c);
    return 0;
}

static bool is_in_matrix(const network *c, size_t at)
{
    const ernn_tensor *tensors = ernn_model_tensors(c->model);
    for (size_t i = 0; i < ernn_model_n_tensors(c->model); i++)
        if (at >= tensors[i].offset && at < tensors[i].offset + tensors[i].count)
            return tensors[i].is_matrix;
    return false;
}

// One parameter, one step, from the papers' equations.
static void reference_step(network *c, size_t i, int t, double rate)
{
    const ernn_train_options *o = &c->options;
    const double decay = is_in_matrix(c, i) ? o->weight_decay : 0;
    double g = c->gradient[i];
    if (o->optimiser == ERNN_OPTIMISER_SGD) {
        g += decay * c->want[i];
        c->mean[i] = o->momentum * c->mean[i] + g;
        c->want[i] -= rate * (o->nesterov ? g + o->momentum * c->mean[i] : c->mean[i]);
        return;
    }
    double pull = 0;
    if (o->optimiser == ERNN_OPTIMISER_ADAMW)
        pull = rate * decay * c->want[i];
    else
        g += decay * c->want[i];
    c->mean[i] = 0.9 * c->mean[i] + 0.1 * g;
    c->square[i] = 0.999 * c->square[i] + 0.001 * g * g;
    c->want[i] -= rate * (c->mean[i] / (1 - pow(0.9, t))) /
                      (sqrt(c->square[i] / (1 - pow(0.999, t))) + 1e-8) +
                  pull;
}

// 60 steps with random gradients and a rate that changes.
static void check_against_reference(network *c)
{
    ernn_optimiser optimiser;
    ernn_error err = {0};
    check_ok(ernn_optimiser_init(&optimiser, &c->options, c->model, &err), err);
    for (int t = 1; t <= 60; t++) {
        const double rate = 0.01 / (1 + 0.05 * t);
        check_random(&c->rng, c->gradient, c->n, 0.1);
        for (size_t i = 0; i < c->n; i++)
            reference_step(c, i, t, rate);
        ernn_optimiser_step(&optimiser, c->gradient, rate, c->w, NULL);
    }
    assert_int_equal(optimiser.steps, 60);
    for (size_t i = 0; i < c->n; i++)
        check_near(c->w[i], c->want[i], 2e-5);
    ernn_optimiser_clear(&optimiser);
}

static void test_adam(void **state)
{
    check_against_reference(*state);
}

static void test_adam_decay(void **state)
{
    network *c = *state;
    c->options.weight_decay = 0.3;
    check_against_reference(c);
}

static void test_adamw(void **state)
{
    network *c = *state;
    c->options.optimiser = ERNN_OPTIMISER_ADAMW;
    c->options.weight_decay = 0.3;
    check_against_reference(c);
}

static void test_sgd(void **state)
{
    network *c = *state;
    c->options.optimiser = ERNN_OPTIMISER_SGD;
    c->options.momentum = 0.8;
    c->options.weight_decay = 0.2;
    check_against_reference(c);
}

static void test_nesterov(void **state)
{
    network *c = *state;
    c->options.optimiser = ERNN_OPTIMISER_SGD;
    c->options.nesterov = 1;
    c->options.weight_decay = 0.2;
    check_against_reference(c);
}

// The same gradient T times. SGD: sum of v_t = g (1 - mu^t) / (1 - mu), a geometric series. Adam:
// m^ = g and v^ = g^2, so every step is the rate. AdamW with g = 0: w shrinks by 1 - a d each time.
static void test_closed_forms(void **state)
{
    network *c = *state;
    enum { STEPS = 50 };
    static const double RATE = 0.01;
    const double mu = 0.9;
    const double series = (STEPS - mu * (1 - pow(mu, STEPS)) / (1 - mu)) / (1 - mu);
    for (int kind = 0; kind < 4; kind++) {
        c->options.optimiser = kind == 3 ? ERNN_OPTIMISER_SGD : (ernn_optimiser_kind)kind;
        c->options.nesterov = kind == 3;
        c->options.weight_decay = c->options.optimiser == ERNN_OPTIMISER_ADAMW ? 0.5 : 0;
        ernn_optimiser optimiser;
        ernn_error err = {0};
        check_ok(ernn_optimiser_init(&optimiser, &c->options, c->model, &err), err);
        const size_t at = ernn_model_find(c->model, "layer0.W_ir")->offset;
        const double g = kind == ERNN_OPTIMISER_ADAMW ? 0 : 0.25;
        c->w[at] = 1;
        for (int t = 0; t < STEPS; t++) {
            c->gradient[at] = (float)g;
            ernn_optimiser_step(&optimiser, c->gradient, RATE, c->w, NULL);
        }
        const double want[] = {1 - RATE * STEPS, pow(1 - RATE * 0.5, STEPS), 1 - RATE * g * series,
                               1 - RATE * g * (STEPS + mu * series)};
        check_near(c->w[at], want[kind], 2e-5);
        ernn_optimiser_clear(&optimiser);
    }
}

static void test_clip(void **state)
{
    (void)state;
    float g[2] = {3, -4};
    check_near(ernn_gradient_clip(g, 2, 0, NULL), 5, 1e-12);
    assert_true(g[0] == 3 && g[1] == -4);
    check_near(ernn_gradient_clip(g, 2, 6, NULL), 5, 1e-12);
    assert_true(g[0] == 3 && g[1] == -4);
    check_near(ernn_gradient_clip(g, 2, 1, NULL), 5, 1e-12);
    check_near(g[0], 0.6, 1e-6);
    check_near(g[1], -0.8, 1e-6);
}

// Updates of a block of many pieces, on threads and on none: the same bits.
static void test_threads(void **state)
{
    network *c = *state;
    ernn_error err = {0};
    const size_t bytes = c->n * sizeof(float);
    float *first = malloc(bytes);
    float *gradient = malloc(bytes);
    assert_true(c->n > 300);
    memcpy(first, c->w, bytes);
    check_random(&c->rng, gradient, c->n, 3);
    for (int kind = 0; kind < 3; kind++) {
        float *want = NULL;
        double norm = 0;
        c->options.optimiser = (ernn_optimiser_kind)kind;
        for (int threads = 0; threads < 6; threads++) {
            ernn_workers *workers = NULL;
            ernn_optimiser optimiser;
            if (threads)
                check_ok(ernn_workers_new(threads, 1, &workers, &err), err);
            check_ok(ernn_optimiser_init(&optimiser, &c->options, c->model, &err), err);
            memcpy(c->w, first, bytes);
            memcpy(c->gradient, gradient, bytes);
            ernn_gradient_scale(c->gradient, c->n, 0.7f, workers);
            const double got = ernn_gradient_clip(c->gradient, c->n, 1, workers);
            ernn_optimiser_step(&optimiser, c->gradient, 0.01, c->w, workers);
            if (!want) {
                double energy = 0;
                for (size_t i = 0; i < c->n; i++)
                    energy += 0.49 * gradient[i] * gradient[i];
                check_near(got, sqrt(energy), 1e-5 * got);
                want = malloc(bytes);
                memcpy(want, c->w, bytes);
                norm = got;
            }
            assert_true(got == norm && memcmp(want, c->w, bytes) == 0);
            ernn_optimiser_clear(&optimiser);
            ernn_workers_free(workers);
        }
        free(want);
    }
    free(first);
    free(gradient);
}

// ---- Learning rates ----

static void test_one_cycle(void **state)
{
    (void)state;
    ernn_train_options options = ernn_train_defaults();
    options.n_epochs = 10;
    options.learning_rate = 0.5;
    const ernn_schedule schedule = ernn_schedule_new(&options, NULL);
    assert_int_equal(schedule.n_epochs, 10);
    for (int e = 0; e < 10; e++) {
        const ernn_schedule_epoch epoch = ernn_schedule_at(&schedule, e);
        assert_int_equal(epoch.phase, ERNN_PHASE_TRAIN);
        for (int i = 0; i <= 4; i++) {
            const double s = (e + i / 4.0) / 10;
            const double up = 0.5 * (1 + (0.04 - 1) * 0.5 * (1 + cos(M_PI * s / 0.3)));
            const double down = 0.5 * (1e-4 + (1 - 1e-4) * 0.5 * (1 + cos(M_PI * (s - 0.3) / 0.7)));
            check_near(ernn_schedule_rate(&schedule, &epoch, i / 4.0), s < 0.3 ? up : down, 1e-12);
        }
    }
}

// Rates of a schedule of ten epochs at a peak of 1, at `position` epochs.
static double rate_at(const ernn_train_options *options, double position)
{
    const ernn_schedule schedule = ernn_schedule_new(options, NULL);
    const int epoch = position < 10 ? (int)position : 9;
    const ernn_schedule_epoch plan = ernn_schedule_at(&schedule, epoch);
    return ernn_schedule_rate(&schedule, &plan, position - epoch);
}

static void test_curves(void **state)
{
    (void)state;
    ernn_train_options o = ernn_train_defaults();
    o.n_epochs = 10;
    o.learning_rate = 1;
    o.schedule = ERNN_SCHEDULE_COSINE;
    for (double e = 0; e <= 10; e += 0.25)
        check_near(rate_at(&o, e), 1e-4 + (1 - 1e-4) * 0.5 * (1 + cos(M_PI * e / 10)), 1e-12);
    o.warmup = 2.5;
    for (double e = 0; e <= 2.5; e += 0.25)
        check_near(rate_at(&o, e), 0.04 + 0.96 * e / 2.5, 1e-12);
    check_near(rate_at(&o, 6.25), 1e-4 + (1 - 1e-4) * 0.5, 1e-12);
    o.schedule = ERNN_SCHEDULE_CONSTANT;
    check_near(rate_at(&o, 1.25), 0.52, 1e-12);
    check_near(rate_at(&o, 9.5), 1, 0);
    o.schedule = ERNN_SCHEDULE_ONE_CYCLE;
    check_near(rate_at(&o, 1.25), 0.52, 1e-12); // half of a half cosine is its middle
    check_near(rate_at(&o, 2.5), 1, 1e-12);
    o.warmup = 20; // longer than all: it never gets there
    check_near(rate_at(&o, 5), 0.52, 1e-12);
}

static void test_plateau(void **state)
{
    (void)state;
    // Nothing recognised for longer than the patience, better, two that are not: halved, one
    // better, two that are not: once more.
    static const double pers[] = {100, 100, 100, 60, 50, 50, 51, 49, 50, 49.5, 20};
    static const int halvings[] = {0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2};
    ernn_epoch epochs[11];
    ernn_train_options o = ernn_train_defaults();
    o.schedule = ERNN_SCHEDULE_PLATEAU;
    o.patience = 2;
    o.n_epochs = 20;
    o.learning_rate = 0.5;
    const ernn_schedule schedule = ernn_schedule_new(&o, NULL);
    for (int kind = 0; kind < 2; kind++) { // by PER, and without a development set by loss
        for (int i = 0; i < 11; i++)
            epochs[i] =
                (ernn_epoch){.dev_per = kind ? -1 : pers[i], .loss = pers[i] - 40 * (i < 1)};
        for (int e = 0; e <= 11 && kind == 0; e++) {
            ernn_schedule_epoch plan = ernn_schedule_at(&schedule, e);
            plan.halvings = ernn_schedule_halvings(&schedule, epochs, e);
            assert_int_equal(plan.halvings, halvings[e]);
            check_near(ernn_schedule_rate(&schedule, &plan, 0.5), 0.5 / (1 << halvings[e]), 1e-12);
        }
        if (kind == 1) // 60, then 100, 100: two without a better one
            assert_int_equal(ernn_schedule_halvings(&schedule, epochs, 3), 1);
    }
}

// Rate and dropout of the fine-tuning.
static void test_finetune(void **state)
{
    (void)state;
    ernn_spec structure = ernn_spec_defaults();
    structure.layers[0].block[ERNN_MATRIX_INPUT] = 4;
    ernn_train_options o = ernn_train_defaults();
    o.method = ERNN_METHOD_ADMM;
    o.admm_rounds = 2;
    o.schedule = ERNN_SCHEDULE_CONSTANT;
    for (int own = 0; own < 2; own++) {
        o.finetune_rate = own ? 0.125 : 0;
        o.dropout = 0.25;
        o.finetune_dropout = own ? 0 : -1;
        const ernn_schedule schedule = ernn_schedule_new(&o, &structure);
        const ernn_schedule_epoch admm = ernn_schedule_at(&schedule, 0);
        const ernn_schedule_epoch tuned = ernn_schedule_at(&schedule, 2);
        check_near(ernn_schedule_rate(&schedule, &admm, 0), o.learning_rate, 1e-12);
        check_near(ernn_schedule_rate(&schedule, &tuned, 0), own ? 0.125 : o.learning_rate, 1e-12);
        check_near(ernn_schedule_dropout(&schedule, ERNN_PHASE_ADMM), o.dropout, 0);
        check_near(ernn_schedule_dropout(&schedule, ERNN_PHASE_FINETUNE), own ? 0 : o.dropout, 0);
    }
    // Without a word, less of it for compressed networks.
    o.dropout = o.finetune_dropout = -1;
    for (ernn_method m = ERNN_METHOD_DENSE; m <= ERNN_METHOD_PRUNE; m++) {
        o.method = m;
        const ernn_schedule schedule = ernn_schedule_new(&o, &structure);
        check_near(ernn_schedule_dropout(&schedule, ERNN_PHASE_TRAIN),
                   m == ERNN_METHOD_DENSE ? 0.3 : 0.1, 0);
    }
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_adam),
        CASE(test_adam_decay),
        CASE(test_adamw),
        CASE(test_sgd),
        CASE(test_nesterov),
        CASE(test_closed_forms),
        cmocka_unit_test(test_clip),
        CASE(test_threads),
        cmocka_unit_test(test_one_cycle),
        cmocka_unit_test(test_curves),
        cmocka_unit_test(test_plateau),
        cmocka_unit_test(test_finetune),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
