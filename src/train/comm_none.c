// A build without MPI: a job is one process. SPDX-License-Identifier: Apache-2.0
#include "train/comm.h"

#include "base/error.h"

static ernn_status refuse(ernn_error *err)
{
    return ernn_error_set(err, ERNN_BAD_ARG,
                          "training: this ernn was built without MPI; install libopenmpi-dev and "
                          "build again, or start one process");
}

ernn_status ernn_comm_new(ernn_comm **comm, ernn_error *err)
{
    *comm = NULL;
    return refuse(err);
}

void ernn_comm_free(ernn_comm *comm)
{
    (void)comm;
}

ernn_status ernn_link_exchange(ernn_comm *comm, const void *from, ernn_layout sent, void *to,
                               ernn_layout received, ernn_error *err)
{
    (void)comm, (void)from, (void)sent, (void)to, (void)received;
    return refuse(err);
}

ernn_status ernn_link_gather(ernn_comm *comm, void *all, ernn_layout pieces, ernn_error *err)
{
    (void)comm, (void)all, (void)pieces;
    return refuse(err);
}

ernn_status ernn_link_sum(ernn_comm *comm, int64_t *values, int n, ernn_error *err)
{
    (void)comm, (void)values, (void)n;
    return refuse(err);
}

ernn_status ernn_link_max(ernn_comm *comm, int64_t *values, int n, ernn_error *err)
{
    (void)comm, (void)values, (void)n;
    return refuse(err);
}

ernn_status ernn_link_broadcast(ernn_comm *comm, int root, void *bytes, int n, ernn_error *err)
{
    (void)comm, (void)root, (void)bytes, (void)n;
    return refuse(err);
}
