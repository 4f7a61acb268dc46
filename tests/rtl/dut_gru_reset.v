// gru_reset for tb_pipe.v: the recurrent product two cycles later. SPDX-License-Identifier: Apache-2.0
module dut (clk, rst, i_valid, i_data, o_valid, o_data, o_saturated);
  `include "case.vh"
  input  clk, rst, i_valid;
  input  [IN_BITS-1:0] i_data;
  output o_valid;
  output [OUT_BITS-1:0] o_data;
  output [4:0] o_saturated;

  wire hit;
  reg  hit_q;
  reg  [SIGNAL_BITS-1:0] product_q, product_again_q;
  gru_reset #(
    .SIGNAL_BITS        (SIGNAL_BITS),
    .PREACTIVATION_FRAC (PREACTIVATION_FRAC),
    .SIGMOID_BASES      (SIGMOID_BASES),
    .SIGMOID_SLOPES     (SIGMOID_SLOPES)
  ) u_dut (
    .clk                 (clk),
    .rst                 (rst),
    .i_valid             (i_valid),
    .i_input_product     (i_data[0 +: SIGNAL_BITS]),
    .i_bias              (i_data[2*SIGNAL_BITS +: SIGNAL_BITS]),
    .i_h                 (i_data[3*SIGNAL_BITS +: SIGNAL_BITS]),
    .i_recurrent_product (product_again_q),
    .o_valid             (o_valid),
    .o_u                 (o_data),
    .o_preactivation_hit (hit)
  );
  always @(posedge clk) begin
    hit_q <= rst ? 1'b0 : hit_q | hit;
    product_q <= i_data[SIGNAL_BITS +: SIGNAL_BITS];
    product_again_q <= product_q;
  end
  assign o_saturated = {1'b0, hit_q, 3'd0};
endmodule
