// Zeroed, overflow-checked, aligned memory. SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

bool ernn_mem_mul(size_t a, size_t b, size_t *product)
{
    if (b && a > SIZE_MAX / b)
        return false;
    *product = a * b;
    return true;
}

// Rounds up to the alignment, since aligned_alloc wants a multiple of it.
static bool padded_bytes(size_t count, size_t item_bytes, size_t *bytes)
{
    if (!ernn_mem_mul(count, item_bytes, bytes) || *bytes > SIZE_MAX - ALIGNMENT)
        return false;
    *bytes = (*bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    return true;
}

void *ernn_mem_new(size_t count, size_t item_bytes, ernn_error *err)
{
    size_t bytes;
    if (!padded_bytes(count, item_bytes, &bytes)) {
        ernn_error_set(err, ERNN_TOO_BIG, "memory: %zu items of %zu bytes overflow", count,
                       item_bytes);
        return NULL;
    }
    void *block = aligned_alloc(ALIGNMENT, bytes);
    if (!block) {
        ernn_error_set(err, ERNN_NO_MEMORY, "memory: %zu bytes are not available", bytes);
        return NULL;
    }
    return memset(block, 0, bytes);
}

void *ernn_mem_resize(void *block, size_t old_count, size_t count, size_t item_bytes,
                      ernn_error *err)
{
    void *grown = ernn_mem_new(count, item_bytes, err);
    if (!grown)
        return NULL;
    if (block) {
        memcpy(grown, block, (old_count < count ? old_count : count) * item_bytes);
        free(block);
    }
    return grown;
}

char *ernn_mem_string_n(const char *text, size_t n, ernn_error *err)
{
    char *copy = ernn_mem_new(n + 1, 1, err);
    if (copy)
        memcpy(copy, text, n);
    return copy;
}

char *ernn_mem_string(const char *text, ernn_error *err)
{
    return ernn_mem_string_n(text, strlen(text), err);
}

void ernn_mem_free(void *block)
{
    free(block);
}
