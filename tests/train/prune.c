// Pruning: after every update each PE holds the same number of weights, as many as the schedule
// says; what is pruned stays 0 with its moments; the wanted density is reached and kept.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "random_sequences.h"

#include "fixed/qmodel.h"
#include "train/prune.h"
#include "train/trainer.h"

enum { SEED = 21, N_SEQUENCES = 7, N_FRAMES = 19 };

static const struct {
    const char *spec;
    const char *blocks;
    ernn_optimiser_kind optimiser;
} CASES[] = {{"lstm:17p11,12+peephole",
              "input=sparse:3:0.2,recurrent=sparse:4:0.1,"
              "projection=sparse:2:0.35",
              ERNN_OPTIMISER_ADAM},
             {"gru:13+reset_before", "input=1,recurrent=sparse:5:0.25", ERNN_OPTIMISER_SGD},
             {"gru:16,9", "sparse:1:0.15", ERNN_OPTIMISER_ADAMW}};
enum { N_CASES = sizeof CASES / sizeof *CASES, PRUNE_EPOCHS = 3, MAX_PARAMETERS = 16384 };

// Weights of PE `pe` of a tensor by the definition: row r belongs to PE r mod n_pes.
static size_t count_pe(const ernn_tensor *t, const float *parameters, int n_pes, int pe)
{
    size_t n = 0;
    for (int r = 0; r < t->rows; r++)
        for (int c = 0; c < t->cols; c++)
            n += r % n_pes == pe && parameters[t->offset + (size_t)(r * t->cols + c)] != 0;
    return n;
}

// Every PE's share at `density` of 10000, from S.1 in double.
static size_t share_at(const ernn_tensor *t, int n_pes, double density)
{
    const double share = floor(density / 1e4 * t->rows * t->cols / n_pes + 0.5);
    return (size_t)fmax(1, fmin(share, (double)(t->rows / n_pes) * t->cols));
}

static ernn_sparsity sparsity_of(const ernn_spec *structure, const ernn_tensor *t)
{
    if (!t->is_matrix || t->layer < 0)
        return (ernn_sparsity){0};
    return ernn_spec_structure(&structure->layers[t->layer], t->matrix, t->gate).sparse;
}

static void check_balanced(const ernn_model *model, const ernn_spec *structure, double position)
{
    const float *parameters = ernn_model_parameters_const(model);
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++) {
        const ernn_tensor *t = &ernn_model_tensors(model)[i];
        const ernn_sparsity s = sparsity_of(structure, t);
        const double left = 1 - position;
        const double density = rint(s.density + (1e4 - s.density) * left * left * left);
        for (int pe = 0; pe < s.n_pes; pe++)
            assert_int_equal(count_pe(t, parameters, s.n_pes, pe), share_at(t, s.n_pes, density));
        if (t->is_matrix && s.n_pes == 0 && t->layer < 0)
            assert_int_equal(count_pe(t, parameters, 1, 0), t->count);
    }
}

typedef struct watcher {
    ernn_trainer *trainer;
    int n_updates; // seen
    bool is_zero[MAX_PARAMETERS];
} watcher;

// After every update but the last of an epoch, which is looked at in its end.
static bool watch(void *user, double done, double total, const char *text)
{
    watcher *w = user;
    ernn_trainer *t = w->trainer;
    (void)total;
    (void)text;
    const float *parameters = ernn_model_parameters_const(t->model);
    const size_t n = ernn_model_n_parameters(t->model);
    assert_true(n <= MAX_PARAMETERS);
    if (t->phase == ERNN_PHASE_PRUNE)
        check_balanced(t->model, t->structure, done / PRUNE_EPOCHS);
    else
        check_balanced(t->model, t->structure, 1);
    for (size_t i = 0; i < ernn_model_n_tensors(t->model); i++) {
        const ernn_tensor *tensor = &ernn_model_tensors(t->model)[i];
        if (sparsity_of(t->structure, tensor).n_pes == 0)
            continue;
        for (size_t j = tensor->offset; j < tensor->offset + tensor->count; j++) {
            assert_true(!w->is_zero[j] || parameters[j] == 0);
            w->is_zero[j] = parameters[j] == 0;
            assert_true(!w->is_zero[j] || t->optimiser.mean[j] == 0);
            assert_true(!w->is_zero[j] || !t->optimiser.square || t->optimiser.square[j] == 0);
        }
    }
    w->n_updates++;
    return true;
}

static ernn_model *make_model(int index, ernn_spec *structure)
{
    ernn_error err = {0};
    ernn_model *model = NULL;
    const ernn_features features = ernn_features_defaults();
    ernn_spec spec = ernn_spec_defaults();
    check_ok(ernn_spec_parse(&spec, CASES[index].spec, &err), err);
    spec.n_inputs = WIDTH;
    spec.n_labels = ernn_phones_count(ERNN_PHONES_39) + 1;
    *structure = spec;
    check_ok(ernn_spec_parse_blocks(structure, CASES[index].blocks, &err), err);
    check_ok(ernn_model_new(&spec, &features, ERNN_PHONES_39, 3, &model, &err), err);
    return model;
}

static ernn_train_options options_of(int index)
{
    ernn_train_options options = ernn_train_defaults();
    options.method = ERNN_METHOD_PRUNE;
    options.loss = ERNN_LOSS_FRAME;
    options.optimiser = CASES[index].optimiser;
    options.weight_decay = 0.01;
    options.batch = 2;
    options.prune_epochs = PRUNE_EPOCHS;
    options.n_epochs = 2;
    return options;
}

static void test_every_stage(void **state)
{
    (void)state;
    for (int i = 0; i < N_CASES; i++) {
        ernn_error err = {0};
        ernn_spec structure;
        ernn_model *model = make_model(i, &structure);
        ernn_model *copy = NULL;
        watcher *w = calloc(1, sizeof *w);
        ernn_trainer t = {.options = options_of(i),
                          .initial = model,
                          .structure = &structure,
                          .train = random_sequences(SEED, N_SEQUENCES, N_FRAMES)};
        w->trainer = &t;
        t.options.progress = watch;
        t.options.progress_user = w;
        check_ok(ernn_trainer_open(&t, &err), err);
        check_ok(ernn_model_copy(model, &copy, &err), err);
        check_ok(ernn_trainer_open_phase(&t, ERNN_PHASE_PRUNE, copy, &err), err);
        for (int epoch = 0; epoch < PRUNE_EPOCHS + 2; epoch++) {
            if (epoch == PRUNE_EPOCHS)
                check_ok(ernn_trainer_project(&t, &err), err);
            check_ok(ernn_trainer_epoch(&t, epoch, &err), err);
            watch(w, epoch + 1, 0, "");
            check_near(t.report.epochs[epoch].density,
                       ernn_prune_kept(t.model, &structure, ernn_model_parameters(t.model)), 0);
        }
        assert_int_equal(w->n_updates, (PRUNE_EPOCHS + 2) * 4);
        ernn_train_report_free(&t.report);
        ernn_trainer_close(&t);
        ernn_model_free(model);
        free(w);
    }
}

// The result has the structure, in float and rounded; what is pruned is 0 in integers too.
static void test_result(void **state)
{
    (void)state;
    for (int i = 0; i < N_CASES; i++)
        for (int prune_epochs = 0; prune_epochs < 2; prune_epochs++) {
            ernn_error err = {0};
            ernn_spec structure;
            ernn_model *model = make_model(i, &structure);
            ernn_model *trained = NULL;
            ernn_train_report report;
            ernn_train_options options = options_of(i);
            options.prune_epochs = prune_epochs;
            options.quantize_epochs = 1;
            options.weight_bits = 8;
            check_ok(ernn_train(model, &structure, random_sequences(SEED, N_SEQUENCES, N_FRAMES),
                                NULL, &options, &trained, &report, &err),
                     err);
            for (size_t j = 0; j < ernn_model_n_tensors(trained); j++) {
                const ernn_tensor *t = &ernn_model_tensors(trained)[j];
                const ernn_sparsity s = sparsity_of(&structure, t);
                assert_int_equal(t->sparse.n_pes, s.n_pes);
                // Rounding makes zeros of small weights, never weights of zeros.
                for (int pe = 0; pe < s.n_pes; pe++)
                    assert_true(count_pe(t, ernn_model_parameters(trained), s.n_pes, pe) <=
                                share_at(t, s.n_pes, s.density));
            }
            assert_string_equal(report.epochs[prune_epochs].phase, "finetune");
            ernn_qmodel *qmodel = NULL;
            ernn_quant_options quant = ernn_quant_defaults();
            quant.weight_bits = 8;
            check_ok(ernn_quantize(trained, random_sequences(SEED, N_SEQUENCES, N_FRAMES), &quant,
                                   &qmodel, &err),
                     err);
            ernn_qtensor tensors[ERNN_QMODEL_MAX_TENSORS];
            const size_t n = ernn_qmodel_tensors(qmodel, tensors);
            for (size_t j = 0; j < n; j++)
                for (size_t e = 0; tensors[j].matrix && e < tensors[j].count; e++)
                    assert_int_equal(tensors[j].weights[e] == 0,
                                     ernn_qtensor_source(&tensors[j], trained)[e] == 0);
            ernn_qmodel_free(qmodel);
            ernn_train_report_free(&report);
            ernn_model_free(trained);
            ernn_model_free(model);
        }
}

static void test_schedule(void **state)
{
    (void)state;
    assert_int_equal(ernn_prune_density(1000, 0), 10000);
    assert_int_equal(ernn_prune_density(1000, 1), 1000);
    assert_int_equal(ernn_prune_density(1000, 0.5), 1000 + 9000 / 8);
    int before = 10000;
    for (int i = 0; i <= 1000; i++) {
        const int density = ernn_prune_density(575, i / 1000.0);
        assert_true(density <= before);
        before = density;
    }
}

static void test_refusals(void **state)
{
    (void)state;
    static const char *const blocks[] = {"1", "input=4,recurrent=sparse:2:0.5",
                                         "recurrent=sparse:2:0.5,output=4"};
    for (int i = 0; i < 3; i++) {
        ernn_error err = {0};
        ernn_spec structure;
        ernn_train_report report;
        ernn_model *model = make_model(1, &structure);
        ernn_model *trained = NULL;
        const ernn_train_options options = options_of(1);
        structure = *ernn_model_spec(model);
        check_ok(ernn_spec_parse_blocks(&structure, blocks[i], &err), err);
        assert_int_equal(ernn_train(model, &structure,
                                    random_sequences(SEED, N_SEQUENCES, N_FRAMES), NULL, &options,
                                    &trained, &report, &err),
                         ERNN_BAD_ARG);
        assert_non_null(strstr(err.text, "sparse:16:0.1"));
        ernn_train_report_free(&report);
        ernn_model_free(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule), cmocka_unit_test(test_every_stage),
        cmocka_unit_test(test_result), cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
