// The report of one run: what each step said, gathered into one table, one JSON file and one page.
//
//     ernn_report_load("demo", &report, &err);
//     puts(text = ernn_report_text(report));
//
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_REPORT_H
#define ERNN_REPORT_H

#include "ernn/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ernn_report ernn_report;

// Reads the JSON that the verbs wrote into `folder`, each file optional but one `eval`:
//   dense.json circulant.json fixed.json   ernn eval --json
//   quantize.json simulate.json synth.json explore.json   the verb of that name, --json
// Every field is checked for its type; a missing one is shown as "-".
ERNN_API ernn_status ernn_report_load(const char *folder, ernn_report **report, ernn_error *err);
ERNN_API void ernn_report_free(ernn_report *report);

// Each returns NUL-terminated text freed by ernn_report_text_free. `plots` (may be NULL): SVG
// documents to set into the page, NULL-terminated.
ERNN_API ernn_status ernn_report_text(const ernn_report *report, char **text, ernn_error *err);
ERNN_API ernn_status ernn_report_json(const ernn_report *report, char **text, ernn_error *err);
ERNN_API ernn_status ernn_report_html(const ernn_report *report, const char *const *plots,
                                      char **text, ernn_error *err);
// A gnuplot script that draws the PER of the stages as report.svg in the folder where it runs.
ERNN_API ernn_status ernn_report_plot(const ernn_report *report, char **script, ernn_error *err);
ERNN_API void ernn_report_text_free(char *text);

#ifdef __cplusplus
}
#endif
#endif
