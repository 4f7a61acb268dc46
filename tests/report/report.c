// The report: what it reads, shows and refuses. SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "check.h"
#include "ernn/report.h"

#include <jansson.h>

static void save(const char *folder, const char *name, const char *text)
{
    char path[300];
    ernn_error err = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    check_ok(ernn_file_save(path, text, strlen(text), &err), err);
}

static int make_folder(void **state)
{
    static char folder[64];
    strcpy(folder, "/tmp/ernn-report-XXXXXX");
    *state = mkdtemp(folder);
    return *state ? 0 : -1;
}

static int remove_folder(void **state)
{
    return ernn_folder_remove(*state, NULL);
}

static void test_summary(void **state)
{
    ernn_error err = {0};
    ernn_report *report;
    save(*state, "dense.json", "{\"per\":10.5,\"references\":200,\"parameters\":8000}");
    save(*state, "circulant.json",
         "{\"per\":11,\"references\":200,\"parameters\":1000,\"spec\":\"gru:<8>\"}");
    save(*state, "fixed.json", "{\"per\":11.5,\"references\":200}");
    save(*state, "simulate.json",
         "{\"frames\":300,\"mismatches\":0,\"cycles_per_frame\":250,\"clock_mhz\":100}");
    save(*state, "synth.json", "{\"device\":\"xc7a100t\",\"lut\":50,\"device_lut\":200}");
    check_ok(ernn_report_load(*state, &report, &err), err);
    char *text;
    check_ok(ernn_report_text(report, &text, &err), err);
    assert_non_null(strstr(text, "8.00 : 1"));
    assert_non_null(strstr(text, "2.50 us at 100 MHz"));
    assert_non_null(strstr(text, "50 of 200 (25.0 %)"));
    ernn_report_text_free(text);
    check_ok(ernn_report_html(report, NULL, &text, &err), err);
    assert_non_null(strstr(text, "gru:&lt;8&gt;"));
    assert_null(strstr(text, "gru:<8>"));
    ernn_report_text_free(text);
    check_ok(ernn_report_json(report, &text, &err), err);
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    check_near(json_number_value(json_object_get(json, "per_circulant")), 11, 0);
    check_near(json_number_value(json_object_get(json, "reference_phones")), 200, 0);
    assert_true(json_is_integer(json_object_get(json, "sim_mismatches")));
    assert_string_equal(json_string_value(json_object_get(json, "device")), "xc7a100t");
    json_decref(json);
    ernn_report_text_free(text);
    ernn_report_free(report);
}

static void test_refusals(void **state)
{
    ernn_error err = {0};
    ernn_report *report;
    assert_int_equal(ernn_report_load(*state, &report, &err), ERNN_BAD_ARG);
    assert_null(report);
    save(*state, "dense.json", "{\"per\":");
    assert_int_equal(ernn_report_load(*state, &report, &err), ERNN_BAD_FILE);
    assert_non_null(strstr(err.text, "dense.json:1"));
    save(*state, "dense.json", "[1]");
    assert_int_equal(ernn_report_load(*state, &report, &err), ERNN_BAD_FILE);
    assert_null(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_summary, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_refusals, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
