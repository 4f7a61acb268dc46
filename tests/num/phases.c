// Phases on several threads: every share of every phase once, none before the phase before it is
// done, also when threads are held up so long that the others sleep or take their shares.
// SPDX-License-Identifier: Apache-2.0
#include "num/phases.h"

#include "check.h"

#include <stdatomic.h>
#include <time.h>

enum { PHASES = 400 };

typedef struct record {
    int shares;
    int slow; // every so many shares one takes longer than anyone's patience; 0: never
    atomic_int times[PHASES][ERNN_PHASES_SHARES];
    atomic_int done[PHASES];
    atomic_int early;
} record;

static void take(void *user, int phase, int share, float *scratch)
{
    record *r = user;
    scratch[0] = (float)phase;
    if (phase > 0 && atomic_load(&r->done[phase - 1]) != r->shares)
        atomic_fetch_add(&r->early, 1);
    if (r->slow && (phase * 7 + share) % r->slow == 0)
        nanosleep(&(struct timespec){.tv_nsec = 300000}, NULL);
    if (scratch[0] != (float)phase) // nobody else's
        atomic_fetch_add(&r->early, 1);
    atomic_fetch_add(&r->times[phase][share], 1);
    atomic_fetch_add(&r->done[phase], 1);
}

static void check_phases(int threads, int slow)
{
    ernn_workers *workers;
    ernn_error err = {0};
    record *r = calloc(1, sizeof *r);
    check_ok(ernn_workers_new(threads, 1, &workers, &err), err);
    r->slow = slow;
    r->shares = ernn_phases_shares(workers);
    assert_int_equal(r->shares, threads < ERNN_PHASES_SHARES ? threads : ERNN_PHASES_SHARES);
    ernn_phases_run(workers, PHASES, take, r);
    assert_int_equal(atomic_load(&r->early), 0);
    for (int p = 0; p < PHASES; p++)
        for (int s = 0; s < ERNN_PHASES_SHARES; s++)
            assert_int_equal(atomic_load(&r->times[p][s]), s < r->shares);
    ernn_phases_run(workers, 0, take, r);
    ernn_workers_free(workers);
    free(r);
}

static void test_order(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 3, 5, ERNN_PHASES_SHARES + 1};
    for (int i = 0; i < 5; i++)
        check_phases(threads[i], 0);
}

static void test_held_up(void **state)
{
    (void)state;
    for (int threads = 1; threads < 5; threads++)
        check_phases(threads, 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_held_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
