// Files that a Verilog bench reads.
// SPDX-License-Identifier: Apache-2.0
#include "words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what, const char *value)
{
    fprintf(stderr, "vectors: %s: %s\n", what, value);
    exit(1);
}

void words_put(words_line *line, int64_t value, unsigned bits)
{
    if (line->n + bits > WORDS_MAX_BITS)
        fail("line too long", "WORDS_MAX_BITS");
    for (unsigned b = 0; b < bits; b++)
        line->bits[line->n++] = (uint8_t)((uint64_t)value >> b & 1);
}

void words_put_array(words_line *line, const int32_t *values, unsigned n, unsigned bits)
{
    for (unsigned i = 0; i < n; i++)
        words_put(line, values[i], bits);
}

static FILE *open_in(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (!file)
        fail("cannot write", path);
    return file;
}

// Digits from the top; a width that is no multiple of 4 has a short first digit.
static void print_hex(FILE *file, const words_line *line)
{
    for (unsigned digit = (line->n + 3) / 4; digit-- > 0;) {
        unsigned value = 0;
        for (unsigned b = 0; b < 4 && digit * 4 + b < line->n; b++)
            value |= (unsigned)line->bits[digit * 4 + b] << b;
        fprintf(file, "%x", value);
    }
}

void words_open(words_file *file, const char *folder, const char *name)
{
    file->file = open_in(folder, name);
    file->width = 0;
    file->n_lines = 0;
}

void words_end_line(words_file *file, words_line *line)
{
    if (file->width && file->width != line->n)
        fail("lines of different widths", "words_end_line");
    file->width = line->n;
    file->n_lines++;
    print_hex(file->file, line);
    fputc('\n', file->file);
    line->n = 0;
}

void words_close(words_file *file)
{
    if (fclose(file->file))
        fail("cannot write", "disk full?");
}

void words_case_open(words_case *c, const char *folder, int n, char **arguments)
{
    c->n = n;
    c->arguments = arguments;
    c->header = open_in(folder, "case.vh");
    c->n_written = 0;
}

void words_case_set(words_case *c, const char *name, int value)
{
    for (int i = 0; i < c->n_written; i++)
        if (!strcmp(c->written[i], name))
            return;
    if (c->n_written == 64)
        fail("too many localparams", name);
    snprintf(c->written[c->n_written++], sizeof c->written[0], "%s", name);
    fputs("localparam ", c->header);
    for (; *name; name++)
        fputc(toupper((unsigned char)*name), c->header);
    fprintf(c->header, " = %d;\n", value);
}

int words_case_get(words_case *c, const char *key, int otherwise)
{
    int value = otherwise;
    for (int i = 0; i < c->n; i++) {
        const size_t length = strlen(key);
        if (!strncmp(c->arguments[i], key, length) && c->arguments[i][length] == '=')
            value = atoi(c->arguments[i] + length + 1);
    }
    words_case_set(c, key, value);
    return value;
}

void words_case_vector(words_case *c, const char *name, words_line *line)
{
    fprintf(c->header, "localparam [%u:0] %s = %u'h", line->n - 1, name, line->n);
    print_hex(c->header, line);
    fputs(";\n", c->header);
    line->n = 0;
}

void words_case_close(words_case *c)
{
    if (fclose(c->header))
        fail("cannot write", "case.vh");
}
