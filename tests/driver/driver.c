// The driver against the register model: identity, weight files, states, runs, time-outs, and a bus
// that fails at every possible access. driver FOLDER, written by driver.py.
// SPDX-License-Identifier: Apache-2.0
#include "fake_core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILE = 1 << 20, FRAMES = 60, LIMIT = 50, MAX_STATE = 4096 };

static const char *folder;
static fake_core core;
static ernn_bus bus;
static ernn_accelerator accelerator;
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
    if (got != want) {
        printf("line %d: %s: '%s', not '%s'\n", line, text, ernn_result_text(got),
               ernn_result_text(want));
        n_failed++;
    }
}

static size_t read_file(const char *name, uint8_t *bytes)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    const size_t n = file ? fread(bytes, 1, MAX_FILE, file) : 0;
    if (!n) {
        printf("%s: nothing to read\n", path);
        exit(1);
    }
    fclose(file);
    return n;
}

static uint8_t good[MAX_FILE];
static size_t n_good;

static void begin(void)
{
    fake_core_new(&core);
    bus = fake_core_bus(&core);
    RESULT(ernn_accelerator_open(&accelerator, &bus, LIMIT), ERNN_RESULT_OK);
}

static void begin_loaded(void)
{
    begin();
    RESULT(ernn_accelerator_load(&accelerator, good, n_good), ERNN_RESULT_OK);
}

static void test_open(void)
{
    static const struct {
        uint32_t offset;
        uint32_t value;
        ernn_result want;
    } wrong[] = {
        {ERNN_REG_ID, 0xdeadbeefu, ERNN_RESULT_WRONG_ID},
        {ERNN_REG_ID, 0xffffffffu, ERNN_RESULT_WRONG_ID},
        {ERNN_REG_VERSION, (ERNN_MAP_VALUE + 1) << 24, ERNN_RESULT_WRONG_MAP},
        {ERNN_REG_GEOMETRY, ERNN_GEOMETRY_VALUE ^ 1u, ERNN_RESULT_WRONG_GEOMETRY},
        {ERNN_REG_INPUTS, ERNN_N_INPUTS + 1, ERNN_RESULT_WRONG_SIZES},
        {ERNN_REG_OUTPUTS, 0, ERNN_RESULT_WRONG_SIZES},
        {ERNN_REG_LAYOUT, 0, ERNN_RESULT_WRONG_SIZES},
    };
    begin();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        core.wrong_offset = wrong[i].offset;
        core.wrong_value = wrong[i].value;
        RESULT(ernn_accelerator_open(&accelerator, &bus, LIMIT), wrong[i].want);
    }
}

// What was refused has changed nothing.
static void refuse(const uint8_t *bytes, size_t n, ernn_result want, int line)
{
    const uint32_t loads = core.n_loads;
    const uint32_t model = core.registers[ERNN_REG_MODEL / 4];
    const ernn_result got = ernn_accelerator_load(&accelerator, bytes, n);
    check(got != ERNN_RESULT_OK && (want == ERNN_RESULT_OK || got == want), ernn_result_text(got),
          line);
    check(core.n_loads == loads && core.registers[ERNN_REG_MODEL / 4] == model, "loaded", line);
}

static void test_refused_files(void)
{
    static const struct {
        const char *name;
        ernn_result want;
    } files[] = {
        {"geometry.bin", ERNN_RESULT_FILE_GEOMETRY}, {"version.bin", ERNN_RESULT_FILE_VERSION},
        {"missing.bin", ERNN_RESULT_FILE_UNITS},     {"twice.bin", ERNN_RESULT_FILE_UNITS},
        {"short.bin", ERNN_RESULT_FILE_UNITS},       {"state.bin", ERNN_RESULT_FILE_UNITS},
        {"huge.bin", ERNN_RESULT_FILE_UNITS},        {"zip.bin", ERNN_RESULT_NOT_WEIGHTS},
    };
    static uint8_t bytes[MAX_FILE];
    begin_loaded();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        refuse(bytes, read_file(files[i].name, bytes), files[i].want, __LINE__);
    for (size_t n = 0; n < n_good; n++)
        refuse(good, n, n < 4 ? ERNN_RESULT_NOT_WEIGHTS : ERNN_RESULT_FILE_SIZE, __LINE__);
    memcpy(bytes, good, n_good);
    for (size_t i = 0; i < n_good; i++) {
        bytes[i] ^= (uint8_t)(1u << i % 8);
        refuse(bytes, n_good, ERNN_RESULT_OK, __LINE__);
        bytes[i] = good[i];
    }
    core.is_stuck = true;
    refuse(good, n_good, ERNN_RESULT_BUSY, __LINE__);
}

// The words that went in are those of mem/*.hex.
static void check_unit(const fake_unit *unit, uint32_t bits)
{
    static uint8_t text[MAX_FILE];
    char name[80];
    snprintf(name, sizeof name, "mem/%s.hex", unit->name);
    text[read_file(name, text)] = 0;
    char *at = (char *)text;
    for (uint32_t i = 0; i < unit->n_words; i++) {
        const int32_t want =
            (int32_t)((uint32_t)strtoul(at, &at, 16) << (32 - bits)) >> (32 - bits);
        check(core.words[unit->code][i] == want, unit->name, __LINE__);
    }
}

static void test_load(void)
{
    begin();
    CHECK(accelerator.model == 0);
    begin_loaded();
    CHECK(accelerator.model != 0 && core.registers[ERNN_REG_MODEL / 4] == accelerator.model);
    for (int i = 0; i < FAKE_N_UNITS; i++)
        if ((FAKE_UNITS[i].code & 15u) < 7)
            check_unit(&FAKE_UNITS[i],
                       (FAKE_UNITS[i].code & 15u) < 4 ? ERNN_WEIGHT_BITS : ERNN_SIGNAL_BITS);
    // Opening again finds the weights; a refused word ends with none.
    RESULT(ernn_accelerator_open(&accelerator, &bus, LIMIT), ERNN_RESULT_OK);
    CHECK(accelerator.model != 0);
    core.refuse_after = 3;
    RESULT(ernn_accelerator_load(&accelerator, good, n_good), ERNN_RESULT_LOAD_REFUSED);
    CHECK(core.registers[ERNN_REG_LOAD_STATUS / 4] == 0 && core.registers[ERNN_REG_MODEL / 4] == 0);
    int32_t x[ERNN_N_INPUTS] = {0};
    int32_t y[ERNN_N_OUTPUTS];
    RESULT(ernn_accelerator_run(&accelerator, x, y, 1), ERNN_RESULT_NO_WEIGHTS);
}

static int32_t x[FRAMES][ERNN_N_INPUTS];
static int32_t y[FRAMES][ERNN_N_OUTPUTS];
static int32_t again[FRAMES][ERNN_N_OUTPUTS];

static void fill_input(void)
{
    uint32_t random = 1;
    const int32_t end = 1 << (ERNN_SIGNAL_BITS - 1);
    for (int t = 0; t < FRAMES; t++)
        for (uint32_t i = 0; i < ERNN_N_INPUTS; i++) {
            random = random * 1664525u + 1013904223u;
            x[t][i] = (int32_t)((random >> 8) % (2u * (uint32_t)end)) - end;
        }
}

static void run_in_pieces(uint32_t piece, int32_t (*to)[ERNN_N_OUTPUTS], uint32_t from)
{
    for (uint32_t t = from; t < FRAMES; t += piece) {
        const uint32_t n = FRAMES - t < piece ? FRAMES - t : piece;
        RESULT(ernn_accelerator_run(&accelerator, x[t], to[t], n), ERNN_RESULT_OK);
    }
}

static void test_run(void)
{
    int32_t state[MAX_STATE];
    size_t n = 0;
    begin_loaded();
    run_in_pieces(FRAMES, y, 0);
    int32_t sum = 0; // the trivial network, once more
    for (int t = 0; t < FRAMES; t++) {
        for (uint32_t i = 0; i < ERNN_N_INPUTS; i++)
            sum += x[t][i];
        const int32_t want = sum ^ core.words[0][1];
        CHECK(((uint32_t)(y[t][1] ^ want) << (32 - ERNN_SIGNAL_BITS)) == 0);
    }
    RESULT(ernn_accelerator_reset_state(&accelerator), ERNN_RESULT_OK);
    run_in_pieces(7, again, 0);
    CHECK(!memcmp(y, again, sizeof y));
    // A state that is kept and written back continues exactly.
    RESULT(ernn_accelerator_state_words(&accelerator, &n), ERNN_RESULT_OK);
    CHECK(n > 0 && n <= MAX_STATE);
    RESULT(ernn_accelerator_reset_state(&accelerator), ERNN_RESULT_OK);
    RESULT(ernn_accelerator_run(&accelerator, x[0], again[0], 20), ERNN_RESULT_OK);
    RESULT(ernn_accelerator_read_state(&accelerator, state, n), ERNN_RESULT_OK);
    RESULT(ernn_accelerator_run(&accelerator, x[0], again[0], 9), ERNN_RESULT_OK);
    core.n_state_resets = 0; // comes before the words: rtl/README.md
    RESULT(ernn_accelerator_write_state(&accelerator, state, n), ERNN_RESULT_OK);
    CHECK(core.n_state_resets == 1);
    memset(again, 0, sizeof again);
    run_in_pieces(11, again, 20);
    CHECK(!memcmp(y[20], again[20], 40 * sizeof *y));
    RESULT(ernn_accelerator_read_state(&accelerator, state, n - 1), ERNN_RESULT_STATE_SIZE);
    state[n - 1] = 1 << (ERNN_SIGNAL_BITS - 1);
    RESULT(ernn_accelerator_write_state(&accelerator, state, n), ERNN_RESULT_STATE_RANGE);
    RESULT(ernn_accelerator_run(&accelerator, x[0], y[0], 0), ERNN_RESULT_OK);
}

static void test_counters(void)
{
    ernn_counters counters;
    uint32_t count = 0;
    begin_loaded();
    run_in_pieces(FRAMES, y, 0);
    core.registers[ERNN_REG_CYCLES_LOW / 4] = 7;
    core.registers[ERNN_REG_CYCLES_HIGH / 4] = 2;
    RESULT(ernn_accelerator_counters(&accelerator, &counters), ERNN_RESULT_OK);
    CHECK(counters.frames_in == FRAMES && counters.frames_out == FRAMES);
    CHECK(counters.cycles == 0x200000007ull);
    RESULT(ernn_accelerator_saturation(&accelerator, 1, 4, &count), ERNN_RESULT_OK);
    CHECK(count == 3 * 0x14);
    RESULT(ernn_accelerator_clear(&accelerator), ERNN_RESULT_OK);
    RESULT(ernn_accelerator_counters(&accelerator, &counters), ERNN_RESULT_OK);
    CHECK(counters.frames_in == 0);
    bus.has_interrupt = true;
    RESULT(ernn_accelerator_run(&accelerator, x[0], y[0], 3), ERNN_RESULT_OK);
    CHECK(core.registers[ERNN_REG_GIE / 4] == 1 && core.registers[ERNN_REG_IER / 4] & 1);
}

// Bounded, and afterwards the accelerator works.
static void test_time_out(void)
{
    bool *const faults[] = {&core.is_silent, &core.is_deaf, &core.is_stuck};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        begin_loaded();
        const uint32_t model = accelerator.model;
        bus.wait = i == 1 ? NULL : bus.wait;
        if (faults[i] != &core.is_stuck) {
            *faults[i] = true;
            RESULT(ernn_accelerator_run(&accelerator, x[0], y[0], FRAMES), ERNN_RESULT_TIME_OUT);
            CHECK(core.n_waits <= 2 * LIMIT && core.was_cancelled); // of the run, of the reset
        } else {
            core.is_stuck = true;
            RESULT(ernn_accelerator_run(&accelerator, x[0], y[0], 2), ERNN_RESULT_BUSY);
        }
        *faults[i] = false;
        CHECK(core.registers[ERNN_REG_MODEL / 4] == model);
        RESULT(ernn_accelerator_reset_state(&accelerator), ERNN_RESULT_OK);
        RESULT(ernn_accelerator_run(&accelerator, x[0], y[0], FRAMES), ERNN_RESULT_OK);
    }
}

static ernn_result whole_course(int32_t *state)
{
    ernn_counters counters;
    ernn_result r = ernn_accelerator_open(&accelerator, &bus, LIMIT);
    if (r == ERNN_RESULT_OK)
        r = ernn_accelerator_load(&accelerator, good, n_good);
    if (r == ERNN_RESULT_OK)
        r = ernn_accelerator_reset_state(&accelerator);
    if (r == ERNN_RESULT_OK)
        r = ernn_accelerator_run(&accelerator, x[0], y[0], 3);
    if (r == ERNN_RESULT_OK)
        r = ernn_accelerator_read_state(&accelerator, state, MAX_STATE);
    if (r == ERNN_RESULT_OK)
        r = ernn_accelerator_write_state(&accelerator, state, MAX_STATE);
    if (r == ERNN_RESULT_OK)
        r = ernn_accelerator_counters(&accelerator, &counters);
    if (r == ERNN_RESULT_OK)
        r = ernn_accelerator_clear(&accelerator);
    return r == ERNN_RESULT_OK ? ernn_accelerator_reset(&accelerator) : r;
}

static void test_failing_bus(void)
{
    int32_t state[MAX_STATE];
    long n = 1;
    for (;; n++) {
        fake_core_new(&core);
        bus = fake_core_bus(&core);
        core.accesses_left = n;
        const ernn_result result = whole_course(state);
        if (result == ERNN_RESULT_OK)
            break;
        RESULT(result, ERNN_RESULT_BUS);
        if (n > 100000)
            break;
    }
    CHECK(n > 300 && n < 100000);
}

static void test_texts(void)
{
    for (int i = 0; i < ERNN_RESULT_COUNT; i++)
        for (int j = 0; j < i; j++)
            CHECK(strcmp(ernn_result_text((ernn_result)i), ernn_result_text((ernn_result)j)) != 0);
    CHECK(strstr(ernn_result_text(ERNN_RESULT_STATE_RANGE), "does not fit") != NULL);
    CHECK(!strcmp(ernn_result_text((ernn_result)1000), "unknown result"));
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    folder = argv[1];
    n_good = read_file("mem/weights.bin", good);
    fill_input();
    test_open();
    test_load();
    test_refused_files();
    test_run();
    test_counters();
    test_time_out();
    test_failing_bus();
    test_texts();
    printf(n_failed ? "FAIL\n" : "PASS\n");
    return n_failed != 0;
}
