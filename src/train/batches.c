// Batches of similar length. SPDX-License-Identifier: Apache-2.0
#include "train/batches.h"

#include "base/memory.h"
#include "base/rng.h"

// Lengths are blurred by this share before sorting, so that batches differ between epochs.
static const double LENGTH_BLUR = 0.1;

// Merge sort of items[n] by falling key, stable: qsort is not, and its order of equal keys would
// depend on the C library.
static void sort_by_key(size_t *items, size_t *scratch, size_t n, const double *keys)
{
    if (n < 2)
        return;
    const size_t half = n / 2;
    sort_by_key(items, scratch, half, keys);
    sort_by_key(items + half, scratch, n - half, keys);
    size_t a = 0;
    size_t b = half;
    for (size_t i = 0; i < n; i++) {
        const bool take_a = b == n || (a < half && keys[items[a]] >= keys[items[b]]);
        scratch[i] = items[take_a ? a++ : b++];
    }
    for (size_t i = 0; i < n; i++)
        items[i] = scratch[i];
}

bool ernn_batches_is_fit(const ernn_sequences *s, size_t i, bool is_ctc)
{
    int needed = 1;
    if (is_ctc) {
        needed = s->n_phones[i] > 1 ? s->n_phones[i] : 1;
        for (int j = 1; j < s->n_phones[i]; j++)
            needed += s->phones[i][j] == s->phones[i][j - 1];
    }
    return s->n_frames[i] >= needed;
}

static ernn_status find_usable(ernn_batches *b, bool is_ctc, ernn_error *err)
{
    for (size_t i = 0; i < b->sequences->n; i++) {
        if (ernn_batches_is_fit(b->sequences, i, is_ctc))
            b->usable[b->n_items++] = i;
        else if (b->n_unfit++ == 0)
            b->first_unfit = i;
    }
    if (b->n_items > 0)
        return ERNN_OK;
    return ernn_error_set(
        err, ERNN_BAD_ARG,
        "training set: none of %zu utterances has as many frames as labels; check "
        "frame stacking and transcripts",
        b->sequences->n);
}

ernn_status ernn_batches_init(ernn_batches *batches, const ernn_sequences *sequences, int size,
                              bool is_ctc, ernn_error *err)
{
    const size_t n = sequences->n;
    *batches = (ernn_batches){.sequences = sequences, .size = size};
    batches->usable = ernn_mem_new(n, sizeof(size_t), err);
    batches->items = ernn_mem_new(n, sizeof(size_t), err);
    batches->order = ernn_mem_new(n, sizeof(size_t), err);
    batches->keys = ernn_mem_new(n, sizeof(double), err);
    ernn_status status = ERNN_NO_MEMORY;
    if (batches->usable && batches->items && batches->order && batches->keys)
        status = find_usable(batches, is_ctc, err);
    if (status != ERNN_OK)
        ernn_batches_clear(batches);
    else
        batches->n = (batches->n_items + (size_t)size - 1) / (size_t)size;
    return status;
}

void ernn_batches_clear(ernn_batches *batches)
{
    ernn_mem_free(batches->usable);
    ernn_mem_free(batches->items);
    ernn_mem_free(batches->order);
    ernn_mem_free(batches->keys);
    *batches = (ernn_batches){0};
}

void ernn_batches_shuffle(ernn_batches *b, uint64_t seed, int epoch)
{
    ernn_rng rng = ernn_rng_new(seed, ERNN_STREAM_BATCHES, (uint64_t)epoch);
    for (size_t i = 0; i < b->n_items; i++) {
        const size_t item = b->usable[i];
        const double blur = 1 + LENGTH_BLUR * (2 * ernn_rng_uniform(&rng) - 1);
        b->items[i] = item;
        b->keys[item] = b->sequences->n_frames[item] * blur;
    }
    // `order` is free until it is filled below, and holds at least n_items.
    sort_by_key(b->items, b->order, b->n_items, b->keys);
    for (size_t i = 0; i < b->n; i++)
        b->order[i] = i;
    ernn_rng_shuffle(&rng, b->order, b->n);
}

int ernn_batches_items(const ernn_batches *batches, size_t index, const size_t **items)
{
    const size_t begin = batches->order[index] * (size_t)batches->size;
    const size_t left = batches->n_items - begin;
    *items = batches->items + begin;
    return left < (size_t)batches->size ? (int)left : batches->size;
}

ernn_status ernn_batches_by_length(const ernn_sequences *sequences, size_t **order, ernn_error *err)
{
    const size_t n = sequences->n;
    size_t *sorted = ernn_mem_new(n, sizeof *sorted, err);
    size_t *scratch = ernn_mem_new(n, sizeof *scratch, err);
    double *keys = ernn_mem_new(n, sizeof *keys, err);
    const bool good = sorted && scratch && keys;
    if (good) {
        for (size_t i = 0; i < n; i++) {
            sorted[i] = i;
            keys[i] = sequences->n_frames[i];
        }
        sort_by_key(sorted, scratch, n, keys);
        *order = sorted;
    } else
        ernn_mem_free(sorted);
    ernn_mem_free(scratch);
    ernn_mem_free(keys);
    return good ? ERNN_OK : ERNN_NO_MEMORY;
}
