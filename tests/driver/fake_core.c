// SPDX-License-Identifier: Apache-2.0
#include "fake_core.h"

#include <string.h>

static uint32_t *at(fake_core *core, uint32_t offset)
{
    return &core->registers[offset / 4];
}

static uint32_t unit_size(uint32_t code)
{
    for (int i = 0; i < FAKE_N_UNITS; i++)
        if (FAKE_UNITS[i].code == code)
            return FAKE_UNITS[i].n_words;
    return 0;
}

static bool is_idle(const fake_core *core)
{
    return !core->run_left && !core->inside && !core->is_stuck && !core->draining;
}

static void reset_state(fake_core *core)
{
    for (uint32_t code = 0; code < 256; code++)
        if ((code & 15u) >= 7)
            memset(core->words[code], 0, sizeof core->words[code]);
}

void fake_core_new(fake_core *core)
{
    memset(core, 0, sizeof *core);
    core->accesses_left = -1;
    core->wrong_offset = ~0u;
    *at(core, ERNN_REG_ID) = 0x4e4e5245u;
    *at(core, ERNN_REG_VERSION) = ERNN_MAP_VALUE << 24;
    *at(core, ERNN_REG_GEOMETRY) = ERNN_GEOMETRY_VALUE;
    *at(core, ERNN_REG_INPUTS) = ERNN_N_INPUTS;
    *at(core, ERNN_REG_OUTPUTS) = ERNN_N_OUTPUTS;
    *at(core, ERNN_REG_LAYOUT) =
        ERNN_WEIGHT_BITS << 24 | ERNN_SIGNAL_BITS << 16 | ERNN_N_LAYERS << 8 | ERNN_LANES;
}

static bool may_access(fake_core *core)
{
    if (core->accesses_left > 0)
        core->accesses_left--;
    return core->accesses_left != 0;
}

static int read32(void *user, uint32_t offset, uint32_t *value)
{
    fake_core *core = user;
    if (!may_access(core) || offset % 4 || offset >= 256)
        return -1;
    *value = *at(core, offset);
    if (offset == ERNN_REG_CTRL) {
        *value = is_idle(core) ? 4 : 0;
        core->draining -= core->draining != 0;
    } else if (offset == ERNN_REG_LOAD_SIZE)
        *value = unit_size(*at(core, ERNN_REG_LOAD_UNIT) & 0xffu);
    else if (offset == ERNN_REG_LOAD_WORDS)
        *value = core->n_loaded;
    else if (offset == ERNN_REG_STATE_DATA)
        *value = (uint32_t)core->words[*at(core, ERNN_REG_STATE_UNIT) & 0xffu]
                                      [(*at(core, ERNN_REG_STATE_INDEX))++ % FAKE_MAX_WORDS];
    else if (offset == ERNN_REG_SATURATION_COUNT)
        *value = *at(core, ERNN_REG_SATURATION_SELECT) * 3;
    if (offset == core->wrong_offset)
        *value = core->wrong_value;
    return 0;
}

static void load(fake_core *core, uint32_t value)
{
    const uint32_t unit = *at(core, ERNN_REG_LOAD_UNIT);
    core->n_loads++;
    if (unit & 0x100u)
        core->n_loaded = 0;
    *at(core, ERNN_REG_LOAD_UNIT) = unit & 0xffu;
    if (!is_idle(core) || core->n_loaded >= unit_size(unit & 0xffu) ||
        (core->refuse_after && core->n_loaded >= core->refuse_after))
        *at(core, ERNN_REG_LOAD_STATUS) |= 2;
    else
        core->words[unit & 0xffu][core->n_loaded++] = (int32_t)value;
}

static void command(fake_core *core, uint32_t value)
{
    core->n_state_resets += (value & 2) != 0;
    if (value & 8) { // reset
        core->run_left = 0;
        core->inside = 0;
        core->draining = 3;
        *at(core, ERNN_REG_MODEL) = 0;
    }
    if (value & 10)
        reset_state(core);
    if (value & 12) {
        *at(core, ERNN_REG_FRAMES_IN) = 0;
        *at(core, ERNN_REG_FRAMES_OUT) = 0;
    }
}

static int write32(void *user, uint32_t offset, uint32_t value)
{
    fake_core *core = user;
    if (!may_access(core) || offset % 4 || offset >= 256)
        return -1;
    if (offset == ERNN_REG_CTRL)
        core->run_left = value & 1 ? *at(core, ERNN_REG_FRAMES) : core->run_left;
    else if (offset == ERNN_REG_COMMAND)
        command(core, value);
    else if (offset == ERNN_REG_LOAD_DATA)
        load(core, value);
    else if (offset == ERNN_REG_ERRORS || offset == ERNN_REG_ISR || offset == ERNN_REG_LOAD_STATUS)
        *at(core, offset) &= ~value;
    else
        *at(core, offset) = value;
    return 0;
}

// ---- Frames ----

static int32_t word_of(const uint8_t *bytes)
{
    uint32_t word = 0;
    for (uint32_t b = 0; b < ERNN_WORD_BYTES; b++)
        word |= (uint32_t)bytes[b] << (8 * b);
    return (int32_t)(word << (32 - ERNN_SIGNAL_BITS)) >> (32 - ERNN_SIGNAL_BITS);
}

static int fake_send(void *user, const uint8_t *frame, size_t bytes)
{
    fake_core *core = user;
    int32_t *state = core->words[7];
    if (!may_access(core) || bytes != ERNN_INPUT_BYTES)
        return -1;
    if (core->is_deaf || !core->run_left || core->inside == FAKE_QUEUE)
        return 0;
    for (uint32_t i = 0; i < ERNN_N_INPUTS; i++)
        state[0] += word_of(frame + i * ERNN_WORD_BYTES);
    // wraps as a word of the stream does
    state[0] = (int32_t)((uint32_t)state[0] << (32 - ERNN_SIGNAL_BITS)) >> (32 - ERNN_SIGNAL_BITS);
    for (uint32_t i = 0; i < ERNN_N_OUTPUTS; i++)
        core->outputs[core->computed % FAKE_QUEUE][i] = state[0] ^ core->words[0][i];
    core->computed++;
    core->inside++;
    core->run_left--;
    (*at(core, ERNN_REG_FRAMES_IN))++;
    return 1;
}

static int fake_receive(void *user, uint8_t *frame, size_t bytes)
{
    fake_core *core = user;
    if (!may_access(core) || bytes != ERNN_OUTPUT_BYTES)
        return -1;
    if (core->is_silent || !core->inside)
        return 0;
    memset(frame, 0xa5, bytes);
    for (uint32_t i = 0; i < ERNN_N_OUTPUTS; i++)
        for (uint32_t b = 0; b < ERNN_WORD_BYTES; b++)
            *frame++ = (uint8_t)((uint32_t)core->outputs[core->fetched % FAKE_QUEUE][i] >> (8 * b));
    core->fetched++;
    core->inside--;
    (*at(core, ERNN_REG_FRAMES_OUT))++;
    return 1;
}

static int fake_wait(void *user)
{
    fake_core *core = user;
    core->n_waits++;
    return may_access(core) ? 0 : -1;
}

static int fake_cancel(void *user)
{
    fake_core *core = user;
    core->was_cancelled = true;
    core->inside = 0;
    core->fetched = core->computed;
    return 0;
}

ernn_bus fake_core_bus(fake_core *core)
{
    return (ernn_bus){core,         read32,    write32,     fake_send,
                      fake_receive, fake_wait, fake_cancel, false};
}
