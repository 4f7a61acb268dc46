// Plays the bench's stimulus through the driver and compares every output word with the C model's:
//
//   ernn_replay PROJECT             the simulated core (make -C driver twin)
//   ernn_replay PROJECT /dev/uio0   a board under Linux (make -C driver board)
//
// Prints the counters and PASS or FAIL; exit 0 or 1. Also an example of a program.
// SPDX-License-Identifier: Apache-2.0
#include "ernn_accelerator.h"
#ifdef ERNN_BOARD
#include "ernn_uio.h"
#else
#include "ernn_twin.h"
#endif

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 16, POLL_LIMIT = 100000, PATH_BYTES = 1200 };

static const char *folder;

// ---- Files ----

static char *read_file(const char *name, size_t *bytes)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%.1000s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    char *data = NULL;
    if (file && fseek(file, 0, SEEK_END) == 0) {
        const long n = ftell(file);
        rewind(file);
        data = n < 0 ? NULL : malloc((size_t)n + 1);
        *bytes = data ? fread(data, 1, (size_t)n, file) : 0;
        if (data)
            data[*bytes] = 0;
    }
    if (file)
        fclose(file);
    if (!data)
        fprintf(stderr, "%s: cannot be read\n", path);
    return data;
}

// Words of `bits`, one a line, two's complement. NULL when there is no such file.
static int32_t *read_words(const char *name, uint32_t bits, size_t *n)
{
    size_t bytes = 0;
    char *text = read_file(name, &bytes);
    int32_t *words = text ? malloc((bytes / 2 + 1) * sizeof *words) : NULL;
    char *end = text;
    *n = 0;
    for (char *at = text; words && *at; at = end) {
        const uint32_t word = (uint32_t)strtoul(at, &end, 16);
        if (end == at)
            break;
        words[(*n)++] =
            bits < 32 && word >> (bits - 1) ? (int32_t)(word - (1u << bits)) : (int32_t)word;
        end += strspn(end, "\n");
    }
    free(text);
    return words;
}

// ---- Playing ----

static int fail(const char *what, ernn_result result)
{
    if (result != ERNN_RESULT_OK)
        fprintf(stderr, "ernn_replay: %s: %s\n", what, ernn_result_text(result));
    return result != ERNN_RESULT_OK;
}

static uint32_t compare(const int32_t *got, const int32_t *want, uint32_t first, uint32_t n)
{
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < n * ERNN_N_OUTPUTS; i++)
        if (got[i] != want[i] && wrong++ == 0)
            printf("frame %" PRIu32 ", word %" PRIu32 ": got %" PRId32 ", the model has %" PRId32
                   "\n",
                   first + i / ERNN_N_OUTPUTS, i % ERNN_N_OUTPUTS, got[i], want[i]);
    return wrong;
}

typedef struct course {
    int32_t *x;         // [frames][ERNN_N_INPUTS]
    int32_t *y;         // [frames][ERNN_N_OUTPUTS], the model's
    int32_t *states;    // of the sequences that begin with one, in turn
    size_t state_words; // of one
    uint32_t frame;
    uint32_t wrong;
} course;

// In pieces: a state lives between runs.
static int play(ernn_accelerator *a, course *c, uint32_t n_frames, int32_t *state)
{
    int32_t got[PIECE * ERNN_N_OUTPUTS];
    if (fail("state", state ? ernn_accelerator_write_state(a, state, c->state_words)
                            : ernn_accelerator_reset_state(a)))
        return 1;
    while (n_frames) {
        const uint32_t n = n_frames < PIECE ? n_frames : PIECE;
        if (fail("run", ernn_accelerator_run(a, c->x + (size_t)c->frame * ERNN_N_INPUTS, got, n)))
            return 1;
        c->wrong += compare(got, c->y + (size_t)c->frame * ERNN_N_OUTPUTS, c->frame, n);
        c->frame += n;
        n_frames -= n;
    }
    return 0;
}

static void report(ernn_accelerator *a, const course *c)
{
    ernn_counters n;
    if (fail("counters", ernn_accelerator_counters(a, &n)))
        return;
    printf("%" PRIu32 " frames, %" PRIu32 " wrong words, %" PRIu64 " cycles, last frame %" PRIu32
           " cycles, saturated classes 0x%02" PRIx32 "\n",
           n.frames_out, c->wrong, n.cycles, n.frame_cycles, n.saturated);
}

// tb/sequences.hex: frames (8 digits) and first unit of an initial state (8, all f: none) of each.
static int play_all(ernn_accelerator *a, course *c)
{
    size_t bytes = 0;
    char *text = read_file("tb/sequences.hex", &bytes);
    const int32_t *state = c->states;
    int code = text == NULL;
    for (char *line = text; !code && line && strlen(line) >= 16; line += 17) {
        char frames[9];
        memcpy(frames, line, 8);
        frames[8] = 0;
        const int has_state = strncmp(line + 8, "ffffffff", 8) != 0 && state;
        code = play(a, c, (uint32_t)strtoul(frames, NULL, 16), has_state ? (int32_t *)state : NULL);
        if (has_state)
            state += c->state_words;
    }
    free(text);
    return code;
}

static bool has_states(void)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%.1000s/tb/states.hex", folder);
    FILE *file = fopen(path, "r");
    if (file)
        fclose(file);
    return file != NULL;
}

static int load(ernn_accelerator *a)
{
    size_t bytes = 0;
    char *weights = read_file("mem/weights.bin", &bytes);
    const int code = !weights || fail("mem/weights.bin", ernn_accelerator_load(a, weights, bytes));
    free(weights);
    return code;
}

static int replay(const ernn_bus *bus)
{
    ernn_accelerator a;
    course c = {0};
    size_t n = 0;
    int code = fail("open", ernn_accelerator_open(&a, bus, POLL_LIMIT)) || load(&a) ||
               fail("clear", ernn_accelerator_clear(&a)) ||
               fail("state", ernn_accelerator_state_words(&a, &c.state_words));
    if (code)
        return code;
    c.x = read_words("tb/stimulus.hex", ERNN_SIGNAL_BITS, &n);
    c.y = read_words("tb/expected.hex", ERNN_SIGNAL_BITS, &n);
    if (has_states()) // not with utterances of a corpus: they begin from zero
        c.states = read_words("tb/states.hex", ERNN_SIGNAL_BITS, &n);
    code = !c.x || !c.y || play_all(&a, &c);
    if (!code)
        report(&a, &c);
    free(c.x);
    free(c.y);
    free(c.states);
    return code || c.wrong != 0 || c.frame == 0;
}

int main(int argc, char **argv)
{
    int code;
    if (argc < 2) {
        fprintf(stderr, "usage: ernn_replay PROJECT [/dev/uioN]\n");
        return 2;
    }
    folder = argv[1];
#ifdef ERNN_BOARD
    ernn_uio uio;
    if (ernn_uio_open(&uio, argc > 2 ? argv[2] : "/dev/uio0", NULL) < 0) {
        perror(argc > 2 ? argv[2] : "/dev/uio0");
        return 1;
    }
    const ernn_bus bus = ernn_uio_bus(&uio, false);
    code = replay(&bus);
    ernn_uio_close(&uio);
#else
    ernn_twin *twin = ernn_twin_new();
    if (!twin)
        return 1;
    const ernn_bus bus = ernn_twin_bus(twin, false);
    code = replay(&bus);
    ernn_twin_free(twin);
#endif
    printf(code ? "FAIL\n" : "PASS\n");
    return code;
}
