// saturate: every word against min and max of docs/fixed-point.md 2.2, for all inputs.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module prove_saturate #(
  parameter IN_BITS  = 20,
  parameter OUT_BITS = 16
) (
  input wire                      clk,
  input wire signed [IN_BITS-1:0] i_data
);
  localparam signed [63:0] MOST = (64'sd1 <<< (OUT_BITS - 1)) - 64'sd1;
  localparam signed [63:0] LEAST = -64'sd1 - MOST;
  wire signed [OUT_BITS-1:0] data;
  wire                       hit;
  reg                        began_q = 1'b0;
  reg  signed [IN_BITS-1:0]  before_q;
  wire signed [63:0]         x = before_q;
  wire signed [63:0]         y = data;

  saturate #(
    .IN_BITS  (IN_BITS),
    .OUT_BITS (OUT_BITS)
  ) u_dut (
    .clk    (clk),
    .i_data (i_data),
    .o_data (data),
    .o_hit  (hit)
  );

  always @(posedge clk) begin
    began_q  <= 1'b1;
    before_q <= i_data;
    if (began_q) begin
      assert (y == ((x > MOST) ? MOST : (x < LEAST) ? LEAST : x));
      assert (hit == (y != x));
    end
  end
endmodule

`default_nettype wire
