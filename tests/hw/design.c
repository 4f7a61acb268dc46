// Spreading of processing elements, cycles and refusals. The resource figures are compared with
// Yosys, and cycles with simulation, in tests/gen. SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "ernn/hw.h"
#include "hw/shape.h"

static ernn_spec make_spec(const char *text, const char *blocks, int n_inputs)
{
    ernn_error err = {0};
    ernn_spec spec = ernn_spec_defaults();
    check_ok(ernn_spec_parse(&spec, text, &err), err);
    check_ok(ernn_spec_parse_blocks(&spec, blocks, &err), err);
    spec.n_inputs = n_inputs;
    spec.n_labels = 40;
    return spec;
}

// p and q by hand: gates padded one by one.
static void test_shapes(void **state)
{
    (void)state;
    const ernn_spec spec =
        make_spec("lstm:20p9+peephole/gru:7+reset_before", "input=8,recurrent=4,projection=2", 13);
    static const struct {
        int layer;
        ernn_product product;
        int p, q, k;
    } WANT[] = {
        {0, ERNN_PRODUCT_INPUT, 4 * 3, 2, 8},     {0, ERNN_PRODUCT_RECURRENT, 4 * 5, 3, 4},
        {0, ERNN_PRODUCT_PROJECTION, 5, 10, 2},   {1, ERNN_PRODUCT_INPUT, 3 * 1, 2, 8},
        {1, ERNN_PRODUCT_RECURRENT, 2 * 2, 2, 4}, {1, ERNN_PRODUCT_CANDIDATE, 2, 2, 4},
    };
    for (size_t i = 0; i < sizeof WANT / sizeof *WANT; i++) {
        ernn_hw_shape shape;
        assert_true(ernn_hw_shape_of(&spec, WANT[i].layer, WANT[i].product, &shape));
        assert_int_equal(shape.p, WANT[i].p);
        assert_int_equal(shape.q, WANT[i].q);
        assert_int_equal(shape.k, WANT[i].k);
    }
    ernn_hw_shape none;
    assert_false(ernn_hw_shape_of(&spec, 0, ERNN_PRODUCT_CANDIDATE, &none));
    assert_false(ernn_hw_shape_of(&spec, 1, ERNN_PRODUCT_PROJECTION, &none));
    // 40 labels from 7 cells: dense, then in blocks
    const ernn_spec blocks = make_spec("gru:7", "8,output=16", 13);
    const ernn_hw_shape dense = ernn_hw_output_shape(&spec);
    const ernn_hw_shape circulant = ernn_hw_output_shape(&blocks);
    assert_true(dense.p == 40 && dense.q == 7 && dense.k == 1 && dense.log2_k == 0);
    assert_true(circulant.p == 3 && circulant.q == 1 && circulant.k == 16 && circulant.log2_k == 4);
}

// More elements are never slower, never above the block rows, and the sum is what is said.
static void test_spread(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"gru:64,48", "lstm:64p32+peephole/lstm:40",
                                        "gru:33+reset_before"};
    const ernn_device *device = ernn_device_find("xc7vx690t");
    for (int t = 0; t < 3; t++) {
        const ernn_spec spec = make_spec(TEXTS[t], "input=4,recurrent=8,projection=8", 24);
        int before = INT32_MAX;
        for (int pes = 18; pes <= 32; pes += 2) {
            ernn_error err = {0};
            ernn_design design;
            check_ok(ernn_design_new(&spec, device, 16, 12, pes, &design, &err), err);
            const int cycles = ernn_design_cost(&spec, &design).cycles_per_frame;
            assert_true(cycles <= before);
            before = cycles;
            int sum = 0;
            for (int l = 0; l < spec.n_layers; l++)
                for (int i = 0; i < ERNN_PRODUCTS; i++) {
                    ernn_hw_shape shape;
                    const bool has = ernn_hw_shape_of(&spec, l, (ernn_product)i, &shape);
                    const int n = design.layer_pes[l][i];
                    const bool may_share = i == ERNN_PRODUCT_INPUT || i == ERNN_PRODUCT_CANDIDATE;
                    assert_true(has ? n > 0 || may_share : n == 0);
                    assert_true(!has || n <= shape.p);
                    assert_true(!n || n % ernn_hw_chains(&spec, l, (ernn_product)i) == 0);
                    sum += design.layer_pes[l][i];
                }
            assert_int_equal(sum, design.pes);
            assert_true(design.pes <= pes);
            assert_int_equal(design.pes_wanted, pes);
        }
    }
}

static void check_refused(ernn_status status, const ernn_error *err, const char *part)
{
    assert_int_equal(status, ERNN_NO_FIT);
    if (!strstr(err->text, part))
        print_error("'%s' lacks '%s'\n", err->text, part);
    assert_non_null(strstr(err->text, part));
}

static void test_refusals(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_design design;
    const ernn_device *large = ernn_device_find("xc7vx690t");
    const ernn_device *small = ernn_device_find("ice40-up5k");
    const ernn_spec spec = make_spec("gru:64,64", "8", 40);
    // 3 chains a layer; 24 + 24 block rows a layer.
    check_refused(ernn_design_new(&spec, large, 16, 12, 5, &design, &err), &err, "6 to 96");
    check_refused(ernn_design_new(&spec, large, 16, 12, 97, &design, &err), &err, "96 block rows");
    check_refused(ernn_design_most_pes(&spec, small, 16, 12, 1, &design, &err), &err, "ice40-up5k");
    check_ok(ernn_design_new(&spec, small, 16, 12, 6, &design, &err), err);
    check_refused(ernn_design_check(&spec, &design, &err), &err, "the device has");
    assert_int_equal(ernn_design_new(&spec, large, 7, 12, 4, &design, &err), ERNN_BAD_ARG);
    assert_int_equal(ernn_design_new(&spec, large, 16, 17, 4, &design, &err), ERNN_BAD_ARG);
    assert_null(ernn_device_find("xc7k1"));
}

// What is said to fit does, and one step more would not.
static void test_most_pes(void **state)
{
    (void)state;
    const ernn_spec spec = make_spec("gru:256,256", "8", 80);
    size_t n;
    const ernn_device *devices = ernn_devices(&n);
    for (size_t d = 0; d < n; d++) {
        ernn_error err = {0};
        ernn_design design;
        if (ernn_design_most_pes(&spec, &devices[d], 16, 12, 0.6, &design, &err) != ERNN_OK)
            continue;
        const ernn_cost cost = ernn_design_cost(&spec, &design);
        assert_true(cost.dsp <= 0.6 * devices[d].dsp && cost.bram <= 0.6 * devices[d].bram);
        assert_true(cost.lut <= 0.6 * devices[d].lut && cost.ff <= 0.6 * devices[d].ff);
        check_ok(ernn_design_check(&spec, &design, &err), err);
        assert_true(cost.weight_bits_total == (96 * 10 + 3 * 96 * 32) * 8 * 12);
        print_message("%s: %d PEs, %d cycles, %d DSP\n", devices[d].name, design.pes,
                      cost.cycles_per_frame, cost.dsp);
    }
}

// The output layer keeps the stack's pace where a cycle for each input allows it, with the fewest
// elements that do, and takes fewer where the device has no multipliers left.
static void test_output(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_design design;
    const ernn_spec spec = make_spec("gru:128,128", "8", 40);
    const ernn_device *device = ernn_device_find("ecp5-85f");
    check_ok(ernn_design_new(&spec, device, 16, 12, 6, &design, &err), err);
    const ernn_cost before = ernn_design_cost(&spec, &design);
    ernn_design_add_output(&spec, &design);
    const ernn_cost cost = ernn_design_cost(&spec, &design);
    assert_int_equal(cost.cycles_per_frame, before.cycles_per_frame);
    assert_true(cost.latency_cycles > before.latency_cycles + 39);
    assert_int_equal(cost.dsp, before.dsp + design.output_pes);
    assert_int_equal(cost.weight_bits_total, before.weight_bits_total + 40 * 128 * 12);
    design.output_pes--;
    assert_true(ernn_design_cost(&spec, &design).cycles_per_frame > before.cycles_per_frame);
    check_ok(ernn_design_new(&spec, device, 16, 12, 12, &design, &err), err);
    ernn_design_add_output(&spec, &design);
    check_ok(ernn_design_check(&spec, &design, &err), err);
    assert_true(design.output_pes > 1);
}

// A circulant output layer: 11 multipliers for each element of blocks of 8, an eighth of the
// weights, beats as wide as the others or as its blocks.
static void test_circulant_output(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_design design;
    const ernn_spec spec = make_spec("gru:128,128", "8,output=8", 40);
    const ernn_device *device = ernn_device_find("xcku060");
    check_ok(ernn_design_new(&spec, device, 16, 12, 6, &design, &err), err);
    const ernn_cost before = ernn_design_cost(&spec, &design);
    ernn_design_add_output(&spec, &design);
    const ernn_cost cost = ernn_design_cost(&spec, &design);
    assert_int_equal(design.output_pes, 1); // 5 block rows of 16 columns
    assert_int_equal(ernn_hw_output_lanes(&spec, &design), design.lanes);
    assert_int_equal(cost.cycles_per_frame, before.cycles_per_frame);
    assert_int_equal(ernn_hw_output_cycles(&spec, &design), 5 * 16);
    assert_int_equal(cost.weight_bits_total, before.weight_bits_total + 40 * 128 / 8 * 12);
    ernn_design two = design;
    two.output_pes = 2;
    assert_int_equal(ernn_design_cost(&spec, &two).dsp, cost.dsp + 11);
    // more labels than the stack has cycles: no elements that wait for beats to leave
    ernn_spec many = make_spec("gru:2", "4,output=2", 2);
    many.n_labels = 120;
    check_ok(ernn_design_new(&many, device, 16, 12, 3, &design, &err), err);
    ernn_design_add_output(&many, &design);
    assert_int_equal(ernn_hw_output_cycles(&many, &design), 60);
    assert_int_equal(design.output_pes, 1);
    check_ok(ernn_design_new(&spec, device, 16, 12, 6, &design, &err), err);
    // scores leave in beats of a block where beats are wider
    const ernn_spec narrow = make_spec("gru:128,128", "8,output=2", 40);
    assert_int_equal(ernn_hw_output_lanes(&narrow, &design), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),   cmocka_unit_test(test_spread),
        cmocka_unit_test(test_refusals), cmocka_unit_test(test_most_pes),
        cmocka_unit_test(test_output),   cmocka_unit_test(test_circulant_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
