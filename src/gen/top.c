// Printing rtl/ernn_top.v: the layers, wired. Everything that computes is in the hand-written
// modules of rtl/. SPDX-License-Identifier: Apache-2.0
#include "gen/print.h"

#include <stdio.h>
#include <string.h>

enum { OPTIONS_COLUMNS = 96 };

// "// " lines of at most OPTIONS_COLUMNS, broken at blanks.
static void print_wrapped(ernn_buffer *out, const char *text)
{
    while (*text) {
        size_t n = strlen(text);
        if (n > OPTIONS_COLUMNS - 5) {
            n = OPTIONS_COLUMNS - 5;
            while (n > 1 && text[n] != ' ')
                n--;
        }
        ernn_buffer_print(out, "//   %.*s\n", (int)n, text);
        text += n;
        while (*text == ' ')
            text++;
    }
}

void ernn_print_origin(ernn_buffer *out, const ernn_plan *plan)
{
    ernn_buffer_print(out, "// Written by ernn %s. Do not edit: generate again.\n", ERNN_VERSION);
    ernn_buffer_print(out, "// Model  %s\n// Design %s\n// Options:\n", plan->model_digest,
                      plan->design_digest);
    print_wrapped(out, plan->options_text);
}

static const char *cell_text(const ernn_rt_layer *layer)
{
    if (layer->cell == ERNN_RT_GRU)
        return layer->is_reset_after ? "GRU, reset after" : "GRU, reset before";
    if (layer->is_peephole)
        return layer->is_projected ? "LSTM, peepholes, projection" : "LSTM, peepholes";
    return layer->is_projected ? "LSTM, projection" : "LSTM";
}

// ---- Header ----

// Ends the line of the recurrent product: what stands between the cells' gates or behind them.
static void print_second_product(ernn_buffer *out, const int *pes, bool is_before)
{
    if (pes[ERNN_PRODUCT_PROJECTION])
        ernn_buffer_print(out, "      [FFT]->[W_ym m, %3d PE]->[IFFT] before y\n",
                          pes[ERNN_PRODUCT_PROJECTION]);
    else if (is_before)
        ernn_buffer_print(out, "      W_hr r.y on the same PE between the gates\n");
    else
        ernn_buffer_print(out, "                          |\n");
}

static void print_input_product(ernn_buffer *out, const int *pes)
{
    if (pes[ERNN_PRODUCT_INPUT])
        ernn_buffer_print(out, "//   [FFT]->[W_x x, %3d PE]->[IFFT]--+\n", pes[ERNN_PRODUCT_INPUT]);
    else
        ernn_buffer_print(out, "//   [FFT]->[W_x x, same PE]->[IFFT]-+\n");
}

static void print_output_layer(ernn_buffer *out, const ernn_plan *plan)
{
    if (plan->has_output)
        ernn_buffer_print(
            out,
            "//     |            output layer: linear, scores of %d labels\n//     v\n"
            "//   [W y, %3d PE]-->[+ b]\n",
            plan->n_outputs, plan->design->output_pes);
}

void ernn_print_drawing(ernn_buffer *out, const ernn_plan *plan)
{
    const int bits = plan->design->signal_bits;
    ernn_buffer_print(out, "//\n//   s_x: %d words, Q%d.%d\n", plan->n_inputs,
                      bits - plan->input_frac, plan->input_frac);
    for (int l = 0; l < plan->n_layers; l++) {
        const ernn_rt_layer *layer = plan->layers[l].layer;
        const int *pes = plan->design->layer_pes[l];
        const int y_frac = (int)layer->output_frac;
        ernn_buffer_print(out, "//     |            layer %d: %s\n//     v\n", l, cell_text(layer));
        print_input_product(out, pes);
        ernn_buffer_print(out, "//                                   +-->[%4d cells, %2d lanes]-+",
                          (int)layer->n_cells, plan->design->cell_lanes);
        ernn_buffer_print(out, "--> y: %d words, Q%d.%d\n", (int)layer->n_outputs, bits - y_frac,
                          y_frac);
        ernn_buffer_print(out, "//   [FFT]->[W_r y, %3d PE]->[IFFT]--+",
                          pes[ERNN_PRODUCT_RECURRENT]);
        print_second_product(out, pes, layer->cell == ERNN_RT_GRU && !layer->is_reset_after);
        ernn_buffer_print(out, "//     ^                                                        |\n"
                               "//     +--------------------------- y --------------------------+"
                               "\n");
    }
    print_output_layer(out, plan);
    ernn_buffer_print(out, "//     |\n//     v\n//   m_y: %d words, Q%d.%d\n//\n", plan->n_outputs,
                      bits - plan->output_frac, plan->output_frac);
}

static void print_memories(ernn_buffer *out, const ernn_plan *plan)
{
    ernn_buffer_print(out, "// Memories, written through the load bus (unit: its code):\n"
                           "//\n//   unit  words  bits  contents\n");
    for (int u = 0; u < plan->n_units; u++) {
        const ernn_plan_unit *unit = &plan->units[u];
        ernn_buffer_print(out, "//   %02x   %6zu   %3d  %s %s", unit->layer * 16 + (int)unit->what,
                          unit->n_words, unit->bits, unit->name, unit->shape);
        if (unit->frac != ERNN_PLAN_NO_FRAC)
            ernn_buffer_print(out, ", Q%d.%d", unit->bits - unit->frac, unit->frac);
        ernn_buffer_append(out, "\n", 1);
    }
    for (int u = 0; u < plan->n_states; u++) {
        const ernn_plan_unit *unit = &plan->states[u];
        ernn_buffer_print(out, "//   %02x   %6zu   %3d  %s %s (state), Q%d.%d\n",
                          unit->layer * 16 + (int)unit->what, unit->n_words, unit->bits, unit->name,
                          unit->shape, unit->bits - unit->frac, unit->frac);
    }
}

static void print_port_table(ernn_buffer *out, const ernn_plan *plan, const ernn_cost *cost)
{
    const int bits = plan->design->signal_bits;
    const int lanes = plan->design->lanes;
    ernn_buffer_print(out,
                      "//\n// Ports:\n"
                      "//   rst            synchronous, active high\n"
                      "//   i_load_*       load bus: 32-bit words by unit; see rtl/README.md\n"
                      "//   i_reset_state  one cycle while idle: y and c start from zero\n"
                      "//   i_read_*       word i_read_index of a state, while idle: o_read_data "
                      "follows in 4 cycles\n");
    ernn_buffer_print(
        out, "//   s_x_*          %d words of %d bits a beat, %d beats a frame, Q%d.%d\n", lanes,
        bits, ernn_plan_input_beats(plan), bits - plan->input_frac, plan->input_frac);
    ernn_buffer_print(out,
                      "//   m_y_*          %d words of %d bits a beat, %d beats a frame, Q%d.%d\n",
                      plan->output_lanes, bits, ernn_plan_output_beats(plan),
                      bits - plan->output_frac, plan->output_frac);
    ernn_buffer_print(out, "//   o_saturated    5 sticky bits a layer: spectrum, accumulator, "
                           "product, preactivation, cell\n"
                           "//   o_saturation   the same, of each cycle\n"
                           "//   o_misframed    sticky: s_x_last came in the wrong place\n//\n");
    ernn_buffer_print(out,
                      "// Modelled: a frame every %d cycles, %d cycles from its first word in to "
                      "its last word out.\n",
                      cost->cycles_per_frame, cost->latency_cycles);
}

// ---- Module ----

typedef struct port_row {
    const char *direction;
    int width;
    const char *name;
} port_row;

static void print_ports(ernn_buffer *out, const ernn_plan *plan)
{
    const int bits = plan->design->signal_bits;
    const int width = plan->design->lanes * bits;
    const int output_width = plan->output_lanes * bits;
    const port_row ports[] = {
        {"input ", 1, "clk"},
        {"input ", 1, "rst"},
        {"input ", 1, "i_load_valid"},
        {"input ", 8, "i_load_unit"},
        {"input ", 1, "i_load_start"},
        {"input ", 32, "i_load_data"},
        {"input ", 1, "i_reset_state"},
        {"input ", 1, "i_read"},
        {"input ", 8, "i_read_unit"},
        {"input ", 16, "i_read_index"},
        {"output", bits, "o_read_data"},
        {"input ", width, "s_x_data"},
        {"input ", 1, "s_x_valid"},
        {"output", 1, "s_x_ready"},
        {"input ", 1, "s_x_last"},
        {"output", output_width, "m_y_data"},
        {"output", 1, "m_y_valid"},
        {"input ", 1, "m_y_ready"},
        {"output", 1, "m_y_last"},
        {"output", 5 * plan->n_stages, "o_saturated"},
        {"output", 5 * plan->n_stages, "o_saturation"},
        {"output", 1, "o_misframed"},
    };
    const int n = sizeof ports / sizeof *ports;
    ernn_buffer_print(out, "module ernn_top (\n");
    for (int i = 0; i < n; i++) {
        char range[16] = "";
        if (ports[i].width > 1)
            snprintf(range, sizeof range, "[%d:0]", ports[i].width - 1);
        ernn_buffer_print(out, "  %s wire %-7s %s%s\n", ports[i].direction, range, ports[i].name,
                          i + 1 < n ? "," : "");
    }
    ernn_buffer_print(out, ");\n\n");
}

// A table of 32 segments as one vector, segment 0 in the low bits: highest segment first.
static void print_table(ernn_buffer *out, const char *name, const char *what, const int32_t *table,
                        int bits)
{
    const uint32_t mask = (1u << bits) - 1;
    ernn_buffer_print(out, "  // %s\n  localparam [%d:0] %s = {\n", what,
                      ERNN_RT_PWL_SEGMENTS * bits - 1, name);
    for (int i = ERNN_RT_PWL_SEGMENTS - 1; i >= 0; i--) {
        const char *before = i % 8 == 7 ? "    " : " ";
        const char *after = i == 0 ? "\n  };\n" : i % 8 == 0 ? ",\n" : ",";
        ernn_buffer_print(out, "%s%d'h%0*x%s", before, bits, (bits + 3) / 4,
                          (uint32_t)table[i] & mask, after);
    }
}

static void print_tables(ernn_buffer *out, const ernn_plan *plan)
{
    const ernn_rt_network *network = plan->network;
    const int bits = plan->design->signal_bits;
    ernn_buffer_print(
        out, "  // Chords of the activations, %d fractional bits, segment 31 first.\n", bits - 2);
    print_table(out, "SIGMOID_BASES", "value at the left end, segments of 1/4 over [0, 8)",
                network->sigmoid.base, bits);
    print_table(out, "SIGMOID_SLOPES", "rise per unit of x", network->sigmoid.slope, bits);
    print_table(out, "TANH_BASES", "value at the left end, segments of 1/8 over [0, 4)",
                network->tanh.base, bits);
    print_table(out, "TANH_SLOPES", "rise per unit of x", network->tanh.slope, bits);
}

static void print_nets(ernn_buffer *out, const ernn_plan *plan)
{
    char range[16];
    snprintf(range, sizeof range, "[%d:0]", plan->design->lanes * plan->design->signal_bits - 1);
    ernn_buffer_print(out, "\n");
    for (int l = 0; l + 1 < plan->n_stages; l++)
        ernn_buffer_print(out,
                          "  wire %-7s l%d_y_data;\n"
                          "  wire         l%d_y_valid;\n"
                          "  wire         l%d_y_ready;\n"
                          "  wire         l%d_y_last;\n",
                          range, l, l, l, l);
    snprintf(range, sizeof range, "[%d:0]", plan->design->signal_bits - 1);
    for (int l = 0; l < plan->n_layers; l++)
        ernn_buffer_print(out, "  wire %-7s l%d_read_data;\n", range, l);
    snprintf(range, sizeof range, "[%d:0]", plan->n_stages - 1);
    ernn_buffer_print(out, "  wire %-7s misframed;\n\n  assign o_misframed = misframed != %d'd0;\n",
                      range, plan->n_stages);
    ernn_buffer_print(out, "  assign o_read_data = l0_read_data");
    for (int l = 1; l < plan->n_layers; l++)
        ernn_buffer_print(out, " | l%d_read_data", l);
    ernn_buffer_print(out, ";\n");
}

static void print_port(ernn_buffer *out, const char *port, const char *net, bool is_last)
{
    ernn_buffer_print(out, "    .%-13s (%s)%s\n", port, net, is_last ? "" : ",");
}

// One stream of a layer: its four ports on the nets `net_*`.
static void print_stream(ernn_buffer *out, const char *port, const char *net)
{
    static const char *const PARTS[] = {"data", "valid", "ready", "last"};
    for (int i = 0; i < 4; i++) {
        char port_name[32];
        char net_name[32];
        snprintf(port_name, sizeof port_name, "%s_%s", port, PARTS[i]);
        snprintf(net_name, sizeof net_name, "%s_%s", net, PARTS[i]);
        print_port(out, port_name, net_name, false);
    }
}

static void print_stage_comment(ernn_buffer *out, const ernn_plan *plan, int l)
{
    const ernn_rt_layer *layer = plan->layers[l].layer;
    if (layer)
        ernn_buffer_print(out, "\n  // Layer %d: %s, %d inputs, %d cells, %d outputs.\n", l,
                          cell_text(layer), (int)layer->n_inputs, (int)layer->n_cells,
                          (int)layer->n_outputs);
    else
        ernn_buffer_print(out, "\n  // Output layer: %d inputs, scores of %d labels.\n",
                          (int)plan->network->output.cols, (int)plan->network->output.rows);
}

// A layer or, last of all, the output layer, which has no state.
static void print_stage(ernn_buffer *out, const ernn_plan *plan, int l)
{
    enum { WITHOUT_STATE = 6 };
    static const char *const COMMON[] = {
        "clk",         "rst",           "i_load_valid", "i_load_unit", "i_load_start",
        "i_load_data", "i_reset_state", "i_read",       "i_read_unit", "i_read_index"};
    const ernn_plan_layer *layer = &plan->layers[l];
    const size_t n_common = layer->layer ? sizeof COMMON / sizeof *COMMON : WITHOUT_STATE;
    char input[24];
    char output[24];
    char text[40];
    snprintf(input, sizeof input, l == 0 ? "s_x" : "l%d_y", l - 1);
    snprintf(output, sizeof output, l + 1 == plan->n_stages ? "m_y" : "l%d_y", l);
    print_stage_comment(out, plan, l);
    ernn_buffer_print(out, "  %s #(\n", layer->module);
    for (int i = 0; i < layer->n_parameters; i++)
        ernn_buffer_print(out, "    .%-28s (%s)%s\n", layer->parameters[i].name,
                          layer->parameters[i].value, i + 1 < layer->n_parameters ? "," : "");
    ernn_buffer_print(out, "  ) %s (\n", layer->instance);
    for (size_t i = 0; i < n_common; i++)
        print_port(out, COMMON[i], COMMON[i], false);
    snprintf(text, sizeof text, "l%d_read_data", l);
    if (layer->layer)
        print_port(out, "o_read_data", text, false);
    print_stream(out, "s_x", input);
    print_stream(out, "m_y", output);
    snprintf(text, sizeof text, "o_saturated[%d:%d]", 5 * l + 4, 5 * l);
    print_port(out, "o_saturated", text, false);
    snprintf(text, sizeof text, "o_saturation[%d:%d]", 5 * l + 4, 5 * l);
    print_port(out, "o_saturation", text, false);
    snprintf(text, sizeof text, "misframed[%d]", l);
    print_port(out, "o_misframed", text, true);
    ernn_buffer_print(out, "  );\n");
}

void ernn_print_top(ernn_buffer *out, const ernn_plan *plan)
{
    ernn_buffer_print(out, "// ernn_top: %s of a speech network, %s.\n//\n",
                      plan->has_output ? "recurrent stack and output layer" : "the recurrent stack",
                      plan->spec_text);
    ernn_buffer_print(
        out,
        "// Each layer multiplies its input and its own last output by block-circulant matrices"
        " in the\n// frequency domain, adds both products and runs them through its gates;"
        " layers work on\n// different frames at the same time.\n//\n");
    ernn_print_origin(out, plan);
    ernn_print_drawing(out, plan);
    print_memories(out, plan);
    print_port_table(out, plan, &plan->cost);
    ernn_buffer_print(out, "`default_nettype none\n\n");
    print_ports(out, plan);
    print_tables(out, plan);
    print_nets(out, plan);
    for (int l = 0; l < plan->n_stages; l++)
        print_stage(out, plan, l);
    ernn_buffer_print(out, "\nendmodule\n\n`default_nettype wire\n");
}
