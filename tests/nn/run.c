// Streaming inference against an independent network in double precision that uses the expanded
// dense matrices: every cell, option and block size, odd widths, long runs, random state.
// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"
#include "check.h"
#include "ernn/model.h"

enum { STEPS = 60, MAX = 64, N_INPUTS = 19, N_LABELS = 5 };

static ernn_model *new_model(const char *text, const char *blocks)
{
    ernn_error err = {0};
    ernn_model *model;
    ernn_spec spec = ernn_spec_defaults();
    const ernn_features features = ernn_features_defaults();
    ernn_rng rng = ernn_rng_new(8, 0, 0);
    spec.n_inputs = N_INPUTS;
    spec.n_labels = N_LABELS;
    check_ok(ernn_spec_parse(&spec, text, &err), err);
    check_ok(ernn_spec_parse_blocks(&spec, blocks, &err), err);
    check_ok(ernn_model_new(&spec, &features, ERNN_PHONES_39, 1, &model, &err), err);
    check_random(&rng, ernn_model_parameters(model), ernn_model_n_parameters(model), 0.4);
    return model;
}

// ---- The reference: slow, by name, in double precision ----

typedef struct state {
    double y[ERNN_MAX_LAYERS][MAX];
    double c[ERNN_MAX_LAYERS][MAX];
} state;

static const ernn_tensor *tensor(const ernn_model *model, int layer, const char *name)
{
    char full[40];
    if (layer < 0)
        snprintf(full, sizeof full, "output.%s", name);
    else
        snprintf(full, sizeof full, "layer%d.%s", layer, name);
    return ernn_model_find(model, full);
}

// Entry (r, c) of a matrix, or r of a vector; 0 when the model has no such tensor.
static double entry(const ernn_model *model, const ernn_tensor *t, int r, int c)
{
    if (!t)
        return 0;
    const int k = t->block;
    const int q = (t->cols + k - 1) / k;
    const int d = ((r - c) % k + k) % k;
    return ernn_model_parameters_const(model)[t->offset + (size_t)((r / k * q + c / k) * k + d)];
}

static double product(const ernn_model *model, int layer, const char *name, int r, const double *x)
{
    const ernn_tensor *t = tensor(model, layer, name);
    double sum = 0;
    for (int c = 0; c < t->cols; c++)
        sum += entry(model, t, r, c) * x[c];
    return sum;
}

static double vector(const ernn_model *model, int layer, const char *name, int r)
{
    return entry(model, tensor(model, layer, name), r, 0);
}

static double sigma(double a)
{
    return 1 / (1 + exp(-a));
}

static double before_gate(const ernn_model *model, int l, char gate, int h, const double *x,
                          const double *y)
{
    const char input[] = {'W', '_', gate, 'x', 0};
    const char recurrent[] = {'W', '_', gate, 'r', 0};
    const char bias[] = {'b', '_', gate, 0};
    return product(model, l, input, h, x) + product(model, l, recurrent, h, y) +
           vector(model, l, bias, h);
}

static void reference_lstm(const ernn_model *model, int l, const double *x, double *y, double *c)
{
    const ernn_layer_spec *spec = &ernn_model_spec(model)->layers[l];
    double m[MAX];
    for (int h = 0; h < spec->n_cells; h++) {
        const double i =
            sigma(before_gate(model, l, 'i', h, x, y) + vector(model, l, "w_ic", h) * c[h]);
        const double f =
            sigma(before_gate(model, l, 'f', h, x, y) + vector(model, l, "w_fc", h) * c[h]);
        c[h] = f * c[h] + i * tanh(before_gate(model, l, 'c', h, x, y));
        if (spec->cell_clip > 0 && fabs(c[h]) > (double)spec->cell_clip)
            c[h] = copysign((double)spec->cell_clip, c[h]);
        const double o =
            sigma(before_gate(model, l, 'o', h, x, y) + vector(model, l, "w_oc", h) * c[h]);
        m[h] = o * tanh(c[h]);
    }
    if (!spec->n_projected)
        memcpy(y, m, sizeof m);
    for (int r = 0; r < spec->n_projected; r++)
        y[r] = product(model, l, "W_ym", r, m);
}

static void reference_gru(const ernn_model *model, int l, const double *x, double *y)
{
    const ernn_layer_spec *spec = &ernn_model_spec(model)->layers[l];
    double after[MAX];
    double z[MAX];
    double r[MAX];
    double u[MAX];
    for (int h = 0; h < spec->n_cells; h++) {
        z[h] = sigma(before_gate(model, l, 'z', h, x, y));
        r[h] = sigma(before_gate(model, l, 'r', h, x, y));
        u[h] = r[h] * y[h];
    }
    for (int h = 0; h < spec->n_cells; h++) {
        double a = product(model, l, "W_hx", h, x) + vector(model, l, "b_h", h);
        if (spec->is_reset_after)
            a += r[h] * (product(model, l, "W_hr", h, y) + vector(model, l, "b_hr", h));
        else
            a += product(model, l, "W_hr", h, u);
        after[h] = (1 - z[h]) * tanh(a) + z[h] * y[h];
    }
    memcpy(y, after, (size_t)spec->n_cells * sizeof *y);
}

static void reference_step(const ernn_model *model, state *s, const float *x, double *logits)
{
    const ernn_spec *spec = ernn_model_spec(model);
    double wide[MAX];
    const double *in = wide;
    for (int i = 0; i < spec->n_inputs; i++)
        wide[i] = x[i];
    for (int l = 0; l < spec->n_layers; l++) {
        if (spec->layers[l].cell == ERNN_CELL_LSTM)
            reference_lstm(model, l, in, s->y[l], s->c[l]);
        else
            reference_gru(model, l, in, s->y[l]);
        in = s->y[l];
    }
    for (int r = 0; r < spec->n_labels; r++)
        logits[r] = product(model, -1, "W", r, in) + vector(model, -1, "b", r);
}

// ---- Tests ----

static const char *const SHAPES[] = {"gru:31",
                                     "gru:33,31",
                                     "gru:13+reset_before",
                                     "gru:33,32+reset_before",
                                     "lstm:31",
                                     "lstm:33+peephole",
                                     "lstm:32p13",
                                     "lstm:31p17,33p9+peephole",
                                     "lstm:31p17+peephole+clip0.5/lstm:33+clip0.1",
                                     "lstm:9p11+peephole/gru:1/gru:7+reset_before/lstm:3"};
static const char *const BLOCKS[] = {"1",
                                     "2",
                                     "4",
                                     "8",
                                     "16",
                                     "32",
                                     "64",
                                     "input=16,recurrent=4,projection=8",
                                     "input=1,recurrent=8,projection=2",
                                     "input=4,recurrent=1,projection=32"};
// Gates that differ in structure, for shapes of their own.
static const char *const MIXED[][2] = {
    {"lstm:31p17+peephole", "input=8,recurrent=2,layer0.W_cx=1,layer0.W_or=16,projection=4"},
    {"gru:33,31", "input=8,layer0.W_rx=4,layer0.W_hr=8,layer1.W_zr=2"},
    {"gru:33+reset_before", "recurrent=4,layer0.W_hr=8,layer0.W_rr=1"},
    // and a circulant output layer, whose blocks may be the largest of the network
    {"gru:33", "output=2"},
    {"lstm:31p17", "4,output=64"},
    {"gru:13,31", "16,output=4"},
};
enum { N_SHAPES = sizeof SHAPES / sizeof *SHAPES, N_BLOCKS = sizeof BLOCKS / sizeof *BLOCKS };

// The same random state in both.
static void set_state(const ernn_model *model, ernn_run *run, state *s, ernn_rng *rng)
{
    const ernn_spec *spec = ernn_model_spec(model);
    for (int l = 0; l < spec->n_layers; l++) {
        const bool is_lstm = spec->layers[l].cell == ERNN_CELL_LSTM;
        assert_true(is_lstm == (ernn_run_cell(run, l) != NULL));
        for (int i = 0; i < ernn_spec_layer_outputs(spec, l); i++)
            s->y[l][i] = ernn_run_output(run, l)[i] = (float)(0.5 * ernn_rng_normal(rng));
        for (int h = 0; is_lstm && h < spec->layers[l].n_cells; h++)
            s->c[l][h] = ernn_run_cell(run, l)[h] = (float)ernn_rng_normal(rng);
    }
}

static void check_state(const ernn_model *model, ernn_run *run, const state *s)
{
    const ernn_spec *spec = ernn_model_spec(model);
    for (int l = 0; l < spec->n_layers; l++) {
        for (int i = 0; i < ernn_spec_layer_outputs(spec, l); i++)
            check_near(ernn_run_output(run, l)[i], s->y[l][i], 1e-4);
        for (int h = 0; ernn_run_cell(run, l) && h < spec->layers[l].n_cells; h++)
            check_near(ernn_run_cell(run, l)[h], s->c[l][h], 1e-4);
    }
}

static void check_run(const char *shape, const char *blocks, uint64_t seed)
{
    ernn_error err = {0};
    ernn_run *run;
    ernn_model *model = new_model(shape, blocks);
    ernn_rng rng = ernn_rng_new(seed, 1, 0);
    state s = {0};
    check_ok(ernn_run_new(model, &run, &err), err);
    set_state(model, run, &s, &rng);
    for (int t = 0; t < STEPS; t++) {
        float x[N_INPUTS];
        float logits[N_LABELS + 1];
        double want[N_LABELS];
        logits[N_LABELS] = 99;
        check_random(&rng, x, N_INPUTS, 1);
        ernn_run_step(run, x, logits);
        reference_step(model, &s, x, want);
        for (int r = 0; r < N_LABELS; r++)
            check_near(logits[r], want[r], 1e-4);
        assert_true(logits[N_LABELS] == 99);
        check_state(model, run, &s);
    }
    ernn_run_free(run);
    ernn_model_free(model);
}

static void test_reference(void **unused)
{
    (void)unused;
    for (int s = 0; s < N_SHAPES; s++)
        for (int b = 0; b < N_BLOCKS; b++)
            check_run(SHAPES[s], BLOCKS[b], (uint64_t)(s * N_BLOCKS + b));
    for (size_t i = 0; i < sizeof MIXED / sizeof *MIXED; i++)
        check_run(MIXED[i][0], MIXED[i][1], i);
}

// A whole utterance at once gives what its frames give one by one.
static void test_whole(void **unused)
{
    (void)unused;
    for (int s = 0; s < N_SHAPES; s++) {
        ernn_error err = {0};
        ernn_run *run;
        ernn_model *model = new_model(SHAPES[s], "input=4,recurrent=2");
        ernn_rng rng = ernn_rng_new((uint64_t)s, 5, 0);
        float x[STEPS][N_INPUTS];
        float logits[STEPS][N_LABELS];
        check_random(&rng, x[0], (size_t)STEPS * N_INPUTS, 1);
        check_ok(ernn_model_logits(model, x[0], STEPS, logits[0], &err), err);
        check_ok(ernn_model_logits(model, NULL, 0, NULL, &err), err);
        check_ok(ernn_run_new(model, &run, &err), err);
        for (int t = 0; t < STEPS; t++) {
            float one[N_LABELS];
            ernn_run_step(run, x[t], one);
            for (int r = 0; r < N_LABELS; r++)
                check_near(logits[t][r], one[r], 1e-4);
        }
        ernn_run_free(run);
        ernn_model_free(model);
    }
}

static void test_refused(void **unused)
{
    (void)unused;
    ernn_error err = {0};
    ernn_run *run;
    ernn_model *model = new_model("gru:3/lstm:5+bidirectional_sum", "1");
    assert_int_equal(ernn_run_new(model, &run, &err), ERNN_BAD_ARG);
    assert_null(run);
    assert_string_equal(err.text, "streaming: layer 1 is bidirectional: it needs whole utterances "
                                  "and cannot take one frame at a time");
    ernn_model_free(model);
}

// A new run, a reset one and one set to zero by hand give the same bits.
static void test_zero_state(void **unused)
{
    (void)unused;
    for (int s = 0; s < N_SHAPES; s++) {
        ernn_error err = {0};
        ernn_run *runs[3];
        ernn_model *model = new_model(SHAPES[s], "4");
        const ernn_spec *spec = ernn_model_spec(model);
        ernn_rng rng = ernn_rng_new(2, 0, 0);
        state unwanted;
        for (int i = 0; i < 3; i++)
            check_ok(ernn_run_new(model, &runs[i], &err), err);
        set_state(model, runs[1], &unwanted, &rng);
        set_state(model, runs[2], &unwanted, &rng);
        ernn_run_reset(runs[1]);
        for (int l = 0; l < spec->n_layers; l++) {
            for (int i = 0; i < ernn_spec_layer_outputs(spec, l); i++)
                ernn_run_output(runs[2], l)[i] = 0;
            for (int h = 0; ernn_run_cell(runs[2], l) && h < spec->layers[l].n_cells; h++)
                ernn_run_cell(runs[2], l)[h] = 0;
        }
        for (int t = 0; t < STEPS; t++) {
            float x[N_INPUTS];
            float logits[3][N_LABELS];
            check_random(&rng, x, N_INPUTS, 1);
            for (int i = 0; i < 3; i++)
                ernn_run_step(runs[i], x, logits[i]);
            assert_memory_equal(logits[0], logits[1], sizeof logits[0]);
            assert_memory_equal(logits[0], logits[2], sizeof logits[0]);
        }
        for (int i = 0; i < 3; i++)
            ernn_run_free(runs[i]);
        ernn_model_free(model);
    }
}

// Two streams step by step in turn equal two separate runs; so does one stream taken over in the
// middle through its state.
static void test_streams(void **unused)
{
    (void)unused;
    for (int s = 0; s < N_SHAPES; s++) {
        ernn_error err = {0};
        ernn_run *turn[2];
        ernn_run *alone;
        ernn_model *model = new_model(SHAPES[s], "8");
        float x[2][STEPS][N_INPUTS];
        float got[2][STEPS][N_LABELS];
        ernn_rng rng = ernn_rng_new(3, 0, 0);
        check_random(&rng, &x[0][0][0], 2 * STEPS * N_INPUTS, 1);
        for (int i = 0; i < 2; i++)
            check_ok(ernn_run_new(model, &turn[i], &err), err);
        for (int t = 0; t < STEPS; t++)
            for (int i = 0; i < 2; i++)
                ernn_run_step(turn[i], x[i][t], got[i][t]);
        check_ok(ernn_run_new(model, &alone, &err), err);
        for (int i = 0; i < 2; i++) {
            ernn_run_reset(alone);
            for (int t = 0; t < STEPS; t++) {
                float logits[N_LABELS];
                ernn_run_step(alone, x[i][t], logits);
                assert_memory_equal(logits, got[i][t], sizeof logits);
            }
        }
        for (int i = 0; i < 2; i++)
            ernn_run_free(turn[i]);
        ernn_run_free(alone);
        ernn_model_free(model);
    }
}

static void test_state_moves(void **unused)
{
    (void)unused;
    for (int s = 0; s < N_SHAPES; s++) {
        ernn_error err = {0};
        ernn_run *first;
        ernn_run *second;
        ernn_model *model = new_model(SHAPES[s], "input=2,recurrent=16,projection=4");
        const ernn_spec *spec = ernn_model_spec(model);
        ernn_rng rng = ernn_rng_new(4, 0, 0);
        float x[N_INPUTS];
        float logits[2][N_LABELS];
        check_ok(ernn_run_new(model, &first, &err), err);
        check_ok(ernn_run_new(model, &second, &err), err);
        for (int t = 0; t < STEPS; t++) {
            check_random(&rng, x, N_INPUTS, 1);
            ernn_run_step(first, x, logits[0]);
            if (t == STEPS / 2)
                for (int l = 0; l < spec->n_layers; l++) {
                    memcpy(ernn_run_output(second, l), ernn_run_output(first, l),
                           (size_t)ernn_spec_layer_outputs(spec, l) * sizeof(float));
                    if (ernn_run_cell(first, l))
                        memcpy(ernn_run_cell(second, l), ernn_run_cell(first, l),
                               (size_t)spec->layers[l].n_cells * sizeof(float));
                }
            if (t > STEPS / 2) {
                ernn_run_step(second, x, logits[1]);
                assert_memory_equal(logits[0], logits[1], sizeof logits[0]);
            }
        }
        ernn_run_free(first);
        ernn_run_free(second);
        ernn_model_free(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference), cmocka_unit_test(test_whole),
        cmocka_unit_test(test_refused),   cmocka_unit_test(test_zero_state),
        cmocka_unit_test(test_streams),   cmocka_unit_test(test_state_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
