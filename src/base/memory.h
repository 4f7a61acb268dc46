// Zeroed, overflow-checked, 64-byte aligned memory. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_BASE_MEMORY_H
#define ERNN_SRC_BASE_MEMORY_H

#include "base/error.h"

// Allocates `count * item_bytes` zeroed bytes, aligned to 64. Returns NULL on overflow or lack of
// memory and describes it in `err`; a zero count gives a valid pointer to one unused byte.
void *ernn_mem_new(size_t count, size_t item_bytes, ernn_error *err);

// Grows or shrinks like realloc, new bytes not zeroed; on failure the old block stays valid.
void *ernn_mem_resize(void *block, size_t old_count, size_t count, size_t item_bytes,
                      ernn_error *err);

// Duplicates a string, or its first `n` bytes.
char *ernn_mem_string(const char *text, ernn_error *err);
char *ernn_mem_string_n(const char *text, size_t n, ernn_error *err);

// Frees what the functions above returned; NULL allowed.
void ernn_mem_free(void *block);

// a * b, or false when it does not fit in size_t.
bool ernn_mem_mul(size_t a, size_t b, size_t *product);

#endif
