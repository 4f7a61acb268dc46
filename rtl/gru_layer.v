// One GRU layer: a stream of frames in, a stream of frames out (docs/fixed-point.md 4 and 6.3).
//
//   s_x --> u_input ------> u_input_product --+                (two frames: runs ahead of the rest)
//                                             +--> LANES x gru_reset, gru_cell --> y
//   y ----> u_recurrent --> u_recurrent_product +          |         ^
//   ^                                                   u = r.h'     |
//   |                                                      v         |
//   |                        reset before only:  u_candidate --> u_candidate_product
//   +------------------------------- y -------------------------------> u_fifo --> m_y
//
// One frame at a time recurs: wait for both products of frame t and room for its output; with the
// reset after the product, read all rows of cells once through gru_reset and gru_cell; with the
// reset before, once through gru_reset into the candidate's product and, when that is complete,
// again through gru_cell. y goes to the output, to the state memory and straight into the next
// recurrent product. The input product of later frames is made meanwhile. Parameters, ports, load
// bus and observable signals: rtl/README.md.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module gru_layer #(
  parameter LAYER              = 0,
  parameter SIGNAL_BITS        = 16,
  parameter WEIGHT_BITS        = 12,
  parameter LANES              = 4,
  parameter N_INPUTS           = 24,
  parameter N_CELLS            = 32,
  parameter IS_RESET_AFTER     = 1,
  parameter PREACTIVATION_FRAC = 11,
  parameter INPUT_LOG2_K            = 3,    // [3 n_cells] x n_inputs
  parameter INPUT_PES               = 1,
  parameter INPUT_SPECTRUM_SHIFT    = 2,
  parameter INPUT_ACCUMULATOR_SHIFT = 10,
  parameter INPUT_OUTPUT_SHIFT      = 3,
  parameter RECURRENT_LOG2_K            = 3,    // [3 or 2 n_cells] x n_cells
  parameter RECURRENT_PES               = 1,
  parameter RECURRENT_SPECTRUM_SHIFT    = 2,
  parameter RECURRENT_ACCUMULATOR_SHIFT = 10,
  parameter RECURRENT_OUTPUT_SHIFT      = 3,
  parameter CANDIDATE_LOG2_K            = 3,    // n_cells x n_cells, reset before
  parameter CANDIDATE_PES               = 1,
  parameter CANDIDATE_SPECTRUM_SHIFT    = 2,
  parameter CANDIDATE_ACCUMULATOR_SHIFT = 10,
  parameter CANDIDATE_OUTPUT_SHIFT      = 3,
  parameter [32*SIGNAL_BITS-1:0] SIGMOID_BASES  = {32*SIGNAL_BITS{1'b0}},
  parameter [32*SIGNAL_BITS-1:0] SIGMOID_SLOPES = {32*SIGNAL_BITS{1'b0}},
  parameter [32*SIGNAL_BITS-1:0] TANH_BASES     = {32*SIGNAL_BITS{1'b0}},
  parameter [32*SIGNAL_BITS-1:0] TANH_SLOPES    = {32*SIGNAL_BITS{1'b0}}
) (
  input  wire                         clk,
  input  wire                         rst,
  input  wire                         i_load_valid,
  input  wire [7:0]                   i_load_unit,
  input  wire                         i_load_start,
  input  wire [31:0]                  i_load_data,
  input  wire                         i_reset_state,
  input  wire [LANES*SIGNAL_BITS-1:0] s_x_data,
  input  wire                         s_x_valid,
  output wire                         s_x_ready,
  input  wire                         s_x_last,
  output wire [LANES*SIGNAL_BITS-1:0] m_y_data,
  output wire                         m_y_valid,
  input  wire                         m_y_ready,
  output wire                         m_y_last,
  output wire [4:0]                   o_saturated,
  output wire                         o_misframed
);
  localparam S = SIGNAL_BITS;
  localparam GATES = 3;
  localparam RECURRENT_GATES = (IS_RESET_AFTER != 0) ? 3 : 2;
  localparam ROW_WIDTH = LANES * SIGNAL_BITS;
  localparam BEATS = (N_INPUTS + LANES - 1) / LANES;
  localparam ROWS = (N_CELLS + LANES - 1) / LANES;
  localparam CELL_ROW_BITS = (ROWS > 1) ? $clog2(ROWS) : 1;
  localparam LAST_LANES = N_CELLS - (ROWS - 1) * LANES;   // cells in the last row
  localparam INPUT_BLOCKS = (N_CELLS + (1 << INPUT_LOG2_K) - 1) >> INPUT_LOG2_K;
  localparam INPUT_ROW_BITS =
    ((INPUT_BLOCKS > 1) ? $clog2(INPUT_BLOCKS) : 1) +
    $clog2((1 << INPUT_LOG2_K) / LANES);
  localparam RECURRENT_BLOCKS = (N_CELLS + (1 << RECURRENT_LOG2_K) - 1) >> RECURRENT_LOG2_K;
  localparam RECURRENT_ROW_BITS =
    ((RECURRENT_BLOCKS > 1) ? $clog2(RECURRENT_BLOCKS) : 1) +
    $clog2((1 << RECURRENT_LOG2_K) / LANES);
  // One counter walks through the rows of every memory.
  localparam ROW_BITS =
    (INPUT_ROW_BITS > RECURRENT_ROW_BITS) ? INPUT_ROW_BITS : RECURRENT_ROW_BITS;
  localparam LAST_ROW_NUMBER = ROWS - 1;
  localparam [ROW_BITS-1:0] LAST_ROW = LAST_ROW_NUMBER[ROW_BITS-1:0];
  localparam [CELL_ROW_BITS-1:0] LAST_WRITE = LAST_ROW_NUMBER[CELL_ROW_BITS-1:0];

  // Load bus.
  localparam [3:0] OWN_LAYER = LAYER[3:0];
  wire        is_loaded = i_load_valid & (i_load_unit[7:4] == OWN_LAYER);
  wire [15:0] load = is_loaded ? 16'd1 << i_load_unit[3:0] : 16'd0;
  wire        unused_load = &{1'b0, i_load_data, load};

  // What the lanes deliver.
  wire                 y_valid;
  wire [ROW_WIDTH-1:0] y_row;
  wire                 y_ends;             // last row of a frame's y
  wire                 candidate_filled;   // the candidate's product is complete

  // Sequencer.
  localparam [2:0] WAIT = 3'd0;        // for both products and room
  localparam [2:0] PRIME = 3'd1;       // y from the state memory into the recurrent product
  localparam [2:0] RESET = 3'd2;       // reset before: rows through gru_reset
  localparam [2:0] CANDIDATE = 3'd3;   // reset before: the candidate's product to come
  localparam [2:0] CELLS = 3'd4;       // rows through gru_cell (and gru_reset, reset after)
  localparam [2:0] FINISH = 3'd5;      // y to come out
  reg  [2:0]          state_q;
  reg  [ROW_BITS-1:0] row_q;
  reg                 is_stale_q;   // state or weights were written: W_r y is to be made again
  reg                 is_fed_q;     // a recurrent product is on its way or waiting
  wire                input_filled;
  wire                recurrent_filled;
  wire                has_room;
  wire                discard = (state_q == WAIT) & is_stale_q & is_fed_q & recurrent_filled;
  wire                prime = (state_q == WAIT) & is_stale_q & ~is_fed_q & input_filled;
  wire                begin_frame =
    (state_q == WAIT) & ~is_stale_q & input_filled & recurrent_filled & has_room;
  wire                is_reading = (state_q == PRIME) | (state_q == RESET) | (state_q == CELLS);
  wire                is_last_row = row_q == LAST_ROW;

  always @(posedge clk)
    if (rst) begin
      state_q    <= WAIT;
      row_q      <= {ROW_BITS{1'b0}};
      is_stale_q <= 1'b1;
      is_fed_q   <= 1'b0;
    end else begin
      if (i_reset_state | is_loaded)
        is_stale_q <= 1'b1;
      else if (prime)
        is_stale_q <= 1'b0;
      if (discard)
        is_fed_q <= 1'b0;
      else if (y_ends | (state_q == PRIME))
        is_fed_q <= 1'b1;
      row_q <= (is_reading & ~is_last_row) ? row_q + 1'b1 : {ROW_BITS{1'b0}};
      case (state_q)
        WAIT:
          if (prime)
            state_q <= PRIME;
          else if (begin_frame)
            state_q <= (IS_RESET_AFTER != 0) ? CELLS : RESET;
        PRIME:
          if (is_last_row)
            state_q <= WAIT;
        RESET:
          if (is_last_row)
            state_q <= CANDIDATE;
        CANDIDATE:
          if (candidate_filled)
            state_q <= CELLS;
        CELLS:
          if (is_last_row)
            state_q <= FINISH;
        default:
          if (y_ends)
            state_q <= WAIT;
      endcase
    end

  // Every memory answers two cycles after its row number.
  localparam READ_CYCLES = 2;
  wire             prime_valid;
  wire             reset_valid;
  wire             lanes_valid;
  wire             lanes_last;
  wire [LANES-1:0] is_cell;
  valid_delay #(
    .BITS   (4),
    .CYCLES (READ_CYCLES)
  ) u_read_valid (
    .clk     (clk),
    .rst     (rst),
    .i_valid ({is_last_row, state_q == CELLS, state_q == RESET, state_q == PRIME}),
    .o_valid ({lanes_last, lanes_valid, reset_valid, prime_valid})
  );

  // Input product: frames ahead of the recurrence.
  wire                            input_room;
  wire                            input_start;
  wire                            input_block_valid;
  wire [(S<<INPUT_LOG2_K)-1:0]    input_block;
  wire [2:0]                      input_hits;
  wire [GATES*ROW_WIDTH-1:0]      input_rows;
  circ_product #(
    .SIGNAL_BITS       (SIGNAL_BITS),
    .WEIGHT_BITS       (WEIGHT_BITS),
    .LANES             (LANES),
    .LOG2_K            (INPUT_LOG2_K),
    .ROWS              (GATES * (INPUT_BLOCKS << INPUT_LOG2_K)),
    .COLS              (N_INPUTS),
    .PES               (INPUT_PES),
    .SPECTRUM_SHIFT    (INPUT_SPECTRUM_SHIFT),
    .ACCUMULATOR_SHIFT (INPUT_ACCUMULATOR_SHIFT),
    .OUTPUT_SHIFT      (INPUT_OUTPUT_SHIFT)
  ) u_input (
    .clk           (clk),
    .rst           (rst),
    .i_load_valid  (load[0]),
    .i_load_start  (i_load_start),
    .i_load_data   (i_load_data[WEIGHT_BITS-1:0]),
    .s_x_data      (s_x_data),
    .s_x_valid     (s_x_valid),
    .s_x_ready     (s_x_ready),
    .i_room        (input_room),
    .o_start       (input_start),
    .o_block_valid (input_block_valid),
    .o_block       (input_block),
    .o_hits        (input_hits)
  );
  product_buffer #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LOG2_K      (INPUT_LOG2_K),
    .LANES       (LANES),
    .GATES       (GATES),
    .BLOCKS      (INPUT_BLOCKS)
  ) u_input_product (
    .clk           (clk),
    .rst           (rst),
    .i_reserve     (input_start),
    .o_room        (input_room),
    .i_block_valid (input_block_valid),
    .i_block       (input_block),
    .o_filled      (input_filled),
    .i_release     (y_ends),
    .i_row         (row_q[INPUT_ROW_BITS-1:0]),
    .o_data        (input_rows)
  );
  stream_check #(
    .BEATS (BEATS)
  ) u_check (
    .clk         (clk),
    .rst         (rst),
    .i_beat      (s_x_valid & s_x_ready),
    .i_last      (s_x_last),
    .o_misframed (o_misframed)
  );

  // Recurrent product: y as it comes out, or once from the state memory.
  wire                                 unused_recurrent_ready;   // always: one y at a time
  wire                                 recurrent_room;
  wire                                 recurrent_start;
  wire                                 recurrent_block_valid;
  wire [(S<<RECURRENT_LOG2_K)-1:0]     recurrent_block;
  wire [2:0]                           recurrent_hits;
  wire [RECURRENT_GATES*ROW_WIDTH-1:0] recurrent_rows;
  wire [ROW_WIDTH-1:0]                 y_stored;
  circ_product #(
    .SIGNAL_BITS       (SIGNAL_BITS),
    .WEIGHT_BITS       (WEIGHT_BITS),
    .LANES             (LANES),
    .LOG2_K            (RECURRENT_LOG2_K),
    .ROWS              (RECURRENT_GATES * (RECURRENT_BLOCKS << RECURRENT_LOG2_K)),
    .COLS              (N_CELLS),
    .PES               (RECURRENT_PES),
    .SPECTRUM_SHIFT    (RECURRENT_SPECTRUM_SHIFT),
    .ACCUMULATOR_SHIFT (RECURRENT_ACCUMULATOR_SHIFT),
    .OUTPUT_SHIFT      (RECURRENT_OUTPUT_SHIFT)
  ) u_recurrent (
    .clk           (clk),
    .rst           (rst),
    .i_load_valid  (load[1]),
    .i_load_start  (i_load_start),
    .i_load_data   (i_load_data[WEIGHT_BITS-1:0]),
    .s_x_data      (prime_valid ? y_stored : y_row),
    .s_x_valid     (prime_valid | y_valid),
    .s_x_ready     (unused_recurrent_ready),
    .i_room        (recurrent_room),
    .o_start       (recurrent_start),
    .o_block_valid (recurrent_block_valid),
    .o_block       (recurrent_block),
    .o_hits        (recurrent_hits)
  );
  product_buffer #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LOG2_K      (RECURRENT_LOG2_K),
    .LANES       (LANES),
    .GATES       (RECURRENT_GATES),
    .BLOCKS      (RECURRENT_BLOCKS)
  ) u_recurrent_product (
    .clk           (clk),
    .rst           (rst),
    .i_reserve     (recurrent_start),
    .o_room        (recurrent_room),
    .i_block_valid (recurrent_block_valid),
    .i_block       (recurrent_block),
    .o_filled      (recurrent_filled),
    .i_release     (y_ends | discard),
    .i_row         (row_q[RECURRENT_ROW_BITS-1:0]),
    .o_data        (recurrent_rows)
  );

  // Biases and state.
  wire [GATES*ROW_WIDTH-1:0] bias_rows;
  reg  [CELL_ROW_BITS-1:0]   y_write_q;
  assign y_ends = y_valid & (y_write_q == LAST_WRITE);
  always @(posedge clk)
    if (rst)
      y_write_q <= {CELL_ROW_BITS{1'b0}};
    else if (y_valid)
      y_write_q <= y_ends ? {CELL_ROW_BITS{1'b0}} : y_write_q + 1'b1;
  parameter_memory #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LANES       (LANES),
    .N           (N_CELLS),
    .GATES       (GATES)
  ) u_bias (
    .clk          (clk),
    .rst          (rst),
    .i_load_valid (load[4]),
    .i_load_start (i_load_start),
    .i_load_data  (i_load_data[SIGNAL_BITS-1:0]),
    .i_row        (row_q[CELL_ROW_BITS-1:0]),
    .o_data       (bias_rows)
  );
  state_memory #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LANES       (LANES),
    .N           (N_CELLS)
  ) u_y (
    .clk          (clk),
    .rst          (rst),
    .i_load_valid (load[7]),
    .i_load_start (i_load_start),
    .i_load_data  (i_load_data[SIGNAL_BITS-1:0]),
    .i_zero       (i_reset_state),
    .i_keep       (y_ends),
    .i_write      (y_valid),
    .i_write_row  (y_write_q),
    .i_write_data (y_row),
    .i_row        (row_q[CELL_ROW_BITS-1:0]),
    .o_data       (y_stored)
  );

  // The lanes. Places past the last cell stay empty.
  wire [LANES-1:0] valid;
  wire [LANES-1:0] reset_hits;
  wire [LANES-1:0] cell_hits;
  wire [2:0]       candidate_hits;
  genvar l;
  generate
    for (l = 0; l < LANES; l = l + 1) begin : g_is_cell
      assign is_cell[l] = (l < LAST_LANES) | ~lanes_last;
    end
    if (IS_RESET_AFTER != 0) begin : g_after
      localparam RESET_CYCLES = 12;
      wire [ROW_WIDTH-1:0] inner_bias_rows;
      wire                 unused_reset = &{1'b0, reset_valid};
      parameter_memory #(
        .SIGNAL_BITS (SIGNAL_BITS),
        .LANES       (LANES),
        .N           (N_CELLS),
        .GATES       (1)
      ) u_inner_bias (
        .clk          (clk),
        .rst          (rst),
        .i_load_valid (load[5]),
        .i_load_start (i_load_start),
        .i_load_data  (i_load_data[SIGNAL_BITS-1:0]),
        .i_row        (row_q[CELL_ROW_BITS-1:0]),
        .o_data       (inner_bias_rows)
      );
      assign candidate_filled = 1'b0;
      assign candidate_hits = 3'd0;
      for (l = 0; l < LANES; l = l + 1) begin : g_lane
        wire signed [S-1:0] inner_product = recurrent_rows[(2*LANES+l)*S +: S];
        wire signed [S-1:0] inner_bias = inner_bias_rows[l*S +: S];
        wire signed [S:0]   operand = inner_product + inner_bias;
        wire signed [S:0]   inner;
        wire                reset_done;
        wire [6*S-1:0]      waiting;
        gru_reset #(
          .SIGNAL_BITS        (SIGNAL_BITS),
          .OPERAND_BITS       (SIGNAL_BITS + 1),
          .PREACTIVATION_FRAC (PREACTIVATION_FRAC),
          .SIGMOID_BASES      (SIGMOID_BASES),
          .SIGMOID_SLOPES     (SIGMOID_SLOPES)
        ) u_reset (
          .clk                 (clk),
          .rst                 (rst),
          .i_valid             (lanes_valid & is_cell[l]),
          .i_input_product     (input_rows[(LANES+l)*S +: S]),
          .i_recurrent_product (recurrent_rows[(LANES+l)*S +: S]),
          .i_bias              (bias_rows[(LANES+l)*S +: S]),
          .i_operand           (operand),
          .o_valid             (reset_done),
          .o_product           (inner),
          .o_preactivation_hit (reset_hits[l])
        );
        delay #(
          .BITS   (6 * S),
          .CYCLES (RESET_CYCLES)
        ) u_waiting (
          .clk    (clk),
          .i_data ({y_stored[l*S +: S], bias_rows[(2*LANES+l)*S +: S],
                    input_rows[(2*LANES+l)*S +: S], bias_rows[l*S +: S],
                    recurrent_rows[l*S +: S], input_rows[l*S +: S]}),
          .o_data (waiting)
        );
        gru_cell #(
          .SIGNAL_BITS        (SIGNAL_BITS),
          .INNER_BITS         (SIGNAL_BITS + 1),
          .PREACTIVATION_FRAC (PREACTIVATION_FRAC),
          .SIGMOID_BASES      (SIGMOID_BASES),
          .SIGMOID_SLOPES     (SIGMOID_SLOPES),
          .TANH_BASES         (TANH_BASES),
          .TANH_SLOPES        (TANH_SLOPES)
        ) u_cell (
          .clk                        (clk),
          .rst                        (rst),
          .i_valid                    (reset_done),
          .i_update_input_product     (waiting[0 +: S]),
          .i_update_recurrent_product (waiting[S +: S]),
          .i_update_bias              (waiting[2*S +: S]),
          .i_candidate_input_product  (waiting[3*S +: S]),
          .i_candidate_bias           (waiting[4*S +: S]),
          .i_inner                    (inner),
          .i_h                        (waiting[5*S +: S]),
          .o_valid                    (valid[l]),
          .o_h                        (y_row[l*S +: S]),
          .o_preactivation_hit        (cell_hits[l])
        );
      end
    end else begin : g_before
      localparam CANDIDATE_BLOCKS = (N_CELLS + (1 << CANDIDATE_LOG2_K) - 1) >> CANDIDATE_LOG2_K;
      localparam CANDIDATE_ROW_BITS =
        ((CANDIDATE_BLOCKS > 1) ? $clog2(CANDIDATE_BLOCKS) : 1) +
        $clog2((1 << CANDIDATE_LOG2_K) / LANES);
      wire                             unused_ready;   // always: one u at a time
      wire                             room;
      wire                             start;
      wire                             candidate_block_valid;
      wire [(S<<CANDIDATE_LOG2_K)-1:0] candidate_block;
      wire [CANDIDATE_ROW_BITS-1:0]    row;
      wire [LANES-1:0]                 u_valid;
      wire [ROW_WIDTH-1:0]             u_row;
      wire [ROW_WIDTH-1:0]             candidate_rows;
      circ_product #(
        .SIGNAL_BITS       (SIGNAL_BITS),
        .WEIGHT_BITS       (WEIGHT_BITS),
        .LANES             (LANES),
        .LOG2_K            (CANDIDATE_LOG2_K),
        .ROWS              (N_CELLS),
        .COLS              (N_CELLS),
        .PES               (CANDIDATE_PES),
        .SPECTRUM_SHIFT    (CANDIDATE_SPECTRUM_SHIFT),
        .ACCUMULATOR_SHIFT (CANDIDATE_ACCUMULATOR_SHIFT),
        .OUTPUT_SHIFT      (CANDIDATE_OUTPUT_SHIFT)
      ) u_candidate (
        .clk           (clk),
        .rst           (rst),
        .i_load_valid  (load[2]),
        .i_load_start  (i_load_start),
        .i_load_data   (i_load_data[WEIGHT_BITS-1:0]),
        .s_x_data      (u_row),
        .s_x_valid     (|u_valid),
        .s_x_ready     (unused_ready),
        .i_room        (room),
        .o_start       (start),
        .o_block_valid (candidate_block_valid),
        .o_block       (candidate_block),
        .o_hits        (candidate_hits)
      );
      product_buffer #(
        .SIGNAL_BITS (SIGNAL_BITS),
        .LOG2_K      (CANDIDATE_LOG2_K),
        .LANES       (LANES),
        .GATES       (1),
        .BLOCKS      (CANDIDATE_BLOCKS)
      ) u_candidate_product (
        .clk           (clk),
        .rst           (rst),
        .i_reserve     (start),
        .o_room        (room),
        .i_block_valid (candidate_block_valid),
        .i_block       (candidate_block),
        .o_filled      (candidate_filled),
        .i_release     (y_ends),
        .i_row         (row),
        .o_data        (candidate_rows)
      );
      if (CANDIDATE_ROW_BITS > CELL_ROW_BITS) begin : g_row
        assign row = {{CANDIDATE_ROW_BITS-CELL_ROW_BITS{1'b0}}, row_q[CELL_ROW_BITS-1:0]};
      end else begin : g_whole_row
        assign row = row_q[CANDIDATE_ROW_BITS-1:0];
      end
      for (l = 0; l < LANES; l = l + 1) begin : g_lane
        gru_reset #(
          .SIGNAL_BITS        (SIGNAL_BITS),
          .OPERAND_BITS       (SIGNAL_BITS),
          .PREACTIVATION_FRAC (PREACTIVATION_FRAC),
          .SIGMOID_BASES      (SIGMOID_BASES),
          .SIGMOID_SLOPES     (SIGMOID_SLOPES)
        ) u_reset (
          .clk                 (clk),
          .rst                 (rst),
          .i_valid             (reset_valid & is_cell[l]),
          .i_input_product     (input_rows[(LANES+l)*S +: S]),
          .i_recurrent_product (recurrent_rows[(LANES+l)*S +: S]),
          .i_bias              (bias_rows[(LANES+l)*S +: S]),
          .i_operand           (y_stored[l*S +: S]),
          .o_valid             (u_valid[l]),
          .o_product           (u_row[l*S +: S]),
          .o_preactivation_hit (reset_hits[l])
        );
        gru_cell #(
          .SIGNAL_BITS        (SIGNAL_BITS),
          .INNER_BITS         (SIGNAL_BITS),
          .PREACTIVATION_FRAC (PREACTIVATION_FRAC),
          .SIGMOID_BASES      (SIGMOID_BASES),
          .SIGMOID_SLOPES     (SIGMOID_SLOPES),
          .TANH_BASES         (TANH_BASES),
          .TANH_SLOPES        (TANH_SLOPES)
        ) u_cell (
          .clk                        (clk),
          .rst                        (rst),
          .i_valid                    (lanes_valid & is_cell[l]),
          .i_update_input_product     (input_rows[l*S +: S]),
          .i_update_recurrent_product (recurrent_rows[l*S +: S]),
          .i_update_bias              (bias_rows[l*S +: S]),
          .i_candidate_input_product  (input_rows[(2*LANES+l)*S +: S]),
          .i_candidate_bias           (bias_rows[(2*LANES+l)*S +: S]),
          .i_inner                    (candidate_rows[l*S +: S]),
          .i_h                        (y_stored[l*S +: S]),
          .o_valid                    (valid[l]),
          .o_h                        (y_row[l*S +: S]),
          .o_preactivation_hit        (cell_hits[l])
        );
      end
    end
  endgenerate
  assign y_valid = |valid;   // lane 0 of every row is a cell

  frame_fifo #(
    .BEAT_BITS (ROW_WIDTH),
    .ROWS      (ROWS)
  ) u_fifo (
    .clk       (clk),
    .rst       (rst),
    .i_reserve (begin_frame),
    .o_room    (has_room),
    .i_write   (y_valid),
    .i_data    (y_row),
    .m_data    (m_y_data),
    .m_valid   (m_y_valid),
    .m_ready   (m_y_ready),
    .m_last    (m_y_last)
  );

  // Sticky saturation: the recurrent product's hits count when a frame uses it. No cell state.
  reg  [2:0] pending_q;
  reg  [3:0] saturated_q;
  wire [2:0] used = begin_frame ? pending_q : 3'd0;
  always @(posedge clk)
    if (rst) begin
      pending_q   <= 3'd0;
      saturated_q <= 4'd0;
    end else begin
      pending_q   <= ((begin_frame | discard) ? 3'd0 : pending_q) | recurrent_hits;
      saturated_q <= saturated_q | {|{cell_hits, reset_hits}, input_hits | candidate_hits | used};
    end
  assign o_saturated = {1'b0, saturated_q};
endmodule

`default_nettype wire
