// The gradient of every parameter of both cells in all variants, against central differences of a
// plain double-precision network: 50 steps, three utterances of different lengths, odd sizes, block
// sizes from 1 to 8, random values in every parameter. SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "reference.h"

enum { MAX_BATCH = 4, MAX_FRAMES = 64, MAX_LABELS = 12 };

typedef struct example {
    const char *network;
    const char *blocks;
    ernn_target target;
    int n_inputs;
    int n_frames[3];
    double noise;
    double dropout;
} example;

static const example examples[] = {
    {"lstm:5", "1", ERNN_TARGET_CTC, 4, {23, 50, 31}, 0, 0},
    {"lstm:7+peephole", "input=2,recurrent=4", ERNN_TARGET_CTC, 5, {50, 11, 50}, 0, 0},
    {"lstm:6p4", "input=4,recurrent=2,projection=4", ERNN_TARGET_FRAME, 5, {1, 50, 2}, 0, 0},
    {"lstm:7p5,5p3+peephole",
     "input=4,recurrent=2,projection=8",
     ERNN_TARGET_CTC,
     3,
     {20, 22, 50},
     0,
     0},
    {"lstm:9,3+peephole", "8", ERNN_TARGET_FRAME, 6, {13, 12, 50}, 0, 0},
    {"lstm:5p4,6p2+peephole",
     "input=2,recurrent=4,projection=2",
     ERNN_TARGET_CTC,
     5,
     {19, 31, 17},
     0.3,
     0.4},
    {"gru:5", "1", ERNN_TARGET_CTC, 4, {23, 50, 31}, 0, 0},
    {"gru:7,5", "input=4,recurrent=8", ERNN_TARGET_CTC, 5, {50, 26, 11}, 0, 0},
    {"gru:9", "input=8,recurrent=2", ERNN_TARGET_FRAME, 11, {50, 1, 50}, 0, 0},
    {"gru:6+reset_before", "1", ERNN_TARGET_CTC, 4, {17, 50, 24}, 0, 0},
    {"gru:7,5+reset_before", "input=2,recurrent=4", ERNN_TARGET_FRAME, 5, {8, 24, 50}, 0, 0},
    {"gru:5,7,4", "input=8,recurrent=4", ERNN_TARGET_CTC, 5, {16, 12, 30}, 0.2, 0.5},
    // both directions, side by side and as a sum
    {"lstm:5,3+bidirectional", "1", ERNN_TARGET_CTC, 4, {23, 51, 31}, 0, 0},
    {"lstm:5p3,6p5+peephole+bidirectional",
     "input=2,recurrent=4,projection=2",
     ERNN_TARGET_CTC,
     3,
     {51, 1, 20},
     0.2,
     0.3},
    {"lstm:5,5+peephole+bidirectional_sum", "2", ERNN_TARGET_FRAME, 3, {8, 9, 51}, 0, 0},
    {"gru:5,3+bidirectional", "input=4,recurrent=2", ERNN_TARGET_CTC, 3, {51, 33, 51}, 0, 0},
    {"gru:7,3+bidirectional_sum", "1", ERNN_TARGET_FRAME, 5, {51, 2, 17}, 0.1, 0.4},
    {"gru:5+reset_before+bidirectional/lstm:3+bidirectional_sum/gru:4",
     "1",
     ERNN_TARGET_CTC,
     3,
     {20, 51, 9},
     0.1,
     0.2},
    // cells at their bounds
    {"lstm:6+clip0.2", "1", ERNN_TARGET_FRAME, 4, {23, 51, 31}, 0, 0},
    {"lstm:7p5,5+peephole+clip0.3", "input=2,recurrent=1", ERNN_TARGET_CTC, 3, {51, 12, 30}, 0, 0},
    {"lstm:5,3+peephole+clip0.25+bidirectional", "1", ERNN_TARGET_FRAME, 3, {9, 51, 1}, 0, 0},
    // every gate with a structure of its own
    {"lstm:7p5,5",
     "input=2,recurrent=4,layer0.W_ix=1,layer0.W_cr=8,layer1.W_or=2,layer1.W_fx=4",
     ERNN_TARGET_CTC,
     3,
     {51, 12, 30},
     0,
     0},
    {"gru:7+reset_before+bidirectional",
     "layer0.W_hr=4,layer0.W_zx=2",
     ERNN_TARGET_CTC,
     4,
     {51, 12, 30},
     0,
     0},
    {"gru:1+bidirectional", "1", ERNN_TARGET_FRAME, 1, {51, 12, 30}, 0, 0},
};

// A circulant output layer.
static const struct {
    int n_labels;
    example e;
} outputs[] = {
    {39, {"gru:5", "output=8", ERNN_TARGET_CTC, 4, {50, 11, 30}, 0, 0}},
    {7, {"lstm:7p5", "4,output=2", ERNN_TARGET_FRAME, 3, {51, 12, 30}, 0.1, 0.3}},
    {5, {"gru:3+bidirectional", "output=4", ERNN_TARGET_CTC, 3, {51, 33, 9}, 0, 0}},
};

static void fill_batch(ernn_batch *batch, const example *e, int n_classes, ernn_rng *rng)
{
    static float frames[MAX_BATCH][MAX_FRAMES * 16];
    static const float *frame_rows[MAX_BATCH];
    static int labels[MAX_BATCH][MAX_FRAMES];
    static const int *label_rows[MAX_BATCH];
    static int n_labels[MAX_BATCH];
    static const uint64_t seeds[MAX_BATCH] = {123, 45, 6789, 3};
    for (int i = 0; i < 3; i++) {
        check_random(rng, frames[i], MAX_FRAMES * 16, 1);
        frame_rows[i] = frames[i];
        label_rows[i] = labels[i];
        n_labels[i] = e->n_frames[i] / 4;
        for (int t = 0; t < e->n_frames[i]; t++)
            labels[i][t] = e->target == ERNN_TARGET_CTC
                               ? 1 + (int)ernn_rng_below(rng, (uint64_t)n_classes - 1)
                               : (int)ernn_rng_below(rng, (uint64_t)n_classes);
    }
    *batch = (ernn_batch){.n = 3,
                          .frames = frame_rows,
                          .n_frames = e->n_frames,
                          .labels = label_rows,
                          .n_labels = n_labels,
                          .target = e->target,
                          .noise = e->noise,
                          .dropout = e->dropout,
                          .masks = {1, 12, 1, 3, 1},
                          .seeds = e->noise > 0 ? seeds : NULL};
}

// Gradient of the training code; returns the loss.
static double train_gradient(const ernn_model *model, const ernn_batch *batch,
                             ernn_matrix_form form, float *gradient)
{
    ernn_error err = {0};
    ernn_weights *weights = NULL;
    ernn_net *net = NULL;
    check_ok(ernn_weights_new_in(model, form, &weights, &err), err);
    check_ok(ernn_net_new(weights, batch->n + 1, MAX_FRAMES, 1, &net, &err), err);
    int n_skipped = -1;
    ernn_net_forward(net, weights, batch);
    const double loss = ernn_net_backward(net, weights, batch, gradient, &n_skipped);
    assert_int_equal(n_skipped, 0);
    ernn_net_free(net);
    ernn_weights_free(weights);
    return loss;
}

static void compare(const ernn_model *model, const float *gradient, const double *want)
{
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++) {
        const ernn_tensor *t = &ernn_model_tensors(model)[i];
        double largest = 0;
        for (size_t e = 0; e < t->count; e++)
            largest = fmax(largest, fabs(want[t->offset + e]));
        assert_true(largest > 1e-3);
        for (size_t e = 0; e < t->count; e++) {
            const double error = fabs(gradient[t->offset + e] - want[t->offset + e]);
            if (!(error <= 1e-4 * largest)) {
                print_error("%s[%zu]: %.9g, want %.9g, largest %.3g\n", t->name, e,
                            (double)gradient[t->offset + e], want[t->offset + e], largest);
                fail();
            }
        }
        check_db(gradient + t->offset, want + t->offset, t->count, 85);
    }
}

// Circulant matrices in both forms.
static void check_model(const ernn_model *model, const ernn_batch *batch)
{
    static const ernn_matrix_form forms[] = {ERNN_MATRIX_EXPANDED, ERNN_MATRIX_SPECTRAL};
    const size_t n = ernn_model_n_parameters(model);
    double *want = calloc(n, sizeof *want);
    reference ref = reference_new(model);
    const double loss = reference_loss(&ref, batch);
    reference_gradient(&ref, batch, want);
    for (int i = 0; i < 2; i++) {
        float *gradient = calloc(n, sizeof *gradient);
        check_near(train_gradient(model, batch, forms[i], gradient), loss, 1e-5 * fabs(loss));
        compare(model, gradient, want);
        free(gradient);
    }
    reference_free(&ref);
    free(want);
}

static ernn_spec spec_of(const example *e)
{
    ernn_error err = {0};
    ernn_spec spec = ernn_spec_defaults();
    spec.n_inputs = e->n_inputs;
    spec.n_labels = 6;
    check_ok(ernn_spec_parse(&spec, e->network, &err), err);
    check_ok(ernn_spec_parse_blocks(&spec, e->blocks, &err), err);
    return spec;
}

static void check_example(const example *e, int n_labels, uint64_t seed)
{
    ernn_error err = {0};
    ernn_spec spec = spec_of(e);
    const ernn_features features = {0};
    ernn_model *model = NULL;
    spec.n_labels = n_labels;
    check_ok(ernn_model_new(&spec, &features, (ernn_phone_set)0, 1, &model, &err), err);
    reference_randomize(model, seed, 0.6);
    ernn_rng rng = ernn_rng_new(100 + seed, 0, 0);
    ernn_batch batch;
    fill_batch(&batch, e, n_labels, &rng);
    print_message("%s blocks %s\n", e->network, e->blocks);
    check_model(model, &batch);
    ernn_model_free(model);
}

static void test_every_parameter(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
        check_example(&examples[i], 6, i);
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++)
        check_example(&outputs[i].e, outputs[i].n_labels, 50 + i);
}

// A teacher's posteriors in the loss (L.10), with CTC and with frame cross-entropy.
static void test_teacher(void **state)
{
    (void)state;
    static const ernn_target targets[] = {ERNN_TARGET_CTC, ERNN_TARGET_FRAME};
    for (size_t i = 0; i < 2; i++) {
        ernn_error err = {0};
        const example e = {"gru:7,5", "input=2,recurrent=4", targets[i], 4, {33, 51, 40}, 0.1, 0.2};
        const ernn_spec spec = spec_of(&e);
        const ernn_features features = {0};
        ernn_model *model = NULL;
        check_ok(ernn_model_new(&spec, &features, (ernn_phone_set)0, 1, &model, &err), err);
        reference_randomize(model, 7 + i, 0.6);
        ernn_rng rng = ernn_rng_new(7 + i, 0, 0);
        ernn_batch batch;
        fill_batch(&batch, &e, spec.n_labels, &rng);
        float posteriors[3][MAX_FRAMES * 6];
        const float *rows[3] = {posteriors[0], posteriors[1], posteriors[2]};
        for (int u = 0; u < 3; u++)
            for (int t = 0; t < MAX_FRAMES; t++) {
                float *q = posteriors[u] + t * 6;
                float sum = 0;
                for (int c = 0; c < 6; c++)
                    sum += q[c] = (float)ernn_rng_below(&rng, 1000);
                for (int c = 0; c < 6; c++)
                    q[c] /= sum;
            }
        batch.teachers = rows;
        batch.imitation = 0.3;
        check_model(model, &batch);
        ernn_model_free(model);
    }
}

// An LSTM below a GRU, each layer with its own block sizes.
static void test_mixed_layers(void **state)
{
    (void)state;
    ernn_error err = {0};
    const example e = {"lstm:7p6,5+peephole",
                       "input=2,recurrent=8,projection=4",
                       ERNN_TARGET_CTC,
                       4,
                       {33, 51, 40},
                       0.1,
                       0.2};
    ernn_spec spec = spec_of(&e);
    spec.layers[1] = (ernn_layer_spec){
        .cell = ERNN_CELL_GRU, .n_cells = 5, .is_reset_after = true, .block = {4, 1, 1, 1}};
    const ernn_features features = {0};
    ernn_model *model = NULL;
    check_ok(ernn_model_new(&spec, &features, (ernn_phone_set)0, 1, &model, &err), err);
    reference_randomize(model, 99, 0.6);
    ernn_rng rng = ernn_rng_new(99, 0, 0);
    ernn_batch batch;
    fill_batch(&batch, &e, spec.n_labels, &rng);
    check_model(model, &batch);
    ernn_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_parameter),
        cmocka_unit_test(test_mixed_layers),
        cmocka_unit_test(test_teacher),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
