// One state vector of a layer (y or c): N words in rows of LANES, written by the load bus while the
// layer is idle and by the cells while it runs.
//
// Zeroing is a flag: from i_zero until a load starts or i_keep says that a whole new state has been
// written, reads give zero. Lanes past N always read zero. Read latency 2 cycles.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module state_memory #(
  parameter SIGNAL_BITS = 16,
  parameter LANES       = 4,
  parameter N           = 100,
  parameter ROWS        = (N + LANES - 1) / LANES,
  parameter ROW_BITS    = (ROWS > 1) ? $clog2(ROWS) : 1
) (
  input  wire                         clk,
  input  wire                         rst,
  input  wire                         i_load_valid,
  input  wire                         i_load_start,
  input  wire [SIGNAL_BITS-1:0]       i_load_data,
  input  wire                         i_zero,
  input  wire                         i_keep,
  input  wire                         i_write,
  input  wire [ROW_BITS-1:0]          i_write_row,
  input  wire [LANES*SIGNAL_BITS-1:0] i_write_data,
  input  wire [ROW_BITS-1:0]          i_row,
  output wire [LANES*SIGNAL_BITS-1:0] o_data
);
  wire                         load_write;
  wire [ROW_BITS-1:0]          load_row;
  wire [LANES*SIGNAL_BITS-1:0] load_data;
  wire [LANES*SIGNAL_BITS-1:0] stored;
  reg                          is_zero_q;

  always @(posedge clk)
    if (rst | i_zero)
      is_zero_q <= 1'b1;
    else if (i_load_valid | i_keep)
      is_zero_q <= 1'b0;

  load_vector #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LANES       (LANES),
    .N           (N),
    .GATES       (1)
  ) u_load (
    .clk     (clk),
    .rst     (rst),
    .i_valid (i_load_valid),
    .i_start (i_load_start),
    .i_data  (i_load_data),
    .o_write (load_write),
    .o_row   (load_row),
    .o_data  (load_data)
  );

  vector_buffer #(
    .WORD_BITS   (SIGNAL_BITS),
    .WRITE_LANES (LANES),
    .READ_LANES  (LANES),
    .ROWS        (ROWS)
  ) u_buffer (
    .clk             (clk),
    .i_write         (load_write | i_write),
    .i_write_address (load_write ? load_row : i_write_row),
    .i_write_data    (load_write ? load_data : i_write_data),
    .i_read_address  (i_row),
    .o_read_data     (stored)
  );

  assign o_data = is_zero_q ? {LANES*SIGNAL_BITS{1'b0}} : stored;
endmodule

`default_nettype wire
