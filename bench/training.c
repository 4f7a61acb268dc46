// Training speed: frames per second of forward and backward pass on one core, CTC included, for a
// batch of utterances of one length. Prints the minimum and the median of several runs.
//
//     build/bench/bench-training [--json] [NAME]
//
// SPDX-License-Identifier: Apache-2.0
#include "base/rng.h"
#include "nn/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_BATCH = 32, RUNS = 9, N_LABELS = 40, FRAMES_PER_LABEL = 5 };

typedef struct bench_case {
    const char *name;
    const char *network;
    int n_inputs;
    int batch;
    int n_frames;
} bench_case;

static const bench_case cases[] = {
    {"gru-2x256-n4", "gru:256,256", 80, 4, 150},
    {"gru-2x256-n8", "gru:256,256", 80, 8, 150},
    {"gru-2x256-n16", "gru:256,256", 80, 16, 150},
    {"gru-2x256-before-n8", "gru:256,256+reset_before", 80, 8, 150},
    {"lstm-2x256-n8", "lstm:256,256+peephole", 80, 8, 150},
    {"lstm-2x1024p512-n8", "lstm:1024p512,1024p512+peephole", 153, 8, 150},
    {"gru-2x1024-n8", "gru:1024,1024", 39, 8, 150},
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct workload {
    ernn_model *model;
    ernn_weights *weights;
    ernn_net *net;
    float *dense_gradient;
    float *features;
    int *labels;
    ernn_batch batch;
    const float *frames[MAX_BATCH];
    const int *label_rows[MAX_BATCH];
    int n_frames[MAX_BATCH];
    int n_labels[MAX_BATCH];
    uint64_t seeds[MAX_BATCH];
} workload;

static void workload_free(workload *w)
{
    ernn_net_free(w->net);
    ernn_weights_free(w->weights);
    ernn_model_free(w->model);
    free(w->dense_gradient);
    free(w->features);
    free(w->labels);
}

static ernn_status workload_new(workload *w, const bench_case *c, ernn_error *err)
{
    *w = (workload){0};
    ernn_spec spec = ernn_spec_defaults();
    const ernn_features features = {0};
    spec.n_inputs = c->n_inputs;
    spec.n_labels = N_LABELS;
    ernn_status status = ernn_spec_parse(&spec, c->network, err);
    if (status == ERNN_OK)
        status = ernn_model_new(&spec, &features, (ernn_phone_set)0, 1, &w->model, err);
    if (status == ERNN_OK)
        status = ernn_weights_new(w->model, &w->weights, err);
    if (status == ERNN_OK)
        status = ernn_net_new(w->weights, c->batch, c->n_frames, 1, &w->net, err);
    if (status != ERNN_OK)
        return status;
    const size_t row = (size_t)c->n_frames * (size_t)c->n_inputs;
    w->dense_gradient = calloc(ernn_weights_count(w->weights), sizeof *w->dense_gradient);
    w->features = calloc((size_t)c->batch * row, sizeof *w->features);
    w->labels = calloc((size_t)c->n_frames, sizeof *w->labels);
    if (!w->dense_gradient || !w->features || !w->labels)
        return ERNN_NO_MEMORY;
    ernn_rng rng = ernn_rng_new(1, 0, 0);
    for (size_t i = 0; i < (size_t)c->batch * row; i++)
        w->features[i] = (float)ernn_rng_normal(&rng);
    for (int i = 0; i < c->n_frames; i++)
        w->labels[i] = 1 + (int)ernn_rng_below(&rng, N_LABELS - 1);
    for (int i = 0; i < c->batch; i++) {
        w->frames[i] = w->features + (size_t)i * row;
        w->n_frames[i] = c->n_frames;
        w->label_rows[i] = w->labels;
        w->n_labels[i] = c->n_frames / FRAMES_PER_LABEL;
        w->seeds[i] = (uint64_t)i;
    }
    w->batch =
        (ernn_batch){c->batch, w->frames, w->n_frames, w->label_rows, w->n_labels, ERNN_TARGET_CTC,
                     0.1,      0.3,       w->seeds,    NULL,          0,           {0}};
    return ERNN_OK;
}

// Seconds of one forward and backward pass, sorted.
static void measure(workload *w, double *forward, double *both)
{
    for (int run = -1; run < RUNS; run++) {
        int n_skipped;
        const double begin = seconds();
        ernn_net_forward(w->net, w->weights, &w->batch);
        const double middle = seconds();
        ernn_net_backward(w->net, w->weights, &w->batch, w->dense_gradient, &n_skipped);
        if (run < 0) // the first run warms up
            continue;
        forward[run] = middle - begin;
        both[run] = seconds() - begin;
    }
    qsort(forward, RUNS, sizeof *forward, compare);
    qsort(both, RUNS, sizeof *both, compare);
}

// Arithmetic of one frame: 2 operations for each weight forward, 4 backward.
static double operations(const workload *w)
{
    return 6 * (double)ernn_weights_count(w->weights);
}

static ernn_status run_case(const bench_case *c, bool is_json, bool is_first, ernn_error *err)
{
    workload w;
    double forward[RUNS];
    double both[RUNS];
    const ernn_status status = workload_new(&w, c, err);
    if (status == ERNN_OK) {
        measure(&w, forward, both);
        const double frames = (double)c->batch * c->n_frames;
        if (is_json)
            printf("%s\n{\"name\":\"training/%s\",\"value\":%.0f,\"unit\":\"frames/s\"}",
                   is_first ? "" : ",", c->name, frames / both[RUNS / 2]);
        else
            printf("%-22s %8.0f frames/s median, %8.0f best, %5.1f GFLOP/s, forward %2.0f %%\n",
                   c->name, frames / both[RUNS / 2], frames / both[0],
                   1e-9 * operations(&w) * frames / both[RUNS / 2],
                   100 * forward[RUNS / 2] / both[RUNS / 2]);
    }
    workload_free(&w);
    return status;
}

int main(int argc, char **argv)
{
    const bool is_json = argc > 1 && strcmp(argv[1], "--json") == 0;
    const char *only = argc > 1 + is_json ? argv[1 + is_json] : NULL;
    bool is_first = true;
    if (is_json)
        printf("{\"rows\":[");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ernn_error err = {0};
        if (only && strcmp(only, cases[i].name) != 0)
            continue;
        if (run_case(&cases[i], is_json, is_first, &err) != ERNN_OK) {
            fprintf(stderr, "bench-training: %s: %s\n", cases[i].name, err.text);
            return 1;
        }
        is_first = false;
    }
    if (is_json)
        printf("\n]}\n");
    return 0;
}
