// Rounding right shift and saturation of one signed word (docs/fixed-point.md 2.1, 2.2).
//
//   o_data = saturate(floor(i_data / 2^SHIFT + 1/2), OUT_BITS), o_hit = saturation changed it
//
// 0 <= SHIFT <= IN_BITS. Latency 2 cycles, one word per cycle.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module round_saturate #(
  parameter IN_BITS  = 36,
  parameter OUT_BITS = 16,
  parameter SHIFT    = 8
) (
  input  wire                       clk,
  input  wire signed [IN_BITS-1:0]  i_data,
  output reg  signed [OUT_BITS-1:0] o_data,
  output reg                        o_hit
);
  localparam SUM_BITS = IN_BITS + 1;            // the rounding constant may carry
  localparam ROUNDED_BITS = SUM_BITS - SHIFT;   // what is left after the shift
  localparam signed [SUM_BITS-1:0] HALF =
    (SHIFT == 0) ? {SUM_BITS{1'b0}} : ({{SUM_BITS-1{1'b0}}, 1'b1} << (SHIFT - 1));

  reg  signed [SUM_BITS-1:0] sum_q;
  wire signed [SUM_BITS-1:0] shifted = sum_q >>> SHIFT;

  always @(posedge clk)
    sum_q <= i_data + HALF;

  generate
    if (ROUNDED_BITS > OUT_BITS) begin : g_narrow
      // It fits when all bits from the new sign upwards are equal: no wide comparison.
      wire [SUM_BITS-OUT_BITS:0] top = shifted[SUM_BITS-1:OUT_BITS-1];
      wire fits = (&top) | ~(|top);
      always @(posedge clk) begin
        o_hit  <= ~fits;
        o_data <= fits ? shifted[OUT_BITS-1:0]
                       : {shifted[SUM_BITS-1], {OUT_BITS-1{~shifted[SUM_BITS-1]}}};
      end
    end else if (SUM_BITS >= OUT_BITS) begin : g_exact
      wire unused_sign = &{1'b0, shifted[SUM_BITS-1:OUT_BITS-1]};
      always @(posedge clk) begin
        o_hit  <= 1'b0;
        o_data <= shifted[OUT_BITS-1:0];
      end
    end else begin : g_widen
      always @(posedge clk) begin
        o_hit  <= 1'b0;
        o_data <= {{OUT_BITS-SUM_BITS{shifted[SUM_BITS-1]}}, shifted};
      end
    end
  endgenerate
endmodule

`default_nettype wire
