// Other programs, run to their end: no shell, arguments as a vector, output collected. GPL tools
// are only ever reached this way. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_BASE_PROCESS_H
#define ERNN_SRC_BASE_PROCESS_H

#include "base/error.h"

// Runs argv[0] (looked up on PATH unless it holds a slash) with `argv`, NULL-terminated, and waits.
// `*output` is what it wrote to standard output, NUL-terminated, freed by ernn_mem_free, NULL on
// failure. A missing program is ERNN_IO and names the Debian `package` that holds it; an exit code
// other than 0 is ERNN_IO with the program's last line of standard error. Safe to call from several
// threads at once.
ernn_status ernn_process_run(const char *const *argv, const char *package, char **output,
                             ernn_error *err);

#endif
