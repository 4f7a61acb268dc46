// Several processes of one training, started by mpirun. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_CLI_RANKS_H
#define ERNN_CLI_RANKS_H

#include "ernn/train.h"

// Joins the job when a launcher has started several processes, which its variables in the
// environment tell: the one place where the command looks at them. Else *comm stays NULL and MPI
// is not touched. From then on rank 0 alone is heard. Returns an exit code.
int ernn_cli_ranks_join(ernn_comm **comm);

// From now on a job that the launcher ends, because a rank has died or it was stopped itself,
// says so in one line that names the checkpoint. Nothing without ranks.
void ernn_cli_ranks_catch_end(const ernn_comm *comm, const char *checkpoint);

#endif
