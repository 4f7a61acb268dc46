// Golden output of three tiny networks, byte for byte; two runs give equal bytes; what is refused.
// `test-gen-golden write` rewrites the golden files: read the diff. SPDX-License-Identifier:
// Apache-2.0
#include "base/buffer.h"
#include "base/file.h"
#include "base/memory.h"
#include "check.h"
#include "ernn/gen.h"
#include "fixed/qmodel.h"

typedef struct network {
    const char *name;
    const char *text;
    const char *blocks;
    int n_inputs;
    int pes;
    int signal_bits;
    int weight_bits;
} network;

static const network NETWORKS[] = {
    {"lstm", "lstm:8p4+peephole", "input=4,recurrent=2,projection=4", 5, 10, 16, 12},
    {"gru", "gru:8,4", "4", 4, 7, 16, 12},
    {"odd", "gru:5+reset_before", "input=2,recurrent=8", 3, 4, 11, 7},
};
enum { N_NETWORKS = sizeof NETWORKS / sizeof *NETWORKS, FRAMES = 3 };

static ernn_qmodel *make_qmodel(const network *n)
{
    ernn_error err = {0};
    ernn_qmodel *qmodel = NULL;
    ernn_spec spec = ernn_spec_defaults();
    check_ok(ernn_spec_parse(&spec, n->text, &err), err);
    check_ok(ernn_spec_parse_blocks(&spec, n->blocks, &err), err);
    spec.n_inputs = n->n_inputs;
    spec.n_labels = 3;
    check_ok(ernn_qmodel_random(&spec, n->signal_bits, n->weight_bits, 7, &qmodel, &err), err);
    return qmodel;
}

// All files in one text: a line with the path before each.
static ernn_status collect(void *user, const char *path, const void *data, size_t size,
                           ernn_error *err)
{
    ernn_buffer *to = user;
    const uint8_t *bytes = data;
    const size_t n = strlen(path);
    ernn_buffer_print(to, "==> %s\n", path);
    if (n > 4 && !strcmp(path + n - 4, ".bin")) // the golden files are text
        for (size_t i = 0; i < size; i++)
            ernn_buffer_print(to, "%02x%s", bytes[i], i % 32 == 31 || i + 1 == size ? "\n" : "");
    else
        ernn_buffer_append(to, data, size);
    return ernn_buffer_status(to, err);
}

static void generate(const network *n, ernn_buffer *to)
{
    ernn_error err = {0};
    ernn_design design;
    ernn_gen_options options = ernn_gen_defaults();
    ernn_qmodel *qmodel = make_qmodel(n);
    check_ok(ernn_design_new(ernn_qmodel_spec(qmodel), ernn_device_find("xc7a100t"), n->signal_bits,
                             n->weight_bits, n->pes, &design, &err),
             err);
    options.max_frames = FRAMES;
    options.rtl_folder = GOLDEN_FOLDER "/rtl";
    check_ok(ernn_generate(qmodel, &design, &options, collect, to, &err), err);
    ernn_qmodel_free(qmodel);
}

static void golden_path(const network *n, char *path, size_t size)
{
    snprintf(path, size, "%s/%s.txt", GOLDEN_FOLDER, n->name);
}

static void test_golden(void **state)
{
    (void)state;
    for (int i = 0; i < N_NETWORKS; i++) {
        ernn_error err = {0};
        ernn_buffer got = {0};
        char path[1024];
        char *want = NULL;
        size_t size = 0;
        golden_path(&NETWORKS[i], path, sizeof path);
        generate(&NETWORKS[i], &got);
        check_ok(ernn_file_load(path, 1 << 20, &want, &size, &err), err);
        size_t at = 0;
        while (at < size && at < got.size && want[at] == got.data[at])
            at++;
        if (at != size || at != got.size) {
            print_error("%s differs at byte %zu: '%.60s'; if that is meant: "
                        "test-gen-golden write, and read the diff\n",
                        path, at, got.data + at);
            fail();
        }
        ernn_mem_free(want);
        ernn_buffer_free(&got);
    }
}

static void test_two_runs(void **state)
{
    (void)state;
    for (int i = 0; i < N_NETWORKS; i++) {
        ernn_buffer first = {0};
        ernn_buffer second = {0};
        generate(&NETWORKS[i], &first);
        generate(&NETWORKS[i], &second);
        assert_int_equal(first.size, second.size);
        assert_memory_equal(first.data, second.data, first.size);
        ernn_buffer_free(&first);
        ernn_buffer_free(&second);
    }
}

// A sink that fails at the n-th file: the error comes out, nothing is left on disk.
typedef struct failing_sink {
    int left;
} failing_sink;

static ernn_status fail_late(void *user, const char *path, const void *data, size_t size,
                             ernn_error *err)
{
    (void)data;
    (void)size;
    failing_sink *sink = user;
    if (sink->left-- > 0)
        return ERNN_OK;
    if (err)
        snprintf(err->text, sizeof err->text, "%s: disk full", path);
    return ERNN_IO;
}

static void test_sink_stops(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_design design;
    ernn_qmodel *qmodel = make_qmodel(&NETWORKS[0]);
    ernn_gen_options options = ernn_gen_defaults();
    options.rtl_folder = GOLDEN_FOLDER "/rtl";
    check_ok(ernn_design_new(ernn_qmodel_spec(qmodel), ernn_device_find("xc7a100t"), 16, 12, 10,
                             &design, &err),
             err);
    for (int n = 0; n < 12; n++) {
        failing_sink sink = {n};
        assert_int_equal(ernn_generate(qmodel, &design, &options, fail_late, &sink, &err), ERNN_IO);
        assert_non_null(strstr(err.text, "disk full"));
    }
    ernn_qmodel_free(qmodel);
}

static void test_folder(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_design design;
    ernn_qmodel *qmodel = make_qmodel(&NETWORKS[1]);
    ernn_gen_options options = ernn_gen_defaults();
    char folder[] = "/tmp/ernn-gen-XXXXXX";
    char path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/project", folder);
    check_ok(ernn_design_new(ernn_qmodel_spec(qmodel), ernn_device_find("xc7a100t"), 16, 12, 10,
                             &design, &err),
             err);
    options.max_frames = FRAMES;
    // No modules there: refused, nothing written.
    options.rtl_folder = folder;
    assert_int_equal(ernn_generate_folder(qmodel, &design, &options, path, false, &err), ERNN_IO);
    assert_non_null(strstr(err.text, "no hand-written files"));
    assert_false(ernn_file_exists(path));
    options.rtl_folder = GOLDEN_FOLDER "/rtl";
    check_ok(ernn_generate_folder(qmodel, &design, &options, path, false, &err), err);
    // A second time only by force.
    assert_int_equal(ernn_generate_folder(qmodel, &design, &options, path, false, &err),
                     ERNN_BAD_ARG);
    check_ok(ernn_generate_folder(qmodel, &design, &options, path, true, &err), err);
    ernn_project project;
    check_ok(ernn_project_load(&project, path, &err), err);
    assert_int_equal(project.n_changed, 0);
    assert_int_equal(project.n_frames, FRAMES);
    assert_int_equal(project.output_words, 4);
    assert_string_equal(project.device, "xc7a100t");
    // A changed file is noticed.
    char full[96];
    snprintf(full, sizeof full, "%s/tb/stimulus.hex", path);
    check_ok(ernn_file_save(full, "0000\n", 5, &err), err);
    check_ok(ernn_project_load(&project, path, &err), err);
    assert_int_equal(project.n_changed, 1);
    assert_string_equal(project.changed, "tb/stimulus.hex");
    // A missing one is refused, as is a manifest that is none.
    remove(full);
    assert_int_equal(ernn_project_load(&project, path, &err), ERNN_IO);
    snprintf(full, sizeof full, "%s/manifest.json", path);
    check_ok(ernn_file_save(full, "{\"files\": []}", 13, &err), err);
    assert_int_equal(ernn_project_load(&project, path, &err), ERNN_BAD_FILE);
    check_ok(ernn_folder_remove(folder, &err), err);
    ernn_qmodel_free(qmodel);
}

static void write_golden(void)
{
    for (int i = 0; i < N_NETWORKS; i++) {
        ernn_error err = {0};
        ernn_buffer out = {0};
        char path[1024];
        golden_path(&NETWORKS[i], path, sizeof path);
        generate(&NETWORKS[i], &out);
        if (ernn_file_save(path, out.data, out.size, &err) != ERNN_OK)
            fprintf(stderr, "%s\n", err.text);
        ernn_buffer_free(&out);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_two_runs),
        cmocka_unit_test(test_sink_stops),
        cmocka_unit_test(test_folder),
    };
    if (argc > 1 && !strcmp(argv[1], "write")) {
        write_golden();
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
