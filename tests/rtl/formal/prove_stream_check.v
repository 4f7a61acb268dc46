// stream_check: the sticky bit is set exactly by a beat whose `last` does not agree with its number.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module prove_stream_check #(
  parameter BEATS = 5
) (
  input wire clk,
  input wire rst,
  input wire i_beat,
  input wire i_last
);
  wire misframed;
  stream_check #(
    .BEATS (BEATS)
  ) u_dut (
    .clk         (clk),
    .rst         (rst),
    .i_beat      (i_beat),
    .i_last      (i_last),
    .o_misframed (misframed)
  );

  reg        began_q = 1'b0;
  reg [15:0] left_q;       // beats of this frame still to come
  reg        was_wrong_q;
  always @(posedge clk) begin
    began_q <= 1'b1;
    if (rst) begin
      left_q      <= BEATS;
      was_wrong_q <= 1'b0;
    end else if (i_beat) begin
      left_q      <= (left_q == 16'd1) ? BEATS : left_q - 16'd1;
      was_wrong_q <= was_wrong_q | (i_last != (left_q == 16'd1));
    end
  end

  (* hierconn *) wire [((BEATS > 1) ? $clog2(BEATS) : 1)-1:0] \u_dut.beat_q ;
  always @* begin
    assume (rst | began_q);
    if (began_q) begin
      assert (misframed == was_wrong_q);
      assert ((left_q != 16'd0) & (left_q <= BEATS));
      assert (\u_dut.beat_q == BEATS - left_q);
    end
  end
endmodule

`default_nettype wire
