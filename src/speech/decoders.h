// What the decoders share, and the constructors that decoder.c chooses between.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_SPEECH_DECODERS_H
#define ERNN_SRC_SPEECH_DECODERS_H

#include "ernn/decode.h"

// out[n] = ln softmax(logits[n]).
void ernn_log_softmax(const float *logits, int n, double *out);

// More phones than any set has.
enum { ERNN_MAX_PHONES = 64 };

// ln(e^a + e^b); either may be -INFINITY.
double ernn_log_add(double a, double b);

// Weighted logarithm of the bigram, 0 without one. Arguments as of ernn_bigram_log.
double ernn_decode_lm(const ernn_decode_options *options, int from, int to);

// Each decoder: memory for max_frames; options are valid, and outlive it.
typedef struct ernn_viterbi ernn_viterbi;
ernn_status ernn_viterbi_new(const ernn_decode_options *options, int n_labels, int max_frames,
                             ernn_viterbi **viterbi, ernn_error *err);
int ernn_viterbi_run(ernn_viterbi *viterbi, const float *logits, int n_frames, int *phones,
                     double *score);
void ernn_viterbi_free(ernn_viterbi *viterbi);

typedef struct ernn_beam ernn_beam;
ernn_status ernn_beam_new(const ernn_decode_options *options, int n_labels, int max_frames,
                          ernn_beam **beam, ernn_error *err);
int ernn_beam_run(ernn_beam *beam, const float *logits, int n_frames, int *phones, double *score);
void ernn_beam_free(ernn_beam *beam);

typedef struct ernn_token_passing ernn_token_passing;
ernn_status ernn_token_passing_new(const ernn_decode_options *options, int n_labels, int max_frames,
                                   ernn_token_passing **passing, ernn_error *err);
int ernn_token_passing_run(ernn_token_passing *passing, const float *logits, int n_frames,
                           int *words, double *score);
void ernn_token_passing_free(ernn_token_passing *passing);

#endif
