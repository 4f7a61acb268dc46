// Element-wise part of one LSTM cell (docs/fixed-point.md 6.2), one lane, one cell per cycle.
//
//   i = s(a_i + p_i c'), f = s(a_f + p_f c'), g = tanh(a_g)     each a: Wx + Wr + b, saturated
//   c = saturate(round(f c' + i g))
//   o = s(a_o + p_o c), m = round(o tanh(c))
//
//   cycle  0      3     6      11      12-13    15      18    21     26       27      29
//          p c'   sums  pwl    i f g   f c'+i g  c  p_o c  sum  pwl    o     o tanh(c)  m
//
// Gates come side by side, i f c o from the low bits up; peepholes i f o. i_valid low makes an
// empty place: o_valid low, o_c and o_m zero, no hits. Latency 29 cycles.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module lstm_cell #(
  parameter SIGNAL_BITS        = 16,
  parameter IS_PEEPHOLE        = 1,
  parameter PREACTIVATION_FRAC = 11,
  parameter CELL_FRAC          = 12,
  parameter PEEPHOLE_FRAC      = 12,
  parameter [32*SIGNAL_BITS-1:0] SIGMOID_BASES  = {32*SIGNAL_BITS{1'b0}},
  parameter [32*SIGNAL_BITS-1:0] SIGMOID_SLOPES = {32*SIGNAL_BITS{1'b0}},
  parameter [32*SIGNAL_BITS-1:0] TANH_BASES     = {32*SIGNAL_BITS{1'b0}},
  parameter [32*SIGNAL_BITS-1:0] TANH_SLOPES    = {32*SIGNAL_BITS{1'b0}}
) (
  input  wire                          clk,
  input  wire                          rst,
  input  wire                          i_valid,
  input  wire [4*SIGNAL_BITS-1:0]      i_input_products,
  input  wire [4*SIGNAL_BITS-1:0]      i_recurrent_products,
  input  wire [4*SIGNAL_BITS-1:0]      i_biases,
  input  wire [3*SIGNAL_BITS-1:0]      i_peepholes,
  input  wire signed [SIGNAL_BITS-1:0] i_c,
  output wire                          o_valid,
  output wire signed [SIGNAL_BITS-1:0] o_c,
  output wire signed [SIGNAL_BITS-1:0] o_m,
  output wire                          o_preactivation_hit,
  output wire                          o_cell_hit
);
  localparam S = SIGNAL_BITS;
  localparam GATE_FRAC = SIGNAL_BITS - 2;

  // Where things happen, in cycles after the inputs.
  localparam PEEPHOLE_CYCLES = 3;                     // product and rounding
  localparam SUM_CYCLES = 3 + PEEPHOLE_CYCLES;        // gate_sum
  localparam PWL_CYCLES = 5;
  localparam GATES_CYCLE = SUM_CYCLES + PWL_CYCLES;   // i, f, g are there
  localparam CELL_CYCLES = 4;                         // products, sum, rounding
  localparam CELL_CYCLE = GATES_CYCLE + CELL_CYCLES;  // c is there
  localparam OUTPUT_CYCLE = CELL_CYCLE + SUM_CYCLES;  // a_o is there
  localparam O_CYCLE = OUTPUT_CYCLE + PWL_CYCLES;     // o is there
  localparam M_CYCLES = 3;                            // product and rounding
  localparam M_CYCLE = O_CYCLE + M_CYCLES;

  // Which places of the pipeline hold a cell, counted from the input.
  wire valid_gates_sum;
  wire valid_cell;
  wire valid_output_sum;
  valid_delay #(
    .BITS   (1),
    .CYCLES (SUM_CYCLES)
  ) u_valid_gates_sum (
    .clk     (clk),
    .rst     (rst),
    .i_valid (i_valid),
    .o_valid (valid_gates_sum)
  );
  valid_delay #(
    .BITS   (1),
    .CYCLES (CELL_CYCLE - SUM_CYCLES)
  ) u_valid_cell (
    .clk     (clk),
    .rst     (rst),
    .i_valid (valid_gates_sum),
    .o_valid (valid_cell)
  );
  valid_delay #(
    .BITS   (1),
    .CYCLES (SUM_CYCLES)
  ) u_valid_output_sum (
    .clk     (clk),
    .rst     (rst),
    .i_valid (valid_cell),
    .o_valid (valid_output_sum)
  );
  valid_delay #(
    .BITS   (1),
    .CYCLES (M_CYCLE - OUTPUT_CYCLE)
  ) u_valid_m (
    .clk     (clk),
    .rst     (rst),
    .i_valid (valid_output_sum),
    .o_valid (o_valid)
  );

  // The output gate's three terms wait for c.
  wire signed [S-1:0] output_input_product;
  wire signed [S-1:0] output_recurrent_product;
  wire signed [S-1:0] output_bias;
  delay #(
    .BITS   (3 * S),
    .CYCLES (CELL_CYCLE)
  ) u_output_terms (
    .clk    (clk),
    .i_data ({i_input_products[3*S +: S], i_recurrent_products[3*S +: S], i_biases[3*S +: S]}),
    .o_data ({output_input_product, output_recurrent_product, output_bias})
  );

  // Peephole terms in the format of the pre-activations.
  localparam PEEPHOLE_SHIFT = PEEPHOLE_FRAC + CELL_FRAC - PREACTIVATION_FRAC;
  localparam EXTRA_BITS = 2 * S;
  wire signed [EXTRA_BITS-1:0] input_extra;
  wire signed [EXTRA_BITS-1:0] forget_extra;
  wire signed [EXTRA_BITS-1:0] output_extra;
  wire signed [S-1:0]          c;
  generate
    if (IS_PEEPHOLE != 0) begin : g_peephole
      wire signed [S-1:0] peephole_input = i_peepholes[0 +: S];
      wire signed [S-1:0] peephole_forget = i_peepholes[S +: S];
      wire signed [S-1:0] peephole_output;
      delay #(
        .BITS   (S),
        .CYCLES (CELL_CYCLE)
      ) u_peephole_output (
        .clk    (clk),
        .i_data (i_peepholes[2*S +: S]),
        .o_data (peephole_output)
      );
      peephole_term #(
        .SIGNAL_BITS (S),
        .SHIFT       (PEEPHOLE_SHIFT)
      ) u_input (
        .clk        (clk),
        .i_peephole (peephole_input),
        .i_c        (i_c),
        .o_term     (input_extra)
      );
      peephole_term #(
        .SIGNAL_BITS (S),
        .SHIFT       (PEEPHOLE_SHIFT)
      ) u_forget (
        .clk        (clk),
        .i_peephole (peephole_forget),
        .i_c        (i_c),
        .o_term     (forget_extra)
      );
      peephole_term #(
        .SIGNAL_BITS (S),
        .SHIFT       (PEEPHOLE_SHIFT)
      ) u_output (
        .clk        (clk),
        .i_peephole (peephole_output),
        .i_c        (c),
        .o_term     (output_extra)
      );
    end else begin : g_no_peephole
      wire unused_peepholes = &{1'b0, i_peepholes, PEEPHOLE_SHIFT[0]};
      assign input_extra = {EXTRA_BITS{1'b0}};
      assign forget_extra = {EXTRA_BITS{1'b0}};
      assign output_extra = {EXTRA_BITS{1'b0}};
    end
  endgenerate

  // i, f and g.
  wire [2:0]          sum_hits;
  wire signed [S-1:0] input_sum;
  wire signed [S-1:0] forget_sum;
  wire signed [S-1:0] candidate_sum;
  wire signed [S-1:0] input_gate;
  wire signed [S-1:0] forget_gate;
  wire signed [S-1:0] candidate;
  gate_sum #(
    .SIGNAL_BITS  (S),
    .EXTRA_BITS   (EXTRA_BITS),
    .EXTRA_CYCLES (PEEPHOLE_CYCLES - 1)
  ) u_input_sum (
    .clk                 (clk),
    .i_input_product     (i_input_products[0 +: S]),
    .i_recurrent_product (i_recurrent_products[0 +: S]),
    .i_bias              (i_biases[0 +: S]),
    .i_extra             (input_extra),
    .o_sum               (input_sum),
    .o_hit               (sum_hits[0])
  );
  gate_sum #(
    .SIGNAL_BITS  (S),
    .EXTRA_BITS   (EXTRA_BITS),
    .EXTRA_CYCLES (PEEPHOLE_CYCLES - 1)
  ) u_forget_sum (
    .clk                 (clk),
    .i_input_product     (i_input_products[S +: S]),
    .i_recurrent_product (i_recurrent_products[S +: S]),
    .i_bias              (i_biases[S +: S]),
    .i_extra             (forget_extra),
    .o_sum               (forget_sum),
    .o_hit               (sum_hits[1])
  );
  gate_sum #(
    .SIGNAL_BITS  (S),
    .EXTRA_BITS   (1),
    .EXTRA_CYCLES (PEEPHOLE_CYCLES - 1)
  ) u_candidate_sum (
    .clk                 (clk),
    .i_input_product     (i_input_products[2*S +: S]),
    .i_recurrent_product (i_recurrent_products[2*S +: S]),
    .i_bias              (i_biases[2*S +: S]),
    .i_extra             (1'b0),
    .o_sum               (candidate_sum),
    .o_hit               (sum_hits[2])
  );
  pwl #(
    .SIGNAL_BITS (S),
    .X_FRAC      (PREACTIVATION_FRAC),
    .IS_TANH     (0),
    .BASES       (SIGMOID_BASES),
    .SLOPES      (SIGMOID_SLOPES)
  ) u_input_gate (
    .clk (clk),
    .i_x (input_sum),
    .o_y (input_gate)
  );
  pwl #(
    .SIGNAL_BITS (S),
    .X_FRAC      (PREACTIVATION_FRAC),
    .IS_TANH     (0),
    .BASES       (SIGMOID_BASES),
    .SLOPES      (SIGMOID_SLOPES)
  ) u_forget_gate (
    .clk (clk),
    .i_x (forget_sum),
    .o_y (forget_gate)
  );
  pwl #(
    .SIGNAL_BITS (S),
    .X_FRAC      (PREACTIVATION_FRAC),
    .IS_TANH     (1),
    .BASES       (TANH_BASES),
    .SLOPES      (TANH_SLOPES)
  ) u_candidate (
    .clk (clk),
    .i_x (candidate_sum),
    .o_y (candidate)
  );

  // c = saturate(round(f c' 2^(G - cell_frac) + i g)), one rounding.
  localparam ALIGN = GATE_FRAC - CELL_FRAC;
  localparam CELL_SUM_BITS = 2 * S + ALIGN + 1;
  wire signed [S-1:0]             c_before;
  reg  signed [2*S-1:0]           kept_q;       // f c'
  reg  signed [2*S-1:0]           new_q;        // i g
  wire signed [CELL_SUM_BITS-1:0] kept;
  wire signed [CELL_SUM_BITS-1:0] fresh = {{CELL_SUM_BITS-2*S{new_q[2*S-1]}}, new_q};
  reg  signed [CELL_SUM_BITS-1:0] cell_sum_q;
  wire                            cell_hit;
  delay #(
    .BITS   (S),
    .CYCLES (GATES_CYCLE)
  ) u_c_before (
    .clk    (clk),
    .i_data (i_c),
    .o_data (c_before)
  );
  generate
    if (ALIGN > 0) begin : g_align
      assign kept = {kept_q[2*S-1], kept_q, {ALIGN{1'b0}}};
    end else begin : g_aligned
      assign kept = {kept_q[2*S-1], kept_q};
    end
  endgenerate
  always @(posedge clk) begin
    kept_q     <= forget_gate * c_before;
    new_q      <= input_gate * candidate;
    cell_sum_q <= kept + fresh;
  end
  round_saturate #(
    .IN_BITS  (CELL_SUM_BITS),
    .OUT_BITS (S),
    .SHIFT    (2 * GATE_FRAC - CELL_FRAC)
  ) u_cell (
    .clk    (clk),
    .i_data (cell_sum_q),
    .o_data (c),
    .o_hit  (cell_hit)
  );

  // o and tanh(c).
  wire                output_sum_hit;
  wire signed [S-1:0] output_sum;
  wire signed [S-1:0] output_gate;
  wire signed [S-1:0] squashed_early;
  wire signed [S-1:0] squashed;
  gate_sum #(
    .SIGNAL_BITS  (S),
    .EXTRA_BITS   (EXTRA_BITS),
    .EXTRA_CYCLES (PEEPHOLE_CYCLES - 1)
  ) u_output_sum (
    .clk                 (clk),
    .i_input_product     (output_input_product),
    .i_recurrent_product (output_recurrent_product),
    .i_bias              (output_bias),
    .i_extra             (output_extra),
    .o_sum               (output_sum),
    .o_hit               (output_sum_hit)
  );
  pwl #(
    .SIGNAL_BITS (S),
    .X_FRAC      (PREACTIVATION_FRAC),
    .IS_TANH     (0),
    .BASES       (SIGMOID_BASES),
    .SLOPES      (SIGMOID_SLOPES)
  ) u_output_gate (
    .clk (clk),
    .i_x (output_sum),
    .o_y (output_gate)
  );
  pwl #(
    .SIGNAL_BITS (S),
    .X_FRAC      (CELL_FRAC),
    .IS_TANH     (1),
    .BASES       (TANH_BASES),
    .SLOPES      (TANH_SLOPES)
  ) u_squashed (
    .clk (clk),
    .i_x (c),
    .o_y (squashed_early)
  );
  delay #(
    .BITS   (S),
    .CYCLES (SUM_CYCLES)
  ) u_squashed_delay (
    .clk    (clk),
    .i_data (squashed_early),
    .o_data (squashed)
  );

  // m = round(o tanh(c)): no larger than 1.
  reg  signed [2*S-1:0] m_q;
  wire signed [S-1:0]   m;
  wire                  unused_m_hit;
  wire signed [S-1:0]   c_delayed;
  always @(posedge clk)
    m_q <= output_gate * squashed;
  round_saturate #(
    .IN_BITS  (2 * S),
    .OUT_BITS (S),
    .SHIFT    (GATE_FRAC)
  ) u_m (
    .clk    (clk),
    .i_data (m_q),
    .o_data (m),
    .o_hit  (unused_m_hit)
  );
  delay #(
    .BITS   (S),
    .CYCLES (M_CYCLE - CELL_CYCLE)
  ) u_c (
    .clk    (clk),
    .i_data (c),
    .o_data (c_delayed)
  );

  assign o_c = o_valid ? c_delayed : {S{1'b0}};
  assign o_m = o_valid ? m : {S{1'b0}};
  assign o_preactivation_hit =
    (valid_gates_sum & (|sum_hits)) | (valid_output_sum & output_sum_hit);
  assign o_cell_hit = valid_cell & cell_hit;
endmodule

`default_nettype wire
