// Child processes by posix_spawn. Their output goes to unlinked temporary files, not to pipes: no
// reader thread is needed and no child can block on a full pipe. SPDX-License-Identifier:
// Apache-2.0
#include "base/process.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { MAX_OUTPUT_BYTES = 64 << 20 };

// Everything in `file`, NUL-terminated.
static ernn_status read_back(FILE *file, const char *program, char **text, ernn_error *err)
{
    long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (size < 0 || size > MAX_OUTPUT_BYTES)
        return ernn_error_set(err, ERNN_TOO_BIG, "%s: wrote %ld bytes, at most %d are read",
                              program, size, MAX_OUTPUT_BYTES);
    char *bytes = ernn_mem_new((size_t)size + 1, 1, err);
    if (!bytes)
        return ERNN_NO_MEMORY;
    rewind(file);
    if (fread(bytes, 1, (size_t)size, file) != (size_t)size) {
        ernn_mem_free(bytes);
        return ernn_error_set(err, ERNN_IO, "%s: cannot read its output", program);
    }
    *text = bytes;
    return ERNN_OK;
}

// The last line of what the program wrote to standard error, for the message.
static ernn_status fail_with_last_line(const char *program, int wait_status, FILE *errors,
                                       ernn_error *err)
{
    char tail[200] = "";
    if (fseek(errors, -(long)(sizeof tail - 1), SEEK_END) != 0)
        rewind(errors);
    size_t n = fread(tail, 1, sizeof tail - 1, errors);
    while (n && tail[n - 1] == '\n')
        n--;
    tail[n] = 0;
    const char *line = strrchr(tail, '\n');
    line = line ? line + 1 : tail;
    if (WIFSIGNALED(wait_status))
        return ernn_error_set(err, ERNN_IO, "%s: killed by signal %d", program,
                              WTERMSIG(wait_status));
    return ernn_error_set(err, ERNN_IO, "%s: exit code %d, 0 wanted%s%s", program,
                          WEXITSTATUS(wait_status), *line ? ": " : "", line);
}

static int spawn(const char *const *argv, FILE *output, FILE *errors, pid_t *child)
{
    posix_spawn_file_actions_t actions;
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure)
        return failure;
    failure = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!failure)
        failure = posix_spawn_file_actions_adddup2(&actions, fileno(output), STDOUT_FILENO);
    if (!failure)
        failure = posix_spawn_file_actions_adddup2(&actions, fileno(errors), STDERR_FILENO);
    // posix_spawn promises not to change the strings; its type predates const.
    if (!failure)
        failure = posix_spawnp(child, argv[0], &actions, NULL, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}

ernn_status ernn_process_run(const char *const *argv, const char *package, char **output,
                             ernn_error *err)
{
    *output = NULL;
    ernn_status status = ERNN_OK;
    FILE *out = tmpfile();
    FILE *errors = tmpfile();
    pid_t child = 0;
    int wait_status = 0;
    if (!out || !errors) {
        status = ernn_error_set(err, ERNN_IO, "%s: no temporary file for its output: %s", argv[0],
                                strerror(errno));
        goto done;
    }
    int failure = spawn(argv, out, errors, &child);
    if (failure == ENOENT || failure == EACCES) {
        status = ernn_error_set(
            err, ERNN_IO, "%s: program not found; install the Debian package %s", argv[0], package);
        goto done;
    }
    if (failure) {
        status = ernn_error_set(err, ERNN_IO, "%s: cannot run: %s", argv[0], strerror(failure));
        goto done;
    }
    while (waitpid(child, &wait_status, 0) < 0)
        if (errno != EINTR) {
            status = ernn_error_set(err, ERNN_IO, "%s: lost: %s", argv[0], strerror(errno));
            goto done;
        }
    status = wait_status ? fail_with_last_line(argv[0], wait_status, errors, err)
                         : read_back(out, argv[0], output, err);
done:
    if (out)
        fclose(out);
    if (errors)
        fclose(errors);
    return status;
}
