// Reset gate of one GRU cell with the reset before the product, and the vector that the candidate's
// matrix sees (docs/fixed-point.md 6.3), one lane, one cell per cycle.
//
//   r = sigmoid(Wx + b + Wr, saturated), u = round(r h')
//
// The recurrent product enters 2 cycles after everything else. i_valid low makes an empty place:
// o_valid low, o_u zero, no hits. Latency 10 cycles.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module gru_reset #(
  parameter SIGNAL_BITS        = 16,
  parameter PREACTIVATION_FRAC = 11,
  parameter [32*SIGNAL_BITS-1:0] SIGMOID_BASES  = {32*SIGNAL_BITS{1'b0}},
  parameter [32*SIGNAL_BITS-1:0] SIGMOID_SLOPES = {32*SIGNAL_BITS{1'b0}}
) (
  input  wire                          clk,
  input  wire                          rst,
  input  wire                          i_valid,
  input  wire signed [SIGNAL_BITS-1:0] i_input_product,
  input  wire signed [SIGNAL_BITS-1:0] i_bias,
  input  wire signed [SIGNAL_BITS-1:0] i_h,
  input  wire signed [SIGNAL_BITS-1:0] i_recurrent_product,   // 2 cycles later
  output wire                          o_valid,
  output wire signed [SIGNAL_BITS-1:0] o_u,
  output wire                          o_preactivation_hit
);
  localparam S = SIGNAL_BITS;
  localparam GATE_FRAC = SIGNAL_BITS - 2;
  localparam SUM_CYCLE = 4;
  localparam PWL_CYCLES = 4;
  localparam PRODUCT_CYCLES = 2;

  wire valid_sum;
  wire sum_hit;
  valid_delay #(
    .BITS   (1),
    .CYCLES (SUM_CYCLE)
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

  reg  signed [S:0]   two_q;
  reg  signed [S:0]   two_again_q;
  wire signed [S-1:0] sum;
  wire signed [S-1:0] gate;
  always @(posedge clk) begin
    two_q       <= i_input_product + i_bias;
    two_again_q <= two_q;
  end
  gate_sum #(
    .SIGNAL_BITS (S),
    .TERM_BITS   (S + 1)
  ) u_sum (
    .clk       (clk),
    .i_product (i_recurrent_product),
    .i_terms   (two_again_q),
    .o_sum     (sum),
    .o_hit     (sum_hit)
  );
  pwl #(
    .SIGNAL_BITS (S),
    .X_FRAC      (PREACTIVATION_FRAC),
    .IS_TANH     (0),
    .BASES       (SIGMOID_BASES),
    .SLOPES      (SIGMOID_SLOPES)
  ) u_gate (
    .clk (clk),
    .i_x (sum),
    .o_y (gate)
  );

  // No larger than |h'|.
  localparam signed [2*S-1:0] HALF = {{2*S-1{1'b0}}, 1'b1} << (GATE_FRAC - 1);
  wire signed [S-1:0]   h;
  reg  signed [2*S-1:0] product_q;
  reg  signed [2*S-1:0] u_q;
  wire                  unused_u = &{1'b0, u_q[2*S-1:GATE_FRAC+S], u_q[GATE_FRAC-1:0]};
  delay #(
    .BITS   (S),
    .CYCLES (SUM_CYCLE + PWL_CYCLES)
  ) u_h (
    .clk    (clk),
    .i_data (i_h),
    .o_data (h)
  );
  always @(posedge clk) begin
    product_q <= gate * h;
    u_q       <= product_q + HALF;
  end

  assign o_u = o_valid ? u_q[GATE_FRAC +: S] : {S{1'b0}};
  assign o_preactivation_hit = valid_sum & sum_hit;
endmodule

`default_nettype wire
