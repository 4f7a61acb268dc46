// A peephole term and what it is added to (docs/fixed-point.md 6.1), one rounding:
//
//   round_shift(p c, SHIFT) + other = (p c + 2^(SHIFT-1) + other 2^SHIFT) >> SHIFT
//
// i_peephole and i_c come one cycle before i_other. Latency from i_other 1 cycle. 2 SIGNAL_BITS + 1
// hold the sum for any SHIFT from 0 to 2 SIGNAL_BITS. IS_PEEPHOLE = 0: the sum is i_other.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module peephole_sum #(
  parameter SIGNAL_BITS = 16,
  parameter IS_PEEPHOLE = 1,
  parameter SHIFT       = 13
) (
  input  wire                            clk,
  input  wire signed [SIGNAL_BITS-1:0]   i_peephole,
  input  wire signed [SIGNAL_BITS-1:0]   i_c,
  input  wire signed [SIGNAL_BITS+1:0]   i_other,
  output wire signed [2*SIGNAL_BITS:0]   o_sum
);
  localparam S = SIGNAL_BITS;
  localparam OUT_BITS = 2 * S + 1;
  generate
    if (IS_PEEPHOLE != 0) begin : g_peephole
      localparam SUM_BITS = OUT_BITS + SHIFT;
      localparam signed [SUM_BITS-1:0] HALF =
        (SHIFT == 0) ? {SUM_BITS{1'b0}} : {{SUM_BITS-1{1'b0}}, 1'b1} << (SHIFT - 1);
      wire signed [SUM_BITS-1:0] other = {{SUM_BITS-S-2{i_other[S+1]}}, i_other};
      wire signed [SUM_BITS-1:0] start = (other <<< SHIFT) + HALF;
      reg  signed [2*S-1:0]      product_q;
      reg  signed [SUM_BITS-1:0] sum_q;
      always @(posedge clk) begin
        product_q <= i_peephole * i_c;
        sum_q     <= {{SUM_BITS-2*S{product_q[2*S-1]}}, product_q} + start;
      end
      assign o_sum = sum_q[SUM_BITS-1:SHIFT];
      if (SHIFT > 0) begin : g_fraction
        wire unused_fraction = &{1'b0, sum_q[SHIFT-1:0]};
      end
    end else begin : g_none
      wire unused = &{1'b0, i_peephole, i_c, SHIFT[0]};
      reg  signed [S+1:0] sum_q;
      always @(posedge clk)
        sum_q <= i_other;
      assign o_sum = {{S-1{sum_q[S+1]}}, sum_q};
    end
  endgenerate
endmodule

`default_nettype wire
