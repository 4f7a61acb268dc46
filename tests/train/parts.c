// The parts of training against their definitions (docs/math.md, Training): schedule of
// ADMM, batches, ADMM. SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "ernn/circ.h"
#include "train/admm.h"
#include "train/batches.h"
#include "train/schedule.h"

static void test_admm_schedule(void **state)
{
    (void)state;
    ernn_train_options options = ernn_train_defaults();
    ernn_spec structure = ernn_spec_defaults();
    structure.layers[0].block[ERNN_MATRIX_INPUT] = 4;
    structure.layers[0].block[ERNN_MATRIX_RECURRENT] = 8;
    options.method = ERNN_METHOD_ADMM;
    options.n_epochs = 3;
    options.learning_rate = 1;
    options.admm_rounds = 6;
    options.admm_epochs = 2;
    options.admm_rho_first = 0.1;
    options.admm_rho_last = 3.2;
    options.admm_block_growth = 1;
    const ernn_schedule schedule = ernn_schedule_new(&options, &structure);
    assert_int_equal(schedule.n_epochs, 15);
    for (int e = 0; e < 12; e++) {
        const ernn_schedule_epoch epoch = ernn_schedule_at(&schedule, e);
        const int round = e / 2;
        assert_int_equal(epoch.phase, ERNN_PHASE_ADMM);
        check_near(epoch.rho, round % 2 ? 3.2 : 0.1, 1e-9);
        assert_int_equal(epoch.block, 2 << (round / 2));
        assert_int_equal(epoch.is_stage_start, e % 4 == 0);
        assert_int_equal(epoch.is_round_start, e % 2 == 0);
        assert_int_equal(epoch.is_round_end, e % 2 == 1);
        if (e % 2 == 0)
            check_near(ernn_schedule_rate(&schedule, &epoch, 0), 1, 1e-12);
        else
            check_near(ernn_schedule_rate(&schedule, &epoch, 1), 0.1, 1e-12);
    }
    assert_int_equal(ernn_schedule_at(&schedule, 12).phase, ERNN_PHASE_FINETUNE);
    options.admm_block_growth = 0;
    const ernn_schedule straight = ernn_schedule_new(&options, &structure);
    assert_int_equal(ernn_schedule_at(&straight, 0).block, 8);
    for (int e = 0; e < 12; e++) {
        const ernn_schedule_epoch epoch = ernn_schedule_at(&straight, e);
        check_near(epoch.rho, 0.1 * pow(2, e / 2), 1e-9);
        assert_int_equal(epoch.is_stage_start, e == 0);
    }
}

static void test_batches(void **state)
{
    (void)state;
    enum { N = 23, SIZE = 4 };
    int n_frames[N];
    int n_phones[N];
    int labels[N][3];
    int *phones[N];
    int seen[N];
    ernn_error err = {0};
    for (int i = 0; i < N; i++) {
        n_frames[i] = 3 + (i * 7) % 40;
        n_phones[i] = 3;
        phones[i] = labels[i];
        labels[i][0] = 1;
        labels[i][1] = labels[i][2] = 2;
    }
    ernn_sequences s = {.n = N, .n_frames = n_frames, .phones = phones, .n_phones = n_phones};
    ernn_batches batches;
    // Utterance 0 has 3 frames; 3 labels with one repeat need 4.
    check_ok(ernn_batches_init(&batches, &s, SIZE, true, &err), err);
    assert_int_equal(batches.n_unfit, 1);
    assert_int_equal(batches.first_unfit, 0);
    assert_int_equal(batches.n, 6);
    size_t first[2] = {0, 0};
    for (int epoch = 0; epoch < 3; epoch++) {
        memset(seen, 0, sizeof seen);
        ernn_batches_shuffle(&batches, 9, epoch % 2);
        for (size_t b = 0; b < batches.n; b++) {
            const size_t *items;
            const int n = ernn_batches_items(&batches, b, &items);
            int low = 1000;
            int high = 0;
            for (int i = 0; i < n; i++) {
                seen[items[i]]++;
                low = n_frames[items[i]] < low ? n_frames[items[i]] : low;
                high = n_frames[items[i]] > high ? n_frames[items[i]] : high;
            }
            assert_true(high - low <= 14);
            if (b == 0 && epoch == 2)
                assert_int_equal(items[0], first[0]);
            else if (b == 0)
                first[epoch] = items[0];
        }
        assert_int_equal(seen[0], 0);
        for (int i = 1; i < N; i++)
            assert_int_equal(seen[i], 1);
    }
    ernn_batches_clear(&batches);
}

// ---- ADMM ----

typedef struct admm_case {
    ernn_model *model;
    ernn_spec structure;
    ernn_admm admm;
    float *w;
    size_t n;
} admm_case;

static int set_up(void **state)
{
    ernn_error err = {0};
    admm_case *c = calloc(1, sizeof *c);
    const ernn_features features = ernn_features_defaults();
    ernn_spec spec = ernn_spec_defaults();
    check_ok(ernn_spec_parse(&spec, "lstm:13p7,9+peephole", &err), err);
    spec.n_inputs = 11;
    spec.n_labels = 40;
    c->structure = spec;
    check_ok(ernn_spec_parse_blocks(&c->structure, "input=1,recurrent=8,projection=4", &err), err);
    check_ok(ernn_model_new(&spec, &features, ERNN_PHONES_39, 1, &c->model, &err), err);
    check_ok(ernn_admm_init(&c->admm, c->model, &c->structure, ERNN_ADMM_TARGET_NEAREST, &err),
             err);
    c->w = ernn_model_parameters(c->model);
    c->n = ernn_model_n_parameters(c->model);
    ernn_rng rng = ernn_rng_new(4, 0, 0);
    check_random(&rng, c->w, c->n, 0.5);
    *state = c;
    return 0;
}

static int tear_down(void **state)
{
    admm_case *c = *state;
    ernn_admm_clear(&c->admm);
    ernn_model_free(c->model);
    free(c);
    return 0;
}

// Mean over the entries (r, c) of the block with the same (r - c) mod k, by definition.
static double projected(const ernn_tensor *t, int k, const float *w, const float *u, int r, int c)
{
    double sum = 0;
    int n = 0;
    for (int i = r - r % k; i < r - r % k + k && i < t->rows; i++)
        for (int j = c - c % k; j < c - c % k + k && j < t->cols; j++)
            if ((i - j + 2 * ERNN_MAX_BLOCK) % k == (r - c + 2 * ERNN_MAX_BLOCK * k) % k) {
                const size_t at = t->offset + (size_t)(i * t->cols + j);
                sum += (double)w[at] + u[at];
                n++;
            }
    return sum / n;
}

static int expected_block(const ernn_tensor *t, int limit)
{
    int k = 1;
    if (t->is_matrix && t->layer >= 0 && t->matrix == ERNN_MATRIX_RECURRENT)
        k = 8;
    if (t->is_matrix && t->layer >= 0 && t->matrix == ERNN_MATRIX_PROJECTION)
        k = 4;
    return k < limit ? k : limit;
}

static void check_update(admm_case *c, int limit)
{
    float *u = malloc(c->n * sizeof *u);
    memcpy(u, c->admm.u, c->n * sizeof *u);
    ernn_admm_update(&c->admm, c->w);
    const ernn_tensor *tensors = ernn_model_tensors(c->model);
    int constrained = 0;
    for (size_t i = 0; i < ernn_model_n_tensors(c->model); i++) {
        const ernn_tensor *t = &tensors[i];
        const int k = expected_block(t, limit);
        constrained += k > 1;
        for (int r = 0; k > 1 && r < t->rows; r++)
            for (int col = 0; col < t->cols; col++) {
                const size_t at = t->offset + (size_t)(r * t->cols + col);
                const double z = projected(t, k, c->w, u, r, col);
                check_near(c->admm.z[at], z, 1e-5);
                check_near(c->admm.u[at], u[at] + c->w[at] - z, 1e-5);
            }
        if (k == 1)
            check_near(ernn_admm_residual(&c->admm, c->w, i), 0, 0);
    }
    assert_int_equal(constrained, 2 * 4 + 1);
    free(u);
}

static void test_admm_updates(void **state)
{
    admm_case *c = *state;
    static const int limits[] = {2, 4, 64};
    ernn_rng rng = ernn_rng_new(6, 0, 0);
    for (int i = 0; i < 3; i++) {
        ernn_admm_start(&c->admm, c->w, limits[i]);
        for (int round = 0; round < 3; round++) {
            ernn_admm_set_rho(&c->admm, pow(3, round));
            check_update(c, limits[i]);
            check_random(&rng, c->w, c->n, 0.5);
        }
    }
}

static double penalty(const admm_case *c)
{
    const ernn_tensor *tensors = ernn_model_tensors(c->model);
    double sum = 0;
    for (size_t i = 0; i < ernn_model_n_tensors(c->model); i++) {
        if (expected_block(&tensors[i], 64) == 1)
            continue;
        for (size_t j = tensors[i].offset; j < tensors[i].offset + tensors[i].count; j++) {
            const double d = (double)c->w[j] - c->admm.z[j] + c->admm.u[j];
            sum += 0.5 * c->admm.rho * d * d;
        }
    }
    return sum;
}

static void test_admm_gradient(void **state)
{
    admm_case *c = *state;
    ernn_rng rng = ernn_rng_new(8, 0, 0);
    ernn_admm_start(&c->admm, c->w, 64);
    ernn_admm_set_rho(&c->admm, 0.7);
    ernn_admm_update(&c->admm, c->w);
    ernn_admm_set_rho(&c->admm, 1.9);
    check_random(&rng, c->w, c->n, 0.5);
    float *gradient = calloc(c->n, sizeof *gradient);
    ernn_admm_gradient(&c->admm, c->w, gradient);
    for (size_t i = 0; i < c->n; i++) {
        const float kept = c->w[i];
        c->w[i] = kept + 0.125f;
        const double above = penalty(c);
        c->w[i] = kept - 0.125f;
        const double below = penalty(c);
        c->w[i] = kept;
        check_near(gradient[i], (above - below) / 0.25,
                   1e-5); // a quadratic: exact but for rounding
    }
    free(gradient);
}

// T.6a: what the norm adds to the penalty's gradient is -rho (s - 1) P(W), s P(W) as long as W.
static void test_admm_norm(void **state)
{
    admm_case *c = *state;
    const ernn_tensor *tensors = ernn_model_tensors(c->model);
    ernn_admm_start(&c->admm, c->w, 64);
    ernn_admm_set_rho(&c->admm, 1.9);
    ernn_admm_update(&c->admm, c->w);
    float *plain = calloc(c->n, sizeof *plain);
    float *gradient = calloc(c->n, sizeof *gradient);
    float *zero = calloc(c->n, sizeof *zero);
    ernn_admm_gradient(&c->admm, c->w, plain);
    c->admm.keeps_norm = true;
    ernn_admm_gradient(&c->admm, c->w, gradient);
    for (size_t i = 0; i < ernn_model_n_tensors(c->model); i++) {
        const ernn_tensor *t = &tensors[i];
        const int k = expected_block(t, 64);
        double whole = 0;
        double kept = 0;
        for (size_t j = t->offset; k > 1 && j < t->offset + t->count; j++) {
            const int at = (int)(j - t->offset);
            const double z = projected(t, k, c->w, zero, at / t->cols, at % t->cols);
            whole += (double)c->w[j] * c->w[j];
            kept += z * z;
        }
        const double s = k > 1 ? fmin(sqrt(whole / kept), sqrt(k)) : 1;
        assert_true(k == 1 || s > 1.3);
        for (size_t j = t->offset; j < t->offset + t->count; j++) {
            const int at = (int)(j - t->offset);
            const double z = k > 1 ? projected(t, k, c->w, zero, at / t->cols, at % t->cols) : 0;
            check_near(gradient[j], plain[j] - 1.9 * (s - 1) * z, 1e-5);
        }
    }
    free(plain);
    free(gradient);
    free(zero);
}

// T.8: rho U stays when rho changes.
static void test_admm_rho(void **state)
{
    admm_case *c = *state;
    ernn_admm_start(&c->admm, c->w, 64);
    ernn_admm_set_rho(&c->admm, 0.5);
    ernn_admm_update(&c->admm, c->w);
    const ernn_tensor *t = ernn_model_find(c->model, "layer0.W_ir");
    const double before = c->admm.u[t->offset] * c->admm.rho;
    assert_true(before != 0);
    ernn_admm_set_rho(&c->admm, 2);
    check_near(c->admm.u[t->offset] * c->admm.rho, before, 1e-7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_admm_schedule),
        cmocka_unit_test(test_batches),
        cmocka_unit_test_setup_teardown(test_admm_updates, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_admm_gradient, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_admm_norm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_admm_rho, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
