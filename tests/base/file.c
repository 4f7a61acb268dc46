// Files and folders: complete or not at all. SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "base/memory.h"
#include "check.h"

#include <unistd.h>

static void test_save_load(void **state)
{
    (void)state;
    ernn_error err = {0};
    char folder[] = "/tmp/ernn-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char path[200];
    snprintf(path, sizeof path, "%s/a", folder);
    check_ok(ernn_file_save(path, "hello", 5, &err), err);
    char *data;
    size_t size;
    check_ok(ernn_file_load(path, 100, &data, &size, &err), err);
    assert_int_equal(size, 5);
    assert_string_equal(data, "hello");
    ernn_mem_free(data);
    assert_int_equal(ernn_file_load(path, 4, &data, &size, &err), ERNN_TOO_BIG);
    assert_null(data);
    snprintf(path, sizeof path, "%s/none/a", folder);
    assert_int_equal(ernn_file_save(path, "x", 1, &err), ERNN_IO);
    assert_non_null(strstr(err.text, "No such file"));
    check_ok(ernn_folder_remove(folder, &err), err);
    assert_false(ernn_file_exists(folder));
}

static void test_output_folder(void **state)
{
    (void)state;
    ernn_error err = {0};
    char base[] = "/tmp/ernn-test-XXXXXX";
    assert_non_null(mkdtemp(base));
    char final[200];
    snprintf(final, sizeof final, "%s/out/", base);
    ernn_output_folder folder;
    check_ok(ernn_output_folder_begin(&folder, final, false, &err), err);
    assert_false(ernn_file_exists(final));
    check_ok(ernn_output_folder_commit(&folder, &err), err);
    assert_true(ernn_file_is_folder(final));
    assert_int_equal(ernn_output_folder_begin(&folder, final, false, &err), ERNN_BAD_ARG);
    check_ok(ernn_output_folder_begin(&folder, final, true, &err), err);
    ernn_output_folder_abort(&folder);
    assert_false(ernn_file_exists(folder.temporary));
    assert_true(ernn_file_is_folder(final));
    check_ok(ernn_folder_remove(base, &err), err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_save_load),
        cmocka_unit_test(test_output_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
