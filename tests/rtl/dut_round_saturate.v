// round_saturate for tb_pipe.v. SPDX-License-Identifier: Apache-2.0
module dut (clk, rst, i_valid, i_data, o_valid, o_data, o_saturated);
  `include "case.vh"
  input  clk, rst, i_valid;
  input  [IN_BITS-1:0] i_data;
  output o_valid;
  output [OUT_BITS-1:0] o_data;
  output [4:0] o_saturated;

  valid_delay #(.BITS (1), .CYCLES (2)) u_valid (
    .clk (clk), .rst (rst), .i_valid (i_valid), .o_valid (o_valid));
  round_saturate #(
    .IN_BITS  (DATA_BITS),
    .OUT_BITS (RESULT_BITS),
    .SHIFT    (SHIFT)
  ) u_dut (
    .clk    (clk),
    .i_data (i_data),
    .o_data (o_data[RESULT_BITS-1:0]),
    .o_hit  (o_data[RESULT_BITS])
  );
  assign o_saturated = 5'd0;
endmodule
