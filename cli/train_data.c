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

// ---- Features ----

// What every set of a training is made with.
typedef struct loading {
    const ernn_cli_training *training;
    ernn_model *model;
} loading;

static ernn_status load_set(const loading *l, const ernn_corpus *corpus,
                            ernn_sequence_options options, bool collect, ernn_sequences **set,
                            ernn_error *err)
{
    options.skip_bad = l->training->skip_bad;
    return ernn_sequences_load(corpus, ernn_model_features(l->model),
                               ernn_model_statistics(l->model), collect,
                               ernn_model_phone_set(l->model), &options, set, err);
}

static ernn_status load_variant(const loading *l, const ernn_corpus *corpus, double speed,
                                bool has_noise, ernn_cli_sets *sets, ernn_error *err)
{
    ernn_sequence_options options = ernn_sequence_defaults();
    options.speed = speed;
    options.has_noise = has_noise;
    if (has_noise) {
        options.snr_low = l->training->snr_low;
        options.snr_high = l->training->snr_high;
    }
    // Every form has noise of its own.
    options.seed = l->training->options.seed + ((uint64_t)sets->n_variants << 32);
    const ernn_status status =
        load_set(l, corpus, options, false, &sets->variants[sets->n_variants], err);
    sets->n_variants += status == ERNN_OK;
    return status;
}

// Each speed but 1, which the training set has, and with noise all of them again.
static ernn_status load_variants(const loading *l, const ernn_corpus *corpus, ernn_cli_sets *sets,
                                 ernn_error *err)
{
    const ernn_cli_training *a = l->training;
    ernn_status status = ERNN_OK;
    if (a->has_noise)
        status = load_variant(l, corpus, 1, true, sets, err);
    for (int i = 0; i < a->n_speeds && status == ERNN_OK; i++) {
        if (a->speeds[i] == 1)
            continue;
        status = load_variant(l, corpus, a->speeds[i], false, sets, err);
        if (status == ERNN_OK && a->has_noise)
            status = load_variant(l, corpus, a->speeds[i], true, sets, err);
    }
    return status;
}

static void say_skipped(const ernn_sequences *set, const char *name)
{
    if (set->n_bad > 0)
        fprintf(stderr,
                "ernn: %zu utterances of the %s set cannot be read and are left out: %s%s\n",
                set->n_bad, name, set->first_bad, set->n_bad > 1 ? ", ..." : "");
}

ernn_status ernn_cli_training_sets(const ernn_cli_training *training, const ernn_corpus *train,
                                   const ernn_corpus *dev, ernn_model *model, bool collect,
                                   ernn_cli_sets *sets, ernn_error *err)
{
    const loading l = {training, model};
    const ernn_sequence_options plain = ernn_sequence_defaults();
    ernn_status status = load_set(&l, train, plain, collect, &sets->train, err);
    if (status == ERNN_OK)
        status = load_set(&l, dev, plain, false, &sets->dev, err);
    if (status == ERNN_OK)
        status = load_variants(&l, train, sets, err);
    if (status == ERNN_OK) {
        say_skipped(sets->train, "training");
        say_skipped(sets->dev, "development");
    }
    return status;
}

ernn_status ernn_cli_training_data(const ernn_cli_training *training, ernn_model *model,
                                   bool collect, ernn_cli_sets *sets, ernn_error *err)
{
    ernn_corpus *corpus = NULL;
    ernn_corpus *dev_corpus = NULL;
    ernn_status (*load)(const char *, ernn_corpus **, ernn_error *) =
        training->skip_bad ? ernn_corpus_load_lenient : ernn_corpus_load;
    ernn_status status = load(training->data, &corpus, err);
    if (status == ERNN_OK && training->dev) {
        status = load(training->dev, &dev_corpus, err);
        if (status == ERNN_OK)
            status =
                ernn_cli_training_sets(training, corpus, dev_corpus, model, collect, sets, err);
    } else if (status == ERNN_OK) {
        ernn_corpus train_part = {0};
        ernn_corpus dev_part = {0};
        status = hold_out(corpus, &train_part, &dev_part, err);
        if (status == ERNN_OK)
            status =
                ernn_cli_training_sets(training, &train_part, &dev_part, model, collect, sets, err);
        free(train_part.utterances);
        free(dev_part.utterances);
    }
    ernn_corpus_free(corpus);
    ernn_corpus_free(dev_corpus);
    return status;
}

void ernn_cli_sets_free(ernn_cli_sets *sets)
{
    ernn_sequences_free(sets->train);
    ernn_sequences_free(sets->dev);
    for (int i = 0; i < sets->n_variants; i++)
        ernn_sequences_free(sets->variants[i]);
    *sets = (ernn_cli_sets){0};
}
