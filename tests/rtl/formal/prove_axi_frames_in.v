// axi_frames_in: whatever packets come, what goes in are frames of BEATS beats with `last` at their
// ends; a frame begins with the first beat of a packet, keeps to it, and ends in zero words where
// the packet ended too soon; filling and dropping wait for nobody else.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module prove_axi_frames_in #(
  parameter N     = 5,     // words of 8 bits, 2 lanes
  parameter BEATS = (N + 1) / 2
) (
  input wire        clk,
  input wire        rst,
  input wire        i_flush,
  input wire        i_accept,
  input wire [15:0] tdata,
  input wire [1:0]  tkeep,
  input wire        tvalid,
  input wire        tlast,
  input wire        m_ready
);
  wire        tready;
  wire [15:0] m_data;
  wire        m_valid;
  wire        m_last;
  wire        frame_begin;
  wire        early;
  wire        late;
  wire        keep;
  axi_frames_in #(
    .SIGNAL_BITS (8),
    .LANES       (2),
    .N           (N)
  ) u_dut (
    .clk           (clk),
    .rst           (rst),
    .i_flush       (i_flush),
    .i_accept      (i_accept),
    .s_axis_tdata  (tdata),
    .s_axis_tkeep  (tkeep),
    .s_axis_tvalid (tvalid),
    .s_axis_tready (tready),
    .s_axis_tlast  (tlast),
    .m_x_data      (m_data),
    .m_x_valid     (m_valid),
    .m_x_ready     (m_ready),
    .m_x_last      (m_last),
    .o_begin       (frame_begin),
    .o_early       (early),
    .o_late        (late),
    .o_keep        (keep)
  );

  reg        began_q = 1'b0;
  reg [7:0]  beat_q;       // of the frame
  reg        is_inside_q;  // a packet has begun and not ended
  reg        is_lost_q;    // what is left of it belongs to no frame
  wire       takes = tvalid & tready;
  wire       moves = m_valid & m_ready;
  wire       is_half = (N % 2 == 1) & (beat_q == BEATS - 1);
  wire       fills = (beat_q != 8'd0) & ~is_inside_q;
  always @(posedge clk) begin
    began_q <= 1'b1;
    if (rst | i_flush)
      beat_q <= 8'd0;
    else if (moves)
      beat_q <= (beat_q == BEATS - 1) ? 8'd0 : beat_q + 8'd1;
    if (rst) begin
      is_inside_q <= 1'b0;
      is_lost_q   <= 1'b0;
    end else begin
      if (takes)
        is_inside_q <= ~tlast;
      if (takes & tlast)
        is_lost_q <= 1'b0;
      else if ((i_flush & (is_inside_q | takes)) | (takes & moves & (beat_q == BEATS - 1)))
        is_lost_q <= 1'b1;
    end
  end

  (* hierconn *) wire [1:0] \u_dut.phase_q ;
  (* hierconn *) wire [((BEATS > 1) ? $clog2(BEATS) : 1)-1:0] \u_dut.beat_q ;
  always @* begin
    assume (rst | began_q);
    if (began_q) begin
      assert (beat_q < BEATS);
      assert (beat_q == \u_dut.beat_q );
      assert (\u_dut.phase_q == (is_lost_q ? 2'd2 : fills ? 2'd1 : 2'd0));
      if (beat_q == 8'd0)
        assert (is_inside_q == is_lost_q);
      else
        assert (~is_lost_q);
      // Frames.
      if (m_valid)
        assert (m_last == (beat_q == BEATS - 1));
      assert (frame_begin == (moves & (beat_q == 8'd0)));
      if (frame_begin)
        assert (i_accept & ~is_inside_q & takes);
      if (fills)
        assert (m_valid & (m_data == 16'd0) & ~tready);
      else if (moves)
        assert (takes & (m_data == (tdata & {{8{tkeep[1]}}, {8{tkeep[0]}}})));
      // A beat that is taken goes in, or is lost and said to be.
      if (takes & ~is_lost_q)
        assert (moves);
      if (is_lost_q)
        assert (tready & ~m_valid);
      if (~is_lost_q & ~fills & ((beat_q != 8'd0) | i_accept))
        assert (tready == m_ready);
      // Flags.
      assert (early == (takes & ~is_lost_q & tlast & (beat_q != BEATS - 1)));
      assert (late == (takes & ~is_lost_q & ~tlast & (beat_q == BEATS - 1)));
      assert (keep == (takes & ~is_lost_q & ~(tkeep[0] & (tkeep[1] | is_half))));
    end
  end
endmodule

`default_nettype wire
