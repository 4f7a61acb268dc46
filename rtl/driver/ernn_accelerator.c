// The driver: identity, states, runs, counters. SPDX-License-Identifier: Apache-2.0
#include "ernn_accelerator.h"
#include "ernn_driver.h"

#include <string.h>

// ---- Registers ----

ernn_result ernn_register_read(const ernn_accelerator *a, uint32_t offset, uint32_t *value)
{
    return a->bus->read32(a->bus->user, offset, value) < 0 ? ERNN_RESULT_BUS : ERNN_RESULT_OK;
}

ernn_result ernn_register_write(const ernn_accelerator *a, uint32_t offset, uint32_t value)
{
    return a->bus->write32(a->bus->user, offset, value) < 0 ? ERNN_RESULT_BUS : ERNN_RESULT_OK;
}

static ernn_result expect(const ernn_accelerator *a, uint32_t offset, uint32_t mask, uint32_t want,
                          ernn_result otherwise)
{
    uint32_t value = 0;
    const ernn_result result = ernn_register_read(a, offset, &value);
    if (result != ERNN_RESULT_OK)
        return result;
    return (value & mask) == want ? ERNN_RESULT_OK : otherwise;
}

ernn_result ernn_need_idle(const ernn_accelerator *a)
{
    return expect(a, ERNN_REG_CTRL, ERNN_CTRL_IDLE_MASK, ERNN_CTRL_IDLE_MASK, ERNN_RESULT_BUSY);
}

// ---- Identity ----

ernn_result ernn_accelerator_open(ernn_accelerator *a, const ernn_bus *bus, uint32_t poll_limit)
{
    const uint32_t all = 0xffffffffu;
    const struct {
        uint32_t offset;
        uint32_t mask;
        uint32_t want;
        ernn_result otherwise;
    } checks[] = {
        {ERNN_REG_ID, all, ERNN_ID_VALUE, ERNN_RESULT_WRONG_ID},
        {ERNN_REG_VERSION, ERNN_VERSION_MAP_MASK, ERNN_MAP_VALUE << ERNN_VERSION_MAP_SHIFT,
         ERNN_RESULT_WRONG_MAP},
        {ERNN_REG_GEOMETRY, all, ERNN_GEOMETRY_VALUE, ERNN_RESULT_WRONG_GEOMETRY},
        {ERNN_REG_INPUTS, all, ERNN_N_INPUTS, ERNN_RESULT_WRONG_SIZES},
        {ERNN_REG_OUTPUTS, all, ERNN_N_OUTPUTS, ERNN_RESULT_WRONG_SIZES},
        {ERNN_REG_LAYOUT, all,
         ERNN_LANES << ERNN_LAYOUT_LANES_SHIFT | ERNN_N_LAYERS << ERNN_LAYOUT_LAYERS_SHIFT |
             ERNN_SIGNAL_BITS << ERNN_LAYOUT_SIGNAL_BITS_SHIFT |
             ERNN_WEIGHT_BITS << ERNN_LAYOUT_WEIGHT_BITS_SHIFT,
         ERNN_RESULT_WRONG_SIZES},
    };
    ernn_result result = ERNN_RESULT_OK;
    memset(a, 0, sizeof *a);
    a->bus = bus;
    a->poll_limit = poll_limit;
    for (size_t i = 0; i < sizeof checks / sizeof *checks && result == ERNN_RESULT_OK; i++)
        result = expect(a, checks[i].offset, checks[i].mask, checks[i].want, checks[i].otherwise);
    return result == ERNN_RESULT_OK ? ernn_register_read(a, ERNN_REG_MODEL, &a->model) : result;
}

// ---- States ----

ernn_result ernn_accelerator_reset_state(ernn_accelerator *a)
{
    const ernn_result result = ernn_need_idle(a);
    return result == ERNN_RESULT_OK
               ? ernn_register_write(a, ERNN_REG_COMMAND, ERNN_COMMAND_RESET_STATE_MASK)
               : result;
}

ernn_result ernn_unit_size(const ernn_accelerator *a, uint32_t unit, uint32_t *n_words)
{
    const ernn_result result = ernn_register_write(a, ERNN_REG_LOAD_UNIT, unit);
    return result == ERNN_RESULT_OK ? ernn_register_read(a, ERNN_REG_LOAD_SIZE, n_words) : result;
}

// The state's vectors: y and c of every layer. One that is not there has no words.
enum { VECTORS = 2 * (int)ERNN_N_LAYERS };

static uint32_t state_unit(int vector)
{
    return (uint32_t)(vector / 2) << 4 | (vector % 2 ? 8u : 7u);
}

typedef struct state_layout {
    uint32_t n_words[VECTORS];
    size_t total;
} state_layout;

static ernn_result lay_out(const ernn_accelerator *a, state_layout *layout)
{
    ernn_result result = ERNN_RESULT_OK;
    layout->total = 0;
    for (int v = 0; v < VECTORS && result == ERNN_RESULT_OK; v++) {
        result = ernn_unit_size(a, state_unit(v), &layout->n_words[v]);
        layout->total += layout->n_words[v];
    }
    return result;
}

ernn_result ernn_accelerator_state_words(ernn_accelerator *a, size_t *n_words)
{
    state_layout layout;
    const ernn_result result = lay_out(a, &layout);
    *n_words = result == ERNN_RESULT_OK ? layout.total : 0;
    return result;
}

static ernn_result read_vector(const ernn_accelerator *a, uint32_t unit, int32_t *words, uint32_t n)
{
    ernn_result result = ernn_register_write(a, ERNN_REG_STATE_UNIT, unit);
    if (result == ERNN_RESULT_OK)
        result = ernn_register_write(a, ERNN_REG_STATE_INDEX, 0);
    for (uint32_t i = 0; i < n && result == ERNN_RESULT_OK; i++) {
        uint32_t word = 0;
        result = ernn_register_read(a, ERNN_REG_STATE_DATA, &word);
        words[i] = ernn_signed(word, 32);
    }
    return result;
}

static ernn_result begin_state(const ernn_accelerator *a, size_t capacity, state_layout *layout)
{
    ernn_result result = ernn_need_idle(a);
    if (result == ERNN_RESULT_OK)
        result = lay_out(a, layout);
    if (result == ERNN_RESULT_OK && layout->total > capacity)
        result = ERNN_RESULT_STATE_SIZE;
    return result;
}

ernn_result ernn_accelerator_read_state(ernn_accelerator *a, int32_t *state, size_t capacity)
{
    state_layout layout;
    ernn_result result = begin_state(a, capacity, &layout);
    for (int v = 0; v < VECTORS && result == ERNN_RESULT_OK; v++) {
        result = read_vector(a, state_unit(v), state, layout.n_words[v]);
        state += layout.n_words[v];
    }
    return result;
}

static bool is_in_range(const int32_t *words, size_t n)
{
    const int32_t end = (int32_t)1 << (ERNN_SIGNAL_BITS - 1);
    for (size_t i = 0; i < n; i++)
        if (words[i] < -end || words[i] >= end)
            return false;
    return true;
}

static ernn_result write_vector(const ernn_accelerator *a, uint32_t unit, const int32_t *words,
                                uint32_t n)
{
    ernn_result result = ERNN_RESULT_OK;
    if (n)
        result = ernn_register_write(a, ERNN_REG_LOAD_UNIT, unit | ERNN_LOAD_UNIT_START_MASK);
    for (uint32_t i = 0; i < n && result == ERNN_RESULT_OK; i++)
        result = ernn_register_write(a, ERNN_REG_LOAD_DATA, (uint32_t)words[i]);
    return n && result == ERNN_RESULT_OK ? ernn_load_end(a, n) : result;
}

// A state starts from zero, then its vectors are loaded: the order that rtl/README.md asks for.
ernn_result ernn_accelerator_write_state(ernn_accelerator *a, const int32_t *state, size_t capacity)
{
    state_layout layout;
    ernn_result result = begin_state(a, capacity, &layout);
    if (result == ERNN_RESULT_OK && !is_in_range(state, layout.total))
        result = ERNN_RESULT_STATE_RANGE;
    if (result == ERNN_RESULT_OK)
        result = ernn_accelerator_reset_state(a);
    for (int v = 0; v < VECTORS && result == ERNN_RESULT_OK; v++) {
        result = write_vector(a, state_unit(v), state, layout.n_words[v]);
        state += layout.n_words[v];
    }
    return result;
}

// ---- Runs ----

// ERNN_WORD_BYTES bytes a word, lowest first; what fills the last beat is zero.
static void pack(uint8_t *bytes, const int32_t *words)
{
    memset(bytes, 0, ERNN_INPUT_BYTES);
    for (uint32_t i = 0; i < ERNN_N_INPUTS; i++)
        for (uint32_t b = 0; b < ERNN_WORD_BYTES; b++)
            *bytes++ = (uint8_t)((uint32_t)words[i] >> (8 * b));
}

static void unpack(int32_t *words, const uint8_t *bytes)
{
    for (uint32_t i = 0; i < ERNN_N_OUTPUTS; i++) {
        uint32_t word = 0;
        for (uint32_t b = 0; b < ERNN_WORD_BYTES; b++)
            word |= (uint32_t)*bytes++ << (8 * b);
        words[i] = ernn_signed(word, ERNN_SIGNAL_BITS);
    }
}

typedef struct progress {
    const int32_t *x;
    int32_t *y;
    uint32_t to_send;
    uint32_t to_receive;
    bool is_packed; // a->input holds the next frame
} progress;

// Offers the next frame and asks for one; `moved` counts.
static ernn_result move_frames(ernn_accelerator *a, progress *p, int *moved)
{
    int taken = 0;
    int given = 0;
    if (p->to_send) {
        if (!p->is_packed)
            pack(a->input, p->x);
        p->is_packed = true;
        taken = a->bus->send(a->bus->user, a->input, ERNN_INPUT_BYTES);
    }
    if (taken > 0) {
        p->x += ERNN_N_INPUTS;
        p->to_send--;
        p->is_packed = false;
    }
    if (p->to_receive)
        given = a->bus->receive(a->bus->user, a->output, ERNN_OUTPUT_BYTES);
    if (given > 0) {
        unpack(p->y, a->output);
        p->y += ERNN_N_OUTPUTS;
        p->to_receive--;
    }
    *moved = (taken > 0) + (given > 0);
    return taken < 0 || given < 0 ? ERNN_RESULT_BUS : ERNN_RESULT_OK;
}

static ernn_result wait_once(const ernn_accelerator *a, uint32_t *polls)
{
    if (++*polls > a->poll_limit)
        return ERNN_RESULT_TIME_OUT;
    if (a->bus->wait && a->bus->wait(a->bus->user) < 0)
        return ERNN_RESULT_BUS;
    return a->bus->has_interrupt ? ernn_register_write(a, ERNN_REG_ISR, ~0u) : ERNN_RESULT_OK;
}

static ernn_result move_all(ernn_accelerator *a, progress *p)
{
    uint32_t polls = 0;
    ernn_result result = ERNN_RESULT_OK;
    while (result == ERNN_RESULT_OK && (p->to_send || p->to_receive)) {
        int moved = 0;
        result = move_frames(a, p, &moved);
        if (moved)
            polls = 0;
        else if (result == ERNN_RESULT_OK)
            result = wait_once(a, &polls);
    }
    return result;
}

static ernn_result wait_idle(const ernn_accelerator *a)
{
    uint32_t polls = 0;
    for (;;) {
        ernn_result result = ernn_need_idle(a);
        if (result != ERNN_RESULT_BUSY)
            return result;
        result = wait_once(a, &polls);
        if (result != ERNN_RESULT_OK)
            return result;
    }
}

static ernn_result start(const ernn_accelerator *a, uint32_t n_frames)
{
    const uint32_t interrupts = ERNN_IER_DONE_MASK | ERNN_IER_ERROR_MASK;
    const struct {
        uint32_t offset;
        uint32_t value;
    } writes[] = {
        {ERNN_REG_ERRORS, ~0u},
        {ERNN_REG_ISR, ~0u},
        {ERNN_REG_IER, a->bus->has_interrupt ? interrupts : 0},
        {ERNN_REG_GIE, a->bus->has_interrupt ? ERNN_GIE_ENABLE_MASK : 0},
        {ERNN_REG_FRAMES, n_frames},
        {ERNN_REG_CTRL, ERNN_CTRL_START_MASK},
    };
    ernn_result result = ERNN_RESULT_OK;
    for (size_t i = 0; i < sizeof writes / sizeof *writes && result == ERNN_RESULT_OK; i++)
        result = ernn_register_write(a, writes[i].offset, writes[i].value);
    return result;
}

ernn_result ernn_accelerator_run(ernn_accelerator *a, const int32_t *x, int32_t *y,
                                 uint32_t n_frames)
{
    progress p = {x, y, n_frames, n_frames, false};
    ernn_result result = ernn_need_idle(a);
    if (result == ERNN_RESULT_OK && !a->model)
        result = ERNN_RESULT_NO_WEIGHTS;
    if (result != ERNN_RESULT_OK || !n_frames)
        return result;
    result = start(a, n_frames);
    if (result == ERNN_RESULT_OK)
        result = move_all(a, &p);
    if (result == ERNN_RESULT_OK)
        result = wait_idle(a);
    if (result == ERNN_RESULT_OK)
        result = ernn_register_read(a, ERNN_REG_ERRORS, &a->errors);
    if (result == ERNN_RESULT_OK && a->errors)
        return ERNN_RESULT_FRAME_LOST;
    if (result == ERNN_RESULT_TIME_OUT)
        (void)ernn_accelerator_reset(a); // the time-out is what the caller must hear of
    return result;
}

// ---- Counters ----

ernn_result ernn_accelerator_counters(ernn_accelerator *a, ernn_counters *counters)
{
    uint32_t low = 0;
    uint32_t high = 0;
    const struct {
        uint32_t offset;
        uint32_t *to;
    } reads[] = {
        {ERNN_REG_FRAMES_IN, &counters->frames_in},
        {ERNN_REG_FRAMES_OUT, &counters->frames_out},
        {ERNN_REG_FRAME_CYCLES, &counters->frame_cycles},
        {ERNN_REG_CYCLES_LOW, &low}, // before the upper half, which it keeps still
        {ERNN_REG_CYCLES_HIGH, &high},
        {ERNN_REG_SATURATED, &counters->saturated},
        {ERNN_REG_ERRORS, &counters->errors},
    };
    ernn_result result = ERNN_RESULT_OK;
    memset(counters, 0, sizeof *counters);
    for (size_t i = 0; i < sizeof reads / sizeof *reads && result == ERNN_RESULT_OK; i++)
        result = ernn_register_read(a, reads[i].offset, reads[i].to);
    counters->cycles = (uint64_t)high << 32 | low;
    return result;
}

ernn_result ernn_accelerator_saturation(ernn_accelerator *a, uint32_t layer, uint32_t kind,
                                        uint32_t *count)
{
    const uint32_t select =
        layer << ERNN_SATURATION_SELECT_LAYER_SHIFT | kind << ERNN_SATURATION_SELECT_CLASS_SHIFT;
    *count = 0;
    const ernn_result result = ernn_register_write(a, ERNN_REG_SATURATION_SELECT, select);
    return result == ERNN_RESULT_OK ? ernn_register_read(a, ERNN_REG_SATURATION_COUNT, count)
                                    : result;
}

ernn_result ernn_accelerator_clear(ernn_accelerator *a)
{
    ernn_result result = ernn_need_idle(a);
    if (result == ERNN_RESULT_OK)
        result = ernn_register_write(a, ERNN_REG_COMMAND, ERNN_COMMAND_CLEAR_MASK);
    return result == ERNN_RESULT_OK ? ernn_register_write(a, ERNN_REG_ERRORS, ~0u) : result;
}

ernn_result ernn_accelerator_reset(ernn_accelerator *a)
{
    ernn_result result = ernn_register_write(a, ERNN_REG_COMMAND, ERNN_COMMAND_RESET_MASK);
    if (result == ERNN_RESULT_OK && a->bus->cancel && a->bus->cancel(a->bus->user) < 0)
        result = ERNN_RESULT_BUS;
    if (result == ERNN_RESULT_OK)
        result = wait_idle(a); // packets that have begun are brought to an end
    // The weights stayed: so does what is known of them.
    return result == ERNN_RESULT_OK ? ernn_register_write(a, ERNN_REG_MODEL, a->model) : result;
}

// ---- Words ----

const char *ernn_result_text(ernn_result result)
{
    static const char *const TEXTS[] = {
        "all is well",
        "the bus failed",
        "no accelerator of ernn at this address",
        "the accelerator has another register map than this driver",
        "the bitstream is of another geometry than ernn_registers.h",
        "frame sizes, lanes or word lengths differ from ernn_registers.h",
        "the accelerator is not idle",
        "nothing moved for too long; the run was dropped",
        "no weights are loaded",
        "the accelerator reports an error, see ERRORS",
        "not a weight file",
        "a weight file of a later version",
        "the weight file is shorter or longer than it says",
        "the weight file is damaged: its checksum is wrong",
        "the weights are of another geometry than the bitstream",
        "the weight file has other units than the accelerator",
        "the accelerator refused a word",
        "the array is too small for the state",
        "a state word does not fit the signals' bits",
    };
    return result < sizeof TEXTS / sizeof *TEXTS ? TEXTS[result] : "unknown result";
}
