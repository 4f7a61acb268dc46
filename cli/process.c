// Running other programs with posix_spawn. SPDX-License-Identifier: Apache-2.0
#include "process.h"
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static ernn_status fail(ernn_error *err, const char *format, const char *a, const char *b)
{
    err->status = ERNN_IO;
    snprintf(err->text, sizeof err->text, format, a, b);
    return ERNN_IO;
}

static bool is_on_path(const char *program)
{
    if (strchr(program, '/'))
        return access(program, X_OK) == 0;
    const char *path = getenv("PATH");
    while (path && *path) {
        const size_t n = strcspn(path, ":");
        char candidate[1100];
        snprintf(candidate, sizeof candidate, "%.*s/%.200s", (int)(n < 800 ? n : 800), path,
                 program);
        if (access(candidate, X_OK) == 0)
            return true;
        path += n + (path[n] == ':');
    }
    return false;
}

// The input as an unlinked temporary file, so that no pipe can fill up; -1 on failure.
static int input_descriptor(const char *input)
{
    if (!input)
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    FILE *file = tmpfile();
    if (!file)
        return -1;
    const bool good = fputs(input, file) >= 0 && fflush(file) == 0;
    const int descriptor = good ? dup(fileno(file)) : -1;
    fclose(file);
    if (descriptor >= 0)
        lseek(descriptor, 0, SEEK_SET);
    return descriptor;
}

// posix_spawn has no portable working folder: `env -C` gives one.
static const char **with_folder(const ernn_process *process)
{
    size_t n = 0;
    while (process->arguments[n])
        n++;
    const char **arguments = calloc(n + 4, sizeof *arguments);
    if (!arguments)
        return NULL;
    size_t at = 0;
    if (process->folder) {
        arguments[at++] = "env";
        arguments[at++] = "-C";
        arguments[at++] = process->folder;
    }
    memcpy(arguments + at, process->arguments, n * sizeof *arguments);
    return arguments;
}

// Its own process group, so that a kill reaches the program's children too.
static int spawn(const ernn_process *process, int input, int output, pid_t *pid)
{
    const char **arguments = with_folder(process);
    if (!arguments)
        return ENOMEM;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    const int fault = posix_spawnp(pid, arguments[0], &actions, &attributes,
                                   (char *const *)(uintptr_t)arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    free(arguments);
    return fault;
}

typedef struct collected {
    char *text;
    size_t size;
    size_t capacity;
} collected;

// Appends what is there; false at the end of the output.
static bool collect(collected *all, int descriptor)
{
    if (all->capacity - all->size < 4096) {
        const size_t capacity = all->capacity * 2 + 8192;
        char *text = realloc(all->text, capacity);
        if (!text)
            return false;
        all->text = text;
        all->capacity = capacity;
    }
    const ssize_t n = read(descriptor, all->text + all->size, all->capacity - all->size - 1);
    if (n < 0 && errno == EINTR)
        return true;
    if (n <= 0)
        return false;
    all->size += (size_t)n;
    all->text[all->size] = 0;
    return true;
}

// Reads until the program closes its output; false when it was stopped.
static bool follow(const ernn_process *process, int descriptor, collected *all)
{
    const double started = ernn_cli_seconds();
    for (;;) {
        struct pollfd poll_descriptor = {.fd = descriptor, .events = POLLIN};
        const int ready = poll(&poll_descriptor, 1, 500);
        if (ready > 0 && !collect(all, descriptor))
            return true;
        const double elapsed = ernn_cli_seconds() - started;
        if (process->timeout_s > 0 && elapsed > process->timeout_s)
            return false;
        if (process->progress &&
            !process->progress(process->progress_user, 0, 1, process->arguments[0]))
            return false;
    }
}

ernn_status ernn_process_run(const ernn_process *process, char **output, int *exit_code,
                             ernn_error *err)
{
    *output = NULL;
    *exit_code = -1;
    const char *program = process->arguments[0];
    if (!is_on_path(program))
        return fail(err, "%s: not found on the PATH; install the Debian package %s", program,
                    process->package);
    int pipe_ends[2];
    if (pipe(pipe_ends) != 0)
        return fail(err, "%s: no pipe: %s", program, strerror(errno));
    fcntl(pipe_ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(pipe_ends[1], F_SETFD, FD_CLOEXEC);
    const int input = input_descriptor(process->input);
    pid_t pid;
    const int fault = input < 0 ? errno : spawn(process, input, pipe_ends[1], &pid);
    if (input >= 0)
        close(input);
    close(pipe_ends[1]);
    if (fault) {
        close(pipe_ends[0]);
        return fail(err, "%s: cannot run: %s", program, strerror(fault));
    }
    collected all = {0};
    const bool is_finished = follow(process, pipe_ends[0], &all);
    close(pipe_ends[0]);
    if (!is_finished)
        kill(-pid, SIGKILL);
    int state = 0;
    while (waitpid(pid, &state, 0) < 0 && errno == EINTR)
        ;
    *output = all.text ? all.text : calloc(1, 1);
    if (!is_finished || !WIFEXITED(state))
        return fail(err, "%s: %s", program,
                    is_finished ? "was killed by a signal" : "stopped: interrupted or out of time");
    *exit_code = WEXITSTATUS(state);
    return ERNN_OK;
}
