// Reading safetensors files: nothing is handed out before all of the file is checked.
// docs/format.md section 3. SPDX-License-Identifier: Apache-2.0
#include "store/safetensors.h"

#include "base/file.h"
#include "base/memory.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 3 }; // header, tensor, shape

static const size_t MAX_FILE_BYTES = (size_t)8 << 30;

typedef struct text_entry {
    const char *key;   // inside `header`
    const char *value; // inside `header`
} text_entry;

struct ernn_store {
    char *path;
    char *bytes; // the whole file
    size_t size;
    const unsigned char *data; // inside `bytes`
    size_t data_bytes;
    json_t *header;
    ernn_store_tensor *tensors; // sorted by name
    size_t n_tensors;
    text_entry *texts; // sorted by key
    size_t n_texts;
};

void ernn_store_free(ernn_store *file)
{
    if (!file)
        return;
    ernn_mem_free(file->path);
    ernn_mem_free(file->bytes);
    ernn_mem_free(file->tensors);
    ernn_mem_free(file->texts);
    json_decref(file->header);
    ernn_mem_free(file);
}

// ---- The header as text ----

// Refuses nesting that no valid header has before the JSON reader recurses into it.
static bool is_flat(const char *json, size_t n)
{
    int depth = 0;
    bool is_string = false;
    for (size_t i = 0; i < n; i++) {
        const char c = json[i];
        if (is_string && c == '\\')
            i++;
        else if (c == '"')
            is_string = !is_string;
        else if (!is_string && (c == '{' || c == '['))
            depth++;
        else if (!is_string && (c == '}' || c == ']'))
            depth--;
        if (depth > MAX_DEPTH)
            return false;
    }
    return true;
}

// Finds header and data, with all sizes against the file's.
static ernn_status split_file(ernn_store *file, const char **json, size_t *json_bytes,
                              ernn_error *err)
{
    if (file->size < 8)
        return ernn_error_set(err, ERNN_BAD_FILE, "%s: %zu bytes, a safetensors file has 8 or more",
                              file->path, file->size);
    uint64_t n = 0;
    for (int i = 0; i < 8; i++)
        n |= (uint64_t)(unsigned char)file->bytes[i] << (8 * i);
    if (n > ERNN_STORE_MAX_HEADER)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: byte 0: header of %" PRIu64
                              " bytes, at most %d are allowed; is it a safetensors file?",
                              file->path, n, ERNN_STORE_MAX_HEADER);
    if (n > file->size - 8)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: byte 0: header of %" PRIu64
                              " bytes, the file has %zu after its first 8; is it cut off?",
                              file->path, n, file->size - 8);
    *json = file->bytes + 8;
    *json_bytes = (size_t)n;
    file->data = (const unsigned char *)file->bytes + 8 + n;
    file->data_bytes = file->size - 8 - (size_t)n;
    if (n < 2 || (*json)[0] != '{')
        return ernn_error_set(err, ERNN_BAD_FILE, "%s: byte 8: the header does not start with '{'",
                              file->path);
    if (!is_flat(*json, *json_bytes))
        return ernn_error_set(err, ERNN_BAD_FILE, "%s: header: nested deeper than %d", file->path,
                              MAX_DEPTH);
    return ERNN_OK;
}

static ernn_status parse_header(ernn_store *file, const char *json, size_t json_bytes,
                                ernn_error *err)
{
    json_error_t fault;
    file->header = json_loadb(json, json_bytes, JSON_REJECT_DUPLICATES, &fault);
    if (!file->header)
        return ernn_error_set(err, ERNN_BAD_FILE, "%s: header byte %d: %s", file->path,
                              fault.position + 8, fault.text);
    if (!json_is_object(file->header))
        return ernn_error_set(err, ERNN_BAD_FILE, "%s: header: not a JSON object", file->path);
    if (json_object_size(file->header) > ERNN_STORE_MAX_TENSORS)
        return ernn_error_set(err, ERNN_BAD_FILE, "%s: header: %zu entries, at most %d", file->path,
                              json_object_size(file->header), ERNN_STORE_MAX_TENSORS);
    return ERNN_OK;
}

// ---- Metadata ----

static int compare_texts(const void *a, const void *b)
{
    return strcmp(((const text_entry *)a)->key, ((const text_entry *)b)->key);
}

static ernn_status take_texts(ernn_store *file, ernn_error *err)
{
    json_t *object = json_object_get(file->header, "__metadata__");
    if (!object)
        return ERNN_OK;
    if (!json_is_object(object) || json_object_size(object) > ERNN_STORE_MAX_TENSORS)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: __metadata__: not an object of at most %d texts", file->path,
                              ERNN_STORE_MAX_TENSORS);
    file->texts = ernn_mem_new(json_object_size(object), sizeof *file->texts, err);
    if (!file->texts)
        return ERNN_NO_MEMORY;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        if (!json_is_string(value) || strlen(key) > ERNN_STORE_MAX_NAME)
            return ernn_error_set(err, ERNN_BAD_FILE,
                                  "%s: __metadata__: '%.40s' is not a text of a key of at most %d "
                                  "bytes",
                                  file->path, key, ERNN_STORE_MAX_NAME);
        file->texts[file->n_texts++] = (text_entry){key, json_string_value(value)};
    }
    qsort(file->texts, file->n_texts, sizeof *file->texts, compare_texts);
    return ERNN_OK;
}

// ---- Tensors ----

static ernn_status refuse_tensor(const ernn_store *file, const char *name, const char *what,
                                 ernn_error *err)
{
    return ernn_error_set(err, ERNN_BAD_FILE, "%s: tensor '%.60s': %s", file->path, name, what);
}

static bool take_dtype(const json_t *text, ernn_dtype *dtype)
{
    const char *name = json_string_value(text);
    for (int t = 0; name && t < ERNN_DTYPES; t++)
        if (!strcmp(name, ernn_dtype_name((ernn_dtype)t))) {
            *dtype = (ernn_dtype)t;
            return true;
        }
    return false;
}

// A whole number from 0 to SIZE_MAX.
static bool take_size(const json_t *number, size_t *size)
{
    const json_int_t value = json_integer_value(number);
    if (!json_is_integer(number) || value < 0)
        return false;
    *size = (size_t)value;
    return true;
}

static bool take_shape(const json_t *array, ernn_store_tensor *tensor)
{
    const size_t n = json_array_size(array);
    if (!json_is_array(array) || n > ERNN_STORE_MAX_DIMS)
        return false;
    tensor->n_dims = (int)n;
    tensor->count = 1;
    for (size_t d = 0; d < n; d++)
        if (!take_size(json_array_get(array, d), &tensor->shape[d]) ||
            !ernn_mem_mul(tensor->count, tensor->shape[d], &tensor->count))
            return false;
    return true;
}

static ernn_status take_tensor(const ernn_store *file, const char *name, const json_t *object,
                               ernn_store_tensor *tensor, ernn_error *err)
{
    const json_t *offsets = json_object_get(object, "data_offsets");
    size_t begin;
    size_t end;
    size_t bytes;
    tensor->name = name;
    if (strlen(name) > ERNN_STORE_MAX_NAME)
        return refuse_tensor(file, name, "its name is longer than 200 bytes", err);
    if (!json_is_object(object) || json_object_size(object) != 3)
        return refuse_tensor(file, name, "dtype, shape and data_offsets alone are wanted", err);
    if (!take_dtype(json_object_get(object, "dtype"), &tensor->dtype))
        return refuse_tensor(file, name, "dtype is not one of U8 I16 I32 I64 F32 F64", err);
    if (!take_shape(json_object_get(object, "shape"), tensor))
        return refuse_tensor(file, name, "shape is not 0 to 8 sizes whose product fits", err);
    if (!json_is_array(offsets) || json_array_size(offsets) != 2 ||
        !take_size(json_array_get(offsets, 0), &begin) ||
        !take_size(json_array_get(offsets, 1), &end))
        return refuse_tensor(file, name, "data_offsets is not two positions", err);
    if (begin > end || end > file->data_bytes)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: tensor '%.60s': bytes %zu to %zu of the data, which have %zu",
                              file->path, name, begin, end, file->data_bytes);
    if (!ernn_mem_mul(tensor->count, ernn_dtype_bytes(tensor->dtype), &bytes) ||
        bytes != end - begin)
        return ernn_error_set(
            err, ERNN_BAD_FILE, "%s: tensor '%.60s': %zu bytes of data for %zu numbers of type %s",
            file->path, name, end - begin, tensor->count, ernn_dtype_name(tensor->dtype));
    tensor->bytes = file->data + begin;
    return ERNN_OK;
}

static int compare_places(const void *a, const void *b)
{
    const ernn_store_tensor *x = a;
    const ernn_store_tensor *y = b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? -1 : 1;
    // an empty tensor shares its place with the one after it
    return x->count != y->count ? (x->count < y->count ? -1 : 1) : strcmp(x->name, y->name);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const ernn_store_tensor *)a)->name, ((const ernn_store_tensor *)b)->name);
}

// Tensors must fill the data exactly: no gap, no overlap.
static ernn_status check_places(ernn_store *file, ernn_error *err)
{
    qsort(file->tensors, file->n_tensors, sizeof *file->tensors, compare_places);
    const unsigned char *at = file->data;
    for (size_t i = 0; i < file->n_tensors; i++) {
        const ernn_store_tensor *tensor = &file->tensors[i];
        if (tensor->bytes != at)
            return refuse_tensor(file, tensor->name,
                                 tensor->bytes > at ? "a gap lies before its data"
                                                    : "its data overlap another tensor's",
                                 err);
        at += tensor->count * ernn_dtype_bytes(tensor->dtype);
    }
    if (at != file->data + file->data_bytes)
        return ernn_error_set(err, ERNN_BAD_FILE,
                              "%s: %zu bytes of data, the tensors take %zu of them", file->path,
                              file->data_bytes, (size_t)(at - file->data));
    qsort(file->tensors, file->n_tensors, sizeof *file->tensors, compare_names);
    return ERNN_OK;
}

static ernn_status take_tensors(ernn_store *file, ernn_error *err)
{
    file->tensors = ernn_mem_new(json_object_size(file->header), sizeof *file->tensors, err);
    if (!file->tensors)
        return ERNN_NO_MEMORY;
    const char *name;
    json_t *object;
    json_object_foreach(file->header, name, object)
    {
        if (!strcmp(name, "__metadata__"))
            continue;
        ernn_status status =
            take_tensor(file, name, object, &file->tensors[file->n_tensors++], err);
        if (status != ERNN_OK)
            return status;
    }
    return check_places(file, err);
}

static ernn_status parse_file(ernn_store *file, ernn_error *err)
{
    const char *json = NULL;
    size_t json_bytes = 0;
    ernn_status status = split_file(file, &json, &json_bytes, err);
    if (status == ERNN_OK)
        status = parse_header(file, json, json_bytes, err);
    if (status == ERNN_OK)
        status = take_texts(file, err);
    if (status == ERNN_OK)
        status = take_tensors(file, err);
    return status;
}

// Takes over `bytes`, also on failure.
static ernn_status open_bytes(const char *name, char *bytes, size_t size, ernn_store **file,
                              ernn_error *err)
{
    ernn_store *made = ernn_mem_new(1, sizeof *made, err);
    if (!made) {
        ernn_mem_free(bytes);
        return ERNN_NO_MEMORY;
    }
    made->bytes = bytes;
    made->size = size;
    made->path = ernn_mem_string(name, err);
    ernn_status status = made->path ? parse_file(made, err) : ERNN_NO_MEMORY;
    if (status == ERNN_OK)
        *file = made;
    else
        ernn_store_free(made);
    return status;
}

ernn_status ernn_store_load(const char *path, ernn_store **file, ernn_error *err)
{
    *file = NULL;
    char *bytes;
    size_t size;
    ernn_status status = ernn_file_load(path, MAX_FILE_BYTES, &bytes, &size, err);
    return status == ERNN_OK ? open_bytes(path, bytes, size, file, err) : status;
}

ernn_status ernn_store_parse(const char *name, const void *bytes, size_t size, ernn_store **file,
                             ernn_error *err)
{
    *file = NULL;
    char *copy = ernn_mem_string_n(bytes, size, err);
    return copy ? open_bytes(name, copy, size, file, err) : ERNN_NO_MEMORY;
}

// ---- Access ----

const char *ernn_store_path(const ernn_store *file)
{
    return file->path;
}

size_t ernn_store_size(const ernn_store *file)
{
    return file->size;
}

size_t ernn_store_n_tensors(const ernn_store *file)
{
    return file->n_tensors;
}

const ernn_store_tensor *ernn_store_tensor_at(const ernn_store *file, size_t index)
{
    return &file->tensors[index];
}

const ernn_store_tensor *ernn_store_find(const ernn_store *file, const char *name)
{
    const ernn_store_tensor key = {.name = name};
    return bsearch(&key, file->tensors, file->n_tensors, sizeof key, compare_names);
}

size_t ernn_store_n_texts(const ernn_store *file)
{
    return file->n_texts;
}

const char *ernn_store_key_at(const ernn_store *file, size_t index)
{
    return file->texts[index].key;
}

const char *ernn_store_text(const ernn_store *file, const char *key)
{
    const text_entry wanted = {.key = key};
    const text_entry *found =
        file->n_texts ? bsearch(&wanted, file->texts, file->n_texts, sizeof wanted, compare_texts)
                      : NULL;
    return found ? found->value : NULL;
}
