// Random quantised models are lively and inside their formats, for every cell and word length.
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "fixed/qmodel.h"

enum { STEPS = 60 };

static const char *const SPECS[] = {"lstm:31",   "lstm:33+peephole",    "lstm:40p31+peephole",
                                    "gru:31,33", "gru:33+reset_before", "lstm:16p8,24p16+peephole"};

static void run(const char *text, int k, int signal_bits, int weight_bits)
{
    ernn_error err = {0};
    ernn_qmodel *qmodel = NULL;
    ernn_rt_state *state = NULL;
    ernn_spec spec = ernn_spec_defaults();
    char blocks[32];
    snprintf(blocks, sizeof blocks, "%d,output=%d", k, 64 / k);
    check_ok(ernn_spec_parse(&spec, text, &err), err);
    check_ok(ernn_spec_parse_blocks(&spec, blocks, &err), err);
    spec.n_inputs = 19;
    spec.n_labels = 11;
    check_ok(ernn_qmodel_random(&spec, signal_bits, weight_bits, 7, &qmodel, &err), err);
    const ernn_rt_network *network = ernn_qmodel_network(qmodel);
    check_ok(ernn_qstate_new(network, &state, &err), err);
    ernn_rng rng = ernn_rng_new(3, 0, 0);
    int32_t x[19];
    int32_t logits[11];
    double energy = 0;
    for (int t = 0; t < STEPS; t++) {
        for (int i = 0; i < 19; i++)
            x[i] = ernn_to_fixed(ernn_rng_normal(&rng), (int)network->layers[0].input_frac,
                                 signal_bits);
        ernn_rt_step(network, x, logits, state, NULL, NULL);
        for (int i = 0; i < 11; i++)
            energy += pow(ldexp(logits[i], -(int)network->output_frac), 2) / (STEPS * 11);
    }
    assert_true(energy > 0.01 && energy < 30);
    uint32_t hits = 0;
    for (int c = 0; c < ERNN_RT_CLASSES; c++)
        hits += state->saturations[c];
    assert_true(hits < STEPS);
    ernn_qstate_free(state);
    ernn_qmodel_free(qmodel);
}

static void test_lively(void **state)
{
    (void)state;
    static const int bits[][2] = {{8, 4}, {12, 8}, {16, 12}, {18, 16}};
    for (size_t s = 0; s < sizeof SPECS / sizeof *SPECS; s++)
        for (int k = 1; k <= 64; k *= 2)
            for (int b = 0; b < 4; b++)
                run(SPECS[s], k, bits[b][0], bits[b][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lively),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
