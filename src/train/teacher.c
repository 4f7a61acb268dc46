// A teacher's posteriors on the training set: computed once, read in every epoch.
// SPDX-License-Identifier: Apache-2.0
#include "train/teacher.h"

#include "base/memory.h"
#include "nn/net.h"
#include "num/activation.h"
#include "train/batches.h"
#include "train/evaluate.h"
#include "train/shards.h"

#include <math.h>
#include <omp.h>

// q[n] = softmax(x[n])
static void softmax(const float *x, int n, float *q)
{
    const double normaliser = ernn_log_sum_exp(x, n);
    for (int c = 0; c < n; c++)
        q[c] = (float)exp(x[c] - normaliser);
}

// Sequences order[begin ... end - 1].
static void run_group(ernn_net *net, const ernn_weights *weights, int n_labels,
                      const ernn_sequences *s, const size_t *order, size_t begin, size_t end,
                      float **posteriors)
{
    const float *frames[ERNN_DECODE_GROUP];
    int n_frames[ERNN_DECODE_GROUP];
    ernn_batch batch = {.frames = frames, .n_frames = n_frames};
    for (size_t i = begin; i < end && s->n_frames[order[i]] > 0; i++) { // empty ones are last
        frames[batch.n] = s->frames[order[i]];
        n_frames[batch.n++] = s->n_frames[order[i]];
    }
    if (batch.n == 0)
        return;
    ernn_net_forward(net, weights, &batch);
    for (int i = 0; i < batch.n; i++) {
        size_t stride = 0;
        const float *logits = ernn_net_logits(net, i, &stride);
        float *to = posteriors[order[begin + (size_t)i]];
        for (int t = 0; t < n_frames[i]; t++)
            softmax(logits + (size_t)t * stride, n_labels, to + (size_t)t * (size_t)n_labels);
    }
}

static ernn_status run_all(const ernn_model *model, const ernn_sequences *s, ernn_net **nets,
                           int n_nets, const ernn_weights *weights, float **posteriors,
                           ernn_error *err)
{
    const int n_labels = ernn_model_spec(model)->n_labels;
    size_t *order = NULL;
    const ernn_status status = ernn_batches_by_length(s, &order, err);
    const size_t n_groups = (s->n + ERNN_DECODE_GROUP - 1) / ERNN_DECODE_GROUP;
    if (status == ERNN_OK) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(n_nets)
        for (size_t i = 0; i < n_groups; i++) {
            const size_t end = (i + 1) * ERNN_DECODE_GROUP;
            run_group(nets[omp_get_thread_num()], weights, n_labels, s, order,
                      i * ERNN_DECODE_GROUP, end < s->n ? end : s->n, posteriors);
        }
    }
    ernn_mem_free(order);
    return status;
}

static float **allocate(const ernn_sequences *s, int n_labels, ernn_error *err)
{
    float **made = ernn_mem_new(s->n, sizeof *made, err);
    for (size_t i = 0; made && i < s->n; i++) {
        made[i] = ernn_mem_new((size_t)s->n_frames[i], (size_t)n_labels * sizeof **made, err);
        if (!made[i]) {
            ernn_teacher_free(made, s->n);
            return NULL;
        }
    }
    return made;
}

ernn_status ernn_teacher_new(const ernn_model *model, const ernn_sequences *sequences, int threads,
                             float ***posteriors, ernn_error *err)
{
    *posteriors = NULL;
    ernn_status status = ernn_evaluate_check(model, sequences, "teacher", err);
    if (status != ERNN_OK)
        return status;
    const int n_nets = ernn_shards_threads(threads);
    ernn_weights *weights = NULL;
    ernn_net **nets = ernn_mem_new((size_t)n_nets, sizeof *nets, err);
    float **made = allocate(sequences, ernn_model_spec(model)->n_labels, err);
    status = nets && made ? ernn_weights_new(model, &weights, err) : ERNN_NO_MEMORY;
    for (int i = 0; i < n_nets && status == ERNN_OK; i++)
        status = ernn_net_new(weights, ERNN_DECODE_GROUP, ernn_sequences_longest(sequences), 1,
                              &nets[i], err);
    if (status == ERNN_OK) {
        ernn_weights_update(weights, ernn_model_parameters_const(model), NULL);
        status = run_all(model, sequences, nets, n_nets, weights, made, err);
    }
    for (int i = 0; nets && i < n_nets; i++)
        ernn_net_free(nets[i]);
    ernn_mem_free(nets);
    ernn_weights_free(weights);
    if (status == ERNN_OK)
        *posteriors = made;
    else
        ernn_teacher_free(made, sequences->n);
    return status;
}

void ernn_teacher_free(float **posteriors, size_t n)
{
    for (size_t i = 0; posteriors && i < n; i++)
        ernn_mem_free(posteriors[i]);
    ernn_mem_free(posteriors);
}
