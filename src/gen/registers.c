// The table of control registers. SPDX-License-Identifier: Apache-2.0
#include "gen/registers.h"

#include <stdio.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))
#define RO ERNN_ACCESS_RO
#define RC ERNN_ACCESS_RC
#define RW ERNN_ACCESS_RW
#define W1C ERNN_ACCESS_W1C
#define PULSE ERNN_ACCESS_PULSE
#define ZERO ERNN_VALUE_ZERO

static const ernn_field CTRL[] = {
    {"start", 0, 1, ERNN_ACCESS_START, ZERO,
     "write 1: begin a run, in a run: another one after it; reads 1 until the last frame has come "
     "in"},
    {"done", 1, 1, RC, ZERO, "the last frame of a run has left"},
    {"idle", 2, 1, RO, ERNN_VALUE_ONE, "no run, and no frame inside"},
    {"ready", 3, 1, RC, ZERO, "the last frame of a run has come in"},
    {"auto_restart", 7, 1, RW, ZERO, "a run that is done begins again at once"},
    {"interrupt", 9, 1, RO, ZERO, "the interrupt line"},
};
static const ernn_field GIE[] = {{"enable", 0, 1, RW, ZERO, "the interrupt line may rise"}};
static const ernn_field IER[] = {
    {"done", 0, 1, RW, ZERO, "record done in ISR"},
    {"ready", 1, 1, RW, ZERO, "record ready in ISR"},
    {"error", 2, 1, RW, ZERO, "record errors and refusals in ISR"},
};
static const ernn_field ISR[] = {
    {"done", 0, 1, W1C, ZERO, "a run was done"},
    {"ready", 1, 1, W1C, ZERO, "the last frame of a run came in"},
    {"error", 2, 1, W1C, ZERO, "a bit of ERRORS or LOAD_STATUS.refused was set"},
};
static const ernn_field ID[] = {{"id", 0, 32, RO, ERNN_VALUE_ID, "ERNN in ASCII, E lowest"}};
static const ernn_field VERSION[] = {
    {"patch", 0, 8, RO, ERNN_VALUE_PATCH, "of the generator"},
    {"minor", 8, 8, RO, ERNN_VALUE_MINOR, "of the generator"},
    {"major", 16, 8, RO, ERNN_VALUE_MAJOR, "of the generator"},
    {"map", 24, 8, RO, ERNN_VALUE_MAP, "of this register map"},
};
static const ernn_field GEOMETRY[] = {
    {"digest", 0, 32, RO, ERNN_VALUE_GEOMETRY,
     "of all shapes, formats and shifts that are built in: weights of another one do not fit"}};
static const ernn_field MODEL[] = {
    {"digest", 0, 32, RW, ZERO, "of the weights that were loaded; kept for the driver, 0 = none"}};
static const ernn_field INPUTS[] = {{"words", 0, 32, RO, ERNN_VALUE_INPUTS, "of an input frame"}};
static const ernn_field OUTPUTS[] = {
    {"words", 0, 32, RO, ERNN_VALUE_OUTPUTS, "of an output frame"}};
static const ernn_field LAYOUT[] = {
    {"lanes", 0, 8, RO, ERNN_VALUE_LANES, "words of a beat of s_axis"},
    {"layers", 8, 8, RO, ERNN_VALUE_LAYERS, "with saturation counters"},
    {"signal_bits", 16, 8, RO, ERNN_VALUE_SIGNAL_BITS, "of a word, in the next multiple of 8"},
    {"weight_bits", 24, 8, RO, ERNN_VALUE_WEIGHT_BITS, "of a weight"},
};
static const ernn_field FRAMES[] = {
    {"frames", 0, 32, RW, ZERO, "of a run; 0: until COMMAND.stop. Taken when a run begins"}};
static const ernn_field FRAMES_IN[] = {{"frames", 0, 32, RO, ZERO, "come in since reset or clear"}};
static const ernn_field FRAMES_OUT[] = {{"frames", 0, 32, RO, ZERO, "left since reset or clear"}};
static const ernn_field COMMAND[] = {
    {"stop", 0, 1, PULSE, ZERO, "end the run after the frame that is coming in; auto_restart off"},
    {"reset_state", 1, 1, PULSE, ZERO, "all states to zero; only while idle"},
    {"clear", 2, 1, PULSE, ZERO, "frame, cycle and saturation counters to zero; only while idle"},
    {"reset", 3, 1, PULSE, ZERO,
     "drop the run and all frames inside, states to zero, counters and flags too; weights stay"},
};
static const ernn_field ERRORS[] = {
    {"early_last", 0, 1, W1C, ZERO, "a frame ended too soon: it was filled up with zero words"},
    {"late_last", 1, 1, W1C, ZERO, "a frame went on too long: its surplus beats were dropped"},
    {"keep", 2, 1, W1C, ZERO, "bytes of a word were missing: that word was zero"},
    {"state", 3, 1, W1C, ZERO,
     "refused: STATE_DATA, reset_state or clear while not idle, or no such word of a state"},
    {"internal", 4, 1, RO, ZERO, "a layer lost its frames: never; only a reset helps"},
};
static const ernn_field CYCLES_LOW[] = {
    {"cycles", 0, 32, RO, ZERO, "with a frame inside; reading it keeps the upper half still"}};
static const ernn_field CYCLES_HIGH[] = {
    {"cycles", 0, 32, RO, ZERO, "upper half, of the moment when CYCLES_LOW was read"}};
static const ernn_field FRAME_CYCLES[] = {
    {"cycles", 0, 32, RO, ZERO,
     "of the frame that left last: since its first beat came in, or since the frame before left"}};
static const ernn_field SATURATED[] = {
    {"spectrum", 0, 1, RO, ZERO, "a counter of this class is not zero"},
    {"accumulator", 1, 1, RO, ZERO, "a counter of this class is not zero"},
    {"product", 2, 1, RO, ZERO, "a counter of this class is not zero"},
    {"preactivation", 3, 1, RO, ZERO, "a counter of this class is not zero"},
    {"cell", 4, 1, RO, ZERO, "a counter of this class is not zero"},
};
static const ernn_field SATURATION_SELECT[] = {
    {"class", 0, 3, RW, ZERO, "bit number in SATURATED"},
    {"layer", 4, 4, RW, ZERO, "0 to LAYOUT.layers - 1"},
};
static const ernn_field SATURATION_COUNT[] = {
    {"count", 0, 16, RO, ZERO,
     "cycles in which words of it saturated (spectrum: were used); stops at 65535"}};
static const ernn_field LOAD_UNIT[] = {
    {"unit", 0, 8, RW, ZERO, "layer in the upper half, what in the lower"},
    {"start", 8, 1, ERNN_ACCESS_START, ZERO,
     "the next word is the unit's first; clears itself, set too when the unit changes"},
};
static const ernn_field LOAD_DATA[] = {
    {"word", 0, 32, ERNN_ACCESS_WO, ZERO, "the unit's next word, two's complement"}};
static const ernn_field LOAD_STATUS[] = {
    {"allowed", 0, 1, RO, ERNN_VALUE_ONE, "idle: words are taken"},
    {"refused", 1, 1, W1C, ZERO,
     "a word was dropped: not idle, no such unit, or past the end of the unit"},
};
static const ernn_field LOAD_WORDS[] = {{"words", 0, 32, RO, ZERO, "taken since start"}};
static const ernn_field LOAD_SIZE[] = {
    {"words", 0, 32, RO, ZERO, "of the unit in LOAD_UNIT; 0: there is none"}};
static const ernn_field STATE_UNIT[] = {
    {"unit", 0, 8, RW, ZERO, "of the state to read: what 7 is y, what 8 is c of an LSTM"}};
static const ernn_field STATE_INDEX[] = {
    {"index", 0, 16, RW, ZERO,
     "of the next word of [streams][n]; counts up with each read of STATE_DATA"}};
static const ernn_field STATE_DATA[] = {
    {"word", 0, 32, RO, ZERO, "sign-extended; 0 while not idle, which ERRORS.state records"}};

#define ROW(name, offset, text)                                                                    \
    {                                                                                              \
#name, offset, text, name, COUNT(name)                                                     \
    }

static const ernn_register REGISTERS[] = {
    ROW(CTRL, 0x00, "Begin, end and state of a run, as in the control map of HLS."),
    ROW(GIE, 0x04, "Global interrupt enable."),
    ROW(IER, 0x08, "Interrupt enable."),
    ROW(ISR, 0x0c, "Interrupt status. Writing 1 clears (HLS: toggles, the same for set bits)."),
    ROW(ID, 0x10, "What this is."),
    ROW(VERSION, 0x14, "Which one."),
    ROW(GEOMETRY, 0x18, "To be compared before weights are loaded."),
    ROW(MODEL, 0x1c, "Written by the driver, cleared by aresetn alone."),
    ROW(INPUTS, 0x20, "Size of an input frame."),
    ROW(OUTPUTS, 0x24, "Size of an output frame."),
    ROW(LAYOUT, 0x28, "Shape of the streams."),
    ROW(FRAMES, 0x2c, "Length of a run."),
    ROW(FRAMES_IN, 0x30, "Frame counter, wraps."),
    ROW(FRAMES_OUT, 0x34, "Frame counter, wraps."),
    ROW(COMMAND, 0x38, "What is done once."),
    ROW(ERRORS, 0x3c, "Sticky. None stops the accelerator."),
    ROW(CYCLES_LOW, 0x40, "Cycle counter."),
    ROW(CYCLES_HIGH, 0x44, "Cycle counter."),
    ROW(FRAME_CYCLES, 0x48, "Cycles of one frame."),
    ROW(SATURATED, 0x4c, "Classes of docs/fixed-point.md that saturated, all layers."),
    ROW(SATURATION_SELECT, 0x50, "Which counter."),
    ROW(SATURATION_COUNT, 0x54, "The counter. It stops at its end."),
    ROW(LOAD_UNIT, 0x58, "Load window: where words go."),
    ROW(LOAD_DATA, 0x5c, "Load window: a word."),
    ROW(LOAD_STATUS, 0x60, "Load window: flags."),
    ROW(LOAD_WORDS, 0x64, "Load window: count."),
    ROW(LOAD_SIZE, 0x68, "Load window: size."),
    ROW(STATE_UNIT, 0x6c, "State window: which vector."),
    ROW(STATE_INDEX, 0x70, "State window: which word."),
    ROW(STATE_DATA, 0x74, "State window: the word. States are written by the load window."),
};

const ernn_register *ernn_registers(int *n_registers)
{
    *n_registers = COUNT(REGISTERS);
    return REGISTERS;
}

// Part 0, 1 or 2 of "major.minor.patch".
static uint32_t version_part(int part)
{
    unsigned parts[3] = {0, 0, 0};
    if (sscanf(ERNN_VERSION, "%u.%u.%u", &parts[0], &parts[1], &parts[2]) != 3)
        return 0;
    return parts[part];
}

uint32_t ernn_register_reset(const ernn_plan *plan, const ernn_field *field)
{
    switch (field->reset) {
    case ERNN_VALUE_ZERO:
        return 0;
    case ERNN_VALUE_ONE:
        return 1;
    case ERNN_VALUE_ID:
        return ERNN_REGISTERS_ID;
    case ERNN_VALUE_MAP:
        return ERNN_REGISTERS_MAP;
    case ERNN_VALUE_MAJOR:
        return version_part(0);
    case ERNN_VALUE_MINOR:
        return version_part(1);
    case ERNN_VALUE_PATCH:
        return version_part(2);
    case ERNN_VALUE_GEOMETRY:
        return plan->geometry;
    case ERNN_VALUE_INPUTS:
        return (uint32_t)plan->n_inputs;
    case ERNN_VALUE_OUTPUTS:
        return (uint32_t)plan->n_outputs;
    case ERNN_VALUE_LANES:
        return (uint32_t)plan->design->lanes;
    case ERNN_VALUE_LAYERS:
        return (uint32_t)plan->n_stages;
    case ERNN_VALUE_SIGNAL_BITS:
        return plan->network->signal_bits;
    case ERNN_VALUE_WEIGHT_BITS:
        return plan->network->weight_bits;
    }
    return 0;
}

uint32_t ernn_register_word(const ernn_plan *plan, const ernn_register *reg)
{
    uint32_t word = 0;
    for (int f = 0; f < reg->n_fields; f++)
        word |= ernn_register_reset(plan, &reg->fields[f]) << reg->fields[f].low;
    return word;
}
