// Running an outside tool as a child process: no shell, its own process group, a time limit, its
// output line by line. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_CLI_PROCESS_H
#define ERNN_CLI_PROCESS_H

#include "cli.h"

typedef struct ernn_cli_process {
    const char *const *argv; // NULL-terminated; argv[0] is looked up in PATH
    const char *folder;      // working folder of the child
    const char *log;         // its output (stdout and stderr) goes here too; NULL = nowhere
    const char *package;     // Debian package that has the tool, for the message when it is missing
    const char *label;       // for the progress line
    double seconds_expected; // for the time left; 0 = unknown
    double seconds_limit;    // the child is ended after this
    void (*on_line)(void *user, const char *line); // NULL = ignored; newline removed
    void *user;
} ernn_cli_process;

// Runs to the end. ERNN_IO when the tool is missing, ends badly (the message quotes the last line
// that speaks of an error, and names the log) or passes the limit; ERNN_STOPPED after Ctrl-C.
ernn_status ernn_cli_process_run(const ernn_cli_process *process, ernn_error *err);

// True when argv[0] `tool` is found in PATH.
bool ernn_cli_process_has(const char *tool);

// Fills `err` (caller-owned, NULL allowed) as the library does.
ernn_status ernn_cli_error(ernn_error *err, ernn_status status, const char *format, ...)
    ERNN_PRINTF(3, 4);

#endif
