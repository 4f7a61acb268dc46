// A growing byte buffer with printf. SPDX-License-Identifier: Apache-2.0
#include "base/buffer.h"
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool reserve(ernn_buffer *buffer, size_t more)
{
    if (buffer->status != ERNN_OK)
        return false;
    size_t needed = buffer->size + more + 1;
    if (needed <= buffer->capacity)
        return true;
    size_t capacity = needed + needed / 2 + 256;
    ernn_error err = {0};
    char *data = ernn_mem_resize(buffer->data, buffer->size, capacity, 1, &err);
    if (!data) {
        buffer->status = err.status;
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

void ernn_buffer_append(ernn_buffer *buffer, const void *bytes, size_t n)
{
    if (!reserve(buffer, n))
        return;
    if (n)
        memcpy(buffer->data + buffer->size, bytes, n);
    buffer->size += n;
    buffer->data[buffer->size] = 0;
}

void ernn_buffer_print(ernn_buffer *buffer, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n < 0)
        buffer->status = ERNN_IO;
    else if (reserve(buffer, (size_t)n)) {
        vsnprintf(buffer->data + buffer->size, (size_t)n + 1, format, again);
        buffer->size += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

ernn_status ernn_buffer_status(const ernn_buffer *buffer, ernn_error *err)
{
    if (buffer->status == ERNN_OK)
        return ERNN_OK;
    return ernn_error_set(err, buffer->status, "text buffer: out of memory after %zu bytes",
                          buffer->size);
}

void ernn_buffer_free(ernn_buffer *buffer)
{
    ernn_mem_free(buffer->data);
    *buffer = (ernn_buffer){0};
}
