// What every verb of the command shares: messages, option values, progress, interruption.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_CLI_CLI_H
#define ERNN_CLI_CLI_H

#include "ernn/ernn.h"

// Exit codes of the command.
enum { ERNN_EXIT_OK = 0, ERNN_EXIT_FAILURE = 1, ERNN_EXIT_USAGE = 2 };

// Prints "ernn: <text>" to stderr and returns ERNN_EXIT_FAILURE.
int ernn_cli_fail(const ernn_error *err);
// Prints "ernn <verb>: <message>; see ernn <verb> --help" and returns ERNN_EXIT_USAGE.
int ernn_cli_usage(const char *verb, const char *format, ...) ERNN_PRINTF(2, 3);

// Option values with range; false after printing a usage line naming option, value and range.
bool ernn_cli_integer(const char *verb, const char *option, const char *text, long low, long high,
                      int *value);
bool ernn_cli_number(const char *verb, const char *option, const char *text, double low,
                     double high, double *value);

// Progress: one rewritten line with the time left on a terminal, a line every ten seconds
// otherwise. `user` is an ernn_cli_progress. Returns false after Ctrl-C (see below).
typedef struct ernn_cli_progress {
    double started; // seconds, 0 = not yet
    double last;
    bool is_quiet;
} ernn_cli_progress;
bool ernn_cli_progress_line(void *user, double done, double total, const char *text);
// Ends the rewritten line, if any.
void ernn_cli_progress_end(ernn_cli_progress *progress);

// From now on Ctrl-C asks the running work to stop at its next safe point; a second one kills.
void ernn_cli_catch_interrupt(void);

// Writes `text` whole to `path`, or to stdout for "-". Returns an exit code.
int ernn_cli_write(const char *path, const char *text);

// Wall clock in seconds.
double ernn_cli_seconds(void);

#endif
