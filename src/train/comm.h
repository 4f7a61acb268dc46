// The ranks of one training job: what every rank must know or add up together. NULL is a job of one
// process everywhere, and costs nothing. All calls with a `comm` are collective: every rank makes
// them, in the same order. docs/distributed.md. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_TRAIN_COMM_H
#define ERNN_SRC_TRAIN_COMM_H

#include "ernn/train.h"

typedef struct ernn_link ernn_link;

struct ernn_comm {
    int rank;
    int size;
    int node_size;  // ranks on this machine
    bool is_broken; // a rank is gone: nothing is sent any more
    ernn_link *link;
};

// ---- What training asks for (comm.c) ----

// True on every rank when `flag` is on any of them.
ernn_status ernn_comm_any(ernn_comm *comm, bool *flag, ernn_error *err);
// ERNN_BAD_ARG on every rank when `digest` is not the same on all; `what` begins the message.
ernn_status ernn_comm_same(ernn_comm *comm, uint64_t digest, const char *what, ernn_error *err);
// counts[n] = their sums over all ranks.
ernn_status ernn_comm_sum(ernn_comm *comm, int64_t *counts, int n, ernn_error *err);
// Of n things in a row rank `rank` has begin ... begin_of(rank + 1) - 1.
size_t ernn_comm_begin(const ernn_comm *comm, size_t n, int rank);
// Threads of this rank when the caller wants all cores.
int ernn_comm_threads(const ernn_comm *comm);

// ---- What a link carries (comm_mpi.c; comm_none.c without MPI) ----

// Counts and offsets are in bytes, [size] each.
typedef struct ernn_layout {
    const int *counts;
    const int *offsets;
} ernn_layout;

// Every rank sends a piece to every rank.
ernn_status ernn_link_exchange(ernn_comm *comm, const void *from, ernn_layout sent, void *to,
                               ernn_layout received, ernn_error *err);
// Every rank has its own piece of `all` and gets the others'.
ernn_status ernn_link_gather(ernn_comm *comm, void *all, ernn_layout pieces, ernn_error *err);
ernn_status ernn_link_sum(ernn_comm *comm, int64_t *values, int n, ernn_error *err);
ernn_status ernn_link_max(ernn_comm *comm, int64_t *values, int n, ernn_error *err);
// Everyone gets the bytes of rank `root`.
ernn_status ernn_link_broadcast(ernn_comm *comm, int root, void *bytes, int n, ernn_error *err);

#endif
