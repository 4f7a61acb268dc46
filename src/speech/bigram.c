// Bigram models: interpolated Witten-Bell estimates (docs/math.md, Bigrams) as backed-off pairs.
// SPDX-License-Identifier: Apache-2.0
#include "speech/bigram.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void ernn_bigram_free(ernn_bigram *bigram)
{
    if (!bigram)
        return;
    for (int i = 0; bigram->names && i < bigram->n_symbols; i++)
        ernn_mem_free(bigram->names[i]);
    ernn_mem_free(bigram->names);
    ernn_mem_free(bigram->unigram);
    ernn_mem_free(bigram->backoff);
    ernn_mem_free(bigram->begin);
    ernn_mem_free(bigram->to);
    ernn_mem_free(bigram->log);
    ernn_mem_free(bigram);
}

ernn_status ernn_bigram_blank(const char *const *names, int n_symbols, size_t n_pairs,
                              ernn_bigram **bigram, ernn_error *err)
{
    *bigram = NULL;
    if (n_symbols < 1 || n_symbols > 1 << 24)
        return ernn_error_set(err, ERNN_BAD_ARG, "bigram: %d symbols, 1 to %d allowed", n_symbols,
                              1 << 24);
    ernn_bigram *made = ernn_mem_new(1, sizeof *made, err);
    if (!made)
        return ERNN_NO_MEMORY;
    const size_t n = (size_t)n_symbols;
    made->n_symbols = n_symbols;
    made->names = ernn_mem_new(n, sizeof *made->names, err);
    made->unigram = ernn_mem_new(n + 1, sizeof *made->unigram, err);
    made->backoff = ernn_mem_new(n + 1, sizeof *made->backoff, err);
    made->begin = ernn_mem_new(n + 2, sizeof *made->begin, err);
    made->to = ernn_mem_new(n_pairs, sizeof *made->to, err);
    made->log = ernn_mem_new(n_pairs, sizeof *made->log, err);
    bool is_made =
        made->names && made->unigram && made->backoff && made->begin && made->to && made->log;
    for (size_t i = 0; is_made && i < n; i++)
        is_made = (made->names[i] = ernn_mem_string(names[i], err)) != NULL;
    if (!is_made) {
        ernn_bigram_free(made);
        return ERNN_NO_MEMORY;
    }
    *bigram = made;
    return ERNN_OK;
}

// ---- Estimation ----

// One occurrence of a symbol after another; the edge is n_symbols.
typedef struct pair {
    int from;
    int to;
} pair;

static int compare_pairs(const void *a, const void *b)
{
    const pair *p = a;
    const pair *q = b;
    return p->from != q->from ? (p->from > q->from) - (p->from < q->from)
                              : (p->to > q->to) - (p->to < q->to);
}

// pairs[n_pairs] of all sequences, sorted.
static ernn_status collect(int n_symbols, const int *const *sequences, const int *lengths,
                           size_t n_sequences, pair **pairs, size_t *n_pairs, ernn_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < n_sequences; i++)
        n += (size_t)lengths[i] + 1;
    pair *all = ernn_mem_new(n, sizeof *all, err);
    if (!all)
        return ERNN_NO_MEMORY;
    size_t at = 0;
    for (size_t i = 0; i < n_sequences; i++) {
        int from = n_symbols;
        for (int j = 0; j <= lengths[i]; j++) {
            const int to = j < lengths[i] ? sequences[i][j] : n_symbols;
            if (to < 0 || (j < lengths[i] && to >= n_symbols)) {
                ernn_mem_free(all);
                return ernn_error_set(err, ERNN_BAD_ARG,
                                      "bigram: sequence %zu: symbol %d, 0 to %d allowed", i, to,
                                      n_symbols - 1);
            }
            all[at++] = (pair){from, to};
            from = to;
        }
    }
    qsort(all, n, sizeof *all, compare_pairs);
    *pairs = all;
    *n_pairs = n;
    return ERNN_OK;
}

static size_t count_distinct(const pair *pairs, size_t n)
{
    size_t distinct = 0;
    for (size_t i = 0; i < n; i++)
        distinct += i == 0 || compare_pairs(&pairs[i - 1], &pairs[i]) != 0;
    return distinct;
}

// P(w) = (c(w) + V / S) / (N + V): N tokens of V kinds among S = n_symbols + 1 possible.
static void estimate_unigram(ernn_bigram *bigram, const pair *pairs, size_t n)
{
    const int n_kinds = bigram->n_symbols + 1;
    int n_seen = 0;
    for (size_t i = 0; i < n; i++)
        bigram->unigram[pairs[i].to]++;
    for (int w = 0; w < n_kinds; w++)
        n_seen += bigram->unigram[w] > 0;
    for (int w = 0; w < n_kinds; w++)
        bigram->unigram[w] =
            n_seen ? log((bigram->unigram[w] + (double)n_seen / n_kinds) / ((double)n + n_seen))
                   : -log(n_kinds);
}

// P(w | h) = (c(h, w) + V(h) P(w)) / (c(h) + V(h)): V(h) kinds of successors were seen after h.
static size_t estimate_row(ernn_bigram *bigram, int from, const pair *pairs, size_t n, size_t at)
{
    const double kinds = (double)count_distinct(pairs, n);
    bigram->backoff[from] = n ? log(kinds / ((double)n + kinds)) : 0;
    for (size_t i = 0; i < n;) {
        size_t end = i;
        while (end < n && pairs[end].to == pairs[i].to)
            end++;
        bigram->to[at] = pairs[i].to;
        bigram->log[at++] = log(((double)(end - i) + kinds * exp(bigram->unigram[pairs[i].to])) /
                                ((double)n + kinds));
        i = end;
    }
    return at;
}

ernn_status ernn_bigram_new(const char *const *names, int n_symbols, const int *const *sequences,
                            const int *lengths, size_t n_sequences, ernn_bigram **bigram,
                            ernn_error *err)
{
    *bigram = NULL;
    pair *pairs = NULL;
    size_t n = 0;
    ernn_status status = collect(n_symbols, sequences, lengths, n_sequences, &pairs, &n, err);
    if (status == ERNN_OK)
        status = ernn_bigram_blank(names, n_symbols, count_distinct(pairs, n), bigram, err);
    if (status == ERNN_OK) {
        estimate_unigram(*bigram, pairs, n);
        size_t at = 0;
        size_t first = 0;
        for (int from = 0; from <= n_symbols; from++) {
            size_t end = first;
            while (end < n && pairs[end].from == from)
                end++;
            (*bigram)->begin[from] = at;
            at = estimate_row(*bigram, from, pairs + first, end - first, at);
            first = end;
        }
        (*bigram)->begin[n_symbols + 1] = at;
    }
    ernn_mem_free(pairs);
    return status;
}

// ---- Queries ----

int ernn_bigram_n_symbols(const ernn_bigram *bigram)
{
    return bigram->n_symbols;
}

double ernn_bigram_log(const ernn_bigram *bigram, int from, int to)
{
    const int h = from == ERNN_EDGE ? bigram->n_symbols : from;
    const int w = to == ERNN_EDGE ? bigram->n_symbols : to;
    size_t low = bigram->begin[h];
    size_t high = bigram->begin[h + 1];
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (bigram->to[middle] == w)
            return bigram->log[middle];
        if (bigram->to[middle] < w)
            low = middle + 1;
        else
            high = middle;
    }
    return bigram->backoff[h] + bigram->unigram[w];
}

double ernn_unigram_log(const ernn_bigram *bigram, int to)
{
    return bigram->unigram[to == ERNN_EDGE ? bigram->n_symbols : to];
}
