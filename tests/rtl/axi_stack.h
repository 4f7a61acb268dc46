// The network behind the AXI pins and its twin in src/rt: what is sent is played there, what comes
// is compared. SPDX-License-Identifier: Apache-2.0
#ifndef ERNN_TEST_AXI_STACK_H
#define ERNN_TEST_AXI_STACK_H

#include "axi_sim.h"
#include "fixed/qmodel.h"
#include "gen/registers.h"

enum {
    CTRL_START = 1,
    CTRL_IDLE = 4,
    CTRL_AUTO_RESTART = 128,
    COMMAND_STOP = 1,
    COMMAND_RESET_STATE = 2,
    COMMAND_CLEAR = 4,
    COMMAND_RESET = 8,
    ERROR_STATE = 8,
    LOAD_START = 256,
    STACK_FRAMES = 64, // expected at a time
};

typedef struct stack {
    ernn_qmodel *qmodel;
    const ernn_rt_network *network;
    ernn_rt_state *states[ERNN_MAX_STREAMS];
    int turn; // whose frame is next
    ernn_design design;
    ernn_plan *plan;
    axi_sim sim;
    int beats;     // of an input frame
    int beats_out; // of an output frame
    int lanes;
    int lanes_out;
    int word_bytes;
    int32_t *expected; // [STACK_FRAMES][n_outputs]
    int n_expected;
} stack;

// From the arguments of the program: writes, builds and loads the project.
bool stack_new(stack *s, char **argv);
void stack_free(stack *s);

// Offset of a register.
uint32_t reg(const char *name);
int32_t *stack_new_words(size_t n);
// Words of a unit as the plan has it, 0 = there is none.
size_t stack_unit_words(const stack *s, int unit);

void stack_start(stack *s, uint32_t frames);
void stack_load_unit(stack *s, const ernn_plan_unit *unit);
void stack_load(stack *s);
void stack_negate_weights(stack *s);

// The twin alone: all states zero, the first stream's turn. Then both.
void stack_reset_model(stack *s);
void stack_reset_state(stack *s);
// words[state_words] in the order of plan->states.
void stack_read_states(stack *s, int32_t *words);
void stack_write_states(stack *s, const int32_t *words);
void stack_expect_states(stack *s, const int32_t *words);
// Two frames, whose outputs are thrown away, through the accelerator alone.
void stack_disturb(stack *s);

// Frames for both. The words of src/rt wait in `expected`.
void stack_send_random(stack *s, int n);
void stack_send_extreme(stack *s, int n);
// kind 0: tlast too early, 1: too late, 2: a byte missing.
void stack_send_malformed(stack *s, int kind);
// A beat of anything, for the accelerator alone.
void stack_send_garbage(stack *s);
void stack_touch_registers(stack *s);

// Of a class, bit number in SATURATED, all streams; `clears` all classes afterwards.
uint32_t stack_saturations(stack *s, int class, bool clears);

// Waits for the first n expected frames and compares them.
void stack_receive(stack *s, int n);
// All packets that have come, and the one that may be coming, have their beats.
void stack_expect_whole_packets(stack *s);
// Gives the packet that is being sent its end, and forgets those after it.
void stack_withdraw_packets(stack *s);
// A last beat, if the last that was sent was none.
void stack_finish_packet(stack *s);

#endif
