// Status codes, the caller-owned error text and the version: the bottom of every public header.
//
//     ernn_error err = {0};
//     if (ernn_model_load(path, &model, &err) != ERNN_OK)
//         fprintf(stderr, "%s\n", err.text);
//
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_STATUS_H
#define ERNN_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The one place where the version is written.
#define ERNN_VERSION "0.1.0"

#if defined(__GNUC__)
#define ERNN_API __attribute__((visibility("default")))
#define ERNN_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
#else
#define ERNN_API
#define ERNN_PRINTF(format_index, first)
#endif

typedef enum ernn_status {
    ERNN_OK = 0,
    ERNN_BAD_ARG,   // an argument or option is outside its range
    ERNN_BAD_FILE,  // a file is malformed
    ERNN_IO,        // the system refused to read, write or run
    ERNN_NO_MEMORY, // an allocation failed
    ERNN_TOO_BIG,   // a size overflows or passes a stated limit
    ERNN_NO_FIT,    // no design satisfies the constraints
    ERNN_STOPPED,   // the caller's progress callback asked to stop; work is saved
} ernn_status;

// Owned by the caller, passed last, NULL allowed. The text is one line: what, where, value, allowed
// range, hint. Untouched on success.
typedef struct ernn_error {
    ernn_status status;
    char text[512];
} ernn_error;

// Progress of long work. `done` of `total` units finished, `text` one line without newline, valid
// during the call. Returning false asks the work to stop at its next safe point with ERNN_STOPPED.
typedef bool (*ernn_progress_fn)(void *user, double done, double total, const char *text);

// The library version, as ERNN_VERSION.
ERNN_API const char *ernn_version(void);

#ifdef __cplusplus
}
#endif
#endif
