// The gradient of a batch in parts against the sum over single utterances; one process's view of
// the ranks. What several processes do is tested by tests/cli/ranks.py.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "train/parts.h"

enum { N = 7, INPUTS = 5, LABELS = 40, LONGEST = 53 };

typedef struct data {
    float features[N][LONGEST][INPUTS];
    int labels[N][4];
    const float *frames[N];
    const int *label_rows[N];
    int n_frames[N];
    int n_labels[N];
    uint64_t seeds[N];
} data;

static ernn_batch fill(data *d)
{
    ernn_rng rng = ernn_rng_new(8, 0, 0);
    for (int i = 0; i < N; i++) {
        check_random(&rng, d->features[i][0], LONGEST * INPUTS, 1);
        d->frames[i] = d->features[i][0];
        d->n_frames[i] = LONGEST - i * i / 2;
        for (int j = 0; j < 4; j++)
            d->labels[i][j] = 1 + (int)ernn_rng_below(&rng, LABELS - 1);
        d->label_rows[i] = d->labels[i];
        d->n_labels[i] = 1 + i % 4;
        d->seeds[i] = ernn_rng_bits(&rng);
    }
    return (ernn_batch){.n = N,
                        .frames = d->frames,
                        .n_frames = d->n_frames,
                        .labels = d->label_rows,
                        .n_labels = d->n_labels,
                        .target = ERNN_TARGET_CTC,
                        .noise = 0.1,
                        .dropout = 0.2,
                        .seeds = d->seeds};
}

static void test_parts(void **state)
{
    (void)state;
    ernn_error err = {0};
    const ernn_features features = ernn_features_defaults();
    ernn_spec spec = ernn_spec_defaults();
    ernn_model *model = NULL;
    ernn_shards *shards = NULL;
    check_ok(ernn_spec_parse(&spec, "gru:12,9", &err), err);
    check_ok(ernn_spec_parse_blocks(&spec, "input=4,recurrent=2", &err), err);
    spec.n_inputs = INPUTS;
    spec.n_labels = LABELS;
    check_ok(ernn_model_new(&spec, &features, ERNN_PHONES_39, 3, &model, &err), err);
    check_ok(ernn_shards_new(model, N, LONGEST, 1, &shards, &err), err);
    data *d = calloc(1, sizeof *d);
    const ernn_batch batch = fill(d);
    const float *parameters = ernn_model_parameters(model);
    const size_t count = ernn_model_n_parameters(model);
    float *gradient = calloc(count, sizeof *gradient);
    double *want = calloc(count, sizeof *want);
    double want_loss = 0;
    for (int i = 0; i < N; i++) {
        const ernn_batch one = ernn_shards_slice(&batch, i, i + 1);
        want_loss += ernn_shards_gradient(shards, parameters, &one, gradient);
        for (size_t j = 0; j < count; j++)
            want[j] += gradient[j];
    }
    for (int n = 1; n <= N + 2; n++) { // more parts than utterances: some are empty
        ernn_parts parts;
        double loss = 0;
        check_ok(ernn_parts_init(&parts, NULL, n, count, &err), err);
        check_ok(ernn_parts_gradient(&parts, shards, parameters, &batch, gradient, &loss, &err),
                 err);
        check_near(loss, want_loss, 1e-6 * want_loss);
        check_db(gradient, want, count, 110);
        ernn_parts_clear(&parts);
    }
    free(want);
    free(gradient);
    free(d);
    ernn_shards_free(shards);
    ernn_model_free(model);
}

// Without a comm every question has the answer of one process.
static void test_one_process(void **state)
{
    (void)state;
    ernn_error err = {0};
    bool flag = true;
    int64_t counts[2] = {3, -4};
    assert_int_equal(ernn_comm_rank(NULL), 0);
    assert_int_equal(ernn_comm_size(NULL), 1);
    check_ok(ernn_comm_any(NULL, &flag, &err), err);
    assert_true(flag);
    check_ok(ernn_comm_same(NULL, 7, "numbers", &err), err);
    check_ok(ernn_comm_sum(NULL, counts, 2, &err), err);
    assert_int_equal(counts[1], -4);
    assert_int_equal(ernn_comm_agree(NULL, ERNN_IO, &err), ERNN_IO);
    check_ok(ernn_comm_agree(NULL, ERNN_OK, &err), err);
    ernn_comm_free(NULL);
}

// Whatever is shared out goes to someone, once, and evenly.
static void test_shares(void **state)
{
    (void)state;
    for (int size = 1; size < 9; size++)
        for (size_t n = 0; n < 30; n++) {
            const ernn_comm comm = {.size = size};
            assert_int_equal(ernn_comm_begin(&comm, n, 0), 0);
            assert_int_equal(ernn_comm_begin(&comm, n, size), n);
            for (int r = 0; r < size; r++) {
                const size_t begin = ernn_comm_begin(&comm, n, r);
                const size_t end = ernn_comm_begin(&comm, n, r + 1);
                assert_true(begin <= end);
                assert_true(end - begin == n / (size_t)size || end - begin == n / (size_t)size + 1);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_one_process),
        cmocka_unit_test(test_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
