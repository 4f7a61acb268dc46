// One LSTM layer: a stream of frames in, a stream of frames out (docs/fixed-point.md 4 and 6.2).
//
//   s_x --> recurrence --> rows of cells, all gates --> CELL_LANES x lstm_cell --> m --+
//              ^                                                                       |
//              |                             m itself, or circ_spectrum, circ_array <--+
//              |                             (column by column as m comes)
//              +--------------------------------- y <--+
//                                                 +-----> row_gather --> frame_fifo --> m_y
//
// Nothing waits for a whole vector: cells begin with the first block of gates, the projection takes
// each block of m as it comes, the next recurrent product each block of y. With STREAMS > 1 frames
// of that many streams come in turn, each with its own state. Parameters, ports, load bus and
// observable signals: rtl/README.md.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module lstm_layer #(
  parameter LAYER              = 0,
  parameter SIGNAL_BITS        = 16,
  parameter WEIGHT_BITS        = 12,
  parameter LANES              = 4,    // of the streams
  parameter CELL_LANES         = 4,    // element-wise, LANES or fewer
  parameter STREAMS            = 1,
  parameter N_INPUTS           = 24,
  parameter N_CELLS            = 32,
  parameter N_OUTPUTS          = 32,
  parameter IS_PEEPHOLE        = 1,
  parameter IS_PROJECTED       = 0,
  parameter PREACTIVATION_FRAC = 11,
  parameter CELL_FRAC          = 12,
  parameter PEEPHOLE_FRAC      = 12,
  parameter INPUT_LOG2_K            = 3,    // [4 n_cells] x n_inputs
  parameter INPUT_PES               = 0,
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
  input  wire                         i_read,
  input  wire [7:0]                   i_read_unit,
  input  wire [15:0]                  i_read_index,
  output wire [SIGNAL_BITS-1:0]       o_read_data,
  input  wire [LANES*SIGNAL_BITS-1:0] s_x_data,
  input  wire                         s_x_valid,
  output wire                         s_x_ready,
  input  wire                         s_x_last,
  output wire [LANES*SIGNAL_BITS-1:0] m_y_data,
  output wire                         m_y_valid,
  input  wire                         m_y_ready,
  output wire                         m_y_last,
  output wire [4:0]                   o_saturated,
  output wire [4:0]                   o_saturation,
  output wire                         o_misframed
);
  localparam S = SIGNAL_BITS;
  localparam GATES = 4;
  localparam CELL_WIDTH = CELL_LANES * SIGNAL_BITS;
  // A projection gives whole blocks, cells give rows of CELL_LANES.
  localparam Y_LANES = (IS_PROJECTED != 0) ? LANES : CELL_LANES;
  localparam Y_WIDTH = Y_LANES * SIGNAL_BITS;
  localparam BEATS = (N_INPUTS + LANES - 1) / LANES;
  localparam C_ROWS = (N_CELLS + CELL_LANES - 1) / CELL_LANES;
  localparam Y_ROWS = (N_OUTPUTS + Y_LANES - 1) / Y_LANES;
  localparam OUT_ROWS = (N_OUTPUTS + LANES - 1) / LANES;
  localparam C_ROW_BITS = (C_ROWS > 1) ? $clog2(C_ROWS) : 1;
  localparam LAST_LANES = N_CELLS - (C_ROWS - 1) * CELL_LANES;   // cells in the last row
  localparam BLOCK_ROWS = (1 << RECURRENT_LOG2_K) / CELL_LANES;
  localparam BLOCKS = (N_CELLS + (1 << RECURRENT_LOG2_K) - 1) >> RECURRENT_LOG2_K;
  localparam ROW_BITS = (BLOCKS * BLOCK_ROWS > 1) ? $clog2(BLOCKS * BLOCK_ROWS) : 1;
  // States of all streams, one after the other.
  localparam C_LINES = STREAMS * C_ROWS;
  localparam C_LINE_BITS = (C_LINES > 1) ? $clog2(C_LINES) : 1;
  localparam LAST_C_LINE_NUMBER = C_LINES - 1;
  localparam [C_LINE_BITS-1:0] LAST_C_LINE = LAST_C_LINE_NUMBER[C_LINE_BITS-1:0];
  localparam Y_LINES = STREAMS * Y_ROWS;
  localparam Y_LINE_BITS = (Y_LINES > 1) ? $clog2(Y_LINES) : 1;
  localparam LAST_Y_LINE_NUMBER = Y_LINES - 1;
  localparam [Y_LINE_BITS-1:0] LAST_Y_LINE = LAST_Y_LINE_NUMBER[Y_LINE_BITS-1:0];
  localparam LAST_Y_ROW_NUMBER = Y_ROWS - 1;
  localparam [Y_LINE_BITS-1:0] LAST_Y_ROW = LAST_Y_ROW_NUMBER[Y_LINE_BITS-1:0];

  // Load bus.
  localparam [3:0] OWN_LAYER = LAYER[3:0];
  wire        is_loaded = i_load_valid & (i_load_unit[7:4] == OWN_LAYER);
  wire [15:0] load = is_loaded ? 16'd1 << i_load_unit[3:0] : 16'd0;
  wire        unused_load = &{1'b0, i_load_data, load};

  // A reader from outside has the addresses of the state memories while the layer is idle.
  wire                   is_read = i_read & (i_read_unit[7:4] == OWN_LAYER);
  wire                   reads_y = is_read & (i_read_unit[3:0] == 4'd7);
  wire                   reads_c = is_read & (i_read_unit[3:0] == 4'd8);
  wire [Y_LINE_BITS-1:0] y_window;
  wire [C_LINE_BITS-1:0] c_window;
  wire [S-1:0]           y_word;
  wire [S-1:0]           c_word;
  assign o_read_data = ({S{reads_y}} & y_word) | ({S{reads_c}} & c_word);

  stream_check #(
    .BEATS (BEATS)
  ) u_check (
    .clk         (clk),
    .rst         (rst),
    .i_beat      (s_x_valid & s_x_ready),
    .i_last      (s_x_last),
    .o_misframed (o_misframed)
  );

  // Both products of the gates.
  wire                                       y_valid;
  wire [Y_WIDTH-1:0]                         y_row;
  wire                                       prime;
  wire                                       prime_valid;
  wire [Y_LINE_BITS-1:0]                     prime_row;
  wire [Y_WIDTH-1:0]                         y_stored;
  wire                                       has_room;
  wire                                       head;
  wire                                       row_valid;
  wire [ROW_BITS-1:0]                        row;
  wire                                       row_is_last;
  wire [GATES*CELL_WIDTH-1:0]                input_rows;
  wire [GATES*CELL_WIDTH-1:0]                recurrent_rows;
  wire                                       input_block_valid;
  wire [GATES*(S<<INPUT_LOG2_K)-1:0]         input_block;
  wire                                       recurrent_block_valid;
  wire [GATES*(S<<RECURRENT_LOG2_K)-1:0]     recurrent_block;
  wire [2:0]                                 recurrence_hits;
  wire                                       unused_blocks =
    &{1'b0, input_block_valid, input_block, recurrent_block_valid, recurrent_block};
  recurrence #(
    .SIGNAL_BITS                 (SIGNAL_BITS),
    .WEIGHT_BITS                 (WEIGHT_BITS),
    .LANES                       (LANES),
    .CELL_LANES                  (CELL_LANES),
    .Y_LANES                     (Y_LANES),
    .STREAMS                     (STREAMS),
    .GATES                       (GATES),
    .N_INPUTS                    (N_INPUTS),
    .N_CELLS                     (N_CELLS),
    .N_OUTPUTS                   (N_OUTPUTS),
    .INPUT_LOG2_K                (INPUT_LOG2_K),
    .INPUT_PES                   (INPUT_PES),
    .INPUT_SPECTRUM_SHIFT        (INPUT_SPECTRUM_SHIFT),
    .INPUT_ACCUMULATOR_SHIFT     (INPUT_ACCUMULATOR_SHIFT),
    .INPUT_OUTPUT_SHIFT          (INPUT_OUTPUT_SHIFT),
    .RECURRENT_LOG2_K            (RECURRENT_LOG2_K),
    .RECURRENT_PES               (RECURRENT_PES),
    .RECURRENT_SPECTRUM_SHIFT    (RECURRENT_SPECTRUM_SHIFT),
    .RECURRENT_ACCUMULATOR_SHIFT (RECURRENT_ACCUMULATOR_SHIFT),
    .RECURRENT_OUTPUT_SHIFT      (RECURRENT_OUTPUT_SHIFT)
  ) u_recurrence (
    .clk                     (clk),
    .rst                     (rst),
    .i_load_input            (load[0]),
    .i_load_recurrent        (load[1]),
    .i_load_start            (i_load_start),
    .i_load_data             (i_load_data[WEIGHT_BITS-1:0]),
    .i_stale                 (i_reset_state | load[7]),
    .s_x_data                (s_x_data),
    .s_x_valid               (s_x_valid),
    .s_x_ready               (s_x_ready),
    .i_y_valid               (prime_valid | y_valid),
    .i_y_row                 (prime_valid ? y_stored : y_row),
    .o_prime                 (prime),
    .o_prime_row             (prime_row),
    .i_output_room           (has_room),
    .o_head                  (head),
    .o_row_valid             (row_valid),
    .o_row                   (row),
    .o_row_is_last           (row_is_last),
    .o_input_rows            (input_rows),
    .o_recurrent_rows        (recurrent_rows),
    .o_input_block_valid     (input_block_valid),
    .o_input_blocks          (input_block),
    .o_recurrent_block_valid (recurrent_block_valid),
    .o_recurrent_blocks      (recurrent_block),
    .o_hits                  (recurrence_hits)
  );

  // Biases, peepholes and the cell state answer 2 cycles after the row's number.
  localparam READ_CYCLES = 2;
  wire                        lanes_valid;
  wire                        lanes_last;
  wire [C_ROW_BITS-1:0]       c_row = row[C_ROW_BITS-1:0];
  wire [GATES*CELL_WIDTH-1:0] bias_rows;
  wire [3*CELL_WIDTH-1:0]     peephole_rows;
  wire [CELL_WIDTH-1:0]       c_stored;
  reg  [C_LINE_BITS-1:0]      c_read_q;
  reg  [C_LINE_BITS-1:0]      c_write_q;
  wire                        c_valid;
  wire [CELL_WIDTH-1:0]       cell_c;
  always @(posedge clk)
    if (rst) begin
      c_read_q  <= {C_LINE_BITS{1'b0}};
      c_write_q <= {C_LINE_BITS{1'b0}};
    end else begin
      if (row_valid)
        c_read_q <= (c_read_q == LAST_C_LINE) ? {C_LINE_BITS{1'b0}} : c_read_q + 1'b1;
      if (c_valid)
        c_write_q <= (c_write_q == LAST_C_LINE) ? {C_LINE_BITS{1'b0}} : c_write_q + 1'b1;
    end
  valid_delay #(
    .BITS   (3),
    .CYCLES (READ_CYCLES)
  ) u_read_valid (
    .clk     (clk),
    .rst     (rst),
    .i_valid ({prime, row_is_last, row_valid}),
    .o_valid ({prime_valid, lanes_last, lanes_valid})
  );
  parameter_memory #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LANES       (CELL_LANES),
    .N           (N_CELLS),
    .GATES       (GATES)
  ) u_bias (
    .clk          (clk),
    .rst          (rst),
    .i_load_valid (load[4]),
    .i_load_start (i_load_start),
    .i_load_data  (i_load_data[SIGNAL_BITS-1:0]),
    .i_rows       ({GATES{c_row}}),
    .o_data       (bias_rows)
  );
  generate
    if (IS_PEEPHOLE != 0) begin : g_peephole
      parameter_memory #(
        .SIGNAL_BITS (SIGNAL_BITS),
        .LANES       (CELL_LANES),
        .N           (N_CELLS),
        .GATES       (3)
      ) u_peephole (
        .clk          (clk),
        .rst          (rst),
        .i_load_valid (load[6]),
        .i_load_start (i_load_start),
        .i_load_data  (i_load_data[SIGNAL_BITS-1:0]),
        .i_rows       ({3{c_row}}),
        .o_data       (peephole_rows)
      );
    end else begin : g_no_peephole
      assign peephole_rows = {3*CELL_WIDTH{1'b0}};
    end
    if (ROW_BITS > C_ROW_BITS) begin : g_padding_rows
      wire unused_row = &{1'b0, row};
    end
  endgenerate
  state_memory #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LANES       (CELL_LANES),
    .N           (N_CELLS),
    .STREAMS     (STREAMS)
  ) u_c (
    .clk          (clk),
    .rst          (rst),
    .i_load_valid (load[8]),
    .i_load_start (i_load_start),
    .i_load_data  (i_load_data[SIGNAL_BITS-1:0]),
    .i_zero       (i_reset_state),
    .i_frame      (row_valid & row_is_last),
    .i_write      (c_valid),
    .i_write_row  (c_write_q),
    .i_write_data (cell_c),
    .i_row        (reads_c ? c_window : c_read_q),
    .o_data       (c_stored)
  );
  state_window #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LANES       (CELL_LANES),
    .N           (N_CELLS),
    .STREAMS     (STREAMS)
  ) u_c_window (
    .clk     (clk),
    .i_index (i_read_index),
    .o_line  (c_window),
    .i_data  (c_stored),
    .o_word  (c_word)
  );
  // The ring takes initial states from here and keeps later ones itself: they are written for a
  // reader from outside.
  reg  [Y_LINE_BITS-1:0] y_write_q;
  reg  [Y_LINE_BITS-1:0] y_frame_q;   // line of its frame
  wire                   y_ends = y_valid & (y_frame_q == LAST_Y_ROW);
  always @(posedge clk)
    if (rst) begin
      y_write_q <= {Y_LINE_BITS{1'b0}};
      y_frame_q <= {Y_LINE_BITS{1'b0}};
    end else if (y_valid) begin
      y_write_q <= (y_write_q == LAST_Y_LINE) ? {Y_LINE_BITS{1'b0}} : y_write_q + 1'b1;
      y_frame_q <= y_ends ? {Y_LINE_BITS{1'b0}} : y_frame_q + 1'b1;
    end
  state_memory #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LANES       (Y_LANES),
    .N           (N_OUTPUTS),
    .STREAMS     (STREAMS)
  ) u_y (
    .clk          (clk),
    .rst          (rst),
    .i_load_valid (load[7]),
    .i_load_start (i_load_start),
    .i_load_data  (i_load_data[SIGNAL_BITS-1:0]),
    .i_zero       (i_reset_state),
    .i_frame      (y_ends),
    .i_write      (y_valid),
    .i_write_row  (y_write_q),
    .i_write_data (y_row),
    .i_row        (reads_y ? y_window : prime_row),
    .o_data       (y_stored)
  );
  state_window #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LANES       (Y_LANES),
    .N           (N_OUTPUTS),
    .STREAMS     (STREAMS)
  ) u_y_window (
    .clk     (clk),
    .i_index (i_read_index),
    .o_line  (y_window),
    .i_data  (y_stored),
    .o_word  (y_word)
  );

  // The lanes. Places past the last cell stay empty.
  wire                  cell_valid;
  wire [CELL_WIDTH-1:0] cell_m;
  wire [CELL_LANES-1:0] valid;
  wire [CELL_LANES-1:0] valid_c;
  wire [CELL_LANES-1:0] preactivation_hits;
  wire [CELL_LANES-1:0] cell_hits;
  genvar l;
  generate
    for (l = 0; l < CELL_LANES; l = l + 1) begin : g_lane
      wire [S-1:0] c;
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
        .i_input_products     ({input_rows[(3*CELL_LANES+l)*S +: S],
                                input_rows[(2*CELL_LANES+l)*S +: S],
                                input_rows[(CELL_LANES+l)*S +: S], input_rows[l*S +: S]}),
        .i_biases             ({bias_rows[(3*CELL_LANES+l)*S +: S],
                                bias_rows[(2*CELL_LANES+l)*S +: S],
                                bias_rows[(CELL_LANES+l)*S +: S], bias_rows[l*S +: S]}),
        .i_peepholes          ({peephole_rows[(2*CELL_LANES+l)*S +: S],
                                peephole_rows[(CELL_LANES+l)*S +: S],
                                peephole_rows[l*S +: S]}),
        .i_c                  (c_stored[l*S +: S]),
        .i_recurrent_products ({recurrent_rows[(3*CELL_LANES+l)*S +: S],
                                recurrent_rows[(2*CELL_LANES+l)*S +: S],
                                recurrent_rows[(CELL_LANES+l)*S +: S],
                                recurrent_rows[l*S +: S]}),
        .o_c_valid            (valid_c[l]),
        .o_c                  (c),
        .o_valid              (valid[l]),
        .o_m                  (cell_m[l*S +: S]),
        .o_preactivation_hit  (preactivation_hits[l]),
        .o_cell_hit           (cell_hits[l])
      );
      assign cell_c[l*S +: S] = valid_c[l] ? c : {S{1'b0}};
    end
  endgenerate
  assign cell_valid = valid[0];   // lane 0 of every row is a cell
  assign c_valid = valid_c[0];
  wire unused_valid = &{1'b0, valid};

  // y: m itself, or its projection, one chain of elements that works on all its rows at once.
  wire [2:0] projection_hits;
  generate
    if (IS_PROJECTED != 0) begin : g_projection
      localparam K = 1 << PROJECTION_LOG2_K;
      localparam ROW_BLOCKS = (N_OUTPUTS + K - 1) / K;
      localparam COL_BLOCKS = (N_CELLS + K - 1) / K;
      localparam RING = (ROW_BLOCKS + PROJECTION_PES - 1) / PROJECTION_PES;
      localparam Y_ROW_BITS = (ROW_BLOCKS * (K / LANES) > 1) ? $clog2(ROW_BLOCKS * (K / LANES)) : 1;
      localparam GAP = $clog2(K / LANES);
      wire                  unused_ready;    // always: room for a vector of m of each stream
      wire                  unused_filled;
      wire                  unused_exit;
      wire [7:0]            unused_kinds;
      wire                  ready;
      wire                  done;
      wire [15:0]           column;
      wire                  has_column;
      wire [K*S-1:0]        spectrum;
      wire                  hit;
      wire                  block_valid;
      wire [K*S-1:0]        block;
      wire [Y_ROW_BITS-1:0] unused_y_row;
      wire                  unused_last;
      wire                  unused_ends;
      circ_spectrum #(
        .SIGNAL_BITS    (SIGNAL_BITS),
        .LANES          (CELL_LANES),
        .LOG2_K         (PROJECTION_LOG2_K),
        .COLS           (N_CELLS),
        .SPECTRUM_SHIFT (PROJECTION_SPECTRUM_SHIFT),
        .BANKS          ((STREAMS > 2) ? STREAMS : 2)
      ) u_spectrum (
        .clk          (clk),
        .rst          (rst),
        .s_x_data     (cell_m),
        .s_x_valid    (cell_valid),
        .s_x_ready    (unused_ready),
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
        .LOG2_K             (PROJECTION_LOG2_K),
        .CHAINS             (1),
        .PES                (PROJECTION_PES),
        .RING               (RING),
        .SETTLE             (1),
        .KINDS              (1),
        .LAST_ROWS          (N_OUTPUTS),
        .MAX_COLS           (COL_BLOCKS),
        .DEPTH              (RING * COL_BLOCKS),
        .COLS               ({48'd0, COL_BLOCKS[15:0]}),
        .ROWS               ({48'd0, ROW_BLOCKS[15:0]}),
        .BASES              (64'd0),
        .GAPS               ({12'd0, GAP[3:0]}),
        .ACCUMULATOR_SHIFTS (PROJECTION_ACCUMULATOR_SHIFT),
        .OUTPUT_SHIFTS      (PROJECTION_OUTPUT_SHIFT)
      ) u_array (
        .clk           (clk),
        .rst           (rst),
        .i_load_valid  (load[3]),
        .i_load_start  (i_load_start),
        .i_load_kind   (2'd0),
        .i_load_data   (i_load_data[WEIGHT_BITS-1:0]),
        .i_start       (ready),
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
        .o_block_valid (block_valid),
        .o_block_kind  (unused_kinds[7:6]),
        .o_blocks      (block),
        .o_hits        (projection_hits)
      );
      row_counter #(
        .BLOCK_ROWS (K / LANES),
        .BLOCKS     (ROW_BLOCKS),
        .ROWS       (Y_ROWS)
      ) u_rows (
        .clk       (clk),
        .rst       (rst),
        .i_block   (block_valid),
        .o_valid   (y_valid),
        .o_row     (unused_y_row),
        .o_is_last (unused_last),
        .o_ends    (unused_ends)
      );
      block_rows #(
        .SIGNAL_BITS (SIGNAL_BITS),
        .LOG2_K      (PROJECTION_LOG2_K),
        .LANES       (LANES),
        .GATES       (1)
      ) u_block_rows (
        .clk      (clk),
        .i_valid  (block_valid),
        .i_blocks (block),
        .o_rows   (y_row)
      );
    end else begin : g_no_projection
      assign projection_hits = 3'd0;
      assign y_valid = cell_valid;
      assign y_row = cell_m;
    end
  endgenerate

  wire                         out_valid;
  wire [LANES*SIGNAL_BITS-1:0] out_row;
  row_gather #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .IN_LANES    (Y_LANES),
    .OUT_LANES   (LANES),
    .IN_ROWS     (Y_ROWS)
  ) u_gather (
    .clk     (clk),
    .rst     (rst),
    .i_valid (y_valid),
    .i_row   (y_row),
    .o_valid (out_valid),
    .o_row   (out_row)
  );
  frame_fifo #(
    .BEAT_BITS (LANES * SIGNAL_BITS),
    .ROWS      (OUT_ROWS),
    .FRAMES    (STREAMS + 1)
  ) u_fifo (
    .clk       (clk),
    .rst       (rst),
    .i_reserve (head),
    .o_room    (has_room),
    .i_write   (out_valid),
    .i_data    (out_row),
    .m_data    (m_y_data),
    .m_valid   (m_y_valid),
    .m_ready   (m_y_ready),
    .m_last    (m_y_last)
  );

  // Saturation, of each cycle and sticky.
  reg [4:0] saturation_q;
  reg [4:0] saturated_q;
  always @(posedge clk)
    if (rst) begin
      saturation_q <= 5'd0;
      saturated_q  <= 5'd0;
    end else begin
      saturation_q <= {|cell_hits, |preactivation_hits, recurrence_hits | projection_hits};
      saturated_q  <= saturated_q | saturation_q;
    end
  assign o_saturation = saturation_q;
  assign o_saturated = saturated_q | saturation_q;
endmodule

`default_nettype wire
