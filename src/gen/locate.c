// Finding the first value inside the accelerator that differs from the model's.
// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "ernn/gen.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The output layer counts as one more layer.
enum { MAX_TRACE = 1 << 30, LAYERS = 9, HEX = 16 };

static const char *const SIGNALS[] = {"x",
                                      "input_product",
                                      "recurrent_product",
                                      "candidate_product",
                                      "c",
                                      "m",
                                      "y",
                                      "output_product",
                                      "scores"};
enum { N_SIGNALS = sizeof SIGNALS / sizeof *SIGNALS };

// One vector of the model's trace: where its digits lie, and where its words of the bench's trace.
typedef struct vector {
    int frame;
    int layer;
    int signal;
    const char *digits;
    int n_words;
    size_t offset; // into `got`
} vector;

// The model's trace, and what the bench said at the same places.
typedef struct traces {
    int digits; // of a word
    size_t n_vectors;
    vector *vectors; // in the order of computation
    size_t n_words;
    int64_t *got; // [n_words], UNSEEN where the bench wrote nothing
    int n_frames;
    size_t *index; // [n_frames][LAYERS][N_SIGNALS]: 1 + vector, 0 = none
} traces;

#define UNSEEN INT64_MIN

static int signal_number(const char *name, size_t n)
{
    for (int s = 0; s < N_SIGNALS; s++)
        if (strlen(SIGNALS[s]) == n && !strncmp(SIGNALS[s], name, n))
            return s;
    return -1;
}

// "frame layer signal digits\n"; *at moves to the next line.
static bool parse_vector(const char **at, int digits, vector *v)
{
    char *end;
    v->frame = (int)strtol(*at, &end, 10);
    if (end == *at || *end != ' ')
        return false;
    v->layer = (int)strtol(end + 1, &end, 10);
    const char *name = end + 1;
    const size_t n = strcspn(name, " \n");
    v->signal = signal_number(name, n);
    if (*end != ' ' || name[n] != ' ' || v->signal < 0 || v->frame < 0 || v->layer < 0 ||
        v->layer >= LAYERS)
        return false;
    v->digits = name + n + 1;
    const size_t length = strcspn(v->digits, "\n");
    v->n_words = (int)(length / (size_t)digits);
    *at = v->digits + length + (v->digits[length] == '\n');
    return length % (size_t)digits == 0;
}

static size_t *slot(const traces *t, int frame, int layer, int signal)
{
    return &t->index[((size_t)frame * LAYERS + (size_t)layer) * N_SIGNALS + (size_t)signal];
}

// Two passes: count, then fill.
static bool read_model(traces *t, const char *text, bool is_filling)
{
    size_t n = 0;
    size_t words = 0;
    while (*text) {
        vector v;
        if (!parse_vector(&text, t->digits, &v))
            return false;
        v.offset = words;
        words += (size_t)v.n_words;
        if (v.frame >= t->n_frames)
            t->n_frames = v.frame + 1;
        if (is_filling) {
            t->vectors[n] = v;
            *slot(t, v.frame, v.layer, v.signal) = n + 1;
        }
        n++;
    }
    t->n_vectors = n;
    t->n_words = words;
    return true;
}

// "frame layer signal index value\n". A signal that is computed again (W_r y after a load) counts
// as it is last.
static bool read_bench(traces *t, const char *text)
{
    while (*text) {
        char *end;
        const long frame = strtol(text, &end, 10);
        const long layer = strtol(end, &end, 10);
        const char *name = end + (*end == ' ');
        const size_t n = strcspn(name, " \n");
        const int signal = signal_number(name, n);
        const long index = strtol(name + n, &end, 10);
        const long long value = strtoll(end, &end, 10);
        if (*end != '\n')
            return *end == 0; // a last line cut short by the end of the simulation
        text = end + 1;
        if (signal < 0 || layer < 0 || layer >= LAYERS || frame < 0 || frame >= t->n_frames)
            continue;
        const size_t at = *slot(t, (int)frame, (int)layer, signal);
        if (at && index >= 0 && index < t->vectors[at - 1].n_words)
            t->got[t->vectors[at - 1].offset + (size_t)index] = value;
    }
    return true;
}

static int64_t model_word(const traces *t, const vector *v, int i, int bits)
{
    char digits[16] = {0};
    memcpy(digits, v->digits + (size_t)i * (size_t)t->digits, (size_t)t->digits);
    const int64_t word = (int64_t)strtoull(digits, NULL, HEX);
    return word >= (int64_t)1 << (bits - 1) ? word - ((int64_t)1 << bits) : word;
}

static void compare(const traces *t, int bits, ernn_mismatch *first)
{
    for (size_t n = 0; n < t->n_vectors && !first->is_found; n++) {
        const vector *v = &t->vectors[n];
        for (int i = 0; i < v->n_words && !first->is_found; i++) {
            const int64_t got = t->got[v->offset + (size_t)i];
            const int64_t want = model_word(t, v, i, bits);
            if (got == UNSEEN || got == want)
                continue;
            *first = (ernn_mismatch){true, v->frame, v->layer, "", i, got, want};
            snprintf(first->signal, sizeof first->signal, "%s", SIGNALS[v->signal]);
        }
    }
}

static ernn_status allocate(traces *t, ernn_error *err)
{
    t->vectors = ernn_mem_new(t->n_vectors, sizeof *t->vectors, err);
    t->got = ernn_mem_new(t->n_words, sizeof *t->got, err);
    t->index = ernn_mem_new((size_t)t->n_frames * LAYERS * N_SIGNALS, sizeof *t->index, err);
    if (!t->vectors || !t->got || !t->index)
        return ERNN_NO_MEMORY;
    for (size_t i = 0; i < t->n_words; i++)
        t->got[i] = UNSEEN;
    return ERNN_OK;
}

ernn_status ernn_project_locate(const ernn_project *project, const char *trace_path,
                                ernn_mismatch *first, ernn_error *err)
{
    traces t = {.digits = (project->signal_bits + 3) / 4};
    char path[1100];
    char *model = NULL;
    char *bench = NULL;
    size_t size = 0;
    *first = (ernn_mismatch){0};
    snprintf(path, sizeof path, "%s/tb/trace.txt", project->folder);
    ernn_status status = ernn_file_load(path, MAX_TRACE, &model, &size, err);
    if (status == ERNN_OK)
        status = ernn_file_load(trace_path, MAX_TRACE, &bench, &size, err);
    if (status == ERNN_OK && !read_model(&t, model, false))
        status = ernn_error_set(err, ERNN_BAD_FILE, "%s: a line is not 'frame layer signal words'",
                                path);
    if (status == ERNN_OK)
        status = allocate(&t, err);
    if (status == ERNN_OK && (!read_model(&t, model, true) || !read_bench(&t, bench)))
        status = ernn_error_set(err, ERNN_BAD_FILE,
                                "%s: a line is not 'frame layer signal index value'", trace_path);
    if (status == ERNN_OK)
        compare(&t, project->signal_bits, first);
    ernn_mem_free(t.vectors);
    ernn_mem_free(t.got);
    ernn_mem_free(t.index);
    ernn_mem_free(model);
    ernn_mem_free(bench);
    return status;
}
