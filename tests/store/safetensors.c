// safetensors: canonical bytes, strict reading, damage of every kind, failing memory.
// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "base/memory.h"
#include "check.h"
#include "store/safetensors.h"

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

// ---- A small file ----

static const float FLOATS[6] = {1.5f, -2, 0, 3e-9f, 4, 5};
static const int16_t SHORTS[3] = {-1, 2, 32767};
static const int32_t WORDS[1] = {-70000};
static const int64_t LONGS[2] = {1, INT64_MIN};
static const double DOUBLES[1] = {1e300};

static ernn_status save_small(const char *path, bool reversed, ernn_error *err)
{
    ernn_store_writer *writer;
    if (ernn_store_writer_new(&writer, err) != ERNN_OK)
        return err->status;
    for (int i = 0; i < 7; i++)
        switch (reversed ? 6 - i : i) {
        case 0:
            ernn_store_put(writer, "b", ERNN_DTYPE_F32, 2, (size_t[]){2, 3}, FLOATS);
            break;
        case 1:
            ernn_store_put(writer, "a \"quoted\"\n", ERNN_DTYPE_I16, 1, (size_t[]){3}, SHORTS);
            break;
        case 2:
            ernn_store_put(writer, "c", ERNN_DTYPE_I32, 0, NULL, WORDS);
            break;
        case 3:
            ernn_store_put(writer, "d", ERNN_DTYPE_I64, 1, (size_t[]){2}, LONGS);
            break;
        case 4:
            ernn_store_put(writer, "e", ERNN_DTYPE_F64, 1, (size_t[]){1}, DOUBLES);
            break;
        case 5:
            ernn_store_put_text(writer, "ernn.kind", "t\\e\"s\tt");
            break;
        case 6:
            ernn_store_put_text(writer, "ernn.format", "1");
            break;
        }
    ernn_status status = ernn_store_save(writer, path, err);
    ernn_store_writer_free(writer);
    return status;
}

typedef struct fixture {
    char folder[40];
    char path[60];
    char *bytes;
    size_t size;
} fixture;

static int setup(void **state)
{
    static fixture f;
    ernn_error err = {0};
    strcpy(f.folder, "/tmp/ernn-test-XXXXXX");
    assert_non_null(mkdtemp(f.folder));
    snprintf(f.path, sizeof f.path, "%s/a", f.folder);
    check_ok(save_small(f.path, false, &err), err);
    check_ok(ernn_file_load(f.path, 100000, &f.bytes, &f.size, &err), err);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    ernn_mem_free(f->bytes);
    ernn_folder_remove(f->folder, NULL);
    return 0;
}

static void test_canonical(void **state)
{
    fixture *f = *state;
    ernn_error err = {0};
    char other[60];
    char *bytes;
    size_t size;
    snprintf(other, sizeof other, "%s/b", f->folder);
    check_ok(save_small(other, true, &err), err);
    check_ok(ernn_file_load(other, 100000, &bytes, &size, &err), err);
    assert_int_equal(size, f->size);
    assert_memory_equal(bytes, f->bytes, size);
    ernn_mem_free(bytes);
    const char *want = "{\"__metadata__\":{\"ernn.format\":\"1\",\"ernn.kind\":"
                       "\"t\\\\e\\\"s\\u0009t\"},\"a \\\"quoted\\\"\\u000a\":{\"dtype\":\"I16\","
                       "\"shape\":[3],\"data_offsets\":[0,6]},\"b\":{\"dtype\":\"F32\",\"shape\":"
                       "[2,3],\"data_offsets\":[6,30]},\"c\":{\"dtype\":\"I32\",\"shape\":[],"
                       "\"data_offsets\":[30,34]},";
    assert_memory_equal(f->bytes + 8, want, strlen(want));
    const size_t header = (unsigned char)f->bytes[0] + 256u * (unsigned char)f->bytes[1];
    assert_int_equal((8 + header) % 64, 0);
    assert_int_equal(f->size, 8 + header + 6 + 24 + 4 + 16 + 8);
}

// The bytes of the worked example, read from the lines "    00a0  7b 22 ..  text" of
// docs/format.md.
static size_t read_example(unsigned char *bytes, size_t max)
{
    FILE *doc = fopen(FORMAT_DOCUMENT, "r");
    char line[400];
    size_t n = 0;
    assert_non_null(doc);
    while (fgets(line, sizeof line, doc)) {
        unsigned offset;
        int at;
        if (sscanf(line, "    %4x  %n", &offset, &at) != 1 || at != 10 || offset != n)
            continue;
        for (int i = 0; i < 16 && n < max && line[at + 3 * i] != ' '; i++)
            bytes[n++] = (unsigned char)strtoul(line + at + 3 * i, NULL, 16);
    }
    fclose(doc);
    return n;
}

static void test_document(void **state)
{
    fixture *f = *state;
    ernn_error err = {0};
    unsigned char want[1000];
    char *bytes;
    size_t size;
    ernn_store_writer *writer;
    check_ok(ernn_store_writer_new(&writer, &err), err);
    ernn_store_put(writer, "layer0.b_i", ERNN_DTYPE_F32, 1, (size_t[]){4},
                   (float[]){0.5f, -0.5f, 0, 1});
    ernn_store_put(writer, "layer0.W_ix", ERNN_DTYPE_F32, 3, (size_t[]){1, 1, 4},
                   (float[]){1, 2, 3, 4});
    ernn_store_put_text(writer, "ernn.kind", "model");
    ernn_store_put_text(writer, "ernn.format", "1");
    check_ok(ernn_store_save(writer, f->path, &err), err);
    ernn_store_writer_free(writer);
    check_ok(ernn_file_load(f->path, 10000, &bytes, &size, &err), err);
    assert_int_equal(read_example(want, sizeof want), size);
    assert_memory_equal(bytes, want, size);
    ernn_mem_free(bytes);
}

static void test_read(void **state)
{
    fixture *f = *state;
    ernn_error err = {0};
    ernn_store *file;
    check_ok(ernn_store_load(f->path, &file, &err), err);
    assert_string_equal(ernn_store_path(file), f->path);
    assert_int_equal(ernn_store_size(file), f->size);
    assert_int_equal(ernn_store_n_tensors(file), 5);
    assert_int_equal(ernn_store_n_texts(file), 2);
    assert_string_equal(ernn_store_text(file, "ernn.kind"), "t\\e\"s\tt");
    assert_null(ernn_store_text(file, "other"));
    float floats[6];
    int16_t shorts[3];
    int32_t words[1];
    int64_t longs[2];
    double doubles[1];
    check_ok(ernn_store_read(file, "b", ERNN_DTYPE_F32, 2, (size_t[]){2, 3}, floats, &err), err);
    check_ok(
        ernn_store_read(file, "a \"quoted\"\n", ERNN_DTYPE_I16, 1, (size_t[]){3}, shorts, &err),
        err);
    check_ok(ernn_store_read(file, "c", ERNN_DTYPE_I32, 0, NULL, words, &err), err);
    check_ok(ernn_store_read(file, "d", ERNN_DTYPE_I64, 1, (size_t[]){2}, longs, &err), err);
    check_ok(ernn_store_read(file, "e", ERNN_DTYPE_F64, 1, (size_t[]){1}, doubles, &err), err);
    assert_memory_equal(floats, FLOATS, sizeof floats);
    assert_memory_equal(shorts, SHORTS, sizeof shorts);
    assert_memory_equal(words, WORDS, sizeof words);
    assert_memory_equal(longs, LONGS, sizeof longs);
    assert_memory_equal(doubles, DOUBLES, sizeof doubles);
    // what is not there, or otherwise
    assert_int_equal(ernn_store_read(file, "z", ERNN_DTYPE_F32, 0, NULL, floats, &err),
                     ERNN_BAD_FILE);
    assert_non_null(strstr(err.text, "'z' is missing"));
    assert_int_equal(ernn_store_read(file, "b", ERNN_DTYPE_F32, 2, (size_t[]){3, 2}, floats, &err),
                     ERNN_BAD_FILE);
    assert_non_null(strstr(err.text, "F32[2,3], F32[3,2] is wanted"));
    assert_int_equal(ernn_store_read(file, "b", ERNN_DTYPE_I32, 2, (size_t[]){2, 3}, floats, &err),
                     ERNN_BAD_FILE);
    ernn_store_free(file);
}

static void test_profile(void **state)
{
    fixture *f = *state;
    ernn_error err = {0};
    ernn_store_writer *writer;
    ernn_store *file;
    const char *const keys[] = {"ernn.spec"};
    const char *const versions[] = {"1", "3", "x", ""};
    const char *const extra[] = {"ernn.spec", "mine", "ernn.new"};
    for (int v = 0; v < 4; v++)
        for (int e = 0; e < 3; e++) {
            check_ok(ernn_store_writer_new(&writer, &err), err);
            ernn_store_put_text(writer, "ernn.format", versions[v]);
            ernn_store_put_text(writer, "ernn.kind", "model");
            ernn_store_put_text(writer, extra[e], "{}");
            check_ok(ernn_store_save(writer, f->path, &err), err);
            ernn_store_writer_free(writer);
            check_ok(ernn_store_load(f->path, &file, &err), err);
            const bool good = v == 0 && e < 2;
            assert_int_equal(ernn_store_check_profile(file, "model", keys, 1, &err),
                             good ? ERNN_OK : ERNN_BAD_FILE);
            assert_int_equal(ernn_store_check_profile(file, "qmodel", keys, 1, &err),
                             ERNN_BAD_FILE);
            if (v == 1)
                assert_non_null(strstr(err.text, "use a later ernn"));
            ernn_store_free(file);
        }
}

static void test_writer_refuses(void **state)
{
    fixture *f = *state;
    ernn_error err = {0};
    const size_t huge[2] = {SIZE_MAX / 2, 3};
    const char *longest = "0123456789012345678901234567890123456789012345678901234567890123456789"
                          "0123456789012345678901234567890123456789012345678901234567890123456789"
                          "0123456789012345678901234567890123456789012345678901234567890123456789";
    const float infinite[3] = {1, 2, INFINITY};
    const double not_a_number[1] = {NAN};
    for (int fault = 0; fault < 8; fault++) {
        ernn_store_writer *writer;
        check_ok(ernn_store_writer_new(&writer, &err), err);
        ernn_store_put(writer, "a", ERNN_DTYPE_F32, 1, (size_t[]){1}, FLOATS);
        ernn_store_put_text(writer, "k", "1");
        if (fault == 0)
            ernn_store_put(writer, "a", ERNN_DTYPE_F32, 1, (size_t[]){1}, FLOATS);
        if (fault == 1)
            ernn_store_put(writer, "b", ERNN_DTYPE_F32, 2, huge, FLOATS);
        if (fault == 2)
            ernn_store_put(writer, "", ERNN_DTYPE_F32, 1, (size_t[]){1}, FLOATS);
        if (fault == 3)
            ernn_store_put(writer, longest, ERNN_DTYPE_F32, 1, (size_t[]){1}, FLOATS);
        if (fault == 4)
            ernn_store_put_text(writer, "k", "2");
        if (fault == 5)
            ernn_store_put(writer, "__metadata__", ERNN_DTYPE_F32, 1, (size_t[]){1}, FLOATS);
        if (fault == 6)
            ernn_store_put(writer, "b", ERNN_DTYPE_F32, 1, (size_t[]){3}, infinite);
        if (fault == 7)
            ernn_store_put(writer, "b", ERNN_DTYPE_F64, 1, (size_t[]){1}, not_a_number);
        err = (ernn_error){0};
        assert_int_not_equal(ernn_store_save(writer, f->path, &err), ERNN_OK);
        assert_true(err.text[0] != 0);
        ernn_store_writer_free(writer);
    }
}

// A file with this header and data of n zero bytes; the expected part of the message.
static void check_refused(const char *header, size_t n, const char *message)
{
    unsigned char bytes[2000] = {0};
    const size_t size = strlen(header);
    ernn_error err = {0};
    ernn_store *file;
    bytes[0] = (unsigned char)size;
    bytes[1] = (unsigned char)(size >> 8);
    memcpy(bytes + 8, header, size);
    const ernn_status status = ernn_store_parse("test", bytes, 8 + size + n, &file, &err);
    if (!message) {
        check_ok(status, err);
        ernn_store_free(file);
        return;
    }
    assert_null(file);
    if (status != ERNN_BAD_FILE || !strstr(err.text, message))
        fail_msg("%s: '%s', wanted '%s'", header, err.text, message);
}

#define TENSOR(shape, offsets)                                                                     \
    "{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static void test_headers(void **state)
{
    (void)state;
    check_refused("{}", 0, NULL);
    check_refused("{}   ", 0, NULL);
    check_refused("{\"a\":" TENSOR("[1]", "[0,4]") "}", 4, NULL);
    check_refused("{\"b\":" TENSOR("[1]", "[0,4]") ",\"a\":" TENSOR("[1]", "[4,8]") "}", 8, NULL);
    check_refused("{\"a\":" TENSOR("[0]", "[0,0]") ",\"b\":" TENSOR("[1]", "[0,4]") "}", 4, NULL);
    check_refused("", 0, "does not start with '{'");
    check_refused(" {}", 0, "does not start with '{'");
    check_refused("{\"a\"", 0, "header byte");
    check_refused("{} x", 0, "header byte");
    check_refused("{}", 4, "4 bytes of data, the tensors take 0");
    check_refused("{\"a\":" TENSOR("[1]", "[0,4]") ",\"a\":" TENSOR("[1]", "[0,4]") "}", 4,
                  "duplicate");
    check_refused("{\"a\":" TENSOR("[1]", "[0,4]") ",\"b\":" TENSOR("[1]", "[0,4]") "}", 4,
                  "overlap");
    check_refused("{\"a\":" TENSOR("[2]", "[0,8]") ",\"b\":" TENSOR("[2]", "[4,12]") "}", 12,
                  "overlap");
    check_refused("{\"a\":" TENSOR("[1]", "[0,4]") ",\"b\":" TENSOR("[1]", "[8,12]") "}", 12,
                  "gap");
    check_refused("{\"a\":" TENSOR("[1]", "[4,8]") "}", 8, "gap");
    check_refused("{\"a\":" TENSOR("[1]", "[0,4]") "}", 3, "bytes 0 to 4 of the data");
    check_refused("{\"a\":" TENSOR("[1]", "[4,0]") "}", 4, "bytes 4 to 0");
    check_refused("{\"a\":" TENSOR("[1]", "[0,9223372036854775807]") "}", 4, "bytes 0 to 92233");
    check_refused("{\"a\":" TENSOR("[1]", "[-4,0]") "}", 4, "not two positions");
    check_refused("{\"a\":" TENSOR("[1]", "[0]") "}", 4, "not two positions");
    check_refused("{\"a\":" TENSOR("[1]", "[0.0,4.0]") "}", 4, "not two positions");
    check_refused("{\"a\":" TENSOR("[2]", "[0,4]") "}", 4, "4 bytes of data for 2");
    check_refused("{\"a\":" TENSOR("[4611686018427387905]", "[0,4]") "}", 4, "4 bytes of data");
    check_refused("{\"a\":" TENSOR("[4294967296,4294967296]", "[0,4]") "}", 4, "product fits");
    check_refused("{\"a\":" TENSOR("[1,1,1,1,1,1,1,1,1]", "[0,4]") "}", 4, "0 to 8 sizes");
    check_refused("{\"a\":" TENSOR("[-1]", "[0,4]") "}", 4, "0 to 8 sizes");
    check_refused("{\"a\":" TENSOR("[[1]]", "[0,4]") "}", 4, "nested deeper");
    check_refused("{\"a\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "dtype");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "alone are wanted");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}", 4,
                  "alone are wanted");
    check_refused("{\"a\":7}", 4, "alone are wanted");
    check_refused("{\"__metadata__\":7}", 0, "__metadata__");
    check_refused("{\"__metadata__\":{\"a\":7}}", 0, "'a' is not a text");
    check_refused("{\"a\\u0000b\":7}", 0, "header byte");
}

static void test_header_size(void **state)
{
    (void)state;
    ernn_error err = {0};
    ernn_store *file;
    unsigned char bytes[16] = {0, 0, 0, 1, 0, 0, 0, 0x80};
    assert_int_equal(ernn_store_parse("t", bytes, 16, &file, &err), ERNN_BAD_FILE);
    assert_non_null(strstr(err.text, "at most 16777216"));
    memset(bytes, 0, 8);
    bytes[0] = 9;
    assert_int_equal(ernn_store_parse("t", bytes, 16, &file, &err), ERNN_BAD_FILE);
    assert_non_null(strstr(err.text, "cut off"));
    for (size_t n = 0; n < 8; n++)
        assert_int_equal(ernn_store_parse("t", bytes, n, &file, &err), ERNN_BAD_FILE);
}

// Whatever happens to the bytes, the reader returns, and what it hands out lies inside the file.
static void check_damaged(const char *bytes, size_t size)
{
    ernn_error err = {0};
    ernn_store *file;
    if (ernn_store_parse("damaged", bytes, size, &file, &err) != ERNN_OK) {
        assert_null(file);
        assert_true(err.text[0] != 0);
        return;
    }
    unsigned sum = 0;
    for (size_t t = 0; t < ernn_store_n_tensors(file); t++) {
        const ernn_store_tensor *tensor = ernn_store_tensor_at(file, t);
        for (size_t i = 0; i < tensor->count * ernn_dtype_bytes(tensor->dtype); i++)
            sum += tensor->bytes[i];
    }
    (void)sum;
    ernn_store_free(file);
}

static void test_damage(void **state)
{
    fixture *f = *state;
    ernn_rng rng = ernn_rng_new(5, 0, 0);
    char *bytes = malloc(f->size);
    for (size_t size = 0; size < f->size; size++)
        check_damaged(f->bytes, size);
    for (size_t at = 0; at < f->size; at++)
        for (int bit = 0; bit < 8; bit++) {
            memcpy(bytes, f->bytes, f->size);
            bytes[at] ^= (char)(1 << bit);
            check_damaged(bytes, f->size);
        }
    for (int trial = 0; trial < 20000; trial++) {
        memcpy(bytes, f->bytes, f->size);
        for (int n = (int)ernn_rng_below(&rng, 4); n >= 0; n--)
            bytes[ernn_rng_below(&rng, f->size)] =
                "0123456789{}[]\",:\\e-\xff"[ernn_rng_below(&rng, 22)];
        check_damaged(bytes, f->size);
    }
    free(bytes);
}

// The n-th allocation fails, for every n: an error each time, until enough succeed.
static void test_memory(void **state)
{
    fixture *f = *state;
    ernn_error err = {0};
    ernn_store *file = NULL;
    ernn_status status = ERNN_NO_MEMORY;
    for (long n = 0; status != ERNN_OK; n++) {
        assert_true(n < 1000);
        allocations_left = n;
        status = ernn_store_load(f->path, &file, &err);
        allocations_left = -1;
        if (status != ERNN_OK) {
            assert_int_equal(status, ERNN_NO_MEMORY);
            assert_null(file);
        }
    }
    ernn_store_free(file);
    char other[60];
    snprintf(other, sizeof other, "%s/memory", f->folder);
    status = ERNN_NO_MEMORY;
    for (long n = 0; status != ERNN_OK; n++) {
        assert_true(n < 1000);
        assert_false(ernn_file_exists(other));
        allocations_left = n;
        status = save_small(other, false, &err);
        allocations_left = -1;
        assert_true(status == ERNN_OK || status == ERNN_NO_MEMORY);
    }
    assert_true(ernn_file_exists(other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_canonical, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document, setup, teardown),
        cmocka_unit_test_setup_teardown(test_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_profile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_writer_refuses, setup, teardown),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_header_size),
        cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
