// What the parts of `ernn eval` share. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_CLI_EVAL_H
#define ERNN_CLI_EVAL_H

#include "cli.h"

#include <jansson.h>

typedef struct eval_arguments {
    const char *model;
    const char *against; // a second model, NULL: none
    const char *data;
    const char *timit; // root of TIMIT instead of data
    int part;          // ernn_timit_part
    const char *lm;
    const char *save_lm;
    const char *lexicon;
    const char *trn;
    const char *utterances;
    int decoder; // ernn_decoder_kind, -1: what the model asks for
    ernn_decode_options options;
    int threads;
    uint64_t seed;
    bool is_json;
    bool has_confusion;
} eval_arguments;

// A model of either kind, what it decodes with, and what came out.
typedef struct eval_result {
    const char *path;
    ernn_model *model;
    ernn_qmodel *qmodel;
    const ernn_spec *spec;
    ernn_phone_set phones;
    ernn_lexicon *lexicon;
    ernn_bigram *bigram;
    float log_priors[61];
    ernn_decode_options options;
    ernn_sequences *sequences;
    ernn_evaluation evaluation;
    // Of each utterance: edits under the convention quoted, and of words (with a lexicon).
    ernn_silence silence;
    ernn_score *scores;      // [n]
    ernn_score *word_scores; // [n], NULL without words
    ernn_score words;        // their sum
    int64_t n_unknown;       // reference words that the lexicon does not have
    ernn_confusion confusion;
} eval_result;

extern const char *const ernn_eval_decoders[5]; // ends with NULL
extern const char *const ernn_eval_silences[3];

// Loads, decodes and scores `path` on the corpus.
ernn_status ernn_eval_run(const eval_arguments *a, const char *path, const ernn_corpus *corpus,
                          eval_result *result, ernn_error *err);
void ernn_eval_free(eval_result *result);

// Error line of the command's own making.
ernn_status ernn_eval_error(ernn_error *err, ernn_status status, const char *format, ...)
    ERNN_PRINTF(3, 4);

// The lexicon, bigram and priors that the decoder needs, into `result`.
ernn_status ernn_eval_prepare(const eval_arguments *a, eval_result *result, ernn_error *err);

// Output; exit codes. `comparison` and `other` are NULL without a second model.
int ernn_eval_print(const eval_arguments *a, const eval_result *result, const eval_result *other,
                    const ernn_comparison *comparison);
int ernn_eval_write_files(const eval_arguments *a, const eval_result *result,
                          const ernn_corpus *corpus);

#endif
