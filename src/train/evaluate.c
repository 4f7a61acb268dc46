// Evaluation of the float model: groups of utterances of similar length through the batched net, in
// parallel, then scored in order. SPDX-License-Identifier: Apache-2.0
#include "train/evaluate.h"

#include "base/memory.h"
#include "train/batches.h"
#include "train/comm.h"
#include "train/shards.h"

#include <omp.h>
#include <string.h>
#include <time.h>

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

ernn_status ernn_evaluate_check(const ernn_model *model, const ernn_sequences *sequences,
                                const char *what, ernn_error *err)
{
    const ernn_spec *spec = ernn_model_spec(model);
    const int n_phones = ernn_phones_count(sequences->phone_set);
    if (sequences->n == 0)
        return ernn_error_set(err, ERNN_BAD_ARG, "%s: no utterances", what);
    if (sequences->width != spec->n_inputs)
        return ernn_error_set(
            err, ERNN_BAD_ARG,
            "%s: %d features per frame, the model takes %d; compute them with the "
            "model's own feature settings",
            what, sequences->width, spec->n_inputs);
    if (sequences->phone_set != ernn_model_phone_set(model) || spec->n_labels != n_phones + 1)
        return ernn_error_set(
            err, ERNN_BAD_ARG,
            "%s: %d phones, the model has %d labels (blank included) of %d phones; "
            "fold the labels to the model's set",
            what, n_phones, spec->n_labels, ernn_phones_count(ernn_model_phone_set(model)));
    return ERNN_OK;
}

// ---- Decoding ----

typedef struct job {
    const ernn_model *model;
    const ernn_weights *weights;
    ernn_net *const *nets;
    const ernn_sequences *sequences;
    ernn_decoding *decoding;
    size_t *order;  // [n] by falling length
    float **logits; // [n_nets] -> [longest][n_labels]
} job;

// Sequences order[begin ... end - 1].
static void decode_group(const job *d, size_t begin, size_t end, int thread)
{
    const ernn_sequences *s = d->sequences;
    const size_t n_labels = (size_t)ernn_model_spec(d->model)->n_labels;
    const float *frames[ERNN_DECODE_GROUP];
    int n_frames[ERNN_DECODE_GROUP];
    ernn_batch batch = {.frames = frames, .n_frames = n_frames};
    for (size_t i = begin; i < end; i++) {
        const size_t item = d->order[i];
        if (s->n_frames[item] == 0) { // sorted last: what follows is empty as well
            ernn_decoding_run(d->decoding, thread, item, d->logits[thread]);
            continue;
        }
        frames[batch.n] = s->frames[item];
        n_frames[batch.n++] = s->n_frames[item];
    }
    if (batch.n == 0)
        return;
    ernn_net_forward(d->nets[thread], d->weights, &batch);
    float *own = d->logits[thread];
    for (int i = 0; i < batch.n; i++) {
        size_t stride = 0;
        const float *logits = ernn_net_logits(d->nets[thread], i, &stride);
        for (int t = 0; t < n_frames[i]; t++)
            memcpy(own + (size_t)t * n_labels, logits + (size_t)t * stride,
                   n_labels * sizeof(float));
        ernn_decoding_run(d->decoding, thread, d->order[begin + (size_t)i], own);
    }
}

static ernn_status allocate(job *d, int n_nets, ernn_error *err)
{
    const size_t longest = (size_t)ernn_sequences_longest(d->sequences);
    const size_t n_labels = (size_t)ernn_model_spec(d->model)->n_labels;
    d->logits = ernn_mem_new((size_t)n_nets, sizeof *d->logits, err);
    if (!d->logits)
        return ERNN_NO_MEMORY;
    for (int i = 0; i < n_nets; i++)
        if (!(d->logits[i] = ernn_mem_new(longest * n_labels, sizeof(float), err)))
            return ERNN_NO_MEMORY;
    return ernn_batches_by_length(d->sequences, &d->order, err);
}

// The scores of all ranks.
static ernn_status sum_scores(ernn_comm *comm, ernn_evaluation *e, ernn_error *err)
{
    int64_t counts[12];
    for (int i = 0; i < 3; i++) {
        const ernn_score *s = &e->scores[i];
        memcpy(counts + 4 * i,
               (int64_t[]){s->substitutions, s->deletions, s->insertions, s->references},
               4 * sizeof *counts);
    }
    const ernn_status status = ernn_comm_sum(comm, counts, 12, err);
    for (int i = 0; i < 3; i++)
        e->scores[i] =
            (ernn_score){counts[4 * i], counts[4 * i + 1], counts[4 * i + 2], counts[4 * i + 3]};
    return status;
}

// Every size-th group from `rank` on: long and short ones fall to all ranks.
static void decode_groups(const job *d, int n_nets, const ernn_comm *comm)
{
    const size_t group = ERNN_DECODE_GROUP;
    const size_t n = d->sequences->n;
    const size_t n_groups = (n + group - 1) / group;
    const size_t step = (size_t)ernn_comm_size(comm);
#pragma omp parallel for schedule(dynamic, 1) num_threads(n_nets)
    for (size_t i = (size_t)ernn_comm_rank(comm); i < n_groups; i += step) {
        const size_t end = (i + 1) * group;
        decode_group(d, i * group, end < n ? end : n, omp_get_thread_num());
    }
}

ernn_status ernn_evaluate_on(const ernn_model *model, const ernn_weights *weights,
                             ernn_net *const *nets, int n_nets, ernn_comm *comm,
                             const ernn_sequences *sequences, const ernn_decode_options *options,
                             ernn_evaluation *evaluation, ernn_error *err)
{
    const double started = seconds_now();
    job d = {.model = model, .weights = weights, .nets = nets, .sequences = sequences};
    ernn_status status = ernn_decoding_new(options, sequences, ernn_model_spec(model)->n_labels,
                                           n_nets, evaluation, &d.decoding, err);
    if (status == ERNN_OK)
        status = allocate(&d, n_nets, err);
    if (status == ERNN_OK) {
        decode_groups(&d, n_nets, comm);
        status = ernn_decoding_score(d.decoding, err);
    }
    status = ernn_comm_agree(comm, status, err);
    if (status == ERNN_OK)
        status = sum_scores(comm, evaluation, err);
    for (int i = 0; d.logits && i < n_nets; i++)
        ernn_mem_free(d.logits[i]);
    ernn_mem_free(d.logits);
    ernn_mem_free(d.order);
    ernn_decoding_free(d.decoding);
    evaluation->seconds = seconds_now() - started;
    if (status != ERNN_OK)
        ernn_evaluation_free(evaluation);
    return status;
}

// ---- Public ----

ernn_status ernn_evaluate(const ernn_model *model, const ernn_sequences *sequences,
                          const ernn_decode_options *options, int threads,
                          ernn_evaluation *evaluation, ernn_error *err)
{
    *evaluation = (ernn_evaluation){0};
    ernn_status status = ernn_evaluate_check(model, sequences, "evaluation", err);
    if (status != ERNN_OK)
        return status;
    const int n_nets = ernn_shards_threads(threads);
    const int longest = ernn_sequences_longest(sequences);
    ernn_weights *weights = NULL;
    ernn_net **nets = ernn_mem_new((size_t)n_nets, sizeof *nets, err);
    if (!nets)
        return ERNN_NO_MEMORY;
    status = ernn_weights_new(model, &weights, err);
    for (int i = 0; i < n_nets && status == ERNN_OK; i++)
        status = ernn_net_new(weights, ERNN_DECODE_GROUP, longest, 1, &nets[i], err);
    if (status == ERNN_OK) {
        ernn_weights_update(weights, ernn_model_parameters_const(model), NULL);
        status = ernn_evaluate_on(model, weights, nets, n_nets, NULL, sequences, options,
                                  evaluation, err);
    }
    for (int i = 0; i < n_nets; i++)
        ernn_net_free(nets[i]);
    ernn_mem_free(nets);
    ernn_weights_free(weights);
    return status;
}
