// Writing safetensors files canonically: docs/format.md section 2. The header's JSON is printed
// here, since its exact bytes are part of the format. SPDX-License-Identifier: Apache-2.0
#include "store/safetensors.h"

#include "base/buffer.h"
#include "base/file.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { DATA_ALIGNMENT = 64 };

typedef struct text_entry {
    char *key;
    char *value;
} text_entry;

typedef struct tensor_entry {
    char *name;
    ernn_dtype dtype;
    int n_dims;
    size_t shape[ERNN_STORE_MAX_DIMS];
    size_t bytes;
    const void *values; // borrowed
} tensor_entry;

struct ernn_store_writer {
    ernn_error failure; // the first of any put; status ERNN_OK until then
    text_entry *texts;
    size_t n_texts;
    tensor_entry *tensors;
    size_t n_tensors;
};

ernn_status ernn_store_writer_new(ernn_store_writer **writer, ernn_error *err)
{
    *writer = ernn_mem_new(1, sizeof **writer, err);
    return *writer ? ERNN_OK : ERNN_NO_MEMORY;
}

void ernn_store_writer_free(ernn_store_writer *writer)
{
    if (!writer)
        return;
    for (size_t i = 0; i < writer->n_texts; i++) {
        ernn_mem_free(writer->texts[i].key);
        ernn_mem_free(writer->texts[i].value);
    }
    for (size_t i = 0; i < writer->n_tensors; i++)
        ernn_mem_free(writer->tensors[i].name);
    ernn_mem_free(writer->texts);
    ernn_mem_free(writer->tensors);
    ernn_mem_free(writer);
}

// Room for one more item in an array that doubles; false leaves the array as it was.
static bool grow(void **items, size_t n, size_t item_bytes, ernn_error *err)
{
    if (n & (n - 1))
        return true; // capacity is the next power of two
    void *grown = ernn_mem_resize(*items, n, n ? 2 * n : 1, item_bytes, err);
    if (grown)
        *items = grown;
    return grown != NULL;
}

static bool is_name(const char *name)
{
    const size_t n = strlen(name);
    return n > 0 && n <= ERNN_STORE_MAX_NAME;
}

void ernn_store_put_text(ernn_store_writer *writer, const char *key, const char *value)
{
    ernn_error *failure = &writer->failure;
    if (failure->status != ERNN_OK)
        return;
    if (!is_name(key)) {
        ernn_error_set(failure, ERNN_BAD_ARG, "metadata key '%.40s': 1 to %d bytes are wanted", key,
                       ERNN_STORE_MAX_NAME);
        return;
    }
    if (!grow((void **)&writer->texts, writer->n_texts, sizeof *writer->texts, failure))
        return;
    text_entry *entry = &writer->texts[writer->n_texts];
    entry->key = ernn_mem_string(key, failure);
    entry->value = ernn_mem_string(value, failure);
    writer->n_texts++;
}

// Bytes of a tensor, or a failure when they overflow or the shape is not one.
static ernn_status count_bytes(tensor_entry *entry, ernn_error *err)
{
    entry->bytes = ernn_dtype_bytes(entry->dtype);
    for (int d = 0; d < entry->n_dims; d++)
        if (!ernn_mem_mul(entry->bytes, entry->shape[d], &entry->bytes))
            return ernn_error_set(err, ERNN_TOO_BIG, "tensor '%s': its size overflows",
                                  entry->name);
    return ERNN_OK;
}

void ernn_store_put(ernn_store_writer *writer, const char *name, ernn_dtype dtype, int n_dims,
                    const size_t *shape, const void *values)
{
    ernn_error *failure = &writer->failure;
    if (failure->status != ERNN_OK)
        return;
    if (!is_name(name) || n_dims < 0 || n_dims > ERNN_STORE_MAX_DIMS ||
        writer->n_tensors == ERNN_STORE_MAX_TENSORS) {
        ernn_error_set(failure, ERNN_BAD_ARG,
                       "tensor '%.40s': name of 1 to %d bytes, 0 to %d dimensions (%d given), at "
                       "most %d tensors",
                       name, ERNN_STORE_MAX_NAME, ERNN_STORE_MAX_DIMS, n_dims,
                       ERNN_STORE_MAX_TENSORS);
        return;
    }
    if (!grow((void **)&writer->tensors, writer->n_tensors, sizeof *writer->tensors, failure))
        return;
    tensor_entry *entry = &writer->tensors[writer->n_tensors];
    *entry = (tensor_entry){.dtype = dtype, .n_dims = n_dims, .values = values};
    for (int d = 0; d < n_dims; d++)
        entry->shape[d] = shape[d];
    entry->name = ernn_mem_string(name, failure);
    writer->n_tensors++;
    if (entry->name)
        count_bytes(entry, failure);
}

// ---- The header ----

static int compare_texts(const void *a, const void *b)
{
    return strcmp(((const text_entry *)a)->key, ((const text_entry *)b)->key);
}

static int compare_tensors(const void *a, const void *b)
{
    return strcmp(((const tensor_entry *)a)->name, ((const tensor_entry *)b)->name);
}

// Sorted copies, so that saving does not change the writer.
static ernn_status sort_entries(const ernn_store_writer *writer, text_entry **texts,
                                tensor_entry **tensors, ernn_error *err)
{
    *texts = ernn_mem_new(writer->n_texts, sizeof **texts, err);
    *tensors = ernn_mem_new(writer->n_tensors, sizeof **tensors, err);
    if (!*texts || !*tensors)
        return ERNN_NO_MEMORY;
    if (writer->n_texts)
        memcpy(*texts, writer->texts, writer->n_texts * sizeof **texts);
    if (writer->n_tensors)
        memcpy(*tensors, writer->tensors, writer->n_tensors * sizeof **tensors);
    qsort(*texts, writer->n_texts, sizeof **texts, compare_texts);
    qsort(*tensors, writer->n_tensors, sizeof **tensors, compare_tensors);
    for (size_t i = 1; i < writer->n_texts; i++)
        if (!strcmp((*texts)[i - 1].key, (*texts)[i].key))
            return ernn_error_set(err, ERNN_BAD_ARG, "metadata key '%s': given twice",
                                  (*texts)[i].key);
    for (size_t i = 0; i < writer->n_tensors; i++) {
        const char *name = (*tensors)[i].name;
        if (!strcmp(name, "__metadata__") || (i && !strcmp((*tensors)[i - 1].name, name)))
            return ernn_error_set(err, ERNN_BAD_ARG, "tensor '%s': name is taken", name);
    }
    return ERNN_OK;
}

static ernn_status check_values(const tensor_entry *tensors, size_t n, ernn_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const size_t count = tensors[i].bytes / ernn_dtype_bytes(tensors[i].dtype);
        const size_t bad = ernn_dtype_first_bad(tensors[i].dtype, tensors[i].values, count);
        if (bad < count)
            return ernn_error_set(err, ERNN_BAD_ARG,
                                  "tensor '%s': number %zu is not finite, so it is not saved",
                                  tensors[i].name, bad);
    }
    return ERNN_OK;
}

// A JSON string: quotes, backslashes and control characters escaped, UTF-8 as it is.
static void print_string(ernn_buffer *out, const char *text)
{
    ernn_buffer_append(out, "\"", 1);
    for (const char *c = text; *c; c++) {
        if (*c == '"' || *c == '\\')
            ernn_buffer_print(out, "\\%c", *c);
        else if ((unsigned char)*c < 0x20)
            ernn_buffer_print(out, "\\u%04x", (unsigned)*c);
        else
            ernn_buffer_append(out, c, 1);
    }
    ernn_buffer_append(out, "\"", 1);
}

static void print_tensor(ernn_buffer *out, const tensor_entry *tensor, size_t begin)
{
    print_string(out, tensor->name);
    ernn_buffer_print(out, ":{\"dtype\":\"%s\",\"shape\":[", ernn_dtype_name(tensor->dtype));
    for (int d = 0; d < tensor->n_dims; d++)
        ernn_buffer_print(out, d ? ",%zu" : "%zu", tensor->shape[d]);
    ernn_buffer_print(out, "],\"data_offsets\":[%zu,%zu]}", begin, begin + tensor->bytes);
}

static void print_header(ernn_buffer *out, const text_entry *texts, size_t n_texts,
                         const tensor_entry *tensors, size_t n_tensors)
{
    ernn_buffer_print(out, "{");
    if (n_texts) {
        ernn_buffer_print(out, "\"__metadata__\":{");
        for (size_t i = 0; i < n_texts; i++) {
            ernn_buffer_print(out, i ? "," : "");
            print_string(out, texts[i].key);
            ernn_buffer_print(out, ":");
            print_string(out, texts[i].value);
        }
        ernn_buffer_print(out, n_tensors ? "}," : "}");
    }
    size_t begin = 0;
    for (size_t i = 0; i < n_tensors; i++) {
        ernn_buffer_print(out, i ? "," : "");
        print_tensor(out, &tensors[i], begin);
        begin += tensors[i].bytes;
    }
    ernn_buffer_print(out, "}");
    while ((8 + out->size) % DATA_ALIGNMENT && out->status == ERNN_OK)
        ernn_buffer_append(out, " ", 1);
}

// `count` items from memory to the file's little-endian order.
static void append_values(ernn_buffer *out, const tensor_entry *tensor)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    ernn_buffer_append(out, tensor->values, tensor->bytes);
#else
    const size_t width = ernn_dtype_bytes(tensor->dtype);
    const unsigned char *bytes = tensor->values;
    for (size_t i = 0; i < tensor->bytes; i++)
        ernn_buffer_append(out, &bytes[i - i % width + width - 1 - i % width], 1);
#endif
}

ernn_status ernn_store_save(const ernn_store_writer *writer, const char *path, ernn_error *err)
{
    if (writer->failure.status != ERNN_OK) {
        if (err)
            *err = writer->failure;
        return writer->failure.status;
    }
    text_entry *texts = NULL;
    tensor_entry *tensors = NULL;
    ernn_buffer header = {0};
    ernn_buffer out = {0};
    ernn_status status = sort_entries(writer, &texts, &tensors, err);
    if (status == ERNN_OK)
        status = check_values(tensors, writer->n_tensors, err);
    if (status != ERNN_OK)
        goto done;
    print_header(&header, texts, writer->n_texts, tensors, writer->n_tensors);
    status = ernn_buffer_status(&header, err);
    if (status == ERNN_OK && header.size > ERNN_STORE_MAX_HEADER)
        status = ernn_error_set(err, ERNN_TOO_BIG, "%s: header of %zu bytes, at most %d", path,
                                header.size, ERNN_STORE_MAX_HEADER);
    if (status != ERNN_OK)
        goto done;
    for (int i = 0; i < 8; i++)
        ernn_buffer_append(&out, &(unsigned char){(unsigned char)(header.size >> (8 * i))}, 1);
    ernn_buffer_append(&out, header.data, header.size);
    for (size_t i = 0; i < writer->n_tensors; i++)
        append_values(&out, &tensors[i]);
    status = ernn_buffer_status(&out, err);
    if (status == ERNN_OK)
        status = ernn_file_save(path, out.data, out.size, err);
done:
    ernn_mem_free(texts);
    ernn_mem_free(tensors);
    ernn_buffer_free(&header);
    ernn_buffer_free(&out);
    return status;
}
