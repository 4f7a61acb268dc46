// One side of the comparison that bench/training makes: trains made-up utterances of one length
// with ernn_train, as the command does, and times every update (forward, backward, clipping, Adam;
// frame cross-entropy; no noise, no dropout). The script runs it and its peer in turn.
//
//     build/bench/bench-training --serve NETWORK BLOCKS BATCH THREADS
//         one line about the work, then for every line read one update and its seconds
//     build/bench/bench-training --peak
//         multiply-adds per second of one core in registers
//     build/bench/bench-training [NETWORK BLOCKS BATCH THREADS]
//         frames per second of one network, or of those of the table, without a peer
//
// SPDX-License-Identifier: Apache-2.0
#include "base/rng.h"
#include "circ/circ.h"
#include "ernn/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { N_INPUTS = 153, N_LABELS = 62, N_FRAMES = 300, BATCHES = 64, RUNS = 5 };

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// ---- Peak ----

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx512f"))) static double peak_avx512(int rounds)
{
    __m512 sums[16];
    const __m512 a = _mm512_set1_ps(0.999f);
    const __m512 b = _mm512_set1_ps(1e-3f);
    float out[16];
    for (int i = 0; i < 16; i++)
        sums[i] = _mm512_set1_ps((float)i);
    const double begin = seconds();
    for (int r = 0; r < rounds; r++)
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++)
            sums[i] = _mm512_fmadd_ps(sums[i], a, b);
    const double taken = seconds() - begin;
    for (int i = 0; i < 16; i++) {
        _mm512_storeu_ps(out, sums[i]);
        if (isnan(out[0])) // the sums are wanted
            return 0;
    }
    return 256.0 * rounds / taken;
}

__attribute__((target("avx2,fma"))) static double peak_avx2(int rounds)
{
    __m256 sums[12];
    const __m256 a = _mm256_set1_ps(0.999f);
    const __m256 b = _mm256_set1_ps(1e-3f);
    float out[8];
    for (int i = 0; i < 12; i++)
        sums[i] = _mm256_set1_ps((float)i);
    const double begin = seconds();
    for (int r = 0; r < rounds; r++)
#pragma GCC unroll 12
        for (int i = 0; i < 12; i++)
            sums[i] = _mm256_fmadd_ps(sums[i], a, b);
    const double taken = seconds() - begin;
    for (int i = 0; i < 12; i++) {
        _mm256_storeu_ps(out, sums[i]);
        if (isnan(out[0]))
            return 0;
    }
    return 96.0 * rounds / taken;
}
#endif

// The best of several, 0 where it is not known.
static double peak(void)
{
    double best = 0;
#if defined(__x86_64__)
    for (int i = 0; i < 20; i++) {
        double now = 0;
        if (__builtin_cpu_supports("avx512f"))
            now = peak_avx512(1000000);
        else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
            now = peak_avx2(1000000);
        best = now > best ? now : best;
    }
#endif
    return best;
}

// ---- The work ----

// Real multiplications of one row by a tensor: those of its spectral products, without transforms.
static double multiplications(const ernn_tensor *t)
{
    const double blocks =
        (double)ernn_circ_blocks(t->rows, t->block) * (double)ernn_circ_blocks(t->cols, t->block);
    return t->block == 1 ? (double)t->rows * t->cols : blocks * (2 * t->block - 2);
}

// Multiplications of one frame, forward, to the inputs and to the weights.
static double work_of_frame(const ernn_model *model)
{
    double sum = 0;
    for (size_t i = 0; i < ernn_model_n_tensors(model); i++) {
        const ernn_tensor *t = &ernn_model_tensors(model)[i];
        const bool is_first = t->layer == 0 && t->matrix == ERNN_MATRIX_INPUT;
        if (t->is_matrix)
            sum += (is_first ? 2 : 3) * multiplications(t);
    }
    return sum;
}

typedef struct session {
    const char *network;
    const char *blocks;
    int batch;
    int threads;
    bool is_served;
    ernn_model *model;
    ernn_sequences sequences;
    double began; // of the present update
    int n_updates;
    double taken[RUNS];
} session;

static void fail(const session *s, const ernn_error *err)
{
    fprintf(stderr, "bench-training: %s: %s\n", s->network, err->text);
    exit(1);
}

// BATCHES batches of the same utterances: only the pointers are many.
static void make_sequences(session *s)
{
    ernn_sequences *q = &s->sequences;
    const size_t n = (size_t)s->batch * BATCHES;
    const size_t row = (size_t)N_FRAMES * N_INPUTS;
    float *frames = calloc((size_t)s->batch * row, sizeof *frames);
    int *phones = calloc(N_FRAMES, sizeof *phones);
    *q = (ernn_sequences){.n = n, .width = N_INPUTS, .phone_set = ERNN_PHONES_61};
    q->frames = calloc(n, sizeof *q->frames);
    q->n_frames = calloc(n, sizeof *q->n_frames);
    q->phones = calloc(n, sizeof *q->phones);
    q->n_phones = calloc(n, sizeof *q->n_phones);
    q->alignment = calloc(n, sizeof *q->alignment);
    q->ids = calloc(n, sizeof *q->ids);
    q->speakers = calloc(n, sizeof *q->speakers);
    if (!frames || !phones || !q->frames || !q->n_frames || !q->phones || !q->n_phones ||
        !q->alignment || !q->ids || !q->speakers) {
        fprintf(stderr, "bench-training: out of memory\n");
        exit(1);
    }
    ernn_rng rng = ernn_rng_new(1, 0, 0);
    for (size_t i = 0; i < (size_t)s->batch * row; i++)
        frames[i] = (float)ernn_rng_normal(&rng);
    for (int t = 0; t < N_FRAMES; t++)
        phones[t] = (int)ernn_rng_below(&rng, N_LABELS - 1);
    for (size_t i = 0; i < n; i++) {
        q->frames[i] = frames + i % (size_t)s->batch * row;
        q->n_frames[i] = N_FRAMES;
        q->phones[i] = q->alignment[i] = phones;
        q->n_phones[i] = N_FRAMES / 5;
        q->ids[i] = q->speakers[i] = "made-up";
    }
}

static void wait_for_line(void)
{
    int c;
    while ((c = getchar()) != '\n')
        if (c == EOF)
            exit(0);
}

// Called after every update but the last of an epoch, and at the end of an epoch.
static bool after_update(void *user, double done, double total, const char *text)
{
    (void)total;
    (void)text;
    session *s = user;
    const double now = seconds();
    const bool is_update = done > floor(done); // else the epoch's end is in the time as well
    if (is_update && s->n_updates > 0 && s->is_served) {
        printf("%.9f\n", now - s->began);
        fflush(stdout);
    } else if (is_update && s->n_updates > 0)
        s->taken[s->n_updates - 1] = now - s->began;
    s->n_updates += is_update;
    if (s->is_served && is_update)
        wait_for_line();
    s->began = seconds();
    return s->is_served || s->n_updates <= RUNS;
}

static void run(session *s)
{
    ernn_error err = {0};
    ernn_spec spec = ernn_spec_defaults();
    const ernn_features features = {0};
    ernn_model *trained = NULL;
    ernn_train_report report = {0};
    spec.n_inputs = N_INPUTS;
    spec.n_labels = N_LABELS;
    if (ernn_spec_parse(&spec, s->network, &err) != ERNN_OK ||
        ernn_spec_parse_blocks(&spec, s->blocks, &err) != ERNN_OK ||
        ernn_model_new(&spec, &features, ERNN_PHONES_61, 1, &s->model, &err) != ERNN_OK)
        fail(s, &err);
    make_sequences(s);
    ernn_train_options options = ernn_train_defaults();
    options.method = ernn_spec_is_dense(&spec) ? ERNN_METHOD_DENSE : ERNN_METHOD_CIRCULANT;
    options.loss = ERNN_LOSS_FRAME;
    options.n_epochs = 10000;
    options.batch = s->batch;
    options.learning_rate = 1e-4;
    options.noise = options.dropout = 0;
    options.threads = s->threads;
    options.progress = after_update;
    options.progress_user = s;
    if (s->is_served) {
        printf("{\"frames\":%d,\"work\":%.0f,\"parameters\":%zu}\n", s->batch * N_FRAMES,
               work_of_frame(s->model), ernn_model_n_parameters(s->model));
        fflush(stdout);
    }
    const ernn_status status =
        ernn_train(s->model, NULL, &s->sequences, NULL, &options, &trained, &report, &err);
    if (status != ERNN_OK && status != ERNN_STOPPED)
        fail(s, &err);
    ernn_model_free(trained);
    ernn_train_report_free(&report);
    ernn_model_free(s->model);
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_alone(const char *network, const char *blocks, int batch, int threads)
{
    session s = {.network = network, .blocks = blocks, .batch = batch, .threads = threads};
    run(&s);
    qsort(s.taken, RUNS, sizeof *s.taken, compare);
    const double frames = (double)batch * N_FRAMES;
    printf("%-24s blocks %-3s batch %2d, %d threads: %7.0f frames/s median, %7.0f best\n", network,
           blocks, batch, threads, frames / s.taken[RUNS / 2], frames / s.taken[0]);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const bool is_served = argc > 1 && strcmp(argv[1], "--serve") == 0;
    if (argc == 2 && strcmp(argv[1], "--peak") == 0) {
        printf("%.6g\n", peak());
        return 0;
    }
    char **args = argv + 1 + is_served;
    if (argc == 5 + is_served) {
        session s = {.network = args[0],
                     .blocks = args[1],
                     .batch = atoi(args[2]),
                     .threads = atoi(args[3]),
                     .is_served = true};
        if (is_served)
            run(&s);
        else
            print_alone(s.network, s.blocks, s.batch, s.threads);
        return 0;
    }
    if (argc != 1) {
        fprintf(stderr,
                "usage: bench-training [[--serve] NETWORK BLOCKS BATCH THREADS | --peak]\n");
        return 2;
    }
    print_alone("lstm:1024p512,1024p512", "1", 8, 1);
    print_alone("lstm:1024p512,1024p512", "8", 8, 1);
    print_alone("lstm:1024p512,1024p512", "16", 8, 1);
    print_alone("gru:256,256", "1", 8, 1);
    return 0;
}
