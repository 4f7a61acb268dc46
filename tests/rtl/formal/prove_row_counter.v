// row_counter: rows follow their block without a gap, numbered through the frame; those past the vector
// are padding. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module prove_row_counter #(
  parameter BLOCK_ROWS = 2,
  parameter BLOCKS     = 3,
  parameter ROWS       = 5
) (
  input wire clk,
  input wire rst,
  input wire i_block
);
  localparam ROW_BITS = (BLOCKS * BLOCK_ROWS > 1) ? $clog2(BLOCKS * BLOCK_ROWS) : 1;
  wire                valid;
  wire [ROW_BITS-1:0] row;
  wire                is_last;
  wire                ends;
  row_counter #(
    .BLOCK_ROWS (BLOCK_ROWS),
    .BLOCKS     (BLOCKS),
    .ROWS       (ROWS)
  ) u_dut (
    .clk       (clk),
    .rst       (rst),
    .i_block   (i_block),
    .o_valid   (valid),
    .o_row     (row),
    .o_is_last (is_last),
    .o_ends    (ends)
  );

  reg        began_q = 1'b0;
  reg  [4:0] block_q;           // of the frame, next to come
  reg  [4:0] part_q;            // row of a block, next to come; 0: none
  wire       is_row = i_block | (part_q != 5'd0);
  wire [4:0] at = (part_q == 5'd0) ? block_q : (block_q == 5'd0) ? BLOCKS - 1 : block_q - 5'd1;
  wire [9:0] number = at * BLOCK_ROWS + part_q;
  always @(posedge clk) begin
    began_q <= 1'b1;
    if (rst) begin
      block_q <= 5'd0;
      part_q  <= 5'd0;
    end else begin
      if (i_block)
        block_q <= (block_q == BLOCKS - 1) ? 5'd0 : block_q + 5'd1;
      if (is_row)
        part_q <= (part_q == BLOCK_ROWS - 1) ? 5'd0 : part_q + 5'd1;
    end
  end

  (* hierconn *) wire [((BLOCK_ROWS > 1) ? $clog2(BLOCK_ROWS) : 1)-1:0] \u_dut.left_q ;
  (* hierconn *) wire [ROW_BITS-1:0] \u_dut.row_q ;
  (* hierconn *) wire                \u_dut.is_past_q ;
  wire [9:0] next = block_q * BLOCK_ROWS;
  always @* begin
    assume (rst | began_q);
    assume (~i_block | (part_q == 5'd0));
    if (began_q & ~rst) begin
      assert (valid == (is_row & (number < ROWS)));
      assert (~is_row | (row == number));
      assert (~valid | (is_last == (number == ROWS - 1)));
      assert (ends == (is_row & (number == BLOCKS * BLOCK_ROWS - 1)));
    end
    if (began_q) begin
      assert ((block_q < BLOCKS) & (part_q < BLOCK_ROWS));
      assert (\u_dut.left_q == ((part_q == 5'd0) ? 5'd0 : BLOCK_ROWS - part_q));
      assert (\u_dut.row_q == ((part_q == 5'd0) ? next : number));
      assert (\u_dut.is_past_q == (((part_q == 5'd0) ? next : number) >= ROWS));
    end
  end
endmodule

`default_nettype wire
