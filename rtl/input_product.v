// The input product of a layer on elements of its own, frames ahead of the recurrence:
//
//   s_x --> circ_spectrum --> circ_array (a chain a gate) --> product_buffer --> rows of cells
//
// A job runs whenever the buffer has room; BANKS = 4 frames wait in it. o_filled: one more frame is
// there; i_release gives the oldest back; i_rows and o_rows as product_buffer.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module input_product #(
  parameter SIGNAL_BITS       = 16,
  parameter WEIGHT_BITS       = 12,
  parameter LANES             = 4,
  parameter CELL_LANES        = 4,
  parameter GATES             = 4,
  parameter N_INPUTS          = 24,
  parameter N_CELLS           = 32,
  parameter LOG2_K            = 3,
  parameter PES               = 1,    // of a chain
  parameter SPECTRUM_SHIFT    = 2,
  parameter ACCUMULATOR_SHIFT = 10,
  parameter OUTPUT_SHIFT      = 3,
  parameter BLOCKS            = (N_CELLS + (1 << LOG2_K) - 1) >> LOG2_K,
  parameter ROW_BITS          = ((BLOCKS > 1) ? $clog2(BLOCKS) : 1) +
                                $clog2((1 << LOG2_K) / CELL_LANES)
) (
  input  wire                                     clk,
  input  wire                                     rst,
  input  wire                                     i_load_valid,
  input  wire                                     i_load_start,
  input  wire [WEIGHT_BITS-1:0]                   i_load_data,
  input  wire [LANES*SIGNAL_BITS-1:0]             s_x_data,
  input  wire                                     s_x_valid,
  output wire                                     s_x_ready,
  output wire                                     o_filled,
  input  wire                                     i_release,
  input  wire [GATES*ROW_BITS-1:0]                i_rows,
  output wire [GATES*CELL_LANES*SIGNAL_BITS-1:0]  o_rows,
  output wire                                     o_block_valid,
  output wire [GATES*(SIGNAL_BITS<<LOG2_K)-1:0]   o_blocks,
  output wire [2:0]                               o_hits
);
  localparam K = 1 << LOG2_K;
  localparam COL_BLOCKS = (N_INPUTS + K - 1) / K;
  localparam PASSES = (BLOCKS + PES - 1) / PES;
  localparam BANKS = 4;

  wire                     ready;
  wire                     room;
  wire                     start = ready & room;
  wire                     done;
  wire [15:0]              column;
  wire                     has_column;
  wire [K*SIGNAL_BITS-1:0] spectrum;
  wire                     hit;
  wire                     unused_filled;
  wire                     unused_exit;
  wire [7:0]               unused_kinds;
  circ_spectrum #(
    .SIGNAL_BITS    (SIGNAL_BITS),
    .LANES          (LANES),
    .LOG2_K         (LOG2_K),
    .COLS           (N_INPUTS),
    .SPECTRUM_SHIFT (SPECTRUM_SHIFT),
    .BANKS          (2)
  ) u_spectrum (
    .clk          (clk),
    .rst          (rst),
    .s_x_data     (s_x_data),
    .s_x_valid    (s_x_valid),
    .s_x_ready    (s_x_ready),
    .o_filled     (unused_filled),
    .i_release    (done),
    .i_column     (column),
    .o_has_column (has_column),
    .o_spectrum   (spectrum),
    .o_hit        (hit)
  );
  circ_array #(
    .SIGNAL_BITS        (SIGNAL_BITS),
    .WEIGHT_BITS        (WEIGHT_BITS),
    .LOG2_K             (LOG2_K),
    .CHAINS             (GATES),
    .PES                (PES),
    .RING               (1),
    .SETTLE             (1),
    .KINDS              (1),
    .LAST_ROWS          (K),
    .MAX_COLS           (COL_BLOCKS),
    .DEPTH              (PASSES * COL_BLOCKS),
    .COLS               ({48'd0, COL_BLOCKS[15:0]}),
    .ROWS               ({48'd0, BLOCKS[15:0]}),
    .BASES              (64'd0),
    .GAPS               (16'd0),
    .ACCUMULATOR_SHIFTS (ACCUMULATOR_SHIFT),
    .OUTPUT_SHIFTS      (OUTPUT_SHIFT)
  ) u_array (
    .clk           (clk),
    .rst           (rst),
    .i_load_valid  (i_load_valid),
    .i_load_start  (i_load_start),
    .i_load_kind   (2'd0),
    .i_load_data   (i_load_data),
    .i_start       (start),
    .i_start_kind  (2'd0),
    .o_ready       (ready),
    .o_kind        (unused_kinds[1:0]),
    .o_column      (column),
    .i_has_column  (has_column),
    .o_read_kind   (unused_kinds[3:2]),
    .i_spectrum    (spectrum),
    .i_hit         (hit),
    .o_done        (done),
    .o_exit        (unused_exit),
    .o_exit_kind   (unused_kinds[5:4]),
    .o_block_valid (o_block_valid),
    .o_block_kind  (unused_kinds[7:6]),
    .o_blocks      (o_blocks),
    .o_hits        (o_hits)
  );
  product_buffer #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LOG2_K      (LOG2_K),
    .LANES       (CELL_LANES),
    .GATES       (GATES),
    .BLOCKS      (BLOCKS),
    .BANKS       (BANKS)
  ) u_buffer (
    .clk           (clk),
    .rst           (rst),
    .i_reserve     (start),
    .o_room        (room),
    .i_block_valid (o_block_valid),
    .i_blocks      (o_blocks),
    .o_filled      (o_filled),
    .i_release     (i_release),
    .i_rows        (i_rows),
    .o_data        (o_rows)
  );
endmodule

`default_nettype wire
