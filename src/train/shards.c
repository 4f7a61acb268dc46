// Gradients of batches. SPDX-License-Identifier: Apache-2.0
#include "train/shards.h"

#include "base/memory.h"

#include <omp.h>
#include <string.h>

int ernn_shards_threads(int threads)
{
    return threads > 0 ? threads : omp_get_num_procs();
}

ernn_status ernn_shards_new(const ernn_model *model, int batch, int max_frames, int threads,
                            ernn_shards **shards, ernn_error *err)
{
    *shards = NULL;
    ernn_shards *s = ernn_mem_new(1, sizeof *s, err);
    if (!s)
        return ERNN_NO_MEMORY;
    s->threads = ernn_shards_threads(threads);
    const int room = batch > ERNN_DECODE_GROUP ? batch : ERNN_DECODE_GROUP;
    ernn_status status = ernn_weights_new(model, &s->weights, err);
    if (status == ERNN_OK)
        status = ernn_net_new(s->weights, room, max_frames, s->threads, &s->net, err);
    if (status == ERNN_OK)
        *shards = s;
    else
        ernn_shards_free(s);
    return status;
}

void ernn_shards_free(ernn_shards *shards)
{
    if (!shards)
        return;
    ernn_net_free(shards->net);
    ernn_weights_free(shards->weights);
    ernn_mem_free(shards);
}

ernn_batch ernn_shards_slice(const ernn_batch *batch, int begin, int end)
{
    ernn_batch part = *batch;
    part.n = end - begin;
    part.frames += begin;
    part.n_frames += begin;
    part.labels += begin;
    part.n_labels += begin;
    part.seeds = batch->seeds ? batch->seeds + begin : NULL;
    part.teachers = batch->teachers ? batch->teachers + begin : NULL;
    return part;
}

double ernn_shards_gradient(ernn_shards *s, const float *parameters, const ernn_batch *batch,
                            float *gradient)
{
    int n_skipped = 0;
    ernn_weights_update(s->weights, parameters, ernn_net_workers(s->net));
    memset(gradient, 0, ernn_weights_count(s->weights) * sizeof *gradient);
    if (batch->n == 0)
        return 0;
    ernn_net_forward(s->net, s->weights, batch);
    return ernn_net_backward(s->net, s->weights, batch, gradient, &n_skipped);
}
