// Counts the rows that a run of blocks makes: k / LANES of them for each i_block, the first at
// once. o_valid: this cycle has a row of the vector (not padding); o_row its number, o_is_last its
// last
// row; o_ends: the last row, padding included, of a frame. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module row_counter #(
  parameter BLOCK_ROWS = 2,      // k / LANES
  parameter BLOCKS     = 4,      // of a frame
  parameter ROWS       = 7,      // of a frame's vector
  parameter ROW_BITS   = (BLOCKS * BLOCK_ROWS > 1) ? $clog2(BLOCKS * BLOCK_ROWS) : 1
) (
  input  wire                clk,
  input  wire                rst,
  input  wire                i_block,
  output wire                o_valid,
  output wire [ROW_BITS-1:0] o_row,
  output wire                o_is_last,
  output wire                o_ends
);
  localparam LAST_NUMBER = BLOCKS * BLOCK_ROWS - 1;
  localparam [ROW_BITS-1:0] LAST = LAST_NUMBER[ROW_BITS-1:0];
  localparam LAST_ROW_NUMBER = ROWS - 1;
  localparam [ROW_BITS-1:0] LAST_ROW = LAST_ROW_NUMBER[ROW_BITS-1:0];
  localparam PART_BITS = (BLOCK_ROWS > 1) ? $clog2(BLOCK_ROWS) : 1;
  localparam LAST_PART_NUMBER = BLOCK_ROWS - 1;
  localparam [PART_BITS-1:0] LAST_PART = LAST_PART_NUMBER[PART_BITS-1:0];

  reg  [PART_BITS-1:0] left_q;   // rows of this block still to come
  reg  [ROW_BITS-1:0]  row_q;
  reg                  is_past_q;   // the vector's rows are through, padding comes
  wire                 step = i_block | (left_q != {PART_BITS{1'b0}});

  assign o_valid = step & ~is_past_q;
  assign o_row = row_q;
  assign o_is_last = row_q == LAST_ROW;
  assign o_ends = step & (row_q == LAST);

  always @(posedge clk)
    if (rst) begin
      left_q    <= {PART_BITS{1'b0}};
      row_q     <= {ROW_BITS{1'b0}};
      is_past_q <= 1'b0;
    end else begin
      if (i_block)
        left_q <= LAST_PART;
      else if (left_q != {PART_BITS{1'b0}})
        left_q <= left_q - 1'b1;
      if (step) begin
        row_q     <= o_ends ? {ROW_BITS{1'b0}} : row_q + 1'b1;
        is_past_q <= ~o_ends & (is_past_q | o_is_last);
      end
    end
endmodule

`default_nettype wire
