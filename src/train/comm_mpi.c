// Ranks joined by MPI: the one file that calls it. Only operations whose result does not depend on
// the order of ranks are left to MPI (moving bytes, integer sums, largest values); floats are added
// by our own code, in a fixed order. SPDX-License-Identifier: Apache-2.0
#include "train/comm.h"

#include "base/memory.h"

#include <mpi.h>
#include <stdlib.h>

struct ernn_link {
    MPI_Comm world;
};

// A rank that is gone breaks the job for good.
static ernn_status check(ernn_comm *comm, int code, ernn_error *err)
{
    if (code == MPI_SUCCESS)
        return ERNN_OK;
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    MPI_Error_string(code, text, &length);
    comm->is_broken = true;
    return ernn_error_set(err, ERNN_IO,
                          "training: rank %d of %d has lost the others, one of them has ended: "
                          "%.200s",
                          comm->rank, comm->size, text);
}

static ernn_status broken(const ernn_comm *comm, ernn_error *err)
{
    return ernn_error_set(err, ERNN_IO, "training: rank %d of %d has lost the others", comm->rank,
                          comm->size);
}

static ernn_status join(ernn_comm *comm, ernn_error *err)
{
    MPI_Comm node;
    // Errors come back as codes: the library does not end the process. A communicator of its own
    // keeps our messages apart from a caller's.
    int code = MPI_Comm_dup(MPI_COMM_WORLD, &comm->link->world);
    if (code == MPI_SUCCESS)
        code = MPI_Comm_set_errhandler(comm->link->world, MPI_ERRORS_RETURN);
    if (code == MPI_SUCCESS)
        code = MPI_Comm_rank(comm->link->world, &comm->rank);
    if (code == MPI_SUCCESS)
        code = MPI_Comm_size(comm->link->world, &comm->size);
    if (code == MPI_SUCCESS)
        code =
            MPI_Comm_split_type(comm->link->world, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
    if (code == MPI_SUCCESS) {
        code = MPI_Comm_size(node, &comm->node_size);
        MPI_Comm_free(&node);
    }
    return check(comm, code, err);
}

ernn_status ernn_comm_new(ernn_comm **comm, ernn_error *err)
{
    *comm = NULL;
    ernn_comm *c = ernn_mem_new(1, sizeof *c, err);
    ernn_link *link = ernn_mem_new(1, sizeof *link, err);
    int provided = 0;
    if (!c || !link) {
        ernn_mem_free(c);
        ernn_mem_free(link);
        return ERNN_NO_MEMORY;
    }
    c->link = link;
    c->node_size = 1;
    // OpenMP threads compute; the thread that called us communicates.
    ernn_status status = check(c, MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided), err);
    if (status == ERNN_OK)
        status = join(c, err);
    if (status == ERNN_OK)
        *comm = c;
    else {
        ernn_mem_free(link);
        ernn_mem_free(c);
    }
    return status;
}

void ernn_comm_free(ernn_comm *comm)
{
    if (!comm)
        return;
    // The others may wait for this rank in a call that it will not make.
    if (comm->is_broken)
        MPI_Abort(comm->link->world, EXIT_FAILURE);
    MPI_Comm_free(&comm->link->world);
    MPI_Finalize();
    ernn_mem_free(comm->link);
    ernn_mem_free(comm);
}

ernn_status ernn_link_exchange(ernn_comm *comm, const void *from, ernn_layout sent, void *to,
                               ernn_layout received, ernn_error *err)
{
    if (comm->is_broken)
        return broken(comm, err);
    return check(comm,
                 MPI_Alltoallv(from, sent.counts, sent.offsets, MPI_BYTE, to, received.counts,
                               received.offsets, MPI_BYTE, comm->link->world),
                 err);
}

ernn_status ernn_link_gather(ernn_comm *comm, void *all, ernn_layout pieces, ernn_error *err)
{
    if (comm->is_broken)
        return broken(comm, err);
    return check(comm,
                 MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_BYTE, all, pieces.counts, pieces.offsets,
                                MPI_BYTE, comm->link->world),
                 err);
}

ernn_status ernn_link_sum(ernn_comm *comm, int64_t *values, int n, ernn_error *err)
{
    if (comm->is_broken)
        return broken(comm, err);
    return check(
        comm, MPI_Allreduce(MPI_IN_PLACE, values, n, MPI_INT64_T, MPI_SUM, comm->link->world), err);
}

ernn_status ernn_link_max(ernn_comm *comm, int64_t *values, int n, ernn_error *err)
{
    if (comm->is_broken)
        return broken(comm, err);
    return check(
        comm, MPI_Allreduce(MPI_IN_PLACE, values, n, MPI_INT64_T, MPI_MAX, comm->link->world), err);
}

ernn_status ernn_link_broadcast(ernn_comm *comm, int root, void *bytes, int n, ernn_error *err)
{
    if (comm->is_broken)
        return broken(comm, err);
    return check(comm, MPI_Bcast(bytes, n, MPI_BYTE, root, comm->link->world), err);
}
