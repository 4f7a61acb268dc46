// One model on a corpus: loading, the decoder that its training asks for, scores of each utterance.
// SPDX-License-Identifier: Apache-2.0
#include "eval.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const ernn_eval_decoders[5] = {"greedy", "beam", "viterbi", "lexicon"};
const char *const ernn_eval_silences[3] = {"scored", "optional", "removed"};

ernn_status ernn_eval_error(ernn_error *err, ernn_status status, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(err->text, sizeof err->text, format, list);
    va_end(list);
    err->status = status;
    return status;
}

void ernn_eval_free(eval_result *r)
{
    ernn_evaluation_free(&r->evaluation);
    ernn_sequences_free(r->sequences);
    ernn_bigram_free(r->bigram);
    ernn_lexicon_free(r->lexicon);
    ernn_model_free(r->model);
    ernn_qmodel_free(r->qmodel);
    free(r->scores);
    free(r->word_scores);
}

static ernn_status load(eval_result *r, ernn_error *err)
{
    const char *kind = NULL;
    ernn_status status = ernn_model_kind(r->path, &kind, err);
    if (status != ERNN_OK)
        return status;
    if (strcmp(kind, "qmodel") == 0)
        status = ernn_qmodel_load(r->path, &r->qmodel, err);
    else
        status = ernn_model_load(r->path, &r->model, err);
    if (status != ERNN_OK)
        return status;
    r->spec = r->qmodel ? ernn_qmodel_spec(r->qmodel) : ernn_model_spec(r->model);
    r->phones = r->qmodel ? ernn_qmodel_phone_set(r->qmodel) : ernn_model_phone_set(r->model);
    return ERNN_OK;
}

// ---- What the decoder needs ----

static const ernn_label_counts *counts_of(const eval_result *r)
{
    return r->qmodel ? ernn_qmodel_label_counts(r->qmodel) : ernn_model_label_counts(r->model);
}

static ernn_status choose_decoder(const eval_arguments *a, eval_result *r, ernn_error *err)
{
    const bool is_frame = counts_of(r)->n_phones > 0;
    r->options = a->options;
    r->options.decoder = a->decoder >= 0 ? (ernn_decoder_kind)a->decoder
                         : a->lexicon    ? ERNN_DECODER_LEXICON
                         : is_frame      ? ERNN_DECODER_VITERBI
                                         : ERNN_DECODER_GREEDY;
    const bool is_ctc_only =
        r->options.decoder == ERNN_DECODER_BEAM || r->options.decoder == ERNN_DECODER_LEXICON;
    if (is_frame && is_ctc_only)
        return ernn_eval_error(
            err, ERNN_BAD_ARG,
            "%.150s: was trained on frames; decoder %s reads CTC models, viterbi "
            "or greedy read this one",
            r->path, ernn_eval_decoders[r->options.decoder]);
    if (!is_frame && r->options.decoder == ERNN_DECODER_VITERBI)
        return ernn_eval_error(err, ERNN_BAD_ARG,
                               "%.150s: is a CTC model; decoder viterbi reads models trained with "
                               "--loss frame, greedy, beam or lexicon read this one",
                               r->path);
    return ERNN_OK;
}

static bool is_arpa(const char *path)
{
    const size_t n = strlen(path);
    return n > 5 && strcmp(path + n - 5, ".arpa") == 0;
}

// names[61] of a phone set.
static int name_phones(ernn_phone_set set, const char **names)
{
    const int n = ernn_phones_count(set);
    for (int p = 0; p < n; p++)
        names[p] = ernn_phones_name(set, p);
    return n;
}

static ernn_status load_bigram(const eval_arguments *a, eval_result *r, ernn_error *err)
{
    const char *phones[61];
    int n = name_phones(r->phones, phones);
    const char *const *names = phones;
    if (r->lexicon) {
        n = ernn_lexicon_n_words(r->lexicon);
        names = ernn_lexicon_words(r->lexicon);
    }
    if (is_arpa(a->lm))
        return ernn_bigram_load(a->lm, names, n, &r->bigram, err);
    ernn_corpus *corpus = NULL;
    ernn_status status = ernn_corpus_load(a->lm, &corpus, err);
    if (status == ERNN_OK)
        status = r->lexicon ? ernn_bigram_from_words(corpus, r->lexicon, &r->bigram, err)
                            : ernn_bigram_from_phones(corpus, r->phones, &r->bigram, err);
    ernn_corpus_free(corpus);
    return status;
}

ernn_status ernn_eval_prepare(const eval_arguments *a, eval_result *r, ernn_error *err)
{
    ernn_status status = choose_decoder(a, r, err);
    ernn_decode_options *o = &r->options;
    if (status == ERNN_OK && o->decoder == ERNN_DECODER_LEXICON) {
        status = ernn_lexicon_load(a->lexicon, r->phones, &r->lexicon, err);
        o->lexicon = r->lexicon;
        o->silence = ernn_phones_find(r->phones, "sil");
    }
    if (status == ERNN_OK && o->decoder == ERNN_DECODER_VITERBI)
        ernn_label_priors(counts_of(r), r->log_priors);
    if (status == ERNN_OK && a->lm && o->decoder != ERNN_DECODER_GREEDY) {
        status = load_bigram(a, r, err);
    } else if (status == ERNN_OK && o->decoder == ERNN_DECODER_VITERBI) {
        status = ernn_bigram_from_labels(counts_of(r), r->phones, &r->bigram, err);
    }
    o->bigram = r->bigram;
    o->log_priors = r->log_priors;
    return status;
}

// ---- Scores ----

// The utterance of a sequence: both are sorted by id, sequences may lack some.
static const ernn_utterance *utterance_of(const ernn_corpus *corpus, const char *id, size_t *at)
{
    while (strcmp(corpus->utterances[*at].id, id) != 0)
        ++*at;
    return &corpus->utterances[*at];
}

static ernn_status score_words(eval_result *r, const ernn_corpus *corpus, ernn_error *err)
{
    size_t at = 0;
    for (size_t i = 0; i < r->sequences->n; i++) {
        const ernn_utterance *u = utterance_of(corpus, r->sequences->ids[i], &at);
        if (!u->text)
            return ernn_eval_error(err, ERNN_BAD_FILE, "%.150s: '%.60s' has no text to score words",
                                   corpus->path, u->id);
        const int max = (int)(strlen(u->text) / 2 + 1);
        int *words = calloc((size_t)max, sizeof *words);
        if (!words)
            return ernn_eval_error(err, ERNN_NO_MEMORY, "eval: out of memory");
        const int n = ernn_lexicon_read(r->lexicon, u->text, words, max);
        for (int j = 0; j < n; j++)
            r->n_unknown += words[j] < 0;
        const ernn_status status = ernn_score_symbols(
            &r->word_scores[i], words, n, r->evaluation.words[i], r->evaluation.n_words[i], err);
        free(words);
        if (status != ERNN_OK)
            return status;
        r->words.substitutions += r->word_scores[i].substitutions;
        r->words.deletions += r->word_scores[i].deletions;
        r->words.insertions += r->word_scores[i].insertions;
        r->words.references += r->word_scores[i].references;
    }
    return ERNN_OK;
}

static ernn_status score(eval_result *r, const ernn_corpus *corpus, ernn_error *err)
{
    const ernn_sequences *s = r->sequences;
    const ernn_evaluation *e = &r->evaluation;
    r->silence = s->has_silence ? ERNN_SILENCE_SCORED : ERNN_SILENCE_REMOVED;
    r->scores = calloc(s->n, sizeof *r->scores);
    r->word_scores = e->words ? calloc(s->n, sizeof *r->word_scores) : NULL;
    if (!r->scores || (e->words && !r->word_scores))
        return ernn_eval_error(err, ERNN_NO_MEMORY, "eval: out of memory");
    ernn_status status = ERNN_OK;
    for (size_t i = 0; i < s->n && status == ERNN_OK; i++) {
        status = ernn_score_add(&r->scores[i], s->phone_set, s->phones[i], s->n_phones[i],
                                e->phones[i], e->n_phones[i], r->silence, err);
        if (status == ERNN_OK)
            status = ernn_confusion_add(&r->confusion, s->phone_set, s->phones[i], s->n_phones[i],
                                        e->phones[i], e->n_phones[i], r->silence, err);
    }
    return status == ERNN_OK && e->words ? score_words(r, corpus, err) : status;
}

ernn_status ernn_eval_run(const eval_arguments *a, const char *path, const ernn_corpus *corpus,
                          eval_result *r, ernn_error *err)
{
    r->path = path;
    ernn_status status = load(r, err);
    if (status == ERNN_OK)
        status = ernn_eval_prepare(a, r, err);
    if (status != ERNN_OK)
        return status;
    ernn_feature_statistics statistics =
        r->qmodel ? *ernn_qmodel_statistics(r->qmodel) : *ernn_model_statistics(r->model);
    const ernn_features *features =
        r->qmodel ? ernn_qmodel_features(r->qmodel) : ernn_model_features(r->model);
    status =
        ernn_sequences_new(corpus, features, &statistics, false, r->phones, &r->sequences, err);
    if (status == ERNN_OK)
        status = r->qmodel ? ernn_qmodel_evaluate(r->qmodel, r->sequences, &r->options, a->threads,
                                                  &r->evaluation, NULL, err)
                           : ernn_evaluate(r->model, r->sequences, &r->options, a->threads,
                                           &r->evaluation, err);
    return status == ERNN_OK ? score(r, corpus, err) : status;
}
