// Gradients of parts, added in their order. SPDX-License-Identifier: Apache-2.0
#include "train/parts.h"

#include "base/memory.h"

#include <limits.h>
#include <string.h>

// Rows of `layouts`.
enum {
    SENT_BYTES,
    SENT_AT,
    RECEIVED_BYTES,
    RECEIVED_AT,
    SLICE_BYTES,
    SLICE_AT,
    LOSS_BYTES,
    LOSS_AT,
    N_ROWS
};

static int *row(const ernn_parts *p, int index)
{
    return p->layouts + index * ernn_comm_size(p->comm);
}

static ernn_layout layout(const ernn_parts *p, int index)
{
    return (ernn_layout){row(p, index), row(p, index + 1)};
}

static int part_begin(const ernn_parts *p, int rank)
{
    return (int)ernn_comm_begin(p->comm, (size_t)p->n, rank);
}

// Floats of the slice of the gradient that `rank` adds up.
static size_t slice(const ernn_parts *p, int rank)
{
    return ernn_comm_begin(p->comm, p->count, rank + 1) - ernn_comm_begin(p->comm, p->count, rank);
}

// What does not change between updates: slices of the sum, and which losses are whose.
static void fill_layouts(ernn_parts *p)
{
    for (int r = 0; r < ernn_comm_size(p->comm); r++) {
        row(p, SLICE_BYTES)[r] = (int)(slice(p, r) * sizeof(float));
        row(p, SLICE_AT)[r] = (int)(ernn_comm_begin(p->comm, p->count, r) * sizeof(float));
        const int n = part_begin(p, r + 1) - part_begin(p, r);
        row(p, LOSS_BYTES)[r] = n * (int)sizeof(double);
        row(p, LOSS_AT)[r] = part_begin(p, r) * (int)sizeof(double);
        if (n > p->n_exchanges)
            p->n_exchanges = n;
    }
}

static ernn_status allocate(ernn_parts *p, ernn_error *err)
{
    const size_t size = (size_t)ernn_comm_size(p->comm);
    const size_t mine = p->comm ? slice(p, p->comm->rank) : 0;
    const int n_own = p->end - p->begin > 1 ? p->end - p->begin - 1 : 0;
    p->losses = ernn_mem_new((size_t)p->n, sizeof(double), err);
    p->own = ernn_mem_new((size_t)n_own, sizeof *p->own, err);
    p->layouts = ernn_mem_new(N_ROWS * size, sizeof(int), err);
    p->received = ernn_mem_new((size_t)p->n * mine, sizeof(float), err);
    if (!p->losses || !p->own || !p->layouts || !p->received)
        return ERNN_NO_MEMORY;
    // A single process adds each part to the sum at once and needs one buffer for them all.
    for (int i = 0; i < n_own; i++) {
        p->own[i] = !p->comm && i > 0 ? p->own[0] : ernn_mem_new(p->count, sizeof(float), err);
        if (!p->own[i])
            return ERNN_NO_MEMORY;
    }
    return ERNN_OK;
}

ernn_status ernn_parts_init(ernn_parts *parts, ernn_comm *comm, int n, size_t count,
                            ernn_error *err)
{
    *parts = (ernn_parts){.comm = comm, .n = n, .count = count};
    parts->begin = part_begin(parts, ernn_comm_rank(comm));
    parts->end = part_begin(parts, ernn_comm_rank(comm) + 1);
    const size_t largest = count / (size_t)ernn_comm_size(comm) + 1;
    if (comm && (count > INT_MAX / sizeof(float) || largest > INT_MAX / sizeof(float) / (size_t)n))
        return ernn_error_set(err, ERNN_TOO_BIG,
                              "training: %d parts of %zu gradients on %d ranks are 2 GiB at once; "
                              "take more ranks or fewer parts",
                              n, count, comm->size);
    const ernn_status status = allocate(parts, err);
    if (status == ERNN_OK)
        fill_layouts(parts);
    else
        ernn_parts_clear(parts);
    return status;
}

void ernn_parts_clear(ernn_parts *p)
{
    for (int i = 0; p->own && i < p->end - p->begin - 1; i++)
        if (p->comm || i == 0)
            ernn_mem_free(p->own[i]);
    ernn_mem_free(p->own);
    ernn_mem_free(p->received);
    ernn_mem_free(p->losses);
    ernn_mem_free(p->layouts);
    *p = (ernn_parts){0};
}

// The batch is dealt out like cards (epoch.c): the first parts may have one utterance more.
static int first_of(const ernn_parts *p, int n, int index)
{
    return n / p->n * index + (index < n % p->n ? index : n % p->n);
}

static double run_part(const ernn_parts *p, ernn_shards *shards, const float *parameters,
                       const ernn_batch *batch, int index, float *gradient)
{
    const int begin = first_of(p, batch->n, index);
    const int end = first_of(p, batch->n, index + 1);
    const ernn_batch part = ernn_shards_slice(batch, begin, end);
    if (part.n > 0)
        return ernn_shards_gradient(shards, parameters, &part, gradient);
    memset(gradient, 0, p->count * sizeof(float)); // the last batch of an epoch may be small
    return 0;
}

static void add(float *restrict sum, const float *restrict term, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += term[i];
}

// Sends slice r of this rank's parts to rank r, one part at a time; what arrives is in the order of
// the parts, whoever had them.
static ernn_status exchange(ernn_parts *p, const float *first, ernn_error *err)
{
    const size_t mine = slice(p, p->comm->rank) * sizeof(float);
    for (int j = 0; j < p->n_exchanges; j++) {
        const bool has_part = p->begin + j < p->end;
        for (int r = 0; r < p->comm->size; r++) {
            const int part = part_begin(p, r) + j;
            const bool gets = part < part_begin(p, r + 1);
            row(p, SENT_BYTES)[r] = has_part ? row(p, SLICE_BYTES)[r] : 0;
            row(p, SENT_AT)[r] = row(p, SLICE_AT)[r];
            row(p, RECEIVED_BYTES)[r] = gets ? (int)mine : 0;
            row(p, RECEIVED_AT)[r] = gets ? (int)((size_t)part * mine) : 0;
        }
        const float *from = j == 0 || !has_part ? first : p->own[j - 1];
        const ernn_status status = ernn_link_exchange(p->comm, from, layout(p, SENT_BYTES),
                                                      p->received, layout(p, RECEIVED_BYTES), err);
        if (status != ERNN_OK)
            return status;
    }
    return ERNN_OK;
}

// sum = ((g_0 + g_1) + g_2) + ..., every rank one slice of it, then everyone gets all slices.
static ernn_status reduce(ernn_parts *p, float *gradient, ernn_error *err)
{
    const size_t mine = slice(p, p->comm->rank);
    float *sum = gradient + ernn_comm_begin(p->comm, p->count, p->comm->rank);
    ernn_status status = exchange(p, gradient, err);
    if (status != ERNN_OK)
        return status;
    memcpy(sum, p->received, mine * sizeof(float));
    for (int i = 1; i < p->n; i++)
        add(sum, p->received + (size_t)i * mine, mine);
    status = ernn_link_gather(p->comm, gradient, layout(p, SLICE_BYTES), err);
    return status == ERNN_OK ? ernn_link_gather(p->comm, p->losses, layout(p, LOSS_BYTES), err)
                             : status;
}

ernn_status ernn_parts_gradient(ernn_parts *p, ernn_shards *shards, const float *parameters,
                                const ernn_batch *batch, float *gradient, double *loss,
                                ernn_error *err)
{
    ernn_status status = ERNN_OK;
    for (int i = p->begin; i < p->end; i++) {
        float *own = i == p->begin ? gradient : p->own[i - p->begin - 1];
        p->losses[i] = run_part(p, shards, parameters, batch, i, own);
        if (!p->comm && i > 0)
            add(gradient, own, p->count);
    }
    if (p->comm)
        status = reduce(p, gradient, err);
    *loss = 0;
    for (int i = 0; i < p->n; i++)
        *loss += p->losses[i];
    return status;
}
