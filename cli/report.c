// ernn report: one table, report.json and report.html from what the steps of a run wrote.
// SPDX-License-Identifier: Apache-2.0
#include "cli.h"
#include "verbs.h"

#include "ernn/report.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char HELP[] =
    "ernn report: one table, report.json and report.html of a run\n\n"
    "  ernn report FOLDER [--json]\n\n"
    "  FOLDER      holds what the verbs wrote with --json, each optional but one eval:\n"
    "              dense.json circulant.json fixed.json  (ernn eval)\n"
    "              quantize.json simulate.json synth.json explore.json\n"
    "  --json      print the JSON instead of the table\n"
    "\n"
    "Example: ernn eval dense.safetensors --data corpus/TEST --json > run/dense.json\n"
    "         ernn report run\n";

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
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    bool is_json = false;
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return fputs(HELP, stdout) < 0;
        if (option == '?')
            return ERNN_EXIT_USAGE;
        is_json = true;
    }
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
        status = ernn_report_html(report, NULL, &html, &err);
    int code = status == ERNN_OK ? write_reports(argv[optind], json, html) : ernn_cli_fail(&err);
    if (code == ERNN_EXIT_OK)
        code = fputs(is_json ? json : table, stdout) < 0;
    ernn_report_text_free(table);
    ernn_report_text_free(json);
    ernn_report_text_free(html);
    ernn_report_free(report);
    return code;
}
