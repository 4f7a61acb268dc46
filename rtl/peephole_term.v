// Peephole term of one gate in the format of the pre-activations: round_shift(p c, SHIFT)
// (docs/fixed-point.md 6.1). 2 SIGNAL_BITS hold it for any SHIFT from 0 to that. Latency 3 cycles.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module peephole_term #(
  parameter SIGNAL_BITS = 16,
  parameter SHIFT       = 13
) (
  input  wire                            clk,
  input  wire signed [SIGNAL_BITS-1:0]   i_peephole,
  input  wire signed [SIGNAL_BITS-1:0]   i_c,
  output wire signed [2*SIGNAL_BITS-1:0] o_term
);
  reg  signed [2*SIGNAL_BITS-1:0] product_q;
  wire                            unused_hit;
  always @(posedge clk)
    product_q <= i_peephole * i_c;

  round_saturate #(
    .IN_BITS  (2 * SIGNAL_BITS),
    .OUT_BITS (2 * SIGNAL_BITS),
    .SHIFT    (SHIFT)
  ) u_round (
    .clk    (clk),
    .i_data (product_q),
    .o_data (o_term),
    .o_hit  (unused_hit)
  );
endmodule

`default_nettype wire
