// Printing rtl/ernn_bytes.v: ernn_top behind rtl/byte_shell.v, so that it fits the pins of a small
// device. SPDX-License-Identifier: Apache-2.0
#include "gen/print.h"

#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void print_header(ernn_buffer *out, const ernn_plan *plan)
{
    ernn_buffer_print(out,
                      "// ernn_bytes: ernn_top with 24 pins, for place and route and for boards "
                      "without a bus.\n//\n"
                      "//   s_byte --> [byte_shell] --> load bus, s_x [ernn_top] m_y --> "
                      "[byte_shell] --> m_byte\n//\n");
    ernn_print_origin(out, plan);
    ernn_buffer_print(out,
                      "//\n// Commands: rtl/byte_shell.v. A frame is %d words in and %d words out, "
                      "of %d bytes.\n",
                      plan->n_inputs, plan->n_outputs, ((int)plan->network->signal_bits + 7) / 8);
    ernn_buffer_print(out, "// rst is taken over by two registers; o_saturated: any class of any "
                           "layer, sticky.\n");
}

static const char PORTS[] = "`default_nettype none\n"
                            "\n"
                            "module ernn_bytes (\n"
                            "  input  wire       clk,\n"
                            "  input  wire       rst,\n"
                            "  input  wire [7:0] s_byte_data,\n"
                            "  input  wire       s_byte_valid,\n"
                            "  output wire       s_byte_ready,\n"
                            "  output wire [7:0] m_byte_data,\n"
                            "  output wire       m_byte_valid,\n"
                            "  input  wire       m_byte_ready,\n"
                            "  output reg        o_saturated,\n"
                            "  output wire       o_error\n"
                            ");\n\n";

// Between the shell and ernn_top: a net, and the port of each.
typedef struct bytes_net {
    int width; // 0, -1: a beat of x, of y
    const char *net;
    const char *shell;
    const char *top;
} bytes_net;

static const bytes_net NETS[] = {
    {1, "load_valid", "o_load_valid", "i_load_valid"},
    {8, "load_unit", "o_load_unit", "i_load_unit"},
    {1, "load_start", "o_load_start", "i_load_start"},
    {32, "load_data", "o_load_data", "i_load_data"},
    {1, "reset_state", "o_reset_state", "i_reset_state"},
    {0, "x_data", "m_x_data", "s_x_data"},
    {1, "x_valid", "m_x_valid", "s_x_valid"},
    {1, "x_ready", "m_x_ready", "s_x_ready"},
    {1, "x_last", "m_x_last", "s_x_last"},
    {-1, "y_data", "s_y_data", "m_y_data"},
    {1, "y_valid", "s_y_valid", "m_y_valid"},
    {1, "y_ready", "s_y_ready", "m_y_ready"},
};

static void print_nets(ernn_buffer *out, const ernn_plan *plan)
{
    const int bits = (int)plan->network->signal_bits;
    for (size_t i = 0; i < COUNT(NETS); i++) {
        const int beat = NETS[i].width == 0 ? plan->design->lanes : plan->output_lanes;
        const int width = NETS[i].width < 1 ? beat * bits : NETS[i].width;
        char range[16] = "";
        if (width > 1)
            snprintf(range, sizeof range, "[%d:0]", width - 1);
        ernn_buffer_print(out, "  wire %-7s %s;\n", range, NETS[i].net);
    }
    ernn_buffer_print(out,
                      "  wire [%d:0]   saturated;\n  wire [%d:0]   saturation;\n"
                      "  wire         misframed;\n  wire         unknown;\n"
                      "  wire         y_last;\n  wire [%d:0]  state;\n",
                      5 * plan->n_stages - 1, 5 * plan->n_stages - 1, bits - 1);
    ernn_buffer_print(out, "  wire         unused = &{1'b0, saturation, y_last, state};\n\n"
                           "  reg  [1:0]   reset_q;\n"
                           "  wire         reset = reset_q[1];\n"
                           "  always @(posedge clk) begin\n"
                           "    reset_q     <= {reset_q[0], rst};\n"
                           "    o_saturated <= |saturated;\n"
                           "  end\n"
                           "  assign o_error = unknown | misframed;\n");
}

static void print_port(ernn_buffer *out, const char *port, const char *net, bool is_last)
{
    ernn_buffer_print(out, "    .%-13s (%s)%s\n", port, net, is_last ? "" : ",");
}

static void print_shell(ernn_buffer *out, const ernn_plan *plan)
{
    static const char *const PINS[] = {"s_byte_data", "s_byte_valid", "s_byte_ready",
                                       "m_byte_data", "m_byte_valid", "m_byte_ready"};
    ernn_buffer_print(out,
                      "\n  byte_shell #(\n    .SIGNAL_BITS  (%d),\n    .LANES        (%d),\n"
                      "    .N_INPUTS     (%d),\n    .OUTPUT_LANES (%d),\n"
                      "    .N_OUTPUTS    (%d)\n  ) u_shell (\n",
                      (int)plan->network->signal_bits, plan->design->lanes, plan->n_inputs,
                      plan->output_lanes, plan->n_outputs);
    print_port(out, "clk", "clk", false);
    print_port(out, "rst", "reset", false);
    for (size_t i = 0; i < COUNT(PINS); i++)
        print_port(out, PINS[i], PINS[i], false);
    print_port(out, "o_error", "unknown", false);
    for (size_t i = 0; i < COUNT(NETS); i++)
        print_port(out, NETS[i].shell, NETS[i].net, i + 1 == COUNT(NETS));
    ernn_buffer_print(out, "  );\n");
}

static void print_core(ernn_buffer *out)
{
    ernn_buffer_print(out, "\n  ernn_top u_top (\n");
    print_port(out, "clk", "clk", false);
    print_port(out, "rst", "reset", false);
    for (size_t i = 0; i < COUNT(NETS); i++)
        print_port(out, NETS[i].top, NETS[i].net, false);
    print_port(out, "i_read", "1'b0", false);
    print_port(out, "i_read_unit", "8'd0", false);
    print_port(out, "i_read_index", "16'd0", false);
    print_port(out, "o_read_data", "state", false);
    print_port(out, "m_y_last", "y_last", false);
    print_port(out, "o_saturated", "saturated", false);
    print_port(out, "o_saturation", "saturation", false);
    print_port(out, "o_misframed", "misframed", true);
    ernn_buffer_print(out, "  );\nendmodule\n\n`default_nettype wire\n");
}

void ernn_print_bytes(ernn_buffer *out, const ernn_plan *plan)
{
    print_header(out, plan);
    ernn_buffer_append(out, PORTS, sizeof PORTS - 1);
    print_nets(out, plan);
    print_shell(out, plan);
    print_core(out);
}
