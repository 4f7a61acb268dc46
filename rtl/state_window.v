// One word of a state memory for a reader from outside: of STREAMS vectors of N words, each of
// which begins a line of LANES words. o_word follows 4 cycles after i_index, with the memory's 2.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module state_window #(
  parameter SIGNAL_BITS = 16,
  parameter LANES       = 4,
  parameter N           = 100,
  parameter STREAMS     = 1,
  parameter ROWS        = (N + LANES - 1) / LANES,
  parameter LINE_BITS   = (STREAMS * ROWS > 1) ? $clog2(STREAMS * ROWS) : 1
) (
  input  wire                         clk,
  input  wire [15:0]                  i_index,
  output wire [LINE_BITS-1:0]         o_line,
  input  wire [LANES*SIGNAL_BITS-1:0] i_data,
  output reg  [SIGNAL_BITS-1:0]       o_word
);
  localparam LANE_BITS = $clog2(LANES);
  reg     [31:0] first;      // line of the stream
  reg     [31:0] word;       // of the stream
  integer        stream;
  wire    [31:0] line = first + (word >> LANE_BITS);
  wire           unused_bits = &{1'b0, line, word};

  always @* begin
    first = 32'd0;
    word = {16'd0, i_index};
    for (stream = 1; stream < STREAMS; stream = stream + 1)
      if ({16'd0, i_index} >= stream * N) begin
        first = stream * ROWS;
        word = {16'd0, i_index} - stream * N;
      end
  end
  assign o_line = line[LINE_BITS-1:0];

  generate
    if (LANES > 1) begin : g_lanes
      reg  [LANE_BITS-1:0]   lane_q;
      wire [SIGNAL_BITS-1:0] chosen;
      word_select #(
        .WORD_BITS (SIGNAL_BITS),
        .WORDS     (LANES)
      ) u_select (
        .i_words (i_data),
        .i_index (lane_q),
        .o_word  (chosen)
      );
      always @(posedge clk) begin
        lane_q <= word[LANE_BITS-1:0];
        o_word <= chosen;
      end
    end else begin : g_lane
      always @(posedge clk)
        o_word <= i_data;
    end
  endgenerate
endmodule

`default_nettype wire
