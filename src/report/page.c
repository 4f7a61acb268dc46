// The report as one self-contained page, and the gnuplot script of its picture.
// SPDX-License-Identifier: Apache-2.0
#include "base/buffer.h"
#include "report/report.h"

#include <math.h>

static const char HEAD[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>ernn report</title>\n"
    "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;"
    "color:#1a1a1a}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3em "
    ".8em .3em 0;border-bottom:1px solid #ddd;vertical-align:top}td.kind{color:#666}h1{font-size:"
    "1.5em}h2{font-size:1.15em;margin-top:2em}.rejected{color:#a33}svg{max-width:100%;height:auto}"
    "</style></head><body>\n";

static void print_escaped(ernn_buffer *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '<')
            ernn_buffer_print(out, "&lt;");
        else if (*text == '>')
            ernn_buffer_print(out, "&gt;");
        else if (*text == '&')
            ernn_buffer_print(out, "&amp;");
        else if (*text == '"')
            ernn_buffer_print(out, "&quot;");
        else
            ernn_buffer_append(out, text, 1);
    }
}

static void print_cell(ernn_buffer *out, const char *attributes, const char *text)
{
    ernn_buffer_print(out, "<td%s>", attributes);
    print_escaped(out, text);
    ernn_buffer_print(out, "</td>");
}

static void print_summary(ernn_buffer *out, const ernn_report *report)
{
    ernn_report_row rows[ERNN_REPORT_MAX_ROWS];
    const int n = ernn_report_rows(report, rows);
    ernn_buffer_print(out, "<h2>Summary</h2>\n<table><tr><th></th><th>value</th><th>how it was "
                           "obtained</th></tr>\n");
    for (int i = 0; i < n; i++) {
        ernn_buffer_print(out, "<tr>");
        print_cell(out, "", rows[i].name);
        print_cell(out, "", rows[i].value);
        print_cell(out, " class=\"kind\"", rows[i].kind);
        ernn_buffer_print(out, "</tr>\n");
    }
    ernn_buffer_print(out, "</table>\n");
}

static const char *text_of(const json_t *object, const char *field)
{
    const char *text = json_string_value(json_object_get(object, field));
    return text ? text : "-";
}

static void print_trials(ernn_buffer *out, const ernn_report *report)
{
    const json_t *trials = json_object_get(report->files[ERNN_FILE_EXPLORE], "trials");
    if (!json_is_array(trials))
        return;
    ernn_buffer_print(out, "<h2>What the exploration tried</h2>\n<table><tr><th>network</th>"
                           "<th>blocks</th><th>PER (development set)</th><th>decision</th></tr>\n");
    size_t i;
    json_t *trial;
    json_array_foreach(trials, i, trial)
    {
        const bool is_accepted = json_is_true(json_object_get(trial, "accepted"));
        ernn_buffer_print(out, "<tr%s>", is_accepted ? "" : " class=\"rejected\"");
        print_cell(out, "", text_of(trial, "spec"));
        print_cell(out, "", text_of(trial, "blocks"));
        if (json_is_true(json_object_get(trial, "trained")))
            ernn_buffer_print(out, "<td>%.2f %%</td>",
                              json_number_value(json_object_get(trial, "per")));
        else
            print_cell(out, "", "-");
        print_cell(out, "", text_of(trial, "reason"));
        ernn_buffer_print(out, "</tr>\n");
    }
    ernn_buffer_print(out, "</table>\n");
}

static void print_formats(ernn_buffer *out, const ernn_report *report)
{
    const json_t *formats = json_object_get(report->files[ERNN_FILE_QUANTIZE], "formats");
    if (!json_is_array(formats))
        return;
    ernn_buffer_print(out, "<h2>Fixed-point formats</h2>\n<table><tr><th>signal</th><th>range "
                           "seen</th><th>format</th></tr>\n");
    size_t i;
    json_t *format;
    json_array_foreach(formats, i, format)
    {
        const double bits = json_number_value(json_object_get(format, "bits"));
        const double frac = json_number_value(json_object_get(format, "frac"));
        ernn_buffer_print(out, "<tr>");
        print_cell(out, "", text_of(format, "name"));
        ernn_buffer_print(out, "<td>%.4g to %.4g</td><td>Q%.0f.%.0f</td></tr>\n",
                          json_number_value(json_object_get(format, "low")),
                          json_number_value(json_object_get(format, "high")), bits - frac, frac);
    }
    ernn_buffer_print(out, "</table>\n");
}

ernn_status ernn_report_html(const ernn_report *report, const char *const *plots, char **text,
                             ernn_error *err)
{
    *text = NULL;
    ernn_buffer out = {0};
    ernn_buffer_print(&out, "%s<h1>From speech to accelerator</h1>\n", HEAD);
    print_summary(&out, report);
    for (; plots && *plots; plots++)
        ernn_buffer_print(&out, "<figure>%s</figure>\n", *plots);
    print_trials(&out, report);
    print_formats(&out, report);
    ernn_buffer_print(&out, "<p>Resources are synthesis only: no place and route was run for this "
                            "device. Cycles are simulated; the clock is the device table's "
                            "assumption.</p>\n</body></html>\n");
    ernn_status status = ernn_buffer_status(&out, err);
    if (status != ERNN_OK)
        ernn_buffer_free(&out);
    else
        *text = out.data;
    return status;
}

ernn_status ernn_report_plot(const ernn_report *report, char **script, ernn_error *err)
{
    static const char *const NAMES[ERNN_STAGES] = {"dense", "circulant", "fixed point"};
    *script = NULL;
    ernn_buffer out = {0};
    ernn_buffer_print(&out,
                      "set terminal svg size 720,320 font 'sans-serif,13' background 'white'\n"
                      "set output 'report.svg'\n"
                      "set style fill solid 0.8\nset boxwidth 0.5\nset yrange [0:*]\n"
                      "set ylabel 'PER / %%'\nset grid ytics\nunset key\nset border 3\n"
                      "set xtics nomirror\nset ytics nomirror\nset offsets 0,0,graph 0.1,0\n"
                      "$stages << END\n");
    for (int i = 0; i < ERNN_STAGES; i++) {
        const double per = ernn_report_number(report, ERNN_FILE_DENSE + i, "per");
        if (!isnan(per))
            ernn_buffer_print(&out, "%d \"%s\" %.4f\n", i, NAMES[i], per);
    }
    ernn_buffer_print(&out, "END\nplot [-0.6:2.6] $stages using 1:3:xtic(2) with boxes lc rgb "
                            "'#3465a4', '' using 1:3:(sprintf('%%.2f', $3)) with labels offset "
                            "0,0.7\n");
    ernn_status status = ernn_buffer_status(&out, err);
    if (status != ERNN_OK)
        ernn_buffer_free(&out);
    else
        *script = out.data;
    return status;
}
