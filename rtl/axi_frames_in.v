// AXI4-Stream packets to frames of BEATS beats, whatever the sender does.
//
// A word of SIGNAL_BITS is in the low bits of its container of WORD_BYTES bytes, word 0 lowest.
// A frame begins only with i_accept; once begun it is always completed. tlast too early: the frame
// is filled up with zero words (o_early). tlast too late: surplus beats are dropped up to it
// (o_late), with i_accept or without. A word with a byte missing in tkeep is zero (o_keep); words
// past the frame's end are ignored. Pulses, one for each packet (o_early, o_late) or beat (o_keep).
//
// i_flush (with a reset of what comes behind): a packet that has begun is dropped to its end.
// o_begin: the first beat of a frame goes in.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module axi_frames_in #(
  parameter SIGNAL_BITS = 16,
  parameter LANES       = 4,
  parameter N           = 22,                      // words of a frame
  parameter WORD_BYTES  = (SIGNAL_BITS + 7) / 8
) (
  input  wire                          clk,
  input  wire                          rst,
  input  wire                          i_flush,
  input  wire                          i_accept,
  input  wire [8*WORD_BYTES*LANES-1:0] s_axis_tdata,
  input  wire [WORD_BYTES*LANES-1:0]   s_axis_tkeep,
  input  wire                          s_axis_tvalid,
  output wire                          s_axis_tready,
  input  wire                          s_axis_tlast,
  output wire [LANES*SIGNAL_BITS-1:0]  m_x_data,
  output wire                          m_x_valid,
  input  wire                          m_x_ready,
  output wire                          m_x_last,
  output wire                          o_begin,
  output wire                          o_early,
  output wire                          o_late,
  output wire                          o_keep
);
  localparam BEATS = (N + LANES - 1) / LANES;
  localparam BEAT_BITS = (BEATS > 1) ? $clog2(BEATS) : 1;
  localparam LAST_BEAT_NUMBER = BEATS - 1;
  localparam [BEAT_BITS-1:0] LAST_BEAT = LAST_BEAT_NUMBER[BEAT_BITS-1:0];
  localparam LAST_LANES = N - (BEATS - 1) * LANES;   // words of the last beat
  localparam [1:0] PASS = 2'd0;
  localparam [1:0] FILL = 2'd1;    // zero words up to the frame's end
  localparam [1:0] DROP = 2'd2;    // surplus beats up to tlast

  reg  [1:0]           phase_q;
  reg  [BEAT_BITS-1:0] beat_q;
  wire                 is_first = beat_q == {BEAT_BITS{1'b0}};
  wire                 is_last = beat_q == LAST_BEAT;
  wire                 is_open = ~is_first | i_accept;
  wire                 takes = s_axis_tvalid & s_axis_tready;
  wire                 moves = m_x_valid & m_x_ready;
  wire                 passes = (phase_q == PASS) & moves;
  wire [LANES-1:0]     missing;

  assign s_axis_tready = (phase_q == DROP) | ((phase_q == PASS) & is_open & m_x_ready);
  assign m_x_valid = (phase_q == FILL) | ((phase_q == PASS) & is_open & s_axis_tvalid);
  assign m_x_last = is_last;
  assign o_begin = moves & is_first;
  assign o_early = passes & s_axis_tlast & ~is_last;
  assign o_late = passes & ~s_axis_tlast & is_last;
  assign o_keep = passes & (|missing);

  always @(posedge clk)
    if (rst) begin
      phase_q <= PASS;
      beat_q  <= {BEAT_BITS{1'b0}};
    end else if (i_flush) begin
      // What is left of a packet is dropped, a frame that was being filled has no packet any more.
      phase_q <= ((phase_q == DROP) | ((phase_q == PASS) & (takes | ~is_first))) &
                 ~(takes & s_axis_tlast) ? DROP : PASS;
      beat_q  <= {BEAT_BITS{1'b0}};
    end else begin
      if (moves)
        beat_q <= is_last ? {BEAT_BITS{1'b0}} : beat_q + 1'b1;
      case (phase_q)
        PASS:
          if (o_early)
            phase_q <= FILL;
          else if (o_late)
            phase_q <= DROP;
        FILL:
          if (moves & is_last)
            phase_q <= PASS;
        default:
          if (takes & s_axis_tlast)
            phase_q <= PASS;
      endcase
    end

  genvar l;
  generate
    for (l = 0; l < LANES; l = l + 1) begin : g_lane
      localparam AT = 8 * WORD_BYTES * l;
      wire is_used = (l < LAST_LANES) | ~is_last;
      wire is_whole = &s_axis_tkeep[WORD_BYTES*l +: WORD_BYTES];
      assign missing[l] = is_used & ~is_whole;
      assign m_x_data[SIGNAL_BITS*l +: SIGNAL_BITS] =
        (is_whole & (phase_q == PASS)) ? s_axis_tdata[AT +: SIGNAL_BITS] : {SIGNAL_BITS{1'b0}};
      if (SIGNAL_BITS < 8 * WORD_BYTES) begin : g_padding
        wire unused_padding =
          &{1'b0, s_axis_tdata[AT + SIGNAL_BITS +: 8 * WORD_BYTES - SIGNAL_BITS]};
      end
    end
  endgenerate
endmodule

`default_nettype wire
