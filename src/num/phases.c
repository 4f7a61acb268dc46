// Phases on a pool of threads: shares are claimed, done ones counted. SPDX-License-Identifier:
// Apache-2.0
#include "num/phases.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

// How long a thread waits for the shares of others before it sleeps: checks in a loop, some tens of
// microseconds, then turns given away.
enum { PATIENCE = 1000, TURNS = 4, LINE = 64 };

// Phases that a share has been claimed for; on a line of its own.
typedef struct claim {
    atomic_int phases;
    char room[LINE - sizeof(atomic_int)];
} claim;

typedef struct crew {
    ernn_phase_task *task;
    void *user;
    int n_phases;
    int shares;
    claim claims[ERNN_PHASES_SHARES];
    atomic_size_t done; // shares of all phases
    atomic_int sleepers;
    pthread_mutex_t lock;
    pthread_cond_t advanced;
} crew;

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

// Counts a share; wakes the sleepers when it was the last of its phase.
static void finish_share(crew *c)
{
    const size_t done = atomic_fetch_add(&c->done, 1) + 1;
    if (done % (size_t)c->shares != 0 || atomic_load(&c->sleepers) == 0)
        return;
    pthread_mutex_lock(&c->lock);
    pthread_cond_broadcast(&c->advanced);
    pthread_mutex_unlock(&c->lock);
}

static void await(crew *c, size_t done)
{
    for (int i = 0; i < PATIENCE + TURNS; i++) {
        if (atomic_load(&c->done) >= done)
            return;
        if (i < PATIENCE)
            relax();
        else
            sched_yield();
    }
    pthread_mutex_lock(&c->lock);
    // Counted before the last look: whoever finishes the phase sees the sleeper, or was seen.
    atomic_fetch_add(&c->sleepers, 1);
    while (atomic_load(&c->done) < done)
        pthread_cond_wait(&c->advanced, &c->lock);
    atomic_fetch_sub(&c->sleepers, 1);
    pthread_mutex_unlock(&c->lock);
}

// One thread through the phases. A claim of a phase that is over never succeeds, so that a thread
// that was held up goes on wherever the others are.
static void take_phases(void *user, int index, float *scratch)
{
    crew *c = user;
    const size_t shares = (size_t)c->shares;
    for (;;) {
        const int phase = (int)(atomic_load(&c->done) / shares);
        if (phase >= c->n_phases)
            return;
        for (int i = 0; i < c->shares; i++) {
            const int share = (index + i) % c->shares;
            int claimed = phase;
            if (!atomic_compare_exchange_strong(&c->claims[share].phases, &claimed, phase + 1))
                continue;
            c->task(c->user, phase, share, scratch);
            finish_share(c);
        }
        await(c, ((size_t)phase + 1) * shares);
    }
}

int ernn_phases_shares(const ernn_workers *workers)
{
    const int threads = ernn_workers_threads(workers);
    return threads < ERNN_PHASES_SHARES ? threads : ERNN_PHASES_SHARES;
}

void ernn_phases_run(ernn_workers *workers, int n_phases, ernn_phase_task *task, void *user)
{
    crew c = {
        .task = task, .user = user, .n_phases = n_phases, .shares = ernn_phases_shares(workers)};
    for (int i = 0; i < c.shares; i++)
        atomic_init(&c.claims[i].phases, 0);
    atomic_init(&c.done, 0);
    atomic_init(&c.sleepers, 0);
    pthread_mutex_init(&c.lock, NULL);
    pthread_cond_init(&c.advanced, NULL);
    ernn_workers_run(workers, c.shares, take_phases, &c);
    pthread_cond_destroy(&c.advanced);
    pthread_mutex_destroy(&c.lock);
}
