// A pool of threads that take tasks off one counter. SPDX-License-Identifier: Apache-2.0
#include "num/workers.h"

#include "base/memory.h"
#include "num/denormal.h"

#include <pthread.h>
#include <stdatomic.h>

// Checks before a waiting thread sleeps: some ten microseconds, the time between two calls.
enum { PATIENCE = 3000 };

typedef struct helper {
    ernn_workers *workers;
    pthread_t thread;
    int index; // from 1; 0 is the caller
} helper;

struct ernn_workers {
    int threads;
    size_t each;
    float *scratch;  // [threads][each]
    helper *helpers; // [threads - 1]
    int n_helpers;   // running

    // The present call. Helpers join while it is open and leave before it ends.
    ernn_task *task;
    void *user;
    int n;
    atomic_int next; // task not taken yet
    pthread_mutex_t lock;
    pthread_cond_t opened;
    pthread_cond_t left;
    bool is_open;
    bool is_ending;
    atomic_uint calls; // opened so far, changed under the lock
    atomic_int inside; // helpers, changed under the lock
};

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

// ---- Helpers ----

static void take_tasks(ernn_workers *w, int index)
{
    float *scratch = w->scratch + (size_t)index * w->each;
    for (int i = atomic_fetch_add(&w->next, 1); i < w->n; i = atomic_fetch_add(&w->next, 1))
        w->task(w->user, i, scratch);
}

// Waits for a call that was not seen before; false: the end.
static bool await_call(ernn_workers *w, unsigned *seen)
{
    for (int i = 0; i < PATIENCE && atomic_load(&w->calls) == *seen; i++)
        relax();
    pthread_mutex_lock(&w->lock);
    while (!w->is_ending && (atomic_load(&w->calls) == *seen || !w->is_open)) {
        *seen = atomic_load(&w->calls); // ended without us
        pthread_cond_wait(&w->opened, &w->lock);
    }
    *seen = atomic_load(&w->calls);
    if (!w->is_ending)
        atomic_fetch_add(&w->inside, 1);
    const bool is_ending = w->is_ending;
    pthread_mutex_unlock(&w->lock);
    return !is_ending;
}

static void *help(void *user)
{
    const helper *self = user;
    ernn_workers *w = self->workers;
    unsigned seen = 0;
    ernn_denormal_flush(); // for as long as this thread lives
    while (await_call(w, &seen)) {
        take_tasks(w, self->index);
        pthread_mutex_lock(&w->lock);
        if (atomic_fetch_sub(&w->inside, 1) == 1)
            pthread_cond_signal(&w->left);
        pthread_mutex_unlock(&w->lock);
    }
    return NULL;
}

// ---- Public ----

ernn_status ernn_workers_new(int threads, size_t each, ernn_workers **workers, ernn_error *err)
{
    const size_t line = 16; // floats: no two threads write into one
    *workers = NULL;
    ernn_workers *w = ernn_mem_new(1, sizeof *w, err);
    if (!w)
        return ERNN_NO_MEMORY;
    w->threads = threads;
    w->each = (each + line - 1) / line * line;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->opened, NULL);
    pthread_cond_init(&w->left, NULL);
    w->scratch = ernn_mem_new((size_t)threads, w->each * sizeof *w->scratch, err);
    w->helpers = ernn_mem_new((size_t)threads - 1, sizeof *w->helpers, err);
    if (!w->scratch || !w->helpers) {
        ernn_workers_free(w);
        return ERNN_NO_MEMORY;
    }
    for (; w->n_helpers < threads - 1; w->n_helpers++) {
        helper *next = &w->helpers[w->n_helpers];
        *next = (helper){.workers = w, .index = w->n_helpers + 1};
        if (pthread_create(&next->thread, NULL, help, next) != 0)
            break; // those that run do all the work
    }
    *workers = w;
    return ERNN_OK;
}

void ernn_workers_free(ernn_workers *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->is_ending = true;
    atomic_fetch_add(&w->calls, 1);
    pthread_cond_broadcast(&w->opened);
    pthread_mutex_unlock(&w->lock);
    for (int i = 0; i < w->n_helpers; i++)
        pthread_join(w->helpers[i].thread, NULL);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->opened);
    pthread_cond_destroy(&w->left);
    ernn_mem_free(w->scratch);
    ernn_mem_free(w->helpers);
    ernn_mem_free(w);
}

int ernn_workers_threads(const ernn_workers *workers)
{
    return workers->threads;
}

static void open_call(ernn_workers *w)
{
    pthread_mutex_lock(&w->lock);
    w->is_open = true;
    atomic_fetch_add(&w->calls, 1);
    pthread_cond_broadcast(&w->opened);
    pthread_mutex_unlock(&w->lock);
}

// No helper joins any more; waits for those inside.
static void close_call(ernn_workers *w)
{
    pthread_mutex_lock(&w->lock);
    w->is_open = false;
    pthread_mutex_unlock(&w->lock);
    for (int i = 0; i < PATIENCE && atomic_load(&w->inside) > 0; i++)
        relax();
    pthread_mutex_lock(&w->lock);
    while (atomic_load(&w->inside) > 0)
        pthread_cond_wait(&w->left, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

void ernn_workers_run(ernn_workers *workers, int n, ernn_task *task, void *user)
{
    ernn_workers *w = workers;
    const bool is_shared = w->n_helpers > 0 && n > 1;
    const unsigned mode = ernn_denormal_flush();
    w->task = task;
    w->user = user;
    w->n = n;
    atomic_store(&w->next, 0);
    if (is_shared)
        open_call(w);
    take_tasks(w, 0);
    if (is_shared)
        close_call(w);
    ernn_denormal_restore(mode);
}
