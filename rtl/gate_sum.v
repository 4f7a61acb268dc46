// Pre-activation of one gate of one cell (docs/fixed-point.md 6.1):
//
//   a = saturate(Wx + Wr + b + extra, SIGNAL_BITS)
//
// i_extra is added one cycle after the other three have been summed, i.e. EXTRA_CYCLES + 1 cycles
// after them: it may be a product that takes EXTRA_CYCLES longer. Latency 4 + EXTRA_CYCLES cycles.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module gate_sum #(
  parameter SIGNAL_BITS  = 16,
  parameter EXTRA_BITS   = 17,
  parameter EXTRA_CYCLES = 0
) (
  input  wire                          clk,
  input  wire signed [SIGNAL_BITS-1:0] i_input_product,
  input  wire signed [SIGNAL_BITS-1:0] i_recurrent_product,
  input  wire signed [SIGNAL_BITS-1:0] i_bias,
  input  wire signed [EXTRA_BITS-1:0]  i_extra,
  output wire signed [SIGNAL_BITS-1:0] o_sum,
  output wire                          o_hit
);
  localparam THREE_BITS = SIGNAL_BITS + 2;
  localparam SUM_BITS = 1 + ((EXTRA_BITS > THREE_BITS) ? EXTRA_BITS : THREE_BITS);

  wire signed [SIGNAL_BITS:0]  two = i_input_product + i_recurrent_product;
  wire signed [SIGNAL_BITS:0]  bias = {i_bias[SIGNAL_BITS-1], i_bias};
  reg  signed [THREE_BITS-1:0] three_q;
  always @(posedge clk)
    three_q <= two + bias;

  wire signed [THREE_BITS-1:0] three;
  generate
    if (EXTRA_CYCLES == 0) begin : g_at_once
      assign three = three_q;
    end else begin : g_wait
      delay #(
        .BITS   (THREE_BITS),
        .CYCLES (EXTRA_CYCLES)
      ) u_delay (
        .clk    (clk),
        .i_data (three_q),
        .o_data (three)
      );
    end
  endgenerate

  wire signed [SUM_BITS-1:0] wide_three = {{SUM_BITS-THREE_BITS{three[THREE_BITS-1]}}, three};
  wire signed [SUM_BITS-1:0] wide_extra = {{SUM_BITS-EXTRA_BITS{i_extra[EXTRA_BITS-1]}}, i_extra};
  reg  signed [SUM_BITS-1:0] sum_q;
  always @(posedge clk)
    sum_q <= wide_three + wide_extra;

  round_saturate #(
    .IN_BITS  (SUM_BITS),
    .OUT_BITS (SIGNAL_BITS),
    .SHIFT    (0)
  ) u_saturate (
    .clk    (clk),
    .i_data (sum_q),
    .o_data (o_sum),
    .o_hit  (o_hit)
  );
endmodule

`default_nettype wire
