// Saturation of one signed word (docs/fixed-point.md 2.2), 1 cycle.
//
// It fits when all bits from the new sign upwards are equal: no wide comparison.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module saturate #(
  parameter IN_BITS  = 20,
  parameter OUT_BITS = 16
) (
  input  wire                       clk,
  input  wire signed [IN_BITS-1:0]  i_data,
  output reg  signed [OUT_BITS-1:0] o_data,
  output reg                        o_hit
);
  generate
    if (IN_BITS > OUT_BITS) begin : g_narrow
      wire [IN_BITS-OUT_BITS:0] top = i_data[IN_BITS-1:OUT_BITS-1];
      wire fits = (&top) | ~(|top);
      always @(posedge clk) begin
        o_hit  <= ~fits;
        o_data <= fits ? i_data[OUT_BITS-1:0]
                       : {i_data[IN_BITS-1], {OUT_BITS-1{~i_data[IN_BITS-1]}}};
      end
    end else begin : g_widen
      always @(posedge clk) begin
        o_hit  <= 1'b0;
        o_data <= {{OUT_BITS-IN_BITS+1{i_data[IN_BITS-1]}}, i_data[IN_BITS-2:0]};
      end
    end
  endgenerate
endmodule

`default_nettype wire
