// ernn_generate: plan, vectors, then every file through the sink, the manifest last.
// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "fixed/qmodel.h"
#include "gen/print.h"
#include "gen/registers.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SOURCE_BYTES = 1 << 20 };

typedef struct project_writer {
    ernn_file_sink sink;
    void *user;
    ernn_error *err;
    ernn_gen_files list; // what has been written so far
} project_writer;

static ernn_status write_bytes(project_writer *w, const char *path, const void *data, size_t size)
{
    if (w->list.n == ERNN_GEN_MAX_FILES)
        return ernn_error_set(w->err, ERNN_TOO_BIG, "%s: more than %d files in the project", path,
                              (int)ERNN_GEN_MAX_FILES);
    ernn_gen_file *record = &w->list.files[w->list.n++];
    snprintf(record->path, sizeof record->path, "%s", path);
    record->size = size;
    ernn_digest_of(data, size, record->digest);
    return w->sink(w->user, path, data, size, w->err);
}

// Hands a finished buffer to the sink and frees it.
static ernn_status write_buffer(project_writer *w, const char *path, ernn_buffer *buffer)
{
    ernn_status status = ernn_buffer_status(buffer, w->err);
    if (status == ERNN_OK)
        status = write_bytes(w, path, buffer->data ? buffer->data : "", buffer->size);
    ernn_buffer_free(buffer);
    return status;
}

// ---- Hand-written modules ----

static int is_source(const struct dirent *entry)
{
    static const char *const ENDINGS[] = {".v", ".cpp", ".c", ".h", ".tcl", ".py"};
    const char *dot = strrchr(entry->d_name, '.');
    if (strlen(entry->d_name) >= 100)
        return 0;
    for (size_t i = 0; dot && i < sizeof ENDINGS / sizeof *ENDINGS; i++)
        if (!strcmp(dot, ENDINGS[i]))
            return 1;
    return !strcmp(entry->d_name, "Makefile");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

// Copies the sources of FROM below `to`, in the order of their names whatever the locale.
static ernn_status copy_modules(project_writer *w, const char *from, const char *to)
{
    struct dirent **entries = NULL;
    const int n = scandir(from, &entries, is_source, by_name);
    ernn_status status = ERNN_OK;
    if (n <= 0)
        status = ernn_error_set(w->err, ERNN_IO,
                                "%s: no hand-written files there; name the folder that holds "
                                "lstm_layer.v with --rtl",
                                from);
    for (int i = 0; i < n; i++) {
        char source[1200];
        char path[160];
        char *data = NULL;
        size_t size = 0;
        snprintf(source, sizeof source, "%.1000s/%.100s", from, entries[i]->d_name);
        snprintf(path, sizeof path, "%s/%.100s", to, entries[i]->d_name);
        if (status == ERNN_OK)
            status = ernn_file_load(source, MAX_SOURCE_BYTES, &data, &size, w->err);
        if (status == ERNN_OK)
            status = write_bytes(w, path, data, size);
        ernn_mem_free(data);
        free(entries[i]);
    }
    free(entries);
    return status;
}

// Folders of hand-written files below the modules', and where a project has them.
static const struct {
    const char *from;
    const char *to;
} COPIES[] = {{"", "rtl"},
              {"/bench", "tb"},
              {"/driver", "driver"},
              {"/vivado", "vivado"},
              {"/cocotb", "tb/cocotb"}};

static ernn_status write_modules(project_writer *w, const ernn_plan *plan, const char *rtl_folder)
{
    ernn_buffer axi = {0};
    ernn_buffer bytes = {0};
    ernn_buffer top = {0};
    for (size_t i = 0; i < sizeof COPIES / sizeof *COPIES; i++) {
        char from[1100];
        snprintf(from, sizeof from, "%.1000s%s", rtl_folder, COPIES[i].from);
        const ernn_status status = copy_modules(w, from, COPIES[i].to);
        if (status != ERNN_OK)
            return status;
    }
    ernn_print_axi(&axi, plan);
    ernn_print_bytes(&bytes, plan);
    const ernn_status first = write_buffer(w, "rtl/ernn_axi.v", &axi);
    const ernn_status second = write_buffer(w, "rtl/ernn_bytes.v", &bytes);
    const ernn_status status = first != ERNN_OK ? first : second;
    if (status != ERNN_OK)
        return status;
    ernn_print_top(&top, plan);
    return write_buffer(w, "rtl/ernn_top.v", &top);
}

static ernn_status write_registers(project_writer *w, const ernn_plan *plan)
{
    ernn_buffer markdown = {0};
    ernn_buffer header = {0};
    ernn_buffer rdl = {0};
    ernn_print_registers_markdown(&markdown, plan);
    ernn_print_registers_header(&header, plan);
    ernn_print_registers_rdl(&rdl, plan);
    const ernn_status first = write_buffer(w, "docs/registers.md", &markdown);
    const ernn_status second = write_buffer(w, "driver/ernn_registers.h", &header);
    const ernn_status third = write_buffer(w, "docs/ernn.rdl", &rdl);
    if (first != ERNN_OK)
        return first;
    return second != ERNN_OK ? second : third;
}

// ---- Memories and bench ----

static ernn_status write_units(project_writer *w, const ernn_plan *plan)
{
    ernn_status status = ERNN_OK;
    for (int u = 0; u < plan->n_units && status == ERNN_OK; u++) {
        char path[64];
        ernn_buffer out = {0};
        snprintf(path, sizeof path, "mem/%.40s.hex", plan->units[u].name);
        ernn_print_unit(&out, &plan->units[u]);
        status = write_buffer(w, path, &out);
    }
    if (status != ERNN_OK)
        return status;
    ernn_buffer weights = {0};
    ernn_print_weights(&weights, plan);
    return write_buffer(w, "mem/weights.bin", &weights);
}

static ernn_status write_words(project_writer *w, const char *path, const int32_t *words, size_t n,
                               int bits)
{
    ernn_buffer out = {0};
    ernn_print_words(&out, words, n, bits);
    return write_buffer(w, path, &out);
}

static ernn_status write_stimulus(project_writer *w, const ernn_plan *plan,
                                  const ernn_gen_vectors *v)
{
    const int bits = (int)plan->network->signal_bits;
    const size_t frames = (size_t)v->total_frames;
    ernn_status status =
        write_words(w, "tb/expected.hex", v->expected, frames * (size_t)plan->n_outputs, bits);
    if (status == ERNN_OK && v->n_states)
        status = write_words(w, "tb/states.hex", v->states, (size_t)v->n_states * plan->state_words,
                             bits);
    if (status == ERNN_OK)
        status =
            write_words(w, "tb/stimulus.hex", v->stimulus, frames * (size_t)plan->n_inputs, bits);
    return status == ERNN_OK ? write_bytes(w, "tb/trace.txt", v->trace.data, v->trace.size)
                             : status;
}

static ernn_status write_bench(project_writer *w, const ernn_plan *plan, const ernn_gen_vectors *v,
                               uint64_t seed)
{
    ernn_buffer bench = {0};
    ernn_buffer units = {0};
    ernn_buffer sequences = {0};
    ernn_print_bench(&bench, plan, v, seed);
    ernn_print_unit_table(&units, plan, v);
    ernn_print_sequence_table(&sequences, plan, v);
    ernn_status status = write_buffer(w, "tb/ernn_bench.v", &bench);
    ernn_status more = write_buffer(w, "tb/units.hex", &units);
    ernn_status last = write_buffer(w, "tb/sequences.hex", &sequences);
    if (status == ERNN_OK)
        status = more == ERNN_OK ? last : more;
    return status == ERNN_OK ? write_stimulus(w, plan, v) : status;
}

static ernn_status write_readme(project_writer *w, const ernn_plan *plan, const ernn_gen_vectors *v)
{
    ernn_buffer out = {0};
    ernn_print_readme(&out, plan, v);
    return write_buffer(w, "README.md", &out);
}

// ---- What describes the files ----

static int by_path(const void *a, const void *b)
{
    return strcmp(((const ernn_gen_file *)a)->path, ((const ernn_gen_file *)b)->path);
}

static void sort_files(project_writer *w)
{
    qsort(w->list.files, (size_t)w->list.n, sizeof *w->list.files, by_path);
}

// For the tools that take a design further, and the list of it all.
static ernn_status write_descriptions(project_writer *w, const ernn_plan *plan,
                                      const ernn_gen_vectors *v)
{
    ernn_buffer constraints = {0};
    ernn_buffer core = {0};
    ernn_buffer manifest = {0};
    ernn_print_constraints(&constraints, plan);
    ernn_status status = write_buffer(w, "constraints/ernn.xdc", &constraints);
    if (status != ERNN_OK)
        return status;
    sort_files(w);
    ernn_print_core(&core, plan, &w->list);
    status = write_buffer(w, "ernn.core", &core);
    if (status != ERNN_OK)
        return status;
    sort_files(w);
    ernn_print_manifest(&manifest, plan, v, &w->list);
    return write_buffer(w, "manifest.json", &manifest);
}

ernn_gen_options ernn_gen_defaults(void)
{
    return (ernn_gen_options){.max_frames = 64, .seed = 1};
}

static ernn_status check_options(const ernn_gen_options *options, ernn_error *err)
{
    if (!options->rtl_folder)
        return ernn_error_set(err, ERNN_BAD_ARG, "rtl folder: none given");
    if (options->max_frames < 1 || options->max_frames > 1000000)
        return ernn_error_set(err, ERNN_BAD_ARG, "frames: %d, 1 to 1000000", options->max_frames);
    return ERNN_OK;
}

ernn_status ernn_generate(const ernn_qmodel *qmodel, const ernn_design *design,
                          const ernn_gen_options *options, ernn_file_sink sink, void *user,
                          ernn_error *err)
{
    const ernn_spec *spec = ernn_qmodel_spec(qmodel);
    ernn_gen_vectors vectors = {0};
    project_writer w = {.sink = sink, .user = user, .err = err};
    ernn_plan *plan = ernn_mem_new(1, sizeof *plan, err);
    w.list.files = ernn_mem_new(ERNN_GEN_MAX_FILES, sizeof *w.list.files, err);
    ernn_status status = plan && w.list.files ? check_options(options, err) : ERNN_NO_MEMORY;
    if (status == ERNN_OK)
        status = ernn_design_check(spec, design, err);
    if (status == ERNN_OK)
        status = ernn_plan_new(spec, ernn_qmodel_network(qmodel), design, options, plan, err);
    if (status == ERNN_OK)
        status = ernn_gen_vectors_new(plan, options, &vectors, err);
    if (status == ERNN_OK)
        status = write_modules(&w, plan, options->rtl_folder);
    if (status == ERNN_OK)
        status = write_registers(&w, plan);
    if (status == ERNN_OK)
        status = write_units(&w, plan);
    if (status == ERNN_OK)
        status = write_bench(&w, plan, &vectors, options->seed);
    if (status == ERNN_OK)
        status = write_readme(&w, plan, &vectors);
    if (status == ERNN_OK)
        status = write_descriptions(&w, plan, &vectors);
    ernn_gen_vectors_free(&vectors);
    ernn_mem_free(w.list.files);
    ernn_mem_free(plan);
    return status;
}
