// pwl for tb_pipe.v. SPDX-License-Identifier: Apache-2.0
module dut (clk, rst, i_valid, i_data, o_valid, o_data, o_saturated);
  `include "case.vh"
  input  clk, rst, i_valid;
  input  [IN_BITS-1:0] i_data;
  output o_valid;
  output [OUT_BITS-1:0] o_data;
  output [4:0] o_saturated;

  valid_delay #(.BITS (1), .CYCLES (4)) u_valid (
    .clk (clk), .rst (rst), .i_valid (i_valid), .o_valid (o_valid));
  pwl #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .X_FRAC      (X_FRAC),
    .IS_TANH     (IS_TANH),
    .BASES       (IS_TANH ? TANH_BASES : SIGMOID_BASES),
    .SLOPES      (IS_TANH ? TANH_SLOPES : SIGMOID_SLOPES)
  ) u_dut (
    .clk (clk),
    .i_x (i_data),
    .o_y (o_data)
  );
  assign o_saturated = 5'd0;
endmodule
