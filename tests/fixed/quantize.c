// Calibration and quantisation: the double-precision network behind it against the defining
// equations on expanded matrices, and the integer network against it. SPDX-License-Identifier:
// Apache-2.0
#include "check.h"
#include "ernn/circ.h"
#include "fixed/float_network.h"

enum { N_INPUTS = 31, N_SEQUENCES = 5, N_LABELS = 40, N_FRAMES = 60 };

// A model with random values in every parameter.
static ernn_model *random_model(const char *text, const char *blocks, uint64_t seed)
{
    ernn_error err = {0};
    ernn_model *model = NULL;
    ernn_features features = {0};
    ernn_spec spec = ernn_spec_defaults();
    check_ok(ernn_spec_parse(&spec, text, &err), err);
    check_ok(ernn_spec_parse_blocks(&spec, blocks, &err), err);
    spec.n_inputs = N_INPUTS;
    spec.n_labels = N_LABELS;
    check_ok(ernn_model_new(&spec, &features, ERNN_PHONES_39, seed, &model, &err), err);
    ernn_rng rng = ernn_rng_new(seed, 1, 0);
    for (size_t t = 0; t < ernn_model_n_tensors(model); t++) {
        const ernn_tensor *tensor = &ernn_model_tensors(model)[t];
        if (!tensor->is_matrix)
            check_random(&rng, ernn_model_parameters(model) + tensor->offset, tensor->count, 0.3);
    }
    return model;
}

static ernn_sequences random_sequences(uint64_t seed)
{
    static char id[] = "x";
    ernn_rng rng = ernn_rng_new(seed, 2, 0);
    ernn_sequences s = {.n = N_SEQUENCES, .width = N_INPUTS, .phone_set = ERNN_PHONES_39};
    s.frames = calloc(s.n, sizeof *s.frames);
    s.n_frames = calloc(s.n, sizeof *s.n_frames);
    s.phones = calloc(s.n, sizeof *s.phones);
    s.n_phones = calloc(s.n, sizeof *s.n_phones);
    s.ids = calloc(s.n, sizeof *s.ids);
    s.speakers = calloc(s.n, sizeof *s.speakers);
    for (size_t i = 0; i < s.n; i++) {
        s.n_frames[i] = N_FRAMES + (int)i;
        s.frames[i] = calloc((size_t)s.n_frames[i] * N_INPUTS, sizeof(float));
        check_random(&rng, s.frames[i], (size_t)s.n_frames[i] * N_INPUTS, 1);
        s.n_phones[i] = 4;
        s.phones[i] = calloc(4, sizeof(int));
        for (int p = 0; p < 4; p++)
            s.phones[i][p] = (int)ernn_rng_below(&rng, 39);
        s.ids[i] = s.speakers[i] = id;
    }
    return s;
}

static void free_sequences(ernn_sequences *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->frames[i]);
        free(s->phones[i]);
    }
    free(s->frames);
    free(s->n_frames);
    free(s->phones);
    free(s->n_phones);
    free(s->ids);
    free(s->speakers);
}

static const char *const SPECS[] = {"lstm:33", "lstm:31+peephole", "lstm:33p17,9p5+peephole",
                                    "gru:33,31", "gru:31,9+reset_before"};
static const char *const BLOCKS[] = {"1", "2", "8,output=4",
                                     "input=4,recurrent=16,projection=2,output=16", "64"};

// ---- The double-precision network ----

// y[rows] = the named matrix, expanded, times x.
static void multiply(const ernn_model *model, const char *name, const double *x, double *y)
{
    const ernn_tensor *t = ernn_model_find(model, name);
    float *dense = calloc((size_t)t->rows * (size_t)t->cols, sizeof *dense);
    ernn_circ_expand(ernn_model_parameters_const(model) + t->offset, t->rows, t->cols, t->block,
                     dense);
    for (int r = 0; r < t->rows; r++) {
        y[r] = 0;
        for (int c = 0; c < t->cols; c++)
            y[r] += (double)dense[r * t->cols + c] * x[c];
    }
    free(dense);
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static float parameter(const ernn_model *model, int layer, const char *name, int i)
{
    char full[64];
    snprintf(full, sizeof full, "layer%d.%s", layer, name);
    const ernn_tensor *t = ernn_model_find(model, full);
    return t ? ernn_model_parameters_const(model)[t->offset + (size_t)i] : 0;
}

// a[rows] = W_gx x + W_gr y + b_g of gate g.
static void gate(const ernn_model *model, int layer, char g, const double *x, const double *y,
                 int n, double *a)
{
    char name[32];
    double part[64];
    snprintf(name, sizeof name, "layer%d.W_%cx", layer, g);
    multiply(model, name, x, a);
    snprintf(name, sizeof name, "layer%d.W_%cr", layer, g);
    multiply(model, name, y, part);
    snprintf(name, sizeof name, "b_%c", g);
    for (int h = 0; h < n; h++)
        a[h] += part[h] + parameter(model, layer, name, h);
}

static void reference_lstm(const ernn_model *model, int layer, const double *x, double *y,
                           double *c)
{
    const ernn_layer_spec *spec = &ernn_model_spec(model)->layers[layer];
    double a[4][64];
    double m[64];
    for (int g = 0; g < 4; g++)
        gate(model, layer, "ifco"[g], x, y, spec -> n_cells, a[g]);
    for (int h = 0; h < spec->n_cells; h++) {
        const double i = sigmoid(a[0][h] + parameter(model, layer, "w_ic", h) * c[h]);
        const double f = sigmoid(a[1][h] + parameter(model, layer, "w_fc", h) * c[h]);
        c[h] = f * c[h] + i * tanh(a[2][h]);
        m[h] = sigmoid(a[3][h] + parameter(model, layer, "w_oc", h) * c[h]) * tanh(c[h]);
    }
    char name[32];
    snprintf(name, sizeof name, "layer%d.W_ym", layer);
    if (spec->n_projected)
        multiply(model, name, m, y);
    else
        memcpy(y, m, (size_t)spec->n_cells * sizeof *y);
}

static void reference_gru(const ernn_model *model, int layer, const double *x, double *y)
{
    const ernn_layer_spec *spec = &ernn_model_spec(model)->layers[layer];
    double z[64];
    double r[64];
    double u[64];
    double inner[64];
    double n[64];
    char name[32];
    gate(model, layer, 'z', x, y, spec->n_cells, z);
    gate(model, layer, 'r', x, y, spec->n_cells, r);
    for (int h = 0; h < spec->n_cells; h++)
        u[h] = spec->is_reset_after ? y[h] : sigmoid(r[h]) * y[h];
    snprintf(name, sizeof name, "layer%d.W_hr", layer);
    multiply(model, name, u, inner);
    snprintf(name, sizeof name, "layer%d.W_hx", layer);
    multiply(model, name, x, n);
    for (int h = 0; h < spec->n_cells; h++) {
        const double scale = spec->is_reset_after ? sigmoid(r[h]) : 1;
        const double candidate = tanh(n[h] + parameter(model, layer, "b_h", h) +
                                      scale * (inner[h] + parameter(model, layer, "b_hr", h)));
        y[h] = (1 - sigmoid(z[h])) * candidate + sigmoid(z[h]) * y[h];
    }
}

static void test_float_network(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_sequences s = random_sequences(3);
    for (int i = 0; i < 25; i++) {
        ernn_model *model = random_model(SPECS[i / 5], BLOCKS[i % 5], (uint64_t)i);
        const ernn_spec *spec = ernn_model_spec(model);
        ernn_qmodel *shape = NULL;
        ernn_float_network *network = NULL;
        ernn_float_run *run = NULL;
        ernn_network_ranges ranges = {0};
        check_ok(ernn_qmodel_new(spec, 16, 12, &shape, &err), err);
        check_ok(ernn_float_network_new(model, shape, &network, &err), err);
        check_ok(ernn_float_run_new(network, &run, &err), err);
        double y[2][64] = {{0}};
        double c[2][64] = {{0}};
        for (int t = 0; t < N_FRAMES; t++) {
            double x[N_INPUTS];
            double scores[N_LABELS];
            double want[N_LABELS];
            for (int e = 0; e < N_INPUTS; e++)
                x[e] = s.frames[0][t * N_INPUTS + e];
            ernn_float_run_step(run, s.frames[0] + t * N_INPUTS, scores, &ranges);
            const double *input = x;
            for (int l = 0; l < spec->n_layers; l++) {
                if (spec->layers[l].cell == ERNN_CELL_LSTM)
                    reference_lstm(model, l, input, y[l], c[l]);
                else
                    reference_gru(model, l, input, y[l]);
                input = y[l];
            }
            multiply(model, "output.W", input, want);
            const float *b =
                ernn_model_parameters_const(model) + ernn_model_find(model, "output.b")->offset;
            for (int r = 0; r < N_LABELS; r++)
                check_near(scores[r], want[r] + b[r], 1e-4); // weights are floats
        }
        assert_true(ranges.layers[0].input.high > 2 && ranges.layers[0].output.high > 0.1);
        ernn_float_run_free(run);
        ernn_float_network_free(network);
        ernn_qmodel_free(shape);
        ernn_model_free(model);
    }
    free_sequences(&s);
}

// ---- Quantisation ----

// No saturation where calibration ran, and scores close to those in double precision.
static void test_accuracy(void **state)
{
    (void)state;
    static const struct {
        int signal_bits;
        int weight_bits;
        double db;
    } words[] = {{18, 16, 60}, {16, 16, 60}, {16, 12, 58}, {12, 12, 49}, {12, 8, 38}, {8, 8, 26}};
    ernn_error err = {0};
    ernn_sequences s = random_sequences(5);
    for (int i = 0; i < 25; i++)
        for (int w = 0; w < 6; w++) {
            ernn_model *model = random_model(SPECS[i / 5], BLOCKS[i % 5], (uint64_t)i);
            ernn_qmodel *qmodel = NULL;
            ernn_float_network *network = NULL;
            ernn_float_run *run = NULL;
            ernn_qrun *qrun = NULL;
            ernn_network_ranges ranges = {0};
            const ernn_quant_options options = {words[w].signal_bits, words[w].weight_bits, 64};
            check_ok(ernn_quantize(model, &s, &options, &qmodel, &err), err);
            check_ok(ernn_float_network_new(model, qmodel, &network, &err), err);
            check_ok(ernn_float_run_new(network, &run, &err), err);
            check_ok(ernn_qrun_new(qmodel, &qrun, &err), err);
            double error = 0;
            double energy = 0;
            for (size_t u = 0; u < s.n; u++) {
                ernn_qrun_reset(qrun);
                ernn_float_run_reset(run);
                for (int t = 0; t < s.n_frames[u]; t++) {
                    double want[N_LABELS];
                    float got[N_LABELS];
                    ernn_float_run_step(run, s.frames[u] + t * N_INPUTS, want, &ranges);
                    ernn_qrun_step(qrun, s.frames[u] + t * N_INPUTS, got);
                    for (int r = 0; r < N_LABELS; r++) {
                        error += (got[r] - want[r]) * (got[r] - want[r]);
                        energy += want[r] * want[r];
                    }
                }
            }
            const double db = 10 * log10(energy / error);
            if (db < words[w].db) {
                print_error("%s blocks %s, %d/%d bits: %.1f dB\n", SPECS[i / 5], BLOCKS[i % 5],
                            words[w].signal_bits, words[w].weight_bits, db);
                fail();
            }
            if (words[w].signal_bits >= 12) {
                uint64_t hits[ERNN_RT_CLASSES] = {0};
                ernn_qrun_saturations(qrun, hits);
                for (int c = 0; c < ERNN_RT_CLASSES; c++)
                    assert_true(hits[c] == 0);
            }
            ernn_qrun_free(qrun);
            ernn_float_run_free(run);
            ernn_float_network_free(network);
            ernn_qmodel_free(qmodel);
            ernn_model_free(model);
        }
    free_sequences(&s);
}

static const ernn_signal_format *find(const ernn_qmodel *qmodel, const char *name)
{
    size_t n = 0;
    const ernn_signal_format *table = ernn_qmodel_formats(qmodel, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

// Formats hold what the table says was seen, with room, and no more than a factor of two of it.
static void test_table(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_qmodel *qmodel = NULL;
    ernn_sequences s = random_sequences(8);
    ernn_model *model = random_model("lstm:33p17,9p5+peephole", "8", 4);
    check_ok(ernn_quantize(model, &s, NULL, &qmodel, &err), err);
    size_t n = 0;
    const ernn_signal_format *table = ernn_qmodel_formats(qmodel, &n);
    assert_int_equal(n, 2 * (1 + 3 * 4 + 5) + 5);
    for (size_t i = 0; i < n; i++) {
        const double top = ldexp(1, table[i].bits - 1 - table[i].frac);
        assert_true(table[i].low < 0 && table[i].high > 0);
        if (!strstr(table[i].name, "weights")) // their far ends may be limited
            assert_true(fmax(-table[i].low, table[i].high) < top);
        else
            assert_true(fmax(-table[i].low, table[i].high) < 4 * top);
    }
    assert_true(find(qmodel, "layer1.recurrent.accumulator")->bits == 20);
    assert_int_equal(find(qmodel, "layer0.output")->frac, find(qmodel, "layer1.input")->frac);
    const ernn_signal_format *cell = find(qmodel, "layer1.cell");
    const double peak = 1.1 * fmax(-cell->low, cell->high);
    assert_true(cell->frac == 14 || peak >= ldexp(1, 14 - cell->frac) * 0.99);
    ernn_qmodel_free(qmodel);
    ernn_model_free(model);
    free_sequences(&s);
}

// Threads change nothing; scores are those of decoding each sequence alone.
static void test_evaluation(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_qmodel *qmodel = NULL;
    ernn_sequences s = random_sequences(9);
    ernn_model *model = random_model("gru:33,31", "8", 4);
    check_ok(ernn_quantize(model, &s, NULL, &qmodel, &err), err);
    ernn_evaluation one;
    ernn_evaluation two;
    uint64_t hits[ERNN_RT_CLASSES];
    check_ok(ernn_qmodel_evaluate(qmodel, &s, NULL, 1, &one, hits, &err), err);
    check_ok(ernn_qmodel_evaluate(qmodel, &s, NULL, 2, &two, NULL, &err), err);
    assert_memory_equal(one.scores, two.scores, sizeof one.scores);
    assert_int_equal(one.n_frames, 5 * N_FRAMES + 10);
    ernn_qrun *run = NULL;
    check_ok(ernn_qrun_new(qmodel, &run, &err), err);
    ernn_score total[3] = {{0}};
    for (size_t i = 0; i < s.n; i++) {
        float logits[2 * N_FRAMES][N_LABELS];
        ernn_hypothesis found[2 * N_FRAMES];
        ernn_qrun_reset(run);
        for (int t = 0; t < s.n_frames[i]; t++)
            ernn_qrun_step(run, s.frames[i] + t * N_INPUTS, logits[t]);
        const int n =
            ernn_decode_greedy(&logits[0][0], s.n_frames[i], N_LABELS, found, 2 * N_FRAMES);
        assert_int_equal(n, one.n_phones[i]);
        for (int p = 0; p < n; p++) {
            assert_int_equal(found[p].phone - 1, one.phones[i][p]);
            assert_int_equal(two.phones[i][p], one.phones[i][p]);
        }
        for (int c = 0; c < 3; c++)
            check_ok(ernn_score_add(&total[c], ERNN_PHONES_39, s.phones[i], s.n_phones[i],
                                    one.phones[i], n, (ernn_silence)c, &err),
                     err);
    }
    assert_memory_equal(one.scores, total, sizeof total);
    ernn_qrun_free(run);
    ernn_evaluation_free(&one);
    ernn_evaluation_free(&two);

    s.width = 30;
    assert_int_equal(ernn_qmodel_evaluate(qmodel, &s, NULL, 1, &one, NULL, &err), ERNN_BAD_ARG);
    s.width = N_INPUTS;
    s.phone_set = ERNN_PHONES_61;
    assert_int_equal(ernn_qmodel_evaluate(qmodel, &s, NULL, 1, &one, NULL, &err), ERNN_BAD_ARG);
    s.phone_set = ERNN_PHONES_39;
    ernn_qmodel_free(qmodel);
    ernn_model_free(model);
    free_sequences(&s);
}

static void test_refusals(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_qmodel *qmodel = NULL;
    ernn_sequences s = random_sequences(9);
    ernn_model *model = random_model("gru:9", "1", 4);
    ernn_quant_options options = ernn_quant_defaults();
    options.signal_bits = 19;
    assert_int_equal(ernn_quantize(model, &s, &options, &qmodel, &err), ERNN_BAD_ARG);
    options.signal_bits = 16;
    options.weight_bits = 3;
    assert_int_equal(ernn_quantize(model, &s, &options, &qmodel, &err), ERNN_BAD_ARG);
    options.weight_bits = 12;
    options.max_sequences = 0;
    assert_int_equal(ernn_quantize(model, &s, &options, &qmodel, &err), ERNN_BAD_ARG);
    s.width++;
    assert_int_equal(ernn_quantize(model, &s, NULL, &qmodel, &err), ERNN_BAD_ARG);
    s.width--;
    ernn_model_parameters(model)[7] = NAN;
    assert_int_equal(ernn_quantize(model, &s, NULL, &qmodel, &err), ERNN_BAD_ARG);
    assert_null(qmodel);
    ernn_model_free(model);
    free_sequences(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_float_network), cmocka_unit_test(test_accuracy),
        cmocka_unit_test(test_table),         cmocka_unit_test(test_evaluation),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
