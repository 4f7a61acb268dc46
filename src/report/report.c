// Reading the steps' JSON, and the summary as terminal table and JSON.
// SPDX-License-Identifier: Apache-2.0
#include "report/report.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const FILE_NAMES[ERNN_FILES] = {"dense.json",    "circulant.json", "fixed.json",
                                                   "quantize.json", "simulate.json",  "synth.json",
                                                   "explore.json"};

enum { MAX_JSON_BYTES = 16 << 20 };

static ernn_status load_json(const char *path, json_t **json, ernn_error *err)
{
    char *data;
    size_t size;
    ernn_status status = ernn_file_load(path, MAX_JSON_BYTES, &data, &size, err);
    if (status != ERNN_OK)
        return status;
    json_error_t fault;
    *json = json_loadb(data, size, JSON_REJECT_DUPLICATES, &fault);
    ernn_mem_free(data);
    if (*json && json_is_object(*json))
        return ERNN_OK;
    if (!*json)
        return ernn_error_set(err, ERNN_BAD_FILE, "%s:%d: %s", path, fault.line, fault.text);
    json_decref(*json);
    *json = NULL;
    return ernn_error_set(err, ERNN_BAD_FILE, "%s: a JSON object is wanted", path);
}

ernn_status ernn_report_load(const char *folder, ernn_report **report, ernn_error *err)
{
    *report = NULL;
    ernn_report *fresh = ernn_mem_new(1, sizeof *fresh, err);
    if (!fresh)
        return ERNN_NO_MEMORY;
    ernn_status status = ERNN_OK;
    int found = 0;
    for (int i = 0; i < ERNN_FILES && status == ERNN_OK; i++) {
        char path[1200];
        snprintf(path, sizeof path, "%.1000s/%s", folder, FILE_NAMES[i]);
        if (!ernn_file_exists(path))
            continue;
        status = load_json(path, &fresh->files[i], err);
        found += i <= ERNN_FILE_FIXED;
    }
    if (status == ERNN_OK && !found)
        status = ernn_error_set(err, ERNN_BAD_ARG,
                                "%s: no dense.json, circulant.json or fixed.json here; write them "
                                "with ernn eval --json",
                                folder);
    if (status != ERNN_OK) {
        ernn_report_free(fresh);
        return status;
    }
    *report = fresh;
    return ERNN_OK;
}

void ernn_report_free(ernn_report *report)
{
    if (!report)
        return;
    for (int i = 0; i < ERNN_FILES; i++)
        json_decref(report->files[i]);
    ernn_mem_free(report);
}

void ernn_report_text_free(char *text)
{
    ernn_mem_free(text);
}

double ernn_report_number(const ernn_report *report, int file, const char *field)
{
    const json_t *value = json_object_get(report->files[file], field);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

const char *ernn_report_string(const ernn_report *report, int file, const char *field)
{
    const char *text = json_string_value(json_object_get(report->files[file], field));
    return text ? text : "";
}

static void add_row(ernn_report_row *rows, int *n, const char *name, const char *kind,
                    const char *format, ...) ERNN_PRINTF(5, 6);

static void add_row(ernn_report_row *rows, int *n, const char *name, const char *kind,
                    const char *format, ...)
{
    if (*n >= ERNN_REPORT_MAX_ROWS)
        return;
    ernn_report_row *row = &rows[(*n)++];
    snprintf(row->name, sizeof row->name, "%s", name);
    snprintf(row->kind, sizeof row->kind, "%s", kind);
    va_list args;
    va_start(args, format);
    vsnprintf(row->value, sizeof row->value, format, args);
    va_end(args);
}

static void add_per(const ernn_report *report, int file, const char *name, ernn_report_row *rows,
                    int *n)
{
    if (!report->files[file])
        return;
    add_row(rows, n, name, "measured on the test set",
            "%.2f %%  (%.0f sub, %.0f del, %.0f ins of %.0f)",
            ernn_report_number(report, file, "per"),
            ernn_report_number(report, file, "substitutions"),
            ernn_report_number(report, file, "deletions"),
            ernn_report_number(report, file, "insertions"),
            ernn_report_number(report, file, "references"));
}

static void add_parameters(const ernn_report *report, ernn_report_row *rows, int *n)
{
    const double dense = ernn_report_number(report, ERNN_FILE_DENSE, "parameters");
    const double circulant = ernn_report_number(report, ERNN_FILE_CIRCULANT, "parameters");
    if (!isnan(dense))
        add_row(rows, n, "parameters, dense", "counted", "%.0f", dense);
    if (isnan(circulant))
        return;
    add_row(rows, n, "parameters, circulant", "counted", "%.0f", circulant);
    if (!isnan(dense))
        add_row(rows, n, "compression", "counted", "%.2f : 1", dense / circulant);
}

static void add_simulation(const ernn_report *report, ernn_report_row *rows, int *n)
{
    if (!report->files[ERNN_FILE_SIMULATE])
        return;
    const double cycles = ernn_report_number(report, ERNN_FILE_SIMULATE, "cycles_per_frame");
    const double clock = ernn_report_number(report, ERNN_FILE_SIMULATE, "clock_mhz");
    add_row(rows, n, "frames simulated", "simulated", "%.0f, %.0f mismatches",
            ernn_report_number(report, ERNN_FILE_SIMULATE, "frames"),
            ernn_report_number(report, ERNN_FILE_SIMULATE, "mismatches"));
    add_row(rows, n, "cycles per frame", "simulated", "%.1f", cycles);
    if (!isnan(clock))
        add_row(rows, n, "time per frame", "simulated cycles at the stated clock",
                "%.2f us at %.0f MHz", cycles / clock, clock);
}

static void add_resource(const ernn_report *report, const char *label, const char *field,
                         ernn_report_row *rows, int *n)
{
    char of[40];
    snprintf(of, sizeof of, "device_%s", field);
    const double used = ernn_report_number(report, ERNN_FILE_SYNTH, field);
    const double total = ernn_report_number(report, ERNN_FILE_SYNTH, of);
    if (isnan(total) || total <= 0)
        add_row(rows, n, label, "synthesis only", "%.0f", used);
    else
        add_row(rows, n, label, "synthesis only", "%.0f of %.0f (%.1f %%)", used, total,
                100 * used / total);
}

int ernn_report_rows(const ernn_report *report, ernn_report_row *rows)
{
    int n = 0;
    const char *spec = ernn_report_string(report, ERNN_FILE_CIRCULANT, "spec");
    if (*spec)
        add_row(rows, &n, "network", "chosen", "%s, blocks %s", spec,
                ernn_report_string(report, ERNN_FILE_CIRCULANT, "blocks"));
    add_per(report, ERNN_FILE_DENSE, "PER dense", rows, &n);
    add_per(report, ERNN_FILE_CIRCULANT, "PER circulant", rows, &n);
    add_per(report, ERNN_FILE_FIXED, "PER fixed point", rows, &n);
    add_parameters(report, rows, &n);
    const double weight_bits = ernn_report_number(report, ERNN_FILE_FIXED, "weight_bits");
    if (!isnan(weight_bits))
        add_row(rows, &n, "word lengths", "chosen", "%.0f-bit weights, %.0f-bit signals",
                weight_bits, ernn_report_number(report, ERNN_FILE_FIXED, "signal_bits"));
    add_simulation(report, rows, &n);
    if (report->files[ERNN_FILE_SYNTH]) {
        add_row(rows, &n, "device", "chosen", "%s",
                ernn_report_string(report, ERNN_FILE_SYNTH, "device"));
        add_resource(report, "LUT", "lut", rows, &n);
        add_resource(report, "FF", "ff", rows, &n);
        add_resource(report, "DSP", "dsp", rows, &n);
        add_resource(report, "BRAM", "bram", rows, &n);
    }
    return n;
}

ernn_status ernn_report_text(const ernn_report *report, char **text, ernn_error *err)
{
    *text = NULL;
    ernn_report_row rows[ERNN_REPORT_MAX_ROWS];
    const int n = ernn_report_rows(report, rows);
    ernn_buffer out = {0};
    for (int i = 0; i < n; i++)
        ernn_buffer_print(&out, "%-22s  %-48s  %s\n", rows[i].name, rows[i].value, rows[i].kind);
    ernn_status status = ernn_buffer_status(&out, err);
    if (status != ERNN_OK)
        ernn_buffer_free(&out);
    else
        *text = out.data;
    return status;
}

// Copies one number into the summary under its own name.
static void put(json_t *summary, const char *name, const ernn_report *report, int file,
                const char *field)
{
    const double value = ernn_report_number(report, file, field);
    if (isnan(value))
        return;
    if (value == floor(value) && fabs(value) < 1e15)
        json_object_set_new(summary, name, json_integer((json_int_t)value));
    else
        json_object_set_new(summary, name, json_real(value));
}

static json_t *summary_json(const ernn_report *report)
{
    static const struct {
        const char *name;
        int file;
        const char *field;
    } FIELDS[] = {
        {"per_dense", ERNN_FILE_DENSE, "per"},
        {"per_circulant", ERNN_FILE_CIRCULANT, "per"},
        {"per_fixed", ERNN_FILE_FIXED, "per"},
        {"reference_phones", ERNN_FILE_FIXED, "references"},
        {"parameters_dense", ERNN_FILE_DENSE, "parameters"},
        {"parameters_circulant", ERNN_FILE_CIRCULANT, "parameters"},
        {"signal_bits", ERNN_FILE_FIXED, "signal_bits"},
        {"weight_bits", ERNN_FILE_FIXED, "weight_bits"},
        {"sim_frames", ERNN_FILE_SIMULATE, "frames"},
        {"sim_mismatches", ERNN_FILE_SIMULATE, "mismatches"},
        {"cycles_per_frame", ERNN_FILE_SIMULATE, "cycles_per_frame"},
        {"clock_mhz", ERNN_FILE_SIMULATE, "clock_mhz"},
        {"lut", ERNN_FILE_SYNTH, "lut"},
        {"ff", ERNN_FILE_SYNTH, "ff"},
        {"dsp", ERNN_FILE_SYNTH, "dsp"},
        {"bram", ERNN_FILE_SYNTH, "bram"},
    };
    json_t *summary = json_object();
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++)
        put(summary, FIELDS[i].name, report, FIELDS[i].file, FIELDS[i].field);
    json_object_set_new(summary, "device",
                        json_string(ernn_report_string(report, ERNN_FILE_SYNTH, "device")));
    json_object_set_new(summary, "spec",
                        json_string(ernn_report_string(report, ERNN_FILE_CIRCULANT, "spec")));
    json_object_set_new(summary, "blocks",
                        json_string(ernn_report_string(report, ERNN_FILE_CIRCULANT, "blocks")));
    for (int i = 0; i < ERNN_FILES; i++) {
        if (!report->files[i])
            continue;
        char name[32];
        snprintf(name, sizeof name, "%.*s", (int)(strlen(FILE_NAMES[i]) - 5), FILE_NAMES[i]);
        json_object_set(summary, name, report->files[i]);
    }
    return summary;
}

ernn_status ernn_report_json(const ernn_report *report, char **text, ernn_error *err)
{
    *text = NULL;
    json_t *summary = summary_json(report);
    char *dumped = json_dumps(summary, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    json_decref(summary);
    if (!dumped)
        return ernn_error_set(err, ERNN_NO_MEMORY, "report: out of memory");
    *text = ernn_mem_string(dumped, err);
    free(dumped);
    return *text ? ERNN_OK : ERNN_NO_MEMORY;
}
