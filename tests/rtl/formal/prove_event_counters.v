// event_counters: each counter counts its own events, stops at the highest value and never wraps;
// the one that is selected is read a cycle later. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module prove_event_counters #(
  parameter COUNTERS = 3,
  parameter BITS     = 3
) (
  input wire                clk,
  input wire                rst,
  input wire [COUNTERS-1:0] i_events,
  input wire [7:0]          i_select
);
  wire [BITS-1:0]     count;
  wire [COUNTERS-1:0] is_counted;
  event_counters #(
    .COUNTERS (COUNTERS),
    .BITS     (BITS)
  ) u_dut (
    .clk          (clk),
    .rst          (rst),
    .i_events     (i_events),
    .i_select     (i_select),
    .o_count      (count),
    .o_is_counted (is_counted)
  );

  // Of one counter, whichever: events so far, at most MOST.
  localparam [7:0] MOST = (1 << BITS) - 1;
  (* anyconst *) wire [7:0] watched;
  reg        began_q = 1'b0;
  reg [7:0]  events_q;
  reg [7:0]  read_q;       // what must be read
  reg        was_read_q;
  wire       is_event = |(i_events & (1 << watched));
  always @(posedge clk) begin
    began_q    <= 1'b1;
    was_read_q <= began_q & ~rst & (i_select == watched);
    read_q     <= events_q;
    if (rst)
      events_q <= 8'd0;
    else if (is_event & (events_q != MOST))
      events_q <= events_q + 8'd1;
  end

  (* hierconn *) wire [COUNTERS*BITS-1:0] \u_dut.counts ;
  always @* begin
    assume (rst | began_q);
    assume (watched < COUNTERS);
    if (began_q) begin
      assert (events_q <= MOST);
      assert ((\u_dut.counts >> (watched * BITS)) % (MOST + 8'd1) == events_q);
      assert (((is_counted >> watched) & 1'b1) == (events_q != 8'd0));
      if (was_read_q)
        assert (count == read_q);
    end
  end
endmodule

`default_nettype wire
