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

// How often a symbol followed another; the edge is n_symbols.
typedef struct pair {
    int from;
    int to;
    double count;
} pair;

static int compare_pairs(const void *a, const void *b)
{
    const pair *p = a;
    const pair *q = b;
    return p->from != q->from ? (p->from > q->from) - (p->from < q->from)
                              : (p->to > q->to) - (p->to < q->to);
}

// Sorts pairs[n] and adds up equal ones; returns how many remain.
static size_t merge(pair *pairs, size_t n)
{
    size_t kept = 0;
    if (n)
        qsort(pairs, n, sizeof *pairs, compare_pairs);
    for (size_t i = 0; i < n; i++) {
        if (kept && compare_pairs(&pairs[kept - 1], &pairs[i]) == 0)
            pairs[kept - 1].count += pairs[i].count;
        else
            pairs[kept++] = pairs[i];
    }
    return kept;
}

// pairs[n_pairs] of all sequences.
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
            all[at++] = (pair){from, to, 1};
            from = to;
        }
    }
    *pairs = all;
    *n_pairs = merge(all, n);
    return ERNN_OK;
}

// P(w) = (c(w) + V / S) / (N + V): N tokens of V kinds among S = n_symbols + 1 possible.
static void estimate_unigram(ernn_bigram *bigram, const pair *pairs, size_t n)
{
    const int n_kinds = bigram->n_symbols + 1;
    double total = 0;
    int n_seen = 0;
    for (size_t i = 0; i < n; i++) {
        bigram->unigram[pairs[i].to] += pairs[i].count;
        total += pairs[i].count;
    }
    for (int w = 0; w < n_kinds; w++)
        n_seen += bigram->unigram[w] > 0;
    for (int w = 0; w < n_kinds; w++)
        bigram->unigram[w] =
            n_seen ? log((bigram->unigram[w] + (double)n_seen / n_kinds) / (total + n_seen))
                   : -log(n_kinds);
}

// P(w | h) = (c(h, w) + V(h) P(w)) / (c(h) + V(h)): V(h) kinds of successors, pairs[n], were seen
// after h.
static void estimate_row(ernn_bigram *bigram, int from, const pair *pairs, size_t n, size_t at)
{
    const double kinds = (double)n;
    double total = 0;
    for (size_t i = 0; i < n; i++)
        total += pairs[i].count;
    bigram->backoff[from] = n ? log(kinds / (total + kinds)) : 0;
    for (size_t i = 0; i < n; i++) {
        bigram->to[at + i] = pairs[i].to;
        bigram->log[at + i] =
            log((pairs[i].count + kinds * exp(bigram->unigram[pairs[i].to])) / (total + kinds));
    }
}

static ernn_status estimate(const char *const *names, int n_symbols, const pair *pairs, size_t n,
                            ernn_bigram **bigram, ernn_error *err)
{
    const ernn_status status = ernn_bigram_blank(names, n_symbols, n, bigram, err);
    if (status != ERNN_OK)
        return status;
    estimate_unigram(*bigram, pairs, n);
    size_t at = 0;
    for (int from = 0; from <= n_symbols; from++) {
        size_t end = at;
        while (end < n && pairs[end].from == from)
            end++;
        (*bigram)->begin[from] = at;
        estimate_row(*bigram, from, pairs + at, end - at, at);
        at = end;
    }
    (*bigram)->begin[n_symbols + 1] = at;
    return ERNN_OK;
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
        status = estimate(names, n_symbols, pairs, n, bigram, err);
    ernn_mem_free(pairs);
    return status;
}

ernn_status ernn_bigram_from_counts(const char *const *names, int n_symbols, const float *counts,
                                    ernn_bigram **bigram, ernn_error *err)
{
    *bigram = NULL;
    if (n_symbols < 1 || n_symbols > 1000)
        return ernn_error_set(err, ERNN_BAD_ARG, "bigram: counts of %d symbols, 1 to 1000 allowed",
                              n_symbols);
    const int side = n_symbols + 1;
    size_t n = 0;
    pair *pairs = ernn_mem_new((size_t)side * (size_t)side, sizeof *pairs, err);
    if (!pairs)
        return ERNN_NO_MEMORY;
    for (int i = 0; i < side * side; i++)
        if (counts[i] > 0)
            pairs[n++] = (pair){i / side, i % side, (double)counts[i]};
    const ernn_status status = estimate(names, n_symbols, pairs, n, bigram, err);
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
