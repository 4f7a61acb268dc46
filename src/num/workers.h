// The threads of one computation and their scratch: independent tasks, each done by one thread.
//
// What a task computes must not depend on the thread that does it. Denormals are flushed to zero in
// every task, whichever thread runs it. Threads that wait give the processor back after some
// microseconds, and nobody waits for one that has not begun: a busy machine slows a computation
// down, it does not stall it. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NUM_WORKERS_H
#define ERNN_SRC_NUM_WORKERS_H

#include "base/error.h"

typedef struct ernn_workers ernn_workers;
typedef void ernn_task(void *user, int index, float *scratch);

// `threads` of them, the caller's included, with `each` floats of scratch; fewer if the system
// grants no more.
ernn_status ernn_workers_new(int threads, size_t each, ernn_workers **workers, ernn_error *err);
void ernn_workers_free(ernn_workers *workers);
int ernn_workers_threads(const ernn_workers *workers);
// task(user, 0 ... n - 1, scratch of the thread), in any order, many at a time. For one caller at a
// time.
void ernn_workers_run(ernn_workers *workers, int n, ernn_task *task, void *user);

#endif
