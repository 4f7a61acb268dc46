// The driver over UIO and AXI DMA: files stand for the device, a model of the DMA's simple mode
// (PG021) carries frames to and from the Verilated core. uio PROJECT DEVICE SYSFS; built by
// rtl/driver/Makefile. SPDX-License-Identifier: Apache-2.0
#include "ernn_twin.h"
#include "ernn_uio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LIMIT = 400,
    MAX_WORDS = 1 << 16,
    MAX_BYTES = 1 << 18,
    FRAMES = 25,
    BUFFER_ADDRESS = 0x40000
};

static int n_failed;
#define CHECK(condition) check((condition), #condition, __LINE__)

static void check(bool is_true, const char *text, int line)
{
    if (!is_true) {
        printf("line %d: %s\n", line, text);
        n_failed++;
    }
}

// ---- The model of the DMA ----

typedef struct channel {
    uint32_t registers[12]; // 0x00 control, 0x04 status, 0x18 address, 0x28 length
    bool is_open;           // a transfer was begun and is not over
} channel;

static channel channels[2]; // MM2S, S2MM
static ernn_bus below;
static ernn_uio uio;
static uint32_t error_bits;   // faults
static uint32_t wrong_length; // added to the length of a received packet
static bool is_dead;          // no reset ends
static bool is_lost;          // nothing is received
static int n_cleaned;
static int n_discarded;

static volatile uint8_t *memory_at(const channel *c)
{
    const uint32_t at = c->registers[0x18 / 4] - BUFFER_ADDRESS;
    CHECK(c->registers[0x1c / 4] == 0 && at < ERNN_MAPPED_BUFFER_BYTES && at % 64 == 0);
    return uio.mapped.buffer + at;
}

static void step(channel *c, bool is_sending)
{
    uint8_t frame[ERNN_INPUT_BYTES + ERNN_OUTPUT_BYTES];
    volatile uint8_t *memory = memory_at(c);
    int moved;
    if (is_sending) {
        CHECK(c->registers[0x28 / 4] == ERNN_INPUT_BYTES);
        for (size_t i = 0; i < ERNN_INPUT_BYTES; i++)
            frame[i] = memory[i];
        moved = below.send(below.user, frame, ERNN_INPUT_BYTES);
    } else {
        CHECK(c->registers[0x28 / 4] == ERNN_OUTPUT_BYTES);
        moved = is_lost ? 0 : below.receive(below.user, frame, ERNN_OUTPUT_BYTES);
        for (size_t i = 0; moved > 0 && i < ERNN_N_OUTPUTS * ERNN_WORD_BYTES; i++)
            memory[i] = frame[i];
    }
    if (moved > 0) {
        c->is_open = false;
        c->registers[1] |= 1u << 12 | 1u << 1; // complete, idle
        if (!is_sending)
            c->registers[0x28 / 4] = ERNN_N_OUTPUTS * ERNN_WORD_BYTES + wrong_length;
    }
}

uint32_t fake_mmio_read(volatile void *base, uint32_t offset)
{
    uint32_t value = 0;
    if (base == uio.maps[0]) {
        CHECK(below.read32(below.user, offset, &value) == 0);
        return value;
    }
    channel *c = &channels[offset >= 0x30];
    if (offset % 0x30 == 4) {
        below.wait(below.user); // time passes while it is polled, for both channels
        for (int i = 0; i < 2; i++)
            if (channels[i].is_open)
                step(&channels[i], i == 0);
    }
    value = c->registers[offset % 0x30 / 4];
    return offset % 0x30 == 4 ? value | error_bits : value;
}

static void control(uint32_t value)
{
    if (value & 4) { // both channels: halted
        memset(channels, 0, sizeof channels);
        channels[0].registers[1] = channels[1].registers[1] = 1;
        channels[0].registers[0] = is_dead ? 4 : 0;
        below.cancel(below.user);
    }
}

void fake_mmio_write(volatile void *base, uint32_t offset, uint32_t value)
{
    if (base == uio.maps[0]) {
        CHECK(below.write32(below.user, offset, value) == 0);
        return;
    }
    channel *c = &channels[offset >= 0x30];
    const uint32_t at = offset % 0x30;
    if (at == 0 && value & 4) {
        control(value);
    } else if (at == 0) {
        c->registers[0] = value;
        c->registers[1] &= ~(value & 1);
    } else if (at == 4) {
        c->registers[1] &= ~(value & 0x7000u);
    } else {
        c->registers[at / 4] = value;
        if (at == 0x28) {
            CHECK(!c->is_open && c->registers[0] & 1); // running, the last one over
            c->is_open = true;
            c->registers[1] &= ~2u;
        }
    }
}

static void count_clean(volatile void *from, size_t bytes)
{
    CHECK(from == uio.mapped.buffer && bytes == ERNN_INPUT_BYTES);
    n_cleaned++;
}

static void count_discard(volatile void *from, size_t bytes)
{
    CHECK(from == uio.mapped.buffer + ERNN_MAPPED_OUTPUT_AT && bytes == ERNN_OUTPUT_BYTES);
    n_discarded++;
}

// ---- The course ----

static uint8_t weights[MAX_BYTES];
static int32_t x[MAX_WORDS];
static int32_t y[MAX_WORDS];
static int32_t states[MAX_WORDS];
static int32_t got[MAX_WORDS];
static size_t n_weights;
static size_t n_state;
static ernn_accelerator a;

static FILE *open_file(const char *folder, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(1);
    }
    return file;
}

static void read_words(const char *folder, const char *name, int32_t *words)
{
    FILE *file = open_file(folder, name);
    unsigned word;
    for (int n = 0; n < MAX_WORDS && fscanf(file, "%x", &word) == 1; n++)
        words[n] = (int32_t)(word << (32 - ERNN_SIGNAL_BITS)) >> (32 - ERNN_SIGNAL_BITS);
    fclose(file);
}

static void play(uint32_t n_frames)
{
    CHECK(ernn_accelerator_write_state(&a, states, n_state) == ERNN_RESULT_OK);
    memset(got, 0x5a, sizeof got);
    CHECK(ernn_accelerator_run(&a, x, got, n_frames) == ERNN_RESULT_OK);
    CHECK(!memcmp(got, y, n_frames * ERNN_N_OUTPUTS * sizeof *y));
}

static void test_open(const char *device, const char *sysfs)
{
    is_dead = true;
    CHECK(ernn_uio_open(&uio, device, sysfs) < 0 && errno == EIO);
    is_dead = false;
    CHECK(ernn_uio_open(&uio, device, "/nonexistent") < 0 && errno == ENOENT);
    CHECK(ernn_uio_open(&uio, "/nonexistent", NULL) < 0 && errno == ENOENT);
    CHECK(ernn_uio_open(&uio, device, sysfs) == 0);
    CHECK(uio.mapped.buffer_address == BUFFER_ADDRESS);
}

static void test_faults(void)
{
    error_bits = 1u << 5;
    CHECK(ernn_accelerator_run(&a, x, got, FRAMES) == ERNN_RESULT_BUS);
    error_bits = 0;
    CHECK(ernn_accelerator_reset(&a) == ERNN_RESULT_OK);
    play(FRAMES);
    wrong_length = 4;
    CHECK(ernn_accelerator_run(&a, x, got, FRAMES) == ERNN_RESULT_BUS);
    wrong_length = 0;
    CHECK(ernn_accelerator_reset(&a) == ERNN_RESULT_OK);
    play(FRAMES);
    is_lost = true;
    CHECK(ernn_accelerator_run(&a, x, got, FRAMES) == ERNN_RESULT_TIME_OUT);
    is_lost = false;
    play(FRAMES);
}

// A socket stands for the device file: each read of it is an interrupt.
static void test_interrupt(ernn_bus *bus)
{
    int ends[2];
    uint32_t counts[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    const int file = uio.file;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    for (size_t i = 0; i < 8; i++)
        CHECK(write(ends[1], &counts[i], sizeof *counts) == (ssize_t)sizeof *counts);
    uio.file = ends[0];
    *bus = ernn_uio_bus(&uio, true);
    play(3); // few: nobody reads at the other end meanwhile
    CHECK(read(ends[1], counts, sizeof *counts) == (ssize_t)sizeof *counts && counts[0] == 1);
    uio.file = file;
    *bus = ernn_uio_bus(&uio, false);
    close(ends[0]);
    close(ends[1]);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    ernn_twin *twin = ernn_twin_new();
    below = ernn_twin_bus(twin, false);
    FILE *file = open_file(argv[1], "mem/weights.bin");
    n_weights = fread(weights, 1, MAX_BYTES, file);
    fclose(file);
    read_words(argv[1], "tb/stimulus.hex", x);
    read_words(argv[1], "tb/expected.hex", y);
    read_words(argv[1], "tb/states.hex", states);
    test_open(argv[2], argv[3]);
    uio.mapped.clean = count_clean;
    uio.mapped.discard = count_discard;
    ernn_bus bus = ernn_uio_bus(&uio, false);
    CHECK(ernn_accelerator_open(&a, &bus, LIMIT) == ERNN_RESULT_OK);
    CHECK(ernn_accelerator_load(&a, weights, n_weights) == ERNN_RESULT_OK);
    CHECK(ernn_accelerator_state_words(&a, &n_state) == ERNN_RESULT_OK);
    play(FRAMES);
    CHECK(n_cleaned == FRAMES && n_discarded == FRAMES);
    test_interrupt(&bus);
    test_faults();
    ernn_uio_close(&uio);
    ernn_twin_free(twin);
    printf(n_failed ? "FAIL\n" : "PASS\n");
    return n_failed != 0;
}
