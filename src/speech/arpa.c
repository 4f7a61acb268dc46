// Bigrams in ARPA files, the text form that language-model tools share: log10 probabilities and
// back-off weights. SPDX-License-Identifier: Apache-2.0
#include "base/buffer.h"
#include "base/file.h"
#include "base/memory.h"
#include "speech/bigram.h"
#include "speech/corpus.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double LN_10 = 2.302585092994045684;
// The usual log10 of "never".
static const double NEVER = -99;

// ---- Writing ----

static const char *name_of(const ernn_bigram *bigram, int symbol, const char *edge)
{
    return symbol == bigram->n_symbols ? edge : bigram->names[symbol];
}

ernn_status ernn_bigram_save(const ernn_bigram *bigram, const char *path, ernn_error *err)
{
    const int n = bigram->n_symbols;
    ernn_buffer out = {0};
    ernn_buffer_print(&out, "\\data\\\nngram 1=%d\nngram 2=%zu\n\n\\1-grams:\n", n + 2,
                      bigram->begin[n + 1]);
    ernn_buffer_print(&out, "%.0f\t<s>\t%.9f\n", NEVER, bigram->backoff[n] / LN_10);
    for (int w = 0; w < n; w++)
        ernn_buffer_print(&out, "%.9f\t%s\t%.9f\n", bigram->unigram[w] / LN_10, bigram->names[w],
                          bigram->backoff[w] / LN_10);
    ernn_buffer_print(&out, "%.9f\t</s>\n\n\\2-grams:\n", bigram->unigram[n] / LN_10);
    for (int h = 0; h <= n; h++)
        for (size_t i = bigram->begin[h]; i < bigram->begin[h + 1]; i++)
            ernn_buffer_print(&out, "%.9f\t%s %s\n", bigram->log[i] / LN_10,
                              name_of(bigram, h, "<s>"), name_of(bigram, bigram->to[i], "</s>"));
    ernn_buffer_print(&out, "\n\\end\\\n");
    ernn_status status = ernn_buffer_status(&out, err);
    if (status == ERNN_OK)
        status = ernn_file_save(path, out.data, out.size, err);
    ernn_buffer_free(&out);
    return status;
}

// ---- Reading ----

typedef struct name_index {
    const char *name;
    int symbol;
} name_index;

// One explicit pair of the file.
typedef struct arpa_pair {
    int from;
    int to;
    double log;
} arpa_pair;

typedef struct arpa {
    const char *path;
    int line;
    int n_symbols;
    name_index *index; // [n_symbols] by name
    double *unigram;   // [n_symbols + 1], NaN: not seen
    double *backoff;   // [n_symbols + 1]
    arpa_pair *pairs;
    size_t n_pairs;
    size_t capacity;
    ernn_error *err;
} arpa;

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const name_index *)a)->name, ((const name_index *)b)->name);
}

static int compare_arpa(const void *a, const void *b)
{
    const arpa_pair *p = a;
    const arpa_pair *q = b;
    return p->from != q->from ? (p->from > q->from) - (p->from < q->from)
                              : (p->to > q->to) - (p->to < q->to);
}

static ernn_status refuse(const arpa *a, const char *what)
{
    return ernn_error_set(a->err, ERNN_BAD_FILE, "%s:%d: %s", a->path, a->line, what);
}

// The symbol of a name; `edge` names the edge; -1: not ours.
static int find_symbol(const arpa *a, const char *name, const char *edge)
{
    if (strcmp(name, edge) == 0)
        return a->n_symbols;
    const name_index key = {name, 0};
    const name_index *found =
        bsearch(&key, a->index, (size_t)a->n_symbols, sizeof key, compare_names);
    return found ? found->symbol : -1;
}

// A logarithm to base 10 that may be one.
static bool read_log(const char *text, double *ln)
{
    char *end;
    const double value = strtod(text, &end);
    *ln = value * LN_10;
    return end != text && *end == 0 && isfinite(value) && fabs(value) <= 1000;
}

// parts[at most 5] of a line in place; returns how many, 5 also for more.
static int split(char *line, char **parts)
{
    int n = 0;
    char *rest = NULL;
    for (char *word = strtok_r(line, " \t", &rest); word && n < 5;
         word = strtok_r(NULL, " \t", &rest))
        parts[n++] = word;
    return n;
}

static ernn_status read_unigram(arpa *a, char **parts, int n)
{
    double log = 0;
    double backoff = 0;
    if (n < 2 || n > 3 || !read_log(parts[0], &log) || log > 1e-6 ||
        (n == 3 && !read_log(parts[2], &backoff)))
        return refuse(a, "a log10 probability, a word and perhaps a back-off weight are wanted");
    const int history = find_symbol(a, parts[1], "<s>");
    const int word = find_symbol(a, parts[1], "</s>");
    if (history >= 0)
        a->backoff[history] = backoff;
    if (word >= 0) {
        if (!isnan(a->unigram[word]))
            return refuse(a, "a word that stood above already");
        a->unigram[word] = log;
    }
    return ERNN_OK;
}

static ernn_status read_pair(arpa *a, char **parts, int n)
{
    double log = 0;
    if (n < 3 || n > 4 || !read_log(parts[0], &log) || log > 1e-6)
        return refuse(a, "a log10 probability and two words are wanted");
    const int from = find_symbol(a, parts[1], "<s>");
    const int to = find_symbol(a, parts[2], "</s>");
    if (from < 0 || to < 0)
        return ERNN_OK;
    if (a->n_pairs == a->capacity) {
        const size_t wanted = a->capacity ? 2 * a->capacity : 1024;
        arpa_pair *grown = ernn_mem_resize(a->pairs, a->n_pairs, wanted, sizeof *grown, a->err);
        if (!grown)
            return ERNN_NO_MEMORY;
        a->pairs = grown;
        a->capacity = wanted;
    }
    a->pairs[a->n_pairs++] = (arpa_pair){from, to, log};
    return ERNN_OK;
}

// Order of the section that a line opens: 1, 2, more; 0 the header, -1 the end, -2 none.
static int section_of(const char *line)
{
    if (*line != '\\')
        return -2;
    if (strcmp(line, "\\data\\") == 0)
        return 0;
    if (strcmp(line, "\\end\\") == 0)
        return -1;
    return atoi(line + 1) > 0 && strstr(line, "-grams:") ? atoi(line + 1) : -2;
}

static ernn_status read_lines(arpa *a, char *text)
{
    int section = -2;
    ernn_status status = ERNN_OK;
    for (char *line; status == ERNN_OK && (line = ernn_corpus_line(&text));) {
        char *parts[5];
        a->line++;
        const int opened = section_of(line);
        if (opened == -1)
            return ERNN_OK;
        if (opened >= 0)
            section = opened;
        else if (*line && section == 1)
            status = read_unigram(a, parts, split(line, parts));
        else if (*line && section == 2)
            status = read_pair(a, parts, split(line, parts));
    }
    return status == ERNN_OK ? refuse(a, "the file ends without \\end\\; is it an ARPA file?")
                             : status;
}

static ernn_status check(const arpa *a, const char *const *names)
{
    for (int w = 0; w <= a->n_symbols; w++)
        if (isnan(a->unigram[w]))
            return ernn_error_set(a->err, ERNN_BAD_FILE, "%s: '%.60s' is missing among its 1-grams",
                                  a->path, w < a->n_symbols ? names[w] : "</s>");
    for (size_t i = 1; i < a->n_pairs; i++)
        if (compare_arpa(&a->pairs[i - 1], &a->pairs[i]) == 0)
            return ernn_error_set(a->err, ERNN_BAD_FILE,
                                  "%s: the 2-gram of '%.60s' and '%.60s' "
                                  "stands there twice",
                                  a->path,
                                  a->pairs[i].from < a->n_symbols ? names[a->pairs[i].from] : "<s>",
                                  a->pairs[i].to < a->n_symbols ? names[a->pairs[i].to] : "</s>");
    return ERNN_OK;
}

static void fill(const arpa *a, ernn_bigram *bigram)
{
    const size_t n = (size_t)a->n_symbols + 1;
    memcpy(bigram->unigram, a->unigram, n * sizeof(double));
    memcpy(bigram->backoff, a->backoff, n * sizeof(double));
    for (size_t i = 0; i < a->n_pairs; i++) {
        bigram->begin[a->pairs[i].from + 1]++;
        bigram->to[i] = a->pairs[i].to;
        bigram->log[i] = a->pairs[i].log;
    }
    for (size_t h = 0; h < n; h++)
        bigram->begin[h + 1] += bigram->begin[h];
}

static ernn_status prepare(arpa *a, const char *const *names)
{
    const size_t n = (size_t)a->n_symbols;
    a->index = ernn_mem_new(n, sizeof *a->index, a->err);
    a->unigram = ernn_mem_new(n + 1, sizeof *a->unigram, a->err);
    a->backoff = ernn_mem_new(n + 1, sizeof *a->backoff, a->err);
    if (!a->index || !a->unigram || !a->backoff)
        return ERNN_NO_MEMORY;
    for (size_t w = 0; w <= n; w++)
        a->unigram[w] = NAN;
    for (size_t w = 0; w < n; w++)
        a->index[w] = (name_index){names[w], (int)w};
    qsort(a->index, n, sizeof *a->index, compare_names);
    return ERNN_OK;
}

ernn_status ernn_bigram_load(const char *path, const char *const *names, int n_symbols,
                             ernn_bigram **bigram, ernn_error *err)
{
    *bigram = NULL;
    char *text = NULL;
    size_t size;
    arpa a = {.path = path, .n_symbols = n_symbols, .err = err};
    ernn_status status = ernn_file_load(path, ERNN_CORPUS_MAX_TEXT_BYTES, &text, &size, err);
    if (status == ERNN_OK)
        status = prepare(&a, names);
    if (status == ERNN_OK)
        status = read_lines(&a, text);
    if (status == ERNN_OK) {
        if (a.n_pairs)
            qsort(a.pairs, a.n_pairs, sizeof *a.pairs, compare_arpa);
        status = check(&a, names);
    }
    if (status == ERNN_OK)
        status = ernn_bigram_blank(names, n_symbols, a.n_pairs, bigram, err);
    if (status == ERNN_OK)
        fill(&a, *bigram);
    ernn_mem_free(text);
    ernn_mem_free(a.index);
    ernn_mem_free(a.unigram);
    ernn_mem_free(a.backoff);
    ernn_mem_free(a.pairs);
    return status;
}
