// Training on a made-up task: learns, is reproducible, resumes bit for bit, ADMM reaches its set.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/file.h"
#include "base/memory.h"
#include "ernn/circ.h"
#include "ernn/train.h"
#include "train/schedule.h"
#include "train/teacher.h"

enum { WIDTH = 10, N_TRAIN = 24, N_DEV = 6, N_KINDS = 5, MAX_PHONES = 6, PER_PHONE = 5 };

static const char CHECKPOINT[] = "train_test.checkpoint";

// Phones are drawn from five kinds; each shows as its own constant pattern plus noise for three to
// five frames.
static void make_sequence(ernn_sequences *s, size_t i, float (*patterns)[WIDTH], ernn_rng *rng)
{
    const int n = 1 + (int)ernn_rng_below(rng, MAX_PHONES);
    s->phones[i] = calloc((size_t)n, sizeof(int));
    s->frames[i] = calloc((size_t)n * PER_PHONE * WIDTH, sizeof(float));
    s->alignment[i] = calloc((size_t)n * PER_PHONE, sizeof(int));
    s->ids[i] = calloc(1, 32);
    s->speakers[i] = calloc(1, 16);
    snprintf(s->ids[i], 32, "utterance%zu", i);
    s->n_phones[i] = n;
    int t = 0;
    for (int j = 0; j < n; j++) {
        const int kind = (int)ernn_rng_below(rng, N_KINDS);
        const int length = 3 + (int)ernn_rng_below(rng, PER_PHONE - 2);
        s->phones[i][j] = kind;
        for (int l = 0; l < length; l++, t++) {
            s->alignment[i][t] = kind;
            for (int c = 0; c < WIDTH; c++)
                s->frames[i][t * WIDTH + c] =
                    patterns[kind][c] + (float)(0.3 * ernn_rng_normal(rng));
        }
    }
    s->n_frames[i] = t;
}

static ernn_sequences *make_sequences(size_t n, uint64_t seed)
{
    ernn_sequences *s = calloc(1, sizeof *s);
    *s = (ernn_sequences){.n = n, .width = WIDTH, .phone_set = ERNN_PHONES_39, .has_silence = true};
    s->frames = calloc(n, sizeof *s->frames);
    s->n_frames = calloc(n, sizeof *s->n_frames);
    s->phones = calloc(n, sizeof *s->phones);
    s->n_phones = calloc(n, sizeof *s->n_phones);
    s->alignment = calloc(n, sizeof *s->alignment);
    s->ids = calloc(n, sizeof *s->ids);
    s->speakers = calloc(n, sizeof *s->speakers);
    float patterns[N_KINDS][WIDTH];
    ernn_rng shapes = ernn_rng_new(77, 0, 0);
    check_random(&shapes, patterns[0], sizeof patterns / sizeof(float), 1);
    ernn_rng rng = ernn_rng_new(seed, 0, 0);
    for (size_t i = 0; i < n; i++)
        make_sequence(s, i, patterns, &rng);
    return s;
}

static void free_sequences(ernn_sequences *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->frames[i]);
        free(s->phones[i]);
        free(s->alignment[i]);
        free(s->ids[i]);
        free(s->speakers[i]);
    }
    free(s->frames);
    free(s->n_frames);
    free(s->phones);
    free(s->n_phones);
    free(s->alignment);
    free(s->ids);
    free(s->speakers);
    free(s);
}

typedef struct task {
    ernn_sequences *train;
    ernn_sequences *dev;
    bool has_last;     // no development set: the last epoch is returned, not the best
    ernn_model *model; // dense
    ernn_spec structure;
    ernn_train_options options;
} task;

// Another network for the task, all blocks 1.
static void set_network(task *t, const char *text)
{
    ernn_error err = {0};
    const ernn_features features = ernn_features_defaults();
    ernn_spec spec = ernn_spec_defaults();
    check_ok(ernn_spec_parse(&spec, text, &err), err);
    spec.n_inputs = WIDTH;
    spec.n_labels = ernn_phones_count(ERNN_PHONES_39) + 1;
    ernn_model_free(t->model);
    t->model = NULL;
    check_ok(ernn_model_new(&spec, &features, ERNN_PHONES_39, 3, &t->model, &err), err);
    t->structure = spec;
    check_ok(ernn_spec_parse_blocks(&t->structure, "input=2,recurrent=4,projection=4", &err), err);
}

static int set_up(void **state)
{
    task *t = calloc(1, sizeof *t);
    t->train = make_sequences(N_TRAIN, 1);
    t->dev = make_sequences(N_DEV, 2);
    set_network(t, "lstm:17p11,12+peephole");
    t->options = ernn_train_defaults();
    t->options.n_epochs = 5;
    t->options.batch = 5;
    t->options.learning_rate = 1e-2;
    t->options.noise = 0.05;
    t->options.dropout = 0.1;
    t->options.threads = 2;
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    task *t = *state;
    remove(CHECKPOINT);
    free_sequences(t->train);
    free_sequences(t->dev);
    ernn_model_free(t->model);
    free(t);
    return 0;
}

static ernn_model *train(const task *t, ernn_train_report *report)
{
    ernn_error err = {0};
    ernn_model *trained = NULL;
    check_ok(ernn_train(t->model, t->options.method == ERNN_METHOD_DENSE ? NULL : &t->structure,
                        t->train, t->has_last ? NULL : t->dev, &t->options, &trained, report, &err),
             err);
    return trained;
}

static void check_same(const ernn_model *a, const ernn_model *b)
{
    assert_int_equal(ernn_model_n_parameters(a), ernn_model_n_parameters(b));
    assert_memory_equal(ernn_model_parameters_const(a), ernn_model_parameters_const(b),
                        ernn_model_n_parameters(a) * sizeof(float));
}

static void check_learns(task *t, int n_epochs, double share)
{
    ernn_train_report report;
    t->options.n_epochs = n_epochs;
    ernn_model *trained = train(t, &report);
    assert_int_equal(report.n_epochs, n_epochs);
    assert_true(report.epochs[n_epochs - 1].loss < share * report.epochs[0].loss);
    ernn_train_report_free(&report);
    ernn_model_free(trained);
}

static void test_dense_learns(void **state)
{
    task *t = *state;
    ernn_train_report report;
    set_network(t, "gru:16");
    t->options.n_epochs = 100;
    ernn_model *trained = train(t, &report);
    assert_true(report.epochs[99].loss < 0.2 * report.epochs[0].loss);
    assert_true(report.best_dev_per < 30);
    // What is returned is the best epoch.
    ernn_error err = {0};
    ernn_evaluation evaluation;
    check_ok(ernn_evaluate(trained, t->dev, NULL, 1, &evaluation, &err), err);
    check_near(ernn_evaluation_per(&evaluation, t->dev), report.best_dev_per, 1e-12);
    ernn_evaluation_free(&evaluation);
    ernn_train_report_free(&report);
    ernn_model_free(trained);
}

static void test_circulant_learns(void **state)
{
    task *t = *state;
    t->options.method = ERNN_METHOD_CIRCULANT;
    check_learns(t, 30, 0.5);
}

static void test_frame_learns(void **state)
{
    task *t = *state;
    t->options.loss = ERNN_LOSS_FRAME;
    check_learns(t, 60, 0.3);
}

// A teacher's posteriors are the softmax of its streaming logits.
static void test_teacher_posteriors(void **state)
{
    task *t = *state;
    float **posteriors = NULL;
    ernn_error err = {0};
    check_ok(ernn_teacher_new(t->model, t->train, 2, &posteriors, &err), err);
    const int n = ernn_model_spec(t->model)->n_labels;
    ernn_run *run = NULL;
    check_ok(ernn_run_new(t->model, &run, &err), err);
    float *logits = calloc((size_t)n, sizeof *logits);
    for (size_t i = 0; i < t->train->n; i++) {
        ernn_run_reset(run);
        for (int f = 0; f < t->train->n_frames[i]; f++) {
            double sum = 0;
            ernn_run_step(run, t->train->frames[i] + f * WIDTH, logits);
            for (int c = 0; c < n; c++)
                sum += exp((double)logits[c]);
            for (int c = 0; c < n; c++)
                check_near(posteriors[i][f * n + c], exp((double)logits[c]) / sum, 1e-5);
        }
    }
    free(logits);
    ernn_run_free(run);
    ernn_teacher_free(posteriors, t->train->n);
}

// Distillation alone, without a label: the student comes to say what the teacher says.
static void test_distillation_learns(void **state)
{
    task *t = *state;
    ernn_train_report report;
    t->options.n_epochs = 40; // until its posteriors are sharp: their entropy is in the loss
    t->has_last = true;
    ernn_model *teacher = train(t, &report);
    ernn_train_report_free(&report);
    t->options.teacher = teacher;
    t->options.distillation = 1;
    t->options.method = ERNN_METHOD_CIRCULANT;
    check_learns(t, 30, 0.5);
    t->options.distillation = 1.5;
    ernn_error err = {0};
    ernn_model *trained = NULL;
    assert_int_equal(
        ernn_train(t->model, NULL, t->train, t->dev, &t->options, &trained, &report, &err),
        ERNN_BAD_ARG);
    assert_non_null(strstr(err.text, "distillation is 1.5"));
    ernn_train_report_free(&report);
    t->options.teacher = NULL;
    ernn_model_free(teacher);
}

static void test_admm_converges(void **state)
{
    task *t = *state;
    ernn_train_report report;
    ernn_error err = {0};
    t->options.method = ERNN_METHOD_ADMM;
    t->options.admm_rounds = 12;
    t->options.admm_epochs = 4;
    t->options.admm_rho_first = 0.03;
    t->options.admm_rho_last = 30;
    t->options.n_epochs = 3;
    check_ok(ernn_spec_parse_blocks(&t->structure, "output=8", &err), err);
    ernn_model *trained = train(t, &report);
    const int n_admm = 48;
    assert_int_equal(report.n_epochs, n_admm + 3);
    assert_true(report.epochs[0].residual > 0.2);
    assert_true(report.epochs[n_admm - 1].residual < 1e-2);
    assert_int_equal(report.n_residuals, 18);
    assert_string_equal(report.residuals[17].name, "output.W");
    for (int i = 0; i < report.n_residuals; i++)
        assert_true(report.residuals[i].value > 0 &&
                    report.residuals[i].value <= report.epochs[n_admm - 1].residual);
    // The result has the structure, so its expansion is its own projection.
    const ernn_tensor *w = ernn_model_find(trained, "layer0.W_ir");
    assert_int_equal(w->block, 4);
    float dense[17 * 11];
    float back[5 * 3 * 4];
    const float *values = ernn_model_parameters_const(trained) + w->offset;
    ernn_circ_expand(values, w->rows, w->cols, 4, dense);
    ernn_circ_project(dense, w->rows, w->cols, 4, back);
    for (size_t i = 0; i < w->count; i++)
        if (back[i] != 0)
            check_near(back[i], values[i], 1e-6);
    assert_int_equal(ernn_model_find(trained, "output.W")->block, 8);
    ernn_train_report_free(&report);
    ernn_model_free(trained);
}

static void test_threads_do_not_matter(void **state)
{
    task *t = *state;
    static const int threads[] = {1, 2, 3, 8};
    t->has_last = true;
    ernn_model *first = NULL;
    for (int i = 0; i < 4; i++) {
        ernn_train_report report;
        t->options.threads = threads[i];
        ernn_model *trained = train(t, &report);
        ernn_train_report_free(&report);
        if (first)
            check_same(first, trained);
        if (!first)
            first = trained;
        else
            ernn_model_free(trained);
    }
    ernn_model_free(first);
}

// Stops the training after a random number of batches.
typedef struct stopper {
    ernn_rng rng;
    int left;
    int stops;
} stopper;

static bool stop_sometimes(void *user, double done, double total, const char *text)
{
    stopper *s = user;
    assert_true(done <= total && strlen(text) > 0);
    if (--s->left > 0)
        return true;
    s->left = 1 + (int)ernn_rng_below(&s->rng, 12);
    s->stops++;
    return false;
}

static void check_resume(task *t)
{
    ernn_error err = {0};
    ernn_train_report report;
    ernn_model *whole = train(t, &report);
    ernn_train_report first = report;

    stopper s = {.rng = ernn_rng_new(9, 0, 0), .left = 7};
    ernn_model *parts = NULL;
    t->options.checkpoint = CHECKPOINT;
    t->options.progress = stop_sometimes;
    t->options.progress_user = &s;
    ernn_status status;
    do {
        t->options.resume = ernn_file_exists(CHECKPOINT);
        // The random seed and the other threads of a resumed run come from the options alone.
        t->options.threads = 1 + s.stops % 3;
        status =
            ernn_train(t->model, t->options.method == ERNN_METHOD_DENSE ? NULL : &t->structure,
                       t->train, t->has_last ? NULL : t->dev, &t->options, &parts, &report, &err);
        assert_true(status == ERNN_OK || status == ERNN_STOPPED);
        if (status == ERNN_STOPPED) {
            assert_null(parts);
            ernn_train_report_free(&report);
        }
        assert_true(s.stops < 1000);
    } while (status == ERNN_STOPPED);
    assert_true(s.stops >= 3);
    assert_int_equal(report.n_epochs, first.n_epochs);
    assert_true(report.per_projected == first.per_projected);
    for (int i = 0; i < report.n_epochs; i++) { // also of epochs that were resumed within
        assert_true(report.epochs[i].loss == first.epochs[i].loss);
        assert_true(report.epochs[i].gradient_norm == first.epochs[i].gradient_norm);
        assert_true(report.epochs[i].frames == first.epochs[i].frames);
        assert_true(report.epochs[i].dev_per == first.epochs[i].dev_per);
        assert_true(report.epochs[i].learning_rate == first.epochs[i].learning_rate);
    }
    check_same(whole, parts);
    ernn_train_report_free(&report);
    ernn_train_report_free(&first);
    ernn_model_free(whole);
    ernn_model_free(parts);
}

static void test_resume_dense(void **state)
{
    task *t = *state;
    t->has_last = true;
    check_resume(t);
}

// With a development set the best parameters so far must survive as well.
static void test_resume_best(void **state)
{
    check_resume(*state);
}

static void test_resume_circulant(void **state)
{
    task *t = *state;
    t->options.time_masks = 1;
    t->options.time_width = 3;
    t->options.frequency_masks = 2;
    t->options.frequency_width = 2;
    t->options.method = ERNN_METHOD_CIRCULANT;
    t->has_last = true;
    check_resume(t);
}

static void test_resume_sgd(void **state)
{
    task *t = *state;
    t->has_last = true;
    t->options.optimiser = ERNN_OPTIMISER_SGD;
    t->options.nesterov = 1;
    t->options.weight_decay = 0.01;
    check_resume(t);
}

// The rate depends on what earlier epochs came to.
static void test_resume_plateau(void **state)
{
    task *t = *state;
    t->options.optimiser = ERNN_OPTIMISER_ADAMW;
    t->options.weight_decay = 0.01;
    t->options.schedule = ERNN_SCHEDULE_PLATEAU;
    t->options.patience = 1;
    t->options.n_epochs = 8;
    t->has_last = true;
    check_resume(t);
}

static void test_resume_quantize(void **state)
{
    task *t = *state;
    t->options.method = ERNN_METHOD_CIRCULANT;
    t->options.n_epochs = 2;
    t->options.quantize_epochs = 3;
    t->options.weight_bits = 5;
    t->structure.output_block = 4;
    check_resume(t);
}

static void test_resume_admm_quantize(void **state)
{
    task *t = *state;
    t->options.method = ERNN_METHOD_ADMM;
    t->options.admm_rounds = 2;
    t->options.n_epochs = 1;
    t->options.quantize_epochs = 2;
    t->options.weight_bits = 6;
    t->has_last = true;
    check_resume(t);
}

static void test_resume_prune(void **state)
{
    task *t = *state;
    ernn_error err = {0};
    check_ok(
        ernn_spec_parse_blocks(&t->structure, "input=sparse:3:0.2,recurrent=sparse:4:0.3", &err),
        err);
    check_ok(ernn_spec_parse_blocks(&t->structure, "projection=1", &err), err);
    t->options.method = ERNN_METHOD_PRUNE;
    t->options.prune_epochs = 3;
    t->options.n_epochs = 2;
    t->options.quantize_epochs = 1;
    t->options.weight_bits = 6;
    check_resume(t);
}

static void test_resume_admm(void **state)
{
    task *t = *state;
    t->options.method = ERNN_METHOD_ADMM;
    t->options.admm_rounds = 4;
    t->options.admm_epochs = 2;
    t->options.admm_block_growth = 1;
    t->options.n_epochs = 3;
    ernn_error err = {0};
    check_ok(ernn_spec_parse_blocks(&t->structure, "output=8", &err), err);
    // the largest block, where growth ends, is the output layer's
    assert_int_equal(ernn_schedule_new(&t->options, &t->structure).block_limit, 8);
    check_resume(t);
}

// Two more forms of the set, one of them with utterances that are too short: resumed bit for bit,
// not the same training as without them, and no matter how many threads.
static void test_resume_variants(void **state)
{
    task *t = *state;
    ernn_train_report report;
    t->has_last = true;
    ernn_model *plain = train(t, &report);
    ernn_train_report_free(&report);
    ernn_sequences *forms[] = {make_sequences(N_TRAIN, 1), make_sequences(N_TRAIN, 1)};
    for (size_t i = 0; i < N_TRAIN; i++) {
        for (int j = 0; j < forms[0]->n_frames[i] * WIDTH; j++)
            forms[0]->frames[i][j] *= 1.5f;
        forms[1]->n_frames[i] = i % 3 ? forms[1]->n_frames[i] - 1 : 0;
    }
    t->options.variants = (const ernn_sequences *const *)forms;
    t->options.n_variants = 2;
    check_resume(t);
    t->options.checkpoint = NULL;
    t->options.resume = false;
    t->options.progress = NULL;
    ernn_model *varied = train(t, &report);
    ernn_train_report_free(&report);
    assert_memory_not_equal(ernn_model_parameters_const(plain), ernn_model_parameters_const(varied),
                            ernn_model_n_parameters(plain) * sizeof(float));
    t->options.loss = ERNN_LOSS_FRAME;
    ernn_model_free(train(t, &report));
    ernn_train_report_free(&report);
    ernn_model_free(plain);
    ernn_model_free(varied);
    free_sequences(forms[0]);
    free_sequences(forms[1]);
}

// ---- Refusals ----

static void check_refused(const task *t, const ernn_spec *structure, ernn_status want,
                          const char *part)
{
    ernn_error err = {0};
    ernn_model *trained = NULL;
    ernn_train_report report;
    const ernn_status status =
        ernn_train(t->model, structure, t->train, t->dev, &t->options, &trained, &report, &err);
    if (status != want || !strstr(err.text, part))
        fail_msg("status %d, \"%s\"; wanted %d, \"%s\"", status, err.text, want, part);
    ernn_train_report_free(&report);
    ernn_model_free(trained);
}

static void test_refusals(void **state)
{
    task *t = *state;
    t->options.batch = 0;
    check_refused(t, NULL, ERNN_BAD_ARG, "batch is 0, allowed is 1 to 256");
    t->options.batch = 5;
    t->options.method = ERNN_METHOD_ADMM;
    check_refused(t, NULL, ERNN_BAD_ARG, "block sizes");
    ernn_error err = {0};
    ernn_spec sparse = t->structure;
    check_ok(ernn_spec_parse_blocks(&sparse, "input=4,recurrent=sparse:2:0.5", &err), err);
    check_refused(t, &sparse, ERNN_BAD_ARG, "method prune");
    ernn_model *teacher = NULL;
    check_ok(ernn_model_copy(t->model, &teacher, &err), err);
    t->options.teacher = teacher;
    ernn_model_statistics(teacher)->n = 1;
    check_refused(t, &t->structure, ERNN_BAD_ARG, "statistics");
    t->options.teacher = NULL;
    ernn_model_free(teacher);
    ernn_model *dense = t->model;
    ernn_spec output = *ernn_model_spec(dense);
    output.output_block = 4;
    check_ok(ernn_model_project(dense, &output, &t->model, &err), err);
    check_refused(t, &t->structure, ERNN_BAD_ARG, "projection=1,output=4, a dense model is wanted");
    ernn_model_free(t->model);
    t->model = dense;
    t->options.method = ERNN_METHOD_DENSE;
    t->options.resume = true;
    check_refused(t, NULL, ERNN_BAD_ARG, "path");
    t->options.checkpoint = CHECKPOINT;
    check_refused(t, NULL, ERNN_IO, "no checkpoint");
    t->options.resume = false;
    t->train->width = WIDTH + 1;
    check_refused(t, NULL, ERNN_BAD_ARG, "11 features per frame, the model takes 10");
    t->train->width = WIDTH;
}

static void test_resume_with_other_options(void **state)
{
    task *t = *state;
    ernn_train_report report;
    t->options.checkpoint = CHECKPOINT;
    t->options.n_epochs = 1;
    ernn_model_free(train(t, &report));
    ernn_train_report_free(&report);
    t->options.resume = true;
    t->options.n_epochs = 2;
    check_refused(t, NULL, ERNN_BAD_ARG, "epochs=1, now asked for epochs=2");
    t->options.n_epochs = 1;
    t->train->frames[0][0] += 1;
    check_refused(t, NULL, ERNN_BAD_ARG, "training data=");
}

static void test_short_utterances_are_counted(void **state)
{
    task *t = *state;
    ernn_train_report report;
    t->options.n_epochs = 1;
    t->train->n_frames[3] = t->train->n_phones[3] - 1;
    t->train->n_frames[8] = 0;
    ernn_model_free(train(t, &report));
    assert_int_equal(report.n_unfit, 2);
    assert_string_equal(report.first_unfit, "utterance3");
    ernn_train_report_free(&report);
}

static void test_divergence(void **state)
{
    task *t = *state;
    t->train->frames[5][3] = INFINITY;
    check_refused(t, NULL, ERNN_NO_FIT, "the loss is not finite in epoch 1");
}

// Matrices so large that scores lie hundreds apart, whatever a machine's rounding makes of them.
static void test_growing_loss(void **state)
{
    task *t = *state;
    t->options.init_scale = 100;
    t->options.learning_rate = 1e-6;
    check_refused(t, NULL, ERNN_NO_FIT, "grew far above its start");
}

// The factor on the first matrices: twice the scale, twice the initial matrices, same biases.
static void test_init_scale(void **state)
{
    task *t = *state;
    ernn_train_report report;
    ernn_model *trained[2];
    t->options.n_epochs = 1;
    t->options.learning_rate = 1e-9; // moves nothing that a float of this size would show
    t->has_last = true;
    for (int i = 0; i < 2; i++) {
        t->options.init_scale = 1 + i;
        trained[i] = train(t, &report);
        ernn_train_report_free(&report);
    }
    const ernn_tensor *w = ernn_model_find(trained[0], "layer1.W_ix");
    const ernn_tensor *b = ernn_model_find(trained[0], "layer1.b_f");
    const float *first = ernn_model_parameters_const(trained[0]);
    const float *second = ernn_model_parameters_const(trained[1]);
    for (size_t i = 0; i < w->count; i++)
        check_near(second[w->offset + i], 2 * first[w->offset + i], 1e-6);
    for (size_t i = 0; i < b->count; i++)
        check_near(second[b->offset + i], first[b->offset + i], 1e-6);
    ernn_model_free(trained[0]);
    ernn_model_free(trained[1]);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_dense_learns),
        CASE(test_circulant_learns),
        CASE(test_teacher_posteriors),
        CASE(test_distillation_learns),
        CASE(test_frame_learns),
        CASE(test_admm_converges),
        CASE(test_threads_do_not_matter),
        CASE(test_resume_dense),
        CASE(test_resume_best),
        CASE(test_resume_circulant),
        CASE(test_resume_sgd),
        CASE(test_resume_plateau),
        CASE(test_resume_variants),
        CASE(test_resume_quantize),
        CASE(test_resume_admm_quantize),
        CASE(test_resume_prune),
        CASE(test_resume_admm),
        CASE(test_refusals),
        CASE(test_resume_with_other_options),
        CASE(test_short_utterances_are_counted),
        CASE(test_divergence),
        CASE(test_growing_loss),
        CASE(test_init_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
