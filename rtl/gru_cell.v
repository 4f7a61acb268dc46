// Update gate, candidate and blend of one GRU cell (docs/fixed-point.md 6.3), one lane, one cell
// per cycle.
//
//   z = sigmoid(Wx_z + Wr_z + b_z, saturated), n = tanh(Wx_h + b_h + i_inner, saturated)
//   h = (1 - z) n + z h' = round(n 2^G + z (h' - n)), one rounding
//
// i_inner is what follows the reset: round(r (Wr h' + b_hr)) with the reset after the product, the
// candidate's product W_hr (r h') with the reset before. i_valid low makes an empty place: o_valid
// low, o_h zero, no hits. Latency 14 cycles.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module gru_cell #(
  parameter SIGNAL_BITS        = 16,
  parameter INNER_BITS         = 17,
  parameter PREACTIVATION_FRAC = 11,
  parameter [32*SIGNAL_BITS-1:0] SIGMOID_BASES  = {32*SIGNAL_BITS{1'b0}},
  parameter [32*SIGNAL_BITS-1:0] SIGMOID_SLOPES = {32*SIGNAL_BITS{1'b0}},
  parameter [32*SIGNAL_BITS-1:0] TANH_BASES     = {32*SIGNAL_BITS{1'b0}},
  parameter [32*SIGNAL_BITS-1:0] TANH_SLOPES    = {32*SIGNAL_BITS{1'b0}}
) (
  input  wire                          clk,
  input  wire                          rst,
  input  wire                          i_valid,
  input  wire signed [SIGNAL_BITS-1:0] i_update_input_product,
  input  wire signed [SIGNAL_BITS-1:0] i_update_recurrent_product,
  input  wire signed [SIGNAL_BITS-1:0] i_update_bias,
  input  wire signed [SIGNAL_BITS-1:0] i_candidate_input_product,
  input  wire signed [SIGNAL_BITS-1:0] i_candidate_bias,
  input  wire signed [INNER_BITS-1:0]  i_inner,
  input  wire signed [SIGNAL_BITS-1:0] i_h,
  output wire                          o_valid,
  output wire signed [SIGNAL_BITS-1:0] o_h,
  output wire                          o_preactivation_hit
);
  localparam S = SIGNAL_BITS;
  localparam GATE_FRAC = SIGNAL_BITS - 2;
  localparam SUM_CYCLES = 4;
  localparam PWL_CYCLES = 5;
  localparam BLEND_CYCLES = 5;   // difference, product, sum, rounding

  wire       valid_sum;
  wire [1:0] sum_hits;
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
    .CYCLES (PWL_CYCLES + BLEND_CYCLES)
  ) u_valid (
    .clk     (clk),
    .rst     (rst),
    .i_valid (valid_sum),
    .o_valid (o_valid)
  );

  wire signed [S-1:0]          update_sum;
  wire signed [S-1:0]          candidate_sum;
  wire signed [S-1:0]          update;
  wire signed [S-1:0]          candidate;
  wire signed [INNER_BITS-1:0] inner;
  gate_sum #(
    .SIGNAL_BITS  (S),
    .EXTRA_BITS   (1),
    .EXTRA_CYCLES (0)
  ) u_update_sum (
    .clk                 (clk),
    .i_input_product     (i_update_input_product),
    .i_recurrent_product (i_update_recurrent_product),
    .i_bias              (i_update_bias),
    .i_extra             (1'b0),
    .o_sum               (update_sum),
    .o_hit               (sum_hits[0])
  );
  delay #(
    .BITS   (INNER_BITS),
    .CYCLES (1)
  ) u_inner (
    .clk    (clk),
    .i_data (i_inner),
    .o_data (inner)
  );
  gate_sum #(
    .SIGNAL_BITS  (S),
    .EXTRA_BITS   (INNER_BITS),
    .EXTRA_CYCLES (0)
  ) u_candidate_sum (
    .clk                 (clk),
    .i_input_product     (i_candidate_input_product),
    .i_recurrent_product ({S{1'b0}}),
    .i_bias              (i_candidate_bias),
    .i_extra             (inner),
    .o_sum               (candidate_sum),
    .o_hit               (sum_hits[1])
  );
  pwl #(
    .SIGNAL_BITS (S),
    .X_FRAC      (PREACTIVATION_FRAC),
    .IS_TANH     (0),
    .BASES       (SIGMOID_BASES),
    .SLOPES      (SIGMOID_SLOPES)
  ) u_update (
    .clk (clk),
    .i_x (update_sum),
    .o_y (update)
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

  // h = round(n 2^G + z (h' - n))
  localparam BLEND_BITS = 2 * S + 1;
  wire signed [S-1:0]          h_before;
  reg  signed [S:0]            difference_q;
  reg  signed [S-1:0]          update_q;
  reg  signed [S-1:0]          candidate_q;
  reg  signed [S-1:0]          product_candidate_q;
  reg  signed [BLEND_BITS-1:0] product_q;
  reg  signed [BLEND_BITS-1:0] blend_q;
  wire signed [BLEND_BITS-1:0] scaled_candidate =
    {{3{product_candidate_q[S-1]}}, product_candidate_q, {GATE_FRAC{1'b0}}};
  wire signed [S-1:0]          h;
  wire                         unused_hit;
  delay #(
    .BITS   (S),
    .CYCLES (SUM_CYCLES + PWL_CYCLES)
  ) u_h_before (
    .clk    (clk),
    .i_data (i_h),
    .o_data (h_before)
  );
  always @(posedge clk) begin
    difference_q        <= h_before - candidate;
    update_q            <= update;
    candidate_q         <= candidate;
    product_q           <= update_q * difference_q;
    product_candidate_q <= candidate_q;
    blend_q             <= scaled_candidate + product_q;
  end
  round_saturate #(
    .IN_BITS  (BLEND_BITS),
    .OUT_BITS (S),
    .SHIFT    (GATE_FRAC)
  ) u_round (
    .clk    (clk),
    .i_data (blend_q),
    .o_data (h),
    .o_hit  (unused_hit)
  );

  assign o_h = o_valid ? h : {S{1'b0}};
  assign o_preactivation_hit = valid_sum & (|sum_hits);
endmodule

`default_nettype wire
