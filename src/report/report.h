// One run, read from the JSON of its steps. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_REPORT_REPORT_H
#define ERNN_SRC_REPORT_REPORT_H

#include "ernn/report.h"

#include <jansson.h>

enum { ERNN_STAGES = 3 };

// Numbers that were not found are NaN; texts are "".
struct ernn_report {
    json_t *files[8]; // in the order of ERNN_REPORT_FILES, NULL when absent
};

enum {
    ERNN_FILE_DENSE,
    ERNN_FILE_CIRCULANT,
    ERNN_FILE_FIXED,
    ERNN_FILE_QUANTIZE,
    ERNN_FILE_SIMULATE,
    ERNN_FILE_SYNTH,
    ERNN_FILE_EXPLORE,
    ERNN_FILES
};

// A field of one file: NaN or "" when the file, the field or the type is not there.
double ernn_report_number(const ernn_report *report, int file, const char *field);
const char *ernn_report_string(const ernn_report *report, int file, const char *field);

// One row of the summary: what it is, its value as text, how it was obtained
// (trained, modelled, simulated, synthesised).
typedef struct ernn_report_row {
    char name[64];
    char value[160];
    char kind[64];
} ernn_report_row;
enum { ERNN_REPORT_MAX_ROWS = 32 };

// Fills rows[] and returns how many.
int ernn_report_rows(const ernn_report *report, ernn_report_row *rows);

#endif
