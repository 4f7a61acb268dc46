// Reading the text forms of a spec: a place in a text, words, whole numbers, refusals that quote
// it. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NN_CURSOR_H
#define ERNN_SRC_NN_CURSOR_H

#include "base/error.h"

// A text and the place that is read next.
typedef struct ernn_cursor {
    const char *text;
    size_t at;
    ernn_error *err;
} ernn_cursor;

// ERNN_BAD_ARG: what stands at the cursor, and that `wanted` is wanted.
ernn_status ernn_cursor_refuse(const ernn_cursor *c, const char *wanted);
// Passes `word` when it stands at the cursor.
bool ernn_cursor_take(ernn_cursor *c, const char *word);
// A whole number from `low` to `high`, without sign or leading zero.
ernn_status ernn_cursor_number(ernn_cursor *c, int low, int high, const char *what, int *number);
// A decimal number from `low` to `high` units of 10^-digits, at most 6 digits: "0.5" is 5 for
// digits 1. More decimal places than that are refused.
ernn_status ernn_cursor_decimal(ernn_cursor *c, int digits, int low, int high, const char *what,
                                int *number);
// The decimal form of `number` units of 10^-digits, canonical: no zeros at its end. text[16].
void ernn_decimal_print(int number, int digits, char *text);

#endif
