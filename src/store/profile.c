// What files of ours must have beyond being safetensors: kind, version, known keys, tensors of the
// expected type and shape, finite numbers. docs/format.md sections 1 and 3.
// SPDX-License-Identifier: Apache-2.0
#include "store/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ernn_status ernn_store_need_text(const ernn_store *file, const char *key, const char **value,
                                 ernn_error *err)
{
    *value = ernn_store_text(file, key);
    if (*value)
        return ERNN_OK;
    return ernn_error_set(err, ERNN_BAD_FILE, "%s: metadata '%s' is missing", ernn_store_path(file),
                          key);
}

// "[32,80]" into text[size]; as many dimensions as fit.
static void print_shape(int n_dims, const size_t *shape, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "[");
    for (int d = 0; d < n_dims && used + 24 < size; d++)
        used += (size_t)snprintf(text + used, size - used, d ? ",%zu" : "%zu", shape[d]);
    snprintf(text + used, size - used, "]");
}

static ernn_status check_shape(const ernn_store *file, const ernn_store_tensor *tensor,
                               ernn_dtype dtype, int n_dims, const size_t *shape, ernn_error *err)
{
    bool same = tensor->dtype == dtype && tensor->n_dims == n_dims;
    for (int d = 0; same && d < n_dims; d++)
        same = tensor->shape[d] == shape[d];
    if (same)
        return ERNN_OK;
    char have[100];
    char want[100];
    print_shape(tensor->n_dims, tensor->shape, have, sizeof have);
    print_shape(n_dims, shape, want, sizeof want);
    return ernn_error_set(err, ERNN_BAD_FILE, "%s: tensor '%.60s': %s%s, %s%s is wanted",
                          ernn_store_path(file), tensor->name, ernn_dtype_name(tensor->dtype), have,
                          ernn_dtype_name(dtype), want);
}

// Copies from the file's little-endian order.
static void copy_values(const ernn_store_tensor *tensor, void *values)
{
    const size_t width = ernn_dtype_bytes(tensor->dtype);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (tensor->count)
        memcpy(values, tensor->bytes, tensor->count * width);
#else
    unsigned char *to = values;
    for (size_t i = 0; i < tensor->count * width; i++)
        to[i] = tensor->bytes[i - i % width + width - 1 - i % width];
#endif
}

static ernn_status check_finite(const ernn_store *file, const ernn_store_tensor *tensor,
                                const void *values, ernn_error *err)
{
    const size_t i = ernn_dtype_first_bad(tensor->dtype, values, tensor->count);
    if (i == tensor->count)
        return ERNN_OK;
    const double value =
        tensor->dtype == ERNN_DTYPE_F32 ? ((const float *)values)[i] : ((const double *)values)[i];
    return ernn_error_set(err, ERNN_BAD_FILE,
                          "%s: tensor '%.60s': number %zu is %g, finite ones are wanted",
                          ernn_store_path(file), tensor->name, i, value);
}

ernn_status ernn_store_read(const ernn_store *file, const char *name, ernn_dtype dtype, int n_dims,
                            const size_t *shape, void *values, ernn_error *err)
{
    const ernn_store_tensor *tensor = ernn_store_find(file, name);
    if (!tensor)
        return ernn_error_set(err, ERNN_BAD_FILE, "%s: tensor '%s' is missing",
                              ernn_store_path(file), name);
    ernn_status status = check_shape(file, tensor, dtype, n_dims, shape, err);
    if (status != ERNN_OK)
        return status;
    copy_values(tensor, values);
    return check_finite(file, tensor, values, err);
}

static bool is_among(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

static ernn_status check_version(const ernn_store *file, ernn_error *err)
{
    const char *text;
    if (ernn_store_need_text(file, "ernn.format", &text, err) != ERNN_OK)
        return ERNN_BAD_FILE;
    char *end;
    const long version = strtol(text, &end, 10);
    if (*text < '1' || *text > '9' || *end)
        return ernn_error_set(err, ERNN_BAD_FILE, "%s: ernn.format: '%.20s', a number is wanted",
                              ernn_store_path(file), text);
    if (version > ERNN_STORE_VERSION)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: ernn.format: %ld, ernn %s reads up to %d; use a later ernn",
                              ernn_store_path(file), version, ERNN_VERSION, ERNN_STORE_VERSION);
    return ERNN_OK;
}

ernn_status ernn_store_check_profile(const ernn_store *file, const char *kind,
                                     const char *const *keys, int n, ernn_error *err)
{
    const char *have;
    if (check_version(file, err) != ERNN_OK ||
        ernn_store_need_text(file, "ernn.kind", &have, err) != ERNN_OK)
        return ERNN_BAD_FILE;
    if (strcmp(have, kind) != 0)
        return ernn_error_set(err, ERNN_BAD_FILE, "%s: ernn.kind: '%.20s', '%s' is wanted",
                              ernn_store_path(file), have, kind);
    for (size_t i = 0; i < ernn_store_n_texts(file); i++) {
        const char *key = ernn_store_key_at(file, i);
        if (strncmp(key, "ernn.", 5) == 0 && strcmp(key, "ernn.format") != 0 &&
            strcmp(key, "ernn.kind") != 0 && !is_among(key, keys, (size_t)n))
            return ernn_error_set(err, ERNN_BAD_FILE,
                                  "%s: metadata '%.60s': unknown to ernn %s in a %s; is the file "
                                  "from a later version?",
                                  ernn_store_path(file), key, ERNN_VERSION, kind);
    }
    return ERNN_OK;
}

ernn_status ernn_store_check_names(const ernn_store *file, const char *const *names, size_t n,
                                   ernn_error *err)
{
    for (size_t i = 0; i < ernn_store_n_tensors(file); i++) {
        const char *name = ernn_store_tensor_at(file, i)->name;
        if (!is_among(name, names, n))
            return ernn_error_set(err, ERNN_BAD_FILE, "%s: tensor '%.60s': not part of this kind",
                                  ernn_store_path(file), name);
    }
    return ERNN_OK;
}
