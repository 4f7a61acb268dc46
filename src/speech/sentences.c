// Mixes the written sentences with templates filled from word lists. SPDX-License-Identifier:
// Apache-2.0
#include "speech/sentences.h"
#include "base/memory.h"
#include "base/rng.h"

#include <stdio.h>
#include <string.h>

enum { STREAM_TEMPLATES = 0x53454e54, STREAM_ORDER, MAX_SENTENCES = 200000, MAX_BYTES = 200 };

// One list per letter; a template names it as $letter. All nouns start with a consonant sound so
// that "a" fits before them; adjectives do too.
static const char *const ADJECTIVES[] = {
    "gentle", "yellow",   "broken",   "huge",    "thin",   "purple", "noisy",       "foreign",
    "casual", "thirsty",  "smooth",   "beige",   "cheap",  "royal",  "vague",       "young",
    "modern", "wooden",   "precious", "shallow", "double", "fierce", "rather loud", "very calm",
    "weary",  "northern", "jolly",    "curious", "grey",   "sour",   "wide",        "pretty"};
static const char *const NOUNS[] = {
    "giraffe",  "judge", "teacher", "pigeon",  "sailor",  "garage",        "village",   "mouth",
    "voyage",   "thumb", "camera",  "shovel",  "bridge",  "yacht",         "cathedral", "poem",
    "vision",   "dog",   "chimney", "kitchen", "bottle",  "feather",       "tower",     "mirage",
    "computer", "fox",   "lawyer",  "house",   "zebra",   "carpet",        "window",    "gardener",
    "wheel",    "coin",  "book",    "jacket",  "measure", "leather chair", "path",      "nurse"};
static const char *const VERBS[] = {
    "found",   "brushed",  "carried", "measured",     "ignored",  "enjoyed",
    "washed",  "followed", "bought",  "photographed", "heard",    "changed",
    "pushed",  "admired",  "touched", "remembered",   "threw",    "described",
    "guarded", "borrowed", "reached", "sketched",     "repaired", "loved"};
static const char *const PLACES[] = {
    "near the harbour",   "behind the mill",     "under a bridge",     "in the valley",
    "beside the road",    "at the museum",       "above the orchard",  "around the corner",
    "without any reason", "before sunrise",      "on the other side",  "after the storm",
    "through the fog",    "during the voyage",   "once too often",     "with great pleasure",
    "in both cases",      "for the usual price", "at half past three", "by the southern shore"};
static const char *const PEOPLE[] = {
    "Joyce",      "George",    "my cousin", "the mayor", "our choir",  "Hugh",      "your uncle",
    "the thief",  "Vera",      "the chef",  "nobody",    "some child", "the jury",  "a tourist",
    "her father", "the coach", "Keith",     "the boy",   "the author", "each guest"};
static const char *const CLAIMS[] = {"thought",   "knew",  "believed", "announced",
                                     "denied",    "wrote", "imagined", "shouted",
                                     "whispered", "joked", "agreed",   "supposed"};
static const char *const QUALITIES[] = {
    "too heavy",       "quite old",   "never warm",      "usually closed",
    "worth a journey", "good enough", "much larger",     "nearly empty",
    "full of oil",     "out of tune", "hard to measure", "rather odd",
    "made of zinc",    "lost again",  "painted blue",    "ready by noon"};

typedef struct word_list {
    char letter;
    int n;
    const char *const *words;
} word_list;

#define LIST(letter, words)                                                                        \
    {                                                                                              \
        letter, (int)(sizeof(words) / sizeof *(words)), words                                      \
    }
static const word_list LISTS[] = {
    LIST('a', ADJECTIVES), LIST('n', NOUNS),  LIST('v', VERBS),     LIST('p', PLACES),
    LIST('w', PEOPLE),     LIST('c', CLAIMS), LIST('q', QUALITIES),
};

static const char *const TEMPLATES[] = {
    "the $a $n $v a $n $p.",         "$w $v the $a $n $p.",
    "$w $c that the $n was $q.",     "a $a $n is $q, $w $c.",
    "why is the $n $p $q?",          "$p, $w $v a $a $n.",
    "the $n and the $a $n were $q.", "$w $v this $n, but the $n was $q.",
    "has $w ever $v a $n $p?",       "every $n $p is $q.",
};

static const char *draw(ernn_rng *rng, char letter)
{
    for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++)
        if (LISTS[i].letter == letter)
            return LISTS[i].words[ernn_rng_below(rng, (uint64_t)LISTS[i].n)];
    return "";
}

// Fills one template; the longest of them stays far below MAX_BYTES.
static void fill(ernn_rng *rng, char *sentence)
{
    const size_t n_templates = sizeof TEMPLATES / sizeof *TEMPLATES;
    const char *from = TEMPLATES[ernn_rng_below(rng, n_templates)];
    size_t n = 0;
    for (; *from && n + 1 < MAX_BYTES; from++) {
        if (*from != '$') {
            sentence[n++] = *from;
            continue;
        }
        int written = snprintf(sentence + n, MAX_BYTES - n, "%s", draw(rng, *++from));
        n = n + (size_t)written < MAX_BYTES ? n + (size_t)written : MAX_BYTES - 1;
    }
    sentence[n] = 0;
    if (sentence[0] >= 'a' && sentence[0] <= 'z')
        sentence[0] = (char)(sentence[0] - 'a' + 'A');
}

// FNV-1a, never 0.
static uint64_t hash(const char *text)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001b3u;
    return h ? h : 1;
}

// Adds `sentence` to the open-addressing table; false when it is there already. Two sentences with
// one hash count as equal, which costs nothing here.
static bool remember(uint64_t *table, size_t capacity, const char *sentence)
{
    const uint64_t h = hash(sentence);
    size_t at = (size_t)(h % capacity);
    while (table[at] && table[at] != h)
        at = (at + 1) % capacity;
    if (table[at] == h)
        return false;
    table[at] = h;
    return true;
}

// pool[n_pool]: the written sentences, then templates. Sets what it got into `pool` even on
// failure.
static ernn_status fill_pool(uint64_t seed, char **pool, size_t n_pool, ernn_error *err)
{
    const size_t capacity = 2 * n_pool + 1;
    uint64_t *seen = ernn_mem_new(capacity, sizeof *seen, err);
    if (!seen)
        return ERNN_NO_MEMORY;
    ernn_status status = ERNN_OK;
    ernn_rng rng = ernn_rng_new(seed, STREAM_TEMPLATES, 0);
    size_t n = 0;
    for (; n < n_pool && ernn_sentences_written[n]; n++) {
        remember(seen, capacity, ernn_sentences_written[n]);
        if (!(pool[n] = ernn_mem_string(ernn_sentences_written[n], err))) {
            status = ERNN_NO_MEMORY;
            goto done;
        }
    }
    while (n < n_pool) {
        char sentence[MAX_BYTES];
        fill(&rng, sentence);
        if (!remember(seen, capacity, sentence))
            continue;
        if (!(pool[n++] = ernn_mem_string(sentence, err))) {
            status = ERNN_NO_MEMORY;
            goto done;
        }
    }
done:
    ernn_mem_free(seen);
    return status;
}

ernn_status ernn_sentences_new(uint64_t seed, size_t n, char ***sentences, ernn_error *err)
{
    *sentences = NULL;
    if (n < 1 || n > MAX_SENTENCES)
        return ernn_error_set(err, ERNN_BAD_ARG, "sentences: %zu, 1 to %d are possible", n,
                              MAX_SENTENCES);
    size_t n_written = 0;
    while (ernn_sentences_written[n_written])
        n_written++;
    const size_t n_pool = n > n_written ? n : n_written;
    char **pool = ernn_mem_new(n_pool, sizeof *pool, err);
    size_t *order = ernn_mem_new(n_pool, sizeof *order, err);
    char **chosen = ernn_mem_new(n, sizeof *chosen, err);
    ernn_status status = pool && order && chosen ? ERNN_OK : ERNN_NO_MEMORY;
    if (status == ERNN_OK)
        status = fill_pool(seed, pool, n_pool, err);
    if (status == ERNN_OK) {
        for (size_t i = 0; i < n_pool; i++)
            order[i] = i;
        ernn_rng rng = ernn_rng_new(seed, STREAM_ORDER, 0);
        ernn_rng_shuffle(&rng, order, n_pool);
        for (size_t i = 0; i < n; i++) {
            chosen[i] = pool[order[i]];
            pool[order[i]] = NULL;
        }
        *sentences = chosen;
        chosen = NULL;
    }
    ernn_sentences_free(pool, n_pool);
    ernn_mem_free(order);
    ernn_mem_free(chosen);
    return status;
}

void ernn_sentences_free(char **sentences, size_t n)
{
    for (size_t i = 0; sentences && i < n; i++)
        ernn_mem_free(sentences[i]);
    ernn_mem_free(sentences);
}
