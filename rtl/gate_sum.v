// Last step of a pre-activation (docs/fixed-point.md 6.1): a = saturate(product + terms), where the
// terms were summed before the recurrent product came. Latency 2 cycles.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module gate_sum #(
  parameter SIGNAL_BITS = 16,
  parameter TERM_BITS   = 17
) (
  input  wire                          clk,
  input  wire signed [SIGNAL_BITS-1:0] i_product,
  input  wire signed [TERM_BITS-1:0]   i_terms,
  output wire signed [SIGNAL_BITS-1:0] o_sum,
  output wire                          o_hit
);
  localparam SUM_BITS = TERM_BITS + 1;
  reg  signed [SUM_BITS-1:0] sum_q;
  always @(posedge clk)
    sum_q <= {i_terms[TERM_BITS-1], i_terms} +
             {{SUM_BITS-SIGNAL_BITS{i_product[SIGNAL_BITS-1]}}, i_product};

  saturate #(
    .IN_BITS  (SUM_BITS),
    .OUT_BITS (SIGNAL_BITS)
  ) u_saturate (
    .clk    (clk),
    .i_data (sum_q),
    .o_data (o_sum),
    .o_hit  (o_hit)
  );
endmodule

`default_nettype wire
