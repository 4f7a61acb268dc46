// A growing byte buffer with printf, for everything that is written as text.
// Errors are sticky: print freely, check once with ernn_buffer_status. SPDX-License-Identifier:
// Apache-2.0
#ifndef ERNN_SRC_BASE_BUFFER_H
#define ERNN_SRC_BASE_BUFFER_H

#include "base/error.h"

// Start from {0}. `data` is NUL-terminated whenever it is not NULL.
typedef struct ernn_buffer {
    char *data;
    size_t size; // bytes, without the NUL
    size_t capacity;
    ernn_status status;
} ernn_buffer;

void ernn_buffer_append(ernn_buffer *buffer, const void *bytes, size_t n);
void ernn_buffer_print(ernn_buffer *buffer, const char *format, ...) ERNN_PRINTF(2, 3);
// ERNN_OK, or the first failure of any append so far.
ernn_status ernn_buffer_status(const ernn_buffer *buffer, ernn_error *err);
void ernn_buffer_free(ernn_buffer *buffer);

#endif
