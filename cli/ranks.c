// Ranks under mpirun. SPDX-License-Identifier: Apache-2.0
#include "ranks.h"
#include "cli.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Open MPI; MPICH and other launchers of the PMI kind.
static const char *const SIZE[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"};
static const char *const RANK[] = {"OMPI_COMM_WORLD_RANK", "PMI_RANK"};

static long launched(const char *const *names)
{
    for (int i = 0; i < 2; i++)
        if (getenv(names[i]))
            return strtol(getenv(names[i]), NULL, 10);
    return 0;
}

int ernn_cli_ranks_join(ernn_comm **comm)
{
    ernn_error err = {0};
    if (launched(SIZE) < 2)
        return ERNN_EXIT_OK;
    if (ernn_comm_new(comm, &err) != ERNN_OK)
        return launched(RANK) == 0 ? ernn_cli_fail(&err) : ERNN_EXIT_FAILURE;
    // What the others have to say comes to rank 0 and is said there (ernn_comm_agree).
    if (ernn_comm_rank(*comm) > 0 &&
        (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)))
        return ERNN_EXIT_FAILURE;
    return ERNN_EXIT_OK;
}

// ---- The end of a job ----

// Globals because a signal handler reaches nothing else; written before it is installed.
static char checkpoint_path[1100];
static char checkpoint_line[1400];

static const char NO_CHECKPOINT[] =
    "ernn: the launcher ends this job: a rank has died or it was told to; no checkpoint yet\n";

// mpirun sends SIGTERM to the ranks that are left, then kills. Only calls that are safe in a
// handler.
static void on_end(int signal_number)
{
    (void)signal_number;
    const bool has_checkpoint = access(checkpoint_path, F_OK) == 0;
    const char *line = has_checkpoint ? checkpoint_line : NO_CHECKPOINT;
    if (write(STDERR_FILENO, line, strlen(line)) < 0)
        _exit(ERNN_EXIT_FAILURE);
    _exit(ERNN_EXIT_FAILURE);
}

void ernn_cli_ranks_catch_end(const ernn_comm *comm, const char *checkpoint)
{
    if (!comm)
        return;
    struct sigaction action = {.sa_handler = SIG_DFL};
    if (ernn_comm_rank(comm) == 0) {
        snprintf(checkpoint_path, sizeof checkpoint_path, "%s", checkpoint);
        snprintf(checkpoint_line, sizeof checkpoint_line,
                 "ernn: the launcher ends this job: a rank has died or it was told to; %.1000s is "
                 "intact: the same command with --resume goes on, with any number of ranks\n",
                 checkpoint);
        action.sa_handler = on_end;
    }
    sigaction(SIGTERM, &action, NULL);
}
