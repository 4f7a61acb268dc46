// Update gate, candidate and blend of one GRU cell (docs/fixed-point.md 6.3), one lane, one cell
// per cycle.
//
//   z = sigmoid(Wx_z + b_z + Wr_z, saturated)
//   reset after:  r = sigmoid(Wx_r + b_r + Wr_r, saturated)
//                 n = tanh(Wx_h + b_h + round(r (Wr_h + b_hr)), saturated)
//   reset before: n = tanh(Wx_h + b_h + W_hr u, saturated), u from gru_reset
//   h = (1 - z) n + z h' = round(n 2^G + z (h' - n)), one rounding
//
// The recurrent products enter 2 cycles after everything else. Cycles with the reset after:
//
//   0        1       3    4    8    9         10          11   15  16      17    18
//   Wx b h'  Wx + b  +Wr  a    z r  r (Wr+b)  + Wx + b    a_h  n   h' - n  z ()  h
//
// With the reset before a_h is ready at 4 and h leaves at 11: LATENCY = 18 or 11. Gates come side
// by side, z r h from the low bits up; with the reset before r is not looked at. i_valid low makes
// an empty place: o_valid low, o_h zero, no hits.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module gru_cell #(
  parameter SIGNAL_BITS        = 16,
  parameter IS_RESET_AFTER     = 1,
  parameter PREACTIVATION_FRAC = 11,
  parameter [32*SIGNAL_BITS-1:0] SIGMOID_BASES  = {32*SIGNAL_BITS{1'b0}},
  parameter [32*SIGNAL_BITS-1:0] SIGMOID_SLOPES = {32*SIGNAL_BITS{1'b0}},
  parameter [32*SIGNAL_BITS-1:0] TANH_BASES     = {32*SIGNAL_BITS{1'b0}},
  parameter [32*SIGNAL_BITS-1:0] TANH_SLOPES    = {32*SIGNAL_BITS{1'b0}}
) (
  input  wire                          clk,
  input  wire                          rst,
  input  wire                          i_valid,
  input  wire [3*SIGNAL_BITS-1:0]      i_input_products,
  input  wire [3*SIGNAL_BITS-1:0]      i_biases,
  input  wire signed [SIGNAL_BITS-1:0] i_bias_candidate,       // b_hr
  input  wire signed [SIGNAL_BITS-1:0] i_h,
  input  wire [3*SIGNAL_BITS-1:0]      i_recurrent_products,   // 2 cycles later
  output wire                          o_valid,
  output wire signed [SIGNAL_BITS-1:0] o_h,
  output wire                          o_preactivation_hit
);
  localparam S = SIGNAL_BITS;
  localparam GATE_FRAC = SIGNAL_BITS - 2;
  localparam GATES_SUM_CYCLE = 4;
  localparam PWL_CYCLES = 4;
  localparam GATES_CYCLE = GATES_SUM_CYCLE + PWL_CYCLES;
  localparam RESET_CYCLES = 3;   // product, sum, saturation
  localparam CANDIDATE_SUM_CYCLE =
    (IS_RESET_AFTER != 0) ? GATES_CYCLE + RESET_CYCLES : GATES_SUM_CYCLE;
  localparam CANDIDATE_CYCLE = CANDIDATE_SUM_CYCLE + PWL_CYCLES;
  localparam BLEND_CYCLES = 3;   // difference, product, sum

  wire valid_gates_sum;
  wire valid_candidate_sum;
  valid_delay #(
    .BITS   (1),
    .CYCLES (GATES_SUM_CYCLE)
  ) u_valid_gates_sum (
    .clk     (clk),
    .rst     (rst),
    .i_valid (i_valid),
    .o_valid (valid_gates_sum)
  );
  valid_delay #(
    .BITS   (1),
    .CYCLES (PWL_CYCLES + BLEND_CYCLES)
  ) u_valid (
    .clk     (clk),
    .rst     (rst),
    .i_valid (valid_candidate_sum),
    .o_valid (o_valid)
  );

  // 1, 2: Wx + b.
  localparam TWO_BITS = S + 1;
  wire [3*TWO_BITS-1:0] twos;
  genvar n;
  generate
    for (n = 0; n < 3; n = n + 1) begin : g_two
      wire signed [S-1:0]        input_product = i_input_products[n*S +: S];
      wire signed [S-1:0]        bias = i_biases[n*S +: S];
      reg  signed [TWO_BITS-1:0] two_q;
      reg  signed [TWO_BITS-1:0] two_again_q;
      always @(posedge clk) begin
        two_q       <= input_product + bias;
        two_again_q <= two_q;
      end
      assign twos[n*TWO_BITS +: TWO_BITS] = two_again_q;
    end
  endgenerate

  // 3, 4 and 8: update gate.
  wire                update_hit;
  wire                reset_hit;
  wire                candidate_hit;
  wire signed [S-1:0] update_sum;
  wire signed [S-1:0] update_early;
  wire signed [S-1:0] update;
  wire signed [S-1:0] candidate_sum;
  wire signed [S-1:0] candidate;
  gate_sum #(
    .SIGNAL_BITS (S),
    .TERM_BITS   (TWO_BITS)
  ) u_update_sum (
    .clk       (clk),
    .i_product (i_recurrent_products[0 +: S]),
    .i_terms   (twos[0 +: TWO_BITS]),
    .o_sum     (update_sum),
    .o_hit     (update_hit)
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
    .o_y (update_early)
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

  generate
    if (IS_RESET_AFTER != 0) begin : g_after
      // round(r (Wr + b_hr)) + Wx + b = (r (Wr + b_hr) + 2^(G-1) + (Wx + b) 2^G) >> G
      localparam PRODUCT_BITS = 2 * S + 1;
      localparam SUM_BITS = PRODUCT_BITS + 1;
      localparam signed [SUM_BITS-1:0] HALF = {{SUM_BITS-1{1'b0}}, 1'b1} << (GATE_FRAC - 1);
      wire signed [S-1:0]            reset_sum;
      wire signed [S-1:0]            reset;
      wire signed [S-1:0]            bias_candidate;
      wire signed [S-1:0]            product = i_recurrent_products[2*S +: S];
      reg  signed [S:0]              inner_q;          // 3
      wire signed [S:0]              inner;            // 8
      wire signed [TWO_BITS-1:0]     two_candidate;    // 9
      reg  signed [PRODUCT_BITS-1:0] product_q;        // 9
      reg  signed [SUM_BITS-1:0]     sum_q;            // 10
      wire signed [SUM_BITS-1:0]     start =
        {{SUM_BITS-TWO_BITS-GATE_FRAC{two_candidate[TWO_BITS-1]}}, two_candidate,
         {GATE_FRAC{1'b0}}} + HALF;
      wire                           unused_fraction = &{1'b0, sum_q[GATE_FRAC-1:0]};
      delay #(
        .BITS   (S),
        .CYCLES (2)
      ) u_bias_candidate (
        .clk    (clk),
        .i_data (i_bias_candidate),
        .o_data (bias_candidate)
      );
      delay #(
        .BITS   (S + 1),
        .CYCLES (GATES_CYCLE - 3)
      ) u_inner (
        .clk    (clk),
        .i_data (inner_q),
        .o_data (inner)
      );
      delay #(
        .BITS   (TWO_BITS),
        .CYCLES (GATES_CYCLE - 1)
      ) u_two_candidate (
        .clk    (clk),
        .i_data (twos[2*TWO_BITS +: TWO_BITS]),
        .o_data (two_candidate)
      );
      gate_sum #(
        .SIGNAL_BITS (S),
        .TERM_BITS   (TWO_BITS)
      ) u_reset_sum (
        .clk       (clk),
        .i_product (i_recurrent_products[S +: S]),
        .i_terms   (twos[TWO_BITS +: TWO_BITS]),
        .o_sum     (reset_sum),
        .o_hit     (reset_hit)
      );
      pwl #(
        .SIGNAL_BITS (S),
        .X_FRAC      (PREACTIVATION_FRAC),
        .IS_TANH     (0),
        .BASES       (SIGMOID_BASES),
        .SLOPES      (SIGMOID_SLOPES)
      ) u_reset (
        .clk (clk),
        .i_x (reset_sum),
        .o_y (reset)
      );
      always @(posedge clk) begin
        inner_q   <= product + bias_candidate;
        product_q <= reset * inner;
        sum_q     <= {product_q[PRODUCT_BITS-1], product_q} + start;
      end
      saturate #(
        .IN_BITS  (SUM_BITS - GATE_FRAC),
        .OUT_BITS (S)
      ) u_candidate_sum (
        .clk    (clk),
        .i_data (sum_q[SUM_BITS-1:GATE_FRAC]),
        .o_data (candidate_sum),
        .o_hit  (candidate_hit)
      );
      delay #(
        .BITS   (S),
        .CYCLES (CANDIDATE_CYCLE - GATES_CYCLE)
      ) u_update_delay (
        .clk    (clk),
        .i_data (update_early),
        .o_data (update)
      );
      valid_delay #(
        .BITS   (1),
        .CYCLES (CANDIDATE_SUM_CYCLE - GATES_SUM_CYCLE)
      ) u_valid_candidate_sum (
        .clk     (clk),
        .rst     (rst),
        .i_valid (valid_gates_sum),
        .o_valid (valid_candidate_sum)
      );
    end else begin : g_before
      wire unused_reset = &{1'b0, i_bias_candidate, i_recurrent_products[S +: S],
                            twos[TWO_BITS +: TWO_BITS]};
      gate_sum #(
        .SIGNAL_BITS (S),
        .TERM_BITS   (TWO_BITS)
      ) u_candidate_sum (
        .clk       (clk),
        .i_product (i_recurrent_products[2*S +: S]),
        .i_terms   (twos[2*TWO_BITS +: TWO_BITS]),
        .o_sum     (candidate_sum),
        .o_hit     (candidate_hit)
      );
      assign reset_hit = 1'b0;
      assign update = update_early;
      assign valid_candidate_sum = valid_gates_sum;
    end
  endgenerate

  // h = round(n 2^G + z (h' - n))
  localparam BLEND_BITS = 2 * S + 1;
  localparam signed [BLEND_BITS-1:0] BLEND_HALF =
    {{BLEND_BITS-1{1'b0}}, 1'b1} << (GATE_FRAC - 1);
  wire signed [S-1:0]          h_before;
  reg  signed [S:0]            difference_q;
  reg  signed [S-1:0]          update_q;
  reg  signed [S-1:0]          candidate_q;
  reg  signed [S-1:0]          product_candidate_q;
  reg  signed [BLEND_BITS-1:0] product_q;
  reg  signed [BLEND_BITS-1:0] blend_q;
  wire signed [BLEND_BITS-1:0] scaled_candidate =
    {{3{product_candidate_q[S-1]}}, product_candidate_q, {GATE_FRAC{1'b0}}};
  wire                         unused_blend =
    &{1'b0, blend_q[BLEND_BITS-1:GATE_FRAC+S], blend_q[GATE_FRAC-1:0]};
  delay #(
    .BITS   (S),
    .CYCLES (CANDIDATE_CYCLE)
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
    blend_q             <= scaled_candidate + product_q + BLEND_HALF;
  end

  assign o_h = o_valid ? blend_q[GATE_FRAC +: S] : {S{1'b0}};
  assign o_preactivation_hit = (valid_gates_sum & (update_hit | reset_hit)) |
                               (valid_candidate_sum & candidate_hit);
endmodule

`default_nettype wire
