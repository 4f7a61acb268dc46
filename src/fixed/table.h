// The rows of the format table: every signal of a quantised model by name, with the place of its
// fractional bits and of its range. Printing, saving and loading walk this one list.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_FIXED_TABLE_H
#define ERNN_SRC_FIXED_TABLE_H

#include "fixed/calibrate.h"

typedef struct ernn_format_row {
    char name[64];
    int bits;
    int *frac;
    ernn_range *range;
} ernn_format_row;

// Per layer six signals and four formats of each of four matrices; then the output layer.
enum { ERNN_MAX_FORMAT_ROWS = ERNN_RT_MAX_LAYERS * (6 + 4 * ERNN_QMATRICES) + 5 };

// Fills rows that point into `qmodel->formats` and `ranges`; returns their number.
size_t ernn_format_rows(ernn_qmodel *qmodel, ernn_network_ranges *ranges, ernn_format_row *rows);

// Makes qmodel->table from the rows.
ernn_status ernn_format_table(ernn_qmodel *qmodel, ernn_network_ranges *ranges, ernn_error *err);

#endif
