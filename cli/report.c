// ernn report: one table, report.json and report.html from what the steps of a run wrote.
// SPDX-License-Identifier: Apache-2.0
#include "options.h"
#include "process.h"
#include "verbs.h"

#include "ernn/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char HELP[] =
    "ernn report: one table, report.json and report.html of a run\n\n"
    "  ernn report FOLDER [--json] [--no-plots]\n\n"
    "  FOLDER      holds what the verbs wrote with --json, each optional but one eval:\n"
    "              dense.json circulant.json fixed.json  (ernn eval)\n"
    "              quantize.json simulate.json synth.json explore.json\n"
    "  --json      print the JSON instead of the table\n"
    "  --no-plots  leave the picture out (gnuplot is not needed then)\n\n"
    "Example: ernn eval dense.safetensors --data corpus/TEST --json > run/dense.json\n"
    "         ernn report run\n";

typedef struct arguments {
    bool is_json;
    bool is_plain; // without the picture
} arguments;

#define FIELD(name) OPTION_FIELD(arguments, name)

static const ernn_option OPTIONS[] = {
    {"json", OPTION_FLAG, FIELD(is_json)}, {"no-plots", OPTION_FLAG, FIELD(is_plain)}, {0}};

enum { MAX_SVG_BYTES = 1 << 20 };

// Reads the drawing back, from <svg on: the XML declaration has no place inside a page.
static ernn_status read_drawing(const char *path, char **svg, ernn_error *err)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, MAX_SVG_BYTES + 1);
    const size_t n = file && text ? fread(text, 1, MAX_SVG_BYTES, file) : 0;
    if (file)
        fclose(file);
    const char *start = n ? strstr(text, "<svg") : NULL;
    if (!start) {
        free(text);
        return ernn_cli_error(err, ERNN_IO, "%s: gnuplot left no drawing there", path);
    }
    memmove(text, start, strlen(start) + 1);
    *svg = text;
    return ERNN_OK;
}

// The picture as SVG, drawn by gnuplot in the run's folder.
static ernn_status draw(const ernn_report *report, const char *folder, char **svg, ernn_error *err)
{
    char script_path[1100];
    char drawing_path[1100];
    char *script = NULL;
    ernn_status status = ernn_report_plot(report, &script, err);
    if (status != ERNN_OK)
        return status;
    snprintf(script_path, sizeof script_path, "%.1000s/report.gnuplot", folder);
    snprintf(drawing_path, sizeof drawing_path, "%.1000s/report.svg", folder);
    const int code = ernn_cli_write(script_path, script);
    ernn_report_text_free(script);
    if (code != ERNN_EXIT_OK)
        return ernn_cli_error(err, ERNN_IO, "%s: cannot write there", script_path);
    static const char *const ARGUMENTS[] = {"gnuplot", "report.gnuplot", NULL};
    const ernn_cli_process process = {.argv = ARGUMENTS,
                                      .folder = folder,
                                      .package = "gnuplot-nox",
                                      .label = "gnuplot",
                                      .seconds_limit = 60};
    status = ernn_cli_process_run(&process, err);
    unlink(script_path);
    return status == ERNN_OK ? read_drawing(drawing_path, svg, err) : status;
}

static ernn_status page(const ernn_report *report, const char *folder, bool has_plots, char **html,
                        ernn_error *err)
{
    char *svg = NULL;
    ernn_status status = has_plots ? draw(report, folder, &svg, err) : ERNN_OK;
    if (status == ERNN_OK) {
        const char *plots[] = {svg, NULL};
        status = ernn_report_html(report, plots, html, err);
    }
    free(svg);
    return status;
}

static int write_reports(const char *folder, const char *json, const char *html)
{
    char path[1100];
    snprintf(path, sizeof path, "%.1000s/report.json", folder);
    const int code = ernn_cli_write(path, json);
    snprintf(path, sizeof path, "%.1000s/report.html", folder);
    return code == ERNN_EXIT_OK ? ernn_cli_write(path, html) : code;
}

int ernn_cli_report(int argc, char **argv)
{
    arguments a = {0};
    const ernn_command command = {"report", .help = HELP, .options = OPTIONS, .fields = &a};
    const int ended = ernn_command_read(&command, argc, argv);
    if (ended >= 0)
        return ended;
    if (argc - optind != 1)
        return ernn_cli_usage("report", "one folder is wanted");
    ernn_error err = {0};
    ernn_report *report = NULL;
    char *table = NULL;
    char *json = NULL;
    char *html = NULL;
    ernn_status status = ernn_report_load(argv[optind], &report, &err);
    if (status == ERNN_OK)
        status = ernn_report_text(report, &table, &err);
    if (status == ERNN_OK)
        status = ernn_report_json(report, &json, &err);
    if (status == ERNN_OK)
        status = page(report, argv[optind], !a.is_plain, &html, &err);
    int code = status == ERNN_OK ? write_reports(argv[optind], json, html) : ernn_cli_fail(&err);
    if (code == ERNN_EXIT_OK)
        code = fputs(a.is_json ? json : table, stdout) < 0;
    ernn_report_text_free(table);
    ernn_report_text_free(json);
    ernn_report_text_free(html);
    ernn_report_free(report);
    return code;
}
