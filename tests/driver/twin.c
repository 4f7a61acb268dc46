// The driver against the Verilated ernn_axi: words of the C model, other weights, kept states,
// refused files, time-outs. twin PROJECT SAME_GEOMETRY OTHER_GEOMETRY; built by
// rtl/driver/Makefile. SPDX-License-Identifier: Apache-2.0
#include "ernn_twin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LIMIT = 20000,
    MAX_WORDS = 1 << 16,
    MAX_BYTES = 1 << 18,
    MAX_STATE = 1 << 12,
    MAX_SEQUENCES = 8
};

static ernn_twin *twin;
static ernn_bus bus;
static ernn_accelerator a;
static int n_failed;

#define CHECK(condition) check((condition), #condition, __LINE__)
#define RESULT(call, want) check_result((call), (want), #call, __LINE__)

static void check(bool is_true, const char *text, int line)
{
    if (!is_true) {
        printf("line %d: %s\n", line, text);
        n_failed++;
    }
}

static void check_result(ernn_result got, ernn_result want, const char *text, int line)
{
    if (got != want)
        printf("line %d: %s: '%s', not '%s'\n", line, text, ernn_result_text(got),
               ernn_result_text(want));
    n_failed += got != want;
}

// ---- A project's files ----

typedef struct project {
    uint8_t weights[MAX_BYTES];
    size_t n_weights;
    int32_t x[MAX_WORDS];
    int32_t y[MAX_WORDS];
    int32_t states[MAX_STATE];
    uint32_t n_frames[MAX_SEQUENCES];
    bool has_state[MAX_SEQUENCES];
    int n_sequences;
    uint32_t total;
} project;

static project ours;
static project other;

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

static size_t read_bytes(const char *folder, const char *name, uint8_t *bytes)
{
    FILE *file = open_file(folder, name);
    const size_t n = fread(bytes, 1, MAX_BYTES, file);
    fclose(file);
    return n;
}

static void read_words(const char *folder, const char *name, int32_t *words, int capacity)
{
    FILE *file = open_file(folder, name);
    unsigned word;
    for (int n = 0; n < capacity && fscanf(file, "%x", &word) == 1; n++)
        words[n] = (int32_t)(word << (32 - ERNN_SIGNAL_BITS)) >> (32 - ERNN_SIGNAL_BITS);
    fclose(file);
}

static void read_project(project *p, const char *folder)
{
    unsigned frames;
    unsigned unit;
    p->n_weights = read_bytes(folder, "mem/weights.bin", p->weights);
    read_words(folder, "tb/stimulus.hex", p->x, MAX_WORDS);
    read_words(folder, "tb/expected.hex", p->y, MAX_WORDS);
    read_words(folder, "tb/states.hex", p->states, MAX_STATE);
    FILE *file = open_file(folder, "tb/sequences.hex");
    while (p->n_sequences < MAX_SEQUENCES && fscanf(file, "%8x%8x", &frames, &unit) == 2) {
        p->n_frames[p->n_sequences] = frames;
        p->has_state[p->n_sequences++] = unit != ~0u;
        p->total += frames;
    }
    fclose(file);
    CHECK(p->total >= 50 && p->n_sequences == 2 && p->has_state[0]);
}

// ---- Courses ----

static int32_t got[MAX_WORDS];
static size_t state_words;

static void begin_sequence(const project *p, int s)
{
    if (p->has_state[s])
        RESULT(ernn_accelerator_write_state(&a, p->states, state_words), ERNN_RESULT_OK);
    else
        RESULT(ernn_accelerator_reset_state(&a), ERNN_RESULT_OK);
}

// Frames [from, from + n) of the stimulus against the model's words.
static void run(const project *p, uint32_t from, uint32_t n)
{
    memset(got, 0x5a, sizeof got);
    RESULT(ernn_accelerator_run(&a, p->x + from * ERNN_N_INPUTS, got, n), ERNN_RESULT_OK);
    CHECK(!memcmp(got, p->y + from * ERNN_N_OUTPUTS, n * ERNN_N_OUTPUTS * sizeof *got));
}

static void play(const project *p, uint32_t piece)
{
    uint32_t frame = 0;
    for (int s = 0; s < p->n_sequences; s++) {
        const uint32_t end = frame + p->n_frames[s];
        begin_sequence(p, s);
        for (; frame < end; frame += piece < end - frame ? piece : end - frame)
            run(p, frame, piece < end - frame ? piece : end - frame);
    }
}

static void test_refusals(const char *other_geometry)
{
    static uint8_t bytes[MAX_BYTES];
    uint32_t words = 1;
    const size_t n = read_bytes(other_geometry, "mem/weights.bin", bytes);
    RESULT(ernn_accelerator_load(&a, bytes, n), ERNN_RESULT_FILE_GEOMETRY);
    RESULT(ernn_accelerator_load(&a, ours.weights, ours.n_weights - 1), ERNN_RESULT_FILE_SIZE);
    memcpy(bytes, ours.weights, ours.n_weights);
    bytes[ours.n_weights / 2] ^= 4;
    RESULT(ernn_accelerator_load(&a, bytes, ours.n_weights), ERNN_RESULT_FILE_CHECKSUM);
    CHECK(bus.read32(bus.user, ERNN_REG_LOAD_WORDS, &words) == 0 && words == 0);
    RESULT(ernn_accelerator_run(&a, ours.x, got, 1), ERNN_RESULT_NO_WEIGHTS);
}

static void test_words(void)
{
    ernn_counters counters;
    RESULT(ernn_accelerator_load(&a, ours.weights, ours.n_weights), ERNN_RESULT_OK);
    RESULT(ernn_accelerator_state_words(&a, &state_words), ERNN_RESULT_OK);
    CHECK(state_words > 0 && state_words <= MAX_STATE);
    RESULT(ernn_accelerator_clear(&a), ERNN_RESULT_OK);
    play(&ours, ~0u);
    RESULT(ernn_accelerator_counters(&a, &counters), ERNN_RESULT_OK);
    CHECK(counters.frames_in == ours.total && counters.frames_out == ours.total);
    CHECK(counters.cycles > 10 * ours.total && counters.cycles < ernn_twin_cycles(twin));
    CHECK(counters.frame_cycles > 10 && counters.errors == 0);
    for (uint32_t layer = 0; layer < ERNN_N_LAYERS; layer++)
        for (uint32_t kind = 0; kind < 5; kind++) {
            uint32_t count = ~0u;
            RESULT(ernn_accelerator_saturation(&a, layer, kind, &count), ERNN_RESULT_OK);
            CHECK(!count || counters.saturated >> kind & 1u);
        }
}

// With gaps, with the interrupt, in pieces; then another model, and the first again.
static void test_reload(void)
{
    ernn_twin_stall(twin, 77);
    play(&ours, 13);
    bus = ernn_twin_bus(twin, true);
    RESULT(ernn_accelerator_load(&a, other.weights, other.n_weights), ERNN_RESULT_OK);
    play(&other, 7);
    CHECK(memcmp(ours.y, other.y, 100) != 0);
    RESULT(ernn_accelerator_load(&a, ours.weights, ours.n_weights), ERNN_RESULT_OK);
    play(&ours, 1);
    bus = ernn_twin_bus(twin, false);
    ernn_twin_stall(twin, 0);
}

// Another speaker in between, and back.
static void test_state(void)
{
    static int32_t kept[MAX_STATE];
    const uint32_t middle = ours.n_frames[0] / 2;
    begin_sequence(&ours, 0);
    RESULT(ernn_accelerator_read_state(&a, kept, state_words), ERNN_RESULT_OK);
    CHECK(!memcmp(kept, ours.states, state_words * sizeof *kept));
    run(&ours, 0, middle);
    RESULT(ernn_accelerator_read_state(&a, kept, state_words), ERNN_RESULT_OK);
    RESULT(ernn_accelerator_run(&a, ours.x + 3 * ERNN_N_INPUTS, got, 11), ERNN_RESULT_OK);
    RESULT(ernn_accelerator_write_state(&a, kept, state_words), ERNN_RESULT_OK);
    run(&ours, middle, ours.n_frames[0] - middle);
}

static void test_time_outs(void)
{
    uint32_t value;
    ernn_twin_block_output(twin, true);
    RESULT(ernn_accelerator_run(&a, ours.x, got, 20), ERNN_RESULT_TIME_OUT);
    ernn_twin_block_output(twin, false);
    CHECK(bus.read32(bus.user, ERNN_REG_MODEL, &value) == 0 && value == a.model);
    RESULT(ernn_accelerator_reset(&a), ERNN_RESULT_OK);
    play(&ours, 20);
    // A run that somebody else began: nothing may go in.
    CHECK(bus.write32(bus.user, ERNN_REG_FRAMES, 1) == 0);
    CHECK(bus.write32(bus.user, ERNN_REG_CTRL, ERNN_CTRL_START_MASK) == 0);
    RESULT(ernn_accelerator_load(&a, ours.weights, ours.n_weights), ERNN_RESULT_BUSY);
    RESULT(ernn_accelerator_run(&a, ours.x, got, 1), ERNN_RESULT_BUSY);
    RESULT(ernn_accelerator_read_state(&a, got, state_words), ERNN_RESULT_BUSY);
    RESULT(ernn_accelerator_reset(&a), ERNN_RESULT_OK);
    play(&ours, 20);
    CHECK(bus.read32(bus.user, 0xf0, &value) < 0); // SLVERR
    ernn_twin_stop_clock(twin, true);
    RESULT(ernn_accelerator_run(&a, ours.x, got, 1), ERNN_RESULT_BUS);
    RESULT(ernn_accelerator_open(&a, &bus, LIMIT), ERNN_RESULT_BUS);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    read_project(&ours, argv[1]);
    read_project(&other, argv[2]);
    twin = ernn_twin_new();
    bus = ernn_twin_bus(twin, false);
    RESULT(ernn_accelerator_open(&a, &bus, LIMIT), ERNN_RESULT_OK);
    test_refusals(argv[3]);
    test_words();
    test_reload();
    test_state();
    test_time_outs();
    ernn_twin_free(twin);
    printf(n_failed ? "FAIL\n" : "PASS\n");
    return n_failed != 0;
}
