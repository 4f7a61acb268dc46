// Work that goes in phases: the shares of a phase are independent, the next phase needs all of
// them. One step of a recurrence is a phase or two.
//
// A thread takes its own share first, so that what it reads stays in its cache from phase to phase,
// then those that nobody has begun: a thread that is not there delays nobody. One that waits for
// the last share gives the processor back after some microseconds.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_SRC_NUM_PHASES_H
#define ERNN_SRC_NUM_PHASES_H

#include "num/workers.h"

typedef void ernn_phase_task(void *user, int phase, int share, float *scratch);

enum { ERNN_PHASES_SHARES = 64 };

// How many shares ernn_phases_run makes: one for each thread, at most ERNN_PHASES_SHARES.
int ernn_phases_shares(const ernn_workers *workers);
// task(user, phase, 0 ... shares - 1, scratch of the thread) for all phases in order.
void ernn_phases_run(ernn_workers *workers, int n_phases, ernn_phase_task *task, void *user);

#endif
