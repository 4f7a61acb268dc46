// Agreement between ranks. SPDX-License-Identifier: Apache-2.0
#include "train/comm.h"

#include "base/error.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int ernn_comm_rank(const ernn_comm *comm)
{
    return comm ? comm->rank : 0;
}

int ernn_comm_size(const ernn_comm *comm)
{
    return comm ? comm->size : 1;
}

size_t ernn_comm_begin(const ernn_comm *comm, size_t n, int rank)
{
    return n * (size_t)rank / (size_t)ernn_comm_size(comm);
}

// Ranks of one machine share its cores, unless the launcher has bound each to its own.
int ernn_comm_threads(const ernn_comm *comm)
{
    const int mine = omp_get_num_procs();
    if (!comm)
        return mine;
    const int share = (int)sysconf(_SC_NPROCESSORS_ONLN) / comm->node_size;
    if (share < 1)
        return 1;
    return share < mine ? share : mine;
}

ernn_status ernn_comm_any(ernn_comm *comm, bool *flag, ernn_error *err)
{
    if (!comm)
        return ERNN_OK;
    int64_t value = *flag;
    const ernn_status status = ernn_link_max(comm, &value, 1, err);
    if (status == ERNN_OK)
        *flag = value != 0;
    return status;
}

ernn_status ernn_comm_same(ernn_comm *comm, uint64_t digest, const char *what, ernn_error *err)
{
    if (!comm)
        return ERNN_OK;
    int64_t value;
    memcpy(&value, &digest, sizeof value);
    // The largest of all is the smallest of all: ~ turns the order around.
    int64_t ends[2] = {value, ~value};
    const ernn_status status = ernn_link_max(comm, ends, 2, err);
    if (status != ERNN_OK || ends[0] == ~ends[1])
        return status;
    return ernn_error_set(err, ERNN_BAD_ARG, "training: the %d ranks have different %s", comm->size,
                          what);
}

ernn_status ernn_comm_sum(ernn_comm *comm, int64_t *counts, int n, ernn_error *err)
{
    return comm ? ernn_link_sum(comm, counts, n, err) : ERNN_OK;
}

ernn_status ernn_comm_agree(ernn_comm *comm, ernn_status status, ernn_error *err)
{
    if (!comm)
        return status;
    if (comm->is_broken)
        return status != ERNN_OK ? status : ERNN_IO;
    int64_t failed = status == ERNN_OK ? 0 : comm->size - comm->rank;
    const ernn_status sent = ernn_link_max(comm, &failed, 1, err);
    if (sent != ERNN_OK || failed == 0)
        return sent;
    const int first = comm->size - (int)failed;
    ernn_error told = {.status = status};
    if (comm->rank == first && err)
        memcpy(told.text, err->text, sizeof told.text);
    if (ernn_link_broadcast(comm, first, &told, (int)sizeof told, err) != ERNN_OK)
        return ERNN_IO;
    told.text[sizeof told.text - 1] = '\0';
    if (first > 0 && told.text[0] != '\0')
        return ernn_error_set(err, told.status, "rank %d: %.400s", first, told.text);
    return ernn_error_set(err, told.status, "%s", told.text);
}
