// Words from a CTC network: token passing over the pronunciations of a lexicon, the best alignment
// of the best word sequence (docs/math.md, Words). Without word histories the pronunciations share
// a prefix tree; under a bigram every pronunciation is a branch of its own, so that its first node
// knows which word it begins and the search stays exact. SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"
#include "speech/decoders.h"

#include <math.h>
#include <string.h>

// A phone of a pronunciation. Its phone state and the blank state that may follow it are states
// 2 i and 2 i + 1. Node 0 is what stands before the first word: a blank alone.
typedef struct node {
    int parent; // NO_PARENT: begins a word
    int label;  // 0: node 0
    int word;   // of a branch of its own
    int child;  // the latest made, 0: none
    int sister; // the child of the same parent made before, 0: none
} node;

enum { NO_PARENT = -1, MAX_TABLE = 1 << 23 };

// A node after which a word has ended (ERNN_EDGE: none yet): exits 2 i (from its phone: the next
// label must differ) and 2 i + 1 (from its blank).
typedef struct end {
    int node;
    int word;
    double cost; // added on leaving: the unigram less the penalty in a shared tree
} end;

// Score of a state and the exit through which its word was entered, -1: from the start.
typedef struct token {
    double score;
    int link;
} token;

struct ernn_token_passing {
    const ernn_decode_options *options;
    int n_labels;
    int max_frames;
    bool is_shared;
    node *nodes;
    int n_nodes;
    int *starts; // [n_starts] nodes that begin a word
    int n_starts;
    end *ends; // [n_ends]
    int n_ends;
    double *entry; // [n_words + 1][n_starts] from a word (first row: none yet), unless shared
    double *final; // [n_words + 1] from a word to the end of the utterance
    double *frame; // [n_labels]
    token *old;    // [2 n_nodes]
    token *new;
    double *exits; // [2 n_ends] scores on leaving
    int *links;    // [max_frames][2 n_ends] link of the token that left
};

void ernn_token_passing_free(ernn_token_passing *p)
{
    if (!p)
        return;
    ernn_mem_free(p->nodes);
    ernn_mem_free(p->starts);
    ernn_mem_free(p->ends);
    ernn_mem_free(p->entry);
    ernn_mem_free(p->final);
    ernn_mem_free(p->frame);
    ernn_mem_free(p->old);
    ernn_mem_free(p->new);
    ernn_mem_free(p->exits);
    ernn_mem_free(p->links);
    ernn_mem_free(p);
}

// ---- The tree ----

// The node of `label` after `parent`; made unless it exists and may be shared. Node 0 has no
// phones after it but silence, so that 0 may end the lists, and the root's list begins there.
static int add_node(ernn_token_passing *p, int parent, int label, int word)
{
    int *list = &p->nodes[parent == NO_PARENT ? 0 : parent].child;
    for (int i = *list; p->is_shared && i; i = p->nodes[i].sister)
        if (p->nodes[i].label == label)
            return i;
    p->nodes[p->n_nodes] = (node){parent, label, word, 0, *list};
    *list = p->n_nodes;
    if (parent == NO_PARENT)
        p->starts[p->n_starts++] = p->n_nodes;
    return p->n_nodes++;
}

static void add_end(ernn_token_passing *p, int at, int word)
{
    const double cost =
        p->is_shared && word != ERNN_EDGE
            ? ernn_decode_lm(p->options, ERNN_EDGE, word) - p->options->insertion_penalty
            : 0;
    p->ends[p->n_ends++] = (end){at, word, cost};
}

// A pronunciation and, after it, the silence that may follow.
static void add_pronunciation(ernn_token_passing *p, int i)
{
    const int *phones;
    int word;
    const int n = ernn_lexicon_pronunciation(p->options->lexicon, i, &word, &phones);
    const int silence = p->options->silence;
    int at = NO_PARENT;
    for (int j = 0; j < n; j++)
        at = add_node(p, at, phones[j] + 1, word);
    add_end(p, at, word);
    if (silence >= 0 && phones[n - 1] != silence)
        add_end(p, add_node(p, at, silence + 1, word), word);
}

static void build(ernn_token_passing *p)
{
    p->nodes[p->n_nodes++] = (node){0, 0, ERNN_EDGE, 0, 0};
    add_end(p, 0, ERNN_EDGE);
    if (p->options->silence >= 0) {
        p->nodes[p->n_nodes] = (node){0, p->options->silence + 1, ERNN_EDGE, 0, 0};
        add_end(p, p->n_nodes++, ERNN_EDGE);
    }
    for (int i = 0; i < ernn_lexicon_n_pronunciations(p->options->lexicon); i++)
        add_pronunciation(p, i);
}

// Bigram of every word pair that may meet, and of every word with the end.
static void fill_tables(ernn_token_passing *p)
{
    const int n_words = ernn_lexicon_n_words(p->options->lexicon);
    for (int from = 0; from <= n_words; from++) {
        const int word = from ? from - 1 : ERNN_EDGE;
        p->final[from] = ernn_decode_lm(p->options, word, ERNN_EDGE);
        for (int i = 0; !p->is_shared && i < p->n_starts; i++)
            p->entry[from * p->n_starts + i] =
                ernn_decode_lm(p->options, word, p->nodes[p->starts[i]].word) -
                p->options->insertion_penalty;
    }
}

static ernn_status allocate(ernn_token_passing *p, ernn_error *err)
{
    const ernn_lexicon *lexicon = p->options->lexicon;
    const size_t n = (size_t)ernn_lexicon_n_pronunciations(lexicon);
    size_t n_nodes = 2;
    for (size_t i = 0; i < n; i++) {
        const int *phones;
        int word;
        n_nodes += 1 + (size_t)ernn_lexicon_pronunciation(lexicon, (int)i, &word, &phones);
    }
    const size_t n_words = (size_t)ernn_lexicon_n_words(lexicon) + 1;
    const size_t table = p->is_shared ? 0 : n_words * n;
    const size_t n_ends = 2 * n + 2;
    if (table > MAX_TABLE)
        return ernn_error_set(err, ERNN_TOO_BIG,
                              "lexicon: %zu words with %zu pronunciations are too many for a "
                              "bigram (product at most %d); use a unigram",
                              n_words - 1, n, MAX_TABLE);
    if ((double)p->max_frames * 2 * (double)n_ends > 1 << 30)
        return ernn_error_set(err, ERNN_TOO_BIG,
                              "lexicon: %zu pronunciations over %d frames are too many", n,
                              p->max_frames);
    p->nodes = ernn_mem_new(n_nodes, sizeof *p->nodes, err);
    p->starts = ernn_mem_new(n, sizeof *p->starts, err);
    p->ends = ernn_mem_new(n_ends, sizeof *p->ends, err);
    p->entry = ernn_mem_new(table, sizeof *p->entry, err);
    p->final = ernn_mem_new(n_words, sizeof *p->final, err);
    p->frame = ernn_mem_new((size_t)p->n_labels, sizeof *p->frame, err);
    p->old = ernn_mem_new(2 * n_nodes, sizeof *p->old, err);
    p->new = ernn_mem_new(2 * n_nodes, sizeof *p->new, err);
    p->exits = ernn_mem_new(2 * n_ends, sizeof *p->exits, err);
    p->links = ernn_mem_new((size_t)p->max_frames * 2 * n_ends, sizeof *p->links, err);
    const bool is_made = p->nodes && p->starts && p->ends && p->entry && p->final && p->frame &&
                         p->old && p->new && p->exits && p->links;
    return is_made ? ERNN_OK : ERNN_NO_MEMORY;
}

ernn_status ernn_token_passing_new(const ernn_decode_options *options, int n_labels, int max_frames,
                                   ernn_token_passing **passing, ernn_error *err)
{
    *passing = NULL;
    ernn_token_passing *p = ernn_mem_new(1, sizeof *p, err);
    if (!p)
        return ERNN_NO_MEMORY;
    *p = (ernn_token_passing){.options = options, .n_labels = n_labels, .max_frames = max_frames};
    p->is_shared = !options->bigram || options->lm_order == 1;
    const ernn_status status = allocate(p, err);
    if (status != ERNN_OK) {
        ernn_token_passing_free(p);
        return status;
    }
    build(p);
    fill_tables(p);
    *passing = p;
    return ERNN_OK;
}

// ---- Decoding ----

static void better(token *best, double score, int link)
{
    if (score > best->score)
        *best = (token){score, link};
}

// The best exits of frame t - 1 in a shared tree, where the word left makes no difference: from a
// blank, from a phone, and from the best phone with another label than that one.
typedef struct exits {
    token blank;
    token phone;
    token other;
    int label;
} exits;

static exits best_exits(const ernn_token_passing *p, int t)
{
    const token none = {-INFINITY, -1};
    exits best = {none, none, none, 0};
    const int base = t > 0 ? (t - 1) * 2 * p->n_ends : 0;
    for (int e = 0; e < p->n_ends; e++) {
        const int label = p->nodes[p->ends[e].node].label;
        const int link = t > 0 ? base + 2 * e : -1;
        better(&best.blank, p->exits[2 * e + 1], t > 0 ? link + 1 : -1);
        const double score = p->exits[2 * e];
        if (score > best.phone.score) {
            if (label != best.label)
                best.other = best.phone;
            best.phone = (token){score, link};
            best.label = label;
        } else if (label != best.label)
            better(&best.other, score, link);
    }
    return best;
}

// The best exit of frame t - 1 into start i, whose label must not repeat the phone it follows.
static token enter_shared(const ernn_token_passing *p, const exits *best, int i)
{
    const token phone = best->label == p->nodes[p->starts[i]].label ? best->other : best->phone;
    return phone.score > best->blank.score ? phone : best->blank;
}

// The same where the word left counts.
static token enter(const ernn_token_passing *p, int t, int i)
{
    const int label = p->nodes[p->starts[i]].label;
    const int base = t > 0 ? (t - 1) * 2 * p->n_ends : 0;
    token best = {-INFINITY, -1};
    for (int e = 0; e < p->n_ends; e++) {
        const double lm = p->entry[(p->ends[e].word + 1) * p->n_starts + i];
        const int link = t > 0 ? base + 2 * e : -1;
        if (p->nodes[p->ends[e].node].label != label)
            better(&best, p->exits[2 * e] + lm, link);
        better(&best, p->exits[2 * e + 1] + lm, t > 0 ? link + 1 : -1);
    }
    return best;
}

// Scores of leaving after a frame; t = -1: before the first, from node 0 alone.
static void leave(ernn_token_passing *p, int t)
{
    for (int e = 0; e < p->n_ends; e++)
        for (int state = 0; state < 2; state++) {
            const token *from = &p->old[2 * p->ends[e].node + state];
            p->exits[2 * e + state] = from->score + p->ends[e].cost;
            if (t >= 0)
                p->links[(t * p->n_ends + e) * 2 + state] = from->link;
        }
}

static void step(ernn_token_passing *p, int t, const float *logits)
{
    ernn_log_softmax(logits, p->n_labels, p->frame);
    const exits best = p->is_shared ? best_exits(p, t) : (exits){0};
    int start = 0;
    for (int i = 0; i < p->n_nodes; i++) {
        const node *at = &p->nodes[i];
        token phone = p->old[2 * i];
        token blank = p->old[2 * i + 1];
        better(&blank, phone.score, phone.link);
        if (at->parent == NO_PARENT) {
            const token entered = p->is_shared ? enter_shared(p, &best, start) : enter(p, t, start);
            start++;
            better(&phone, entered.score, entered.link);
        } else if (i > 0) {
            const token *parent = &p->old[2 * at->parent];
            better(&phone, parent[1].score, parent[1].link);
            if (p->nodes[at->parent].label != at->label)
                better(&phone, parent[0].score, parent[0].link);
        }
        phone.score = i > 0 ? phone.score + p->frame[at->label] : -INFINITY;
        blank.score += p->frame[0];
        p->new[2 * i] = phone;
        p->new[2 * i + 1] = blank;
    }
    token *swap = p->old;
    p->old = p->new;
    p->new = swap;
    leave(p, t);
}

int ernn_token_passing_run(ernn_token_passing *p, const float *logits, int n_frames, int *words,
                           double *score)
{
    for (int i = 0; i < 2 * p->n_nodes; i++)
        p->old[i] = (token){-INFINITY, -1};
    p->old[1].score = 0;
    leave(p, -1);
    for (int t = 0; t < n_frames; t++)
        step(p, t, logits + (size_t)t * (size_t)p->n_labels);
    int best = 0;
    *score = -INFINITY;
    for (int i = 0; i < 2 * p->n_ends; i++) {
        const double total = p->exits[i] + p->final[p->ends[i / 2].word + 1];
        if (total > *score) {
            *score = total;
            best = i;
        }
    }
    int n = 0;
    for (int link = n_frames > 0 ? (n_frames - 1) * 2 * p->n_ends + best : -1; link >= 0;
         link = p->links[link]) {
        const int word = p->ends[link % (2 * p->n_ends) / 2].word;
        if (word != ERNN_EDGE)
            words[n++] = word;
    }
    for (int i = 0; i < n / 2; i++) {
        const int swap = words[i];
        words[i] = words[n - 1 - i];
        words[n - 1 - i] = swap;
    }
    return n;
}
