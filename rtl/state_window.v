// One word of a state memory for a reader from outside: word i_index is lane i_index % LANES of
// line i_index / LANES. o_word follows 4 cycles after i_index, with the memory's 2.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module state_window #(
  parameter SIGNAL_BITS = 16,
  parameter LANES       = 4,
  parameter LINE_BITS   = 5
) (
  input  wire                         clk,
  input  wire [15:0]                  i_index,
  output wire [LINE_BITS-1:0]         o_line,
  input  wire [LANES*SIGNAL_BITS-1:0] i_data,
  output reg  [SIGNAL_BITS-1:0]       o_word
);
  localparam LANE_BITS = $clog2(LANES);
  wire [31:0] line = {16'd0, i_index} >> LANE_BITS;
  wire        unused_index = &{1'b0, line};

  assign o_line = line[LINE_BITS-1:0];

  generate
    if (LANES > 1) begin : g_lanes
      reg [LANE_BITS-1:0] lane_q;
      always @(posedge clk) begin
        lane_q <= i_index[LANE_BITS-1:0];
        o_word <= i_data[lane_q*SIGNAL_BITS +: SIGNAL_BITS];
      end
    end else begin : g_lane
      always @(posedge clk)
        o_word <= i_data;
    end
  endgenerate
endmodule

`default_nettype wire
