// Filling the caller's error struct. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_BASE_ERROR_H
#define ERNN_SRC_BASE_ERROR_H

#include "ernn/status.h"

// Writes `status` and the formatted line into `err` (NULL allowed) and returns `status`, so that a
// failing function can end in `return ernn_error_set(err, ERNN_BAD_ARG, "...")`.
ernn_status ernn_error_set(ernn_error *err, ernn_status status, const char *format, ...)
    ERNN_PRINTF(3, 4);

#endif
