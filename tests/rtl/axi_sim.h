// Masters and slaves at the pins of axi_harness: queues of beats and transactions with random
// stalls on every channel. Any broken rule or a wait without end sets `fault` once and is said on
// standard output. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_TEST_AXI_SIM_H
#define ERNN_TEST_AXI_SIM_H

#include "axi_pins.h"

#include <stdbool.h>
#include <stddef.h>

enum { AXI_QUEUE = 1 << 16, AXI_POSTED = 16, AXI_OKAY = 0, AXI_SLVERR = 2 };

// Transactions of one kind: [begun, posted), answered so many.
typedef struct axi_channel {
    uint8_t address[AXI_POSTED];
    uint32_t word[AXI_POSTED]; // written, or the answer
    int response[AXI_POSTED];
    int n_posted, n_addresses, n_words, n_answered;
} axi_channel;

typedef struct axi_beat {
    uint32_t data[AXI_BEAT_WORDS];
    uint64_t keep;
    bool is_last;
} axi_beat;

typedef struct axi_sim {
    axi_eval_fn eval;
    axi_pins pins;
    uint64_t random;
    int stall; // of 256, in every channel
    bool is_fault;
    uint64_t cycle;
    // Beats to send: [sent, queued).
    axi_beat *to_send; // [AXI_QUEUE]
    size_t n_queued;
    size_t n_sent;
    // Beats received.
    axi_beat *received; // [AXI_QUEUE]
    size_t n_received;
    bool is_sink_stopped;
    bool is_sink_after_valid; // ready only for what is already offered
    axi_channel writes, reads;
    int strobes;
} axi_sim;

bool axi_new(axi_sim *sim, const char *library);
// A new model, with planted fault `mutant`, 0 = none.
void axi_begin(axi_sim *sim, uint64_t seed, int mutant);
void axi_free(axi_sim *sim);
uint32_t axi_random(axi_sim *sim, uint32_t below);
void axi_fault(axi_sim *sim, const char *what, long got, long want);
// Says a fault unless got == want.
void axi_expect(axi_sim *sim, const char *what, long got, long want);

// One cycle of everything.
void axi_tick(axi_sim *sim);
void axi_ticks(axi_sim *sim, int n);
// aresetn low for n cycles; queues and transactions are dropped.
void axi_reset(axi_sim *sim, int n);

// Transactions that do not wait for each other, at most AXI_POSTED of a kind: forgotten, posted,
// waited for.
void axi_clear_posted(axi_sim *sim);
void axi_post_write(axi_sim *sim, uint32_t address, uint32_t word);
void axi_post_read(axi_sim *sim, uint32_t address);
void axi_until_answered(axi_sim *sim);

// Whole transactions.
int axi_write_strobes(axi_sim *sim, uint32_t address, uint32_t word, int strobes);
void axi_write(axi_sim *sim, uint32_t address, uint32_t word);
int axi_read_response(axi_sim *sim, uint32_t address, uint32_t *word);
uint32_t axi_read(axi_sim *sim, uint32_t address);

void axi_send(axi_sim *sim, const axi_beat *beat);
// Ticks until all beats are sent, or so many have been received; false and a fault after `limit`.
bool axi_until_sent(axi_sim *sim, uint64_t limit);
bool axi_until_received(axi_sim *sim, size_t n, uint64_t limit);
void axi_drop_queues(axi_sim *sim);

#endif
