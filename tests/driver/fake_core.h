// A register model of ernn_axi in C for the driver's tests: what docs/registers.md says, with a
// trivial network (every output is the sum of all inputs so far and of one loaded word), and faults
// on demand. SPDX-License-Identifier: Apache-2.0
#ifndef FAKE_CORE_H
#define FAKE_CORE_H

#include "ernn_accelerator.h"

enum { FAKE_MAX_WORDS = 4096, FAKE_QUEUE = 4 };

typedef struct fake_unit {
    uint32_t code;
    uint32_t n_words;
    const char *name;
} fake_unit;

extern const fake_unit FAKE_UNITS[]; // written by driver.py from ernn_registers.h
extern const int FAKE_N_UNITS;

typedef struct fake_core {
    uint32_t registers[64]; // plain ones
    int32_t words[256][FAKE_MAX_WORDS];
    uint32_t n_loaded; // since LOAD_UNIT.start
    uint32_t run_left; // frames still to come in
    uint32_t inside;   // frames computed and not yet fetched
    int32_t outputs[FAKE_QUEUE][ERNN_N_OUTPUTS];
    uint32_t draining; // reads of CTRL until a reset is over
    uint32_t fetched;
    uint32_t computed;
    // what the test looks at
    uint32_t n_loads; // writes of LOAD_DATA
    uint32_t n_waits;
    uint32_t n_state_resets;
    bool was_cancelled;
    // faults
    long accesses_left;    // then every access fails; -1 = never
    bool is_silent;        // takes frames and answers none
    bool is_deaf;          // takes no frame
    bool is_stuck;         // never idle again
    uint32_t refuse_after; // words of a unit; 0 = takes all
    uint32_t wrong_offset; // this register reads wrong_value
    uint32_t wrong_value;
} fake_core;

void fake_core_new(fake_core *core);
ernn_bus fake_core_bus(fake_core *core);

#endif
