// axi_frames_out: no beat is lost, doubled or changed; packets have their beats, tkeep and tlast,
// also across a flush; what is offered stays. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module prove_axi_frames_out #(
  parameter N     = 5,     // words of 9 bits, 2 lanes
  parameter BEATS = (N + 1) / 2
) (
  input wire        clk,
  input wire        rst,
  input wire        i_flush,
  input wire [17:0] y_data,
  input wire        y_valid,
  input wire        tready
);
  wire        y_ready;
  wire [31:0] tdata;
  wire [3:0]  tkeep;
  wire        tvalid;
  wire        tlast;
  wire        out_end;
  wire        empty;
  axi_frames_out #(
    .SIGNAL_BITS (9),
    .LANES       (2),
    .N           (N)
  ) u_dut (
    .clk           (clk),
    .rst           (rst),
    .i_flush       (i_flush),
    .s_y_data      (y_data),
    .s_y_valid     (y_valid),
    .s_y_ready     (y_ready),
    .m_axis_tdata  (tdata),
    .m_axis_tkeep  (tkeep),
    .m_axis_tvalid (tvalid),
    .m_axis_tready (tready),
    .m_axis_tlast  (tlast),
    .o_end         (out_end),
    .o_empty       (empty)
  );

  reg         began_q = 1'b0;
  reg  [7:0]  left_beat_q;    // of the packet, beats that have left
  reg  [7:0]  in_beat_q;      // beats that have gone in or been made up
  reg         makes_up_q;     // zero words to the packet's end
  reg  [31:0] word_q;         // what the register must hold
  reg         holds_q;
  reg         waits_q;
  reg  [36:0] payload_q;
  wire        takes = y_valid & y_ready & ~i_flush;
  wire        fills = takes | (makes_up_q & (~holds_q | tready));
  wire        leaves = tvalid & tready;
  always @(posedge clk) begin
    began_q <= 1'b1;
    if (rst) begin
      left_beat_q <= 8'd0;
      in_beat_q   <= 8'd0;
      makes_up_q  <= 1'b0;
      holds_q     <= 1'b0;
      waits_q     <= 1'b0;
    end else begin
      if (leaves)
        left_beat_q <= (left_beat_q == BEATS - 1) ? 8'd0 : left_beat_q + 8'd1;
      if (fills)
        in_beat_q <= (in_beat_q == BEATS - 1) ? 8'd0 : in_beat_q + 8'd1;
      if (i_flush)
        makes_up_q <= (in_beat_q != 8'd0) & ~(fills & (in_beat_q == BEATS - 1));
      else if (fills & (in_beat_q == BEATS - 1))
        makes_up_q <= 1'b0;
      holds_q <= fills | (holds_q & ~tready);
      waits_q <= tvalid & ~tready;
    end
    if (fills)
      word_q <= makes_up_q ? 32'd0
                           : {{7{y_data[17]}}, y_data[17:9], {7{y_data[8]}}, y_data[8:0]};
    payload_q <= {tlast, tkeep, tdata};
  end

  (* hierconn *) wire \u_dut.is_flushed_q ;
  (* hierconn *) wire [((BEATS > 1) ? $clog2(BEATS) : 1)-1:0] \u_dut.beat_q ;
  always @* begin
    assume (rst | began_q);
    if (began_q) begin
      assert (holds_q == tvalid);
      assert (makes_up_q == \u_dut.is_flushed_q );
      assert (in_beat_q == \u_dut.beat_q );
      assert ((in_beat_q < BEATS) & (left_beat_q < BEATS));
      assert (in_beat_q == ((holds_q ? left_beat_q + 8'd1 : left_beat_q) % BEATS));
      if (tvalid) begin
        assert (tdata == word_q);
        assert (tlast == (left_beat_q == BEATS - 1));
        assert (tkeep == ((tlast & (N % 2 == 1)) ? 4'b0011 : 4'b1111));
      end
      if (waits_q)
        assert (tvalid & ({tlast, tkeep, tdata} == payload_q));
      assert (out_end == (leaves & (left_beat_q == BEATS - 1)));
      assert (empty == (~tvalid & (left_beat_q == 8'd0) & (in_beat_q == 8'd0)));
      if (makes_up_q)
        assert (~y_ready);
    end
  end
endmodule

`default_nettype wire
