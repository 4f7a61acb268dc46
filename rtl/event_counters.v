// Counters of events, each stops at its highest value. One is read at a time, 1 cycle after
// i_select. o_is_counted: which are not zero.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module event_counters #(
  parameter COUNTERS = 10,
  parameter BITS     = 16
) (
  input  wire                clk,
  input  wire                rst,
  input  wire [COUNTERS-1:0] i_events,
  input  wire [7:0]          i_select,       // past the last counter: 0
  output reg  [BITS-1:0]     o_count,
  output wire [COUNTERS-1:0] o_is_counted
);
  wire [COUNTERS*BITS-1:0] counts;

  genvar c;
  generate
    for (c = 0; c < COUNTERS; c = c + 1) begin : g_counter
      reg [BITS-1:0] count_q;
      always @(posedge clk)
        if (rst)
          count_q <= {BITS{1'b0}};
        else if (i_events[c] & ~(&count_q))
          count_q <= count_q + 1'b1;
      assign counts[c*BITS +: BITS] = count_q;
      assign o_is_counted[c] = |count_q;
    end
  endgenerate

  localparam [31:0] COUNTERS_NUMBER = COUNTERS;
  wire [31:0] place = {24'd0, i_select};
  always @(posedge clk)
    o_count <= (place < COUNTERS_NUMBER) ? counts[place*BITS +: BITS] : {BITS{1'b0}};
endmodule

`default_nettype wire
