// Outside tools as child processes. SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE // posix_spawn_file_actions_addchdir_np
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { LINE_BYTES = 1024, TICK_MS = 200 };

// What is collected while the child runs.
typedef struct listener {
    const ernn_cli_process *process;
    FILE *log;
    char line[LINE_BYTES];
    size_t length;
    char complaint[200]; // the first line that speaks of an error
    char last[200];
} listener;

ernn_status ernn_cli_error(ernn_error *err, ernn_status status, const char *format, ...)
{
    va_list args;
    if (!err)
        return status;
    err->status = status;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return status;
}

bool ernn_cli_process_has(const char *tool)
{
    const char *path = getenv("PATH");
    char candidate[1024];
    if (strchr(tool, '/')) // relative to the child's folder: left to the system
        return true;
    while (path && *path) {
        const size_t n = strcspn(path, ":");
        snprintf(candidate, sizeof candidate, "%.*s/%s", (int)n, path, tool);
        if (n && access(candidate, X_OK) == 0)
            return true;
        path += n + (path[n] == ':');
    }
    return false;
}

static void end_line(listener *l)
{
    l->line[l->length] = 0;
    l->length = 0;
    if (!l->line[0])
        return;
    snprintf(l->last, sizeof l->last, "%.199s", l->line);
    const bool is_error = strstr(l->line, "rror") || strstr(l->line, "ERROR");
    if (is_error && !l->complaint[0])
        snprintf(l->complaint, sizeof l->complaint, "%.199s", l->line);
    if (l->process->on_line)
        l->process->on_line(l->process->user, l->line);
}

static void hear(listener *l, const char *bytes, size_t n)
{
    if (l->log)
        fwrite(bytes, 1, n, l->log);
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '\n')
            end_line(l);
        else if (l->length + 1 < sizeof l->line)
            l->line[l->length++] = bytes[i];
    }
}

// Reads what the child says until it closes its output. False: stop was asked for or time is up.
static bool listen_to(listener *l, int descriptor, double started, bool *is_late)
{
    const ernn_cli_process *process = l->process;
    ernn_cli_progress progress = {.started = started, .last = started};
    char bytes[4096];
    for (;;) {
        struct pollfd input = {descriptor, POLLIN, 0};
        if (poll(&input, 1, TICK_MS) > 0) {
            const ssize_t n = read(descriptor, bytes, sizeof bytes);
            if (n == 0 || (n < 0 && errno != EINTR))
                break;
            if (n > 0)
                hear(l, bytes, (size_t)n);
        }
        const double seconds = ernn_cli_seconds() - started;
        const double expected = process->seconds_expected;
        *is_late = seconds > process->seconds_limit;
        char text[160];
        snprintf(text, sizeof text, "%.100s: %.0f s", process->label, seconds);
        // Past the expectation, claim no more than that it goes on.
        const double done = expected > seconds ? seconds : 0;
        const bool go_on = ernn_cli_progress_line(&progress, done, expected + 1, text);
        if (*is_late || !go_on) {
            ernn_cli_progress_end(&progress);
            return false;
        }
    }
    if (l->length)
        end_line(l);
    ernn_cli_progress_end(&progress);
    return true;
}

static int spawn(const ernn_cli_process *process, const int ends[2], pid_t *child)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    posix_spawn_file_actions_addchdir_np(&actions, process->folder);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
    // The prototype predates const: the strings are not written.
    char *const *argv = (char *const *)(uintptr_t)process->argv;
    const int code = posix_spawnp(child, argv[0], &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

static ernn_status verdict(const listener *l, int state, ernn_error *err)
{
    const ernn_cli_process *process = l->process;
    if (WIFEXITED(state) && WEXITSTATUS(state) == 0)
        return ERNN_OK;
    const char *said = l->complaint[0] ? l->complaint : l->last;
    if (WIFSIGNALED(state))
        return ernn_cli_error(err, ERNN_IO, "%s ended by signal %d: %s%s%s", process->argv[0],
                              WTERMSIG(state), said, process->log ? "; see " : "",
                              process->log ? process->log : "");
    return ernn_cli_error(err, ERNN_IO, "%s failed with exit code %d: %s%s%s", process->argv[0],
                          WEXITSTATUS(state), said, process->log ? "; see " : "",
                          process->log ? process->log : "");
}

ernn_status ernn_cli_process_run(const ernn_cli_process *process, ernn_error *err)
{
    listener l = {.process = process};
    pid_t child;
    int ends[2];
    int state = 0;
    bool is_late = false;
    if (!ernn_cli_process_has(process->argv[0]))
        return ernn_cli_error(err, ERNN_IO, "%s: not found in PATH; on Debian: apt-get install %s",
                              process->argv[0], process->package);
    if (process->log && !(l.log = fopen(process->log, "w")))
        return ernn_cli_error(err, ERNN_IO, "%s: cannot write: %s", process->log, strerror(errno));
    if (pipe(ends) != 0) {
        if (l.log)
            fclose(l.log);
        return ernn_cli_error(err, ERNN_IO, "%s: no pipe: %s", process->argv[0], strerror(errno));
    }
    const double started = ernn_cli_seconds();
    const int code = spawn(process, ends, &child);
    close(ends[1]);
    const bool is_done = code == 0 && listen_to(&l, ends[0], started, &is_late);
    if (code == 0 && !is_done)
        kill(-child, SIGTERM);
    if (code == 0)
        while (waitpid(child, &state, 0) < 0 && errno == EINTR)
            continue;
    close(ends[0]);
    if (l.log)
        fclose(l.log);
    if (code)
        return ernn_cli_error(err, ERNN_IO, "%s: cannot be started in %s: %s", process->argv[0],
                              process->folder, strerror(code));
    if (is_late)
        return ernn_cli_error(err, ERNN_IO, "%s: ended after its limit of %.0f s", process->argv[0],
                              process->seconds_limit);
    if (!is_done)
        return ernn_cli_error(err, ERNN_STOPPED, "%s: stopped by Ctrl-C", process->argv[0]);
    return verdict(&l, state, err);
}
