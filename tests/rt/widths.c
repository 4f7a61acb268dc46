// src/rt against its checked twin: bit for bit, every intermediate inside its documented width,
// over every cell, block size and word length, with ordinary and with hostile numbers in every
// parameter, format and state. SPDX-License-Identifier: Apache-2.0
#include "fixed/qmodel.h"
#include "twin.h"

static int64_t corner(ernn_rng *rng, unsigned bits)
{
    const int64_t top = ((int64_t)1 << (bits - 1)) - 1;
    switch (ernn_rng_below(rng, 4)) {
    case 0:
        return top;
    case 1:
        return -top - 1;
    case 2:
        return (int64_t)ernn_rng_below(rng, 5) - 2;
    default:
        return (int64_t)ernn_rng_below(rng, 2 * (uint64_t)top + 2) - top - 1;
    }
}

// Both transforms on one vector, against src/rt and inside the widths of section 3.3.
static void check_transforms(const int32_t *v, unsigned log2_k, int bits, int is_inverse)
{
    const unsigned k = 1u << log2_k;
    int32_t got[64];
    int64_t block[64];
    twin_complex bins[33];
    for (unsigned i = 0; i < k; i++) {
        got[i] = v[i];
        block[i] = v[i];
    }
    if (is_inverse) {
        twin_unpack(block, k, bins);
        twin_inverse(bins, k, 1, bits + (int)log2_k + 1, block);
        ernn_rt_irfft(got, log2_k);
    } else {
        twin_forward(block, k, 1, bits + (int)log2_k + 1, bins);
        twin_pack(bins, k, block);
        ernn_rt_rfft(got, log2_k);
    }
    for (unsigned i = 0; i < k; i++)
        assert_true(got[i] == block[i]);
}

// Every pattern of the two extreme values for k <= 16.
static void test_all_corners(void **state)
{
    (void)state;
    for (unsigned log2_k = 0; log2_k <= 4; log2_k++)
        for (uint32_t pattern = 0; pattern < 1u << (1u << log2_k); pattern++)
            for (int is_inverse = 0; is_inverse < 2; is_inverse++) {
                int32_t v[64];
                const int bits = 8 + 4 * is_inverse;
                for (unsigned i = 0; i < 1u << log2_k; i++)
                    v[i] = pattern >> i & 1 ? (1 << (bits - 1)) - 1 : -(1 << (bits - 1));
                check_transforms(v, log2_k, bits, is_inverse);
            }
}

// The extreme value of each output, by the signs of its own row of the transform, and random
// corners.
static void test_extreme_rows(void **state)
{
    (void)state;
    ernn_rng rng = ernn_rng_new(5, 0, 0);
    for (unsigned log2_k = 0; log2_k <= 6; log2_k++)
        for (int bits = 8; bits <= 18; bits += 5)
            for (int is_inverse = 0; is_inverse < 2; is_inverse++) {
                const unsigned k = 1u << log2_k;
                const int b = bits + 4 * is_inverse;
                int32_t v[64];
                for (unsigned row = 0; row < k; row++)
                    for (int phase = 0; phase < 8; phase++) {
                        for (unsigned i = 0; i < k; i++) {
                            const unsigned bin = is_inverse ? i / 2 : row;
                            const unsigned at = is_inverse ? row : i;
                            const double turn = 2 * M_PI * bin * at / k + M_PI / 4 * phase -
                                                (is_inverse && i % 2 ? M_PI / 2 : 0);
                            v[i] = cos(turn + 1e-9) > 0 ? (1 << (b - 1)) - 1 : -(1 << (b - 1));
                        }
                        check_transforms(v, log2_k, b, is_inverse);
                    }
                for (int trial = 0; trial < 200; trial++) {
                    for (unsigned i = 0; i < k; i++)
                        v[i] = (int32_t)corner(&rng, (unsigned)b);
                    check_transforms(v, log2_k, b, is_inverse);
                }
            }
}

static const char *const SPECS[] = {
    "lstm:31",   "lstm:33+peephole",  "lstm:40p31+peephole",
    "lstm:9p33", "gru:31,33",         "gru:33+reset_before",
    "gru:1",     "lstm:1p1+peephole", "lstm:12p5,7p9+peephole",
};

enum { STEPS = 50, MAX_LABELS = 11 };

typedef struct run_case {
    const char *spec;
    int n_inputs;
    int k[3]; // input, recurrent, projection
    int signal_bits;
    int weight_bits;
    int is_hostile;
    uint64_t seed;
} run_case;

// Numbers at the ends of their words everywhere, and any legal formats.
static void make_hostile(ernn_qmodel *qmodel, ernn_rng *rng)
{
    ernn_rt_network *n = &qmodel->network;
    const int32_t top = (1 << (n->weight_bits - 1)) - 1;
    for (size_t i = 0; i < qmodel->n_weights; i++) {
        const int32_t w = (int32_t)corner(rng, n->weight_bits);
        qmodel->weights[i] = (int16_t)(w < -top ? -top : w);
    }
    for (size_t i = 0; i < qmodel->n_vectors; i++)
        qmodel->vectors[i] = (int32_t)corner(rng, n->signal_bits);
    int *formats = (int *)&qmodel->formats;
    for (size_t i = 0; i < sizeof qmodel->formats / sizeof *formats; i++)
        formats[i] = (int)ernn_rng_below(rng, 34) - 2;
    ernn_formats_constrain(&qmodel->formats, n);
}

static void set_random_state(const ernn_rt_network *n, ernn_rng *rng, int is_hostile,
                             ernn_rt_state *state, twin_state *twin)
{
    for (uint32_t l = 0; l < n->n_layers; l++) {
        for (uint32_t i = 0; i < n->layers[l].n_outputs; i++)
            twin->y[l][i] = state->y[l][i] =
                is_hostile ? (int32_t)corner(rng, n->signal_bits)
                           : ernn_to_fixed(0.4 * ernn_rng_normal(rng),
                                           (int)n->layers[l].output_frac, (int)n->signal_bits);
        for (uint32_t i = 0; i < n->layers[l].n_cells && state->c[l]; i++)
            twin->c[l][i] = state->c[l][i] =
                is_hostile ? (int32_t)corner(rng, n->signal_bits)
                           : ernn_to_fixed(ernn_rng_normal(rng), (int)n->layers[l].cell_frac,
                                           (int)n->signal_bits);
    }
}

static void compare_states(const ernn_rt_network *n, const ernn_rt_state *state,
                           const twin_state *twin)
{
    for (uint32_t l = 0; l < n->n_layers; l++) {
        for (uint32_t i = 0; i < n->layers[l].n_outputs; i++)
            assert_true(state->y[l][i] == twin->y[l][i]);
        for (uint32_t i = 0; i < n->layers[l].n_cells && state->c[l]; i++)
            assert_true(state->c[l][i] == twin->c[l][i]);
    }
    for (int c = 0; c < ERNN_RT_CLASSES; c++)
        assert_int_equal(state->saturations[c], twin->hits[c]);
}

// Returns false when the drawn formats have no legal neighbour.
static int run_both(const run_case *run)
{
    ernn_error err = {0};
    ernn_qmodel *qmodel = NULL;
    ernn_rt_state *state = NULL;
    twin_state twin;
    ernn_rng rng = ernn_rng_new(run->seed, 1, 0);
    ernn_spec spec = ernn_spec_defaults();
    check_ok(ernn_spec_parse(&spec, run->spec, &err), err);
    spec.n_inputs = run->n_inputs;
    spec.n_labels = MAX_LABELS;
    for (int l = 0; l < spec.n_layers; l++)
        for (int m = 0; m < 3; m++)
            spec.layers[l].block[m] = run->k[m];
    check_ok(
        ernn_qmodel_random(&spec, run->signal_bits, run->weight_bits, run->seed, &qmodel, &err),
        err);
    if (run->is_hostile)
        make_hostile(qmodel, &rng);
    if (ernn_formats_apply(&qmodel->formats, &qmodel->network, &err) != ERNN_OK) {
        assert_true(run->is_hostile);
        ernn_qmodel_free(qmodel);
        return 0;
    }
    const ernn_rt_network *n = &qmodel->network;
    check_ok(ernn_qstate_new(n, &state, &err), err);
    twin_state_new(n, &twin);
    set_random_state(n, &rng, run->is_hostile, state, &twin);
    int32_t *x = calloc((size_t)run->n_inputs, sizeof *x);
    int64_t *wide = calloc((size_t)run->n_inputs, sizeof *wide);
    for (int t = 0; t < STEPS; t++) {
        int32_t logits[MAX_LABELS];
        int64_t wide_logits[MAX_LABELS];
        for (int i = 0; i < run->n_inputs; i++)
            wide[i] = x[i] = run->is_hostile
                                 ? (int32_t)corner(&rng, n->signal_bits)
                                 : ernn_to_fixed(ernn_rng_normal(&rng),
                                                 (int)n->layers[0].input_frac, run->signal_bits);
        ernn_rt_step(n, x, logits, state, NULL, NULL);
        twin_step(n, wide, wide_logits, &twin);
        for (int i = 0; i < MAX_LABELS; i++)
            assert_true(logits[i] == wide_logits[i]);
        compare_states(n, state, &twin);
    }
    free(x);
    free(wide);
    twin_state_free(n, &twin);
    ernn_qstate_free(state);
    ernn_qmodel_free(qmodel);
    return 1;
}

static void test_ordinary_networks(void **state)
{
    (void)state;
    static const int bits[][2] = {{8, 6}, {12, 8}, {16, 12}, {18, 16}};
    uint64_t seed = 0;
    for (size_t s = 0; s < sizeof SPECS / sizeof *SPECS; s++)
        for (int k = 1; k <= 64; k *= 2) {
            const int *b = bits[seed % 4];
            const run_case run = {SPECS[s], s % 2 ? 31 : 153, {k, k, k}, b[0], b[1], 0, ++seed};
            assert_true(run_both(&run));
        }
}

// Unequal block sizes per matrix class, input of one.
static void test_mixed_blocks(void **state)
{
    (void)state;
    const run_case lstm = {"lstm:33p31,40p17+peephole", 33, {16, 4, 8}, 16, 12, 0, 1};
    const run_case gru = {"gru:33,31", 1, {2, 32, 1}, 18, 12, 0, 2};
    const run_case before = {"gru:33,31+reset_before", 31, {8, 16, 1}, 12, 12, 0, 3};
    assert_true(run_both(&lstm));
    assert_true(run_both(&gru));
    assert_true(run_both(&before));
}

static void test_hostile_networks(void **state)
{
    (void)state;
    ernn_rng rng = ernn_rng_new(11, 0, 0);
    int n_run = 0;
    for (uint64_t seed = 0; seed < 400; seed++) {
        run_case run = {.spec = SPECS[ernn_rng_below(&rng, sizeof SPECS / sizeof *SPECS)],
                        .n_inputs = (int)ernn_rng_below(&rng, 40) + 1,
                        .signal_bits = (int)ernn_rng_below(&rng, 11) + 8,
                        .weight_bits = (int)ernn_rng_below(&rng, 13) + 4,
                        .is_hostile = 1,
                        .seed = seed};
        for (int m = 0; m < 3; m++)
            run.k[m] = 1 << ernn_rng_below(&rng, 7);
        n_run += run_both(&run);
    }
    print_message("%d of 400 hostile networks had legal formats\n", n_run);
    assert_true(n_run >= 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_corners),       cmocka_unit_test(test_extreme_rows),
        cmocka_unit_test(test_ordinary_networks), cmocka_unit_test(test_mixed_blocks),
        cmocka_unit_test(test_hostile_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
