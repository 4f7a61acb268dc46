// Decoding and scoring of a set of sequences, whatever network their scores come from.
// SPDX-License-Identifier: Apache-2.0
#include "speech/evaluation.h"

#include "base/memory.h"

struct ernn_decoding {
    const ernn_sequences *sequences;
    ernn_evaluation *evaluation;
    int n_threads;
    bool *is_decoded;      // [n]
    ernn_decoder **phones; // [n_threads]
    ernn_decoder **words;  // [n_threads], NULL without a lexicon
};

int ernn_sequences_longest(const ernn_sequences *sequences)
{
    int longest = 1;
    for (size_t i = 0; i < sequences->n; i++)
        if (sequences->n_frames[i] > longest)
            longest = sequences->n_frames[i];
    return longest;
}

void ernn_evaluation_free(ernn_evaluation *evaluation)
{
    for (size_t i = 0; evaluation->phones && i < evaluation->n; i++)
        ernn_mem_free(evaluation->phones[i]);
    for (size_t i = 0; evaluation->words && i < evaluation->n; i++)
        ernn_mem_free(evaluation->words[i]);
    ernn_mem_free(evaluation->phones);
    ernn_mem_free(evaluation->n_phones);
    ernn_mem_free(evaluation->words);
    ernn_mem_free(evaluation->n_words);
    *evaluation = (ernn_evaluation){0};
}

double ernn_evaluation_per(const ernn_evaluation *evaluation, const ernn_sequences *sequences)
{
    return ernn_score_per(
        &evaluation->scores[sequences->has_silence ? ERNN_SILENCE_SCORED : ERNN_SILENCE_REMOVED]);
}

static void free_decoders(ernn_decoder **decoders, int n)
{
    for (int i = 0; decoders && i < n; i++)
        ernn_decoder_free(decoders[i]);
    ernn_mem_free(decoders);
}

void ernn_decoding_free(ernn_decoding *decoding)
{
    if (!decoding)
        return;
    free_decoders(decoding->phones, decoding->n_threads);
    free_decoders(decoding->words, decoding->n_threads);
    ernn_mem_free(decoding->is_decoded);
    ernn_mem_free(decoding);
}

static ernn_status new_decoders(const ernn_decode_options *options, const ernn_decoding *d,
                                int n_labels, ernn_decoder ***decoders, ernn_error *err)
{
    *decoders = ernn_mem_new((size_t)d->n_threads, sizeof **decoders, err);
    ernn_status status = *decoders ? ERNN_OK : ERNN_NO_MEMORY;
    for (int i = 0; i < d->n_threads && status == ERNN_OK; i++)
        status = ernn_decoder_new(options, n_labels, ernn_sequences_longest(d->sequences),
                                  &(*decoders)[i], err);
    return status;
}

// symbols[n] -> [n_frames[i]] and their numbers.
static ernn_status new_results(const ernn_sequences *s, int ***symbols, int **n_symbols,
                               ernn_error *err)
{
    *symbols = ernn_mem_new(s->n, sizeof **symbols, err);
    *n_symbols = ernn_mem_new(s->n, sizeof **n_symbols, err);
    if (!*symbols || !*n_symbols)
        return ERNN_NO_MEMORY;
    for (size_t i = 0; i < s->n; i++)
        if (!((*symbols)[i] = ernn_mem_new((size_t)s->n_frames[i], sizeof(int), err)))
            return ERNN_NO_MEMORY;
    return ERNN_OK;
}

// Words come with phones beside them, by greedy decoding.
ernn_status ernn_decoding_new(const ernn_decode_options *options, const ernn_sequences *sequences,
                              int n_labels, int n_threads, ernn_evaluation *evaluation,
                              ernn_decoding **decoding, ernn_error *err)
{
    const ernn_decode_options greedy = ernn_decode_defaults();
    const bool has_words = options && options->decoder == ERNN_DECODER_LEXICON;
    *decoding = NULL;
    *evaluation = (ernn_evaluation){.n = sequences->n};
    ernn_decoding *d = ernn_mem_new(1, sizeof *d, err);
    if (!d)
        return ERNN_NO_MEMORY;
    *d = (ernn_decoding){.sequences = sequences, .evaluation = evaluation, .n_threads = n_threads};
    d->is_decoded = ernn_mem_new(sequences->n, sizeof *d->is_decoded, err);
    ernn_status status = d->is_decoded ? ERNN_OK : ERNN_NO_MEMORY;
    if (status == ERNN_OK)
        status = new_results(sequences, &evaluation->phones, &evaluation->n_phones, err);
    if (status == ERNN_OK)
        status =
            new_decoders(has_words || !options ? &greedy : options, d, n_labels, &d->phones, err);
    if (status == ERNN_OK && has_words)
        status = new_results(sequences, &evaluation->words, &evaluation->n_words, err);
    if (status == ERNN_OK && has_words)
        status = new_decoders(options, d, n_labels, &d->words, err);
    if (status != ERNN_OK) {
        ernn_decoding_free(d);
        ernn_evaluation_free(evaluation);
        return status;
    }
    *decoding = d;
    return ERNN_OK;
}

void ernn_decoding_run(ernn_decoding *d, int thread, size_t i, const float *logits)
{
    ernn_evaluation *e = d->evaluation;
    const int n_frames = d->sequences->n_frames[i];
    d->is_decoded[i] = true;
    e->n_phones[i] = ernn_decoder_run(d->phones[thread], logits, n_frames, e->phones[i], NULL);
    if (d->words)
        e->n_words[i] = ernn_decoder_run(d->words[thread], logits, n_frames, e->words[i], NULL);
}

ernn_status ernn_decoding_score(const ernn_decoding *d, ernn_error *err)
{
    const ernn_sequences *s = d->sequences;
    ernn_evaluation *e = d->evaluation;
    for (size_t i = 0; i < s->n; i++) {
        e->n_frames += s->n_frames[i];
        for (int silence = 0; d->is_decoded[i] && silence < 3; silence++) {
            const ernn_status status =
                ernn_score_add(&e->scores[silence], s->phone_set, s->phones[i], s->n_phones[i],
                               e->phones[i], e->n_phones[i], (ernn_silence)silence, err);
            if (status != ERNN_OK)
                return status;
        }
    }
    return ERNN_OK;
}
