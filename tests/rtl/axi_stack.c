// The network behind the AXI pins and its twin. SPDX-License-Identifier: Apache-2.0
#include "axi_stack.h"
#include "base/memory.h"
#include "ernn/gen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HANG = 20000 };

uint32_t reg(const char *name)
{
    int n;
    const ernn_register *registers = ernn_registers(&n);
    for (int i = 0; i < n; i++)
        if (!strcmp(registers[i].name, name))
            return registers[i].offset;
    printf("no register %s\n", name);
    exit(1);
}

int32_t *stack_new_words(size_t n)
{
    int32_t *words = calloc(n + 1, sizeof *words);
    if (!words)
        exit(1);
    return words;
}

size_t stack_unit_words(const stack *s, int unit)
{
    for (int u = 0; u < s->plan->n_units; u++)
        if (s->plan->units[u].layer * 16 + (int)s->plan->units[u].what == unit)
            return s->plan->units[u].n_words;
    for (int u = 0; u < s->plan->n_states; u++)
        if (s->plan->states[u].layer * 16 + (int)s->plan->states[u].what == unit)
            return s->plan->states[u].n_words;
    return 0;
}

// ---- Construction ----

static ernn_status new_states(stack *s, ernn_error *err)
{
    ernn_status status = ERNN_OK;
    for (int i = 0; i < s->design.streams && status == ERNN_OK; i++)
        status = ernn_qstate_new(s->network, &s->states[i], err);
    return status;
}

// "/NAME" at the end of a network, and no more.
static bool takes_suffix(char *spec, const char *suffix)
{
    char *end = strstr(spec, suffix);
    if (end)
        *end = 0;
    return end != NULL;
}

static ernn_status make_project(stack *s, char **argv, ernn_error *err)
{
    const int signal_bits = atoi(argv[8]);
    const int weight_bits = atoi(argv[9]);
    ernn_spec spec = ernn_spec_defaults();
    ernn_gen_options options = ernn_gen_defaults();
    const bool has_streams = takes_suffix(argv[4], "/2");
    const bool has_output = takes_suffix(argv[4], "/output");
    spec.n_inputs = atoi(argv[5]);
    spec.n_labels = 5;
    options.max_frames = 4;
    options.rtl_folder = argv[1];
    ernn_status status = ernn_spec_parse(&spec, argv[4], err);
    if (status == ERNN_OK)
        status = ernn_spec_parse_blocks(&spec, argv[6], err);
    if (status == ERNN_OK)
        status = ernn_qmodel_random(&spec, signal_bits, weight_bits, (uint64_t)atoi(argv[10]),
                                    &s->qmodel, err);
    if (status == ERNN_OK)
        status = atoi(argv[7])
                     ? ernn_design_new(&s->qmodel->spec, ernn_device_find("xc7vx690t"), signal_bits,
                                       weight_bits, atoi(argv[7]), &s->design, err)
                     : ernn_design_most_pes(&s->qmodel->spec, ernn_device_find("xc7vx690t"),
                                            signal_bits, weight_bits, 0.6, &s->design, err);
    if (status != ERNN_OK)
        return status;
    if (has_streams)
        status = ernn_design_set_streams(&s->qmodel->spec, &s->design, 2, err);
    if (status == ERNN_OK && has_output)
        ernn_design_add_output(&s->qmodel->spec, &s->design);
    s->network = ernn_qmodel_network(s->qmodel);
    s->plan = ernn_mem_new(1, sizeof *s->plan, err);
    status = ernn_plan_new(&s->qmodel->spec, s->network, &s->design, &options, s->plan, err);
    if (status == ERNN_OK)
        status = new_states(s, err);
    if (status == ERNN_OK)
        status = ernn_generate_folder(s->qmodel, &s->design, &options, argv[3], true, err);
    return status;
}

bool stack_new(stack *s, char **argv)
{
    ernn_error err = {0};
    char command[3000];
    *s = (stack){0};
    if (make_project(s, argv, &err) != ERNN_OK) {
        printf("%s\n", err.text);
        return false;
    }
    s->word_bytes = ((int)s->network->signal_bits + 7) / 8;
    s->lanes = s->plan->design->lanes;
    s->lanes_out = s->plan->output_lanes;
    s->beats = ernn_plan_input_beats(s->plan);
    s->beats_out = ernn_plan_output_beats(s->plan);
    s->expected = stack_new_words((size_t)(STACK_FRAMES * s->plan->n_outputs));
    snprintf(command, sizeof command, "sh '%.900s/axi_build.sh' '%.900s' '%.900s' %d %d", argv[2],
             argv[2], argv[3], s->word_bytes * s->lanes, s->word_bytes * s->lanes_out);
    if (system(command) != 0)
        return false;
    snprintf(command, sizeof command, "%.900s/axi/libaxi.so", argv[3]);
    return axi_new(&s->sim, command);
}

void stack_free(stack *s)
{
    axi_free(&s->sim);
    free(s->expected);
    for (int i = 0; i < s->design.streams; i++)
        ernn_qstate_free(s->states[i]);
    ernn_mem_free(s->plan);
    ernn_qmodel_free(s->qmodel);
}

// ---- Control ----

void stack_start(stack *s, uint32_t frames)
{
    axi_write(&s->sim, reg("FRAMES"), frames);
    axi_write(&s->sim, reg("CTRL"), CTRL_START);
}

static void begin_unit(stack *s, const ernn_plan_unit *unit)
{
    axi_write(&s->sim, reg("LOAD_UNIT"),
              LOAD_START | (uint32_t)(unit->layer * 16 + (int)unit->what));
}

void stack_load_unit(stack *s, const ernn_plan_unit *unit)
{
    begin_unit(s, unit);
    for (size_t i = 0; i < unit->n_words; i++)
        axi_write(&s->sim, reg("LOAD_DATA"), (uint32_t)ernn_plan_word(unit, i));
}

void stack_load(stack *s)
{
    for (int u = 0; u < s->plan->n_units; u++)
        stack_load_unit(s, &s->plan->units[u]);
    axi_expect(&s->sim, "LOAD_STATUS", (long)axi_read(&s->sim, reg("LOAD_STATUS")), 1);
}

void stack_negate_weights(stack *s)
{
    for (size_t i = 0; i < s->qmodel->n_weights; i++)
        s->qmodel->weights[i] = (int16_t)-s->qmodel->weights[i];
}

void stack_reset_model(stack *s)
{
    s->turn = 0;
    for (int i = 0; i < s->design.streams; i++)
        ernn_rt_reset(s->network, s->states[i]);
}

uint32_t stack_saturations(stack *s, int class, bool clears)
{
    uint32_t sum = 0;
    for (int i = 0; i < s->design.streams; i++) {
        sum += s->states[i]->saturations[ERNN_RT_SPECTRUM + class];
        if (clears)
            memset(s->states[i]->saturations, 0, sizeof s->states[i]->saturations);
    }
    return sum;
}

void stack_reset_state(stack *s)
{
    axi_write(&s->sim, reg("COMMAND"), COMMAND_RESET_STATE);
    stack_reset_model(s);
}

// Word i of a state of all streams.
static int32_t model_state(const stack *s, const ernn_plan_unit *unit, size_t i)
{
    const size_t n = unit->n_words / (size_t)s->design.streams;
    const ernn_rt_state *state = s->states[i / n];
    return (unit->what == ERNN_LOAD_Y ? state->y : state->c)[unit->layer][i % n];
}

void stack_read_states(stack *s, int32_t *words)
{
    for (int u = 0; u < s->plan->n_states; u++) {
        const ernn_plan_unit *unit = &s->plan->states[u];
        axi_write(&s->sim, reg("STATE_UNIT"), (uint32_t)(unit->layer * 16 + (int)unit->what));
        axi_write(&s->sim, reg("STATE_INDEX"), 0);
        for (size_t i = 0; i < unit->n_words; i++)
            *words++ = (int32_t)axi_read(&s->sim, reg("STATE_DATA"));
    }
}

void stack_write_states(stack *s, const int32_t *words)
{
    axi_write(&s->sim, reg("COMMAND"), COMMAND_RESET_STATE);
    for (int u = 0; u < s->plan->n_states; u++) {
        begin_unit(s, &s->plan->states[u]);
        for (size_t i = 0; i < s->plan->states[u].n_words; i++)
            axi_write(&s->sim, reg("LOAD_DATA"), (uint32_t)*words++);
    }
}

void stack_expect_states(stack *s, const int32_t *words)
{
    for (int u = 0; u < s->plan->n_states; u++) {
        const ernn_plan_unit *unit = &s->plan->states[u];
        for (size_t i = 0; i < unit->n_words; i++)
            axi_expect(&s->sim, unit->name, *words++, model_state(s, unit, i));
    }
}

// ---- Frames ----

static void put_word(stack *s, axi_beat *beat, int lane, uint32_t word)
{
    for (int b = 0; b < s->word_bytes; b++) {
        const int byte = lane * s->word_bytes + b;
        beat->data[byte / 4] &= ~(0xffu << (byte % 4 * 8));
        beat->data[byte / 4] |= (word >> (8 * b) & 0xff) << (byte % 4 * 8);
        beat->keep |= (uint64_t)1 << byte;
    }
}

static int32_t get_word(const stack *s, const axi_beat *beat, int lane)
{
    uint32_t word = 0;
    for (int b = 0; b < s->word_bytes; b++) {
        const int byte = lane * s->word_bytes + b;
        word |= (beat->data[byte / 4] >> (byte % 4 * 8) & 0xff) << (8 * b);
    }
    const int unused = 32 - 8 * s->word_bytes;
    return (int32_t)(word << unused) >> unused;
}

// Beat b of frame x. The bits above a word are anything, so are the lanes past the frame's end.
static axi_beat make_beat(stack *s, const int32_t *x, int b)
{
    const int lanes = s->lanes;
    const uint32_t bits = s->network->signal_bits;
    axi_beat beat = {.is_last = b == s->beats - 1};
    for (int i = 0; i < AXI_BEAT_WORDS; i++)
        beat.data[i] = axi_random(&s->sim, 0xffffffff);
    for (int lane = 0; lane < lanes && b * lanes + lane < s->plan->n_inputs; lane++)
        put_word(s, &beat, lane,
                 ((uint32_t)x[b * lanes + lane] & ((1u << bits) - 1)) |
                     axi_random(&s->sim, 0xffffffff) << bits);
    return beat;
}

static void expect_frame(stack *s, const int32_t *x)
{
    if (s->n_expected == STACK_FRAMES)
        exit(1);
    int32_t *expected = s->expected + (size_t)(s->n_expected++ * s->plan->n_outputs);
    ernn_rt_state *state = s->states[s->turn];
    s->turn = (s->turn + 1) % s->design.streams;
    ernn_rt_step(s->network, x, s->plan->has_output ? expected : NULL, state, NULL, NULL);
    if (!s->plan->has_output)
        memcpy(expected, state->y[s->plan->n_layers - 1], (size_t)s->plan->n_outputs * sizeof *x);
}

static void make_frame(stack *s, int32_t *x, bool is_extreme)
{
    const uint32_t bits = s->network->signal_bits;
    const int32_t unit = 1 << s->plan->input_frac;
    const int32_t most = (1 << (bits - 1)) - 1;
    for (int i = 0; i < s->plan->n_inputs; i++)
        x[i] = is_extreme ? (axi_random(&s->sim, 2) ? most : -most - 1)
                          : (int32_t)axi_random(&s->sim, 4 * (uint32_t)unit) - 2 * unit;
}

static void send_frames(stack *s, int n, bool is_extreme)
{
    int32_t *x = stack_new_words((size_t)s->plan->n_inputs);
    for (int f = 0; f < n; f++) {
        make_frame(s, x, is_extreme);
        for (int b = 0; b < s->beats; b++) {
            const axi_beat beat = make_beat(s, x, b);
            axi_send(&s->sim, &beat);
        }
        expect_frame(s, x);
    }
    free(x);
}

void stack_send_random(stack *s, int n)
{
    send_frames(s, n, false);
}

void stack_send_extreme(stack *s, int n)
{
    send_frames(s, n, true);
}

void stack_disturb(stack *s)
{
    ernn_rt_state *kept[ERNN_MAX_STREAMS];
    ernn_error err = {0};
    memcpy(kept, s->states, sizeof kept);
    if (new_states(s, &err) != ERNN_OK)
        exit(1);
    send_frames(s, 2, false);
    for (int i = 0; i < s->design.streams; i++)
        ernn_qstate_free(s->states[i]);
    memcpy(s->states, kept, sizeof kept);
    stack_start(s, 2);
    axi_until_received(&s->sim, (size_t)(2 * s->beats_out), HANG);
    axi_ticks(&s->sim, 4);
    axi_drop_queues(&s->sim);
    s->n_expected = 0;
}

static void send_early(stack *s, int32_t *x)
{
    const int lanes = s->lanes;
    const int last = s->beats > 1 ? (int)axi_random(&s->sim, (uint32_t)s->beats - 1) : 0;
    for (int b = 0; b <= last; b++) {
        axi_beat beat = make_beat(s, x, b);
        beat.is_last = b == last;
        axi_send(&s->sim, &beat);
    }
    for (int i = (last + 1) * lanes; i < s->plan->n_inputs; i++)
        x[i] = 0;
}

static void send_late(stack *s, const int32_t *x)
{
    const int surplus = 1 + (int)axi_random(&s->sim, 9);
    for (int b = 0; b < s->beats + surplus; b++) {
        axi_beat beat = make_beat(s, x, b < s->beats ? b : 0);
        beat.is_last = b == s->beats + surplus - 1;
        axi_send(&s->sim, &beat);
    }
}

static void send_missing(stack *s, int32_t *x)
{
    const int lanes = s->lanes;
    const int word = (int)axi_random(&s->sim, (uint32_t)s->plan->n_inputs);
    const int byte =
        word % lanes * s->word_bytes + (int)axi_random(&s->sim, (uint32_t)s->word_bytes);
    for (int b = 0; b < s->beats; b++) {
        axi_beat beat = make_beat(s, x, b);
        if (b == word / lanes)
            beat.keep &= ~((uint64_t)1 << byte);
        axi_send(&s->sim, &beat);
    }
    x[word] = 0;
}

void stack_send_malformed(stack *s, int kind)
{
    int32_t *x = stack_new_words((size_t)s->plan->n_inputs);
    make_frame(s, x, false);
    if (kind == 0)
        send_early(s, x);
    else if (kind == 1)
        send_late(s, x);
    else
        send_missing(s, x);
    expect_frame(s, x);
    free(x);
}

void stack_send_garbage(stack *s)
{
    axi_beat beat = {.is_last = axi_random(&s->sim, 6) == 0};
    for (int i = 0; i < AXI_BEAT_WORDS; i++)
        beat.data[i] = axi_random(&s->sim, 0xffffffff);
    beat.keep = axi_random(&s->sim, 0xffffffff) | (uint64_t)axi_random(&s->sim, 0xffffffff) << 32;
    axi_send(&s->sim, &beat);
}

// Any register, but no reset: that comes at its place.
void stack_touch_registers(stack *s)
{
    const uint32_t address = axi_random(&s->sim, 64) * 4;
    uint32_t word;
    if (axi_random(&s->sim, 2))
        axi_read_response(&s->sim, address, &word);
    else if (address != reg("COMMAND"))
        axi_write_strobes(&s->sim, address, axi_random(&s->sim, 0xffffffff),
                          (int)axi_random(&s->sim, 16));
}

// ---- Comparing ----

static void expect_beat(stack *s, const axi_beat *beat, const int32_t *words, int b)
{
    const int lanes = s->lanes_out;
    uint64_t keep = 0;
    for (int lane = 0; lane < lanes && b * lanes + lane < s->plan->n_outputs; lane++) {
        keep |= (((uint64_t)1 << s->word_bytes) - 1) << (lane * s->word_bytes);
        axi_expect(&s->sim, "a word", get_word(s, beat, lane), words[b * lanes + lane]);
    }
    axi_expect(&s->sim, "tkeep", (long)beat->keep, (long)keep);
    axi_expect(&s->sim, "tlast", beat->is_last, b == s->beats_out - 1);
}

void stack_receive(stack *s, int n)
{
    if (!axi_until_received(&s->sim, (size_t)(n * s->beats_out), HANG))
        return;
    for (int f = 0; f < n; f++)
        for (int b = 0; b < s->beats_out; b++)
            expect_beat(s, &s->sim.received[f * s->beats_out + b],
                        s->expected + (size_t)(f * s->plan->n_outputs), b);
    axi_expect(&s->sim, "frames sent and received", n, s->n_expected);
    axi_expect(&s->sim, "beats too many", (long)s->sim.n_received, (long)n * s->beats_out);
    axi_until_sent(&s->sim, HANG);
    axi_drop_queues(&s->sim);
    s->n_expected = 0;
}

void stack_expect_whole_packets(stack *s)
{
    axi_expect(&s->sim, "beats of whole packets", (long)s->sim.n_received % s->beats_out, 0);
    for (size_t i = 0; i < s->sim.n_received; i++)
        axi_expect(&s->sim, "tlast", s->sim.received[i].is_last,
                   (int)i % s->beats_out == s->beats_out - 1);
}

void stack_withdraw_packets(stack *s)
{
    axi_sim *sim = &s->sim;
    const size_t beats = (size_t)s->beats;
    sim->n_queued = (sim->n_sent + beats - 1) / beats * beats;
    axi_until_sent(sim, HANG);
    sim->pins.s_tvalid = 0;
    axi_drop_queues(sim);
    s->n_expected = 0;
}

void stack_finish_packet(stack *s)
{
    axi_sim *sim = &s->sim;
    if (sim->n_queued && !sim->to_send[sim->n_queued - 1].is_last) {
        axi_beat beat = {.is_last = true};
        axi_send(sim, &beat);
        axi_until_sent(sim, HANG);
    }
}
