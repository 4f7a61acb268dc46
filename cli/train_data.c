// Training and development sets for ernn train. SPDX-License-Identifier: Apache-2.0
#include "train.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HELD_OUT = 10, MIN_SPEAKERS = 2 * HELD_OUT };

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// Distinct speakers in alphabetical order; returns how many.
static size_t list_speakers(const ernn_corpus *corpus, char **speakers)
{
    size_t n = 0;
    for (size_t i = 0; i < corpus->n_utterances; i++)
        speakers[i] = corpus->utterances[i].speaker;
    qsort(speakers, corpus->n_utterances, sizeof *speakers, by_text);
    for (size_t i = 0; i < corpus->n_utterances; i++)
        if (n == 0 || strcmp(speakers[n - 1], speakers[i]) != 0)
            speakers[n++] = speakers[i];
    return n;
}

static bool is_held_out(const ernn_utterance *utterance, size_t index, char **speakers, size_t n)
{
    if (n < MIN_SPEAKERS)
        return index % HELD_OUT == HELD_OUT - 1;
    char **found = bsearch(&utterance->speaker, speakers, n, sizeof *speakers, by_text);
    return (size_t)(found - speakers) % HELD_OUT == HELD_OUT - 1;
}

// Two views of `corpus`, whose utterances they borrow; their arrays are freed by the caller.
static ernn_status hold_out(const ernn_corpus *corpus, ernn_corpus *train, ernn_corpus *dev,
                            ernn_error *err)
{
    const size_t n = corpus->n_utterances;
    char **speakers = malloc(n * sizeof *speakers);
    *train = *dev = *corpus;
    train->n_utterances = dev->n_utterances = 0;
    train->utterances = malloc(n * sizeof *train->utterances);
    dev->utterances = malloc(n * sizeof *dev->utterances);
    err->status = ERNN_OK;
    if (!speakers || !train->utterances || !dev->utterances) {
        err->status = ERNN_NO_MEMORY;
        snprintf(err->text, sizeof err->text, "%s: out of memory", corpus->path);
    } else {
        const size_t n_speakers = list_speakers(corpus, speakers);
        for (size_t i = 0; i < n; i++) {
            ernn_corpus *to =
                is_held_out(&corpus->utterances[i], i, speakers, n_speakers) ? dev : train;
            to->utterances[to->n_utterances++] = corpus->utterances[i];
        }
        if (dev->n_utterances == 0) {
            err->status = ERNN_BAD_ARG;
            snprintf(err->text, sizeof err->text,
                     "%s: %zu utterances are too few to hold some out, at least %d; give --dev",
                     corpus->path, n, HELD_OUT);
        }
    }
    free(speakers);
    return err->status;
}

static ernn_status make_sets(const ernn_corpus *train, const ernn_corpus *dev, ernn_model *model,
                             bool collect, ernn_sequences **train_set, ernn_sequences **dev_set,
                             ernn_error *err)
{
    const ernn_features *features = ernn_model_features(model);
    const ernn_phone_set phones = ernn_model_phone_set(model);
    ernn_feature_statistics *statistics = ernn_model_statistics(model);
    ernn_status status =
        ernn_sequences_new(train, features, statistics, collect, phones, train_set, err);
    if (status == ERNN_OK)
        status = ernn_sequences_new(dev, features, statistics, false, phones, dev_set, err);
    return status;
}

ernn_status ernn_cli_training_data(const ernn_cli_training *training, ernn_model *model,
                                   bool collect, ernn_sequences **train, ernn_sequences **dev,
                                   ernn_error *err)
{
    ernn_corpus *corpus = NULL;
    ernn_corpus *dev_corpus = NULL;
    ernn_status status = ernn_corpus_load(training->data, &corpus, err);
    if (status == ERNN_OK && training->dev) {
        status = ernn_corpus_load(training->dev, &dev_corpus, err);
        if (status == ERNN_OK)
            status = make_sets(corpus, dev_corpus, model, collect, train, dev, err);
    } else if (status == ERNN_OK) {
        ernn_corpus train_part = {0};
        ernn_corpus dev_part = {0};
        status = hold_out(corpus, &train_part, &dev_part, err);
        if (status == ERNN_OK)
            status = make_sets(&train_part, &dev_part, model, collect, train, dev, err);
        free(train_part.utterances);
        free(dev_part.utterances);
    }
    ernn_corpus_free(corpus);
    ernn_corpus_free(dev_corpus);
    return status;
}
