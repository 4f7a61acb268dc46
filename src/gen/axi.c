// Printing rtl/ernn_axi.v: the accelerator with AXI ports, ernn_top behind axi_shell.
// SPDX-License-Identifier: Apache-2.0
#include "gen/print.h"
#include "gen/registers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

// Widths that depend on the network.
enum {
    BEAT = -1,
    KEEP = -2,
    WORDS = -3,
    OUTPUT_BEAT = -4,
    OUTPUT_KEEP = -5,
    OUTPUT_WORDS = -6,
    WORD = -7,
    HITS = -8
};

typedef struct axi_signal {
    char direction; // of the module: i, o
    int width;
    const char *name;
} axi_signal;

static const axi_signal PORTS[] = {
    {'i', 1, "aclk"},
    {'i', 1, "aresetn"},
    {'i', 8, "s_axi_awaddr"},
    {'i', 3, "s_axi_awprot"},
    {'i', 1, "s_axi_awvalid"},
    {'o', 1, "s_axi_awready"},
    {'i', 32, "s_axi_wdata"},
    {'i', 4, "s_axi_wstrb"},
    {'i', 1, "s_axi_wvalid"},
    {'o', 1, "s_axi_wready"},
    {'o', 2, "s_axi_bresp"},
    {'o', 1, "s_axi_bvalid"},
    {'i', 1, "s_axi_bready"},
    {'i', 8, "s_axi_araddr"},
    {'i', 3, "s_axi_arprot"},
    {'i', 1, "s_axi_arvalid"},
    {'o', 1, "s_axi_arready"},
    {'o', 32, "s_axi_rdata"},
    {'o', 2, "s_axi_rresp"},
    {'o', 1, "s_axi_rvalid"},
    {'i', 1, "s_axi_rready"},
    {'o', 1, "irq"},
    {'i', BEAT, "s_axis_tdata"},
    {'i', KEEP, "s_axis_tkeep"},
    {'i', 1, "s_axis_tvalid"},
    {'o', 1, "s_axis_tready"},
    {'i', 1, "s_axis_tlast"},
    {'o', OUTPUT_BEAT, "m_axis_tdata"},
    {'o', OUTPUT_KEEP, "m_axis_tkeep"},
    {'o', 1, "m_axis_tvalid"},
    {'i', 1, "m_axis_tready"},
    {'o', 1, "m_axis_tlast"},
};

// Between the shell and ernn_top: a net, and the port of each.
typedef struct axi_net {
    int width;
    const char *name;
    const char *shell;
    const char *top;
} axi_net;

static const axi_net NETS[] = {
    {1, "core_rst", "o_core_rst", "rst"},
    {1, "load_valid", "o_load_valid", "i_load_valid"},
    {8, "load_unit", "o_load_unit", "i_load_unit"},
    {1, "load_start", "o_load_start", "i_load_start"},
    {32, "load_data", "o_load_data", "i_load_data"},
    {1, "reset_state", "o_reset_state", "i_reset_state"},
    {1, "state_read", "o_state_read", "i_read"},
    {8, "state_unit", "o_state_unit", "i_read_unit"},
    {16, "state_index", "o_state_index", "i_read_index"},
    {WORD, "state_data", "i_state_data", "o_read_data"},
    {WORDS, "x_data", "m_x_data", "s_x_data"},
    {1, "x_valid", "m_x_valid", "s_x_valid"},
    {1, "x_ready", "m_x_ready", "s_x_ready"},
    {1, "x_last", "m_x_last", "s_x_last"},
    {OUTPUT_WORDS, "y_data", "s_y_data", "m_y_data"},
    {1, "y_valid", "s_y_valid", "m_y_valid"},
    {1, "y_ready", "s_y_ready", "m_y_ready"},
    {1, "y_last", "", "m_y_last"},
    {HITS, "saturated", "", "o_saturated"},
    {HITS, "saturation", "i_saturation", "o_saturation"},
    {1, "misframed", "i_misframed", "o_misframed"},
    {8, "size_unit", "o_size_unit", ""},
    {32, "size_words", "i_size_words", ""},
    {32, "state_words", "i_state_words", ""},
};

static int width_of(const ernn_plan *plan, int width)
{
    const int bits = (int)plan->network->signal_bits;
    const int bytes = (bits + 7) / 8;
    const int lanes = plan->design->lanes;
    switch (width) {
    case BEAT:
        return 8 * bytes * lanes;
    case KEEP:
        return bytes * lanes;
    case WORDS:
        return bits * lanes;
    case OUTPUT_BEAT:
        return 8 * bytes * plan->output_lanes;
    case OUTPUT_KEEP:
        return bytes * plan->output_lanes;
    case OUTPUT_WORDS:
        return bits * plan->output_lanes;
    case WORD:
        return bits;
    case HITS:
        return 5 * plan->n_stages;
    default:
        return width;
    }
}

static void print_range(const ernn_plan *plan, int width, char *range, size_t size)
{
    const int bits = width_of(plan, width);
    // A vector stays one, whatever its width: [0:0].
    if (width == 1)
        snprintf(range, size, "%s", "");
    else
        snprintf(range, size, "[%d:0]", bits - 1);
}

// ---- Header ----

static void print_stream_text(ernn_buffer *out, const ernn_plan *plan, const char *name, int n,
                              int lanes, int frac)
{
    const int bits = (int)plan->network->signal_bits;
    const int beats = (n + lanes - 1) / lanes;
    const int last = n - (beats - 1) * lanes;
    ernn_buffer_print(out,
                      "//   %s  packets of %d beats, %d words in containers of %d bytes a beat, %d "
                      "in the\n//           last; Q%d.%d, sign-extended\n",
                      name, beats, lanes, (bits + 7) / 8, last, bits - frac, frac);
}

static void print_header(ernn_buffer *out, const ernn_plan *plan)
{
    ernn_buffer_print(out,
                      "// ernn_axi: ernn_top with AXI ports, for a block design.\n//\n"
                      "//   s_axi --> [registers] --> runs, load bus, states\n"
                      "//                 |                       |\n"
                      "//   s_axis -> [frames in] -> s_x [ernn_top] m_y -> [frames out] -> m_axis"
                      "\n//\n");
    ernn_print_origin(out, plan);
    ernn_buffer_print(out, "//\n// Ports:\n"
                           "//   aclk    the one clock; aresetn: synchronous, one cycle suffices\n"
                           "//   s_axi   AXI4-Lite, docs/registers.md\n"
                           "//   irq     level, high until ISR is cleared\n");
    print_stream_text(out, plan, "s_axis", plan->n_inputs, plan->design->lanes, plan->input_frac);
    print_stream_text(out, plan, "m_axis", plan->n_outputs, plan->output_lanes, plan->output_frac);
}

// ---- Module ----

static void print_module_ports(ernn_buffer *out, const ernn_plan *plan)
{
    ernn_buffer_print(out, "`default_nettype none\n\nmodule ernn_axi (\n");
    for (int i = 0; i < COUNT(PORTS); i++) {
        char range[16];
        print_range(plan, PORTS[i].width, range, sizeof range);
        ernn_buffer_print(out, "  %s wire %-7s %s%s\n",
                          PORTS[i].direction == 'i' ? "input " : "output", range, PORTS[i].name,
                          i + 1 < COUNT(PORTS) ? "," : "");
    }
    ernn_buffer_print(out, ");\n\n");
}

static void print_nets(ernn_buffer *out, const ernn_plan *plan)
{
    for (int i = 0; i < COUNT(NETS); i++) {
        char range[16];
        print_range(plan, NETS[i].width, range, sizeof range);
        ernn_buffer_print(out, "  wire %-7s %s;\n", range, NETS[i].name);
    }
    ernn_buffer_print(out, "  wire         unused_outputs = &{1'b0, y_last, saturated};\n");
}

static void print_unit_sizes(ernn_buffer *out, const ernn_plan_unit *units, int n)
{
    for (int u = 0; u < n; u++)
        ernn_buffer_print(out, "      8'h%02x:   words_of = 32'd%zu;  // %s\n",
                          units[u].layer * 16 + (int)units[u].what, units[u].n_words,
                          units[u].name);
}

static void print_sizes(ernn_buffer *out, const ernn_plan *plan)
{
    ernn_buffer_print(out, "\n  // Words of each unit; there are no others.\n"
                           "  function [31:0] words_of(input [7:0] unit);\n    case (unit)\n");
    print_unit_sizes(out, plan->units, plan->n_units);
    print_unit_sizes(out, plan->states, plan->n_states);
    ernn_buffer_print(out, "      default: words_of = 32'd0;\n    endcase\n  endfunction\n"
                           "  assign size_words = words_of(size_unit);\n"
                           "  assign state_words = words_of(state_unit);\n");
}

static void print_port(ernn_buffer *out, const char *port, const char *net, bool is_last)
{
    ernn_buffer_print(out, "    .%-13s (%s)%s\n", port, net, is_last ? "" : ",");
}

// The word of register `name` after reset.
static uint32_t word_of(const ernn_plan *plan, const char *name)
{
    int n;
    const ernn_register *registers = ernn_registers(&n);
    for (int i = 0; i < n; i++)
        if (!strcmp(registers[i].name, name))
            return ernn_register_word(plan, &registers[i]);
    return 0;
}

static void print_shell(ernn_buffer *out, const ernn_plan *plan)
{
    ernn_buffer_print(out,
                      "\n  axi_shell #(\n    .VERSION_WORD  (32'h%08" PRIx32 "),\n"
                      "    .GEOMETRY_WORD (32'h%08" PRIx32 "),\n",
                      word_of(plan, "VERSION"), word_of(plan, "GEOMETRY"));
    ernn_buffer_print(out,
                      "    .N_INPUTS      (%d),\n    .N_OUTPUTS     (%d),\n"
                      "    .LANES         (%d),\n    .OUTPUT_LANES  (%d),\n"
                      "    .N_LAYERS      (%d),\n",
                      plan->n_inputs, plan->n_outputs, plan->design->lanes, plan->output_lanes,
                      plan->n_stages);
    ernn_buffer_print(out, "    .SIGNAL_BITS   (%d),\n    .WEIGHT_BITS   (%d)\n  ) u_shell (\n",
                      (int)plan->network->signal_bits, (int)plan->network->weight_bits);
    for (int i = 0; i < COUNT(PORTS); i++)
        print_port(out, PORTS[i].name, PORTS[i].name, false);
    for (int i = 0; i < COUNT(NETS); i++)
        if (*NETS[i].shell)
            print_port(out, NETS[i].shell, NETS[i].name, i + 1 == COUNT(NETS));
    ernn_buffer_print(out, "  );\n");
}

static void print_core(ernn_buffer *out)
{
    ernn_buffer_print(out, "\n  ernn_top u_top (\n");
    print_port(out, "clk", "aclk", false);
    for (int i = 0; i < COUNT(NETS); i++)
        if (*NETS[i].top)
            print_port(out, NETS[i].top, NETS[i].name, !strcmp(NETS[i].top, "o_misframed"));
    ernn_buffer_print(out, "  );\nendmodule\n\n`default_nettype wire\n");
}

void ernn_print_axi(ernn_buffer *out, const ernn_plan *plan)
{
    print_header(out, plan);
    print_module_ports(out, plan);
    print_nets(out, plan);
    print_sizes(out, plan);
    print_shell(out, plan);
    print_core(out);
}
