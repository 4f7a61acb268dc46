// Distinct English sentences in any number: our own written ones, then seeded templates.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_SPEECH_SENTENCES_H
#define ERNN_SRC_SPEECH_SENTENCES_H

#include "base/error.h"

// The written sentences, NULL-terminated: words, apostrophes, commas and one mark at the end, so
// that a synthesiser has nothing to expand (no digits, abbreviations or hyphens).
extern const char *const ernn_sentences_written[];

// `n` different sentences (1 to 200000) in an order that depends on `seed` alone: written ones as
// far as they reach, templates for the rest, mixed. `*sentences` is [n], freed by
// ernn_sentences_free; NULL on failure.
ernn_status ernn_sentences_new(uint64_t seed, size_t n, char ***sentences, ernn_error *err);
void ernn_sentences_free(char **sentences, size_t n);

#endif
