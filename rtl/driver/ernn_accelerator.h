// Driver of ernn_axi: weights, states, frames and counters over any bus.
//
//   ernn_accelerator a;                                  // some memory, nothing is allocated
//   ernn_accelerator_open(&a, &bus, 100000);             // is it there, is it ours?
//   ernn_accelerator_load(&a, weights, weights_bytes);   // mem/weights.bin
//   ernn_accelerator_run(&a, x, y, n_frames);            // as often as there are frames
//
// C99; <stdint.h>, <stddef.h>, <stdbool.h> and <string.h> alone. ernn_registers.h, generated with
// the accelerator, gives addresses and sizes: a program is built for one geometry, its models are
// files. One object and one bus are used by one thread at a time. A bus for mapped registers and
// AXI DMA: ernn_mapped.h; under Linux: ernn_uio.h; for the simulated core: ernn_twin.h.
// SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_ACCELERATOR_H
#define ERNN_ACCELERATOR_H

#include "ernn_registers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ernn_result {
    ERNN_RESULT_OK,
    ERNN_RESULT_BUS,            // the bus said that it failed
    ERNN_RESULT_WRONG_ID,       // no accelerator of ours at this address
    ERNN_RESULT_WRONG_MAP,      // another register map: the driver is older or newer
    ERNN_RESULT_WRONG_GEOMETRY, // the bitstream is of another geometry than ernn_registers.h
    ERNN_RESULT_WRONG_SIZES,    // frames, lanes or word lengths differ from ernn_registers.h
    ERNN_RESULT_BUSY,           // frames are inside
    ERNN_RESULT_TIME_OUT,       // nothing moved for poll_limit polls; the run was dropped
    ERNN_RESULT_NO_WEIGHTS,     // nothing was loaded, or not to its end
    ERNN_RESULT_FRAME_LOST,     // ERRORS is not zero after a run
    ERNN_RESULT_NOT_WEIGHTS,    // the file does not start like a weight file
    ERNN_RESULT_FILE_VERSION,   // a later version of weight files
    ERNN_RESULT_FILE_SIZE,      // the file is shorter or longer than it says
    ERNN_RESULT_FILE_CHECKSUM,  // the file is damaged
    ERNN_RESULT_FILE_GEOMETRY,  // weights of another geometry
    ERNN_RESULT_FILE_UNITS,     // its units are not those of the accelerator
    ERNN_RESULT_LOAD_REFUSED,   // the accelerator dropped a word
    ERNN_RESULT_STATE_SIZE,     // the array is smaller than the state
    ERNN_RESULT_STATE_RANGE,    // a word does not fit the signals' bits
    ERNN_RESULT_COUNT
} ernn_result;

// How the driver reaches the accelerator. Every function returns 0 or more, less than 0 when it
// failed: the driver then stops with ERNN_RESULT_BUS. Each must return in bounded time.
typedef struct ernn_bus {
    void *user; // first argument of all
    // A register at its byte offset.
    int (*read32)(void *user, uint32_t offset, uint32_t *value);
    int (*write32)(void *user, uint32_t offset, uint32_t value);
    // One whole frame as it goes over the stream (ERNN_INPUT_BYTES): 1 taken, 0 not now.
    int (*send)(void *user, const uint8_t *frame, size_t bytes);
    // One whole frame (ERNN_OUTPUT_BYTES): 1 it is there, 0 not yet.
    int (*receive)(void *user, uint8_t *frame, size_t bytes);
    // Lets time pass between two polls: a sleep, the interrupt, cycles of a simulation. NULL: polls
    // follow each other at once.
    int (*wait)(void *user);
    // After a time-out: forgets frames on their way. NULL: there are none.
    int (*cancel)(void *user);
    bool has_interrupt; // wait() returns on it: the driver enables it
} ernn_bus;

typedef struct ernn_accelerator {
    const ernn_bus *bus;
    uint32_t poll_limit; // polls without progress that are a time-out
    uint32_t model;      // digest of the loaded weights, 0 = none
    uint32_t errors;     // ERRORS after the last run
    uint8_t input[ERNN_INPUT_BYTES];
    uint8_t output[ERNN_OUTPUT_BYTES];
} ernn_accelerator;

typedef struct ernn_counters {
    uint32_t frames_in;
    uint32_t frames_out;
    uint32_t frame_cycles; // of the frame that left last
    uint64_t cycles;       // with a frame inside
    uint32_t saturated;    // ERNN_SATURATED_*_MASK, all layers
    uint32_t errors;       // ERNN_ERRORS_*_MASK
} ernn_counters;

// Checks who answers: ID, register map, geometry, sizes. Whatever it was doing goes on: a run is
// not stopped, weights that are loaded stay and count. `bus` must outlive the object.
ernn_result ernn_accelerator_open(ernn_accelerator *a, const ernn_bus *bus, uint32_t poll_limit);

// The weight file mem/weights.bin in memory. Everything about it is checked before the first word
// goes in; a refused file changes nothing. The accelerator must be idle.
ernn_result ernn_accelerator_load(ernn_accelerator *a, const void *file, size_t bytes);

// The next frame starts from zero.
ernn_result ernn_accelerator_reset_state(ernn_accelerator *a);
// Words of the whole state: y (and c of an LSTM) of every layer in turn.
ernn_result ernn_accelerator_state_words(ernn_accelerator *a, size_t *n_words);
// state[capacity], at least as many as above. What was read and is written later continues exactly.
ernn_result ernn_accelerator_read_state(ernn_accelerator *a, int32_t *state, size_t capacity);
ernn_result ernn_accelerator_write_state(ernn_accelerator *a, const int32_t *state,
                                         size_t capacity);

// n_frames >= 1 frames x[n_frames][ERNN_N_INPUTS] to y[n_frames][ERNN_N_OUTPUTS], integers of the
// ports' Q formats (README.md of the project); bits of x above ERNN_SIGNAL_BITS are ignored. The
// state goes on from the run before. Returns when the last frame has left.
ernn_result ernn_accelerator_run(ernn_accelerator *a, const int32_t *x, int32_t *y,
                                 uint32_t n_frames);

ernn_result ernn_accelerator_counters(ernn_accelerator *a, ernn_counters *counters);
// How often words of a class (bit number in SATURATED) of a layer saturated, at most 65535.
ernn_result ernn_accelerator_saturation(ernn_accelerator *a, uint32_t layer, uint32_t kind,
                                        uint32_t *count);
// Counters and errors to zero.
ernn_result ernn_accelerator_clear(ernn_accelerator *a);
// Drops a run and all frames inside; states and counters are zero, weights stay.
ernn_result ernn_accelerator_reset(ernn_accelerator *a);

// One line of English, never NULL.
const char *ernn_result_text(ernn_result result);

#ifdef __cplusplus
}
#endif
#endif
