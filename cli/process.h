// Running other programs: no shell, output captured, a missing tool named with its Debian package.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_CLI_PROCESS_H
#define ERNN_CLI_PROCESS_H

#include "ernn/status.h"

typedef struct ernn_process {
    const char *const *arguments; // program (found on PATH) and arguments, NULL-terminated
    const char *package;          // Debian package to name when the program is missing
    const char *folder;           // working folder, NULL = this one
    const char *input;            // text for standard input, NULL = none
    double timeout_s;             // 0 = none; then the program is killed
    // Called about twice a second while it runs (may be NULL); false kills the program.
    ernn_progress_fn progress;
    void *progress_user;
} ernn_process;

// Runs to the end. Standard output and error together come back in `*output` (NUL-terminated, freed
// by free), also when the program fails. ERNN_IO: not found, killed, timed out; `*exit_code` is
// then -1. A program that ran and failed is ERNN_OK with its exit code.
ernn_status ernn_process_run(const ernn_process *process, char **output, int *exit_code,
                             ernn_error *err);

#endif
