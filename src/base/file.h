// Whole files in and out. Output appears complete or not at all: it is written beside its final
// name and renamed. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_BASE_FILE_H
#define ERNN_SRC_BASE_FILE_H

#include "base/error.h"

// Reads all of `path`, at most `max_bytes`; `*data` is NUL-terminated, freed by ernn_mem_free, and
// NULL on failure.
ernn_status ernn_file_load(const char *path, size_t max_bytes, char **data, size_t *size,
                           ernn_error *err);

// Writes `path` whole: temporary file beside it, fsync, rename.
ernn_status ernn_file_save(const char *path, const void *data, size_t size, ernn_error *err);

bool ernn_file_exists(const char *path);
bool ernn_file_is_folder(const char *path);

// Makes a folder and its parents; an existing folder is fine.
ernn_status ernn_folder_new(const char *path, ernn_error *err);

// Removes a folder tree; a missing one is fine. Never follows symbolic links.
ernn_status ernn_folder_remove(const char *path, ernn_error *err);

// An output folder that appears complete or not at all. Begin refuses an existing `final` unless
// `force`; write below `temporary`, then commit (rename) or abort (remove).
typedef struct ernn_output_folder {
    char final[1024];
    char temporary[1056];
} ernn_output_folder;

ernn_status ernn_output_folder_begin(ernn_output_folder *folder, const char *final, bool force,
                                     ernn_error *err);
ernn_status ernn_output_folder_commit(ernn_output_folder *folder, ernn_error *err);
void ernn_output_folder_abort(ernn_output_folder *folder);

#endif
