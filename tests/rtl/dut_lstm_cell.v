// lstm_cell for tb_pipe.v: recurrent products two cycles later, c and m side by side.
// SPDX-License-Identifier: Apache-2.0
module dut (clk, rst, i_valid, i_data, o_valid, o_data, o_saturated);
  `include "case.vh"
  input  clk, rst, i_valid;
  input  [IN_BITS-1:0] i_data;
  output o_valid;
  output [OUT_BITS-1:0] o_data;
  output [4:0] o_saturated;

  wire [1:0] hits;
  reg  [1:0] hits_q;
  reg  [4*SIGNAL_BITS-1:0] product_q, product_again_q;
  wire [SIGNAL_BITS-1:0] c;
  wire c_valid;
  integer n;
  reg  [SIGNAL_BITS-1:0] c_line [0:8];
  lstm_cell #(
    .SIGNAL_BITS        (SIGNAL_BITS),
    .IS_PEEPHOLE        (IS_PEEPHOLE),
    .PREACTIVATION_FRAC (PREACTIVATION_FRAC),
    .CELL_FRAC          (CELL_FRAC),
    .PEEPHOLE_FRAC      (PEEPHOLE_FRAC),
    .SIGMOID_BASES      (SIGMOID_BASES),
    .SIGMOID_SLOPES     (SIGMOID_SLOPES),
    .TANH_BASES         (TANH_BASES),
    .TANH_SLOPES        (TANH_SLOPES)
  ) u_dut (
    .clk                  (clk),
    .rst                  (rst),
    .i_valid              (i_valid),
    .i_input_products     (i_data[0 +: 4*SIGNAL_BITS]),
    .i_biases             (i_data[8*SIGNAL_BITS +: 4*SIGNAL_BITS]),
    .i_peepholes          (i_data[12*SIGNAL_BITS +: 3*SIGNAL_BITS]),
    .i_c                  (i_data[15*SIGNAL_BITS +: SIGNAL_BITS]),
    .i_recurrent_products (product_again_q),
    .o_c_valid            (c_valid),
    .o_c                  (c),
    .o_valid              (o_valid),
    .o_m                  (o_data[SIGNAL_BITS +: SIGNAL_BITS]),
    .o_preactivation_hit  (hits[0]),
    .o_cell_hit           (hits[1])
  );
  always @(posedge clk) begin
    hits_q <= rst ? 2'd0 : hits_q | hits;
    product_q <= i_data[4*SIGNAL_BITS +: 4*SIGNAL_BITS];
    product_again_q <= product_q;
    c_line[0] <= c_valid ? c : {SIGNAL_BITS{1'bx}};
    for (n = 1; n < 9; n = n + 1)
      c_line[n] <= c_line[n-1];
  end
  assign o_data[0 +: SIGNAL_BITS] = c_line[IS_PEEPHOLE ? 8 : 5];
  assign o_saturated = {hits_q, 3'd0};
endmodule
