// Pronunciation lexicons: text lines "WORD PHONE PHONE ...". SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "base/memory.h"
#include "ernn/decode.h"
#include "speech/corpus.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PHONES = 100 };

// One line of the file.
typedef struct pronunciation {
    int word;
    int n_phones;
    int *phones;
} pronunciation;

struct ernn_lexicon {
    int n_words;
    char **words; // [n_words], sorted
    int n;
    pronunciation *pronunciations; // [n] in the order of words, then of the file
};

void ernn_lexicon_free(ernn_lexicon *lexicon)
{
    if (!lexicon)
        return;
    for (int i = 0; lexicon->words && i < lexicon->n_words; i++)
        ernn_mem_free(lexicon->words[i]);
    for (int i = 0; lexicon->pronunciations && i < lexicon->n; i++)
        ernn_mem_free(lexicon->pronunciations[i].phones);
    ernn_mem_free(lexicon->words);
    ernn_mem_free(lexicon->pronunciations);
    ernn_mem_free(lexicon);
}

// A line before words have numbers.
typedef struct entry {
    char *word;
    char *phones;
    int line;
} entry;

static int compare_entries(const void *a, const void *b)
{
    const entry *p = a;
    const entry *q = b;
    const int order = strcmp(p->word, q->word);
    return order ? order : (p->line > q->line) - (p->line < q->line);
}

// A phone of the set by its name in any case and with stress digit ("AH0"). Names of the coarser
// sets that this one does not have are folded (ao and zh in 39 classes).
static int find_phone(ernn_phone_set set, char *name)
{
    size_t n = strlen(name);
    for (char *c = name; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    if (n > 1 && isdigit((unsigned char)name[n - 1]))
        name[n - 1] = 0;
    const int phone = ernn_phones_find(set, name);
    if (phone >= 0)
        return phone;
    const int label = ernn_phones_find(ERNN_PHONES_61, name);
    return label < 0 ? -1 : ernn_phones_fold(ERNN_PHONES_61, label, set);
}

// Lines cut into word and phones: "READ(2) R EH D" and "READ 2 R EH1 D" (cmudict as NLTK hands it
// out) are the word READ.
static ernn_status split_lines(const char *path, char *text, entry *entries, int max, int *n,
                               ernn_error *err)
{
    int line_number = 0;
    *n = 0;
    for (char *line; (line = ernn_corpus_line(&text));) {
        line_number++;
        line += strspn(line, " \t");
        if (*line == 0 || *line == '#' || strncmp(line, ";;;", 3) == 0)
            continue;
        char *end = line + strcspn(line, " \t");
        if (*end == 0)
            return ernn_error_set(err, ERNN_BAD_FILE, "%s:%d: '%.60s' has no phones", path,
                                  line_number, line);
        *end++ = 0;
        char *number = end + strspn(end, " \t");
        const size_t digits = strspn(number, "0123456789");
        if (digits > 0 && strchr(" \t", number[digits]))
            end = number + digits;
        char *bracket = strrchr(line, '(');
        if (bracket && bracket > line && isdigit((unsigned char)bracket[1]) &&
            bracket[strlen(bracket) - 1] == ')')
            *bracket = 0;
        if (*n == max)
            return ernn_error_set(err, ERNN_TOO_BIG, "%s:%d: more than %d lines", path, line_number,
                                  max);
        entries[(*n)++] = (entry){line, end, line_number};
    }
    if (*n == 0)
        return ernn_error_set(err, ERNN_BAD_FILE, "%s: no words", path);
    return ERNN_OK;
}

static ernn_status read_phones(const char *path, const entry *line, ernn_phone_set set,
                               pronunciation *to, ernn_error *err)
{
    int phones[MAX_PHONES];
    int n = 0;
    char *rest = NULL;
    for (char *name = strtok_r(line->phones, " \t", &rest); name;
         name = strtok_r(NULL, " \t", &rest)) {
        if (*name == '#')
            break;
        if (n == MAX_PHONES)
            return ernn_error_set(err, ERNN_TOO_BIG, "%s:%d: more than %d phones", path, line->line,
                                  MAX_PHONES);
        phones[n] = find_phone(set, name);
        if (phones[n++] < 0)
            return ernn_error_set(err, ERNN_BAD_FILE,
                                  "%s:%d: '%.30s' is not among the %d phones of the model", path,
                                  line->line, name, ernn_phones_count(set));
    }
    if (n == 0)
        return ernn_error_set(err, ERNN_BAD_FILE, "%s:%d: '%.60s' has no phones", path, line->line,
                              line->word);
    to->phones = ernn_mem_new((size_t)n, sizeof *to->phones, err);
    if (!to->phones)
        return ERNN_NO_MEMORY;
    memcpy(to->phones, phones, (size_t)n * sizeof *phones);
    to->n_phones = n;
    return ERNN_OK;
}

static ernn_status build(const char *path, const entry *entries, int n, ernn_phone_set set,
                         ernn_lexicon *lexicon, ernn_error *err)
{
    lexicon->words = ernn_mem_new((size_t)n, sizeof *lexicon->words, err);
    lexicon->pronunciations = ernn_mem_new((size_t)n, sizeof *lexicon->pronunciations, err);
    if (!lexicon->words || !lexicon->pronunciations)
        return ERNN_NO_MEMORY;
    for (int i = 0; i < n; i++) {
        if (i == 0 || strcmp(entries[i - 1].word, entries[i].word) != 0) {
            char *word = ernn_mem_string(entries[i].word, err);
            if (!word)
                return ERNN_NO_MEMORY;
            lexicon->words[lexicon->n_words++] = word;
        }
        lexicon->pronunciations[i].word = lexicon->n_words - 1;
        lexicon->n = i + 1;
        const ernn_status status =
            read_phones(path, &entries[i], set, &lexicon->pronunciations[i], err);
        if (status != ERNN_OK)
            return status;
    }
    return ERNN_OK;
}

ernn_status ernn_lexicon_load(const char *path, ernn_phone_set set, ernn_lexicon **lexicon,
                              ernn_error *err)
{
    *lexicon = NULL;
    char *text = NULL;
    size_t size;
    ernn_status status = ernn_file_load(path, ERNN_CORPUS_MAX_TEXT_BYTES, &text, &size, err);
    if (status != ERNN_OK)
        return status;
    int max = 1;
    for (const char *c = text; *c && max < 1 << 24; c++)
        max += *c == '\n';
    int n = 0;
    entry *entries = ernn_mem_new((size_t)max, sizeof *entries, err);
    ernn_lexicon *made = ernn_mem_new(1, sizeof *made, err);
    status = entries && made ? split_lines(path, text, entries, max, &n, err) : ERNN_NO_MEMORY;
    if (status == ERNN_OK) {
        qsort(entries, (size_t)n, sizeof *entries, compare_entries);
        status = build(path, entries, n, set, made, err);
    }
    ernn_mem_free(entries);
    ernn_mem_free(text);
    if (status != ERNN_OK) {
        ernn_lexicon_free(made);
        return status;
    }
    *lexicon = made;
    return ERNN_OK;
}

int ernn_lexicon_n_words(const ernn_lexicon *lexicon)
{
    return lexicon->n_words;
}

const char *const *ernn_lexicon_words(const ernn_lexicon *lexicon)
{
    return (const char *const *)lexicon->words;
}

static int compare_words(const void *key, const void *word)
{
    return strcmp(key, *(char *const *)word);
}

int ernn_lexicon_find(const ernn_lexicon *lexicon, const char *word)
{
    char *const *found = bsearch(word, lexicon->words, (size_t)lexicon->n_words,
                                 sizeof *lexicon->words, compare_words);
    return found ? (int)(found - lexicon->words) : -1;
}

int ernn_lexicon_n_pronunciations(const ernn_lexicon *lexicon)
{
    return lexicon->n;
}

int ernn_lexicon_pronunciation(const ernn_lexicon *lexicon, int i, int *word, const int **phones)
{
    *word = lexicon->pronunciations[i].word;
    *phones = lexicon->pronunciations[i].phones;
    return lexicon->pronunciations[i].n_phones;
}
