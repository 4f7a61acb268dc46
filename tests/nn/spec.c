// Specs: every bad value is refused by name, what is printed parses to the same, counts equal those
// of hand-counted networks. SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "ernn/model.h"
#include "nn/table.h"

static void check_parses(const char *text, const char *canonical)
{
    ernn_error err = {0};
    ernn_spec spec = ernn_spec_defaults();
    ernn_spec again = ernn_spec_defaults();
    char printed[300];
    check_ok(ernn_spec_parse(&spec, text, &err), err);
    check_ok(ernn_spec_validate(&spec, &err), err);
    ernn_spec_print(&spec, printed, sizeof printed);
    assert_string_equal(printed, canonical);
    check_ok(ernn_spec_parse(&again, printed, &err), err);
    assert_memory_equal(&again, &spec, sizeof spec);
}

static void test_parse(void **state)
{
    (void)state;
    check_parses("gru:1", "gru:1");
    check_parses("gru:256,256", "gru:256,256");
    check_parses("gru:256+reset_before", "gru:256+reset_before");
    check_parses("lstm:1024p512,1024p512+peephole", "lstm:1024p512,1024p512+peephole");
    check_parses("lstm:8192p8192,3", "lstm:8192p8192,3");
    check_parses("gru:1,2,3,4,5,6,7,8", "gru:1,2,3,4,5,6,7,8");
    check_parses("gru:4/gru:5", "gru:4,5");
    check_parses("gru:4,5+bidirectional", "gru:4,5+bidirectional");
    check_parses("gru:4+bidirectional_sum+reset_before", "gru:4+reset_before+bidirectional_sum");
    check_parses("lstm:4p2,5+clip50+peephole", "lstm:4p2,5+peephole+clip50");
    check_parses("lstm:4+clip0.500/lstm:4+clip0.5+bidirectional",
                 "lstm:4+clip0.5/lstm:4+clip0.5+bidirectional");
    check_parses("lstm:4+clip0.001/lstm:4+clip1000/lstm:4+clip0.137",
                 "lstm:4+clip0.001/lstm:4+clip1000/lstm:4+clip0.137");
    check_parses("lstm:4p2+peephole/gru:5/gru:6+reset_before/lstm:7",
                 "lstm:4p2+peephole/gru:5/gru:6+reset_before/lstm:7");
    ernn_error err = {0};
    ernn_spec spec = {.n_inputs = 7, .n_labels = 9, .n_layers = 1};
    spec.layers[0] = ernn_spec_defaults().layers[0];
    spec.layers[0].block[0] = 16;
    check_ok(ernn_spec_parse(&spec, "lstm:5p4,6+peephole", &err), err);
    assert_true(spec.n_inputs == 7 && spec.n_labels == 9 && spec.n_layers == 2);
    assert_true(spec.layers[0].cell == ERNN_CELL_LSTM && spec.layers[0].is_peephole);
    assert_true(spec.layers[0].n_cells == 5 && spec.layers[0].n_projected == 4);
    assert_true(spec.layers[1].n_cells == 6 && spec.layers[1].n_projected == 0);
    assert_true(spec.layers[0].block[0] == 16 && spec.layers[1].block[0] == 16);
}

static void test_parse_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "gru",
                                      "gru:",
                                      "rnn:5",
                                      "gru:0",
                                      "gru:-1",
                                      "gru:+1",
                                      "gru:01",
                                      "gru:8193",
                                      "gru:99999999999999999999",
                                      "gru:5x",
                                      "gru:5,",
                                      "gru:,5",
                                      "gru:5 ",
                                      " gru:5",
                                      "GRU:5",
                                      "gru:5p4",
                                      "gru:5+peephole",
                                      "gru:5+",
                                      "lstm:5p",
                                      "lstm:5p0",
                                      "lstm:5p8193",
                                      "lstm:5+reset_before",
                                      "lstm:5+peephole,6",
                                      "lstm:5/",
                                      "lstm:5+clip",
                                      "lstm:5+clip0",
                                      "lstm:5+clip-1",
                                      "lstm:5+clip1000.5",
                                      "lstm:5+clip0.0001",
                                      "lstm:5+clip1x",
                                      "gru:5+clip1",
                                      "gru:5+bidirectionalx",
                                      "gru:5+bidirection",
                                      "gru:1,2,3,4,5,6,7,8,9",
                                      "gru:1,2,3,4,5,6,7,8/gru:9"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ernn_error err = {0};
        ernn_spec spec = ernn_spec_defaults();
        const ernn_spec before = spec;
        assert_int_equal(ernn_spec_parse(&spec, bad[i], &err), ERNN_BAD_ARG);
        assert_memory_equal(&spec, &before, sizeof spec);
        assert_non_null(strstr(err.text, "wanted"));
        assert_non_null(strstr(err.text, bad[i]));
    }
    ernn_error err = {0};
    ernn_spec spec = ernn_spec_defaults();
    ernn_spec_parse(&spec, "gru:25x", &err);
    assert_string_equal(err.text, "'gru:25x': 'x' at character 7, ',' and a size, '+' and an "
                                  "option, '/' and a cell, or the end is wanted");
}

static void test_blocks(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_spec spec = ernn_spec_defaults();
    check_ok(ernn_spec_parse(&spec, "lstm:8p4,8", &err), err);
    check_ok(ernn_spec_parse_blocks(&spec, "8", &err), err);
    for (int l = 0; l < 2; l++)
        for (int m = 0; m < 3; m++)
            assert_int_equal(spec.layers[l].block[m], 8);
    check_ok(ernn_spec_parse_blocks(&spec, "projection=1,input=64", &err), err);
    for (int l = 0; l < 2; l++) {
        assert_int_equal(spec.layers[l].block[ERNN_MATRIX_INPUT], 64);
        assert_int_equal(spec.layers[l].block[ERNN_MATRIX_RECURRENT], 8);
        assert_int_equal(spec.layers[l].block[ERNN_MATRIX_PROJECTION], 1);
        assert_int_equal(spec.layers[l].block[ERNN_MATRIX_OUTPUT], 1);
    }
    // the output layer: named alone or after one structure for all, dense and as it was otherwise
    assert_int_equal(spec.output_block, 1);
    check_ok(ernn_spec_parse_blocks(&spec, "4,output=16,input=2", &err), err);
    assert_int_equal(spec.output_block, 16);
    assert_int_equal(spec.layers[1].block[ERNN_MATRIX_INPUT], 2);
    assert_int_equal(spec.layers[1].block[ERNN_MATRIX_RECURRENT], 4);
    check_ok(ernn_spec_parse_blocks(&spec, "8", &err), err);
    assert_int_equal(spec.output_block, 16);
    check_ok(ernn_spec_parse(&spec, "gru:5", &err), err);
    assert_int_equal(spec.output_block, 16);
    static const char *const bad[] = {
        "",         "0",      "3",       "128",      "-8",       "8,8",
        "input",    "input=", "input=7", "output=0", "input=8,", "input=8,input=8",
        "input=8 ", "8x",     "8,",      "output=3", "output",   "output=8,output=8"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const ernn_spec before = spec;
        assert_int_equal(ernn_spec_parse_blocks(&spec, bad[i], &err), ERNN_BAD_ARG);
        assert_memory_equal(&spec, &before, sizeof spec);
    }
}

// What is printed is canonical and parses to the same structures.
static void check_structures(const char *shape, const char *text, const char *canonical)
{
    ernn_error err = {0};
    ernn_spec spec = ernn_spec_defaults();
    ernn_spec again = ernn_spec_defaults();
    char printed[ERNN_SPEC_TEXT];
    check_ok(ernn_spec_parse(&spec, shape, &err), err);
    check_ok(ernn_spec_parse(&again, shape, &err), err);
    check_ok(ernn_spec_parse_blocks(&spec, text, &err), err);
    check_ok(ernn_spec_validate(&spec, &err), err);
    ernn_spec_print_blocks(&spec, printed, sizeof printed);
    assert_string_equal(printed, canonical);
    check_ok(ernn_spec_parse_blocks(&again, printed, &err), err);
    for (int l = 0; l < spec.n_layers; l++)
        for (int m = 0; m < (spec.layers[l].n_projected ? 3 : 2); m++)
            for (int g = 0; g < ernn_spec_gates(spec.layers[l].cell); g++) {
                const ernn_structure a =
                    ernn_spec_structure(&spec.layers[l], (ernn_matrix_class)m, g);
                const ernn_structure b =
                    ernn_spec_structure(&again.layers[l], (ernn_matrix_class)m, g);
                assert_memory_equal(&a, &b, sizeof a);
            }
    for (size_t size = 1; size < strlen(canonical); size++) {
        char part[300];
        memset(part, '#', sizeof part);
        ernn_spec_print_blocks(&spec, part, size);
        assert_true(strlen(part) < size && part[size] == '#');
        assert_memory_equal(part, canonical, strlen(part));
    }
}

static void test_structures(void **state)
{
    (void)state;
    check_structures("gru:16,16", "8", "input=8,recurrent=8");
    check_structures("gru:16", "8,output=64", "input=8,recurrent=8,output=64");
    check_structures("gru:16,16", "sparse:4:0.1,output=4,layer1.recurrent=2",
                     "input=sparse:4:0.1,recurrent=sparse:4:0.1,layer1.recurrent=2,output=4");
    check_structures("lstm:8p4", "output=1", "input=1,recurrent=1,projection=1");
    check_structures("lstm:16p16", "sparse:4:0.1",
                     "input=sparse:4:0.1,recurrent=sparse:4:0.1,projection=sparse:4:0.1");
    check_structures("gru:16", "input=8,recurrent=sparse:16:0.10",
                     "input=8,recurrent=sparse:16:0.1");
    check_structures("gru:16", "recurrent=sparse:1:1.0", "input=1,recurrent=sparse:1:1");
    check_structures("gru:16", "recurrent=sparse:1:0.0010", "input=1,recurrent=sparse:1:0.001");
    check_structures("gru:16", "recurrent=sparse:1:0.1125", "input=1,recurrent=sparse:1:0.1125");
    check_structures("gru:16,16", "input=16,layer0.input=8,layer1.W_zr=4",
                     "input=8,recurrent=1,layer1.input=16,layer1.W_zr=4");
    check_structures("lstm:16,16p8", "layer1.W_ym=2,layer0.W_cx=sparse:2:0.5",
                     "input=1,recurrent=1,projection=2,layer0.W_cx=sparse:2:0.5");
    check_structures("lstm:16p16,9,8p8", "projection=4,layer2.projection=2",
                     "input=1,recurrent=1,projection=4,layer2.projection=2");
    // a later item of a whole class takes back those of its gates
    check_structures("gru:16", "layer0.W_zx=4,input=8", "input=8,recurrent=1");
    // all gates named: the class follows the first
    check_structures("gru:16", "layer0.W_zx=4,layer0.W_rx=4,layer0.W_hx=4", "input=4,recurrent=1");
    check_structures("gru:16", "layer0.W_zx=4,layer0.W_rx=2,layer0.W_hx=8",
                     "input=4,recurrent=1,layer0.W_rx=2,layer0.W_hx=8");
    check_structures("gru:16/lstm:8", "layer0.W_hr=4,layer1.W_or=2",
                     "input=1,recurrent=1,layer0.W_hr=4,layer1.W_or=2");
}

static void test_structures_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"sparse", "'sparse'"},
        {"sparse:", "processing elements from 1 to 1024"},
        {"sparse:0:0.1", "processing elements from 1 to 1024"},
        {"sparse:1025:0.1", "processing elements from 1 to 1024"},
        {"sparse:4", "':' and a density"},
        {"sparse:4:", "a density from 0.001 to 1"},
        {"sparse:4:0", "a density from 0.001 to 1"},
        {"sparse:4:1.1", "a density from 0.001 to 1"},
        {"sparse:4:2", "a density from 0.001 to 1"},
        {"sparse:4:0.00001", "a density from 0.001 to 1"},
        {"sparse:4:0.12345", "in at most 4 decimal places"},
        {"sparse:4:.5", "a density"},
        {"sparse:4:0.", "a density"},
        {"sparse:4:00.5", "a density"},
        {"sparse:4:0.5x", "or the end"},
        {"layer2.input=4", "a layer of the network from 0 to 1"},
        {"layer.input=4", "a layer of the network"},
        {"layer0", "'.' and a class or a matrix"},
        {"layer0.W_ix=4", "a matrix of a gru"},
        {"layer0.W_ym=4", "a matrix of a gru"},
        {"layer1.W_zx=4", "a matrix of an lstm"},
        {"layer1.W_xx=4", "a matrix of an lstm"},
        {"layer0.W_zx=3", "a power of two"},
        {"layer0.W_zx=4,layer0.W_zx=4", "not named before"},
        {"layer1.projection=4,layer1.W_ym=4", "not named before"},
        {"layer0.output=4", "a class or a matrix of a gru"},
        {"output=sparse:4:0.1", "a block size (the output layer is never sparse) is wanted"},
        {"8,sparse:4:0.1", "'output=' or 'layer0.'"},
    };
    ernn_error err = {0};
    ernn_spec spec = ernn_spec_defaults();
    check_ok(ernn_spec_parse(&spec, "gru:16/lstm:8p4", &err), err);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const ernn_spec before = spec;
        assert_int_equal(ernn_spec_parse_blocks(&spec, bad[i][0], &err), ERNN_BAD_ARG);
        assert_memory_equal(&spec, &before, sizeof spec);
        if (!strstr(err.text, bad[i][1]))
            fail_msg("'%s' for '%s'", err.text, bad[i][0]);
    }
    // more elements than rows
    check_ok(ernn_spec_parse_blocks(&spec, "layer1.projection=sparse:5:0.5", &err), err);
    assert_int_equal(ernn_spec_validate(&spec, &err), ERNN_BAD_ARG);
    assert_non_null(strstr(err.text, "layer1.block.projection: sparse over 5 processing elements, "
                                     "1 to 4 are wanted"));
    ernn_spec_parse_blocks(&spec, "1", &err);
    spec.layers[0].sparse[0] = (ernn_sparsity){2, 10001};
    assert_int_equal(ernn_spec_validate(&spec, &err), ERNN_BAD_ARG);
    spec.layers[0].sparse[0] = (ernn_sparsity){-1, 100};
    assert_int_equal(ernn_spec_validate(&spec, &err), ERNN_BAD_ARG);
    spec.layers[0].sparse[0] = (ernn_sparsity){2, 100};
    spec.layers[0].block[0] = 2;
    assert_int_equal(ernn_spec_validate(&spec, &err), ERNN_BAD_ARG);
    spec.layers[0].block[0] = 1;
    check_ok(ernn_spec_validate(&spec, &err), err);
    spec.layers[1].own[1][3] = (ernn_structure){.block = 3};
    assert_int_equal(ernn_spec_validate(&spec, &err), ERNN_BAD_ARG);
    assert_non_null(strstr(err.text, "layer1.block.recurrent"));
}

static void test_structure_access(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_spec spec = ernn_spec_defaults();
    check_ok(ernn_spec_parse(&spec, "gru:16/lstm:8p4", &err), err);
    assert_true(ernn_spec_is_dense(&spec));
    check_ok(ernn_spec_parse_blocks(&spec, "input=4,layer1.W_cr=2", &err), err);
    assert_int_equal(ernn_spec_structure(&spec.layers[1], ERNN_MATRIX_RECURRENT, 2).block, 2);
    assert_int_equal(ernn_spec_structure(&spec.layers[1], ERNN_MATRIX_RECURRENT, 1).block, 1);
    assert_int_equal(ernn_spec_check_deployable(&spec, "here", &err), ERNN_BAD_ARG);
    assert_string_equal(err.text, "here: layer1.recurrent: its gates differ in structure, one for "
                                  "all gates of a layer's class is wanted");
    assert_false(ernn_spec_is_dense(&spec));
    assert_int_equal(ernn_spec_largest_block(&spec), 4);
    assert_false(ernn_spec_has_sparse(&spec));
    const ernn_spec dense = ernn_spec_dense(&spec);
    assert_int_equal(ernn_spec_largest_block(&dense), 1);
    assert_true(ernn_spec_is_dense(&dense));
    check_ok(ernn_spec_check_deployable(&dense, "here", &err), err);
    spec.output_block = 4;
    assert_true(ernn_spec_dense(&spec).output_block == 1);
    ernn_spec alone = dense;
    alone.output_block = 4;
    assert_false(ernn_spec_is_dense(&alone));
    assert_int_equal(ernn_spec_largest_block(&alone), 4);
    ernn_spec mixed = dense; // the largest block and the sparse matrix are single gates'
    check_ok(ernn_spec_parse_blocks(&mixed, "layer0.W_rr=16,layer1.W_fx=sparse:2:0.5", &err), err);
    assert_int_equal(ernn_spec_largest_block(&mixed), 16);
    assert_true(ernn_spec_has_sparse(&mixed));
    assert_false(ernn_spec_is_dense(&mixed));
    check_ok(ernn_spec_check_deployable(&alone, "here", &err), err);
    // a new shape keeps the structures of cells that stay
    check_ok(ernn_spec_parse(&spec, "lstm:8/lstm:8,8", &err), err);
    assert_int_equal(ernn_spec_structure(&spec.layers[0], ERNN_MATRIX_INPUT, 0).block, 4);
    assert_int_equal(ernn_spec_structure(&spec.layers[2], ERNN_MATRIX_RECURRENT, 2).block, 2);
}

// One field of a good spec set to a bad value; the message names it.
static void check_invalid(size_t offset, int value, const char *field)
{
    ernn_error err = {0};
    ernn_spec spec = ernn_spec_defaults();
    check_ok(ernn_spec_parse(&spec, "gru:8/lstm:8p4", &err), err);
    memcpy((char *)&spec + offset, &value, sizeof value);
    assert_int_equal(ernn_spec_validate(&spec, &err), ERNN_BAD_ARG);
    assert_non_null(strstr(err.text, field));
    assert_non_null(strstr(err.text, "spec: "));
}

static void test_validate(void **state)
{
    (void)state;
#define LAYER(l, field)                                                                            \
    (offsetof(ernn_spec, layers) + (l) * sizeof(ernn_layer_spec) + offsetof(ernn_layer_spec, field))
    static const int bad_sizes[] = {0, -1, 8193};
    for (int i = 0; i < 3; i++) {
        check_invalid(offsetof(ernn_spec, n_inputs), bad_sizes[i], "n_inputs");
        check_invalid(offsetof(ernn_spec, n_labels), bad_sizes[i], "n_labels");
        check_invalid(offsetof(ernn_spec, n_layers), bad_sizes[i], "n_layers");
        check_invalid(LAYER(0, n_cells), bad_sizes[i], "layer0.n_cells");
        check_invalid(LAYER(1, n_cells), bad_sizes[i], "layer1.n_cells");
    }
    check_invalid(offsetof(ernn_spec, n_labels), 1, "n_labels: 1, a number from 2 to 8192");
    check_invalid(offsetof(ernn_spec, n_layers), 9, "n_layers: 9, a number from 1 to 8");
    check_invalid(LAYER(1, cell), 2, "layer1.cell: 2");
    check_invalid(LAYER(1, n_projected), -1, "layer1.n_projected");
    check_invalid(LAYER(1, n_projected), 8193, "layer1.n_projected");
    check_invalid(LAYER(0, n_projected), 3, "layer0.n_projected: 3, a gru has no projection");
    static const int bad_blocks[] = {0, -1, 3, 24, 128, 1 << 30};
    for (int i = 0; i < 6; i++) {
        check_invalid(LAYER(0, block), bad_blocks[i], "layer0.block.input");
        check_invalid(LAYER(0, block) + sizeof(int), bad_blocks[i], "layer0.block.recurrent");
        check_invalid(LAYER(1, block) + 2 * sizeof(int), bad_blocks[i], "layer1.block.projection");
        check_invalid(offsetof(ernn_spec, output_block), bad_blocks[i], "output_block");
    }
    check_invalid(LAYER(1, direction), 3, "layer1.direction: 3");
    check_invalid(LAYER(1, direction), -1, "layer1.direction: -1");
    static const float bad_clips[] = {-1, 0.0001f, 0.0015f, 1000.5f, INFINITY, NAN};
    for (int i = 0; i < 6; i++) {
        int bits;
        memcpy(&bits, &bad_clips[i], sizeof bits);
        check_invalid(LAYER(1, cell_clip), bits, "layer1.cell_clip");
    }
    ernn_error err = {0};
    ernn_spec spec = ernn_spec_defaults();
    spec.layers[0].cell_clip = 1;
    assert_int_equal(ernn_spec_validate(&spec, &err), ERNN_BAD_ARG);
    assert_non_null(strstr(err.text, "a gru has no cell to clip"));
    spec.layers[0].cell_clip = 0;
    spec.layers[0].is_peephole = true;
    assert_int_equal(ernn_spec_validate(&spec, &err), ERNN_BAD_ARG);
    assert_non_null(strstr(err.text, "layer0.is_peephole"));
}

static void test_print_fits(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_spec spec = ernn_spec_defaults();
    check_ok(ernn_spec_parse(&spec, "lstm:1024p512,1024p512+peephole", &err), err);
    for (size_t size = 1; size < 40; size++) {
        char text[41];
        memset(text, '#', sizeof text);
        ernn_spec_print(&spec, text, size);
        assert_true(strlen(text) < size && text[size] == '#');
        assert_memory_equal(text, "lstm:1024p512,1024p512+peephole", strlen(text));
    }
}

static void check_counts(const char *text, const char *blocks, int n_inputs, int n_labels,
                         size_t matrices, size_t all)
{
    ernn_error err = {0};
    ernn_spec spec = ernn_spec_defaults();
    spec.n_inputs = n_inputs;
    spec.n_labels = n_labels;
    check_ok(ernn_spec_parse(&spec, text, &err), err);
    check_ok(ernn_spec_parse_blocks(&spec, blocks, &err), err);
    assert_int_equal(ernn_spec_matrix_parameters(&spec), matrices);
    assert_int_equal(ernn_spec_parameters(&spec), all);
    ernn_tensor tensors[ERNN_MAX_TENSORS];
    size_t n_floats;
    const size_t n = ernn_table_fill(&spec, tensors, &n_floats);
    size_t n_stored = 0;
    for (size_t i = 0; i < n; i++)
        n_stored += tensors[i].n_stored;
    assert_int_equal(n_stored, all);
    if (!strstr(blocks, "sparse"))
        assert_int_equal(n_floats, all);
}

static void test_counts(void **state)
{
    (void)state;
    // the layer of the published accelerators: 3,248,128 weights dense; inputs padded to 160
    check_counts("lstm:1024p512+peephole", "1", 153, 62, 3248128, 3248128 + 7 * 1024 + 62 * 513);
    check_counts("lstm:1024p512", "8", 153, 62, (4 * 1024 * (160 + 512) + 512 * 1024) / 8,
                 (4 * 1024 * (160 + 512) + 512 * 1024) / 8 + 4 * 1024 + 62 * 513);
    check_counts("gru:1024", "input=16,recurrent=8", 153, 40,
                 3 * (1024 * 160 / 16 + 1024 * 1024 / 8),
                 3 * (1024 * 160 / 16 + 1024 * 1024 / 8) + 4 * 1024 + 40 * 1025);
    check_counts("gru:5,3+reset_before", "4", 7, 2, 3 * (8 * 8 + 8 * 8 + 4 * 8 + 4 * 4) / 4,
                 3 * (8 * 8 + 8 * 8 + 4 * 8 + 4 * 4) / 4 + 3 * 5 + 3 * 3 + 2 * 4);
    // twice the layer, and the next one sees both outputs, or their sum
    check_counts("lstm:5p3+peephole+bidirectional/gru:4", "2", 7, 2,
                 2 * (4 * (6 * 8 + 6 * 4) + 4 * 6) / 2 + 3 * (4 * 6 + 4 * 4) / 2,
                 2 * (4 * (6 * 8 + 6 * 4) + 4 * 6) / 2 + 3 * (4 * 6 + 4 * 4) / 2 + 2 * 7 * 5 +
                     4 * 4 + 2 * 5);
    check_counts("gru:5+bidirectional_sum", "1", 7, 2, 2 * 3 * (5 * 7 + 5 * 5),
                 2 * 3 * (5 * 7 + 5 * 5) + 2 * 4 * 5 + 2 * 6);
    // 7 labels from 5 cells in blocks of 4
    check_counts("gru:5", "1,output=4", 3, 7, 3 * (5 * 3 + 5 * 5),
                 3 * (5 * 3 + 5 * 5) + 4 * 5 + 2 * 2 * 4 + 7);
    // one gate of its own, and a sparse class: 3 elements of round(0.25 5 5 / 3) = 2 weights
    check_counts("gru:5+reset_before", "input=4,layer0.W_rx=1,recurrent=sparse:3:0.25", 7, 2,
                 2 * 16 + 35 + 3 * 6, 2 * 16 + 35 + 3 * 6 + 3 * 5 + 2 * 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_parse_refused),
        cmocka_unit_test(test_structures),
        cmocka_unit_test(test_structures_refused),
        cmocka_unit_test(test_structure_access),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_validate),
        cmocka_unit_test(test_print_fits),
        cmocka_unit_test(test_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
