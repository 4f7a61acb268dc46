// Inside view of a bigram: backed-off rows of explicit pairs, as ARPA files have them.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_SPEECH_BIGRAM_H
#define ERNN_SRC_SPEECH_BIGRAM_H

#include "ernn/decode.h"

// Symbol n_symbols stands for the edge: as a history the beginning, as a successor the end.
struct ernn_bigram {
    int n_symbols;
    char **names;    // [n_symbols]
    double *unigram; // [n_symbols + 1] ln P(symbol)
    double *backoff; // [n_symbols + 1] ln of the weight of the unigram after a history
    size_t *begin;   // [n_symbols + 2] first explicit pair of each history
    int *to;         // [n_pairs], rising in each row
    double *log;     // [n_pairs] ln P(to | history)
};

// Names copied, arrays for n_pairs zeroed.
ernn_status ernn_bigram_blank(const char *const *names, int n_symbols, size_t n_pairs,
                              ernn_bigram **bigram, ernn_error *err);

#endif
