// Between a matrix product and the cells: takes block rows as they leave circ_product (gate after
// gate) and gives rows of LANES cells, all gates side by side, of one or two finished frames.
//
// Whoever starts a product reserves room with i_reserve (only while o_room); o_filled tells that a
// whole frame is there; i_release gives the oldest frame's room back. i_row counts units of LANES
// cells; gate g's cells are lanes g*LANES .. of o_data. Read latency 2 cycles.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module product_buffer #(
  parameter SIGNAL_BITS = 16,
  parameter LOG2_K      = 3,
  parameter LANES       = 4,
  parameter GATES       = 4,
  parameter BLOCKS      = 8,     // block rows of one gate
  parameter BLOCK_BITS  = (BLOCKS > 1) ? $clog2(BLOCKS) : 1,
  parameter ROW_BITS    = BLOCK_BITS + $clog2((1 << LOG2_K) / LANES)
) (
  input  wire                                clk,
  input  wire                                rst,
  input  wire                                i_reserve,
  output wire                                o_room,
  input  wire                                i_block_valid,
  input  wire [(1<<LOG2_K)*SIGNAL_BITS-1:0]  i_block,
  output wire                                o_filled,
  input  wire                                i_release,
  input  wire [ROW_BITS-1:0]                 i_row,
  output wire [GATES*LANES*SIGNAL_BITS-1:0]  o_data
);
  localparam GATE_BITS = (GATES > 1) ? $clog2(GATES) : 1;
  localparam LAST_BLOCK_NUMBER = BLOCKS - 1;
  localparam [BLOCK_BITS-1:0] LAST_BLOCK = LAST_BLOCK_NUMBER[BLOCK_BITS-1:0];
  localparam LAST_GATE_NUMBER = GATES - 1;
  localparam [GATE_BITS-1:0] LAST_GATE = LAST_GATE_NUMBER[GATE_BITS-1:0];

  reg  [1:0]            reserved_q;    // frames begun and not yet released
  reg  [1:0]            filled_q;      // of these, complete ones
  reg                   write_bank_q;
  reg                   read_bank_q;
  reg  [BLOCK_BITS-1:0] block_q;
  reg  [GATE_BITS-1:0]  gate_q;
  wire                  gate_ends = i_block_valid & (block_q == LAST_BLOCK);
  wire                  frame_ends = gate_ends & (gate_q == LAST_GATE);

  assign o_room = ~reserved_q[1];
  assign o_filled = |filled_q;

  always @(posedge clk) begin
    if (rst) begin
      reserved_q   <= 2'd0;
      filled_q     <= 2'd0;
      write_bank_q <= 1'b0;
      read_bank_q  <= 1'b0;
      block_q      <= {BLOCK_BITS{1'b0}};
      gate_q       <= {GATE_BITS{1'b0}};
    end else begin
      reserved_q   <= reserved_q + {1'b0, i_reserve} - {1'b0, i_release};
      filled_q     <= filled_q + {1'b0, frame_ends} - {1'b0, i_release};
      write_bank_q <= write_bank_q ^ frame_ends;
      read_bank_q  <= read_bank_q ^ i_release;
      if (i_block_valid)
        block_q <= gate_ends ? {BLOCK_BITS{1'b0}} : block_q + 1'b1;
      if (gate_ends)
        gate_q <= frame_ends ? {GATE_BITS{1'b0}} : gate_q + 1'b1;
    end
  end

  genvar g;
  generate
    for (g = 0; g < GATES; g = g + 1) begin : g_gate
      localparam [GATE_BITS-1:0] OWN = g;
      vector_buffer #(
        .WORD_BITS   (SIGNAL_BITS),
        .WRITE_LANES (1 << LOG2_K),
        .READ_LANES  (LANES),
        .ROWS        (2 << BLOCK_BITS)
      ) u_buffer (
        .clk             (clk),
        .i_write         (i_block_valid & (gate_q == OWN)),
        .i_write_address ({write_bank_q, block_q}),
        .i_write_data    (i_block),
        .i_read_address  ({read_bank_q, i_row}),
        .o_read_data     (o_data[g*LANES*SIGNAL_BITS +: LANES*SIGNAL_BITS])
      );
    end
  endgenerate
endmodule

`default_nettype wire
