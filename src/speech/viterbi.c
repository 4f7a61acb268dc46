// Viterbi decoding of frame-trained networks: the best sequence of phones with their times, through
// the bigram, posteriors divided by priors (docs/math.md, Viterbi). Exact over the whole utterance.
// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"
#include "speech/decoders.h"

#include <math.h>

// A phone's path so far: its score and the frame where the phone began.
typedef struct path {
    double score;
    int start;
} path;

struct ernn_viterbi {
    const ernn_decode_options *options;
    int n_phones;
    int max_frames;
    double
        *transition; // [n_phones + 1][n_phones] weighted bigram less the penalty; last row: start
    double *final;   // [n_phones] weighted bigram to the end
    double *frame;   // [n_labels]
    path *paths;     // [n_phones][min_frames] by frames spent, the last for all that follow
    int *came_from;  // [max_frames][n_phones] phone before the one that begins here
    int *began;      // [max_frames][n_phones] where the phone that may end here began
};

void ernn_viterbi_free(ernn_viterbi *v)
{
    if (!v)
        return;
    ernn_mem_free(v->transition);
    ernn_mem_free(v->final);
    ernn_mem_free(v->frame);
    ernn_mem_free(v->paths);
    ernn_mem_free(v->came_from);
    ernn_mem_free(v->began);
    ernn_mem_free(v);
}

static void fill_transitions(ernn_viterbi *v)
{
    const int n = v->n_phones;
    for (int from = 0; from <= n; from++)
        for (int to = 0; to < n; to++)
            v->transition[from * n + to] =
                ernn_decode_lm(v->options, from < n ? from : ERNN_EDGE, to) -
                v->options->insertion_penalty;
    for (int from = 0; from < n; from++)
        v->final[from] = ernn_decode_lm(v->options, from, ERNN_EDGE);
}

ernn_status ernn_viterbi_new(const ernn_decode_options *options, int n_labels, int max_frames,
                             ernn_viterbi **viterbi, ernn_error *err)
{
    *viterbi = NULL;
    ernn_viterbi *v = ernn_mem_new(1, sizeof *v, err);
    if (!v)
        return ERNN_NO_MEMORY;
    const size_t n = (size_t)n_labels - 1;
    const size_t cells = (size_t)max_frames * n;
    *v = (ernn_viterbi){.options = options, .n_phones = n_labels - 1, .max_frames = max_frames};
    v->transition = ernn_mem_new((n + 1) * n, sizeof *v->transition, err);
    v->final = ernn_mem_new(n, sizeof *v->final, err);
    v->frame = ernn_mem_new(n + 1, sizeof *v->frame, err);
    v->paths = ernn_mem_new(n * (size_t)options->min_frames, sizeof *v->paths, err);
    v->came_from = ernn_mem_new(cells, sizeof *v->came_from, err);
    v->began = ernn_mem_new(cells, sizeof *v->began, err);
    if (!v->transition || !v->final || !v->frame || !v->paths || !v->came_from || !v->began) {
        ernn_viterbi_free(v);
        return ERNN_NO_MEMORY;
    }
    fill_transitions(v);
    *viterbi = v;
    return ERNN_OK;
}

// frame[p] = scale (ln P(p | x) - ln P(p)); the blank is no target of frame training and left out,
// which shifts all phones of a frame alike.
static void observe(ernn_viterbi *v, const float *logits)
{
    ernn_log_softmax(logits + 1, v->n_phones, v->frame);
    for (int p = 0; p < v->n_phones; p++)
        v->frame[p] = v->options->acoustic_scale *
                      (v->frame[p] - (v->options->log_priors ? v->options->log_priors[p] : 0));
}

// The best way into phone `to` at frame t: from the start, or from a phone that ended at t - 1,
// scores[p * stride].
static path enter(ernn_viterbi *v, int t, int to, const double *ended)
{
    const int n = v->n_phones;
    if (t == 0)
        return (path){v->transition[n * n + to], 0};
    path best = {-INFINITY, t};
    for (int from = 0; from < n; from++) {
        const double score = ended[from] + v->transition[from * n + to];
        if (score > best.score) {
            best.score = score;
            v->came_from[t * n + to] = from;
        }
    }
    return best;
}

// One frame of one phone: paths[shortest] by frames spent move on by one.
static void advance(path *paths, int shortest, path entered, double observed)
{
    path stayed = paths[shortest - 1];
    for (int d = shortest - 1; d > 0; d--)
        paths[d] = paths[d - 1];
    paths[0] = entered;
    // The last place holds all paths that spent their least: of equals the longer stay.
    if (stayed.score >= paths[shortest - 1].score)
        paths[shortest - 1] = stayed;
    for (int d = 0; d < shortest; d++)
        paths[d].score += observed;
}

static int trace(const ernn_viterbi *v, int n_frames, int phone, int *phones)
{
    const int n = v->n_phones;
    int count = 0;
    for (int t = n_frames - 1;;) {
        phones[count++] = phone;
        const int start = v->began[t * n + phone];
        if (start == 0)
            break;
        phone = v->came_from[start * n + phone];
        t = start - 1;
    }
    for (int i = 0; i < count / 2; i++) {
        const int swap = phones[i];
        phones[i] = phones[count - 1 - i];
        phones[count - 1 - i] = swap;
    }
    return count;
}

int ernn_viterbi_run(ernn_viterbi *v, const float *logits, int n_frames, int *phones, double *score)
{
    const int n = v->n_phones;
    // An utterance shorter than the shortest phone is one phone.
    const int shortest =
        v->options->min_frames < n_frames ? v->options->min_frames : (n_frames > 0 ? n_frames : 1);
    double ended[ERNN_MAX_PHONES];
    *score = 0;
    if (n_frames <= 0)
        return 0;
    for (int i = 0; i < n * shortest; i++)
        v->paths[i] = (path){-INFINITY, 0};
    for (int t = 0; t < n_frames; t++) {
        observe(v, logits + (size_t)t * ((size_t)n + 1));
        for (int p = 0; p < n; p++)
            ended[p] = v->paths[(p + 1) * shortest - 1].score;
        for (int p = 0; p < n; p++) {
            path *own = v->paths + p * shortest;
            advance(own, shortest, enter(v, t, p, ended), v->frame[p]);
            v->began[t * n + p] = own[shortest - 1].start;
        }
    }
    int best = 0;
    double best_score = -INFINITY;
    for (int p = 0; p < n; p++) {
        const double total = v->paths[(p + 1) * shortest - 1].score + v->final[p];
        if (total > best_score) {
            best_score = total;
            best = p;
        }
    }
    *score = best_score;
    return trace(v, n_frames, best, phones);
}
