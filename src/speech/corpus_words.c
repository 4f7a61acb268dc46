// Priors and bigrams of labels, bigrams of texts, and texts as words of a lexicon.
// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"
#include "ernn/decode.h"
#include "speech/corpus.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

// names[61] of a phone set; returns how many.
static int name_phones(ernn_phone_set set, const char **names)
{
    const int n = ernn_phones_count(set);
    for (int p = 0; p < n; p++)
        names[p] = ernn_phones_name(set, p);
    return n;
}

// ---- Labels of frame training ----

void ernn_label_priors(const ernn_label_counts *counts, float *log_priors)
{
    double total = 0;
    for (int p = 0; p < counts->n_phones; p++)
        total += (double)counts->frames[p] + 1;
    for (int p = 0; p < counts->n_phones; p++)
        log_priors[p] = (float)log(((double)counts->frames[p] + 1) / total);
}

ernn_status ernn_bigram_from_labels(const ernn_label_counts *counts, ernn_phone_set set,
                                    ernn_bigram **bigram, ernn_error *err)
{
    const char *names[61];
    *bigram = NULL;
    if (counts->n_phones != name_phones(set, names))
        return ernn_error_set(err, ERNN_BAD_ARG, "bigram: counts of %d phones, the set has %d",
                              counts->n_phones, ernn_phones_count(set));
    return ernn_bigram_from_counts(names, counts->n_phones, counts->pairs, bigram, err);
}

// ---- Sequences of a corpus ----

// Sequences of symbols, one for each utterance.
typedef struct symbols {
    int **sequences; // [n]
    int *lengths;    // [n]
    size_t n;
} symbols;

static void free_symbols(symbols *s)
{
    for (size_t i = 0; s->sequences && i < s->n; i++)
        ernn_mem_free(s->sequences[i]);
    ernn_mem_free(s->sequences);
    ernn_mem_free(s->lengths);
}

static ernn_status new_symbols(symbols *s, size_t n, ernn_error *err)
{
    s->n = n;
    s->sequences = ernn_mem_new(n, sizeof *s->sequences, err);
    s->lengths = ernn_mem_new(n, sizeof *s->lengths, err);
    return s->sequences && s->lengths ? ERNN_OK : ERNN_NO_MEMORY;
}

ernn_status ernn_bigram_from_phones(const ernn_corpus *corpus, ernn_phone_set set,
                                    ernn_bigram **bigram, ernn_error *err)
{
    const char *names[61];
    const int n_phones = name_phones(set, names);
    symbols s = {0};
    *bigram = NULL;
    if (set < corpus->phone_set)
        return ernn_error_set(err, ERNN_BAD_ARG, "%s: its labels are %d classes, not %d",
                              corpus->path, ernn_phones_count(corpus->phone_set), n_phones);
    ernn_status status = new_symbols(&s, corpus->n_utterances, err);
    for (size_t i = 0; status == ERNN_OK && i < s.n; i++) {
        const ernn_utterance *u = &corpus->utterances[i];
        s.sequences[i] = ernn_mem_new((size_t)u->n_phones, sizeof(int), err);
        if (s.sequences[i])
            s.lengths[i] = ernn_corpus_fold(u, corpus->phone_set, set, s.sequences[i]);
        else
            status = ERNN_NO_MEMORY;
    }
    if (status == ERNN_OK)
        status = ernn_bigram_new(names, n_phones, (const int *const *)s.sequences, s.lengths, s.n,
                                 bigram, err);
    free_symbols(&s);
    return status;
}

// ---- Words ----

// The word's number as it is spelled, in capitals, or in small letters; -1: unknown.
static int find_word(const ernn_lexicon *lexicon, const char *word, size_t n)
{
    char text[256];
    if (n >= sizeof text)
        return -1;
    for (int style = 0; style < 3; style++) {
        for (size_t i = 0; i < n; i++) {
            const unsigned char c = (unsigned char)word[i];
            text[i] = (char)(style == 0 ? c : style == 1 ? toupper(c) : tolower(c));
        }
        text[n] = 0;
        const int found = ernn_lexicon_find(lexicon, text);
        if (found >= 0)
            return found;
    }
    return -1;
}

int ernn_lexicon_read(const ernn_lexicon *lexicon, const char *text, int *words, int max)
{
    int n = 0;
    while (n < max) {
        text += strspn(text, " \t\r\n");
        size_t length = strcspn(text, " \t\r\n");
        if (length == 0)
            break;
        int word = find_word(lexicon, text, length);
        // "Ah." of a sentence is the word "ah" when the lexicon has no "Ah."
        size_t begin = 0;
        size_t end = length;
        while (word < 0 && begin < end && ispunct((unsigned char)text[begin]))
            begin++;
        while (word < 0 && end > begin && ispunct((unsigned char)text[end - 1]))
            end--;
        if (word < 0 && end > begin && end - begin < length)
            word = find_word(lexicon, text + begin, end - begin);
        if (begin < end || word >= 0)
            words[n++] = word;
        text += length;
    }
    return n;
}

ernn_status ernn_bigram_from_words(const ernn_corpus *corpus, const ernn_lexicon *lexicon,
                                   ernn_bigram **bigram, ernn_error *err)
{
    symbols s = {0};
    *bigram = NULL;
    ernn_status status = new_symbols(&s, corpus->n_utterances, err);
    for (size_t i = 0; status == ERNN_OK && i < s.n; i++) {
        const char *text = corpus->utterances[i].text;
        const int max = text ? (int)(strlen(text) / 2 + 1) : 0;
        s.sequences[i] = ernn_mem_new((size_t)max, sizeof(int), err);
        if (!s.sequences[i])
            status = ERNN_NO_MEMORY;
        else if (!text)
            status = ernn_error_set(err, ERNN_BAD_FILE, "%s: '%s' has no text", corpus->path,
                                    corpus->utterances[i].id);
        const int n = status == ERNN_OK ? ernn_lexicon_read(lexicon, text, s.sequences[i], max) : 0;
        for (int j = 0; j < n; j++) // unknown words leave no gap
            if (s.sequences[i][j] >= 0)
                s.sequences[i][s.lengths[i]++] = s.sequences[i][j];
    }
    if (status == ERNN_OK)
        status = ernn_bigram_new(ernn_lexicon_words(lexicon), ernn_lexicon_n_words(lexicon),
                                 (const int *const *)s.sequences, s.lengths, s.n, bigram, err);
    free_symbols(&s);
    return status;
}
