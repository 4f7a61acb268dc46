// One LSTM layer: a stream of frames in, a stream of frames out (docs/fixed-point.md 4 and 6.2).
//
//   s_x --> u_input ------> u_input_product --+        (two frames: runs ahead of the rest)
//                                             +--> LANES x lstm_cell --> c, m
//   y ----> u_recurrent --> u_recurrent_product +                          |
//   ^                                                                      v
//   +------------------------------- y <-- m, or u_projection(m) <---------+---> u_fifo --> m_y
//
// One frame at a time recurs: wait for both products of frame t and room for its output; read all
// rows of cells through the lanes; y (m itself, or the projection's product when it is complete)
// goes to the output, to the state memory and straight into the next recurrent product. The input
// product of later frames is made meanwhile. Parameters, ports, load bus and observable signals:
// rtl/README.md.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module lstm_layer #(
  parameter LAYER              = 0,
  parameter SIGNAL_BITS        = 16,
  parameter WEIGHT_BITS        = 12,
  parameter LANES              = 4,
  parameter N_INPUTS           = 24,
  parameter N_CELLS            = 32,
  parameter N_OUTPUTS          = 32,
  parameter IS_PEEPHOLE        = 1,
  parameter IS_PROJECTED       = 0,
  parameter PREACTIVATION_FRAC = 11,
  parameter CELL_FRAC          = 12,
  parameter PEEPHOLE_FRAC      = 12,
  parameter INPUT_LOG2_K            = 3,    // [4 n_cells] x n_inputs
  parameter INPUT_PES               = 1,
  parameter INPUT_SPECTRUM_SHIFT    = 2,
  parameter INPUT_ACCUMULATOR_SHIFT = 10,
  parameter INPUT_OUTPUT_SHIFT      = 3,
  parameter RECURRENT_LOG2_K            = 3,    // [4 n_cells] x n_outputs
  parameter RECURRENT_PES               = 1,
  parameter RECURRENT_SPECTRUM_SHIFT    = 2,
  parameter RECURRENT_ACCUMULATOR_SHIFT = 10,
  parameter RECURRENT_OUTPUT_SHIFT      = 3,
  parameter PROJECTION_LOG2_K            = 3,    // n_outputs x n_cells
  parameter PROJECTION_PES               = 1,
  parameter PROJECTION_SPECTRUM_SHIFT    = 2,
  parameter PROJECTION_ACCUMULATOR_SHIFT = 10,
  parameter PROJECTION_OUTPUT_SHIFT      = 3,
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
  localparam GATES = 4;
  localparam ROW_WIDTH = LANES * SIGNAL_BITS;
  localparam BEATS = (N_INPUTS + LANES - 1) / LANES;
  localparam C_ROWS = (N_CELLS + LANES - 1) / LANES;
  localparam Y_ROWS = (N_OUTPUTS + LANES - 1) / LANES;
  localparam C_ROW_BITS = (C_ROWS > 1) ? $clog2(C_ROWS) : 1;
  localparam Y_ROW_BITS = (Y_ROWS > 1) ? $clog2(Y_ROWS) : 1;
  localparam LAST_LANES = N_CELLS - (C_ROWS - 1) * LANES;   // cells in the last row
  localparam INPUT_BLOCKS = (N_CELLS + (1 << INPUT_LOG2_K) - 1) >> INPUT_LOG2_K;
  localparam INPUT_ROW_BITS =
    ((INPUT_BLOCKS > 1) ? $clog2(INPUT_BLOCKS) : 1) +
    $clog2((1 << INPUT_LOG2_K) / LANES);
  localparam RECURRENT_BLOCKS = (N_CELLS + (1 << RECURRENT_LOG2_K) - 1) >> RECURRENT_LOG2_K;
  localparam RECURRENT_ROW_BITS =
    ((RECURRENT_BLOCKS > 1) ? $clog2(RECURRENT_BLOCKS) : 1) +
    $clog2((1 << RECURRENT_LOG2_K) / LANES);
  // One counter walks through the rows of every memory.
  localparam PRODUCT_ROW_BITS =
    (INPUT_ROW_BITS > RECURRENT_ROW_BITS) ? INPUT_ROW_BITS : RECURRENT_ROW_BITS;
  localparam ROW_BITS = (PRODUCT_ROW_BITS > Y_ROW_BITS) ? PRODUCT_ROW_BITS : Y_ROW_BITS;
  localparam LAST_C_ROW_NUMBER = C_ROWS - 1;
  localparam [ROW_BITS-1:0] LAST_C_ROW = LAST_C_ROW_NUMBER[ROW_BITS-1:0];
  localparam LAST_Y_ROW_NUMBER = Y_ROWS - 1;
  localparam [ROW_BITS-1:0] LAST_Y_ROW = LAST_Y_ROW_NUMBER[ROW_BITS-1:0];
  localparam [C_ROW_BITS-1:0] LAST_C_WRITE = LAST_C_ROW_NUMBER[C_ROW_BITS-1:0];
  localparam [Y_ROW_BITS-1:0] LAST_Y_WRITE = LAST_Y_ROW_NUMBER[Y_ROW_BITS-1:0];

  // Load bus.
  localparam [3:0] OWN_LAYER = LAYER[3:0];
  wire        is_loaded = i_load_valid & (i_load_unit[7:4] == OWN_LAYER);
  wire [15:0] load = is_loaded ? 16'd1 << i_load_unit[3:0] : 16'd0;
  wire        unused_load = &{1'b0, i_load_data, load};

  // What the lanes and the projection deliver.
  wire                 cell_valid;
  wire [ROW_WIDTH-1:0] cell_c;
  wire [ROW_WIDTH-1:0] cell_m;
  wire                 y_valid;
  wire [ROW_WIDTH-1:0] y_row;
  wire                 y_ends;               // last row of a frame's y
  wire                 output_filled;        // the projection's product is complete

  // Sequencer.
  localparam [2:0] WAIT = 3'd0;      // for both products and room
  localparam [2:0] PRIME = 3'd1;     // y from the state memory into the recurrent product
  localparam [2:0] CELLS = 3'd2;     // rows through the lanes
  localparam [2:0] PROJECT = 3'd3;   // the projection's product to come
  localparam [2:0] SEND = 3'd4;      // rows of the projection's product
  localparam [2:0] FINISH = 3'd5;    // y to come out
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
  wire                is_last_c_row = row_q == LAST_C_ROW;
  wire                is_last_y_row = row_q == LAST_Y_ROW;
  wire                rows_end = (state_q == CELLS) ? is_last_c_row : is_last_y_row;
  wire                is_reading = (state_q == PRIME) | (state_q == CELLS) | (state_q == SEND);

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
      row_q <= (is_reading & ~rows_end) ? row_q + 1'b1 : {ROW_BITS{1'b0}};
      case (state_q)
        WAIT:
          if (prime)
            state_q <= PRIME;
          else if (begin_frame)
            state_q <= CELLS;
        PRIME:
          if (rows_end)
            state_q <= WAIT;
        CELLS:
          if (rows_end)
            state_q <= (IS_PROJECTED != 0) ? PROJECT : FINISH;
        PROJECT:
          if (output_filled)
            state_q <= SEND;
        SEND:
          if (rows_end)
            state_q <= FINISH;
        default:
          if (y_ends)
            state_q <= WAIT;
      endcase
    end

  // Every memory answers two cycles after its row number.
  localparam READ_CYCLES = 2;
  wire prime_valid;
  wire lanes_valid;
  wire lanes_last;
  wire output_valid;
  valid_delay #(
    .BITS   (4),
    .CYCLES (READ_CYCLES)
  ) u_read_valid (
    .clk     (clk),
    .rst     (rst),
    .i_valid ({state_q == SEND, is_last_c_row, state_q == CELLS, state_q == PRIME}),
    .o_valid ({output_valid, lanes_last, lanes_valid, prime_valid})
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
  wire                             unused_recurrent_ready;   // always: one y at a time
  wire                             recurrent_room;
  wire                             recurrent_start;
  wire                             recurrent_block_valid;
  wire [(S<<RECURRENT_LOG2_K)-1:0] recurrent_block;
  wire [2:0]                       recurrent_hits;
  wire [GATES*ROW_WIDTH-1:0]       recurrent_rows;
  wire [ROW_WIDTH-1:0]             y_stored;
  circ_product #(
    .SIGNAL_BITS       (SIGNAL_BITS),
    .WEIGHT_BITS       (WEIGHT_BITS),
    .LANES             (LANES),
    .LOG2_K            (RECURRENT_LOG2_K),
    .ROWS              (GATES * (RECURRENT_BLOCKS << RECURRENT_LOG2_K)),
    .COLS              (N_OUTPUTS),
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
    .GATES       (GATES),
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

  // Biases, peepholes and state.
  wire [GATES*ROW_WIDTH-1:0] bias_rows;
  wire [3*ROW_WIDTH-1:0]     peephole_rows;
  wire [ROW_WIDTH-1:0]       c_stored;
  reg  [C_ROW_BITS-1:0]      c_write_q;
  reg  [Y_ROW_BITS-1:0]      y_write_q;
  assign y_ends = y_valid & (y_write_q == LAST_Y_WRITE);
  always @(posedge clk)
    if (rst) begin
      c_write_q <= {C_ROW_BITS{1'b0}};
      y_write_q <= {Y_ROW_BITS{1'b0}};
    end else begin
      if (cell_valid)
        c_write_q <= (c_write_q == LAST_C_WRITE) ? {C_ROW_BITS{1'b0}} : c_write_q + 1'b1;
      if (y_valid)
        y_write_q <= y_ends ? {Y_ROW_BITS{1'b0}} : y_write_q + 1'b1;
    end
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
    .i_row        (row_q[C_ROW_BITS-1:0]),
    .o_data       (bias_rows)
  );
  generate
    if (IS_PEEPHOLE != 0) begin : g_peephole
      parameter_memory #(
        .SIGNAL_BITS (SIGNAL_BITS),
        .LANES       (LANES),
        .N           (N_CELLS),
        .GATES       (3)
      ) u_peephole (
        .clk          (clk),
        .rst          (rst),
        .i_load_valid (load[6]),
        .i_load_start (i_load_start),
        .i_load_data  (i_load_data[SIGNAL_BITS-1:0]),
        .i_row        (row_q[C_ROW_BITS-1:0]),
        .o_data       (peephole_rows)
      );
    end else begin : g_no_peephole
      assign peephole_rows = {3*ROW_WIDTH{1'b0}};
    end
  endgenerate
  state_memory #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LANES       (LANES),
    .N           (N_OUTPUTS)
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
    .i_row        (row_q[Y_ROW_BITS-1:0]),
    .o_data       (y_stored)
  );
  state_memory #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LANES       (LANES),
    .N           (N_CELLS)
  ) u_c (
    .clk          (clk),
    .rst          (rst),
    .i_load_valid (load[8]),
    .i_load_start (i_load_start),
    .i_load_data  (i_load_data[SIGNAL_BITS-1:0]),
    .i_zero       (i_reset_state),
    .i_keep       (y_ends),
    .i_write      (cell_valid),
    .i_write_row  (c_write_q),
    .i_write_data (cell_c),
    .i_row        (row_q[C_ROW_BITS-1:0]),
    .o_data       (c_stored)
  );

  // The lanes. Places past the last cell stay empty.
  wire [LANES-1:0] valid;
  wire [LANES-1:0] preactivation_hits;
  wire [LANES-1:0] cell_hits;
  genvar l;
  generate
    for (l = 0; l < LANES; l = l + 1) begin : g_lane
      lstm_cell #(
        .SIGNAL_BITS        (SIGNAL_BITS),
        .IS_PEEPHOLE        (IS_PEEPHOLE),
        .PREACTIVATION_FRAC (PREACTIVATION_FRAC),
        .CELL_FRAC          (CELL_FRAC),
        .PEEPHOLE_FRAC      (PEEPHOLE_FRAC),
        .SIGMOID_BASES      (SIGMOID_BASES),
        .SIGMOID_SLOPES     (SIGMOID_SLOPES),
        .TANH_BASES         (TANH_BASES),
        .TANH_SLOPES        (TANH_SLOPES)
      ) u_cell (
        .clk                  (clk),
        .rst                  (rst),
        .i_valid              (lanes_valid & ((l < LAST_LANES) | ~lanes_last)),
        .i_input_products     ({input_rows[(3*LANES+l)*S +: S], input_rows[(2*LANES+l)*S +: S],
                                input_rows[(LANES+l)*S +: S], input_rows[l*S +: S]}),
        .i_recurrent_products ({recurrent_rows[(3*LANES+l)*S +: S],
                                recurrent_rows[(2*LANES+l)*S +: S],
                                recurrent_rows[(LANES+l)*S +: S], recurrent_rows[l*S +: S]}),
        .i_biases             ({bias_rows[(3*LANES+l)*S +: S], bias_rows[(2*LANES+l)*S +: S],
                                bias_rows[(LANES+l)*S +: S], bias_rows[l*S +: S]}),
        .i_peepholes          ({peephole_rows[(2*LANES+l)*S +: S],
                                peephole_rows[(LANES+l)*S +: S], peephole_rows[l*S +: S]}),
        .i_c                  (c_stored[l*S +: S]),
        .o_valid              (valid[l]),
        .o_c                  (cell_c[l*S +: S]),
        .o_m                  (cell_m[l*S +: S]),
        .o_preactivation_hit  (preactivation_hits[l]),
        .o_cell_hit           (cell_hits[l])
      );
    end
  endgenerate
  assign cell_valid = |valid;   // lane 0 of every row is a cell

  // y: m itself, or its projection once complete.
  wire [2:0] projection_hits;
  generate
    if (IS_PROJECTED != 0) begin : g_projection
      localparam PROJECTION_BLOCKS =
        (N_OUTPUTS + (1 << PROJECTION_LOG2_K) - 1) >> PROJECTION_LOG2_K;
      localparam PROJECTION_ROW_BITS =
        ((PROJECTION_BLOCKS > 1) ? $clog2(PROJECTION_BLOCKS) : 1) +
        $clog2((1 << PROJECTION_LOG2_K) / LANES);
      wire                              unused_ready;   // always: one m at a time
      wire                              room;
      wire                              start;
      wire                              block_valid;
      wire [(S<<PROJECTION_LOG2_K)-1:0] block;
      wire [PROJECTION_ROW_BITS-1:0]    row;
      circ_product #(
        .SIGNAL_BITS       (SIGNAL_BITS),
        .WEIGHT_BITS       (WEIGHT_BITS),
        .LANES             (LANES),
        .LOG2_K            (PROJECTION_LOG2_K),
        .ROWS              (N_OUTPUTS),
        .COLS              (N_CELLS),
        .PES               (PROJECTION_PES),
        .SPECTRUM_SHIFT    (PROJECTION_SPECTRUM_SHIFT),
        .ACCUMULATOR_SHIFT (PROJECTION_ACCUMULATOR_SHIFT),
        .OUTPUT_SHIFT      (PROJECTION_OUTPUT_SHIFT)
      ) u_projection (
        .clk           (clk),
        .rst           (rst),
        .i_load_valid  (load[3]),
        .i_load_start  (i_load_start),
        .i_load_data   (i_load_data[WEIGHT_BITS-1:0]),
        .s_x_data      (cell_m),
        .s_x_valid     (cell_valid),
        .s_x_ready     (unused_ready),
        .i_room        (room),
        .o_start       (start),
        .o_block_valid (block_valid),
        .o_block       (block),
        .o_hits        (projection_hits)
      );
      product_buffer #(
        .SIGNAL_BITS (SIGNAL_BITS),
        .LOG2_K      (PROJECTION_LOG2_K),
        .LANES       (LANES),
        .GATES       (1),
        .BLOCKS      (PROJECTION_BLOCKS)
      ) u_projection_product (
        .clk           (clk),
        .rst           (rst),
        .i_reserve     (start),
        .o_room        (room),
        .i_block_valid (block_valid),
        .i_block       (block),
        .o_filled      (output_filled),
        .i_release     (y_ends),
        .i_row         (row),
        .o_data        (y_row)
      );
      if (PROJECTION_ROW_BITS > Y_ROW_BITS) begin : g_row
        assign row = {{PROJECTION_ROW_BITS-Y_ROW_BITS{1'b0}}, row_q[Y_ROW_BITS-1:0]};
      end else begin : g_whole_row
        assign row = row_q[PROJECTION_ROW_BITS-1:0];
      end
      assign y_valid = output_valid;
    end else begin : g_no_projection
      wire unused_output = output_valid;
      assign projection_hits = 3'd0;
      assign output_filled = 1'b0;
      assign y_valid = cell_valid;
      assign y_row = cell_m;
    end
  endgenerate

  frame_fifo #(
    .BEAT_BITS (ROW_WIDTH),
    .ROWS      (Y_ROWS)
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

  // Sticky saturation: the recurrent product's hits count when a frame uses it.
  reg  [2:0] pending_q;
  reg  [4:0] saturated_q;
  wire [2:0] used = begin_frame ? pending_q : 3'd0;
  always @(posedge clk)
    if (rst) begin
      pending_q   <= 3'd0;
      saturated_q <= 5'd0;
    end else begin
      pending_q   <= ((begin_frame | discard) ? 3'd0 : pending_q) | recurrent_hits;
      saturated_q <= saturated_q | {|cell_hits, |preactivation_hits,
                                    input_hits | projection_hits | used};
    end
  assign o_saturated = saturated_q;
endmodule

`default_nettype wire
