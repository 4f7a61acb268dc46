// The different words of a set of sentences and how each synthesiser pronounces them.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_SPEECH_VOCABULARY_H
#define ERNN_SRC_SPEECH_VOCABULARY_H

#include "speech/voices.h"

enum { ERNN_SENTENCE_MAX_WORDS = 64 };

typedef struct ernn_vocabulary {
    int n;
    char **words;                          // [n], sorted, lower case
    ernn_pronunciation *pronunciations[2]; // [engine] -> [n], NULL for an engine not asked for
} ernn_vocabulary;

// Collects sentences[n] and asks each engine of `voices`. Free with ernn_vocabulary_free, which
// takes a zeroed one.
ernn_status ernn_vocabulary_new(char *const *sentences, size_t n, ernn_voices voices,
                                const char *espeak_program, ernn_vocabulary *vocabulary,
                                ernn_error *err);
void ernn_vocabulary_free(ernn_vocabulary *vocabulary);

// indices[ERNN_SENTENCE_MAX_WORDS] of the words of a sentence that was collected; returns how many.
int ernn_vocabulary_find(const ernn_vocabulary *vocabulary, const char *sentence, int *indices);

#endif
