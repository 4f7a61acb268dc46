// The two ways of splitting a recurrence between two threads (nn/recurrence.h) beside one thread:
// forward and backward pass of one network, each the best of some runs in turn, in milliseconds of
// the clock and of processor time. The latter counts waiting for memory, and says which way is
// better even when the second core is not free.
//
//     build/bench/bench-split NETWORK BLOCKS BATCH
//
// SPDX-License-Identifier: Apache-2.0
#include "base/rng.h"
#include "ernn/model.h"
#include "nn/net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { N_INPUTS = 153, N_LABELS = 62, N_FRAMES = 150, MAX_BATCH = 64, RUNS = 8, WAYS = 3 };

static const struct {
    const char *name;
    int threads;
    ernn_split split;
} ways[WAYS] = {
    {"one thread", 1, ERNN_SPLIT_UTTERANCES},
    {"two, by utterances", 2, ERNN_SPLIT_UTTERANCES},
    {"two, by columns", 2, ERNN_SPLIT_COLUMNS},
};

typedef struct stamp {
    double clock;
    double processor;
} stamp;

static double milliseconds(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static stamp stamp_now(void)
{
    return (stamp){milliseconds(CLOCK_MONOTONIC), milliseconds(CLOCK_PROCESS_CPUTIME_ID)};
}

static void keep_best(stamp *best, stamp begin)
{
    const stamp end = stamp_now();
    best->clock = fmin(best->clock, end.clock - begin.clock);
    best->processor = fmin(best->processor, end.processor - begin.processor);
}

typedef struct session {
    ernn_weights *weights;
    ernn_net *nets[WAYS];
    float *gradient;
    float frames[N_FRAMES * N_INPUTS];
    int labels[N_FRAMES];
    const float *frame_rows[MAX_BATCH];
    const int *label_rows[MAX_BATCH];
    int n_frames[MAX_BATCH];
    ernn_batch batch;
} session;

// What a failure leaves behind ends with the process.
static ernn_status make_nets(session *s, const char *network, const char *blocks, ernn_error *err)
{
    const ernn_features features = {0};
    ernn_spec spec = ernn_spec_defaults();
    ernn_model *model = NULL;
    spec.n_inputs = N_INPUTS;
    spec.n_labels = N_LABELS;
    ernn_status status = ernn_spec_parse(&spec, network, err);
    if (status == ERNN_OK)
        status = ernn_spec_parse_blocks(&spec, blocks, err);
    if (status == ERNN_OK)
        status = ernn_model_new(&spec, &features, ERNN_PHONES_61, 1, &model, err);
    if (status == ERNN_OK)
        status = ernn_weights_new(model, &s->weights, err);
    for (int w = 0; w < WAYS && status == ERNN_OK; w++) {
        status = ernn_net_new(s->weights, s->batch.n, N_FRAMES, ways[w].threads, &s->nets[w], err);
        if (status == ERNN_OK)
            ernn_net_set_split(s->nets[w], ways[w].split);
    }
    if (status != ERNN_OK)
        return status;
    s->gradient = calloc(ernn_weights_count(s->weights), sizeof *s->gradient);
    ernn_weights_update(s->weights, ernn_model_parameters(model), NULL);
    return s->gradient ? ERNN_OK : ernn_error_set(err, ERNN_NO_MEMORY, "no memory");
}

static void make_batch(session *s, int n)
{
    ernn_rng rng = ernn_rng_new(1, 0, 0);
    for (int i = 0; i < N_FRAMES * N_INPUTS; i++)
        s->frames[i] = (float)ernn_rng_below(&rng, 2001) / 1000 - 1;
    for (int i = 0; i < n; i++) {
        s->frame_rows[i] = s->frames;
        s->label_rows[i] = s->labels;
        s->n_frames[i] = N_FRAMES;
    }
    s->batch = (ernn_batch){.n = n,
                            .frames = s->frame_rows,
                            .n_frames = s->n_frames,
                            .labels = s->label_rows,
                            .n_labels = s->n_frames,
                            .target = ERNN_TARGET_FRAME};
}

static void measure(session *s)
{
    stamp best[WAYS][2];
    for (int w = 0; w < WAYS; w++)
        best[w][0] = best[w][1] = (stamp){INFINITY, INFINITY};
    for (int r = 0; r < RUNS; r++)
        for (int w = 0; w < WAYS; w++) {
            int n_skipped;
            const stamp begin = stamp_now();
            ernn_net_forward(s->nets[w], s->weights, &s->batch);
            keep_best(&best[w][0], begin);
            const stamp middle = stamp_now();
            ernn_net_backward(s->nets[w], s->weights, &s->batch, s->gradient, &n_skipped);
            keep_best(&best[w][1], middle);
        }
    for (int w = 0; w < WAYS; w++)
        printf("%-20s forward %6.1f ms (processor %6.1f)  backward %6.1f ms (processor %6.1f)\n",
               ways[w].name, best[w][0].clock, best[w][0].processor, best[w][1].clock,
               best[w][1].processor);
}

int main(int argc, char **argv)
{
    ernn_error err = {0};
    const int n = argc == 4 ? atoi(argv[3]) : 0;
    if (n < 1 || n > MAX_BATCH) {
        fprintf(stderr, "usage: bench-split NETWORK BLOCKS BATCH (1 to %d)\n", MAX_BATCH);
        return 2;
    }
    static session s;
    make_batch(&s, n);
    if (make_nets(&s, argv[1], argv[2], &err) == ERNN_OK) {
        measure(&s);
        return 0;
    }
    fprintf(stderr, "bench-split: %s\n", err.text);
    return 1;
}
