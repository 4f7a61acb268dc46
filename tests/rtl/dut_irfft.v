// irfft for tb_pipe.v. SPDX-License-Identifier: Apache-2.0
module dut (clk, rst, i_valid, i_data, o_valid, o_data, o_saturated);
  `include "case.vh"
  input  clk, rst, i_valid;
  input  [IN_BITS-1:0] i_data;
  output o_valid;
  output [OUT_BITS-1:0] o_data;
  output [4:0] o_saturated;
  localparam OUT_WORD_BITS = DATA_BITS + LOG2_K + 2;

  irfft #(
    .LOG2_K  (LOG2_K),
    .IN_BITS (DATA_BITS)
  ) u_dut (
    .clk     (clk),
    .rst     (rst),
    .i_valid (i_valid),
    .i_data  (i_data),
    .i_round ({OUT_WORD_BITS{1'b0}}),
    .o_valid (o_valid),
    .o_data  (o_data)
  );
  assign o_saturated = 5'd0;
endmodule
