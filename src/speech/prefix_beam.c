// CTC prefix search: the probabilities of the likeliest labellings, each summed over its
// alignments, with the phone bigram added as a phone is appended (docs/math.md, Prefix search).
// Prefixes are nodes of a tree, found again through a hash table, so that a prefix that fell out of
// the beam and returns is the same one. SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"
#include "speech/decoders.h"

#include <math.h>
#include <string.h>

// A labelling: that of `parent` and one phone more. Node 0 is the empty one.
typedef struct node {
    int parent;
    int label;
    int length;
    int slot; // its place among the entries of this frame, -1: none
} node;

// What is known of a prefix after a frame: ln of the probability of the alignments that end in
// blank and in its last label, and the weighted bigram less the penalties.
typedef struct entry {
    int node;
    double blank;
    double label;
    double lm;
} entry;

// A prefix that may be kept: an entry as it stays (extension 0), or extended by a label.
typedef struct candidate {
    double rank;
    int order; // among the candidates of the frame: settles equals
    int from;  // entry
    int extension;
    double score; // of alignments that end in the label of the extension
} candidate;

struct ernn_beam {
    const ernn_decode_options *options;
    int n_labels;
    int max_frames;
    double *transition; // [n_labels][n_labels] from label (0: start) to label (0: end)
    double *frame;      // [n_labels]
    node *nodes;        // [max_frames * beam + 1]
    int n_nodes;
    int *table; // [table_size] node + 1 of (parent, label), 0: free
    size_t table_size;
    entry *entries; // [beam]
    entry *next;    // [beam]
    entry *stayed;  // [beam]
    int n_entries;
    candidate *heap; // [beam], the worst on top
    int n_heap;
};

void ernn_beam_free(ernn_beam *b)
{
    if (!b)
        return;
    ernn_mem_free(b->transition);
    ernn_mem_free(b->frame);
    ernn_mem_free(b->nodes);
    ernn_mem_free(b->table);
    ernn_mem_free(b->entries);
    ernn_mem_free(b->next);
    ernn_mem_free(b->stayed);
    ernn_mem_free(b->heap);
    ernn_mem_free(b);
}

static void fill_transitions(ernn_beam *b)
{
    const int n = b->n_labels;
    for (int from = 0; from < n; from++)
        for (int to = 0; to < n; to++)
            b->transition[from * n + to] =
                ernn_decode_lm(b->options, from ? from - 1 : ERNN_EDGE, to ? to - 1 : ERNN_EDGE) -
                (to ? b->options->insertion_penalty : 0);
}

ernn_status ernn_beam_new(const ernn_decode_options *options, int n_labels, int max_frames,
                          ernn_beam **beam, ernn_error *err)
{
    *beam = NULL;
    const size_t width = (size_t)options->beam;
    const size_t n = (size_t)n_labels;
    const size_t n_nodes = (size_t)max_frames * width + 1;
    if (n_nodes > 1 << 28)
        return ernn_error_set(err, ERNN_TOO_BIG,
                              "beam: %zu prefixes over %d frames; at most 2^28 in all", width,
                              max_frames);
    ernn_beam *b = ernn_mem_new(1, sizeof *b, err);
    if (!b)
        return ERNN_NO_MEMORY;
    *b = (ernn_beam){.options = options, .n_labels = n_labels, .max_frames = max_frames};
    for (b->table_size = 16; b->table_size < 2 * n_nodes;)
        b->table_size *= 2;
    b->transition = ernn_mem_new(n * n, sizeof *b->transition, err);
    b->frame = ernn_mem_new(n, sizeof *b->frame, err);
    b->nodes = ernn_mem_new(n_nodes, sizeof *b->nodes, err);
    b->table = ernn_mem_new(b->table_size, sizeof *b->table, err);
    b->entries = ernn_mem_new(width, sizeof *b->entries, err);
    b->next = ernn_mem_new(width, sizeof *b->next, err);
    b->stayed = ernn_mem_new(width, sizeof *b->stayed, err);
    b->heap = ernn_mem_new(width, sizeof *b->heap, err);
    if (!b->transition || !b->frame || !b->nodes || !b->table || !b->entries || !b->next ||
        !b->stayed || !b->heap) {
        ernn_beam_free(b);
        return ERNN_NO_MEMORY;
    }
    fill_transitions(b);
    *beam = b;
    return ERNN_OK;
}

// ---- Prefixes ----

// The place of (parent, label) in the table: its node's, or a free one.
static size_t find_place(const ernn_beam *b, int parent, int label)
{
    const uint64_t key = (uint64_t)(uint32_t)parent << 8 | (uint64_t)(uint32_t)label;
    size_t place = (size_t)(key * 0x9E3779B97F4A7C15u >> 20) & (b->table_size - 1);
    for (; b->table[place]; place = (place + 1) & (b->table_size - 1)) {
        const node *found = &b->nodes[b->table[place] - 1];
        if (found->parent == parent && found->label == label)
            break;
    }
    return place;
}

// The node of a prefix extended by `label`, made when there is none: at most `beam` in each frame.
static int extend(ernn_beam *b, int parent, int label)
{
    const size_t place = find_place(b, parent, label);
    if (!b->table[place]) {
        b->nodes[b->n_nodes++] = (node){parent, label, b->nodes[parent].length + 1, -1};
        b->table[place] = b->n_nodes;
    }
    return b->table[place] - 1;
}

// ---- The best candidates: a heap with the worst on top ----

static bool is_worse(const candidate *a, const candidate *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->order > b->order;
}

static void sift_down(candidate *heap, int n, int i)
{
    for (;;) {
        int worst = i;
        for (int child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++)
            if (is_worse(&heap[child], &heap[worst]))
                worst = child;
        if (worst == i)
            return;
        const candidate swap = heap[i];
        heap[i] = heap[worst];
        heap[worst] = swap;
        i = worst;
    }
}

static void offer(ernn_beam *b, candidate c)
{
    if (c.rank == -INFINITY)
        return;
    if (b->n_heap == b->options->beam) {
        if (is_worse(&c, &b->heap[0]))
            return;
        b->heap[0] = c;
        sift_down(b->heap, b->n_heap, 0);
        return;
    }
    int i = b->n_heap++;
    b->heap[i] = c;
    while (i > 0 && is_worse(&b->heap[i], &b->heap[(i - 1) / 2])) {
        const candidate swap = b->heap[i];
        b->heap[i] = b->heap[(i - 1) / 2];
        b->heap[(i - 1) / 2] = swap;
        i = (i - 1) / 2;
    }
}

// ---- One frame ----

// The extension of entry i by `label`: joins the entry that this prefix already is, or is offered.
static void propose(ernn_beam *b, int i, int label, int order)
{
    const entry *from = &b->entries[i];
    const int last = b->nodes[from->node].label;
    // A repeated label is a new phone only after a blank.
    const double before = label == last ? from->blank : ernn_log_add(from->blank, from->label);
    const double score = before + b->frame[label];
    const size_t place = find_place(b, from->node, label);
    const int slot = b->table[place] ? b->nodes[b->table[place] - 1].slot : -1;
    if (slot >= 0) {
        b->stayed[slot].label = ernn_log_add(b->stayed[slot].label, score);
        return;
    }
    const double lm = from->lm + b->transition[last * b->n_labels + label];
    offer(b, (candidate){score + lm, order, i, label, score});
}

// The kept candidates as the entries of the next frame.
static void keep(ernn_beam *b)
{
    for (int i = 0; i < b->n_entries; i++)
        b->nodes[b->entries[i].node].slot = -1;
    for (int i = 0; i < b->n_heap; i++) {
        const candidate *c = &b->heap[i];
        const entry *from = &b->entries[c->from];
        if (c->extension == 0) {
            b->next[i] = b->stayed[c->from];
        } else {
            const int last = b->nodes[from->node].label;
            b->next[i] = (entry){extend(b, from->node, c->extension), -INFINITY, c->score,
                                 from->lm + b->transition[last * b->n_labels + c->extension]};
        }
        b->nodes[b->next[i].node].slot = i;
    }
    entry *swap = b->entries;
    b->entries = b->next;
    b->next = swap;
    b->n_entries = b->n_heap;
}

static void step(ernn_beam *b, const float *logits)
{
    const int n = b->n_labels;
    ernn_log_softmax(logits, n, b->frame);
    for (int i = 0; i < b->n_entries; i++) {
        const entry *e = &b->entries[i];
        const int last = b->nodes[e->node].label;
        b->stayed[i] = *e;
        b->stayed[i].blank = ernn_log_add(e->blank, e->label) + b->frame[0];
        b->stayed[i].label = last ? e->label + b->frame[last] : -INFINITY;
    }
    b->n_heap = 0;
    for (int i = 0; i < b->n_entries; i++)
        for (int label = 1; label < n; label++)
            propose(b, i, label, b->n_entries + i * n + label);
    for (int i = 0; i < b->n_entries; i++) {
        const entry *e = &b->stayed[i];
        offer(b, (candidate){ernn_log_add(e->blank, e->label) + e->lm, i, i, 0, 0});
    }
    keep(b);
}

int ernn_beam_run(ernn_beam *b, const float *logits, int n_frames, int *phones, double *score)
{
    memset(b->table, 0, b->table_size * sizeof *b->table);
    b->nodes[0] = (node){-1, 0, 0, 0};
    b->n_nodes = 1;
    b->entries[0] = (entry){0, 0, -INFINITY, 0};
    b->n_entries = 1;
    for (int t = 0; t < n_frames; t++)
        step(b, logits + (size_t)t * (size_t)b->n_labels);
    int best = 0;
    *score = -INFINITY;
    for (int i = 0; i < b->n_entries; i++) {
        const entry *e = &b->entries[i];
        const double total = ernn_log_add(e->blank, e->label) + e->lm +
                             b->transition[b->nodes[e->node].label * b->n_labels];
        // Of equals the earlier node, whatever their places in the heap.
        if (total > *score || (total == *score && e->node < b->entries[best].node)) {
            *score = total;
            best = i;
        }
    }
    const int length = b->nodes[b->entries[best].node].length;
    for (int i = length, at = b->entries[best].node; i > 0; at = b->nodes[at].parent)
        phones[--i] = b->nodes[at].label - 1;
    return length;
}
