// Files that a Verilog bench reads: hexadecimal lines of packed bit fields, and a header of
// localparams. Used by the vector program of tests/rtl only.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_TESTS_RTL_WORDS_H
#define ERNN_TESTS_RTL_WORDS_H

#include <stdint.h>
#include <stdio.h>

enum { WORDS_MAX_BITS = 8192 };

// One line of a $readmemh file under construction, first field in the low bits.
typedef struct words_line {
    uint8_t bits[WORDS_MAX_BITS];
    unsigned n;
} words_line;

void words_put(words_line *line, int64_t value, unsigned bits);
void words_put_array(words_line *line, const int32_t *values, unsigned n, unsigned bits);

// A $readmemh file. `width` is the number of bits of each line, 0 until the first.
typedef struct words_file {
    FILE *file;
    unsigned width;
    unsigned n_lines;
} words_file;

void words_open(words_file *file, const char *folder, const char *name);
// Writes the line and empties it. All lines of a file have one width.
void words_end_line(words_file *file, words_line *line);
void words_close(words_file *file);

// `key=value` arguments of the vector program; every one asked for also becomes a localparam.
typedef struct words_case {
    int n;
    char **arguments;
    FILE *header;
    char written[64][40]; // localparams so far
    int n_written;
} words_case;

void words_case_open(words_case *c, const char *folder, int n, char **arguments);
// The value of `key` (lower case), or `otherwise`; writes "localparam KEY = value;".
int words_case_get(words_case *c, const char *key, int otherwise);
void words_case_set(words_case *c, const char *name, int value);
// localparam [bits-1:0] NAME = the line's bits.
void words_case_vector(words_case *c, const char *name, words_line *line);
void words_case_close(words_case *c);

#endif
