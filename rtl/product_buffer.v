// Between the input product and the cells: takes block rows of all gates side by side as they leave
// circ_array and gives rows of LANES cells, all gates side by side.
//
// BANKS frames fit. Whoever starts a product reserves room with i_reserve (only while o_room);
// o_filled is one cycle when a whole frame is there; i_release gives the oldest frame's room back.
// i_rows counts units of LANES cells of the oldest frame, for each gate; gate g's cells are lanes
// g*LANES .. of o_data. Read latency 2 cycles.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module product_buffer #(
  parameter SIGNAL_BITS = 16,
  parameter LOG2_K      = 3,
  parameter LANES       = 4,
  parameter GATES       = 4,
  parameter BLOCKS      = 8,     // block rows of one gate
  parameter BANKS       = 2,     // a power of two, 2 or more
  parameter BLOCK_BITS  = (BLOCKS > 1) ? $clog2(BLOCKS) : 1,
  parameter ROW_BITS    = BLOCK_BITS + $clog2((1 << LOG2_K) / LANES)
) (
  input  wire                                      clk,
  input  wire                                      rst,
  input  wire                                      i_reserve,
  output wire                                      o_room,
  input  wire                                      i_block_valid,
  input  wire [GATES*(1<<LOG2_K)*SIGNAL_BITS-1:0]  i_blocks,
  output wire                                      o_filled,
  input  wire                                      i_release,
  input  wire [GATES*ROW_BITS-1:0]                 i_rows,
  output wire [GATES*LANES*SIGNAL_BITS-1:0]        o_data
);
  localparam BLOCK_WIDTH = SIGNAL_BITS << LOG2_K;
  localparam BANK_BITS = $clog2(BANKS);
  localparam LAST_BLOCK_NUMBER = BLOCKS - 1;
  localparam [BLOCK_BITS-1:0] LAST_BLOCK = LAST_BLOCK_NUMBER[BLOCK_BITS-1:0];

  reg  [BANK_BITS:0]    reserved_q;    // frames begun and not yet released
  reg  [BANK_BITS-1:0]  write_bank_q;
  reg  [BANK_BITS-1:0]  read_bank_q;
  reg  [BLOCK_BITS-1:0] block_q;
  wire [BANK_BITS:0]    reserve = {{BANK_BITS{1'b0}}, i_reserve};
  wire [BANK_BITS:0]    freed = {{BANK_BITS{1'b0}}, i_release};

  assign o_room = ~reserved_q[BANK_BITS];
  assign o_filled = i_block_valid & (block_q == LAST_BLOCK);

  always @(posedge clk) begin
    if (rst) begin
      reserved_q   <= {BANK_BITS+1{1'b0}};
      write_bank_q <= {BANK_BITS{1'b0}};
      read_bank_q  <= {BANK_BITS{1'b0}};
      block_q      <= {BLOCK_BITS{1'b0}};
    end else begin
      reserved_q   <= reserved_q + reserve - freed;
      write_bank_q <= write_bank_q + {{BANK_BITS-1{1'b0}}, o_filled};
      read_bank_q  <= read_bank_q + {{BANK_BITS-1{1'b0}}, i_release};
      if (i_block_valid)
        block_q <= o_filled ? {BLOCK_BITS{1'b0}} : block_q + 1'b1;
    end
  end

  genvar g;
  generate
    for (g = 0; g < GATES; g = g + 1) begin : g_gate
      vector_buffer #(
        .WORD_BITS   (SIGNAL_BITS),
        .WRITE_LANES (1 << LOG2_K),
        .READ_LANES  (LANES),
        .ROWS        (BANKS << BLOCK_BITS)
      ) u_buffer (
        .clk             (clk),
        .i_write         (i_block_valid),
        .i_write_address ({write_bank_q, block_q}),
        .i_write_data    (i_blocks[g*BLOCK_WIDTH +: BLOCK_WIDTH]),
        .i_read_address  ({read_bank_q, i_rows[g*ROW_BITS +: ROW_BITS]}),
        .o_read_data     (o_data[g*LANES*SIGNAL_BITS +: LANES*SIGNAL_BITS])
      );
    end
  endgenerate
endmodule

`default_nettype wire
