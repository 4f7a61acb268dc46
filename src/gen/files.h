// What has been written of a project so far: for the manifest and the core file.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_GEN_FILES_H
#define ERNN_SRC_GEN_FILES_H

#include "gen/digest.h"

enum { ERNN_GEN_MAX_FILES = 256 };

typedef struct ernn_gen_file {
    char path[160]; // relative to the project
    size_t size;    // bytes
    char digest[ERNN_DIGEST_TEXT];
} ernn_gen_file;

// files[n], sorted by path before anything prints them.
typedef struct ernn_gen_files {
    int n;
    ernn_gen_file *files; // [ERNN_GEN_MAX_FILES]
} ernn_gen_files;

#endif
