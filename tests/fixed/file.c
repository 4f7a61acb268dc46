// Quantised models in files: what is saved comes back, the same model gives the same bytes, and no
// damaged or hostile file reaches src/rt outside the widths it rests on (run under sanitizers).
// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "base/file.h"
#include "base/memory.h"
#include "fixed/qmodel.h"

#include <unistd.h>

static const char *const SPECS[] = {"lstm:9p5,7+peephole", "gru:9,7", "gru:9+reset_before",
                                    "lstm:5"};

enum { N_INPUTS = 13, N_LABELS = 40 };

static ernn_qmodel *make(const char *text, int k)
{
    ernn_error err = {0};
    ernn_qmodel *qmodel = NULL;
    ernn_spec spec = ernn_spec_defaults();
    check_ok(ernn_spec_parse(&spec, text, &err), err);
    for (int l = 0; l < spec.n_layers; l++)
        for (int m = 0; m < 3; m++)
            spec.layers[l].block[m] = k;
    spec.output_block = k > 1 ? k / 2 : 1;
    spec.n_inputs = N_INPUTS;
    spec.n_labels = N_LABELS;
    check_ok(ernn_qmodel_random(&spec, 14, 10, 5, &qmodel, &err), err);
    return qmodel;
}

// Runs a few random frames; returns a digest of all outputs.
static uint64_t run(const ernn_qmodel *qmodel)
{
    ernn_error err = {0};
    ernn_qrun *run = NULL;
    ernn_rng rng = ernn_rng_new(1, 2, 3);
    const ernn_spec *spec = ernn_qmodel_spec(qmodel);
    float *x = calloc((size_t)spec->n_inputs, sizeof *x);
    float *scores = calloc((size_t)spec->n_labels, sizeof *scores);
    uint64_t digest = 0;
    check_ok(ernn_qrun_new(qmodel, &run, &err), err);
    for (int t = 0; t < 5; t++) {
        check_random(&rng, x, (size_t)spec->n_inputs, 2);
        ernn_qrun_step(run, x, scores);
        for (int i = 0; i < spec->n_labels; i++)
            digest = digest * 1099511628211u + (uint64_t)(int64_t)(scores[i] * 65536.0);
    }
    ernn_qrun_free(run);
    free(x);
    free(scores);
    return digest;
}

static void temporary(char *path, size_t size, const char *what)
{
    snprintf(path, size, "/tmp/ernn-qmodel-%ld-%s", (long)getpid(), what);
}

static void test_round_trip(void **state)
{
    (void)state;
    ernn_error err = {0};
    char first[64];
    char second[64];
    temporary(first, sizeof first, "a");
    temporary(second, sizeof second, "b");
    for (int s = 0; s < 4; s++)
        for (int k = 1; k <= 16; k *= 4) {
            ernn_qmodel *qmodel = make(SPECS[s], k);
            ernn_qmodel *loaded = NULL;
            char *bytes[2];
            size_t sizes[2];
            check_ok(ernn_qmodel_save(qmodel, first, &err), err);
            check_ok(ernn_qmodel_load(first, &loaded, &err), err);
            check_ok(ernn_qmodel_save(loaded, second, &err), err);
            check_ok(ernn_file_load(first, 1 << 24, &bytes[0], &sizes[0], &err), err);
            check_ok(ernn_file_load(second, 1 << 24, &bytes[1], &sizes[1], &err), err);
            assert_int_equal(sizes[0], sizes[1]);
            assert_memory_equal(bytes[0], bytes[1], sizes[0]);
            assert_true(run(qmodel) == run(loaded));
            assert_int_equal(ernn_qmodel_signal_bits(loaded), 14);
            assert_int_equal(ernn_qmodel_weight_bits(loaded), 10);
            ernn_mem_free(bytes[0]);
            ernn_mem_free(bytes[1]);
            ernn_qmodel_free(qmodel);
            ernn_qmodel_free(loaded);
        }
    unlink(first);
    unlink(second);
}

// A file as bytes, to be damaged.
typedef struct image {
    char *bytes;
    size_t size;
    char path[64];
} image;

static image image_of(const char *spec, int k)
{
    ernn_error err = {0};
    image file = {0};
    ernn_qmodel *qmodel = make(spec, k);
    temporary(file.path, sizeof file.path, "c");
    check_ok(ernn_qmodel_save(qmodel, file.path, &err), err);
    check_ok(ernn_file_load(file.path, 1 << 24, &file.bytes, &file.size, &err), err);
    ernn_qmodel_free(qmodel);
    return file;
}

static void image_free(image *file)
{
    unlink(file->path);
    ernn_mem_free(file->bytes);
}

static void write_plain(const char *path, const char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

// Loads the damaged bytes: refused with a reason, or sound enough to run.
static ernn_status load_image(const image *file, size_t size)
{
    ernn_error err = {0};
    ernn_qmodel *qmodel = (ernn_qmodel *)&err; // must be overwritten
    write_plain(file->path, file->bytes, size);
    const ernn_status status = ernn_qmodel_load(file->path, &qmodel, &err);
    if (status == ERNN_OK) {
        run(qmodel);
        ernn_qmodel_free(qmodel);
    } else {
        assert_null(qmodel);
        assert_true(strlen(err.text) > 10);
    }
    return status;
}

// Where `what` first stands at or after `offset`.
static size_t find(const image *file, size_t offset, const char *what)
{
    const size_t n = strlen(what);
    while (offset + n <= file->size && memcmp(file->bytes + offset, what, n) != 0)
        offset++;
    if (offset + n > file->size) {
        print_error("'%s' is not in the file\n", what);
        fail();
    }
    return offset;
}

// Replaces `from` by `to` of the same length, wherever it first stands after `after`.
static void replace(image *file, const char *after, const char *from, const char *to)
{
    assert_int_equal(strlen(from), strlen(to));
    memcpy(file->bytes + find(file, find(file, 0, after), from), to, strlen(to));
}

static void check_refused(const char *after, const char *from, const char *to)
{
    image file = image_of("lstm:9p5,7+peephole", 4);
    replace(&file, after, from, to);
    assert_int_equal(load_image(&file, file.size), ERNN_BAD_FILE);
    image_free(&file);
}

static void test_hostile_metadata(void **state)
{
    (void)state;
    check_refused("ernn.kind", "qmodel", "qmodem");
    check_refused("ernn.quant", "signal_bits\\\":14", "signal_bits\\\":99");
    check_refused("ernn.quant", "signal_bits\\\":14", "signal_bits\\\":13");
    check_refused("ernn.quant", "weight_bits\\\":10", "weight_bits\\\":17");
    check_refused("ernn.quant", "weight_bits\\\":10", "weight_bits\\\":-1");
    check_refused("layer0.input.weights", "frac\\\":", "crac\\\":");
    check_refused("layer0.cell", "frac\\\":9", "frac\\\":2");
    check_refused("layer0.preactivation", "frac\\\":9", "frac\\\":8");
    check_refused("layer0.input.spectrum", "bits\\\":14", "bits\\\":15");
    check_refused("layer1.output", "frac\\\":12", "frac\\\":11");
    check_refused("layer0.input.accumulator", "accumulator", "accumulatos");
    check_refused("\"tanh.slope\"", "tanh.slope", "tanh.slopf");
    check_refused("\"layer0.bias\"", "I32", "F32");
}

static ernn_rt_network *network_of(ernn_qmodel *qmodel)
{
    return &qmodel->network;
}

// Numbers outside the words that the file claims.
static void test_hostile_numbers(void **state)
{
    (void)state;
    char path[64];
    temporary(path, sizeof path, "d");
    for (int what = 0; what < 7; what++) {
        ernn_error err = {0};
        ernn_qmodel *qmodel = make("lstm:9p5+peephole", 4);
        ernn_qmodel *loaded = NULL;
        ernn_rt_network *network = network_of(qmodel);
        if (what == 0)
            qmodel->weights[17] = 512;
        else if (what == 1)
            qmodel->weights[3] = -512;
        else if (what == 2)
            qmodel->vectors[5] = 8192;
        else if (what == 3)
            qmodel->vectors[qmodel->n_vectors - 1] = INT32_MIN;
        else if (what == 4)
            network->sigmoid.base[31] = INT32_MAX;
        else if (what == 5)
            network->tanh.slope[0] = -1;
        else
            qmodel->statistics.n = 7; // not what the features say
        check_ok(ernn_qmodel_save(qmodel, path, &err), err);
        assert_int_equal(ernn_qmodel_load(path, &loaded, &err), ERNN_BAD_FILE);
        assert_null(loaded);
        ernn_qmodel_free(qmodel);
    }
    unlink(path);
}

// Every byte of the header and of the small tensors, one bit or all bits wrong.
static void test_flipped_bytes(void **state)
{
    (void)state;
    image file = image_of("gru:5", 4);
    int n_refused = 0;
    ernn_rng rng = ernn_rng_new(8, 0, 0);
    for (size_t i = 0; i < file.size; i += 1 + ernn_rng_below(&rng, 3)) {
        const char kept = file.bytes[i];
        file.bytes[i] ^= (char)(1u << ernn_rng_below(&rng, 8));
        n_refused += load_image(&file, file.size) != ERNN_OK;
        file.bytes[i] = kept;
    }
    assert_true(n_refused > 500);
    assert_int_equal(load_image(&file, file.size), ERNN_OK);
    image_free(&file);
}

static void test_truncation(void **state)
{
    (void)state;
    image file = image_of("lstm:5", 1);
    for (size_t size = 0; size < file.size; size += 1 + file.size / 97)
        assert_int_equal(load_image(&file, size), ERNN_BAD_FILE);
    assert_int_equal(load_image(&file, file.size), ERNN_OK);
    image_free(&file);
    ernn_error err = {0};
    ernn_qmodel *qmodel = NULL;
    assert_int_equal(ernn_qmodel_load("/nonexistent/q", &qmodel, &err), ERNN_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),      cmocka_unit_test(test_hostile_metadata),
        cmocka_unit_test(test_hostile_numbers), cmocka_unit_test(test_flipped_bytes),
        cmocka_unit_test(test_truncation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
