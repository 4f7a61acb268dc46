// CTC against the enumeration of every path, and its gradient against central differences of that
// enumeration: repeats, no labels, exactly enough frames, one too few, long and confident inputs.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "nn/ctc.h"

enum { MAX_FRAMES = 8, MAX_CLASSES = 5, MAX_LABELS = 8, PAD = 3 };

typedef struct example {
    int n_frames;
    int n_classes;
    int n_labels;
    int labels[MAX_LABELS];
} example;

// ln p by definition: the sum over all classes^frames paths that collapse to the labels.
static double enumerate(const example *e, const double *logits)
{
    double p[MAX_FRAMES][MAX_CLASSES];
    long n_paths = 1;
    for (int t = 0; t < e->n_frames; t++) {
        double sum = 0;
        for (int c = 0; c < e->n_classes; c++)
            sum += exp(logits[t * e->n_classes + c]);
        for (int c = 0; c < e->n_classes; c++)
            p[t][c] = exp(logits[t * e->n_classes + c]) / sum;
        n_paths *= e->n_classes;
    }
    double total = 0;
    for (long path = 0; path < n_paths; path++) {
        long rest = path;
        int before = 0;
        int n_seen = 0;
        bool is_match = true;
        double product = 1;
        for (int t = 0; t < e->n_frames && is_match; t++) {
            const int c = (int)(rest % e->n_classes);
            rest /= e->n_classes;
            product *= p[t][c];
            if (c && c != before) {
                is_match = n_seen < e->n_labels && e->labels[n_seen] == c;
                n_seen++;
            }
            before = c;
        }
        if (is_match && n_seen == e->n_labels)
            total += product;
    }
    return log(total);
}

static void check_example(const example *e, ernn_rng *rng)
{
    const int stride = e->n_classes + PAD;
    float logits[MAX_FRAMES * (MAX_CLASSES + PAD)];
    float gradient[MAX_FRAMES * (MAX_CLASSES + PAD)];
    double dense[MAX_FRAMES * MAX_CLASSES];
    check_random(rng, logits, (size_t)(e->n_frames * stride), 1.5);
    for (int i = 0; i < e->n_frames * stride; i++)
        gradient[i] = 99;
    for (int t = 0; t < e->n_frames; t++)
        for (int c = 0; c < e->n_classes; c++)
            dense[t * e->n_classes + c] = logits[t * stride + c];

    double *scratch = malloc(ernn_ctc_scratch(e->n_frames, e->n_classes, e->n_labels) * 8);
    const double loss = ernn_ctc(logits, (size_t)stride, e->n_frames, e->n_classes, e->labels,
                                 e->n_labels, gradient, scratch);
    const double without = ernn_ctc(logits, (size_t)stride, e->n_frames, e->n_classes, e->labels,
                                    e->n_labels, NULL, scratch);
    free(scratch);
    const double want = -enumerate(e, dense);
    assert_true(loss == without);
    if (isinf(want)) {
        assert_true(isinf(loss) && loss > 0);
    } else {
        check_near(loss, want, 1e-9);
    }
    for (int t = 0; t < e->n_frames; t++) {
        for (int c = 0; c < stride; c++) {
            if (c >= e->n_classes) {
                check_near(gradient[t * stride + c], 99, 0); // padding untouched
                continue;
            }
            double *x = &dense[t * e->n_classes + c];
            const double kept = *x;
            *x = kept + 1e-5;
            const double above = -enumerate(e, dense);
            *x = kept - 1e-5;
            const double below = -enumerate(e, dense);
            *x = kept;
            check_near(gradient[t * stride + c], isinf(want) ? 0 : (above - below) / 2e-5, 1e-6);
        }
    }
}

static void test_against_enumeration(void **state)
{
    (void)state;
    static const example examples[] = {
        {6, 3, 2, {1, 2}},       {6, 3, 2, {1, 1}},    {5, 4, 3, {3, 3, 1}},
        {7, 3, 4, {2, 2, 2, 1}}, {4, 3, 0, {0}},       {1, 2, 0, {0}},
        {1, 3, 1, {2}},          {3, 3, 3, {1, 2, 1}}, // exactly enough
        {3, 3, 2, {1, 1}},       {5, 2, 3, {1, 1, 1}}, // exactly enough with repeats
        {2, 3, 2, {1, 1}},       {4, 2, 3, {1, 1, 1}}, // one too few: no path
        {2, 3, 3, {1, 2, 1}},    {6, 5, 3, {4, 1, 4}}, {8, 3, 3, {2, 1, 1}},
    };
    ernn_rng rng = ernn_rng_new(11, 0, 0);
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
        check_example(&examples[i], &rng);
    for (int trial = 0; trial < 60; trial++) {
        example e = {.n_classes = 2 + (int)ernn_rng_below(&rng, 3)};
        e.n_frames = 1 + (int)ernn_rng_below(&rng, 6);
        e.n_labels = (int)ernn_rng_below(&rng, (uint64_t)e.n_frames + 2);
        for (int i = 0; i < e.n_labels; i++)
            e.labels[i] = 1 + (int)ernn_rng_below(&rng, (uint64_t)e.n_classes - 1);
        check_example(&e, &rng);
    }
}

static void test_no_frames(void **state)
{
    (void)state;
    double scratch[16];
    const int label = 1;
    check_near(ernn_ctc(NULL, 3, 0, 3, NULL, 0, NULL, scratch), 0, 0);
    assert_true(isinf(ernn_ctc(NULL, 3, 0, 3, &label, 1, NULL, scratch)));
}

// 2000 frames of logits up to +-500: finite where p itself would underflow by thousands of orders.
// Uniform logits have a closed form: p = (number of paths) / classes^frames, and for one label
// there are T (T + 1) / 2 paths (blank* label+ blank*).
static void test_long(void **state)
{
    (void)state;
    enum { T = 2000, C = 7, L = 40 };
    float *logits = calloc((size_t)T * C, sizeof *logits);
    float *gradient = calloc((size_t)T * C, sizeof *gradient);
    double *scratch = malloc(ernn_ctc_scratch(T, C, L) * sizeof *scratch);
    int labels[L];
    labels[0] = 3;
    const double want = T * log(C) - log(0.5 * T * (T + 1.0));
    check_near(ernn_ctc(logits, C, T, C, labels, 1, gradient, scratch), want, 1e-8);

    ernn_rng rng = ernn_rng_new(5, 0, 0);
    check_random(&rng, logits, (size_t)T * C, 150);
    for (int i = 0; i < L; i++)
        labels[i] = 1 + (int)ernn_rng_below(&rng, C - 1);
    assert_true(isfinite(ernn_ctc(logits, C, T, C, labels, L, gradient, scratch)));
    // The gradient of each frame sums to 0: softmax and posterior are both distributions.
    for (int t = 0; t < T; t++) {
        double sum = 0;
        for (int c = 0; c < C; c++)
            sum += gradient[t * C + c];
        check_near(sum, 0, 1e-6);
    }
    free(logits);
    free(gradient);
    free(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_enumeration),
        cmocka_unit_test(test_no_frames),
        cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
