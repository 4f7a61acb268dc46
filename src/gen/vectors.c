// Stimulus, initial states, expected words and traces. SPDX-License-Identifier: Apache-2.0
#include "gen/vectors.h"
#include "base/memory.h"
#include "base/rng.h"
#include "fixed/qmodel.h"

#include <math.h>
#include <string.h>

enum {
    STREAM_FRAMES = 1, // of the random numbers
    STREAM_STATES = 2,
    TRACE_VALUES = 4 << 20, // frames past these many values are not traced
};

// round_half_up(x 2^frac), saturated: how features enter. (fixed-point.md 7)
static int32_t to_signal(double x, int frac, uint32_t bits, uint32_t *hits)
{
    const double scaled = floor(ldexp(x, frac) + 0.5);
    const double top = ldexp(1, 40);
    return ernn_rt_saturate((int64_t)fmax(-top, fmin(top, scaled)), bits, hits);
}

// The next `streams` utterances that have frames, from `*at` on, and the frames of the shortest; 0
// when so many are not left.
static int next_members(const ernn_sequences *source, int streams, int *at, int *members)
{
    int shortest = 0;
    int n = 0;
    for (; n < streams && *at < (int)source->n; ++*at) {
        const int have = source->n_frames[*at];
        if (have <= 0)
            continue;
        members[n++] = *at;
        shortest = n == 1 || have < shortest ? have : shortest;
    }
    return n == streams ? shortest : 0;
}

// How many frames of which utterances are taken: whole sequences until max_frames is reached, the
// last one cut short. Without utterances two sequences of random frames, the first from a state.
static ernn_status plan_sequences(const ernn_gen_options *options, int streams, ernn_gen_vectors *v,
                                  ernn_error *err)
{
    const ernn_sequences *source = options->vectors;
    const int n = source ? (int)source->n / streams + 1 : options->max_frames > streams ? 2 : 1;
    const int frames = (options->max_frames + streams - 1) / streams; // of each stream
    v->n_frames = ernn_mem_new((size_t)n, sizeof *v->n_frames, err);
    v->state_of = ernn_mem_new((size_t)n, sizeof *v->state_of, err);
    v->members = ernn_mem_new((size_t)n * (size_t)streams, sizeof *v->members, err);
    if (!v->n_frames || !v->state_of || !v->members)
        return ERNN_NO_MEMORY;
    int at = 0;
    for (int i = 0; i < n && v->total_frames < frames * streams; i++) {
        const int left = frames - v->total_frames / streams;
        const int half = i == 0 && n == 2 ? (frames + 1) / 2 : left;
        const int have =
            source ? next_members(source, streams, &at, v->members + v->n_sequences * streams)
                   : half;
        if (!have)
            break;
        v->state_of[v->n_sequences] = !source && i == 0 ? v->n_states++ : -1;
        v->n_frames[v->n_sequences++] = (have < left ? have : left) * streams;
        v->total_frames += (have < left ? have : left) * streams;
    }
    if (!v->total_frames)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "stimulus: %zu utterances, %d with frames are needed, one for each "
                              "stream",
                              source ? source->n : 0, streams);
    return ERNN_OK;
}

static void fill_stimulus(const ernn_plan *plan, const ernn_gen_options *options,
                          ernn_gen_vectors *v)
{
    const uint32_t bits = plan->network->signal_bits;
    const ernn_sequences *source = options->vectors;
    uint32_t *hits = &v->saturations[ERNN_RT_INPUT];
    int32_t *word = v->stimulus;
    ernn_rng rng = ernn_rng_new(options->seed, STREAM_FRAMES, 0);
    if (!source) {
        for (size_t i = 0; i < (size_t)v->total_frames * (size_t)plan->n_inputs; i++)
            *word++ = to_signal(ernn_rng_normal(&rng), plan->input_frac, bits, hits);
        return;
    }
    const int streams = plan->design->streams;
    for (int s = 0; s < v->n_sequences; s++)
        for (int f = 0; f < v->n_frames[s]; f++) {
            const int member = v->members[s * streams + f % streams];
            const float *frame =
                source->frames[member] + (size_t)(f / streams) * (size_t)plan->n_inputs;
            for (int e = 0; e < plan->n_inputs; e++)
                *word++ = to_signal(frame[e], plan->input_frac, bits, hits);
        }
}

// Random states: y inside [-1, 1] (a GRU's state never leaves it), c a few tenths.
static void fill_states(const ernn_plan *plan, uint64_t seed, ernn_gen_vectors *v)
{
    const uint32_t bits = plan->network->signal_bits;
    ernn_rng rng = ernn_rng_new(seed, STREAM_STATES, 0);
    uint32_t hits = 0;
    int32_t *word = v->states;
    for (int n = 0; n < v->n_states; n++)
        for (int u = 0; u < plan->n_states; u++)
            for (size_t i = 0; i < plan->states[u].n_words; i++)
                *word++ =
                    to_signal(plan->states[u].what == ERNN_LOAD_Y ? 2 * ernn_rng_uniform(&rng) - 1
                                                                  : 0.5 * ernn_rng_normal(&rng),
                              plan->states[u].frac, bits, &hits);
}

static void load_state(const ernn_plan *plan, const int32_t *words, int stream,
                       ernn_rt_state *state)
{
    for (int u = 0; u < plan->n_states; u++) {
        const ernn_plan_unit *unit = &plan->states[u];
        const size_t n = unit->n_words / (size_t)plan->design->streams;
        int32_t *to = unit->what == ERNN_LOAD_Y ? state->y[unit->layer] : state->c[unit->layer];
        memcpy(to, words + (size_t)stream * n, n * sizeof *to);
        words += unit->n_words;
    }
}

// ---- The trace ----

typedef struct tracer {
    ernn_gen_vectors *vectors;
    int frame;
    int digits;
    uint32_t mask;
    size_t n_values;
} tracer;

// One line per vector: "frame layer signal" and its words in hexadecimal, run together.
static void trace_vector(void *user, uint32_t layer, const char *signal, const int32_t *values,
                         uint32_t n)
{
    tracer *t = user;
    ernn_buffer *to = &t->vectors->trace;
    t->n_values += n;
    ernn_buffer_print(to, "%d %u %s ", t->frame, layer, signal);
    for (uint32_t i = 0; i < n; i++) {
        char text[8];
        for (int d = 0; d < t->digits; d++)
            text[d] =
                "0123456789abcdef"[((uint32_t)values[i] & t->mask) >> (4 * (t->digits - 1 - d)) &
                                   15];
        ernn_buffer_append(to, text, (size_t)t->digits);
    }
    ernn_buffer_append(to, "\n", 1);
}

// The scores of the frame whose y is `y`, to `scores`.
static void run_output(const ernn_plan *plan, const int32_t *y, int32_t *scores,
                       ernn_rt_state *state, tracer *t, bool is_traced)
{
    const ernn_rt_network *network = plan->network;
    ernn_rt_product(&network->output, network->signal_bits, y, scores, state->scratch,
                    state->saturations);
    if (is_traced)
        trace_vector(t, (uint32_t)plan->n_layers, "output_product", scores, network->output.rows);
    for (uint32_t r = 0; r < network->output.rows; r++)
        scores[r] =
            ernn_rt_saturate((int64_t)scores[r] + network->output_bias[r], network->signal_bits,
                             &state->saturations[ERNN_RT_PREACTIVATION]);
    if (is_traced)
        trace_vector(t, (uint32_t)plan->n_layers, "scores", scores, network->output.rows);
}

// One frame; `out` receives what m_y must carry.
static void run_frame(const ernn_plan *plan, const int32_t *x, int32_t *out, ernn_rt_state *state,
                      tracer *t)
{
    const bool is_traced = t->n_values < TRACE_VALUES;
    if (is_traced) {
        trace_vector(t, 0, "x", x, (uint32_t)plan->n_inputs);
        t->vectors->traced_frames = t->frame + 1;
    }
    for (int l = 0; l < plan->n_layers; l++) {
        ernn_rt_layer_step(plan->network, (uint32_t)l, x, state, is_traced ? trace_vector : NULL,
                           t);
        x = state->y[l];
    }
    if (plan->has_output)
        run_output(plan, x, out, state, t, is_traced);
    else
        memcpy(out, x, (size_t)plan->n_outputs * sizeof *out);
}

// All sequences; states[] has one for each stream.
static void run_sequences(const ernn_plan *plan, ernn_gen_vectors *v, ernn_rt_state **states,
                          tracer *t)
{
    const int streams = plan->design->streams;
    for (int s = 0; s < v->n_sequences; s++) {
        for (int stream = 0; stream < streams; stream++) {
            ernn_rt_reset(plan->network, states[stream]);
            if (v->state_of[s] >= 0)
                load_state(plan, v->states + (size_t)v->state_of[s] * plan->state_words, stream,
                           states[stream]);
        }
        for (int i = 0; i < v->n_frames[s]; i++, t->frame++) {
            const size_t frame = (size_t)t->frame;
            run_frame(plan, v->stimulus + frame * (size_t)plan->n_inputs,
                      v->expected + frame * (size_t)plan->n_outputs, states[i % streams], t);
        }
    }
}

static ernn_status run_model(const ernn_plan *plan, ernn_gen_vectors *v, ernn_error *err)
{
    ernn_rt_state *states[ERNN_MAX_STREAMS] = {NULL};
    const uint32_t bits = plan->network->signal_bits;
    tracer t = {.vectors = v, .digits = (int)(bits + 3) / 4, .mask = (1u << bits) - 1};
    ernn_status status = ERNN_OK;
    for (int i = 0; status == ERNN_OK && i < plan->design->streams; i++)
        status = ernn_qstate_new(plan->network, &states[i], err);
    if (status == ERNN_OK) {
        run_sequences(plan, v, states, &t);
        status = ernn_buffer_status(&v->trace, err);
    }
    for (int i = 0; i < plan->design->streams; i++) {
        for (int c = ERNN_RT_SPECTRUM; states[i] && c < ERNN_RT_CLASSES; c++)
            v->saturations[c] += states[i]->saturations[c];
        ernn_qstate_free(states[i]);
    }
    return status;
}

ernn_status ernn_gen_vectors_new(const ernn_plan *plan, const ernn_gen_options *options,
                                 ernn_gen_vectors *v, ernn_error *err)
{
    *v = (ernn_gen_vectors){0};
    if (options->vectors && options->vectors->width != plan->n_inputs)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "stimulus: %d features per frame, the network has %d inputs",
                              options->vectors->width, plan->n_inputs);
    ernn_status status = plan_sequences(options, plan->design->streams, v, err);
    if (status != ERNN_OK)
        goto done;
    const size_t frames = (size_t)v->total_frames;
    status = ERNN_NO_MEMORY;
    v->stimulus = ernn_mem_new(frames * (size_t)plan->n_inputs, sizeof *v->stimulus, err);
    v->expected = ernn_mem_new(frames * (size_t)plan->n_outputs, sizeof *v->expected, err);
    v->states = ernn_mem_new((size_t)v->n_states * plan->state_words, sizeof *v->states, err);
    if (!v->stimulus || !v->expected || !v->states)
        goto done;
    fill_stimulus(plan, options, v);
    fill_states(plan, options->seed, v);
    status = run_model(plan, v, err);
done:
    if (status != ERNN_OK)
        ernn_gen_vectors_free(v);
    return status;
}

void ernn_gen_vectors_free(ernn_gen_vectors *v)
{
    ernn_mem_free(v->n_frames);
    ernn_mem_free(v->state_of);
    ernn_mem_free(v->members);
    ernn_mem_free(v->stimulus);
    ernn_mem_free(v->expected);
    ernn_mem_free(v->states);
    ernn_buffer_free(&v->trace);
    *v = (ernn_gen_vectors){0};
}
