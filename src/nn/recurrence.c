// The two ways of splitting the steps of a recurrence, and the choice.
// SPDX-License-Identifier: Apache-2.0
#include "nn/recurrence.h"

#include "num/phases.h"

#include <unistd.h>

// ---- Parts ----

typedef struct run {
    const ernn_recurrence *recurrence;
    int shares;
    int unit; // cells or outputs that stay together
} run;

static int step_of(const ernn_recurrence *r, int position)
{
    return r->is_backward ? r->packing->n_steps - 1 - position : position;
}

static ernn_columns columns_of(int n, int unit, int index, int shares)
{
    const int units = (n + unit - 1) / unit;
    const int begin = units * index / shares * unit;
    const int end = units * (index + 1) / shares * unit;
    return (ernn_columns){begin, (end < n ? end : n) - begin};
}

// Some utterances through all steps.
static void take_utterances(void *user, int index, float *scratch)
{
    const run *own = user;
    const ernn_recurrence *r = own->recurrence;
    const ernn_ranks ranks = ernn_packing_share(r->packing, index, own->shares);
    ernn_part part = {.cells = {0, r->layer->spec.n_cells}, .outputs = {0, r->layer->n_outputs}};
    for (int i = 0; i < r->packing->n_steps; i++) {
        const int t = step_of(r, i);
        part.ranks = (ernn_ranks){ranks.first, ernn_packing_running(r->packing, ranks, t)};
        for (int stage = 0; part.ranks.n > 0 && stage < r->n_stages; stage++)
            r->stage(r->pass, &part, t, stage, scratch);
    }
}

// Some columns of one stage.
static void take_columns(void *user, int phase, int share, float *scratch)
{
    const run *own = user;
    const ernn_recurrence *r = own->recurrence;
    const int t = step_of(r, phase / r->n_stages);
    const ernn_part part = {
        .ranks = {0, r->packing->active[t]},
        .cells = columns_of(r->layer->spec.n_cells, own->unit, share, own->shares),
        .outputs = columns_of(r->layer->n_outputs, own->unit, share, own->shares)};
    r->stage(r->pass, &part, t, phase % r->n_stages, scratch);
}

// ---- The choice ----

static size_t second_cache(void)
{
    long bytes = 0;
#if defined(_SC_LEVEL2_CACHE_SIZE)
    bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
#endif
    return bytes > 0 ? (size_t)bytes : (size_t)1 << 20;
}

// Columns when threads with utterances of their own would all fetch the same weights from beyond
// their second caches, step by step; or when there are not utterances for all of them.
static bool is_by_columns(const run *own)
{
    const ernn_recurrence *r = own->recurrence;
    const ernn_layer_weights *w = r->weights;
    const ernn_split split = r->scratch->split;
    if (own->shares == 1 || split != ERNN_SPLIT_FASTER)
        return split == ERNN_SPLIT_COLUMNS;
    if (r->layer->spec.n_cells < own->unit * own->shares)
        return false;
    const size_t floats =
        ernn_stack_packed(w->recurrent) + (w->projection ? ernn_stack_packed(w->projection) : 0);
    return r->packing->n < own->shares || floats * sizeof(float) > second_cache();
}

void ernn_recurrence_run(const ernn_recurrence *recurrence)
{
    const ernn_recurrence *r = recurrence;
    const ernn_stack *projection = r->weights->projection;
    ernn_workers *workers = r->scratch->workers;
    run own = {r, ernn_phases_shares(workers), ernn_stack_unit(r->weights->recurrent)};
    if (projection && ernn_stack_unit(projection) > own.unit)
        own.unit = ernn_stack_unit(projection);
    if (is_by_columns(&own))
        ernn_phases_run(workers, r->packing->n_steps * r->n_stages, take_columns, &own);
    else
        ernn_workers_run(workers, own.shares, take_utterances, &own);
}
