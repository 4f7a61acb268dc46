// The products of a GRU layer with the reset before the product: the candidate's matrix sees
// u = r . h', so its product begins when the first cells of u are there.
//
//   s_x --> input_product ------------------------> rows of W_x x, all gates
//   y ----> circ_spectrum --+
//                           +--> circ_array: r, z, candidate in turn --> block_rows --> rows of r
//   u ----> circ_spectrum --+    (one chain)      |                               +--> candidate
//                                                 +--> product_buffer --> rows of z
//
// z is worked on while u comes back. Two series of rows of cells: o_reset_* when r's blocks leave
// (W_x x of r 2 cycles after the row, W_r y 4 cycles), o_row_* when the candidate's do (W_x x of
// z, r, h 2 cycles after the row; W_r y of z, nothing, W_hr u 4 cycles). The ring and its order as
// in recurrence; the candidate's block size is the recurrent one.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module recurrence_before #(
  parameter SIGNAL_BITS = 16,
  parameter WEIGHT_BITS = 12,
  parameter LANES       = 4,
  parameter CELL_LANES  = 4,
  parameter N_INPUTS    = 24,
  parameter N_CELLS     = 32,
  parameter INPUT_LOG2_K                = 3,
  parameter INPUT_PES                   = 1,
  parameter INPUT_SPECTRUM_SHIFT        = 2,
  parameter INPUT_ACCUMULATOR_SHIFT     = 10,
  parameter INPUT_OUTPUT_SHIFT          = 3,
  parameter RECURRENT_LOG2_K            = 3,
  parameter RECURRENT_PES               = 1,
  parameter RECURRENT_SPECTRUM_SHIFT    = 2,
  parameter RECURRENT_ACCUMULATOR_SHIFT = 10,
  parameter RECURRENT_OUTPUT_SHIFT      = 3,
  parameter CANDIDATE_SPECTRUM_SHIFT    = 2,
  parameter CANDIDATE_ACCUMULATOR_SHIFT = 10,
  parameter CANDIDATE_OUTPUT_SHIFT      = 3,
  parameter BLOCKS     = (N_CELLS + (1 << RECURRENT_LOG2_K) - 1) >> RECURRENT_LOG2_K,
  parameter BLOCK_ROWS = (1 << RECURRENT_LOG2_K) / CELL_LANES,
  parameter ROW_BITS   = (BLOCKS * BLOCK_ROWS > 1) ? $clog2(BLOCKS * BLOCK_ROWS) : 1,
  parameter PRIME_ROWS = (N_CELLS + CELL_LANES - 1) / CELL_LANES,
  parameter PRIME_BITS = (PRIME_ROWS > 1) ? $clog2(PRIME_ROWS) : 1
) (
  input  wire                                         clk,
  input  wire                                         rst,
  input  wire                                         i_load_input,
  input  wire                                         i_load_recurrent,
  input  wire                                         i_load_candidate,
  input  wire                                         i_load_start,
  input  wire [WEIGHT_BITS-1:0]                       i_load_data,
  input  wire                                         i_stale,
  input  wire [LANES*SIGNAL_BITS-1:0]                 s_x_data,
  input  wire                                         s_x_valid,
  output wire                                         s_x_ready,
  input  wire                                         i_y_valid,
  input  wire [CELL_LANES*SIGNAL_BITS-1:0]            i_y_row,
  input  wire                                         i_u_valid,
  input  wire [CELL_LANES*SIGNAL_BITS-1:0]            i_u_row,
  output wire                                         o_prime,
  output wire [PRIME_BITS-1:0]                        o_prime_row,
  input  wire                                         i_output_room,
  output wire                                         o_head,
  output wire                                         o_reset_valid,
  output wire [ROW_BITS-1:0]                          o_reset_row,
  output wire                                         o_reset_is_last,
  output wire [CELL_LANES*SIGNAL_BITS-1:0]            o_reset_recurrent_row,
  output wire                                         o_row_valid,
  output wire [ROW_BITS-1:0]                          o_row,
  output wire                                         o_row_is_last,
  output wire [3*CELL_LANES*SIGNAL_BITS-1:0]          o_input_rows,
  output wire [3*CELL_LANES*SIGNAL_BITS-1:0]          o_recurrent_rows,
  output wire                                         o_input_block_valid,
  output wire [3*(SIGNAL_BITS<<INPUT_LOG2_K)-1:0]     o_input_blocks,
  output wire [2:0]                                   o_block_valid,   // z, r, candidate
  output wire [(SIGNAL_BITS<<RECURRENT_LOG2_K)-1:0]   o_block,
  output wire [2:0]                                   o_hits    // product, accumulator, spectrum
);
  localparam K = 1 << RECURRENT_LOG2_K;
  localparam ROW_WIDTH = CELL_LANES * SIGNAL_BITS;
  localparam INPUT_K = 1 << INPUT_LOG2_K;
  localparam INPUT_BLOCKS = (N_CELLS + INPUT_K - 1) / INPUT_K;
  localparam COLS = (N_CELLS + K - 1) / K;
  localparam PASSES = (BLOCKS + RECURRENT_PES - 1) / RECURRENT_PES;
  localparam GAP = $clog2(BLOCK_ROWS);
  localparam WORDS = PASSES * COLS;
  localparam CANDIDATE_BASE = 2 * WORDS;
  localparam IRFFT_CYCLES = (RECURRENT_LOG2_K == 0) ? 1
    : RECURRENT_LOG2_K + ((RECURRENT_LOG2_K > 2) ? 2 * (RECURRENT_LOG2_K - 2) : 0);
  localparam EXIT_CYCLES = 9 + IRFFT_CYCLES;   // circ_array
  localparam READ_CYCLES = 4;                   // row number to row of W_r y
  localparam INPUT_ROW_BITS =
    ((INPUT_BLOCKS > 1) ? $clog2(INPUT_BLOCKS) : 1) + $clog2(INPUT_K / CELL_LANES);
  localparam BUFFER_ROW_BITS = ((BLOCKS > 1) ? $clog2(BLOCKS) : 1) + GAP;
  localparam [1:0] Z = 2'd0;
  localparam [1:0] R = 2'd1;
  localparam [1:0] CANDIDATE = 2'd2;

  wire                     ready;
  wire                     start;
  wire [1:0]               start_kind;
  wire                     unused_starts_input;
  wire                     discard;
  wire                     done;
  wire [1:0]               kind;
  wire [15:0]              column;
  wire [1:0]               read_kind;
  wire                     y_filled;
  wire                     y_has_column;
  wire [K*SIGNAL_BITS-1:0] y_spectrum;
  wire                     y_hit;
  wire                     unused_y_ready;    // one y, one u at a time
  wire                     unused_u_ready;
  wire                     unused_u_filled;
  wire                     u_has_column;
  wire [K*SIGNAL_BITS-1:0] u_spectrum;
  wire                     u_hit;
  wire                     exit;
  wire [1:0]               exit_kind;
  wire                     block_valid;
  wire [1:0]               block_kind;
  wire [2:0]               array_hits;
  wire                     input_filled;
  wire [2:0]               input_hits;

  ring_control #(
    .STREAMS       (1),
    .PRIME_ROWS    (PRIME_ROWS),
    .N_JOBS        (3),
    .ORDER         ({CANDIDATE, Z, R}),
    .HAS_INPUT_JOB (0)
  ) u_control (
    .clk             (clk),
    .rst             (rst),
    .i_stale         (i_stale),
    .i_ready         (ready),
    .i_input_room    (1'b1),
    .i_input_filled  (input_filled),
    .i_output_room   (i_output_room),
    .i_vector_filled (y_filled),
    .o_start         (start),
    .o_kind          (start_kind),
    .o_input         (unused_starts_input),
    .o_head          (o_head),
    .o_discard       (discard),
    .o_prime         (o_prime),
    .o_prime_row     (o_prime_row)
  );
  circ_spectrum #(
    .SIGNAL_BITS    (SIGNAL_BITS),
    .LANES          (CELL_LANES),
    .LOG2_K         (RECURRENT_LOG2_K),
    .COLS           (N_CELLS),
    .SPECTRUM_SHIFT (RECURRENT_SPECTRUM_SHIFT),
    .BANKS          (2)
  ) u_y_spectrum (
    .clk          (clk),
    .rst          (rst),
    .s_x_data     (i_y_row),
    .s_x_valid    (i_y_valid),
    .s_x_ready    (unused_y_ready),
    .o_filled     (y_filled),
    .i_release    ((done & (kind == Z)) | discard),
    .i_column     (column),
    .o_has_column (y_has_column),
    .o_spectrum   (y_spectrum),
    .o_hit        (y_hit)
  );
  circ_spectrum #(
    .SIGNAL_BITS    (SIGNAL_BITS),
    .LANES          (CELL_LANES),
    .LOG2_K         (RECURRENT_LOG2_K),
    .COLS           (N_CELLS),
    .SPECTRUM_SHIFT (CANDIDATE_SPECTRUM_SHIFT),
    .BANKS          (2)
  ) u_u_spectrum (
    .clk          (clk),
    .rst          (rst),
    .s_x_data     (i_u_row),
    .s_x_valid    (i_u_valid),
    .s_x_ready    (unused_u_ready),
    .o_filled     (unused_u_filled),
    .i_release    (done & (kind == CANDIDATE)),
    .i_column     (column),
    .o_has_column (u_has_column),
    .o_spectrum   (u_spectrum),
    .o_hit        (u_hit)
  );
  circ_array #(
    .SIGNAL_BITS        (SIGNAL_BITS),
    .WEIGHT_BITS        (WEIGHT_BITS),
    .LOG2_K             (RECURRENT_LOG2_K),
    .CHAINS             (1),
    .PES                (RECURRENT_PES),
    .RING               (1),
    .SETTLE             (READ_CYCLES + 2),
    .KINDS              (3),
    .LAST_ROWS          (K),
    .MAX_COLS           (COLS),
    .DEPTH              (3 * WORDS),
    .COLS               ({16'd0, {3{COLS[15:0]}}}),
    .ROWS               ({16'd0, {3{BLOCKS[15:0]}}}),
    .BASES              ({16'd0, CANDIDATE_BASE[15:0], WORDS[15:0], 16'd0}),
    .GAPS               ({4'd0, {3{GAP[3:0]}}}),
    .ACCUMULATOR_SHIFTS ({8'd0, CANDIDATE_ACCUMULATOR_SHIFT[7:0],
                          {2{RECURRENT_ACCUMULATOR_SHIFT[7:0]}}}),
    .OUTPUT_SHIFTS      ({8'd0, CANDIDATE_OUTPUT_SHIFT[7:0], {2{RECURRENT_OUTPUT_SHIFT[7:0]}}})
  ) u_array (
    .clk           (clk),
    .rst           (rst),
    .i_load_valid  (i_load_recurrent | i_load_candidate),
    .i_load_start  (i_load_start),
    .i_load_kind   (i_load_candidate ? CANDIDATE : Z),
    .i_load_data   (i_load_data),
    .i_start       (start),
    .i_start_kind  (start_kind),
    .o_ready       (ready),
    .o_kind        (kind),
    .o_column      (column),
    .i_has_column  ((kind == CANDIDATE) ? u_has_column : y_has_column),
    .o_read_kind   (read_kind),
    .i_spectrum    ((read_kind == CANDIDATE) ? u_spectrum : y_spectrum),
    .i_hit         ((read_kind == CANDIDATE) ? u_hit : y_hit),
    .o_done        (done),
    .o_exit        (exit),
    .o_exit_kind   (exit_kind),
    .o_block_valid (block_valid),
    .o_block_kind  (block_kind),
    .o_blocks      (o_block),
    .o_hits        (array_hits)
  );

  // W_x x: z and h when the candidate's rows come, r when its own do.
  wire [2:0] exits = {exit_kind == CANDIDATE, exit_kind == R, exit_kind == Z} & {3{exit}};
  wire [1:0] exits_soon;
  wire       unused_exit = &{1'b0, exits[0]};
  assign o_block_valid =
    {block_kind == CANDIDATE, block_kind == R, block_kind == Z} & {3{block_valid}};
  wire [INPUT_ROW_BITS-1:0] input_row;
  wire [INPUT_ROW_BITS-1:0] reset_input_row;
  generate
    if (ROW_BITS >= INPUT_ROW_BITS) begin : g_same_row
      assign input_row = o_row[INPUT_ROW_BITS-1:0];
      assign reset_input_row = o_reset_row[INPUT_ROW_BITS-1:0];
    end else begin : g_wider_row
      assign input_row = {{INPUT_ROW_BITS-ROW_BITS{1'b0}}, o_row};
      assign reset_input_row = {{INPUT_ROW_BITS-ROW_BITS{1'b0}}, o_reset_row};
    end
  endgenerate
  wire row_ends;   // the last place of a frame, padding included
  input_product #(
    .SIGNAL_BITS       (SIGNAL_BITS),
    .WEIGHT_BITS       (WEIGHT_BITS),
    .LANES             (LANES),
    .CELL_LANES        (CELL_LANES),
    .GATES             (3),
    .N_INPUTS          (N_INPUTS),
    .N_CELLS           (N_CELLS),
    .LOG2_K            (INPUT_LOG2_K),
    .PES               (INPUT_PES),
    .SPECTRUM_SHIFT    (INPUT_SPECTRUM_SHIFT),
    .ACCUMULATOR_SHIFT (INPUT_ACCUMULATOR_SHIFT),
    .OUTPUT_SHIFT      (INPUT_OUTPUT_SHIFT)
  ) u_input (
    .clk           (clk),
    .rst           (rst),
    .i_load_valid  (i_load_input),
    .i_load_start  (i_load_start),
    .i_load_data   (i_load_data),
    .s_x_data      (s_x_data),
    .s_x_valid     (s_x_valid),
    .s_x_ready     (s_x_ready),
    .o_filled      (input_filled),
    .i_release     (row_ends),
    .i_rows        ({input_row, reset_input_row, input_row}),
    .o_rows        (o_input_rows),
    .o_block_valid (o_input_block_valid),
    .o_blocks      (o_input_blocks),
    .o_hits        (input_hits)
  );
  assign o_hits = array_hits | input_hits;

  // Row numbers, READ_CYCLES before the rows of W_r y or W_hr u.
  valid_delay #(
    .BITS   (2),
    .CYCLES (EXIT_CYCLES - READ_CYCLES)
  ) u_exit_soon (
    .clk     (clk),
    .rst     (rst),
    .i_valid (exits[2:1]),
    .o_valid (exits_soon)
  );
  wire unused_reset_ends;
  row_counter #(
    .BLOCK_ROWS (BLOCK_ROWS),
    .BLOCKS     (BLOCKS),
    .ROWS       (PRIME_ROWS)
  ) u_reset_rows (
    .clk       (clk),
    .rst       (rst),
    .i_block   (exits_soon[0]),
    .o_valid   (o_reset_valid),
    .o_row     (o_reset_row),
    .o_is_last (o_reset_is_last),
    .o_ends    (unused_reset_ends)
  );
  row_counter #(
    .BLOCK_ROWS (BLOCK_ROWS),
    .BLOCKS     (BLOCKS),
    .ROWS       (PRIME_ROWS)
  ) u_rows (
    .clk       (clk),
    .rst       (rst),
    .i_block   (exits_soon[1]),
    .o_valid   (o_row_valid),
    .o_row     (o_row),
    .o_is_last (o_row_is_last),
    .o_ends    (row_ends)
  );
  wire [ROW_WIDTH-1:0] candidate_row;
  block_rows #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LOG2_K      (RECURRENT_LOG2_K),
    .LANES       (CELL_LANES),
    .GATES       (1)
  ) u_block_rows (
    .clk      (clk),
    .i_valid  (o_block_valid[2] | o_block_valid[1]),
    .i_blocks (o_block),
    .o_rows   (candidate_row)
  );
  assign o_reset_recurrent_row = candidate_row;

  // z waits for the candidate: its row is read 2 cycles early and delayed to the candidate's.
  wire                       unused_room;
  wire                       unused_z_filled;
  wire [BUFFER_ROW_BITS-1:0] z_row_number;
  wire [ROW_WIDTH-1:0]       z_row;
  wire [ROW_WIDTH-1:0]       z_row_later;
  generate
    if (BUFFER_ROW_BITS > ROW_BITS) begin : g_wider_z_row
      assign z_row_number = {{BUFFER_ROW_BITS-ROW_BITS{1'b0}}, o_row};
    end else begin : g_same_z_row
      assign z_row_number = o_row[BUFFER_ROW_BITS-1:0];
    end
  endgenerate
  product_buffer #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LOG2_K      (RECURRENT_LOG2_K),
    .LANES       (CELL_LANES),
    .GATES       (1),
    .BLOCKS      (BLOCKS),
    .BANKS       (2)
  ) u_z_product (
    .clk           (clk),
    .rst           (rst),
    .i_reserve     (o_head),
    .o_room        (unused_room),
    .i_block_valid (o_block_valid[0]),
    .i_blocks      (o_block),
    .o_filled      (unused_z_filled),
    .i_release     (row_ends),
    .i_rows        (z_row_number),
    .o_data        (z_row)
  );
  delay #(
    .BITS   (ROW_WIDTH),
    .CYCLES (2)
  ) u_z_row (
    .clk    (clk),
    .i_data (z_row),
    .o_data (z_row_later)
  );
  assign o_recurrent_rows = {candidate_row, {ROW_WIDTH{1'b0}}, z_row_later};
endmodule

`default_nettype wire
