// gru_cell for tb_pipe.v: recurrent products two cycles later. SPDX-License-Identifier: Apache-2.0
module dut (clk, rst, i_valid, i_data, o_valid, o_data, o_saturated);
  `include "case.vh"
  input  clk, rst, i_valid;
  input  [IN_BITS-1:0] i_data;
  output o_valid;
  output [OUT_BITS-1:0] o_data;
  output [4:0] o_saturated;

  wire hit;
  reg  hit_q;
  reg  [3*SIGNAL_BITS-1:0] product_q, product_again_q;
  gru_cell #(
    .SIGNAL_BITS        (SIGNAL_BITS),
    .IS_RESET_AFTER     (IS_RESET_AFTER),
    .PREACTIVATION_FRAC (PREACTIVATION_FRAC),
    .SIGMOID_BASES      (SIGMOID_BASES),
    .SIGMOID_SLOPES     (SIGMOID_SLOPES),
    .TANH_BASES         (TANH_BASES),
    .TANH_SLOPES        (TANH_SLOPES)
  ) u_dut (
    .clk                  (clk),
    .rst                  (rst),
    .i_valid              (i_valid),
    .i_input_products     (i_data[0 +: 3*SIGNAL_BITS]),
    .i_biases             (i_data[6*SIGNAL_BITS +: 3*SIGNAL_BITS]),
    .i_bias_candidate     (i_data[9*SIGNAL_BITS +: SIGNAL_BITS]),
    .i_h                  (i_data[10*SIGNAL_BITS +: SIGNAL_BITS]),
    .i_recurrent_products (product_again_q),
    .o_valid              (o_valid),
    .o_h                  (o_data),
    .o_preactivation_hit  (hit)
  );
  always @(posedge clk) begin
    hit_q <= rst ? 1'b0 : hit_q | hit;
    product_q <= i_data[3*SIGNAL_BITS +: 3*SIGNAL_BITS];
    product_again_q <= product_q;
  end
  assign o_saturated = {1'b0, hit_q, 3'd0};
endmodule
