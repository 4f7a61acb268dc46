// Reading a generated project back: manifest and digests. SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "ernn/gen.h"
#include "gen/digest.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { MAX_MANIFEST = 1 << 20, MAX_FILE = 1 << 30 };

// A whole number of the manifest in [0, 2^31).
static bool read_count(const json_t *from, const char *key, int *value)
{
    const json_t *number = json_object_get(from, key);
    const json_int_t n = json_integer_value(number);
    if (!json_is_integer(number) || n < 0 || n > INT32_MAX)
        return false;
    *value = (int)n;
    return true;
}

static bool read_text(const json_t *from, const char *key, char *text, size_t size)
{
    const char *value = json_string_value(json_object_get(from, key));
    return value && snprintf(text, size, "%s", value) < (int)size;
}

static bool read_facts(ernn_project *project, const json_t *manifest)
{
    const json_t *modelled = json_object_get(manifest, "modelled");
    const json_t *clock = json_object_get(manifest, "clock_mhz");
    ernn_cost *cost = &project->modelled;
    project->clock_mhz = json_number_value(clock);
    return json_is_number(clock) && project->clock_mhz > 0 &&
           read_text(manifest, "device", project->device, sizeof project->device) &&
           read_text(manifest, "network", project->network, sizeof project->network) &&
           read_count(manifest, "pes", &project->pes) &&
           read_count(manifest, "signal_bits", &project->signal_bits) &&
           project->signal_bits >= 2 && project->signal_bits <= 32 &&
           read_count(manifest, "frames", &project->n_frames) &&
           read_count(manifest, "sequences", &project->n_sequences) &&
           read_count(manifest, "output_words", &project->output_words) &&
           read_count(modelled, "lut", &cost->lut) && read_count(modelled, "ff", &cost->ff) &&
           read_count(modelled, "dsp", &cost->dsp) && read_count(modelled, "bram", &cost->bram) &&
           read_count(modelled, "cycles_per_frame", &cost->cycles_per_frame) &&
           read_count(modelled, "latency_cycles", &cost->latency_cycles);
}

// Paths stay inside the project and need no quoting.
static bool is_plain_path(const char *path)
{
    static const char PLAIN[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
    return path[0] && path[0] != '/' && path[0] != '-' && !strstr(path, "..") &&
           path[strspn(path, PLAIN)] == 0;
}

static ernn_status check_file(ernn_project *project, const json_t *entry, ernn_error *err)
{
    char path[160];
    char full[1200];
    char want[ERNN_DIGEST_TEXT];
    char got[ERNN_DIGEST_TEXT];
    char *data = NULL;
    size_t size = 0;
    if (!read_text(entry, "path", path, sizeof path) || !is_plain_path(path) ||
        !read_text(entry, "sha256", want, sizeof want))
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s/manifest.json: a file entry without plain path and sha256",
                              project->folder);
    snprintf(full, sizeof full, "%s/%s", project->folder, path);
    ernn_status status = ernn_file_load(full, MAX_FILE, &data, &size, err);
    if (status != ERNN_OK)
        return status;
    ernn_digest_of(data, size, got);
    ernn_mem_free(data);
    if (strcmp(got, want) != 0 && project->n_changed++ == 0)
        memcpy(project->changed, path, sizeof path);
    const size_t n = strlen(path);
    if (strncmp(path, "rtl/", 4) != 0 || n < 3 || strcmp(path + n - 2, ".v") != 0)
        return ERNN_OK;
    if (project->n_sources == ERNN_PROJECT_MAX_SOURCES)
        return ernn_error_set(err, ERNN_TOO_BIG, "%s/manifest.json: more than %d files in rtl/",
                              project->folder, (int)ERNN_PROJECT_MAX_SOURCES);
    memcpy(project->sources[project->n_sources++], path, sizeof path);
    return ERNN_OK;
}

ernn_status ernn_project_load(ernn_project *project, const char *folder, ernn_error *err)
{
    char path[1100];
    char *text = NULL;
    size_t size = 0;
    json_error_t parse;
    json_t *manifest = NULL;
    *project = (ernn_project){0};
    if (snprintf(project->folder, sizeof project->folder, "%s", folder) >=
        (int)sizeof project->folder)
        return ernn_error_set(err, ERNN_TOO_BIG, "%.200s...: path is too long", folder);
    snprintf(path, sizeof path, "%s/manifest.json", folder);
    ernn_status status = ernn_file_load(path, MAX_MANIFEST, &text, &size, err);
    if (status != ERNN_OK)
        return status;
    manifest = json_loadb(text, size, JSON_REJECT_DUPLICATES, &parse);
    const json_t *files = json_object_get(manifest, "files");
    if (!manifest)
        status =
            ernn_error_set(err, ERNN_BAD_FILE, "%s: line %d: %s", path, parse.line, parse.text);
    else if (!json_is_array(files) || !read_facts(project, manifest))
        status = ernn_error_set(err, ERNN_BAD_FILE,
                                "%s: not the manifest of a generated project; write one with ernn "
                                "generate",
                                path);
    for (size_t i = 0; status == ERNN_OK && i < json_array_size(files); i++)
        status = check_file(project, json_array_get(files, i), err);
    json_decref(manifest);
    ernn_mem_free(text);
    return status;
}
