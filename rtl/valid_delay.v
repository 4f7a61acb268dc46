// A delay line of CYCLES >= 1 control bits per line, cleared by reset.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module valid_delay #(
  parameter BITS   = 1,
  parameter CYCLES = 1
) (
  input  wire            clk,
  input  wire            rst,
  input  wire [BITS-1:0] i_valid,
  output wire [BITS-1:0] o_valid
);
  reg  [BITS*CYCLES-1:0]     line_q;
  wire [BITS*(CYCLES+1)-1:0] line = {line_q, i_valid};

  always @(posedge clk)
    line_q <= rst ? {BITS*CYCLES{1'b0}} : line[BITS*CYCLES-1:0];

  assign o_valid = line[BITS*CYCLES +: BITS];
endmodule

`default_nettype wire
