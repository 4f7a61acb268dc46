// Words in sorted order, so that the synthesisers are asked the same for any order of sentences.
// SPDX-License-Identifier: Apache-2.0
#include "speech/vocabulary.h"
#include "base/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORD_BYTES = 40, MAX_WORDS = 20000 };

// The next word of *text in lower case, or false at the end. Advances *text.
static bool next_word(const char **text, char word[MAX_WORD_BYTES])
{
    const char *c = *text;
    size_t n = 0;
    while (*c && !isalpha((unsigned char)*c))
        c++;
    for (; isalpha((unsigned char)*c) || *c == '\''; c++)
        if (n + 1 < MAX_WORD_BYTES)
            word[n++] = (char)tolower((unsigned char)*c);
    word[n] = 0;
    *text = c;
    return n > 0;
}

// Index of `word`, or where it belongs.
static int find(const ernn_vocabulary *vocabulary, const char *word, bool *is_known)
{
    int low = 0;
    int high = vocabulary->n;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (strcmp(vocabulary->words[middle], word) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *is_known = low < vocabulary->n && strcmp(vocabulary->words[low], word) == 0;
    return low;
}

static ernn_status collect(ernn_vocabulary *vocabulary, const char *sentence, ernn_error *err)
{
    char word[MAX_WORD_BYTES];
    int n_words = 0;
    while (next_word(&sentence, word)) {
        bool is_known;
        const int at = find(vocabulary, word, &is_known);
        if (++n_words > ERNN_SENTENCE_MAX_WORDS)
            return ernn_error_set(err, ERNN_TOO_BIG, "sentence: more than %d words",
                                  ERNN_SENTENCE_MAX_WORDS);
        if (is_known)
            continue;
        if (vocabulary->n == MAX_WORDS)
            return ernn_error_set(err, ERNN_TOO_BIG, "vocabulary: more than %d words", MAX_WORDS);
        char *copy = ernn_mem_string(word, err);
        if (!copy)
            return ERNN_NO_MEMORY;
        memmove(vocabulary->words + at + 1, vocabulary->words + at,
                (size_t)(vocabulary->n - at) * sizeof *vocabulary->words);
        vocabulary->words[at] = copy;
        vocabulary->n++;
    }
    return ERNN_OK;
}

ernn_status ernn_vocabulary_new(char *const *sentences, size_t n, ernn_voices voices,
                                const char *espeak_program, ernn_vocabulary *vocabulary,
                                ernn_error *err)
{
    *vocabulary = (ernn_vocabulary){0};
    vocabulary->words = ernn_mem_new(MAX_WORDS, sizeof *vocabulary->words, err);
    ernn_status status = vocabulary->words ? ERNN_OK : ERNN_NO_MEMORY;
    for (size_t i = 0; i < n && status == ERNN_OK; i++)
        status = collect(vocabulary, sentences[i], err);
    for (int engine = 0; engine < 2 && status == ERNN_OK; engine++) {
        if (voices == (engine == ERNN_ENGINE_FLITE ? ERNN_VOICES_ESPEAK : ERNN_VOICES_FLITE))
            continue;
        vocabulary->pronunciations[engine] =
            ernn_mem_new((size_t)vocabulary->n, sizeof **vocabulary->pronunciations, err);
        status = !vocabulary->pronunciations[engine]
                     ? ERNN_NO_MEMORY
                     : ernn_words_pronounce((ernn_engine)engine, espeak_program,
                                            (const char *const *)vocabulary->words, vocabulary->n,
                                            vocabulary->pronunciations[engine], err);
    }
    if (status != ERNN_OK)
        ernn_vocabulary_free(vocabulary);
    return status;
}

void ernn_vocabulary_free(ernn_vocabulary *vocabulary)
{
    for (int i = 0; i < vocabulary->n; i++)
        ernn_mem_free(vocabulary->words[i]);
    ernn_mem_free(vocabulary->words);
    ernn_mem_free(vocabulary->pronunciations[0]);
    ernn_mem_free(vocabulary->pronunciations[1]);
    *vocabulary = (ernn_vocabulary){0};
}

int ernn_vocabulary_find(const ernn_vocabulary *vocabulary, const char *sentence, int *indices)
{
    char word[MAX_WORD_BYTES];
    int n = 0;
    while (n < ERNN_SENTENCE_MAX_WORDS && next_word(&sentence, word)) {
        bool is_known;
        const int at = find(vocabulary, word, &is_known);
        if (is_known)
            indices[n++] = at;
    }
    return n;
}
