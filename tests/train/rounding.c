// Quantization-aware training: the weights that it sees are those that the quantised model stores;
// its gradient is the gradient there. SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "random_sequences.h"

#include "circ/rounding.h"
#include "fixed/qmodel.h"
#include "train/trainer.h"

enum { SEED = 11, N_SEQUENCES = 5, N_FRAMES = 23 };

static ernn_model *make_model(const char *text, const char *blocks)
{
    ernn_error err = {0};
    ernn_model *model = NULL;
    const ernn_features features = ernn_features_defaults();
    ernn_spec spec = ernn_spec_defaults();
    check_ok(ernn_spec_parse(&spec, text, &err), err);
    check_ok(ernn_spec_parse_blocks(&spec, blocks, &err), err);
    spec.n_inputs = WIDTH;
    spec.n_labels = ernn_phones_count(ERNN_PHONES_39) + 1;
    check_ok(ernn_model_new(&spec, &features, ERNN_PHONES_39, 3, &model, &err), err);
    // Cubes have far values; every number is random and not 0.
    ernn_rng rng = ernn_rng_new(4, 0, 0);
    for (size_t i = 0; i < ernn_model_n_parameters(model); i++) {
        const double x = ernn_rng_normal(&rng);
        ernn_model_parameters(model)[i] = (float)(0.2 * x * x * x);
    }
    return model;
}

static ernn_qmodel *quantise(const ernn_model *model, const ernn_sequences *s, int bits)
{
    ernn_error err = {0};
    ernn_qmodel *qmodel = NULL;
    ernn_quant_options options = ernn_quant_defaults();
    options.weight_bits = bits;
    check_ok(ernn_quantize(model, s, &options, &qmodel, &err), err);
    return qmodel;
}

// The numbers of `rounded` have exactly the spectra that `stored` holds.
static void check_stored(const ernn_model *rounded, ernn_qmodel *stored, int bits)
{
    ernn_qtensor tensors[ERNN_QMODEL_MAX_TENSORS];
    const size_t n = ernn_qmodel_tensors(stored, tensors);
    static double spectra[8192];
    for (size_t t = 0; t < n; t++) {
        if (!tensors[t].matrix)
            continue;
        const int k = tensors[t].shape[2];
        const double step = ldexp(1, -tensors[t].formats->weights);
        assert_true(tensors[t].count <= 8192);
        ernn_spectra(ernn_qtensor_source(&tensors[t], rounded), tensors[t].count / (size_t)k, k,
                     spectra);
        for (size_t i = 0; i < tensors[t].count; i++)
            check_near(spectra[i] / step, tensors[t].weights[i], 1e-6 * ldexp(1, bits - 1));
    }
}

static void check_same_integers(ernn_qmodel *a, ernn_qmodel *b)
{
    ernn_qtensor x[ERNN_QMODEL_MAX_TENSORS];
    ernn_qtensor y[ERNN_QMODEL_MAX_TENSORS];
    const size_t n = ernn_qmodel_tensors(a, x);
    assert_int_equal(ernn_qmodel_tensors(b, y), n);
    for (size_t t = 0; t < n; t++)
        if (x[t].matrix) {
            assert_int_equal(x[t].formats->weights, y[t].formats->weights);
            assert_memory_equal(x[t].weights, y[t].weights, x[t].count * sizeof *x[t].weights);
        }
}

static const struct {
    const char *spec;
    const char *blocks;
} SHAPES[] = {{"lstm:17p11,12+peephole", "input=2,recurrent=4,projection=8"},
              {"gru:13,9+reset_before", "input=1,recurrent=8"},
              {"gru:19", "16,output=4"},
              {"lstm:10", "1"}};
enum { N_SHAPES = sizeof SHAPES / sizeof *SHAPES };

static void test_rounds_as_stored(void **state)
{
    (void)state;
    static const int bits[] = {4, 6, 12, 16};
    const ernn_sequences *s = random_sequences(SEED, N_SEQUENCES, N_FRAMES);
    for (int i = 0; i < N_SHAPES; i++)
        for (int b = 0; b < 4; b++) {
            ernn_error err = {0};
            ernn_rounding rounding;
            ernn_model *model = make_model(SHAPES[i].spec, SHAPES[i].blocks);
            ernn_qmodel *stored = quantise(model, s, bits[b]);
            check_ok(ernn_rounding_init(&rounding, model, bits[b], &err), err);
            float *parameters = ernn_model_parameters(model);
            memcpy(parameters, ernn_rounding_update(&rounding, parameters),
                   ernn_model_n_parameters(model) * sizeof *parameters);
            check_stored(model, stored, bits[b]);
            // Quantising what was rounded stores the same integers.
            ernn_qmodel *again = quantise(model, s, bits[b]);
            check_same_integers(stored, again);
            ernn_rounding_clear(&rounding);
            ernn_qmodel_free(stored);
            ernn_qmodel_free(again);
            ernn_model_free(model);
        }
}

static ernn_train_options one_update(void)
{
    ernn_train_options options = ernn_train_defaults();
    options.method = ERNN_METHOD_CIRCULANT;
    options.loss = ERNN_LOSS_FRAME;
    options.n_epochs = 1;
    options.batch = N_SEQUENCES;
    options.quantize_rate = options.learning_rate;
    return options;
}

// One update from `model` in `phase`; the trainer is left as it is then.
static void update_once(ernn_trainer *t, const ernn_model *model, const ernn_sequences *s,
                        ernn_phase phase)
{
    ernn_error err = {0};
    ernn_model *copy = NULL;
    ernn_train_options options = one_update();
    options.weight_bits = 5;
    if (phase == ERNN_PHASE_QUANTIZE) {
        options.n_epochs = 0;
        options.quantize_epochs = 1;
    }
    *t = (ernn_trainer){.options = options, .initial = model, .train = s};
    check_ok(ernn_trainer_open(t, &err), err);
    check_ok(ernn_model_copy(model, &copy, &err), err);
    check_ok(ernn_trainer_open_phase(t, phase, copy, &err), err);
    check_ok(ernn_trainer_epoch(t, 0, &err), err);
}

static void close_trainer(ernn_trainer *t)
{
    ernn_train_report_free(&t->report);
    ernn_trainer_close(t);
}

// Straight-through: the gradient is that of the rounded network, bit for bit, and it moves the
// unrounded weights.
static void test_straight_through(void **state)
{
    (void)state;
    const ernn_sequences *s = random_sequences(SEED, N_SEQUENCES, N_FRAMES);
    for (int i = 0; i < N_SHAPES; i++) {
        ernn_error err = {0};
        ernn_trainer aware;
        ernn_trainer plain;
        ernn_rounding rounding;
        ernn_model *model = make_model(SHAPES[i].spec, SHAPES[i].blocks);
        ernn_model *rounded = NULL;
        const size_t n = ernn_model_n_parameters(model);
        check_ok(ernn_model_copy(model, &rounded, &err), err);
        check_ok(ernn_rounding_init(&rounding, model, 5, &err), err);
        const float *w = ernn_model_parameters_const(model);
        float *v = ernn_model_parameters(rounded);
        memcpy(v, ernn_rounding_update(&rounding, w), n * sizeof *v);
        update_once(&aware, model, s, ERNN_PHASE_QUANTIZE);
        update_once(&plain, rounded, s, ERNN_PHASE_TRAIN);
        assert_memory_equal(aware.gradient, plain.gradient, n * sizeof(float));
        const float *aware_w = ernn_model_parameters_const(aware.model);
        const float *plain_w = ernn_model_parameters_const(plain.model);
        for (size_t j = 0; j < n; j++)
            check_near(aware_w[j] - w[j], plain_w[j] - v[j], 1e-6);
        // The best of the epoch is what the network ran with.
        assert_memory_equal(aware.best, ernn_rounding_update(&rounding, aware_w),
                            n * sizeof(float));
        close_trainer(&aware);
        close_trainer(&plain);
        ernn_rounding_clear(&rounding);
        ernn_model_free(rounded);
        ernn_model_free(model);
    }
}

// Training, then quantising: the quantised model stores what training ran with.
static void test_trained_is_stored(void **state)
{
    (void)state;
    const ernn_sequences *s = random_sequences(SEED, N_SEQUENCES, N_FRAMES);
    for (int i = 0; i < N_SHAPES; i++) {
        ernn_error err = {0};
        ernn_model *model = make_model(SHAPES[i].spec, SHAPES[i].blocks);
        ernn_model *trained = NULL;
        ernn_train_report report;
        ernn_train_options options = one_update();
        options.batch = 2;
        options.quantize_epochs = 3;
        options.weight_bits = 6;
        check_ok(ernn_train(model, NULL, s, NULL, &options, &trained, &report, &err), err);
        assert_int_equal(report.n_epochs, 4);
        assert_string_equal(report.epochs[0].phase, "train");
        assert_string_equal(report.epochs[3].phase, "quantize");
        assert_int_equal(report.best_epoch, 4);
        ernn_qmodel *stored = quantise(trained, s, 6);
        check_stored(trained, stored, 6);
        ernn_qmodel_free(stored);
        ernn_train_report_free(&report);
        ernn_model_free(trained);
        ernn_model_free(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rounds_as_stored),
                                       cmocka_unit_test(test_straight_through),
                                       cmocka_unit_test(test_trained_is_stored)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
