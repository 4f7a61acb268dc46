// ernn_axi of a generated project, Verilated, against src/rt through its AXI ports:
//   axi RTL TESTS FOLDER SPEC INPUTS BLOCKS PES SIGNAL_BITS WEIGHT_BITS SEED [RUNS [MUTANTS]]
// SPEC may end in /output, for the output layer, and /2, for two streams; PES 0: the most that fit.
// Writes the project into FOLDER, builds it there and plays every scenario RUNS times, then once
// for each planted fault, which must be seen. Ends in PASS or FAIL. SPDX-License-Identifier:
// Apache-2.0
#include "axi_sim.h"
#include "axi_stack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 8, HANG = 20000 };

// ---- Registers ----

static void test_identity(stack *s)
{
    axi_sim *sim = &s->sim;
    int n;
    const ernn_register *registers = ernn_registers(&n);
    for (int i = 0; i < n; i++)
        axi_expect(
            sim, registers[i].name, (long)axi_read(sim, registers[i].offset),
            (long)ernn_register_word(s->plan, &registers[i]) |
                (!strcmp(registers[i].name, "LOAD_SIZE") ? (long)s->plan->units[0].n_words : 0));
    for (int unit = 0; unit < 256; unit++) {
        axi_write(sim, reg("LOAD_UNIT"), (uint32_t)unit);
        axi_expect(sim, "size of a unit", (long)axi_read(sim, reg("LOAD_SIZE")),
                   (long)stack_unit_words(s, unit));
    }
}

static void test_access(stack *s)
{
    static const char *const KEPT[] = {"MODEL", "FRAMES"};
    axi_sim *sim = &s->sim;
    uint32_t word;
    for (int i = 0; i < 2; i++) {
        axi_write(sim, reg(KEPT[i]), 0xa5c30f96u + (uint32_t)i);
        axi_expect(sim, "a part of a word", axi_write_strobes(sim, reg(KEPT[i]), 0, 7), AXI_SLVERR);
        axi_expect(sim, "nothing of a word", axi_write_strobes(sim, reg(KEPT[i]), 0, 0), AXI_OKAY);
        axi_expect(sim, KEPT[i], (long)axi_read(sim, reg(KEPT[i])), 0xa5c30f96l + i);
    }
    for (uint32_t address = 0x78; address < 0x100; address += 4) {
        axi_expect(sim, "write without a register", axi_write_strobes(sim, address, 1, 15),
                   AXI_SLVERR);
        axi_expect(sim, "read without a register", axi_read_response(sim, address, &word),
                   AXI_SLVERR);
        axi_expect(sim, "its word", (long)word, 0);
    }
    axi_write(sim, reg("ID"), 0);
    axi_expect(sim, "ID", (long)axi_read(sim, reg("ID")), ERNN_REGISTERS_ID);
}

// Many transactions at once: each is answered, in its order.
static void test_pipelined(stack *s)
{
    static const int STALLS[] = {0, 100, 220};
    axi_sim *sim = &s->sim;
    for (int round = 0; round < 12; round++) {
        sim->stall = STALLS[round % 3];
        axi_clear_posted(sim);
        for (uint32_t i = 0; i < AXI_POSTED; i++) {
            axi_post_write(sim, i % 4 == 3 ? 0x80 : reg("MODEL"), i);
            axi_post_read(sim, i % 5 == 4 ? 0x80 : reg("INPUTS") + i % 2 * 4);
        }
        axi_until_answered(sim);
        for (int i = 0; i < AXI_POSTED; i++) {
            axi_expect(sim, "write", sim->writes.response[i], i % 4 == 3 ? AXI_SLVERR : AXI_OKAY);
            axi_expect(sim, "read", sim->reads.response[i], i % 5 == 4 ? AXI_SLVERR : AXI_OKAY);
            axi_expect(sim, "read word", (long)sim->reads.word[i],
                       i % 5 == 4 ? 0
                       : i % 2    ? s->plan->n_outputs
                                  : s->plan->n_inputs);
        }
        axi_expect(sim, "last word written", (long)axi_read(sim, reg("MODEL")), AXI_POSTED - 2);
    }
}

// ---- Runs ----

static void test_run(stack *s)
{
    axi_sim *sim = &s->sim;
    axi_write(sim, reg("GIE"), 1);
    axi_write(sim, reg("IER"), 3);
    stack_send_random(s, FRAMES);
    axi_ticks(sim, 50);
    axi_expect(sim, "beats before start", (long)sim->n_sent, 0);
    stack_start(s, FRAMES);
    axi_expect(sim, "idle in a run", axi_read(sim, reg("CTRL")) & CTRL_IDLE, 0);
    stack_receive(s, FRAMES);
    axi_ticks(sim, 4);
    axi_expect(sim, "irq", sim->pins.irq, 1);
    axi_expect(sim, "ISR", (long)axi_read(sim, reg("ISR")), 3);
    axi_write(sim, reg("ISR"), 3);
    axi_expect(sim, "irq after its clearing", sim->pins.irq, 0);
    axi_expect(sim, "done, idle, ready", (long)axi_read(sim, reg("CTRL")), 0xe);
    axi_expect(sim, "read again", (long)axi_read(sim, reg("CTRL")), 0x4);
    axi_expect(sim, "FRAMES_IN", (long)axi_read(sim, reg("FRAMES_IN")), FRAMES);
    axi_expect(sim, "FRAMES_OUT", (long)axi_read(sim, reg("FRAMES_OUT")), FRAMES);
    axi_expect(sim, "ERRORS", (long)axi_read(sim, reg("ERRORS")), 0);
}

// Cycles are those of the model, which counts first and last beat; there is one register more.
static void test_cycles(stack *s)
{
    axi_sim *sim = &s->sim;
    const ernn_cost *cost = &s->plan->cost;
    uint64_t cycles = 0;
    sim->stall = 0;
    for (int i = 0; i < 2; i++) { // the first after a reset has its state to fetch
        axi_write(sim, reg("COMMAND"), COMMAND_CLEAR);
        stack_send_random(s, 1);
        stack_start(s, 1);
        stack_receive(s, 1);
        axi_ticks(sim, 2);
    }
    axi_expect(sim, "cycles of one frame", (long)axi_read(sim, reg("FRAME_CYCLES")),
               cost->latency_cycles);
    axi_write(sim, reg("COMMAND"), COMMAND_CLEAR);
    stack_send_random(s, FRAMES);
    stack_start(s, FRAMES);
    stack_receive(s, FRAMES);
    axi_ticks(sim, 2);
    axi_expect(sim, "cycles of a frame in a row", (long)axi_read(sim, reg("FRAME_CYCLES")),
               cost->cycles_per_frame);
    cycles = axi_read(sim, reg("CYCLES_LOW"));
    cycles |= (uint64_t)axi_read(sim, reg("CYCLES_HIGH")) << 32;
    if (cycles < (uint64_t)(FRAMES - 1) * (uint64_t)cost->cycles_per_frame ||
        cycles > (uint64_t)(FRAMES + 4) * (uint64_t)cost->cycles_per_frame +
                     (uint64_t)cost->latency_cycles)
        axi_fault(sim, "cycles of a run", (long)cycles, FRAMES * cost->cycles_per_frame);
}

static void test_stalls(stack *s)
{
    static const int STALLS[] = {40, 128, 230};
    axi_sim *sim = &s->sim;
    for (int i = 0; i < 3; i++) {
        sim->stall = STALLS[i];
        sim->is_sink_after_valid = i == 1;
        stack_send_random(s, FRAMES);
        stack_start(s, FRAMES);
        stack_receive(s, FRAMES);
    }
    // A receiver that takes nothing, then everything; meanwhile the run is not done.
    sim->stall = 0;
    sim->is_sink_after_valid = false;
    sim->is_sink_stopped = true;
    stack_send_random(s, 1);
    stack_start(s, 1);
    axi_read(sim, reg("CTRL")); // flags of the runs before
    axi_ticks(sim, HANG / 10);
    axi_expect(sim, "CTRL before the last beat", (long)axi_read(sim, reg("CTRL")) & 6, 0);
    sim->is_sink_stopped = false;
    stack_receive(s, 1);
    sim->is_sink_stopped = true;
    stack_send_random(s, FRAMES);
    stack_start(s, FRAMES);
    axi_ticks(sim, HANG / 10);
    sim->is_sink_stopped = false;
    stack_receive(s, FRAMES);
}

// Free running, stopped by command; then runs that follow each other by themselves.
static void test_endless(stack *s)
{
    axi_sim *sim = &s->sim;
    stack_start(s, 0);
    stack_send_random(s, FRAMES);
    stack_receive(s, FRAMES);
    axi_expect(sim, "idle while it may run on", axi_read(sim, reg("CTRL")) & CTRL_IDLE, 0);
    axi_write(sim, reg("COMMAND"), COMMAND_STOP);
    axi_ticks(sim, 4);
    axi_expect(sim, "idle after a stop", axi_read(sim, reg("CTRL")) & CTRL_IDLE, CTRL_IDLE);
    // A start during a run is kept for the time after it.
    stack_start(s, 2);
    axi_write(sim, reg("CTRL"), CTRL_START);
    stack_send_random(s, 4);
    stack_receive(s, 4);
    axi_ticks(sim, 4);
    axi_expect(sim, "idle after both", axi_read(sim, reg("CTRL")) & (CTRL_IDLE | CTRL_START),
               CTRL_IDLE);
    axi_write(sim, reg("FRAMES"), 2);
    axi_write(sim, reg("CTRL"), CTRL_START | CTRL_AUTO_RESTART);
    stack_send_random(s, 5);
    stack_receive(s, 5);
    axi_write(sim, reg("COMMAND"), COMMAND_STOP);
    axi_ticks(sim, 4);
    axi_expect(sim, "idle after a stop", axi_read(sim, reg("CTRL")) & (CTRL_IDLE | CTRL_START),
               CTRL_IDLE);
    axi_expect(sim, "auto_restart after a stop", axi_read(sim, reg("CTRL")) & CTRL_AUTO_RESTART, 0);
}

// ---- Loads and states ----

// Other weights, other words, without a new bitstream; refused while a run is on.
static void test_reload(stack *s)
{
    axi_sim *sim = &s->sim;
    stack_negate_weights(s);
    stack_load(s);
    stack_reset_state(s);
    sim->is_sink_stopped = true; // so that the run is on
    stack_send_random(s, FRAMES);
    stack_start(s, FRAMES);
    axi_ticks(sim, 30);
    // Words for a run that is on: dropped, the run goes on with what it has.
    axi_write(sim, reg("LOAD_UNIT"), LOAD_START | 1);
    for (int i = 0; i < 10; i++)
        axi_write(sim, reg("LOAD_DATA"), 0x155);
    axi_expect(sim, "LOAD_STATUS in a run", (long)axi_read(sim, reg("LOAD_STATUS")), 2);
    axi_expect(sim, "LOAD_UNIT in a run", (long)axi_read(sim, reg("LOAD_UNIT")), LOAD_START | 1);
    sim->is_sink_stopped = false;
    stack_receive(s, FRAMES);
    axi_write(sim, reg("LOAD_STATUS"), 2);
    axi_ticks(sim, 4);
    axi_expect(sim, "LOAD_STATUS when idle", (long)axi_read(sim, reg("LOAD_STATUS")), 1);
    stack_negate_weights(s);
    stack_load(s);
}

static void test_refusals(stack *s)
{
    axi_sim *sim = &s->sim;
    const ernn_plan_unit *unit = &s->plan->units[s->plan->n_units - 1];
    stack_send_random(s, 1);
    stack_start(s, 1);
    stack_receive(s, 1);
    axi_ticks(sim, 4);
    axi_write(sim, reg("LOAD_UNIT"), LOAD_START | 0xee);
    axi_write(sim, reg("LOAD_DATA"), 1);
    axi_expect(sim, "a unit that is none", (long)axi_read(sim, reg("LOAD_STATUS")), 3);
    axi_write(sim, reg("LOAD_STATUS"), 2);
    stack_load_unit(s, unit);
    axi_expect(sim, "a whole unit", (long)axi_read(sim, reg("LOAD_STATUS")), 1);
    axi_expect(sim, "its words", (long)axi_read(sim, reg("LOAD_WORDS")), (long)unit->n_words);
    axi_write(sim, reg("LOAD_DATA"), 1);
    axi_expect(sim, "a word too many", (long)axi_read(sim, reg("LOAD_STATUS")), 3);
    // States: not in a run, not past their end, not of what has none.
    axi_write(sim, reg("STATE_UNIT"), 7);
    axi_write(sim, reg("STATE_INDEX"), (uint32_t)stack_unit_words(s, 7));
    axi_expect(sim, "past the end of a state", (long)axi_read(sim, reg("STATE_DATA")), 0);
    axi_expect(sim, "ERRORS", (long)axi_read(sim, reg("ERRORS")), ERROR_STATE);
    axi_write(sim, reg("ERRORS"), ERROR_STATE);
    axi_write(sim, reg("STATE_INDEX"), 0);
    stack_start(s, 1);
    axi_read(sim, reg("STATE_DATA"));
    axi_expect(sim, "STATE_DATA in a run", (long)axi_read(sim, reg("ERRORS")), ERROR_STATE);
    axi_write(sim, reg("ERRORS"), ERROR_STATE);
    axi_write(sim, reg("COMMAND"), COMMAND_RESET_STATE);
    axi_expect(sim, "reset_state in a run", (long)axi_read(sim, reg("ERRORS")), ERROR_STATE);
    stack_send_random(s, 1);
    stack_receive(s, 1);
}

// What is read is src/rt's; written back after a reset it continues the sequence.
static void test_states(stack *s)
{
    axi_sim *sim = &s->sim;
    int32_t *kept = stack_new_words(s->plan->state_words);
    for (int part = 0; part < 3; part++) {
        stack_send_random(s, 4);
        stack_start(s, 4);
        stack_receive(s, 4);
        axi_ticks(sim, 4);
        stack_read_states(s, kept);
        stack_expect_states(s, kept);
        // Frames that the sequence knows nothing of.
        stack_disturb(s);
        stack_write_states(s, kept);
    }
    stack_reset_state(s);
    stack_read_states(s, kept);
    stack_expect_states(s, kept);
    free(kept);
}

// ---- Malformed streams ----

// Packets that end too soon, too late or lack bytes: the frames that the words of the network see
// are known, flags are set, the frames after them are whole.
static void test_malformed(stack *s)
{
    axi_sim *sim = &s->sim;
    axi_write(sim, reg("IER"), 4);
    for (int kind = 0; kind < 3; kind++) {
        const bool is_possible = kind != 0 || s->beats > 1;
        stack_send_malformed(s, kind);
        stack_send_random(s, 2);
        stack_start(s, 3);
        stack_receive(s, 3);
        axi_ticks(sim, 4);
        axi_expect(sim, "ERRORS", (long)axi_read(sim, reg("ERRORS")), is_possible << kind);
        axi_expect(sim, "ISR", (long)axi_read(sim, reg("ISR")), is_possible ? 4 : 0);
        axi_write(sim, reg("ERRORS"), 15);
        axi_write(sim, reg("ISR"), 7);
        axi_expect(sim, "ERRORS cleared", (long)axi_read(sim, reg("ERRORS")), 0);
    }
}

// Whatever comes, it takes it within bounded time and works after a reset.
static void test_garbage(stack *s)
{
    axi_sim *sim = &s->sim;
    for (int round = 0; round < 4; round++) {
        sim->stall = (int)axi_random(sim, 200);
        stack_start(s, 0);
        for (int i = 0; i < 200; i++)
            stack_send_garbage(s);
        for (int i = 0; i < 40; i++)
            stack_touch_registers(s);
        axi_write(sim, reg("COMMAND"), COMMAND_STOP);
        axi_ticks(sim, 2);
        stack_start(s, 0);
        axi_until_sent(sim, HANG);
        axi_write(sim, reg("COMMAND"), COMMAND_RESET);
        axi_ticks(sim, 20 * s->beats_out + 200);
        axi_expect(sim, "idle after garbage and reset", axi_read(sim, reg("CTRL")) & CTRL_IDLE,
                   CTRL_IDLE);
        stack_finish_packet(s);
        stack_reset_model(s);
        axi_drop_queues(sim);
        s->n_expected = 0;
        stack_load(s);
        stack_send_random(s, 3);
        stack_start(s, 3);
        stack_receive(s, 3);
    }
}

// ---- Resets ----

static void test_reset(stack *s)
{
    axi_sim *sim = &s->sim;
    for (int round = 0; round < 30; round++) {
        stack_send_random(s, 4);
        stack_start(s, 4);
        axi_ticks(sim, (int)axi_random(sim, 4 * (uint32_t)s->plan->cost.cycles_per_frame));
        axi_reset(sim, 1 + (int)axi_random(sim, 3));
        s->n_expected = 0;
        stack_reset_model(s);
        if (round % 5 != 0)
            continue;
        stack_send_random(s, 3);
        stack_start(s, 3);
        stack_receive(s, 3);
    }
}

// The command: packets keep their form on both sides, the rest of what was coming in is dropped.
static void test_soft_reset(stack *s)
{
    axi_sim *sim = &s->sim;
    for (int round = 0; round < 20; round++) {
        const uint32_t span = 4 * (uint32_t)s->plan->cost.cycles_per_frame;
        sim->stall = (int)axi_random(sim, 160);
        stack_send_random(s, 4);
        stack_start(s, 4);
        axi_ticks(sim, (int)axi_random(sim, span));
        axi_write(sim, reg("COMMAND"), COMMAND_RESET);
        axi_ticks(sim, 20 * s->beats_out + 50);
        axi_expect(sim, "idle after a reset", axi_read(sim, reg("CTRL")) & CTRL_IDLE, CTRL_IDLE);
        axi_expect(sim, "FRAMES_OUT after a reset", (long)axi_read(sim, reg("FRAMES_OUT")), 0);
        stack_expect_whole_packets(s);
        stack_withdraw_packets(s);
        stack_reset_model(s);
        stack_send_random(s, 2);
        stack_start(s, 2);
        stack_receive(s, 2);
        axi_ticks(sim, 4);
        axi_expect(sim, "ERRORS", (long)axi_read(sim, reg("ERRORS")), 0);
    }
}

// ---- Saturation ----

// A class is counted when src/rt counts it, and never more often; spectra once for each use.
static void test_saturation(stack *s)
{
    axi_sim *sim = &s->sim;
    stack_saturations(s, 0, true);
    stack_send_extreme(s, FRAMES);
    stack_start(s, FRAMES);
    stack_receive(s, FRAMES);
    axi_ticks(sim, 4);
    uint32_t any = 0;
    for (uint32_t class = 0; class < 5; class ++) {
        const uint32_t model = stack_saturations(s, (int)class, false);
        uint32_t sum = 0;
        for (uint32_t l = 0; l < (uint32_t)s->plan->n_layers; l++) {
            axi_write(sim, reg("SATURATION_SELECT"), l << 4 | class);
            sum += axi_read(sim, reg("SATURATION_COUNT"));
        }
        if ((sum > model && class > 0) || (model == 0) != (sum == 0))
            axi_fault(sim, "saturations of a class", (long)sum, (long)model);
        any |= (uint32_t)(model != 0) << class;
    }
    axi_expect(sim, "SATURATED", (long)axi_read(sim, reg("SATURATED")), (long)any);
    // A single small product may not saturate at all.
    axi_expect(sim, "some saturation", any != 0 || s->plan->n_inputs == 1, true);
    axi_write(sim, reg("COMMAND"), COMMAND_CLEAR);
    axi_expect(sim, "SATURATED cleared", (long)axi_read(sim, reg("SATURATED")), 0);
    axi_expect(sim, "FRAMES_IN cleared", (long)axi_read(sim, reg("FRAMES_IN")), 0);
}

typedef struct scenario {
    const char *name;
    void (*run)(stack *s);
} scenario;

static const scenario SCENARIOS[] = {
    {"identity", test_identity}, {"pipelined", test_pipelined},   {"access", test_access},
    {"run", test_run},           {"cycles", test_cycles},         {"stalls", test_stalls},
    {"endless", test_endless},   {"reload", test_reload},         {"refusals", test_refusals},
    {"states", test_states},     {"malformed", test_malformed},   {"saturation", test_saturation},
    {"reset", test_reset},       {"soft reset", test_soft_reset}, {"garbage", test_garbage},
};

// All scenarios until the first fault. Returns the number of those that were fine.
static size_t play(stack *s, uint64_t seed, int mutant)
{
    const size_t n = sizeof SCENARIOS / sizeof *SCENARIOS;
    size_t i = 0;
    axi_begin(&s->sim, seed, mutant);
    axi_reset(&s->sim, 20);
    for (; i < n && !s->sim.is_fault; i++) {
        axi_reset(&s->sim, 5);
        stack_reset_model(s);
        s->n_expected = 0;
        s->sim.is_sink_stopped = s->sim.is_sink_after_valid = false;
        s->sim.stall = i < 3 ? 100 : 60;
        if (i == 3)
            stack_load(s);
        if (!s->sim.is_fault)
            SCENARIOS[i].run(s);
    }
    printf("seed %lu, mutant %d: %s %s, %lu cycles\n", (unsigned long)seed, mutant,
           s->sim.is_fault ? "fault in" : "all fine, last", SCENARIOS[i - 1].name,
           (unsigned long)s->sim.cycle);
    return s->sim.is_fault ? i - 1 : n;
}

// Whether one of several courses of stalls shows the fault: a reset must fall into a frame that is
// just leaving for some of them.
static bool catches(stack *s, int mutant)
{
    enum { COURSES = 12 };
    const size_t n = sizeof SCENARIOS / sizeof *SCENARIOS;
    for (uint64_t seed = 1; seed <= COURSES; seed++)
        if (play(s, seed, mutant) < n)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    stack s;
    if (argc < 11 || argc > 13 || !stack_new(&s, argv)) {
        printf("FAIL\n");
        return 1;
    }
    const size_t n = sizeof SCENARIOS / sizeof *SCENARIOS;
    const int runs = argc > 11 ? atoi(argv[11]) : 1;
    const int mutants = argc > 12 ? atoi(argv[12]) : 0;
    bool is_good = true;
    for (int r = 1; r <= runs && is_good; r++)
        is_good = play(&s, (uint64_t)r, 0) == n;
    for (int m = 1; m <= mutants; m++)
        if (!catches(&s, m)) {
            printf("not caught: mutant %d\n", m);
            is_good = false;
        }
    printf(is_good ? "PASS\n" : "FAIL\n");
    stack_free(&s);
    return !is_good;
}
