// Output side of a layer: beats of a frame are written when the cells deliver them, without asking,
// and leave as a stream. Room for a whole frame is reserved beforehand with i_reserve (only while
// o_room), so that nothing is lost when the receiver stalls. Holds FRAMES frames of ROWS beats.
// A beat can leave 2 cycles after it was written.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module frame_fifo #(
  parameter BEAT_BITS = 64,
  parameter ROWS      = 16,
  parameter FRAMES    = 2
) (
  input  wire                 clk,
  input  wire                 rst,
  input  wire                 i_reserve,
  output wire                 o_room,
  input  wire                 i_write,
  input  wire [BEAT_BITS-1:0] i_data,
  output wire [BEAT_BITS-1:0] m_data,
  output reg                  m_valid,
  input  wire                 m_ready,
  output wire                 m_last
);
  localparam DEPTH = FRAMES * ROWS;
  localparam FRAME_BITS = $clog2(FRAMES + 1);
  localparam FRAMES_NUMBER = FRAMES;
  localparam [FRAME_BITS-1:0] ALL_FRAMES = FRAMES_NUMBER[FRAME_BITS-1:0];
  localparam ADDRESS_BITS = $clog2(DEPTH);
  localparam ROW_BITS = (ROWS > 1) ? $clog2(ROWS) : 1;
  localparam LAST_ADDRESS_NUMBER = DEPTH - 1;
  localparam [ADDRESS_BITS-1:0] LAST_ADDRESS = LAST_ADDRESS_NUMBER[ADDRESS_BITS-1:0];
  localparam LAST_ROW_NUMBER = ROWS - 1;
  localparam [ROW_BITS-1:0] LAST_ROW = LAST_ROW_NUMBER[ROW_BITS-1:0];

  reg  [FRAME_BITS-1:0]   reserved_q;   // frames
  reg  [ADDRESS_BITS:0]   stored_q;     // beats
  reg  [ADDRESS_BITS-1:0] tail_q;       // next to write
  reg  [ADDRESS_BITS-1:0] head_q;       // next to leave
  reg  [ROW_BITS-1:0]     row_q;        // of the beat at the head
  wire                    leaves = m_valid & m_ready;
  wire                    frame_leaves = leaves & m_last;
  wire [ADDRESS_BITS-1:0] head_next = (head_q == LAST_ADDRESS) ? {ADDRESS_BITS{1'b0}}
                                                               : head_q + 1'b1;
  wire [ADDRESS_BITS-1:0] head_d = leaves ? head_next : head_q;
  // The receiver may be far away: what it decides comes last, behind the sums.
  wire [ADDRESS_BITS:0]   one_more = stored_q + 1'b1;
  wire [ADDRESS_BITS:0]   one_less = stored_q - 1'b1;
  wire                    has_two = |stored_q[ADDRESS_BITS:1];

  assign o_room = reserved_q != ALL_FRAMES;
  assign m_last = row_q == LAST_ROW;

  always @(posedge clk) begin
    if (rst) begin
      reserved_q <= {FRAME_BITS{1'b0}};
      stored_q   <= {ADDRESS_BITS+1{1'b0}};
      tail_q     <= {ADDRESS_BITS{1'b0}};
      head_q     <= {ADDRESS_BITS{1'b0}};
      row_q      <= {ROW_BITS{1'b0}};
      m_valid    <= 1'b0;
    end else begin
      reserved_q <= reserved_q + {{FRAME_BITS-1{1'b0}}, i_reserve} -
                    {{FRAME_BITS-1{1'b0}}, frame_leaves};
      if (i_write != leaves)
        stored_q <= leaves ? one_less : one_more;
      head_q  <= head_d;
      m_valid <= leaves ? has_two : |stored_q;
      if (i_write)
        tail_q <= (tail_q == LAST_ADDRESS) ? {ADDRESS_BITS{1'b0}} : tail_q + 1'b1;
      if (leaves)
        row_q <= m_last ? {ROW_BITS{1'b0}} : row_q + 1'b1;
    end
  end

  // The head is read again in every cycle, so its beat stays at the output until it leaves.
  ram #(
    .WORD_BITS (BEAT_BITS),
    .DEPTH     (DEPTH)
  ) u_ram (
    .clk             (clk),
    .i_write         (i_write),
    .i_write_address (tail_q),
    .i_write_data    (i_data),
    .i_read_address  (head_d),
    .o_read_data     (m_data)
  );
endmodule

`default_nettype wire
