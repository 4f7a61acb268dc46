// Kaldi data folders: wav.scp, phones and utt2spk, and text if there is one. Every line is a key
// and a value; the files must agree on the keys. Commands in wav.scp are refused: no file of others
// is run. SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "base/memory.h"
#include "speech/corpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// "key value", pointing into the text of the table.
typedef struct entry {
    char *key;
    char *value;
    int line;
} entry;

typedef struct table {
    char path[ERNN_CORPUS_MAX_PATH];
    char *text;
    entry *entries; // sorted by key
    size_t n;
} table;

static int compare_keys(const void *a, const void *b)
{
    const entry *x = a;
    const entry *y = b;
    const int order = strcmp(x->key, y->key);
    return order ? order : x->line - y->line;
}

static const entry *find(const table *rows, const char *key)
{
    size_t low = 0;
    size_t high = rows->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(rows->entries[middle].key, key);
        if (order == 0)
            return &rows->entries[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static void free_table(table *rows)
{
    ernn_mem_free(rows->text);
    ernn_mem_free(rows->entries);
}

static ernn_status split_lines(table *rows, size_t max, ernn_error *err)
{
    char *cursor = rows->text;
    int line_number = 0;
    for (char *line; (line = ernn_corpus_line(&cursor));) {
        line_number++;
        if (*line == 0)
            continue;
        if (rows->n == max)
            return ernn_error_set(err, ERNN_TOO_BIG, "%s:%d: more than %zu lines", rows->path,
                                  line_number, max);
        const size_t n = strcspn(line, " \t");
        char *value = line + n + strspn(line + n, " \t");
        if (n == 0 || *value == 0)
            return ernn_error_set(err, ERNN_BAD_FILE,
                                  "%s:%d: '%.60s', a key and its value are wanted", rows->path,
                                  line_number, line);
        line[n] = 0;
        rows->entries[rows->n++] = (entry){line, value, line_number};
    }
    return ERNN_OK;
}

static ernn_status load_table(table *rows, const char *folder, const char *name, ernn_error *err)
{
    size_t size;
    size_t n_lines = 1;
    ernn_status status = ernn_corpus_join(rows->path, folder, name, err);
    if (status == ERNN_OK)
        status = ernn_file_load(rows->path, ERNN_CORPUS_MAX_TEXT_BYTES, &rows->text, &size, err);
    if (status != ERNN_OK)
        return status;
    if (strlen(rows->text) != size)
        return ernn_error_set(err, ERNN_BAD_FILE, "%s: byte %zu is 0, text is wanted", rows->path,
                              strlen(rows->text));
    for (size_t i = 0; i < size; i++)
        n_lines += rows->text[i] == '\n';
    if (n_lines > ERNN_CORPUS_MAX_UTTERANCES)
        n_lines = ERNN_CORPUS_MAX_UTTERANCES;
    rows->entries = ernn_mem_new(n_lines, sizeof *rows->entries, err);
    if (!rows->entries)
        return ERNN_NO_MEMORY;
    status = split_lines(rows, n_lines, err);
    if (status != ERNN_OK)
        return status;
    qsort(rows->entries, rows->n, sizeof *rows->entries, compare_keys);
    for (size_t i = 1; i < rows->n; i++)
        if (strcmp(rows->entries[i - 1].key, rows->entries[i].key) == 0)
            return ernn_error_set(err, ERNN_BAD_FILE, "%s:%d: key '%s' stands in line %d already",
                                  rows->path, rows->entries[i].line, rows->entries[i].key,
                                  rows->entries[i - 1].line);
    return ERNN_OK;
}

// Every key of `a` is in `b`.
static ernn_status check_keys(const table *a, const table *b, ernn_error *err)
{
    for (size_t i = 0; i < a->n; i++)
        if (!find(b, a->entries[i].key))
            return ernn_error_set(err, ERNN_BAD_FILE, "%s:%d: key '%s' is missing in %s", a->path,
                                  a->entries[i].line, a->entries[i].key, strrchr(b->path, '/') + 1);
    return ERNN_OK;
}

// The path of an audio file: absolute, below the data folder, or below the folder above it.
static ernn_status find_audio(const ernn_corpus *corpus, const table *scp, const entry *row,
                              char **audio_path, ernn_error *err)
{
    char above[ERNN_CORPUS_MAX_PATH];
    char path[ERNN_CORPUS_MAX_PATH];
    const char *value = row->value;
    if (value[strlen(value) - 1] == '|' || value[0] == '|')
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s:%d: '%.100s' is a command; commands are not run, name a file",
                              scp->path, row->line, value);
    if (value[0] == '/') {
        *audio_path = ernn_file_exists(value) ? ernn_mem_string(value, err) : NULL;
        return *audio_path ? ERNN_OK
                           : ernn_error_set(err, ERNN_IO, "%s:%d: audio file %s is missing",
                                            scp->path, row->line, value);
    }
    ernn_status status = ernn_corpus_join(above, corpus->path, "..", err);
    if (status == ERNN_OK)
        status = ernn_corpus_join(path, corpus->path, value, err);
    if (status == ERNN_OK && !ernn_file_exists(path))
        status = ernn_corpus_join(path, above, value, err);
    if (status != ERNN_OK)
        return status;
    if (!ernn_file_exists(path) && !corpus->is_lenient)
        return ernn_error_set(err, ERNN_IO,
                              "%s:%d: audio file '%s' is neither in %s nor in the folder above it",
                              scp->path, row->line, value, corpus->path);
    *audio_path = ernn_mem_string(path, err);
    return *audio_path ? ERNN_OK : ERNN_NO_MEMORY;
}

// Splits the value of a `phones` line in place.
static ernn_status parse_phones(const table *phones, entry *row, ernn_utterance *utterance,
                                bool *has_silence, ernn_error *err)
{
    const size_t max = strlen(row->value) / 2 + 1;
    if (max > ERNN_CORPUS_MAX_PHONES)
        return ernn_error_set(err, ERNN_TOO_BIG, "%s:%d: %zu bytes of phones", phones->path,
                              row->line, strlen(row->value));
    utterance->phones = ernn_mem_new(max, sizeof *utterance->phones, err);
    if (!utterance->phones)
        return ERNN_NO_MEMORY;
    char *rest;
    for (char *name = strtok_r(row->value, " \t", &rest); name;
         name = strtok_r(NULL, " \t", &rest)) {
        const int phone = ernn_phones_find(ERNN_PHONES_39, name);
        if (phone < 0)
            return ernn_error_set(err, ERNN_BAD_FILE,
                                  "%s:%d: unknown phone '%.30s', one of the 39 classes in lower "
                                  "case, without stress, is wanted",
                                  phones->path, row->line, name);
        *has_silence |= strcmp(name, "sil") == 0;
        utterance->phones[utterance->n_phones++] = phone;
    }
    return ERNN_OK;
}

enum { SCP, PHONES, SPEAKERS, TEXT, N_TABLES };

static ernn_status load_utterance(ernn_corpus *corpus, const table *tables, const entry *row,
                                  ernn_utterance *utterance, ernn_error *err)
{
    ernn_status status = find_audio(corpus, &tables[SCP], row, &utterance->audio_path, err);
    if (status != ERNN_OK)
        return status;
    utterance->id = ernn_mem_string(row->key, err);
    utterance->speaker = ernn_mem_string(find(&tables[SPEAKERS], row->key)->value, err);
    const entry *words = tables[TEXT].n ? find(&tables[TEXT], row->key) : NULL;
    if (words && !(utterance->text = ernn_mem_string(words->value, err)))
        return ERNN_NO_MEMORY;
    if (!utterance->id || !utterance->speaker)
        return ERNN_NO_MEMORY;
    entry labels = *find(&tables[PHONES], row->key);
    return parse_phones(&tables[PHONES], &labels, utterance, &corpus->has_silence, err);
}

static ernn_status load_tables(const ernn_corpus *corpus, table *tables, ernn_error *err)
{
    static const char *const NAMES[N_TABLES] = {"wav.scp", "phones", "utt2spk", "text"};
    char path[ERNN_CORPUS_MAX_PATH];
    ernn_status status = ernn_corpus_join(path, corpus->path, "segments", err);
    if (status == ERNN_OK && ernn_file_exists(path))
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: parts of recordings are not read; cut the audio into one file "
                              "for each utterance",
                              path);
    for (int i = 0; status == ERNN_OK && i < N_TABLES; i++) {
        status = ernn_corpus_join(path, corpus->path, NAMES[i], err);
        if (status != ERNN_OK || (i == TEXT && !ernn_file_exists(path)))
            break;
        if (!ernn_file_exists(path))
            return ernn_error_set(err, ERNN_BAD_FILE,
                                  "%s: missing; a data folder needs wav.scp, phones and utt2spk",
                                  path);
        status = load_table(&tables[i], corpus->path, NAMES[i], err);
        if (status == ERNN_OK && i > 0)
            status = check_keys(&tables[SCP], &tables[i], err);
        if (status == ERNN_OK && i > 0)
            status = check_keys(&tables[i], &tables[SCP], err);
    }
    return status;
}

ernn_status ernn_corpus_load_kaldi(ernn_corpus *corpus, ernn_error *err)
{
    table *tables = ernn_mem_new(N_TABLES, sizeof *tables, err);
    if (!tables)
        return ERNN_NO_MEMORY;
    size_t capacity = 0;
    corpus->phone_set = ERNN_PHONES_39;
    ernn_status status = load_tables(corpus, tables, err);
    for (size_t i = 0; status == ERNN_OK && i < tables[SCP].n; i++) {
        ernn_utterance *utterance = NULL;
        status = ernn_corpus_append(corpus, &capacity, &utterance, err);
        if (status == ERNN_OK)
            status = load_utterance(corpus, tables, &tables[SCP].entries[i], utterance, err);
    }
    for (int i = 0; i < N_TABLES; i++)
        free_table(&tables[i]);
    ernn_mem_free(tables);
    return status;
}
