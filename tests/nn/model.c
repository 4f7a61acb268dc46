// Models: first values, copies, projection, files, damage, failing memory.
// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "base/memory.h"
#include "check.h"
#include "ernn/circ.h"
#include "nn/model.h"
#include "nn/model_file.h"
#include "nn/table.h"

#include <unistd.h>

// ---- A failing allocator (linked with --wrap=aligned_alloc) ----

static long allocations_left = -1; // -1: never fails

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    if (allocations_left == 0)
        return NULL;
    if (allocations_left > 0)
        allocations_left--;
    return __real_aligned_alloc(alignment, size);
}

static ernn_model *new_model(const char *text, const char *blocks, uint64_t seed)
{
    ernn_error err = {0};
    ernn_model *model;
    ernn_spec spec = ernn_spec_defaults();
    ernn_features features = ernn_features_defaults();
    features.n_filters = 9;
    features.n_stacked = 3;
    spec.n_inputs = 27;
    spec.n_labels = 5;
    check_ok(ernn_spec_parse(&spec, text, &err), err);
    check_ok(ernn_spec_parse_blocks(&spec, blocks, &err), err);
    check_ok(ernn_model_new(&spec, &features, ERNN_PHONES_48, seed, &model, &err), err);
    return model;
}

// Random numbers everywhere, and statistics.
static void fill(ernn_model *model, uint64_t seed)
{
    ernn_rng rng = ernn_rng_new(seed, 0, 0);
    check_random(&rng, ernn_model_parameters(model), ernn_model_n_parameters(model), 1);
    ernn_feature_statistics *statistics = ernn_model_statistics(model);
    statistics->n = 9;
    for (int i = 0; i < 9; i++) {
        statistics->mean[i] = (float)ernn_rng_normal(&rng);
        statistics->variance[i] = (float)ernn_rng_uniform(&rng);
    }
}

static const char *const SHAPES[] = {
    "gru:13",         "gru:13,6+reset_before",
    "lstm:13",        "lstm:13p7,6p9+peephole",
    "lstm:5p3/gru:9", "gru:13+bidirectional/lstm:5+clip0.5+bidirectional_sum"};
enum { N_SHAPES = 6 };

static void test_table(void **state)
{
    (void)state;
    ernn_model *model = new_model("lstm:13p7,6p9+peephole", "input=8,recurrent=4,projection=2", 1);
    size_t at = 0;
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++) {
        const ernn_tensor *t = &ernn_model_tensors(model)[i];
        assert_int_equal(t->offset, at);
        at += t->count;
        assert_ptr_equal(ernn_model_find(model, t->name), t);
    }
    assert_int_equal(at, ernn_model_n_parameters(model));
    assert_int_equal(at, ernn_spec_parameters(ernn_model_spec(model)));
    assert_null(ernn_model_find(model, "layer0.W_zx"));
    const ernn_tensor *t = ernn_model_find(model, "layer1.W_cr");
    assert_true(t->rows == 6 && t->cols == 9 && t->block == 4 && t->count == 2 * 3 * 4);
    assert_true(t->matrix == ERNN_MATRIX_RECURRENT && t->is_matrix && t->layer == 1);
    t = ernn_model_find(model, "layer0.W_ym");
    assert_true(t->rows == 7 && t->cols == 13 && t->block == 2 && t->count == 4 * 7 * 2);
    t = ernn_model_find(model, "layer1.W_fx");
    assert_true(t->rows == 6 && t->cols == 7 && t->block == 8 && t->count == 8);
    t = ernn_model_find(model, "layer1.w_oc");
    assert_true(t->rows == 6 && t->cols == 1 && !t->is_matrix && t->count == 6);
    t = ernn_model_find(model, "output.W");
    assert_true(t->rows == 5 && t->cols == 9 && t->block == 1 && t->layer == -1);
    ernn_model_free(model);
    model = new_model("lstm:13p7,6p9+peephole", "8,output=4", 1);
    t = ernn_model_find(model, "output.W");
    assert_true(t->block == 4 && t->count == 2 * 3 * 4 && t->n_stored == t->count);
    assert_int_equal(ernn_model_n_parameters(model), ernn_spec_parameters(ernn_model_spec(model)));
    ernn_model_free(model);
    // b_hr exists for the reset after the product alone
    model = new_model("gru:13", "1", 1);
    assert_non_null(ernn_model_find(model, "layer0.b_hr"));
    ernn_model_free(model);
    model = new_model("gru:13+reset_before", "1", 1);
    assert_null(ernn_model_find(model, "layer0.b_hr"));
    ernn_model_free(model);
}

// Same seed, same numbers; spread of the expanded entries as stated; forget bias 1.
static void test_first_values(void **state)
{
    (void)state;
    ernn_model *model = new_model("lstm:100p7+peephole", "8", 5);
    ernn_model *again = new_model("lstm:100p7+peephole", "8", 5);
    ernn_model *other = new_model("lstm:100p7+peephole", "8", 6);
    const size_t bytes = ernn_model_n_parameters(model) * sizeof(float);
    assert_memory_equal(ernn_model_parameters(model), ernn_model_parameters(again), bytes);
    assert_memory_not_equal(ernn_model_parameters(model), ernn_model_parameters(other), bytes);
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++) {
        const ernn_tensor *t = &ernn_model_tensors(model)[i];
        const float *v = ernn_model_parameters(model) + t->offset;
        const bool is_bias = strstr(t->name, ".b");
        double square = 0;
        double most = 0;
        for (size_t e = 0; e < t->count; e++) {
            if (is_bias)
                assert_true(v[e] == (strcmp(t->name, "layer0.b_f") == 0));
            square += v[e] * v[e];
            most = fmax(most, fabs(v[e]));
        }
        const double spread = t->layer < 0 ? sqrt(1.0 / 7) : 0.1;
        if (!is_bias) {
            assert_true(most <= spread);
            if (t->count >= 100) // uniform: variance spread^2 / 3
                check_near(square / (double)t->count / (spread * spread / 3), 1, 0.3);
        }
    }
    ernn_model_free(model);
    ernn_model_free(again);
    ernn_model_free(other);
}

static void test_copy(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_model *copy;
    ernn_model *model = new_model("lstm:13p7,6p9+peephole", "4", 1);
    fill(model, 2);
    check_ok(ernn_model_copy(model, &copy, &err), err);
    const size_t bytes = ernn_model_n_parameters(model) * sizeof(float);
    assert_memory_equal(ernn_model_parameters(copy), ernn_model_parameters(model), bytes);
    assert_memory_equal(ernn_model_spec(copy), ernn_model_spec(model), sizeof(ernn_spec));
    assert_memory_equal(ernn_model_statistics(copy), ernn_model_statistics(model),
                        sizeof(ernn_feature_statistics));
    assert_int_equal(ernn_model_phone_set(copy), ERNN_PHONES_48);
    ernn_model_parameters(copy)[0] += 1;
    assert_memory_not_equal(ernn_model_parameters(copy), ernn_model_parameters(model), bytes);
    ernn_model_free(model);
    ernn_model_free(copy);
}

// Every matrix that became circulant or got larger blocks has its norm back, up to sqrt(k) times
// that of the projection; all others and the vectors have every bit that they had.
static void check_norms(const ernn_model *model, ernn_model *projected, const ernn_spec *spec)
{
    ernn_error err = {0};
    ernn_model *before;
    check_ok(ernn_model_project(model, spec, &before, &err), err);
    check_ok(ernn_model_restore_norms(model, projected, &err), err);
    int scaled = 0;
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++) {
        const ernn_tensor *from = &ernn_model_tensors(model)[i];
        const ernn_tensor *to = &ernn_model_tensors(projected)[i];
        const float *old = ernn_model_parameters_const(before) + to->offset;
        const float *new = ernn_model_parameters_const(projected) + to->offset;
        float dense[13 * 27];
        double norms[3] = {0};
        if (from->block == to->block) {
            assert_memory_equal(new, old, to->count * sizeof *old);
            continue;
        }
        scaled++;
        for (int which = 0; which < 3; which++) {
            const ernn_tensor *t = which == 0 ? from : to;
            const float *w = ernn_model_parameters_const(model) + from->offset;
            ernn_circ_expand(which == 0   ? w
                             : which == 1 ? old
                                          : new,
                             t->rows, t->cols, t->block, dense);
            for (int j = 0; j < t->rows * t->cols; j++)
                norms[which] += (double)dense[j] * dense[j];
        }
        check_near(norms[2], fmin(norms[0], norms[1] * to->block), 1e-5 * norms[0]);
    }
    assert_int_equal(scaled, 2 * (4 + 4 + 1) + 1);
    ernn_model_free(before);
}

// Against circ's projection matrix by matrix; vectors unchanged.
static void test_project(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_model *projected;
    ernn_model *again;
    ernn_model *model = new_model("lstm:13p7,6p9+peephole", "input=2,recurrent=1,projection=1", 1);
    fill(model, 3);
    ernn_spec spec = *ernn_model_spec(model);
    check_ok(ernn_spec_parse_blocks(&spec, "input=8,recurrent=4,projection=16,output=4", &err),
             err);
    check_ok(ernn_model_project(model, &spec, &projected, &err), err);
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++) {
        const ernn_tensor *from = &ernn_model_tensors(model)[i];
        const ernn_tensor *to = ernn_model_find(projected, from->name);
        float dense[13 * 27];
        float want[27 * 27];
        assert_int_equal(to->block, !to->is_matrix  ? 1
                                    : to->layer < 0 ? 4
                                                    : spec.layers[to->layer].block[to->matrix]);
        ernn_circ_expand(ernn_model_parameters(model) + from->offset, from->rows, from->cols,
                         from->block, dense);
        ernn_circ_project(dense, from->rows, from->cols, to->block, want);
        assert_memory_equal(ernn_model_parameters(projected) + to->offset, want,
                            to->count * sizeof *want);
    }
    assert_int_equal(ernn_model_statistics(projected)->n, 9);
    // once projected, projecting again changes nothing but rounding
    check_ok(ernn_model_project(projected, &spec, &again, &err), err);
    for (size_t i = 0; i < ernn_model_n_parameters(again); i++)
        check_near(ernn_model_parameters(again)[i], ernn_model_parameters(projected)[i], 1e-6);
    ernn_model_free(again);
    check_norms(model, projected, &spec);
    ernn_model_free(projected);
    spec.n_inputs++;
    assert_int_equal(ernn_model_project(model, &spec, &projected, &err), ERNN_BAD_ARG);
    assert_null(projected);
    assert_non_null(strstr(err.text, "only structures of matrices may differ"));
    ernn_model_free(model);
}

// ---- Files ----

static char folder[40];
static char path[60];

static int setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/ernn-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/model", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ernn_folder_remove(folder, NULL);
    return 0;
}

static void test_save_load(void **state)
{
    (void)state;
    static const char *const blocks[] = {"1", "4", "input=16,recurrent=2,projection=64",
                                         "2,output=4"};
    for (int s = 0; s < N_SHAPES; s++)
        for (int b = 0; b < 4; b++) {
            ernn_error err = {0};
            ernn_model *model = new_model(SHAPES[s], blocks[b], 1);
            ernn_model *loaded;
            char *bytes[2];
            size_t size[2];
            fill(model, 4);
            if (b == 1)
                *ernn_model_statistics(model) = (ernn_feature_statistics){0};
            check_ok(ernn_model_save(model, path, &err), err);
            check_ok(ernn_file_load(path, 1 << 20, &bytes[0], &size[0], &err), err);
            check_ok(ernn_model_load(path, &loaded, &err), err);
            assert_memory_equal(ernn_model_spec(loaded), ernn_model_spec(model), sizeof(ernn_spec));
            assert_memory_equal(ernn_model_features(loaded), ernn_model_features(model),
                                sizeof(ernn_features));
            assert_int_equal(ernn_model_phone_set(loaded), ERNN_PHONES_48);
            assert_memory_equal(ernn_model_statistics(loaded), ernn_model_statistics(model),
                                sizeof(ernn_feature_statistics));
            assert_memory_equal(ernn_model_parameters(loaded), ernn_model_parameters(model),
                                ernn_model_n_parameters(model) * sizeof(float));
            check_ok(ernn_model_save(loaded, path, &err), err);
            check_ok(ernn_file_load(path, 1 << 20, &bytes[1], &size[1], &err), err);
            assert_int_equal(size[0], size[1]);
            assert_memory_equal(bytes[0], bytes[1], size[0]);
            for (int i = 0; i < 2; i++)
                ernn_mem_free(bytes[i]);
            ernn_model_free(model);
            ernn_model_free(loaded);
        }
}

static void check_load_refused(const char *message)
{
    ernn_error err = {0};
    ernn_model *model;
    assert_int_equal(ernn_model_load(path, &model, &err), ERNN_BAD_FILE);
    assert_null(model);
    if (!strstr(err.text, message))
        fail_msg("'%s' wanted in '%s'", message, err.text);
    assert_non_null(strstr(err.text, path));
}

// One passage of the file's header replaced by another of the same length.
static void change(const char *from, const char *to)
{
    ernn_error err = {0};
    char *bytes;
    size_t size;
    check_ok(ernn_file_load(path, 1 << 20, &bytes, &size, &err), err);
    char *at = strstr(bytes + 8, from);
    assert_non_null(at);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
    check_ok(ernn_file_save(path, bytes, size, &err), err);
    ernn_mem_free(bytes);
}

// The file of a small model, changed so.
static void save_changed(const char *from, const char *to)
{
    ernn_error err = {0};
    ernn_model *model = new_model("gru:13", "4", 1);
    fill(model, 5);
    check_ok(ernn_model_save(model, path, &err), err);
    ernn_model_free(model);
    change(from, to);
}

static void test_load_refused(void **state)
{
    (void)state;
    static const char *const changes[][3] = {
        {"\"ernn.kind\":\"model\"", "\"ernn.kind\":\"modem\"", "ernn.kind: 'modem', 'model'"},
        {"\"ernn.kind\"", "\"ernn.kinD\"", "'ernn.kind' is missing"},
        {"\"ernn.format\":\"1\"", "\"ernn.format\":\"3\"", "use a later ernn"},
        {"\"ernn.phones\":\"48\"", "\"ernn.phones\":\"47\"", "61, 48 or 39 is wanted"},
        {"\\\"n_cells\\\":13", "\\\"n_cells\\\":14", "F32[13], F32[14] is wanted"},
        {"\\\"n_cells\\\":13", "\\\"n_cells\\\":00", "metadata 'ernn.spec'"},
        {"\\\"n_cells\\\":13", "\\\"n_cellz\\\":13", "n_cells: is missing"},
        {"\\\"n_cells\\\":13", "\\\"n_cells\\\":-1", "layer0.n_cells: -1"},
        {"\\\"n_labels\\\":5", "\\\"n_labels\\\":6", "'output.W': F32[5,13], F32[6,13] is wanted"},
        {"\\\"n_labels\\\":5", "\\\"n_labels\\\":[", "metadata 'ernn.spec'"},
        {"\\\"n_inputs\\\":27", "\\\"n_inputs\\\":28", "27 numbers per frame, n_inputs"},
        {"\\\"cell\\\":\\\"gru\\\"", "\\\"cell\\\":\\\"grx\\\"", "cell: not one of"},
        {"\\\"is_peephole\\\":false", "\\\"is_peephole\\\":12345", "not true or false"},
        {"\\\"is_peephole\\\":false", "\\\"is_peephole\\\":true ", "a gru has no peepholes"},
        {"\\\"block_input\\\":4", "\\\"block_input\\\":5", "layer0.block.input: 5"},
        {"\\\"block_input\\\":4", "\\\"block_input\\\":8", "layer0.W_zx': F32[4,7,4], F32[2,4,8]"},
        {"\\\"window_ms\\\":25", "\\\"window_ms\\\":99", "window_ms is 99"},
        {"\\\"kind\\\":\\\"log_mel\\\"", "\\\"kind\\\":\\\"log-mel\\\"", "kind: not one of"},
        {"\"layer0.W_zx\"", "\"layer0.W_zy\"", "'layer0.W_zy': not part of this kind"},
        {"\"layer0.b_z\"", "\"layer0.b_y\"", "'layer0.b_y'"},
        {"\"features.mean\"", "\"features.meen\"", "'features.mean' is missing"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        save_changed(changes[i][0], changes[i][1]);
        check_load_refused(changes[i][2]);
    }
}

// Sparse and mixed structures: first values and projection are those of sparse.h, files give back
// the same bits, and what is wrong in them is named.
static void test_structures(void **state)
{
    (void)state;
    ernn_error err = {0};
    static const char blocks[] = "input=sparse:3:0.2,recurrent=4,projection=sparse:7:0.5,"
                                 "layer0.W_cr=sparse:13:0.1,layer1.W_ox=2";
    ernn_model *dense = new_model("lstm:13p7,9p7+peephole", "1", 1);
    ernn_model *model = new_model("lstm:13p7,9p7+peephole", blocks, 1);
    ernn_model *projected;
    ernn_model *loaded;
    fill(dense, 2);
    check_ok(ernn_model_project(dense, ernn_model_spec(model), &projected, &err), err);
    for (size_t i = 0; i < ernn_model_n_tensors(dense); i++) {
        const ernn_tensor *from = &ernn_model_tensors(dense)[i];
        const ernn_tensor *to = &ernn_model_tensors(projected)[i];
        const float *w = ernn_model_parameters(dense) + from->offset;
        const float *z = ernn_model_parameters(projected) + to->offset;
        float want[1000];
        if (!to->sparse.n_pes)
            continue;
        ernn_sparse_project(w, from->rows, from->cols, to->sparse, want);
        assert_memory_equal(z, want, to->count * sizeof *z);
        size_t n = 0;
        for (size_t e = 0; e < to->count; e++) {
            n += z[e] != 0;
            assert_true(isfinite((ernn_model_parameters(model) + to->offset)[e]));
        }
        assert_int_equal(n, to->n_stored);
    }
    assert_true(ernn_model_find(model, "layer0.W_cr")->sparse.n_pes == 13);
    assert_true(ernn_model_find(model, "layer1.W_ox")->block == 2);
    check_ok(ernn_model_save(projected, path, &err), err);
    check_ok(ernn_model_load(path, &loaded, &err), err);
    assert_memory_equal(ernn_model_parameters(loaded), ernn_model_parameters(projected),
                        ernn_model_n_parameters(loaded) * sizeof(float));
    ernn_model_free(loaded);
    // more weights than the structure keeps
    for (size_t e = 0; e < 20; e++)
        ernn_model_parameters(projected)[e] = 1;
    assert_int_equal(ernn_model_save(projected, path, &err), ERNN_BAD_ARG);
    assert_non_null(strstr(err.text, "model: layer0.W_ix: sparse matrix of 13 x 27: PE 0 has"));
    ernn_model_free(projected);
    ernn_model_free(dense);
    ernn_model_free(model);
}

// A file of a sparse model with one thing changed.
static void test_structures_refused(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_model *loaded;
    static const char *const changes[][3] = {
        {"sparse:3:0.2", "sparse:3:0.3", "F32[3,23], F32[3,35] is wanted"},
        {"sparse:3:0.2", "sparse:2:0.2", "F32[3,23], F32[2,35] is wanted"},
        {"sparse:3:0.2", "sparse:0:0.2", "structures: "},
        {"\\\"input=sparse:3:0.2,recurrent=4\\\"", "17                                ",
         "structures: not a text"},
        {"structures", "structored", "has a neighbour that is missing or unknown"},
        {"W_ox.positions", "W_ox.posititns", "'layer0.W_ox.posititns': not part of this kind"},
        {"\"ernn.format\":\"2\"", "\"ernn.format\":\"1\"", ""},
        {"\\\"concat\\\"", "\\\"concut\\\"", "direction: not one of the words"},
        {"\\\"direction\\\"", "\\\"direktion\\\"", "direction: is missing"},
        {"\\\"cell_clip\\\":0.5", "\\\"cell_clip\\\":-.5", "ernn.spec"},
        {"\\\"cell_clip\\\":0.5", "\\\"cell_clip\\\":-15", "layer0.cell_clip: -15"},
        {"\\\"cell_clip\\\":0.5", "\\\"cell_clip\\\":[1]", "cell_clip: not a number"},
        {"layer0.reverse.b_i", "layer0.revirse.b_i", "not part of this kind"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        ernn_model *model =
            new_model("lstm:13+clip0.5+bidirectional", "input=sparse:3:0.2,recurrent=4", 1);
        check_ok(ernn_model_save(model, path, &err), err);
        ernn_model_free(model);
        change(changes[i][0], changes[i][1]);
        if (changes[i][2][0]) {
            check_load_refused(changes[i][2]);
            continue;
        }
        check_ok(ernn_model_load(path, &loaded, &err), err);
        ernn_model_free(loaded);
    }
}

// The same for a circulant output layer.
static void test_output_refused(void **state)
{
    (void)state;
    ernn_error err = {0};
    static const char *const changes[][3] = {
        {"output=4", "output=8", "'output.W': F32[2,4,4], F32[1,2,8] is wanted"},
        {"output=4", "output=3", "structures: "},
        {"output=4", "outpub=4", "structures: "},
        {"output=4", "layer0.4", "structures: "},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        ernn_model *model = new_model("gru:13", "2,output=4", 1);
        check_ok(ernn_model_save(model, path, &err), err);
        ernn_model_free(model);
        change(changes[i][0], changes[i][1]);
        check_load_refused(changes[i][2]);
    }
}

// A file of this spec with tensors of our choice.
static void save_with(const ernn_model *model, const char *extra_key, const float *block)
{
    ernn_error err = {0};
    ernn_store_writer *writer;
    const ernn_profile profile = {*ernn_model_spec(model), *ernn_model_features(model),
                                  ernn_model_phone_set(model), *ernn_model_statistics_const(model),
                                  *ernn_model_label_counts(model)};
    check_ok(ernn_store_writer_new(&writer, &err), err);
    ernn_profile_put(writer, "model", &profile);
    ernn_store_put_text(writer, extra_key, "x");
    for (size_t i = 0; block && i < ernn_model_n_tensors(model); i++) {
        const ernn_tensor *t = &ernn_model_tensors(model)[i];
        const size_t k = (size_t)t->block;
        const size_t shape[3] = {((size_t)t->rows + k - 1) / k, ((size_t)t->cols + k - 1) / k, k};
        ernn_store_put(writer, t->name, ERNN_DTYPE_F32,
                       !t->is_matrix ? 1
                       : k == 1      ? 2
                                     : 3,
                       shape, block + t->offset);
    }
    check_ok(ernn_store_save(writer, path, &err), err);
    ernn_store_writer_free(writer);
}

static void test_strict(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_model *model = new_model("gru:13", "4", 1);
    ernn_model *loaded;
    fill(model, 6);
    save_with(model, "mine", ernn_model_parameters(model));
    check_ok(ernn_model_load(path, &loaded, &err), err);
    ernn_model_free(loaded);
    save_with(model, "ernn.mine", ernn_model_parameters(model));
    check_load_refused("'ernn.mine': unknown");
    save_with(model, "mine", NULL);
    check_load_refused("a network of"); // too small to hold what the spec says
    // not a number: neither written nor read
    ernn_model_parameters(model)[17] = NAN;
    assert_int_equal(ernn_model_save(model, path, &err), ERNN_BAD_ARG);
    assert_non_null(strstr(err.text, "'layer0.W_zx': number 17 is not finite"));
    ernn_model_parameters(model)[17] = 1234.5f;
    check_ok(ernn_model_save(model, path, &err), err);
    char *bytes;
    size_t size;
    check_ok(ernn_file_load(path, 1 << 20, &bytes, &size, &err), err);
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    const float marker = 1234.5f;
    size_t at = 0;
    while (memcmp(bytes + at, &marker, 4) != 0)
        at++;
    for (int i = 0; i < 3; i++) {
        memcpy(bytes + at, &bad[i], 4);
        check_ok(ernn_file_save(path, bytes, size, &err), err);
        check_load_refused("'layer0.W_zx': number 17 is ");
    }
    ernn_mem_free(bytes);
    ernn_model_free(model);
    unlink(path);
    assert_int_equal(ernn_model_load(path, &loaded, &err), ERNN_IO);
    assert_non_null(strstr(err.text, "No such file"));
}

// Counts of a frame-trained model: kept by copies, projections and files, which are of version 2.
static void test_label_counts(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_model *model = new_model("gru:13", "4", 1);
    const int n = ernn_phones_count(ernn_model_phone_set(model));
    ernn_label_counts counts = {.n_phones = n};
    for (int i = 0; i < n; i++)
        counts.frames[i] = (float)(i * i);
    for (int i = 0; i < (n + 1) * (n + 1); i++)
        counts.pairs[i] = (float)(i % 7);
    fill(model, 6);
    assert_int_equal(ernn_model_label_counts(model)->n_phones, 0);
    ernn_model_set_label_counts(model, &counts);
    ernn_model *copy;
    ernn_model *loaded;
    check_ok(ernn_model_copy(model, &copy, &err), err);
    assert_memory_equal(ernn_model_label_counts(copy), &counts, sizeof counts);
    ernn_model_free(copy);
    check_ok(ernn_model_project(model, ernn_model_spec(model), &copy, &err), err);
    assert_memory_equal(ernn_model_label_counts(copy), &counts, sizeof counts);
    ernn_model_free(copy);
    check_ok(ernn_model_save(model, path, &err), err);
    check_ok(ernn_model_load(path, &loaded, &err), err);
    assert_memory_equal(ernn_model_label_counts(loaded), &counts, sizeof counts);
    ernn_model_free(loaded);
    counts.pairs[5] = -1;
    ernn_model_set_label_counts(model, &counts);
    save_with(model, "mine", ernn_model_parameters(model));
    check_load_refused("'labels.pairs': number 5 is -1");
    ernn_model_set_label_counts(model, NULL);
    save_with(model, "ernn.loss", ernn_model_parameters(model));
    check_load_refused("'ernn.loss': 'x', ctc or frame");
    ernn_model_free(model);
    unlink(path);
}

static void check_damaged(const char *bytes, size_t size)
{
    ernn_error err = {0};
    ernn_model *model;
    check_ok(ernn_file_save(path, bytes, size, &err), err);
    if (ernn_model_load(path, &model, &err) == ERNN_OK) {
        for (size_t i = 0; i < ernn_model_n_parameters(model); i++)
            assert_true(isfinite(ernn_model_parameters(model)[i]));
    } else {
        assert_true(err.text[0] != 0 && model == NULL);
    }
    ernn_model_free(model);
}

// Cut anywhere, or with any byte changed: an answer each time.
static void test_damage(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_rng rng = ernn_rng_new(7, 0, 0);
    ernn_model *model = new_model("gru:2", "2", 1);
    char *bytes;
    size_t size;
    check_ok(ernn_model_save(model, path, &err), err);
    ernn_model_free(model);
    check_ok(ernn_file_load(path, 1 << 20, &bytes, &size, &err), err);
    for (size_t n = 0; n < size; n += 7)
        check_damaged(bytes, n);
    for (size_t at = 0; at < size; at++) {
        const char kept = bytes[at];
        bytes[at] = at % 2 ? (char)(kept ^ (1 << (at % 8)))
                           : "0123456789{}[]\",:\\e-"[ernn_rng_below(&rng, 21)];
        check_damaged(bytes, size);
        bytes[at] = kept;
    }
    ernn_mem_free(bytes);
}

// The n-th allocation fails, for every n.
static void test_memory(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_model *model = new_model("lstm:13p7+peephole", "4", 1);
    ernn_model *made = NULL;
    ernn_spec spec = *ernn_model_spec(model);
    spec.layers[0].block[0] = 8;
    check_ok(ernn_model_save(model, path, &err), err);
    for (int action = 0; action < 4; action++) {
        ernn_status status = ERNN_NO_MEMORY;
        for (long n = 0; status != ERNN_OK; n++) {
            assert_true(n < 1000);
            allocations_left = n;
            if (action == 0)
                status = ernn_model_load(path, &made, &err);
            else if (action == 1)
                status = ernn_model_project(model, &spec, &made, &err);
            else if (action == 2)
                status = ernn_model_copy(model, &made, &err);
            else
                status = ernn_model_save(model, path, &err);
            allocations_left = -1;
            assert_true(status == ERNN_OK || (status == ERNN_NO_MEMORY && !made));
        }
        ernn_model_free(made);
        made = NULL;
    }
    ernn_run *run = NULL;
    ernn_status status = ERNN_NO_MEMORY;
    for (long n = 0; status != ERNN_OK; n++) {
        assert_true(n < 1000);
        allocations_left = n;
        status = ernn_run_new(model, &run, &err);
        allocations_left = -1;
        assert_true(status == ERNN_OK || (status == ERNN_NO_MEMORY && !run));
    }
    ernn_run_free(run);
    ernn_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_first_values),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_project),
        cmocka_unit_test_setup_teardown(test_save_load, setup, teardown),
        cmocka_unit_test_setup_teardown(test_load_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_structures, setup, teardown),
        cmocka_unit_test_setup_teardown(test_structures_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_output_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_strict, setup, teardown),
        cmocka_unit_test_setup_teardown(test_label_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
