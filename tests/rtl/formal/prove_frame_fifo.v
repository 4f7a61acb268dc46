// frame_fifo under any use its header allows: no beat is lost, doubled or changed, the order is that of
// writing, a beat that is offered stays until taken, `last` is where it belongs, a beat is offered two
// cycles after it was written, and room is told exactly. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module prove_frame_fifo #(
  parameter BEAT_BITS = 2,
  parameter ROWS      = 3,
  parameter FRAMES    = 2
) (
  input wire                 clk,
  input wire                 rst,
  input wire                 i_reserve,
  input wire                 i_write,
  input wire [BEAT_BITS-1:0] i_data,
  input wire                 i_ready,
  input wire                 i_watch      // follow the beat that is written now
);
  localparam DEPTH = FRAMES * ROWS;
  // Counters of N bits: proofs are a matter of seconds only when they are narrow.
  localparam N = $clog2(2 * DEPTH + 1) + 1;
  localparam [N-1:0] ZERO = 0;
  localparam [N-1:0] ONE = 1;
  localparam [N+1:0] BEAT = BEAT_BITS;
  localparam [N-1:0] ALL_ROWS = ROWS;
  localparam [N-1:0] ALL_FRAMES = FRAMES;
  localparam [N-1:0] ALL_BEATS = DEPTH;
  wire                 room;
  wire [BEAT_BITS-1:0] data;
  wire                 valid;
  wire                 last;
  frame_fifo #(
    .BEAT_BITS (BEAT_BITS),
    .ROWS      (ROWS),
    .FRAMES    (FRAMES)
  ) u_dut (
    .clk       (clk),
    .rst       (rst),
    .i_reserve (i_reserve),
    .o_room    (room),
    .i_write   (i_write),
    .i_data    (i_data),
    .m_data    (data),
    .m_valid   (valid),
    .m_ready   (i_ready),
    .m_last    (last)
  );

  reg                  began_q = 1'b0;
  reg  [N-1:0]         frames_q;    // reserved, not yet gone
  reg  [N-1:0]         owed_q;      // beats reserved and not written
  reg  [N-1:0]         held_q;      // beats written and not gone
  reg  [N-1:0]         kept_q;      // of them, those that were there a cycle ago
  reg  [N-1:0]         gone_q;      // beats of the frame at the head that are gone
  reg                  watches_q;
  reg  [N-1:0]         ahead_q;     // beats before the one that is followed
  reg  [BEAT_BITS-1:0] watched_q;
  wire                 leaves = valid & i_ready;
  wire                 ends = leaves & (gone_q == ALL_ROWS - ONE);

  always @(posedge clk) begin
    began_q <= 1'b1;
    if (rst) begin
      frames_q  <= ZERO;
      owed_q    <= ZERO;
      held_q    <= ZERO;
      kept_q    <= ZERO;
      gone_q    <= ZERO;
      watches_q <= 1'b0;
    end else begin
      frames_q <= frames_q + {ZERO[N-2:0], i_reserve} - {ZERO[N-2:0], ends};
      owed_q   <= owed_q + (i_reserve ? ALL_ROWS : ZERO) - {ZERO[N-2:0], i_write};
      held_q   <= held_q + {ZERO[N-2:0], i_write} - {ZERO[N-2:0], leaves};
      kept_q   <= held_q - {ZERO[N-2:0], leaves};
      if (leaves)
        gone_q <= ends ? ZERO : gone_q + ONE;
      if (watches_q & leaves) begin
        watches_q <= ahead_q != ZERO;
        ahead_q   <= ahead_q - ONE;
      end else if (~watches_q & i_watch & i_write) begin
        watches_q <= 1'b1;
        ahead_q   <= held_q - {ZERO[N-2:0], leaves};
        watched_q <= i_data;
      end
    end
  end

  always @* begin
    assume (rst | began_q);
    assume (~i_reserve | (frames_q != ALL_FRAMES));
    assume (~i_write | (owed_q != ZERO));
    if (began_q) begin
      assert (room == (frames_q != ALL_FRAMES));
      assert (valid == (kept_q != ZERO));
      assert (last == (gone_q == ALL_ROWS - ONE));
      assert (held_q <= ALL_BEATS);
      assert (~watches_q | (ahead_q < held_q));
      assert (~watches_q | (ahead_q != ZERO) | ~valid | (data == watched_q));
    end
  end

  // What the induction needs to know of the inside.
  (* hierconn *) wire [$clog2(FRAMES+1)-1:0]  \u_dut.reserved_q ;
  (* hierconn *) wire [$clog2(DEPTH):0]       \u_dut.stored_q ;
  (* hierconn *) wire [$clog2(DEPTH)-1:0]     \u_dut.head_q ;
  (* hierconn *) wire [$clog2(DEPTH)-1:0]     \u_dut.tail_q ;
  (* hierconn *) wire [((ROWS > 1) ? $clog2(ROWS) : 1)-1:0] \u_dut.row_q ;
  (* hierconn *) wire [DEPTH*BEAT_BITS-1:0]   \u_dut.u_ram.words_q ;
  wire [N-1:0] head = \u_dut.head_q ;
  wire [N-1:0] tail = head + held_q - ((head + held_q > ALL_BEATS - ONE) ? ALL_BEATS : ZERO);
  wire [N-1:0] place = head + ahead_q - ((head + ahead_q > ALL_BEATS - ONE) ? ALL_BEATS : ZERO);
  reg  [N-1:0] begun;             // beats of all frames reserved
  reg  [N-1:0] row;               // head % ROWS
  integer    n;
  always @* begin
    row = head;
    begun = ZERO;
    for (n = 1; n < FRAMES; n = n + 1)
      row = (row >= ALL_ROWS) ? row - ALL_ROWS : row;
    for (n = 0; n < FRAMES; n = n + 1)
      begun = begun + ((n < frames_q) ? ALL_ROWS : ZERO);
  end
  wire [N+1:0] offset = {2'd0, place} * BEAT;
  wire [BEAT_BITS-1:0] stored = \u_dut.u_ram.words_q [offset +: BEAT_BITS];
  always @*
    if (began_q) begin
      assert (\u_dut.reserved_q == frames_q);
      assert (\u_dut.stored_q == held_q);
      assert (head < ALL_BEATS);
      assert (\u_dut.tail_q == tail);
      assert (row == gone_q);
      assert (\u_dut.row_q == gone_q);
      assert (frames_q <= ALL_FRAMES);
      assert ((kept_q <= held_q) & (held_q - kept_q <= ONE));
      assert ((owed_q <= begun) & (gone_q <= begun));
      assert (begun == owed_q + held_q + gone_q);
      assert (~watches_q | (stored == watched_q));
    end
endmodule

`default_nettype wire
