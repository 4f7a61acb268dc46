// Opening a corpus folder: which kind it is, and what holds for every kind.
// SPDX-License-Identifier: Apache-2.0
#include "speech/corpus.h"
#include "base/file.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ernn_status ernn_corpus_append(ernn_corpus *corpus, size_t *capacity, ernn_utterance **added,
                               ernn_error *err)
{
    if (corpus->n_utterances >= ERNN_CORPUS_MAX_UTTERANCES)
        return ernn_error_set(err, ERNN_TOO_BIG, "%s: more than %zu utterances", corpus->path,
                              ERNN_CORPUS_MAX_UTTERANCES);
    if (corpus->n_utterances == *capacity) {
        const size_t wanted = *capacity ? 2 * *capacity : 256;
        ernn_utterance *grown =
            ernn_mem_resize(corpus->utterances, corpus->n_utterances, wanted, sizeof *grown, err);
        if (!grown)
            return ERNN_NO_MEMORY;
        corpus->utterances = grown;
        *capacity = wanted;
    }
    *added = &corpus->utterances[corpus->n_utterances++];
    **added = (ernn_utterance){0};
    return ERNN_OK;
}

ernn_status ernn_corpus_join(char *path, const char *folder, const char *name, ernn_error *err)
{
    if (snprintf(path, ERNN_CORPUS_MAX_PATH, "%s/%s", folder, name) >= ERNN_CORPUS_MAX_PATH)
        return ernn_error_set(err, ERNN_TOO_BIG, "%.200s/%.100s: path is longer than %d bytes",
                              folder, name, ERNN_CORPUS_MAX_PATH - 1);
    return ERNN_OK;
}

char *ernn_corpus_line(char **cursor)
{
    char *line = *cursor;
    if (*line == 0)
        return NULL;
    size_t n = strcspn(line, "\n");
    *cursor = line + n + (line[n] == '\n');
    while (n > 0 && strchr(" \t\r", line[n - 1]))
        n--;
    line[n] = 0;
    return line;
}

int ernn_corpus_fold(const ernn_utterance *utterance, ernn_phone_set from, ernn_phone_set to,
                     int *phones)
{
    const int silence = ernn_phones_find(to, "sil");
    int n = 0;
    for (int j = 0; j < utterance->n_phones; j++) {
        const int phone = ernn_phones_fold(from, utterance->phones[j], to);
        if (phone < 0 || (phone == silence && n > 0 && phones[n - 1] == silence))
            continue;
        phones[n++] = phone;
    }
    return n;
}

static void free_utterance(ernn_utterance *utterance)
{
    ernn_mem_free(utterance->id);
    ernn_mem_free(utterance->speaker);
    ernn_mem_free(utterance->audio_path);
    ernn_mem_free(utterance->phones);
    ernn_mem_free(utterance->segments);
    ernn_mem_free(utterance->text);
}

void ernn_corpus_free(ernn_corpus *corpus)
{
    if (!corpus)
        return;
    for (size_t i = 0; i < corpus->n_utterances; i++)
        free_utterance(&corpus->utterances[i]);
    ernn_mem_free(corpus->utterances);
    ernn_mem_free(corpus->path);
    ernn_mem_free(corpus);
}

// A part of a corpus that was meant instead of the folder above it, NULL when there is none.
static const char *find_part(const char *path)
{
    static const char *const PARTS[] = {"TRAIN", "TEST", "train", "test", "dev"};
    char part[ERNN_CORPUS_MAX_PATH];
    char list[ERNN_CORPUS_MAX_PATH];
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
        if (ernn_corpus_join(part, path, PARTS[i], NULL) != ERNN_OK ||
            ernn_corpus_join(list, part, "wav.scp", NULL) != ERNN_OK)
            continue;
        if (ernn_corpus_is_timit(part) || ernn_file_exists(list))
            return PARTS[i];
    }
    return NULL;
}

static ernn_status refuse(const char *path, ernn_error *err)
{
    if (!ernn_file_exists(path))
        return ernn_error_set(err, ERNN_IO, "%s: no such corpus folder", path);
    const char *part = find_part(path);
    if (part)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: holds the parts of a corpus; name one of them, for example "
                              "%.300s/%s",
                              path, path, part);
    return ernn_error_set(err, ERNN_BAD_FILE,
                          "%s: neither a TIMIT tree (DR1/SPEAKER/NAME.WAV and .PHN) nor a Kaldi "
                          "data folder (wav.scp, phones, utt2spk)",
                          path);
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(((const ernn_utterance *)a)->id, ((const ernn_utterance *)b)->id);
}

ernn_status ernn_corpus_check(ernn_corpus *corpus, ernn_error *err)
{
    if (corpus->n_utterances == 0)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: the corpus is empty, 0 utterances; SA1 and SA2 of TIMIT do not "
                              "count",
                              corpus->path);
    qsort(corpus->utterances, corpus->n_utterances, sizeof *corpus->utterances, compare_ids);
    for (size_t i = 1; i < corpus->n_utterances; i++)
        if (compare_ids(&corpus->utterances[i - 1], &corpus->utterances[i]) == 0)
            return ernn_error_set(err, ERNN_BAD_FILE, "%s: two utterances are called '%s'",
                                  corpus->path, corpus->utterances[i].id);
    return ERNN_OK;
}

static ernn_status load(const char *path, bool is_lenient, ernn_corpus **corpus, ernn_error *err)
{
    *corpus = NULL;
    char list[ERNN_CORPUS_MAX_PATH];
    ernn_status status = ernn_corpus_join(list, path, "wav.scp", err);
    if (status != ERNN_OK)
        return status;
    const bool is_kaldi = ernn_file_exists(list);
    const bool is_list = ernn_file_exists(path) && !ernn_file_is_folder(path);
    if (!is_kaldi && !is_list && !ernn_corpus_is_timit(path))
        return refuse(path, err);
    ernn_corpus *made = ernn_mem_new(1, sizeof *made, err);
    if (!made)
        return ERNN_NO_MEMORY;
    made->path = ernn_mem_string(path, err);
    made->is_lenient = is_lenient;
    if (!made->path)
        status = ERNN_NO_MEMORY;
    else
        status = is_kaldi ? ernn_corpus_load_kaldi(made, err) : ernn_corpus_load_timit(made, err);
    if (status == ERNN_OK)
        status = ernn_corpus_check(made, err);
    if (status != ERNN_OK) {
        ernn_corpus_free(made);
        return status;
    }
    *corpus = made;
    return ERNN_OK;
}

ernn_status ernn_corpus_load(const char *path, ernn_corpus **corpus, ernn_error *err)
{
    return load(path, false, corpus, err);
}

ernn_status ernn_corpus_load_lenient(const char *path, ernn_corpus **corpus, ernn_error *err)
{
    return load(path, true, corpus, err);
}
