// The bounds on the block size against hand-made counts. SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "ernn/explore.h"

// The papers' layer: 153 -> 1024 cells, projection 512.
static ernn_spec reference_layer(void)
{
    ernn_spec spec = ernn_spec_defaults();
    ernn_error err = {0};
    spec.n_inputs = 153;
    spec.n_labels = 62;
    check_ok(ernn_spec_parse(&spec, "lstm:1024p512+peephole", &err), err);
    return spec;
}

// Block 8: 51,200 blocks of 2 x 12 + 3 x (12 + 13 + 13) = 138 bits are 7,065,600 bits; block 4:
// 4 x (39 x 128 x ...) counts by hand below.
static void test_memory_bound(void **state)
{
    (void)state;
    const ernn_spec spec = reference_layer();
    ernn_device device = {.name = "test", .bram_bits = 1000, .bram = 7066};
    assert_int_equal(ernn_explore_block_low(&spec, &device, 16, 12, 1.0), 8);
    device.bram = 7065;
    assert_int_equal(ernn_explore_block_low(&spec, &device, 16, 12, 1.0), 16);
    // Block 4: gates 1024 rows of blocks x (39 + 128) columns, projection 128 x 256, 62 bits each.
    device.bram = (1024 * (39 + 128) + 128 * 256) * 62 / 1000 + 1;
    assert_int_equal(ernn_explore_block_low(&spec, &device, 16, 12, 1.0), 4);
    device.bram = 10;
    assert_int_equal(ernn_explore_block_low(&spec, &device, 16, 12, 1.0), 0);
}

static void test_computation_bound(void **state)
{
    (void)state;
    const ernn_spec large = reference_layer();
    assert_int_equal(ernn_explore_block_high(&large), 16);
    // With 8 inputs and 8 cells the transforms eat what larger blocks save.
    ernn_spec small = ernn_spec_defaults();
    small.n_inputs = 8;
    small.layers[0].n_cells = 8;
    assert_true(ernn_explore_block_high(&small) < 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_bound),
        cmocka_unit_test(test_computation_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
