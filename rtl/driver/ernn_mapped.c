// SPDX-License-Identifier: Apache-2.0
#include "ernn_mapped.h"

// A program may bring its own accesses (and so can a test).
#ifndef ERNN_MMIO_READ
#define ERNN_MMIO_READ(base, offset) (*(volatile uint32_t *)((volatile uint8_t *)(base) + (offset)))
#define ERNN_MMIO_WRITE(base, offset, value)                                                       \
    (*(volatile uint32_t *)((volatile uint8_t *)(base) + (offset)) = (value))
#endif
// Memory before registers, registers before memory.
#ifndef ERNN_BARRIER
#define ERNN_BARRIER() __sync_synchronize()
#endif

enum {
    MM2S = 0x00, // channels
    S2MM = 0x30,
    CONTROL = 0x00, // registers of a channel
    STATUS = 0x04,
    ADDRESS = 0x18,
    ADDRESS_HIGH = 0x1c,
    LENGTH = 0x28,
    RUN = 1u << 0, // control
    RESET = 1u << 2,
    HALTED = 1u << 0, // status
    ERRORS = 7u << 4, // internal, slave, decode
    COMPLETE = 1u << 12,
    RESET_POLLS = 100000,
    DRAIN_POLLS = 200
};

static uint32_t dma_read(const ernn_mapped *m, uint32_t offset)
{
    return ERNN_MMIO_READ(m->dma, offset);
}

static void dma_write(const ernn_mapped *m, uint32_t offset, uint32_t value)
{
    ERNN_MMIO_WRITE(m->dma, offset, value);
}

// A reset of either channel resets both.
int ernn_mapped_begin(ernn_mapped *m)
{
    int polls = 0;
    m->is_sending = false;
    m->is_receiving = false;
    dma_write(m, MM2S + CONTROL, RESET);
    while (dma_read(m, MM2S + CONTROL) & RESET)
        if (++polls > RESET_POLLS)
            return -1;
    dma_write(m, MM2S + CONTROL, RUN);
    dma_write(m, S2MM + CONTROL, RUN);
    return (dma_read(m, MM2S + STATUS) | dma_read(m, S2MM + STATUS)) & HALTED ? -1 : 0;
}

// Writing the length begins the transfer.
static void begin_transfer(const ernn_mapped *m, uint32_t channel, uint32_t at, uint32_t bytes)
{
    const uint64_t address = m->buffer_address + at;
    ERNN_BARRIER();
    dma_write(m, channel + ADDRESS, (uint32_t)address);
    dma_write(m, channel + ADDRESS_HIGH, (uint32_t)(address >> 32));
    dma_write(m, channel + LENGTH, bytes);
}

// 1 the transfer is over, 0 not yet, -1 an error.
static int end_transfer(const ernn_mapped *m, uint32_t channel)
{
    const uint32_t status = dma_read(m, channel + STATUS);
    if (status & (ERRORS | HALTED))
        return -1;
    if (!(status & COMPLETE))
        return 0;
    dma_write(m, channel + STATUS, COMPLETE);
    ERNN_BARRIER();
    return 1;
}

static int read32(void *user, uint32_t offset, uint32_t *value)
{
    const ernn_mapped *m = user;
    *value = ERNN_MMIO_READ(m->registers, offset);
    return 0;
}

static int write32(void *user, uint32_t offset, uint32_t value)
{
    const ernn_mapped *m = user;
    ERNN_MMIO_WRITE(m->registers, offset, value);
    return 0;
}

// Bytes one by one: device memory allows no other access at any address.
static int send_frame(void *user, const uint8_t *frame, size_t bytes)
{
    ernn_mapped *m = user;
    const int state = m->is_sending ? end_transfer(m, MM2S) : 1;
    if (state <= 0)
        return state;
    for (size_t i = 0; i < bytes; i++)
        m->buffer[i] = frame[i];
    if (m->clean)
        m->clean(m->buffer, bytes);
    begin_transfer(m, MM2S, 0, (uint32_t)bytes);
    m->is_sending = true;
    return 1;
}

// The first call of a frame only says where it goes.
static int receive_frame(void *user, uint8_t *frame, size_t bytes)
{
    ernn_mapped *m = user;
    volatile uint8_t *output = m->buffer + ERNN_MAPPED_OUTPUT_AT;
    if (!m->is_receiving) {
        begin_transfer(m, S2MM, ERNN_MAPPED_OUTPUT_AT, (uint32_t)bytes);
        m->is_receiving = true;
        return 0;
    }
    const int state = end_transfer(m, S2MM);
    if (state <= 0)
        return state;
    m->is_receiving = false;
    if (dma_read(m, S2MM + LENGTH) != ERNN_N_OUTPUTS * ERNN_WORD_BYTES)
        return -1; // not the packet of a frame
    if (m->discard)
        m->discard(output, bytes);
    for (size_t i = 0; i < bytes; i++)
        frame[i] = output[i];
    return 1;
}

// After COMMAND.reset the core completes the packet that it has begun: it is taken and forgotten,
// or it would be the first of the next run. Where none comes, DRAIN_POLLS polls show it.
static int cancel_frames(void *user)
{
    ernn_mapped *m = user;
    int state = 0;
    for (int polls = 0; polls < DRAIN_POLLS && state >= 0; polls++) {
        if (!m->is_receiving)
            begin_transfer(m, S2MM, ERNN_MAPPED_OUTPUT_AT, ERNN_OUTPUT_BYTES);
        state = end_transfer(m, S2MM);
        m->is_receiving = state == 0;
    }
    return ernn_mapped_begin(m);
}

ernn_bus ernn_mapped_bus(ernn_mapped *m)
{
    const ernn_bus bus = {m,    read32,        write32, send_frame, receive_frame,
                          NULL, cancel_frames, false};
    return bus;
}
