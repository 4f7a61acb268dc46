// Frames of BEATS beats to AXI4-Stream packets, through one register.
//
// A word is sign-extended to its container of WORD_BYTES bytes, word 0 in the lowest. tkeep is high
// for the words of the frame, so it is all ones but in the last beat, where tlast is high too.
//
// i_flush (with a reset of what comes before): a packet that has begun is completed with zero
// words, so that the receiver keeps its place. o_end: the last beat of a packet leaves. o_empty: no
// packet is under way here.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module axi_frames_out #(
  parameter SIGNAL_BITS = 16,
  parameter LANES       = 4,
  parameter N           = 22,                      // words of a frame
  parameter WORD_BYTES  = (SIGNAL_BITS + 7) / 8
) (
  input  wire                          clk,
  input  wire                          rst,
  input  wire                          i_flush,
  input  wire [LANES*SIGNAL_BITS-1:0]  s_y_data,
  input  wire                          s_y_valid,
  output wire                          s_y_ready,
  output wire [8*WORD_BYTES*LANES-1:0] m_axis_tdata,
  output wire [WORD_BYTES*LANES-1:0]   m_axis_tkeep,
  output reg                           m_axis_tvalid,
  input  wire                          m_axis_tready,
  output reg                           m_axis_tlast,
  output wire                          o_end,
  output wire                          o_empty
);
  localparam BEATS = (N + LANES - 1) / LANES;
  localparam BEAT_BITS = (BEATS > 1) ? $clog2(BEATS) : 1;
  localparam LAST_BEAT_NUMBER = BEATS - 1;
  localparam [BEAT_BITS-1:0] LAST_BEAT = LAST_BEAT_NUMBER[BEAT_BITS-1:0];
  localparam LAST_LANES = N - (BEATS - 1) * LANES;   // words of the last beat

  reg  [BEAT_BITS-1:0]         beat_q;      // of the next beat into the register
  reg                          is_flushed_q;
  reg  [LANES*SIGNAL_BITS-1:0] data_q;
  wire                         is_first = beat_q == {BEAT_BITS{1'b0}};
  wire                         is_last = beat_q == LAST_BEAT;
  wire                         has_room = ~m_axis_tvalid | m_axis_tready;
  wire                         fills = has_room & (is_flushed_q | (s_y_valid & ~i_flush));

  assign s_y_ready = has_room & ~is_flushed_q;
  assign o_end = m_axis_tvalid & m_axis_tready & m_axis_tlast;
  assign o_empty = ~m_axis_tvalid & is_first;

  always @(posedge clk)
    if (rst) begin
      beat_q        <= {BEAT_BITS{1'b0}};
      is_flushed_q  <= 1'b0;
      data_q        <= {LANES*SIGNAL_BITS{1'b0}};
      m_axis_tvalid <= 1'b0;
      m_axis_tlast  <= 1'b0;
    end else begin
      if (has_room)
        m_axis_tvalid <= fills;
      if (fills) begin
        beat_q       <= is_last ? {BEAT_BITS{1'b0}} : beat_q + 1'b1;
        data_q       <= is_flushed_q ? {LANES*SIGNAL_BITS{1'b0}} : s_y_data;
        m_axis_tlast <= is_last;
      end
      if (i_flush)
        is_flushed_q <= ~is_first & ~(fills & is_last);
      else if (fills & is_last)
        is_flushed_q <= 1'b0;
    end

  genvar l;
  generate
    for (l = 0; l < LANES; l = l + 1) begin : g_lane
      wire [SIGNAL_BITS-1:0] word = data_q[SIGNAL_BITS*l +: SIGNAL_BITS];
      assign m_axis_tkeep[WORD_BYTES*l +: WORD_BYTES] =
        {WORD_BYTES{(l < LAST_LANES) | ~m_axis_tlast}};
      assign m_axis_tdata[8*WORD_BYTES*l +: SIGNAL_BITS] = word;
      if (SIGNAL_BITS < 8 * WORD_BYTES) begin : g_sign
        assign m_axis_tdata[8*WORD_BYTES*l + SIGNAL_BITS +: 8*WORD_BYTES - SIGNAL_BITS] =
          {8*WORD_BYTES-SIGNAL_BITS{word[SIGNAL_BITS-1]}};
      end
    end
  endgenerate
endmodule

`default_nettype wire
