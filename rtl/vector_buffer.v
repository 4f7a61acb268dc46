// A vector memory written WRITE_LANES words at a time and read READ_LANES words at a time.
//
// Both are powers of two. The memory is one ram per group of min(WRITE_LANES, READ_LANES) lanes;
// ROWS counts rows of max(WRITE_LANES, READ_LANES) words. An address counts units of its own port's
// lanes: word w of the vector is lane w % LANES of address w / LANES. Read latency 2 cycles.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module vector_buffer #(
  parameter WORD_BITS          = 16,
  parameter WRITE_LANES        = 8,
  parameter READ_LANES         = 4,
  parameter ROWS               = 64,
  parameter WIDE_LANES         = (WRITE_LANES > READ_LANES) ? WRITE_LANES : READ_LANES,
  parameter ROW_BITS           = (ROWS > 1) ? $clog2(ROWS) : 1,
  parameter WRITE_ADDRESS_BITS = ROW_BITS + $clog2(WIDE_LANES / WRITE_LANES),
  parameter READ_ADDRESS_BITS  = ROW_BITS + $clog2(WIDE_LANES / READ_LANES)
) (
  input  wire                               clk,
  input  wire                               i_write,
  input  wire [WRITE_ADDRESS_BITS-1:0]      i_write_address,
  input  wire [WRITE_LANES*WORD_BITS-1:0]   i_write_data,
  input  wire [READ_ADDRESS_BITS-1:0]       i_read_address,
  output reg  [READ_LANES*WORD_BITS-1:0]    o_read_data
);
  localparam NARROW_LANES = (WRITE_LANES < READ_LANES) ? WRITE_LANES : READ_LANES;
  localparam GROUPS = WIDE_LANES / NARROW_LANES;
  localparam GROUP_BITS = NARROW_LANES * WORD_BITS;
  localparam SELECT_BITS = (GROUPS > 1) ? $clog2(GROUPS) : 1;

  wire [ROW_BITS-1:0]          write_row =
    i_write_address[WRITE_ADDRESS_BITS-1:WRITE_ADDRESS_BITS-ROW_BITS];
  wire [ROW_BITS-1:0]          read_row =
    i_read_address[READ_ADDRESS_BITS-1:READ_ADDRESS_BITS-ROW_BITS];
  wire [GROUPS*GROUP_BITS-1:0] groups;

  genvar g;
  generate
    for (g = 0; g < GROUPS; g = g + 1) begin : g_group
      wire                  is_written;
      wire [GROUP_BITS-1:0] written;
      if (WRITE_LANES < READ_LANES) begin : g_gather
        localparam [SELECT_BITS-1:0] OWN = g;
        assign is_written = i_write & (i_write_address[SELECT_BITS-1:0] == OWN);
        assign written = i_write_data;
      end else begin : g_all
        assign is_written = i_write;
        assign written = i_write_data[g*GROUP_BITS +: GROUP_BITS];
      end
      ram #(
        .WORD_BITS (GROUP_BITS),
        .DEPTH     (ROWS)
      ) u_ram (
        .clk             (clk),
        .i_write         (is_written),
        .i_write_address (write_row),
        .i_write_data    (written),
        .i_read_address  (read_row),
        .o_read_data     (groups[g*GROUP_BITS +: GROUP_BITS])
      );
    end
    if (WRITE_LANES > READ_LANES) begin : g_select
      reg  [SELECT_BITS-1:0] select_q;
      wire [GROUP_BITS-1:0]  group;
      word_select #(
        .WORD_BITS (GROUP_BITS),
        .WORDS     (GROUPS)
      ) u_select (
        .i_words (groups),
        .i_index (select_q),
        .o_word  (group)
      );
      always @(posedge clk) begin
        select_q    <= i_read_address[SELECT_BITS-1:0];
        o_read_data <= group;
      end
    end else begin : g_whole
      always @(posedge clk)
        o_read_data <= groups;
    end
  endgenerate
endmodule

`default_nettype wire
