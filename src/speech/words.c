// Which word each phone belongs to. The synthesisers tell it for no phone (flite) or not for all
// words (espeak-ng joins "in the"), so the utterance is aligned with its words said one by one.
// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"
#include "speech/spoken.h"

#include <string.h>

// Substitution costs less between two vowels (said alone, "a" is "ey") than across the classes.
enum { COST_GAP = 3, COST_SAME_CLASS = 2, COST_OTHER_CLASS = 5 };

static bool is_vowel(const char *label)
{
    return strchr("aeiou", label[0]) != NULL;
}

static int substitution(const char *a, const char *b)
{
    if (strcmp(a, b) == 0)
        return 0;
    return is_vowel(a) == is_vowel(b) ? COST_SAME_CLASS : COST_OTHER_CLASS;
}

typedef struct expected {
    const char *label;
    int word;
} expected;

// cost[(n_said + 1)][(n + 1)], row-major: cheapest alignment of the first i said with the first j.
static void fill_costs(const ernn_spoken_phone *const *said, int n_said, const expected *wanted,
                       int n, int *cost)
{
    const int stride = n + 1;
    for (int i = 0; i <= n_said; i++)
        for (int j = 0; j <= n; j++) {
            int best = i == 0 && j == 0 ? 0 : 1 << 28;
            if (i > 0 && cost[(i - 1) * stride + j] + COST_GAP < best)
                best = cost[(i - 1) * stride + j] + COST_GAP;
            if (j > 0 && cost[i * stride + j - 1] + COST_GAP < best)
                best = cost[i * stride + j - 1] + COST_GAP;
            if (i > 0 && j > 0) {
                const int both = cost[(i - 1) * stride + j - 1] +
                                 substitution(said[i - 1]->label, wanted[j - 1].label);
                best = both < best ? both : best;
            }
            cost[i * stride + j] = best;
        }
}

// Walks the cheapest path back and writes each phone's word; a phone that nothing expects joins the
// word after it.
static void trace_back(ernn_spoken_phone **said, int n_said, const expected *wanted, int n,
                       const int *cost)
{
    const int stride = n + 1;
    int word = n ? wanted[n - 1].word : -1;
    for (int i = n_said, j = n; i > 0;) {
        const int here = cost[i * stride + j];
        if (j > 0 && here == cost[(i - 1) * stride + j - 1] +
                                 substitution(said[i - 1]->label, wanted[j - 1].label)) {
            word = wanted[j - 1].word;
            said[i - 1]->word = word;
            i--;
            j--;
        } else if (j > 0 && here == cost[i * stride + j - 1] + COST_GAP) {
            j--;
        } else {
            said[i - 1]->word = word;
            i--;
        }
    }
}

ernn_status ernn_spoken_number_words(ernn_spoken *spoken, const ernn_pronunciation *const *words,
                                     int n_words, ernn_error *err)
{
    size_t n = 0;
    for (int w = 0; w < n_words; w++)
        n += (size_t)words[w]->n;
    if (n > 4 * ERNN_SPOKEN_MAX_PHONES)
        return ernn_error_set(err, ERNN_TOO_BIG, "sentence: %zu phones, at most %d", n,
                              4 * ERNN_SPOKEN_MAX_PHONES);
    ernn_spoken_phone *said[ERNN_SPOKEN_MAX_PHONES];
    int n_said = 0;
    for (int i = 0; i < spoken->n_phones; i++) {
        spoken->phones[i].word = -1;
        if (!ernn_label_is_silence(spoken->phones[i].label))
            said[n_said++] = &spoken->phones[i];
    }
    expected *wanted = ernn_mem_new(n, sizeof *wanted, err);
    int *cost = ernn_mem_new((n + 1) * ((size_t)n_said + 1), sizeof *cost, err);
    ernn_status status = wanted && cost ? ERNN_OK : ERNN_NO_MEMORY;
    if (status == ERNN_OK) {
        int at = 0;
        for (int w = 0; w < n_words; w++)
            for (int i = 0; i < words[w]->n; i++)
                wanted[at++] = (expected){words[w]->labels[i], w};
        fill_costs((const ernn_spoken_phone *const *)said, n_said, wanted, (int)n, cost);
        trace_back(said, n_said, wanted, (int)n, cost);
    }
    ernn_mem_free(wanted);
    ernn_mem_free(cost);
    return status;
}
