// The way from the scores of any network to an evaluation: decoders, one for each thread, and
// scoring. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_SPEECH_EVALUATION_H
#define ERNN_SRC_SPEECH_EVALUATION_H

#include "ernn/decode.h"

typedef struct ernn_decoding ernn_decoding;

// Room for the results in `evaluation` (overwritten) and n_threads decoders. `options` NULL:
// greedy. On failure the evaluation is empty. Everything pointed to must outlive it.
ernn_status ernn_decoding_new(const ernn_decode_options *options, const ernn_sequences *sequences,
                              int n_labels, int n_threads, ernn_evaluation *evaluation,
                              ernn_decoding **decoding, ernn_error *err);
void ernn_decoding_free(ernn_decoding *decoding);

// Decodes sequence i from its logits[n_frames[i]][n_labels]. Distinct threads, distinct sequences.
void ernn_decoding_run(ernn_decoding *decoding, int thread, size_t i, const float *logits);

// Scores the sequences that were decoded, in their order; frames are those of all.
ernn_status ernn_decoding_score(const ernn_decoding *decoding, ernn_error *err);

// Frames of the longest sequence, at least 1.
int ernn_sequences_longest(const ernn_sequences *sequences);

#endif
