// One state vector of a layer (y or c) for each of STREAMS streams: N words in rows of LANES,
// stream after stream, written by the load bus while the layer is idle and by the cells while it
// runs.
//
// Zeroing is a count: after i_zero the next STREAMS frames read zero, or until a load. i_frame is
// the last row of a frame that is read: it comes before the frame's results can be out and the next
// i_zero in. Lanes past N always read zero. Read latency 2 cycles.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module state_memory #(
  parameter SIGNAL_BITS = 16,
  parameter LANES       = 4,
  parameter N           = 100,
  parameter STREAMS     = 1,
  parameter ROWS        = (N + LANES - 1) / LANES,
  parameter LINE_BITS   = (STREAMS * ROWS > 1) ? $clog2(STREAMS * ROWS) : 1
) (
  input  wire                         clk,
  input  wire                         rst,
  input  wire                         i_load_valid,
  input  wire                         i_load_start,
  input  wire [SIGNAL_BITS-1:0]       i_load_data,
  input  wire                         i_zero,
  input  wire                         i_frame,
  input  wire                         i_write,
  input  wire [LINE_BITS-1:0]         i_write_row,
  input  wire [LANES*SIGNAL_BITS-1:0] i_write_data,
  input  wire [LINE_BITS-1:0]         i_row,
  output wire [LANES*SIGNAL_BITS-1:0] o_data
);
  localparam ROW_BITS = (ROWS > 1) ? $clog2(ROWS) : 1;
  localparam STREAMS_NUMBER = STREAMS;
  localparam [7:0] ALL_STREAMS = STREAMS_NUMBER[7:0];
  wire [STREAMS-1:0]           load_writes;
  wire                         load_write = |load_writes;
  wire [ROW_BITS-1:0]          unused_row;
  wire [LINE_BITS-1:0]         load_line;
  wire [LANES*SIGNAL_BITS-1:0] load_data;
  wire [LANES*SIGNAL_BITS-1:0] stored;
  reg  [7:0]                   zeros_q;     // frames that read zero
  wire                         is_zero;

  always @(posedge clk)
    if (rst | i_zero)
      zeros_q <= ALL_STREAMS;
    else if (i_load_valid)
      zeros_q <= 8'd0;
    else if (i_frame & (zeros_q != 8'd0))
      zeros_q <= zeros_q - 8'd1;

  delay #(
    .BITS   (1),
    .CYCLES (2)
  ) u_is_zero (
    .clk    (clk),
    .i_data (zeros_q != 8'd0),
    .o_data (is_zero)
  );

  load_vector #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LANES       (LANES),
    .N           (N),
    .GATES       (STREAMS)
  ) u_load (
    .clk     (clk),
    .rst     (rst),
    .i_valid (i_load_valid),
    .i_start (i_load_start),
    .i_data  (i_load_data),
    .o_write (load_writes),
    .o_row   (unused_row),
    .o_line  (load_line),
    .o_data  (load_data)
  );

  vector_buffer #(
    .WORD_BITS   (SIGNAL_BITS),
    .WRITE_LANES (LANES),
    .READ_LANES  (LANES),
    .ROWS        (STREAMS * ROWS)
  ) u_buffer (
    .clk             (clk),
    .i_write         (load_write | i_write),
    .i_write_address (load_write ? load_line : i_write_row),
    .i_write_data    (load_write ? load_data : i_write_data),
    .i_read_address  (i_row),
    .o_read_data     (stored)
  );

  assign o_data = is_zero ? {LANES*SIGNAL_BITS{1'b0}} : stored;
endmodule

`default_nettype wire
