// Data-parallel gradients in a fixed order. SPDX-License-Identifier: Apache-2.0
#include "train/shards.h"

#include "base/memory.h"

#include <omp.h>
#include <string.h>

// A piece of four utterances keeps matrix products wide enough; more pieces than this are not
// worth their gradient buffers.
enum { PIECE = 4, MAX_PIECES = 16 };

int ernn_shards_pieces(int batch)
{
    int pieces = batch / PIECE;
    if (pieces < 2)
        pieces = 2;
    if (pieces > MAX_PIECES)
        pieces = MAX_PIECES;
    return pieces < batch ? pieces : batch;
}

int ernn_shards_threads(int threads)
{
    return threads > 0 ? threads : omp_get_num_procs();
}

static ernn_status fill(ernn_shards *s, const ernn_model *model, int per_piece, int max_frames,
                        ernn_error *err)
{
    ernn_status status = ernn_weights_new(model, &s->weights, err);
    for (int i = 0; i < s->n && status == ERNN_OK; i++) {
        status = ernn_net_new(model, per_piece, max_frames, &s->nets[i], err);
        s->gradients[i] = ernn_mem_new(ernn_weights_count(s->weights), sizeof(float), err);
        if (status == ERNN_OK && !s->gradients[i])
            status = ERNN_NO_MEMORY;
    }
    return status;
}

ernn_status ernn_shards_new(const ernn_model *model, int batch, int max_frames, int threads,
                            ernn_shards **shards, ernn_error *err)
{
    *shards = NULL;
    ernn_shards *s = ernn_mem_new(1, sizeof *s, err);
    if (!s)
        return ERNN_NO_MEMORY;
    s->n = ernn_shards_pieces(batch);
    s->threads = ernn_shards_threads(threads);
    s->nets = ernn_mem_new((size_t)s->n, sizeof *s->nets, err);
    s->gradients = ernn_mem_new((size_t)s->n, sizeof *s->gradients, err);
    s->losses = ernn_mem_new((size_t)s->n, sizeof *s->losses, err);
    int per_piece = (batch + s->n - 1) / s->n;
    if (per_piece < ERNN_DECODE_GROUP)
        per_piece = ERNN_DECODE_GROUP;
    ernn_status status = ERNN_NO_MEMORY;
    if (s->nets && s->gradients && s->losses)
        status = fill(s, model, per_piece, max_frames, err);
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
    for (int i = 0; i < shards->n; i++) {
        if (shards->nets)
            ernn_net_free(shards->nets[i]);
        if (shards->gradients)
            ernn_mem_free(shards->gradients[i]);
    }
    ernn_mem_free(shards->nets);
    ernn_mem_free(shards->gradients);
    ernn_mem_free(shards->losses);
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

// Loss and gradient of utterances begin ... end - 1 of the batch.
static void run_piece(ernn_shards *s, const ernn_batch *batch, int piece)
{
    const int begin = batch->n * piece / s->n;
    const int end = batch->n * (piece + 1) / s->n;
    const ernn_batch part = ernn_shards_slice(batch, begin, end);
    s->losses[piece] = 0;
    memset(s->gradients[piece], 0, ernn_weights_count(s->weights) * sizeof(float));
    if (part.n == 0)
        return;
    int n_skipped = 0;
    ernn_net_forward(s->nets[piece], s->weights, &part);
    s->losses[piece] =
        ernn_net_backward(s->nets[piece], s->weights, &part, s->gradients[piece], &n_skipped);
}

double ernn_shards_gradient(ernn_shards *s, const float *parameters, const ernn_batch *batch,
                            float *gradient)
{
    ernn_weights_update(s->weights, parameters);
    const int threads = s->threads < s->n ? s->threads : s->n;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (int piece = 0; piece < s->n; piece++)
        run_piece(s, batch, piece);
    double loss = s->losses[0];
    const size_t count = ernn_weights_count(s->weights);
    float *restrict total = s->gradients[0];
    for (int piece = 1; piece < s->n; piece++) {
        const float *restrict part = s->gradients[piece];
        for (size_t i = 0; i < count; i++)
            total[i] += part[i];
        loss += s->losses[piece];
    }
    ernn_weights_fold(s->weights, total, gradient);
    return loss;
}
