// safetensors files with the strict profile of docs/format.md: models, quantised models,
// checkpoints. Little-endian, named tensors and text metadata.
//
// Writing: everything that is added is borrowed until the save; errors are sticky, check the save.
//
//     ernn_store_writer *writer;
//     ernn_store_writer_new(&writer, &err);
//     ernn_store_put_text(writer, "ernn.kind", "checkpoint");
//     ernn_store_put(writer, "adam.m", ERNN_DTYPE_F32, 2, (size_t[]){rows, cols}, values);
//     ernn_store_save(writer, path, &err);
//     ernn_store_writer_free(writer);
//
// Reading: the file is checked whole before anything is handed out; values are copied out, since
// tensors of mixed types need not be aligned.
//
//     ernn_store *file;
//     ernn_store_load(path, &file, &err);
//     ernn_store_read(file, "adam.m", ERNN_DTYPE_F32, 2, (size_t[]){rows, cols}, values, &err);
//     ernn_store_free(file);
//
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_STORE_SAFETENSORS_H
#define ERNN_SRC_STORE_SAFETENSORS_H

#include "base/error.h"

enum {
    ERNN_STORE_MAX_DIMS = 8,
    ERNN_STORE_MAX_HEADER = 16 << 20, // bytes of JSON
    ERNN_STORE_MAX_TENSORS = 1 << 16,
    ERNN_STORE_MAX_NAME = 200, // bytes of a tensor's name or a metadata key
    ERNN_STORE_VERSION = 2,    // the highest ernn.format
};

typedef enum ernn_dtype {
    ERNN_DTYPE_U8,
    ERNN_DTYPE_I16,
    ERNN_DTYPE_I32,
    ERNN_DTYPE_I64,
    ERNN_DTYPE_F32,
    ERNN_DTYPE_F64,
    ERNN_DTYPES
} ernn_dtype;

size_t ernn_dtype_bytes(ernn_dtype dtype);
const char *ernn_dtype_name(ernn_dtype dtype); // "F32", ...
// Index of the first NaN or infinite number among values[count], or `count`.
size_t ernn_dtype_first_bad(ernn_dtype dtype, const void *values, size_t count);

// ---- Writing ----

typedef struct ernn_store_writer ernn_store_writer;
ernn_status ernn_store_writer_new(ernn_store_writer **writer, ernn_error *err);
void ernn_store_writer_free(ernn_store_writer *writer);

// Metadata. Key and value are copied; a key given twice is an error at the save.
void ernn_store_put_text(ernn_store_writer *writer, const char *key, const char *value);

// A tensor of shape[n_dims], row-major. The name is copied, `values` borrowed until the save.
void ernn_store_put(ernn_store_writer *writer, const char *name, ernn_dtype dtype, int n_dims,
                    const size_t *shape, const void *values);

// Writes the file canonically: sorted names, no spaces, header padded so that data start at a
// multiple of 64 bytes, no gaps. The same content gives the same bytes whatever the order of puts.
// NaN and infinite numbers are refused: the file could not be read back.
ernn_status ernn_store_save(const ernn_store_writer *writer, const char *path, ernn_error *err);

// ---- Reading ----

typedef struct ernn_store ernn_store;

// One tensor of a loaded file; borrowed. `bytes` need not be aligned for its type.
typedef struct ernn_store_tensor {
    const char *name;
    ernn_dtype dtype;
    int n_dims;
    size_t shape[ERNN_STORE_MAX_DIMS];
    size_t count; // items
    const unsigned char *bytes;
} ernn_store_tensor;

// Loads `path` and checks all of it: sizes, header, every offset, no gaps, overlaps or duplicates.
// ERNN_BAD_FILE with the path, place, value and range; `*file` NULL on failure.
ernn_status ernn_store_load(const char *path, ernn_store **file, ernn_error *err);
// The same over bytes in memory, which are copied; `name` stands for the path in messages.
ernn_status ernn_store_parse(const char *name, const void *bytes, size_t size, ernn_store **file,
                             ernn_error *err);
void ernn_store_free(ernn_store *file);

// As given when the file was loaded, for messages.
const char *ernn_store_path(const ernn_store *file);
size_t ernn_store_size(const ernn_store *file); // bytes of the file

// Tensors in the order of their names.
size_t ernn_store_n_tensors(const ernn_store *file);
const ernn_store_tensor *ernn_store_tensor_at(const ernn_store *file, size_t index);
const ernn_store_tensor *ernn_store_find(const ernn_store *file, const char *name); // or NULL

// Metadata in the order of the keys; text is NULL when the key is not there.
size_t ernn_store_n_texts(const ernn_store *file);
const char *ernn_store_key_at(const ernn_store *file, size_t index);
const char *ernn_store_text(const ernn_store *file, const char *key);
// The value of a key that must be there; ERNN_BAD_FILE naming it otherwise.
ernn_status ernn_store_need_text(const ernn_store *file, const char *key, const char **value,
                                 ernn_error *err);

// Copies a tensor that must be there with this type and shape into values[product of shape]; floats
// must be finite. ERNN_BAD_FILE names the tensor and what differs, or the index of the first NaN.
ernn_status ernn_store_read(const ernn_store *file, const char *name, ernn_dtype dtype, int n_dims,
                            const size_t *shape, void *values, ernn_error *err);

// Checks ernn.format and that ernn.kind is `kind`, and refuses every "ernn." key that is neither of
// these nor in keys[n]: a file from a later version must not be read by halves.
ernn_status ernn_store_check_profile(const ernn_store *file, const char *kind,
                                     const char *const *keys, int n, ernn_error *err);
// Refuses a tensor whose name is not in names[n] (for kinds whose tensors are all known).
ernn_status ernn_store_check_names(const ernn_store *file, const char *const *names, size_t n,
                                   ernn_error *err);

#endif
