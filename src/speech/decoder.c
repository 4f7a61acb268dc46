// One door to all decoders: options and their ranges, and the choice.
// SPDX-License-Identifier: Apache-2.0
#include "speech/decoders.h"

#include "base/memory.h"
#include "num/activation.h"

#include <math.h>

ernn_decode_options ernn_decode_defaults(void)
{
    return (ernn_decode_options){.decoder = ERNN_DECODER_GREEDY,
                                 .beam = 32,
                                 .lm_weight = 1,
                                 .lm_order = 2,
                                 .acoustic_scale = 1,
                                 .min_frames = 1,
                                 .silence = -1};
}

void ernn_log_softmax(const float *logits, int n, double *out)
{
    const double norm = ernn_log_sum_exp(logits, n);
    for (int i = 0; i < n; i++)
        out[i] = logits[i] - norm;
}

double ernn_log_add(double a, double b)
{
    const double high = a > b ? a : b;
    const double low = a > b ? b : a;
    return low == -INFINITY ? high : high + log1p(exp(low - high));
}

double ernn_decode_lm(const ernn_decode_options *options, int from, int to)
{
    if (!options->bigram)
        return 0;
    return options->lm_weight * (options->lm_order == 1
                                     ? ernn_unigram_log(options->bigram, to)
                                     : ernn_bigram_log(options->bigram, from, to));
}

struct ernn_decoder {
    ernn_decode_options options;
    int n_labels;
    int max_frames;
    ernn_hypothesis *greedy; // [max_frames], one of these four
    ernn_beam *beam;
    ernn_viterbi *viterbi;
    ernn_token_passing *words;
};

void ernn_decoder_free(ernn_decoder *decoder)
{
    if (!decoder)
        return;
    ernn_mem_free(decoder->greedy);
    ernn_beam_free(decoder->beam);
    ernn_viterbi_free(decoder->viterbi);
    ernn_token_passing_free(decoder->words);
    ernn_mem_free(decoder);
}

// A number of the options and what it may be.
static ernn_status check_number(const char *name, double value, double low, double high,
                                ernn_error *err)
{
    if (value >= low && value <= high)
        return ERNN_OK;
    return ernn_error_set(err, ERNN_BAD_ARG, "decoder: %s %g, %g to %g allowed", name, value, low,
                          high);
}

static ernn_status check_bigram(const ernn_decode_options *o, int n_labels, ernn_error *err)
{
    const bool is_words = o->decoder == ERNN_DECODER_LEXICON;
    const int want = is_words ? ernn_lexicon_n_words(o->lexicon) : n_labels - 1;
    const int n = o->bigram ? ernn_bigram_n_symbols(o->bigram) : want;
    if (n == want)
        return ERNN_OK;
    return ernn_error_set(err, ERNN_BAD_ARG, "decoder: a bigram of %d symbols, %d %s are wanted", n,
                          want, is_words ? "words" : "phones");
}

static ernn_status check(const ernn_decode_options *o, int n_labels, int max_frames,
                         ernn_error *err)
{
    ernn_status status = check_number("labels", n_labels, 2, ERNN_MAX_PHONES, err);
    if (status == ERNN_OK)
        status = check_number("frames", max_frames, 0, 1 << 24, err);
    if (status == ERNN_OK)
        status = check_number("beam", o->beam, 1, 10000, err);
    if (status == ERNN_OK)
        status = check_number("weight of the language model", o->lm_weight, 0, 100, err);
    if (status == ERNN_OK)
        status = check_number("order of the language model", o->lm_order, 1, 2, err);
    if (status == ERNN_OK)
        status = check_number("insertion penalty", o->insertion_penalty, -100, 100, err);
    if (status == ERNN_OK)
        status = check_number("acoustic scale", o->acoustic_scale, 0.001, 100, err);
    if (status == ERNN_OK)
        status = check_number("shortest phone", o->min_frames, 1, 50, err);
    if (status == ERNN_OK)
        status = check_number("silence", o->silence, -1, n_labels - 2, err);
    if (status == ERNN_OK && o->decoder == ERNN_DECODER_LEXICON && !o->lexicon)
        status = ernn_error_set(err, ERNN_BAD_ARG, "decoder: words need a lexicon");
    return status == ERNN_OK ? check_bigram(o, n_labels, err) : status;
}

ernn_status ernn_decoder_new(const ernn_decode_options *options, int n_labels, int max_frames,
                             ernn_decoder **decoder, ernn_error *err)
{
    *decoder = NULL;
    ernn_status status = check(options, n_labels, max_frames, err);
    if (status != ERNN_OK)
        return status;
    ernn_decoder *d = ernn_mem_new(1, sizeof *d, err);
    if (!d)
        return ERNN_NO_MEMORY;
    *d = (ernn_decoder){.options = *options, .n_labels = n_labels, .max_frames = max_frames};
    if (options->decoder == ERNN_DECODER_BEAM)
        status = ernn_beam_new(&d->options, n_labels, max_frames, &d->beam, err);
    else if (options->decoder == ERNN_DECODER_VITERBI)
        status = ernn_viterbi_new(&d->options, n_labels, max_frames, &d->viterbi, err);
    else if (options->decoder == ERNN_DECODER_LEXICON)
        status = ernn_token_passing_new(&d->options, n_labels, max_frames, &d->words, err);
    else if (!(d->greedy = ernn_mem_new((size_t)max_frames, sizeof *d->greedy, err)))
        status = ERNN_NO_MEMORY;
    if (status != ERNN_OK) {
        ernn_decoder_free(d);
        return status;
    }
    *decoder = d;
    return ERNN_OK;
}

// Phones of the best path; its score is the sum over frames of the largest ln P.
static int run_greedy(ernn_decoder *d, const float *logits, int n_frames, int *phones,
                      double *score)
{
    const int n = ernn_decode_greedy(logits, n_frames, d->n_labels, d->greedy, n_frames);
    for (int i = 0; i < n; i++)
        phones[i] = d->greedy[i].phone - 1;
    double frame[ERNN_MAX_PHONES];
    *score = 0;
    for (int t = 0; t < n_frames; t++) {
        ernn_log_softmax(logits + (size_t)t * (size_t)d->n_labels, d->n_labels, frame);
        double best = frame[0];
        for (int i = 1; i < d->n_labels; i++)
            best = frame[i] > best ? frame[i] : best;
        *score += best;
    }
    return n;
}

int ernn_decoder_run(ernn_decoder *decoder, const float *logits, int n_frames, int *symbols,
                     double *score)
{
    double ignored;
    double *to = score ? score : &ignored;
    if (decoder->beam)
        return ernn_beam_run(decoder->beam, logits, n_frames, symbols, to);
    if (decoder->viterbi)
        return ernn_viterbi_run(decoder->viterbi, logits, n_frames, symbols, to);
    if (decoder->words)
        return ernn_token_passing_run(decoder->words, logits, n_frames, symbols, to);
    if (!score) {
        const int n =
            ernn_decode_greedy(logits, n_frames, decoder->n_labels, decoder->greedy, n_frames);
        for (int i = 0; i < n; i++)
            symbols[i] = decoder->greedy[i].phone - 1;
        return n;
    }
    return run_greedy(decoder, logits, n_frames, symbols, score);
}
