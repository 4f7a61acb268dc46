// A delay line of CYCLES >= 1 registers without reset, so that it maps to shift-register
// primitives.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module delay #(
  parameter BITS   = 16,
  parameter CYCLES = 1
) (
  input  wire            clk,
  input  wire [BITS-1:0] i_data,
  output wire [BITS-1:0] o_data
);
  genvar n;
  generate
    for (n = 0; n < CYCLES; n = n + 1) begin : g_tap
      reg [BITS-1:0] data_q;
      if (n == 0) begin : g_first
        always @(posedge clk)
          data_q <= i_data;
      end else begin : g_next
        always @(posedge clk)
          data_q <= g_tap[n-1].data_q;
      end
    end
  endgenerate
  assign o_data = g_tap[CYCLES-1].data_q;
endmodule

`default_nettype wire
