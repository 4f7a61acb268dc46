// Building the plan of a project. SPDX-License-Identifier: Apache-2.0
#include "gen/plan.h"
#include "base/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t ernn_plan_word(const ernn_plan_unit *unit, size_t i)
{
    return unit->weights ? unit->weights[i] : unit->words[i];
}

int ernn_plan_input_beats(const ernn_plan *plan)
{
    return (plan->n_inputs + plan->design->lanes - 1) / plan->design->lanes;
}

int ernn_plan_output_beats(const ernn_plan *plan)
{
    return (plan->n_outputs + plan->output_lanes - 1) / plan->output_lanes;
}

static size_t blocks(uint32_t n, uint32_t log2_k)
{
    return ((size_t)n + (1u << log2_k) - 1) >> log2_k;
}

// ---- Units of the load bus ----

static ernn_plan_unit *add_unit(ernn_plan *plan, int layer, ernn_plan_what what, const char *name,
                                size_t n_words, int bits, int frac)
{
    const bool is_state = what == ERNN_LOAD_Y || what == ERNN_LOAD_C;
    ernn_plan_unit *unit =
        is_state ? &plan->states[plan->n_states++] : &plan->units[plan->n_units++];
    *unit = (ernn_plan_unit){
        .layer = layer, .what = what, .bits = bits, .frac = frac, .n_words = n_words};
    if (layer == ERNN_PLAN_OUTPUT)
        snprintf(unit->name, sizeof unit->name, "output_%.30s", name);
    else
        snprintf(unit->name, sizeof unit->name, "l%d_%.30s", layer, name);
    *(is_state ? &plan->state_words : &plan->load_words) += n_words;
    return unit;
}

static void add_matrix(ernn_plan *plan, int layer, ernn_plan_what what, const char *name,
                       const ernn_rt_matrix *matrix)
{
    const size_t p = blocks(matrix->rows, matrix->log2_k);
    const size_t q = blocks(matrix->cols, matrix->log2_k);
    const size_t k = (size_t)1 << matrix->log2_k;
    ernn_plan_unit *unit = add_unit(plan, layer, what, name, p * q * k,
                                    (int)plan->network->weight_bits, ERNN_PLAN_NO_FRAC);
    unit->weights = matrix->weights;
    snprintf(unit->shape, sizeof unit->shape, "[p][q][k] = [%zu][%zu][%zu]", p, q, k);
}

static void add_vector(ernn_plan *plan, int layer, ernn_plan_what what, const char *name, size_t n,
                       uint32_t frac, const int32_t *words)
{
    ernn_plan_unit *unit =
        add_unit(plan, layer, what, name, n, (int)plan->network->signal_bits, (int)frac);
    unit->words = words;
    snprintf(unit->shape, sizeof unit->shape, "[%zu]", n);
}

// A state vector for each stream, one after the other.
static void add_state(ernn_plan *plan, int layer, ernn_plan_what what, const char *name, size_t n,
                      uint32_t frac)
{
    const size_t streams = (size_t)plan->design->streams;
    ernn_plan_unit *unit =
        add_unit(plan, layer, what, name, streams * n, (int)plan->network->signal_bits, (int)frac);
    if (streams > 1)
        snprintf(unit->shape, sizeof unit->shape, "[streams][n] = [%zu][%zu]", streams, n);
    else
        snprintf(unit->shape, sizeof unit->shape, "[%zu]", n);
}

static void add_layer_units(ernn_plan *plan, int l)
{
    const ernn_rt_layer *layer = plan->layers[l].layer;
    const bool is_lstm = layer->cell == ERNN_RT_LSTM;
    const size_t n = layer->n_cells;
    const uint32_t sums = layer->preactivation_frac;
    add_matrix(plan, l, ERNN_LOAD_INPUT, "input_weights", &layer->input);
    add_matrix(plan, l, ERNN_LOAD_RECURRENT, "recurrent_weights", &layer->recurrent);
    if (!is_lstm && !layer->is_reset_after)
        add_matrix(plan, l, ERNN_LOAD_CANDIDATE, "candidate_weights", &layer->candidate);
    if (is_lstm && layer->is_projected)
        add_matrix(plan, l, ERNN_LOAD_PROJECTION, "projection_weights", &layer->projection);
    add_vector(plan, l, ERNN_LOAD_BIAS, "bias", (is_lstm ? 4 : 3) * n, sums, layer->bias);
    if (!is_lstm && layer->is_reset_after)
        add_vector(plan, l, ERNN_LOAD_BIAS_CANDIDATE, "bias_candidate", n, sums,
                   layer->bias_candidate);
    if (is_lstm && layer->is_peephole)
        add_vector(plan, l, ERNN_LOAD_PEEPHOLE, "peephole", 3 * n, layer->peephole_frac,
                   layer->peephole);
    add_state(plan, l, ERNN_LOAD_Y, "y", layer->n_outputs, layer->output_frac);
    if (is_lstm)
        add_state(plan, l, ERNN_LOAD_C, "c", n, layer->cell_frac);
}

// ---- Parameters of the layer modules ----

static void set(ernn_plan_layer *layer, const char *prefix, const char *name, int64_t value)
{
    ernn_plan_parameter *parameter = &layer->parameters[layer->n_parameters++];
    snprintf(parameter->name, sizeof parameter->name, "%s%s", prefix, name);
    snprintf(parameter->value, sizeof parameter->value, "%" PRId64, value);
}

static void set_matrix(ernn_plan_layer *layer, const char *prefix, const ernn_rt_matrix *matrix,
                       int pes)
{
    if (pes >= 0) { // the candidate runs on the recurrent's elements
        set(layer, prefix, "LOG2_K", matrix->log2_k);
        set(layer, prefix, "PES", pes);
    }
    set(layer, prefix, "SPECTRUM_SHIFT", matrix->spectrum_shift);
    set(layer, prefix, "ACCUMULATOR_SHIFT", matrix->accumulator_shift);
    set(layer, prefix, "OUTPUT_SHIFT", matrix->output_shift);
}

static void set_name(ernn_plan_layer *layer, const char *name)
{
    ernn_plan_parameter *parameter = &layer->parameters[layer->n_parameters++];
    snprintf(parameter->name, sizeof parameter->name, "%s", name);
    snprintf(parameter->value, sizeof parameter->value, "%s", name);
}

// Elements of one chain.
static int chain_pes(const ernn_plan *plan, int l, ernn_product product)
{
    const ernn_rt_layer *layer = plan->layers[l].layer;
    const bool is_lstm = layer->cell == ERNN_RT_LSTM;
    const bool is_before = !is_lstm && !layer->is_reset_after;
    const int gates = is_lstm ? 4 : 3;
    const bool is_single =
        product == ERNN_PRODUCT_PROJECTION || (product == ERNN_PRODUCT_RECURRENT && is_before);
    return plan->design->layer_pes[l][product] / (is_single ? 1 : gates);
}

// In the order of declaration in rtl/lstm_layer.v and rtl/gru_layer.v.
static void set_layer_parameters(ernn_plan *plan, int l)
{
    ernn_plan_layer *to = &plan->layers[l];
    const ernn_rt_layer *layer = to->layer;
    const bool is_lstm = layer->cell == ERNN_RT_LSTM;
    set(to, "", "LAYER", l);
    set(to, "", "SIGNAL_BITS", plan->network->signal_bits);
    set(to, "", "WEIGHT_BITS", plan->network->weight_bits);
    set(to, "", "LANES", plan->design->lanes);
    set(to, "", "CELL_LANES", plan->design->cell_lanes);
    set(to, "", "STREAMS", plan->design->streams);
    set(to, "", "N_INPUTS", layer->n_inputs);
    set(to, "", "N_CELLS", layer->n_cells);
    if (is_lstm) {
        set(to, "", "N_OUTPUTS", layer->n_outputs);
        set(to, "", "IS_PEEPHOLE", layer->is_peephole);
        set(to, "", "IS_PROJECTED", layer->is_projected);
    } else {
        set(to, "", "IS_RESET_AFTER", layer->is_reset_after);
    }
    set(to, "", "PREACTIVATION_FRAC", layer->preactivation_frac);
    if (is_lstm) {
        set(to, "", "CELL_FRAC", layer->cell_frac);
        set(to, "", "PEEPHOLE_FRAC", layer->peephole_frac);
    }
    set_matrix(to, "INPUT_", &layer->input, chain_pes(plan, l, ERNN_PRODUCT_INPUT));
    set_matrix(to, "RECURRENT_", &layer->recurrent, chain_pes(plan, l, ERNN_PRODUCT_RECURRENT));
    if (!is_lstm && !layer->is_reset_after)
        set_matrix(to, "CANDIDATE_", &layer->candidate, -1);
    if (is_lstm && layer->is_projected)
        set_matrix(to, "PROJECTION_", &layer->projection,
                   chain_pes(plan, l, ERNN_PRODUCT_PROJECTION));
    set_name(to, "SIGMOID_BASES");
    set_name(to, "SIGMOID_SLOPES");
    set_name(to, "TANH_BASES");
    set_name(to, "TANH_SLOPES");
}

// ---- The output layer ----

// In the order of declaration in rtl/linear_layer.v.
static void add_output(ernn_plan *plan)
{
    const ernn_rt_matrix *matrix = &plan->network->output;
    ernn_plan_layer *to = &plan->layers[plan->n_stages++];
    *to = (ernn_plan_layer){.module = "linear_layer", .instance = "u_output_linear"};
    set(to, "", "LAYER", ERNN_PLAN_OUTPUT);
    set(to, "", "SIGNAL_BITS", plan->network->signal_bits);
    set(to, "", "WEIGHT_BITS", plan->network->weight_bits);
    set(to, "", "LANES", plan->output_lanes);
    set(to, "", "INPUT_LANES", plan->design->lanes);
    set(to, "", "N_INPUTS", matrix->cols);
    set(to, "", "N_OUTPUTS", matrix->rows);
    set_matrix(to, "", matrix, plan->design->output_pes);
    add_matrix(plan, ERNN_PLAN_OUTPUT, ERNN_LOAD_INPUT, "weights", matrix);
    add_vector(plan, ERNN_PLAN_OUTPUT, ERNN_LOAD_BIAS, "bias", matrix->rows,
               plan->network->output_frac, plan->network->output_bias);
}

// m_y carries the last layer's y, or the scores of the output layer.
static void set_output(ernn_plan *plan)
{
    const ernn_rt_network *network = plan->network;
    const ernn_rt_layer *last = &network->layers[network->n_layers - 1];
    const int k = 1 << network->output.log2_k;
    plan->has_output = plan->design->output_pes > 0;
    plan->n_outputs = (int)(plan->has_output ? network->output.rows : last->n_outputs);
    plan->output_frac = (int)(plan->has_output ? network->output_frac : last->output_frac);
    plan->output_lanes = plan->has_output && k < plan->design->lanes ? k : plan->design->lanes;
}

// ---- Digests ----

static void add_words(ernn_digest *digest, const ernn_plan_unit *unit)
{
    for (size_t i = 0; i < unit->n_words; i++) {
        const uint32_t word = (uint32_t)ernn_plan_word(unit, i);
        const uint8_t bytes[4] = {(uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16),
                                  (uint8_t)(word >> 24)};
        ernn_digest_add(digest, bytes, sizeof bytes);
    }
}

static void add_table(ernn_digest *digest, const int32_t *table)
{
    const ernn_plan_unit unit = {.words = table, .n_words = ERNN_RT_PWL_SEGMENTS};
    add_words(digest, &unit);
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text);
    const size_t m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

// Lanes and elements change speed alone: weights fit whatever their number.
static uint32_t geometry_of(const ernn_plan *plan)
{
    char text[ERNN_DIGEST_TEXT];
    ernn_digest digest = ernn_digest_new();
    for (int l = 0; l < plan->n_stages; l++) {
        const ernn_plan_layer *layer = &plan->layers[l];
        ernn_digest_add(&digest, layer->module, strlen(layer->module) + 1);
        for (int i = 0; i < layer->n_parameters; i++) {
            const ernn_plan_parameter *parameter = &layer->parameters[i];
            if (ends_with(parameter->name, "LANES") || ends_with(parameter->name, "PES"))
                continue;
            ernn_digest_add(&digest, parameter->name, strlen(parameter->name) + 1);
            ernn_digest_add(&digest, parameter->value, strlen(parameter->value) + 1);
        }
    }
    add_table(&digest, plan->network->sigmoid.base);
    add_table(&digest, plan->network->sigmoid.slope);
    add_table(&digest, plan->network->tanh.base);
    add_table(&digest, plan->network->tanh.slope);
    ernn_digest_print(&digest, text);
    text[8] = 0;
    return (uint32_t)strtoul(text, NULL, 16);
}

// Of the model: every loaded word and both activation tables, 32-bit little-endian. Of the design:
// the canonical options and every parameter of every layer.
static void digest_plan(ernn_plan *plan)
{
    ernn_digest model = ernn_digest_new();
    ernn_digest design = ernn_digest_new();
    for (int u = 0; u < plan->n_units; u++)
        add_words(&model, &plan->units[u]);
    add_table(&model, plan->network->sigmoid.base);
    add_table(&model, plan->network->sigmoid.slope);
    add_table(&model, plan->network->tanh.base);
    add_table(&model, plan->network->tanh.slope);
    ernn_digest_add(&design, plan->options_text, strlen(plan->options_text));
    for (int l = 0; l < plan->n_stages; l++)
        for (int i = 0; i < plan->layers[l].n_parameters; i++) {
            const ernn_plan_parameter *parameter = &plan->layers[l].parameters[i];
            ernn_digest_add(&design, parameter->name, strlen(parameter->name) + 1);
            ernn_digest_add(&design, parameter->value, strlen(parameter->value) + 1);
        }
    ernn_digest_print(&model, plan->model_digest);
    ernn_digest_print(&design, plan->design_digest);
    plan->geometry = geometry_of(plan);
}

ernn_status ernn_plan_new(const ernn_spec *spec, const ernn_rt_network *network,
                          const ernn_design *design, const ernn_gen_options *options,
                          ernn_plan *plan, ernn_error *err)
{
    if (design->signal_bits != (int)network->signal_bits ||
        design->weight_bits != (int)network->weight_bits)
        return ernn_error_set(err, ERNN_BAD_ARG,
                              "design: %d-bit signals and %d-bit weights, the quantised model has "
                              "%d and %d",
                              design->signal_bits, design->weight_bits, (int)network->signal_bits,
                              (int)network->weight_bits);
    *plan = (ernn_plan){.network = network,
                        .design = design,
                        .n_layers = (int)network->n_layers,
                        .cost = ernn_design_cost(spec, design)};
    ernn_spec_print(spec, plan->spec_text, sizeof plan->spec_text);
    plan->n_inputs = (int)network->layers[0].n_inputs;
    plan->input_frac = (int)network->layers[0].input_frac;
    plan->n_stages = plan->n_layers;
    set_output(plan);
    for (int l = 0; l < plan->n_layers; l++) {
        ernn_plan_layer *layer = &plan->layers[l];
        const bool is_lstm = network->layers[l].cell == ERNN_RT_LSTM;
        layer->layer = &network->layers[l];
        layer->module = is_lstm ? "lstm_layer" : "gru_layer";
        snprintf(layer->instance, sizeof layer->instance, "u_l%d_%s", l, is_lstm ? "lstm" : "gru");
        set_layer_parameters(plan, l);
        add_layer_units(plan, l);
    }
    if (plan->has_output)
        add_output(plan);
    snprintf(
        plan->options_text, sizeof plan->options_text,
        "cell_lanes=%d clock_mhz=%.9g device=%s frames=%d lanes=%d network=%s output_pes=%d pes=%d "
        "seed=%" PRIu64 " signal_bits=%d stimulus=%s streams=%d weight_bits=%d",
        design->cell_lanes, design->clock_mhz, design->device->name, options->max_frames,
        design->lanes, plan->spec_text, design->output_pes, design->pes, options->seed,
        design->signal_bits, options->vectors ? "sequences" : "random", design->streams,
        design->weight_bits);
    digest_plan(plan);
    return ERNN_OK;
}
