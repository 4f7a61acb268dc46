// The products of a layer whose gates all see x and the last y: LSTM, and GRU with the reset after.
//
//   s_x --> circ_spectrum --+                      +--> product_buffer --> rows of W_x x, 2 cycles
//                           +--> circ_array -------+                       after o_row
//   y ----> circ_spectrum --+    (a chain a gate)  +--> block_rows ------> rows of W_r y, 4 cycles
//                                                                          after o_row
//
// INPUT_PES = 0: both products on the same elements (their block sizes are equal): the input
// product of the next frame while the cells of this one finish. Otherwise the input product has
// INPUT_PES elements a gate of its own (input_product). All gates of a block of cells leave at the
// same time, so cells begin with the first block.
//
// i_y_row is the ring: rows of Y_LANES words, frame after frame, or the initial state that ring_
// control asks for (o_prime). i_output_room and o_head: room for a frame's output is reserved when
// its recurrent product begins. o_row_valid, o_row, o_row_is_last: the rows of cells in order.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module recurrence #(
  parameter SIGNAL_BITS = 16,
  parameter WEIGHT_BITS = 12,
  parameter LANES       = 4,
  parameter CELL_LANES  = 4,
  parameter Y_LANES     = 4,
  parameter STREAMS     = 1,
  parameter GATES       = 4,
  parameter N_INPUTS    = 24,
  parameter N_CELLS     = 32,
  parameter N_OUTPUTS   = 32,
  parameter INPUT_LOG2_K                = 3,
  parameter INPUT_PES                   = 0,
  parameter INPUT_SPECTRUM_SHIFT        = 2,
  parameter INPUT_ACCUMULATOR_SHIFT     = 10,
  parameter INPUT_OUTPUT_SHIFT          = 3,
  parameter RECURRENT_LOG2_K            = 3,
  parameter RECURRENT_PES               = 1,
  parameter RECURRENT_SPECTRUM_SHIFT    = 2,
  parameter RECURRENT_ACCUMULATOR_SHIFT = 10,
  parameter RECURRENT_OUTPUT_SHIFT      = 3,
  parameter BLOCKS     = (N_CELLS + (1 << RECURRENT_LOG2_K) - 1) >> RECURRENT_LOG2_K,
  parameter BLOCK_ROWS = (1 << RECURRENT_LOG2_K) / CELL_LANES,
  parameter ROW_BITS   = (BLOCKS * BLOCK_ROWS > 1) ? $clog2(BLOCKS * BLOCK_ROWS) : 1,
  parameter PRIME_ROWS = STREAMS * ((N_OUTPUTS + Y_LANES - 1) / Y_LANES),
  parameter PRIME_BITS = (PRIME_ROWS > 1) ? $clog2(PRIME_ROWS) : 1
) (
  input  wire                                             clk,
  input  wire                                             rst,
  input  wire                                             i_load_input,
  input  wire                                             i_load_recurrent,
  input  wire                                             i_load_start,
  input  wire [WEIGHT_BITS-1:0]                           i_load_data,
  input  wire                                             i_stale,
  input  wire [LANES*SIGNAL_BITS-1:0]                     s_x_data,
  input  wire                                             s_x_valid,
  output wire                                             s_x_ready,
  input  wire                                             i_y_valid,
  input  wire [Y_LANES*SIGNAL_BITS-1:0]                   i_y_row,
  output wire                                             o_prime,
  output wire [PRIME_BITS-1:0]                            o_prime_row,
  input  wire                                             i_output_room,
  output wire                                             o_head,
  output wire                                             o_row_valid,
  output wire [ROW_BITS-1:0]                              o_row,
  output wire                                             o_row_is_last,
  output wire [GATES*CELL_LANES*SIGNAL_BITS-1:0]          o_input_rows,
  output wire [GATES*CELL_LANES*SIGNAL_BITS-1:0]          o_recurrent_rows,
  output wire                                             o_input_block_valid,
  output wire [GATES*(SIGNAL_BITS<<INPUT_LOG2_K)-1:0]     o_input_blocks,
  output wire                                             o_recurrent_block_valid,
  output wire [GATES*(SIGNAL_BITS<<RECURRENT_LOG2_K)-1:0] o_recurrent_blocks,
  output wire [2:0]                                       o_hits   // product, sum, spectrum
);
  localparam K = 1 << RECURRENT_LOG2_K;
  localparam IS_SHARED = (INPUT_PES == 0) ? 1 : 0;
  localparam INPUT_K = 1 << INPUT_LOG2_K;
  localparam INPUT_COLS = (N_INPUTS + INPUT_K - 1) / INPUT_K;
  localparam INPUT_BLOCKS = (N_CELLS + INPUT_K - 1) / INPUT_K;
  localparam COLS = (N_OUTPUTS + K - 1) / K;
  localparam PASSES = (BLOCKS + RECURRENT_PES - 1) / RECURRENT_PES;
  localparam GAP = $clog2(BLOCK_ROWS);
  localparam RECURRENT_WORDS = PASSES * COLS;
  localparam IRFFT_CYCLES = (RECURRENT_LOG2_K == 0) ? 1
    : RECURRENT_LOG2_K + ((RECURRENT_LOG2_K > 2) ? 2 * (RECURRENT_LOG2_K - 2) : 0);
  localparam EXIT_CYCLES = 9 + IRFFT_CYCLES;   // circ_array
  localparam READ_CYCLES = 4;                   // row number to row of W_r y
  localparam SETTLE = (IS_SHARED != 0) ? READ_CYCLES + 2 : 1;
  localparam INPUT_ROW_BITS =
    ((INPUT_BLOCKS > 1) ? $clog2(INPUT_BLOCKS) : 1) + $clog2(INPUT_K / CELL_LANES);
  // Kind 0 is the recurrent product, kind 1 the input product.
  localparam KINDS = 1 + IS_SHARED;
  localparam MAX_COLS = (IS_SHARED != 0 && INPUT_COLS > COLS) ? INPUT_COLS : COLS;
  localparam DEPTH = RECURRENT_WORDS + IS_SHARED * PASSES * INPUT_COLS;
  localparam [63:0] KIND_COLS = {32'd0, INPUT_COLS[15:0], COLS[15:0]};
  localparam [63:0] KIND_ROWS = {32'd0, BLOCKS[15:0], BLOCKS[15:0]};
  localparam [63:0] KIND_BASES = {32'd0, RECURRENT_WORDS[15:0], 16'd0};

  wire                     ready;
  wire                     start;
  wire [1:0]               start_kind;
  wire                     starts_input;
  wire                     discard;
  wire                     done;
  wire [1:0]               kind;
  wire                     is_input_kind = (IS_SHARED != 0) & kind[0];
  wire [15:0]              column;
  wire                     has_column;
  wire [1:0]               read_kind;
  wire                     unused_read_kind = &{1'b0, read_kind};
  wire [K*SIGNAL_BITS-1:0] spectrum;
  wire                     hit;
  wire                     y_filled;
  wire                     y_has_column;
  wire [K*SIGNAL_BITS-1:0] y_spectrum;
  wire                     y_hit;
  wire                     unused_ready;      // one y at a time for each stream
  wire                     exit;
  wire [1:0]               exit_kind;
  wire                     block_valid;
  wire [1:0]               block_kind;
  wire [2:0]               array_hits;
  wire                     input_room;
  wire                     input_filled;

  ring_control #(
    .STREAMS       (STREAMS),
    .PRIME_ROWS    (PRIME_ROWS),
    .N_JOBS        (KINDS),
    .ORDER         ((IS_SHARED != 0) ? 6'b000001 : 6'b000000),
    .HAS_INPUT_JOB (IS_SHARED)
  ) u_control (
    .clk             (clk),
    .rst             (rst),
    .i_stale         (i_stale),
    .i_ready         (ready),
    .i_input_room    (input_room),
    .i_input_filled  (input_filled),
    .i_output_room   (i_output_room),
    .i_vector_filled (y_filled),
    .o_start         (start),
    .o_kind          (start_kind),
    .o_input         (starts_input),
    .o_head          (o_head),
    .o_discard       (discard),
    .o_prime         (o_prime),
    .o_prime_row     (o_prime_row)
  );
  circ_spectrum #(
    .SIGNAL_BITS    (SIGNAL_BITS),
    .LANES          (Y_LANES),
    .LOG2_K         (RECURRENT_LOG2_K),
    .COLS           (N_OUTPUTS),
    .SPECTRUM_SHIFT (RECURRENT_SPECTRUM_SHIFT),
    .BANKS          (STREAMS + 1)
  ) u_y_spectrum (
    .clk          (clk),
    .rst          (rst),
    .s_x_data     (i_y_row),
    .s_x_valid    (i_y_valid),
    .s_x_ready    (unused_ready),
    .o_filled     (y_filled),
    .i_release    ((done & ~is_input_kind) | discard),
    .i_column     (column),
    .o_has_column (y_has_column),
    .o_spectrum   (y_spectrum),
    .o_hit        (y_hit)
  );
  circ_array #(
    .SIGNAL_BITS        (SIGNAL_BITS),
    .WEIGHT_BITS        (WEIGHT_BITS),
    .LOG2_K             (RECURRENT_LOG2_K),
    .CHAINS             (GATES),
    .PES                (RECURRENT_PES),
    .RING               (1),
    .SETTLE             (SETTLE),
    .KINDS              (KINDS),
    .LAST_ROWS          (K),
    .MAX_COLS           (MAX_COLS),
    .DEPTH              (DEPTH),
    .COLS               (KIND_COLS),
    .ROWS               (KIND_ROWS),
    .BASES              (KIND_BASES),
    .GAPS               ({12'd0, GAP[3:0]}),
    .ACCUMULATOR_SHIFTS ({16'd0, INPUT_ACCUMULATOR_SHIFT[7:0], RECURRENT_ACCUMULATOR_SHIFT[7:0]}),
    .OUTPUT_SHIFTS      ({16'd0, INPUT_OUTPUT_SHIFT[7:0], RECURRENT_OUTPUT_SHIFT[7:0]})
  ) u_array (
    .clk           (clk),
    .rst           (rst),
    .i_load_valid  (i_load_recurrent | (i_load_input & (IS_SHARED != 0))),
    .i_load_start  (i_load_start),
    .i_load_kind   ({1'b0, i_load_input}),
    .i_load_data   (i_load_data),
    .i_start       (start),
    .i_start_kind  (start_kind),
    .o_ready       (ready),
    .o_kind        (kind),
    .o_column      (column),
    .i_has_column  (has_column),
    .o_read_kind   (read_kind),
    .i_spectrum    (spectrum),
    .i_hit         (hit),
    .o_done        (done),
    .o_exit        (exit),
    .o_exit_kind   (exit_kind),
    .o_block_valid (block_valid),
    .o_block_kind  (block_kind),
    .o_blocks      (o_recurrent_blocks),
    .o_hits        (array_hits)
  );

  wire                      row_ends;   // the last place of a frame, padding included
  wire [INPUT_ROW_BITS-1:0] input_row;
  generate
    if (ROW_BITS >= INPUT_ROW_BITS) begin : g_same_row
      assign input_row = o_row[INPUT_ROW_BITS-1:0];
    end else begin : g_wider_row
      assign input_row = {{INPUT_ROW_BITS-ROW_BITS{1'b0}}, o_row};
    end
    if (IS_SHARED != 0) begin : g_shared
      wire                     x_filled;
      wire                     x_has_column;
      wire [K*SIGNAL_BITS-1:0] x_spectrum;
      wire                     x_hit;
      wire                     unused_shared = &{1'b0, x_filled, input_filled};
      circ_spectrum #(
        .SIGNAL_BITS    (SIGNAL_BITS),
        .LANES          (LANES),
        .LOG2_K         (INPUT_LOG2_K),
        .COLS           (N_INPUTS),
        .SPECTRUM_SHIFT (INPUT_SPECTRUM_SHIFT),
        .BANKS          (2)
      ) u_x_spectrum (
        .clk          (clk),
        .rst          (rst),
        .s_x_data     (s_x_data),
        .s_x_valid    (s_x_valid),
        .s_x_ready    (s_x_ready),
        .o_filled     (x_filled),
        .i_release    (done & is_input_kind),
        .i_column     (column),
        .o_has_column (x_has_column),
        .o_spectrum   (x_spectrum),
        .o_hit        (x_hit)
      );
      product_buffer #(
        .SIGNAL_BITS (SIGNAL_BITS),
        .LOG2_K      (INPUT_LOG2_K),
        .LANES       (CELL_LANES),
        .GATES       (GATES),
        .BLOCKS      (INPUT_BLOCKS),
        .BANKS       (2)
      ) u_input_product (
        .clk           (clk),
        .rst           (rst),
        .i_reserve     (starts_input),
        .o_room        (input_room),
        .i_block_valid (o_input_block_valid),
        .i_blocks      (o_input_blocks),
        .o_filled      (input_filled),
        .i_release     (row_ends),
        .i_rows        ({GATES{input_row}}),
        .o_data        (o_input_rows)
      );
      assign o_input_block_valid = block_valid & block_kind[0];
      assign o_input_blocks = o_recurrent_blocks;
      assign has_column = is_input_kind ? x_has_column : y_has_column;
      assign spectrum = read_kind[0] ? x_spectrum : y_spectrum;
      assign hit = read_kind[0] ? x_hit : y_hit;
      assign o_hits = array_hits;
    end else begin : g_own
      wire [2:0] input_hits;
      wire       unused_own = &{1'b0, read_kind, starts_input, kind};
      input_product #(
        .SIGNAL_BITS       (SIGNAL_BITS),
        .WEIGHT_BITS       (WEIGHT_BITS),
        .LANES             (LANES),
        .CELL_LANES        (CELL_LANES),
        .GATES             (GATES),
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
        .i_rows        ({GATES{input_row}}),
        .o_rows        (o_input_rows),
        .o_block_valid (o_input_block_valid),
        .o_blocks      (o_input_blocks),
        .o_hits        (input_hits)
      );
      assign input_room = 1'b1;
      assign has_column = y_has_column;
      assign spectrum = y_spectrum;
      assign hit = y_hit;
      assign o_hits = array_hits | input_hits;
    end
  endgenerate

  // Rows of cells: numbers first, W_r y READ_CYCLES later, when its block leaves the array.
  wire exit_soon;
  wire unused_kinds = &{1'b0, exit_kind, block_kind, kind};
  valid_delay #(
    .BITS   (1),
    .CYCLES (EXIT_CYCLES - READ_CYCLES)
  ) u_exit_soon (
    .clk     (clk),
    .rst     (rst),
    .i_valid (exit & ~((IS_SHARED != 0) & exit_kind[0])),
    .o_valid (exit_soon)
  );
  row_counter #(
    .BLOCK_ROWS (BLOCK_ROWS),
    .BLOCKS     (BLOCKS),
    .ROWS       ((N_CELLS + CELL_LANES - 1) / CELL_LANES)
  ) u_rows (
    .clk       (clk),
    .rst       (rst),
    .i_block   (exit_soon),
    .o_valid   (o_row_valid),
    .o_row     (o_row),
    .o_is_last (o_row_is_last),
    .o_ends    (row_ends)
  );
  assign o_recurrent_block_valid = block_valid & ~((IS_SHARED != 0) & block_kind[0]);
  block_rows #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LOG2_K      (RECURRENT_LOG2_K),
    .LANES       (CELL_LANES),
    .GATES       (GATES)
  ) u_block_rows (
    .clk      (clk),
    .i_valid  (o_recurrent_block_valid),
    .i_blocks (o_recurrent_blocks),
    .o_rows   (o_recurrent_rows)
  );
endmodule

`default_nettype wire
