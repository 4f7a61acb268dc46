// Watches a stream of frames of BEATS beats: o_misframed stays high after a `last` that was missing
// or came elsewhere.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module stream_check #(
  parameter BEATS = 16
) (
  input  wire clk,
  input  wire rst,
  input  wire i_beat,        // a beat moves
  input  wire i_last,
  output reg  o_misframed
);
  localparam BEAT_BITS = (BEATS > 1) ? $clog2(BEATS) : 1;
  localparam LAST_BEAT_NUMBER = BEATS - 1;
  localparam [BEAT_BITS-1:0] LAST_BEAT = LAST_BEAT_NUMBER[BEAT_BITS-1:0];

  reg  [BEAT_BITS-1:0] beat_q;
  wire                 is_last = beat_q == LAST_BEAT;

  always @(posedge clk) begin
    if (rst) begin
      beat_q      <= {BEAT_BITS{1'b0}};
      o_misframed <= 1'b0;
    end else if (i_beat) begin
      beat_q      <= is_last ? {BEAT_BITS{1'b0}} : beat_q + 1'b1;
      o_misframed <= o_misframed | (i_last ^ is_last);
    end
  end
endmodule

`default_nettype wire
