// The simulation twin: the Verilated ernn_axi behind the driver's bus, so that programs run before
// there is a board. Simulated time passes during register accesses and in wait().
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_TWIN_H
#define ERNN_TWIN_H

#include "ernn_accelerator.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ernn_twin ernn_twin;

// A core after its reset. NULL when there is no memory. Freed by ernn_twin_free (NULL allowed).
ernn_twin *ernn_twin_new(void);
void ernn_twin_free(ernn_twin *twin);

// The bus of this core; valid as long as the core.
ernn_bus ernn_twin_bus(ernn_twin *twin, bool has_interrupt);

// Clock cycles since the reset.
uint64_t ernn_twin_cycles(const ernn_twin *twin);

// Faults and delays for tests. Random gaps on both streams from a seed that is not 0; no output
// taken; no clock at all.
void ernn_twin_stall(ernn_twin *twin, uint32_t seed);
void ernn_twin_block_output(ernn_twin *twin, bool is_blocked);
void ernn_twin_stop_clock(ernn_twin *twin, bool is_stopped);

#ifdef __cplusplus
}
#endif
#endif
