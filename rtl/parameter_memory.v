// Biases or peepholes of a layer: GATES vectors of N words, loaded once, read LANES cells at a time
// with all gates side by side, each at a row of its own. Read latency 2 cycles, as product_buffer.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module parameter_memory #(
  parameter SIGNAL_BITS = 16,
  parameter LANES       = 4,
  parameter N           = 100,
  parameter GATES       = 4,
  parameter ROWS        = (N + LANES - 1) / LANES,
  parameter ROW_BITS    = (ROWS > 1) ? $clog2(ROWS) : 1,
  parameter LINE_BITS   = (GATES * ROWS > 1) ? $clog2(GATES * ROWS) : 1
) (
  input  wire                               clk,
  input  wire                               rst,
  input  wire                               i_load_valid,
  input  wire                               i_load_start,
  input  wire [SIGNAL_BITS-1:0]             i_load_data,
  input  wire [GATES*ROW_BITS-1:0]          i_rows,
  output wire [GATES*LANES*SIGNAL_BITS-1:0] o_data
);
  wire [GATES-1:0]             write;
  wire [ROW_BITS-1:0]          write_row;
  wire [LANES*SIGNAL_BITS-1:0] write_data;
  wire [LINE_BITS-1:0]         unused_line;

  load_vector #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LANES       (LANES),
    .N           (N),
    .GATES       (GATES)
  ) u_load (
    .clk     (clk),
    .rst     (rst),
    .i_valid (i_load_valid),
    .i_start (i_load_start),
    .i_data  (i_load_data),
    .o_write (write),
    .o_row   (write_row),
    .o_line  (unused_line),
    .o_data  (write_data)
  );

  genvar g;
  generate
    for (g = 0; g < GATES; g = g + 1) begin : g_gate
      vector_buffer #(
        .WORD_BITS   (SIGNAL_BITS),
        .WRITE_LANES (LANES),
        .READ_LANES  (LANES),
        .ROWS        (ROWS)
      ) u_buffer (
        .clk             (clk),
        .i_write         (write[g]),
        .i_write_address (write_row),
        .i_write_data    (write_data),
        .i_read_address  (i_rows[g*ROW_BITS +: ROW_BITS]),
        .o_read_data     (o_data[g*LANES*SIGNAL_BITS +: LANES*SIGNAL_BITS])
      );
    end
  endgenerate
endmodule

`default_nettype wire
