// Reset gate of one GRU cell and what it multiplies (docs/fixed-point.md 6.3), one lane, one cell
// per cycle.
//
//   r = sigmoid(Wx + Wr + b, saturated), o_product = round(r * i_operand)
//
// Reset before the product: the operand is h', the product the vector u that the candidate's
// matrix sees. Reset after: the operand is Wr + b of the candidate. The result fits the operand's
// width, as r <= 1. i_valid low makes an empty place: o_valid low, o_product zero, no hits.
// Latency 12 cycles.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module gru_reset #(
  parameter SIGNAL_BITS        = 16,
  parameter OPERAND_BITS       = 17,
  parameter PREACTIVATION_FRAC = 11,
  parameter [32*SIGNAL_BITS-1:0] SIGMOID_BASES  = {32*SIGNAL_BITS{1'b0}},
  parameter [32*SIGNAL_BITS-1:0] SIGMOID_SLOPES = {32*SIGNAL_BITS{1'b0}}
) (
  input  wire                           clk,
  input  wire                           rst,
  input  wire                           i_valid,
  input  wire signed [SIGNAL_BITS-1:0]  i_input_product,
  input  wire signed [SIGNAL_BITS-1:0]  i_recurrent_product,
  input  wire signed [SIGNAL_BITS-1:0]  i_bias,
  input  wire signed [OPERAND_BITS-1:0] i_operand,
  output wire                           o_valid,
  output wire signed [OPERAND_BITS-1:0] o_product,
  output wire                           o_preactivation_hit
);
  localparam SUM_CYCLES = 4;
  localparam PWL_CYCLES = 5;
  localparam PRODUCT_CYCLES = 3;

  wire valid_sum;
  wire sum_hit;
  valid_delay #(
    .BITS   (1),
    .CYCLES (SUM_CYCLES)
  ) u_valid_sum (
    .clk     (clk),
    .rst     (rst),
    .i_valid (i_valid),
    .o_valid (valid_sum)
  );
  valid_delay #(
    .BITS   (1),
    .CYCLES (PWL_CYCLES + PRODUCT_CYCLES)
  ) u_valid (
    .clk     (clk),
    .rst     (rst),
    .i_valid (valid_sum),
    .o_valid (o_valid)
  );

  wire signed [SIGNAL_BITS-1:0] sum;
  wire signed [SIGNAL_BITS-1:0] gate;
  gate_sum #(
    .SIGNAL_BITS  (SIGNAL_BITS),
    .EXTRA_BITS   (1),
    .EXTRA_CYCLES (0)
  ) u_sum (
    .clk                 (clk),
    .i_input_product     (i_input_product),
    .i_recurrent_product (i_recurrent_product),
    .i_bias              (i_bias),
    .i_extra             (1'b0),
    .o_sum               (sum),
    .o_hit               (sum_hit)
  );
  pwl #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .X_FRAC      (PREACTIVATION_FRAC),
    .IS_TANH     (0),
    .BASES       (SIGMOID_BASES),
    .SLOPES      (SIGMOID_SLOPES)
  ) u_gate (
    .clk (clk),
    .i_x (sum),
    .o_y (gate)
  );

  wire signed [OPERAND_BITS-1:0]             operand;
  reg  signed [SIGNAL_BITS+OPERAND_BITS-1:0] product_q;
  wire signed [OPERAND_BITS-1:0]             product;
  wire                                       unused_hit;
  delay #(
    .BITS   (OPERAND_BITS),
    .CYCLES (SUM_CYCLES + PWL_CYCLES)
  ) u_operand (
    .clk    (clk),
    .i_data (i_operand),
    .o_data (operand)
  );
  always @(posedge clk)
    product_q <= gate * operand;
  round_saturate #(
    .IN_BITS  (SIGNAL_BITS + OPERAND_BITS),
    .OUT_BITS (OPERAND_BITS),
    .SHIFT    (SIGNAL_BITS - 2)
  ) u_round (
    .clk    (clk),
    .i_data (product_q),
    .o_data (product),
    .o_hit  (unused_hit)
  );

  assign o_product = o_valid ? product : {OPERAND_BITS{1'b0}};
  assign o_preactivation_hit = valid_sum & sum_hit;
endmodule

`default_nettype wire
