// One GRU layer: a stream of frames in, a stream of frames out (docs/fixed-point.md 4 and 6.3).
//
//   s_x --> recurrence (_before) --> rows of cells --> CELL_LANES x gru_cell --> y --+
//              ^        ^  |                                                         |
//              |        u  +--> CELL_LANES x gru_reset, reset before only            |
//              |        +-------------+                                              |
//              +--------------------------------- y <--+-----------------------------+
//                                                      +--> row_gather --> frame_fifo --> m_y
//
// Nothing waits for a whole vector: cells begin with the first block of gates, the next recurrent
// product with the first block of y, the candidate's with the first of u. With STREAMS > 1 frames
// of that many streams come in turn, each with its own state (reset after only). INPUT_PES = 0 is
// for the reset after only. Parameters, ports, load bus and observable signals: rtl/README.md.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module gru_layer #(
  parameter LAYER              = 0,
  parameter SIGNAL_BITS        = 16,
  parameter WEIGHT_BITS        = 12,
  parameter LANES              = 4,    // of the streams
  parameter CELL_LANES         = 4,    // element-wise, LANES or fewer
  parameter STREAMS            = 1,
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
  parameter CANDIDATE_SPECTRUM_SHIFT    = 2,    // n_cells x n_cells, reset before
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
  localparam GATES = 3;
  localparam CELL_WIDTH = CELL_LANES * SIGNAL_BITS;
  localparam BEATS = (N_INPUTS + LANES - 1) / LANES;
  localparam ROWS = (N_CELLS + CELL_LANES - 1) / CELL_LANES;
  localparam OUT_ROWS = (N_CELLS + LANES - 1) / LANES;
  localparam C_ROW_BITS = (ROWS > 1) ? $clog2(ROWS) : 1;
  localparam LAST_LANES = N_CELLS - (ROWS - 1) * CELL_LANES;   // cells in the last row
  localparam BLOCK_ROWS = (1 << RECURRENT_LOG2_K) / CELL_LANES;
  localparam BLOCKS = (N_CELLS + (1 << RECURRENT_LOG2_K) - 1) >> RECURRENT_LOG2_K;
  localparam ROW_BITS = (BLOCKS * BLOCK_ROWS > 1) ? $clog2(BLOCKS * BLOCK_ROWS) : 1;
  // States of all streams, one after the other.
  localparam LINES = STREAMS * ROWS;
  localparam LINE_BITS = (LINES > 1) ? $clog2(LINES) : 1;
  localparam LAST_LINE_NUMBER = LINES - 1;
  localparam [LINE_BITS-1:0] LAST_LINE = LAST_LINE_NUMBER[LINE_BITS-1:0];

  // Load bus.
  localparam [3:0] OWN_LAYER = LAYER[3:0];
  wire        is_loaded = i_load_valid & (i_load_unit[7:4] == OWN_LAYER);
  wire [15:0] load = is_loaded ? 16'd1 << i_load_unit[3:0] : 16'd0;
  wire        unused_load = &{1'b0, i_load_data, load};

  // A reader from outside has the address of the state memory while the layer is idle.
  wire                 is_read = i_read & (i_read_unit == {OWN_LAYER, 4'd7});
  wire [LINE_BITS-1:0] y_window;
  wire [S-1:0]         y_word;
  assign o_read_data = {S{is_read}} & y_word;

  stream_check #(
    .BEATS (BEATS)
  ) u_check (
    .clk         (clk),
    .rst         (rst),
    .i_beat      (s_x_valid & s_x_ready),
    .i_last      (s_x_last),
    .o_misframed (o_misframed)
  );

  // Products. Rows of cells in the order of y, and with the reset before also those of r.
  wire                        y_valid;
  wire [CELL_WIDTH-1:0]       y_row;
  wire                        prime;
  wire                        prime_valid;
  wire [LINE_BITS-1:0]        prime_row;
  wire [CELL_WIDTH-1:0]       h_stored;
  wire                        has_room;
  wire                        head;
  wire                        row_valid;
  wire [ROW_BITS-1:0]         row;
  wire                        row_is_last;
  wire [ROW_BITS-1:0]         reset_row;
  wire [GATES*CELL_WIDTH-1:0] input_rows;
  wire [GATES*CELL_WIDTH-1:0] recurrent_rows;
  wire [GATES*CELL_WIDTH-1:0] bias_rows;
  wire [2:0]                  recurrence_hits;
  wire                        reset_hit;
  wire                        input_block_valid;
  wire [GATES*(S<<INPUT_LOG2_K)-1:0] input_block;
  wire                        unused_input_block = &{1'b0, input_block_valid, input_block};
  reg  [LINE_BITS-1:0]        read_q;
  reg  [LINE_BITS-1:0]        write_q;
  generate
    if (IS_RESET_AFTER != 0) begin : g_after
      wire                                   recurrent_block_valid;
      wire [GATES*(S<<RECURRENT_LOG2_K)-1:0] recurrent_block;
      wire                                   unused_block =
        &{1'b0, recurrent_block_valid, recurrent_block};
      recurrence #(
        .SIGNAL_BITS                 (SIGNAL_BITS),
        .WEIGHT_BITS                 (WEIGHT_BITS),
        .LANES                       (LANES),
        .CELL_LANES                  (CELL_LANES),
        .Y_LANES                     (CELL_LANES),
        .STREAMS                     (STREAMS),
        .GATES                       (GATES),
        .N_INPUTS                    (N_INPUTS),
        .N_CELLS                     (N_CELLS),
        .N_OUTPUTS                   (N_CELLS),
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
        .i_y_row                 (prime_valid ? h_stored : y_row),
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
      assign reset_row = row;
      assign reset_hit = 1'b0;
    end else begin : g_before
      wire [2:0]                       block_valid;   // z, r, candidate
      wire [(S<<RECURRENT_LOG2_K)-1:0] recurrent_block;
      wire                             unused_block = &{1'b0, block_valid, recurrent_block};
      wire                             reset_valid;
      wire                             reset_is_last;
      wire                             reset_lanes_valid;
      wire                             reset_lanes_last;
      wire [CELL_WIDTH-1:0]            reset_recurrent_row;
      wire [CELL_WIDTH-1:0]            reset_h;
      wire [CELL_LANES-1:0]            u_valid;
      wire [CELL_WIDTH-1:0]            u_row;
      wire [CELL_LANES-1:0]            reset_hits;
      wire                             unused_u_valid = &{1'b0, u_valid};
      recurrence_before #(
        .SIGNAL_BITS                 (SIGNAL_BITS),
        .WEIGHT_BITS                 (WEIGHT_BITS),
        .LANES                       (LANES),
        .CELL_LANES                  (CELL_LANES),
        .N_INPUTS                    (N_INPUTS),
        .N_CELLS                     (N_CELLS),
        .INPUT_LOG2_K                (INPUT_LOG2_K),
        .INPUT_PES                   (INPUT_PES),
        .INPUT_SPECTRUM_SHIFT        (INPUT_SPECTRUM_SHIFT),
        .INPUT_ACCUMULATOR_SHIFT     (INPUT_ACCUMULATOR_SHIFT),
        .INPUT_OUTPUT_SHIFT          (INPUT_OUTPUT_SHIFT),
        .RECURRENT_LOG2_K            (RECURRENT_LOG2_K),
        .RECURRENT_PES               (RECURRENT_PES),
        .RECURRENT_SPECTRUM_SHIFT    (RECURRENT_SPECTRUM_SHIFT),
        .RECURRENT_ACCUMULATOR_SHIFT (RECURRENT_ACCUMULATOR_SHIFT),
        .RECURRENT_OUTPUT_SHIFT      (RECURRENT_OUTPUT_SHIFT),
        .CANDIDATE_SPECTRUM_SHIFT    (CANDIDATE_SPECTRUM_SHIFT),
        .CANDIDATE_ACCUMULATOR_SHIFT (CANDIDATE_ACCUMULATOR_SHIFT),
        .CANDIDATE_OUTPUT_SHIFT      (CANDIDATE_OUTPUT_SHIFT)
      ) u_recurrence (
        .clk                   (clk),
        .rst                   (rst),
        .i_load_input          (load[0]),
        .i_load_recurrent      (load[1]),
        .i_load_candidate      (load[2]),
        .i_load_start          (i_load_start),
        .i_load_data           (i_load_data[WEIGHT_BITS-1:0]),
        .i_stale               (i_reset_state | load[7]),
        .s_x_data              (s_x_data),
        .s_x_valid             (s_x_valid),
        .s_x_ready             (s_x_ready),
        .i_y_valid             (prime_valid | y_valid),
        .i_y_row               (prime_valid ? h_stored : y_row),
        .i_u_valid             (u_valid[0]),
        .i_u_row               (u_row),
        .o_prime               (prime),
        .o_prime_row           (prime_row),
        .i_output_room         (has_room),
        .o_head                (head),
        .o_reset_valid         (reset_valid),
        .o_reset_row           (reset_row),
        .o_reset_is_last       (reset_is_last),
        .o_reset_recurrent_row (reset_recurrent_row),
        .o_row_valid           (row_valid),
        .o_row                 (row),
        .o_row_is_last         (row_is_last),
        .o_input_rows          (input_rows),
        .o_recurrent_rows      (recurrent_rows),
        .o_input_block_valid   (input_block_valid),
        .o_input_blocks        (input_block),
        .o_block_valid         (block_valid),
        .o_block               (recurrent_block),
        .o_hits                (recurrence_hits)
      );
      valid_delay #(
        .BITS   (2),
        .CYCLES (2)
      ) u_reset_read_valid (
        .clk     (clk),
        .rst     (rst),
        .i_valid ({reset_is_last, reset_valid}),
        .o_valid ({reset_lanes_last, reset_lanes_valid})
      );
      // h' again, for the reset gate.
      state_memory #(
        .SIGNAL_BITS (SIGNAL_BITS),
        .LANES       (CELL_LANES),
        .N           (N_CELLS),
        .STREAMS     (1)
      ) u_reset_h (
        .clk          (clk),
        .rst          (rst),
        .i_load_valid (load[7]),
        .i_load_start (i_load_start),
        .i_load_data  (i_load_data[SIGNAL_BITS-1:0]),
        .i_zero       (i_reset_state),
        .i_frame      (reset_valid & reset_is_last),
        .i_write      (y_valid),
        .i_write_row  (write_q),
        .i_write_data (y_row),
        .i_row        (reset_row[LINE_BITS-1:0]),
        .o_data       (reset_h)
      );
      genvar r;
      for (r = 0; r < CELL_LANES; r = r + 1) begin : g_reset_lane
        gru_reset #(
          .SIGNAL_BITS        (SIGNAL_BITS),
          .PREACTIVATION_FRAC (PREACTIVATION_FRAC),
          .SIGMOID_BASES      (SIGMOID_BASES),
          .SIGMOID_SLOPES     (SIGMOID_SLOPES)
        ) u_reset (
          .clk                 (clk),
          .rst                 (rst),
          .i_valid             (reset_lanes_valid & ((r < LAST_LANES) | ~reset_lanes_last)),
          .i_input_product     (input_rows[(CELL_LANES+r)*S +: S]),
          .i_bias              (bias_rows[(CELL_LANES+r)*S +: S]),
          .i_h                 (reset_h[r*S +: S]),
          .i_recurrent_product (reset_recurrent_row[r*S +: S]),
          .o_valid             (u_valid[r]),
          .o_u                 (u_row[r*S +: S]),
          .o_preactivation_hit (reset_hits[r])
        );
      end
      assign reset_hit = |reset_hits;
      if (ROW_BITS > C_ROW_BITS) begin : g_padding_rows
        wire unused_reset_row = &{1'b0, reset_row};
      end
    end
    if (ROW_BITS > C_ROW_BITS) begin : g_padding_rows
      wire unused_row = &{1'b0, row, reset_row};
    end
  endgenerate

  // Biases and h' answer 2 cycles after the row's number.
  localparam READ_CYCLES = 2;
  wire                  lanes_valid;
  wire                  lanes_last;
  wire [C_ROW_BITS-1:0] c_row = row[C_ROW_BITS-1:0];
  wire [CELL_WIDTH-1:0] bias_candidate_row;
  always @(posedge clk)
    if (rst) begin
      read_q  <= {LINE_BITS{1'b0}};
      write_q <= {LINE_BITS{1'b0}};
    end else begin
      if (row_valid)
        read_q <= (read_q == LAST_LINE) ? {LINE_BITS{1'b0}} : read_q + 1'b1;
      if (y_valid)
        write_q <= (write_q == LAST_LINE) ? {LINE_BITS{1'b0}} : write_q + 1'b1;
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
    .i_rows       ({c_row, reset_row[C_ROW_BITS-1:0], c_row}),
    .o_data       (bias_rows)
  );
  generate
    if (IS_RESET_AFTER != 0) begin : g_bias_candidate
      parameter_memory #(
        .SIGNAL_BITS (SIGNAL_BITS),
        .LANES       (CELL_LANES),
        .N           (N_CELLS),
        .GATES       (1)
      ) u_bias_candidate (
        .clk          (clk),
        .rst          (rst),
        .i_load_valid (load[5]),
        .i_load_start (i_load_start),
        .i_load_data  (i_load_data[SIGNAL_BITS-1:0]),
        .i_rows       (c_row),
        .o_data       (bias_candidate_row)
      );
    end else begin : g_no_bias_candidate
      assign bias_candidate_row = {CELL_WIDTH{1'b0}};
    end
  endgenerate
  state_memory #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LANES       (CELL_LANES),
    .N           (N_CELLS),
    .STREAMS     (STREAMS)
  ) u_h (
    .clk          (clk),
    .rst          (rst),
    .i_load_valid (load[7]),
    .i_load_start (i_load_start),
    .i_load_data  (i_load_data[SIGNAL_BITS-1:0]),
    .i_zero       (i_reset_state),
    .i_frame      (row_valid & row_is_last),
    .i_write      (y_valid),
    .i_write_row  (write_q),
    .i_write_data (y_row),
    .i_row        (is_read ? y_window : prime ? prime_row : read_q),
    .o_data       (h_stored)
  );
  state_window #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LANES       (CELL_LANES),
    .N           (N_CELLS),
    .STREAMS     (STREAMS)
  ) u_window (
    .clk     (clk),
    .i_index (i_read_index),
    .o_line  (y_window),
    .i_data  (h_stored),
    .o_word  (y_word)
  );

  // The lanes. Places past the last cell stay empty.
  wire [CELL_LANES-1:0] valid;
  wire [CELL_LANES-1:0] preactivation_hits;
  genvar l;
  generate
    for (l = 0; l < CELL_LANES; l = l + 1) begin : g_lane
      gru_cell #(
        .SIGNAL_BITS        (SIGNAL_BITS),
        .IS_RESET_AFTER     (IS_RESET_AFTER),
        .PREACTIVATION_FRAC (PREACTIVATION_FRAC),
        .SIGMOID_BASES      (SIGMOID_BASES),
        .SIGMOID_SLOPES     (SIGMOID_SLOPES),
        .TANH_BASES         (TANH_BASES),
        .TANH_SLOPES        (TANH_SLOPES)
      ) u_cell (
        .clk                  (clk),
        .rst                  (rst),
        .i_valid              (lanes_valid & ((l < LAST_LANES) | ~lanes_last)),
        .i_input_products     ({input_rows[(2*CELL_LANES+l)*S +: S],
                                input_rows[(CELL_LANES+l)*S +: S], input_rows[l*S +: S]}),
        .i_biases             ({bias_rows[(2*CELL_LANES+l)*S +: S],
                                bias_rows[(CELL_LANES+l)*S +: S], bias_rows[l*S +: S]}),
        .i_bias_candidate     (bias_candidate_row[l*S +: S]),
        .i_h                  (h_stored[l*S +: S]),
        .i_recurrent_products ({recurrent_rows[(2*CELL_LANES+l)*S +: S],
                                recurrent_rows[(CELL_LANES+l)*S +: S],
                                recurrent_rows[l*S +: S]}),
        .o_valid              (valid[l]),
        .o_h                  (y_row[l*S +: S]),
        .o_preactivation_hit  (preactivation_hits[l])
      );
    end
  endgenerate
  assign y_valid = valid[0];   // lane 0 of every row is a cell
  wire unused_valid = &{1'b0, valid};

  wire                         out_valid;
  wire [LANES*SIGNAL_BITS-1:0] out_row;
  row_gather #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .IN_LANES    (CELL_LANES),
    .OUT_LANES   (LANES),
    .IN_ROWS     (ROWS)
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
  reg [3:0] saturation_q;
  reg [3:0] saturated_q;
  always @(posedge clk)
    if (rst) begin
      saturation_q <= 4'd0;
      saturated_q  <= 4'd0;
    end else begin
      saturation_q <= {(|preactivation_hits) | reset_hit, recurrence_hits};
      saturated_q  <= saturated_q | saturation_q;
    end
  assign o_saturation = {1'b0, saturation_q};
  assign o_saturated = {1'b0, saturated_q | saturation_q};
endmodule

`default_nettype wire
