// The output layer: scores = saturate(W y + b) for each frame (docs/fixed-point.md 7).
//
//   s_x --> u_product --> u_rows --> LANES x gate_sum with bias --> u_fifo --> m_y
//
// No state; frames overlap. Parameters, ports and load bus: rtl/README.md.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module linear_layer #(
  parameter LAYER             = 15,
  parameter SIGNAL_BITS       = 16,
  parameter WEIGHT_BITS       = 12,
  parameter LANES             = 4,
  parameter N_INPUTS          = 32,
  parameter N_OUTPUTS         = 24,
  parameter LOG2_K            = 3,
  parameter PES               = 1,
  parameter SPECTRUM_SHIFT    = 2,
  parameter ACCUMULATOR_SHIFT = 10,
  parameter OUTPUT_SHIFT      = 3
) (
  input  wire                         clk,
  input  wire                         rst,
  input  wire                         i_load_valid,
  input  wire [7:0]                   i_load_unit,
  input  wire                         i_load_start,
  input  wire [31:0]                  i_load_data,
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
  localparam ROW_WIDTH = LANES * SIGNAL_BITS;
  localparam BEATS = (N_INPUTS + LANES - 1) / LANES;
  localparam ROWS = (N_OUTPUTS + LANES - 1) / LANES;
  localparam BIAS_ROW_BITS = (ROWS > 1) ? $clog2(ROWS) : 1;
  localparam LAST_LANES = N_OUTPUTS - (ROWS - 1) * LANES;   // scores in the last row
  localparam BLOCKS = (N_OUTPUTS + (1 << LOG2_K) - 1) >> LOG2_K;
  localparam ROW_BITS =
    ((BLOCKS > 1) ? $clog2(BLOCKS) : 1) + $clog2((1 << LOG2_K) / LANES);
  localparam LAST_ROW_NUMBER = ROWS - 1;
  localparam [ROW_BITS-1:0] LAST_ROW = LAST_ROW_NUMBER[ROW_BITS-1:0];

  // Load bus.
  localparam [3:0] OWN_LAYER = LAYER[3:0];
  wire is_loaded = i_load_valid & (i_load_unit[7:4] == OWN_LAYER);
  wire load_weights = is_loaded & (i_load_unit[3:0] == 4'd0);
  wire load_bias = is_loaded & (i_load_unit[3:0] == 4'd4);
  wire unused_load = &{1'b0, i_load_data};

  // Sequencer: rows of a complete product, when their scores have room.
  reg                 is_reading_q;
  reg  [ROW_BITS-1:0] row_q;
  wire                filled;
  wire                has_room;
  wire                begin_rows = ~is_reading_q & filled & has_room;
  wire                is_last_row = row_q == LAST_ROW;
  wire                rows_end = is_reading_q & is_last_row;
  always @(posedge clk)
    if (rst) begin
      is_reading_q <= 1'b0;
      row_q        <= {ROW_BITS{1'b0}};
    end else begin
      is_reading_q <= begin_rows | (is_reading_q & ~is_last_row);
      row_q        <= (is_reading_q & ~is_last_row) ? row_q + 1'b1 : {ROW_BITS{1'b0}};
    end

  wire                  room;
  wire                  start;
  wire                  block_valid;
  wire [(S<<LOG2_K)-1:0] block;
  wire [2:0]            hits;
  wire [ROW_WIDTH-1:0]  product_row;
  wire [ROW_WIDTH-1:0]  bias_row;
  circ_product #(
    .SIGNAL_BITS       (SIGNAL_BITS),
    .WEIGHT_BITS       (WEIGHT_BITS),
    .LANES             (LANES),
    .LOG2_K            (LOG2_K),
    .ROWS              (N_OUTPUTS),
    .COLS              (N_INPUTS),
    .PES               (PES),
    .SPECTRUM_SHIFT    (SPECTRUM_SHIFT),
    .ACCUMULATOR_SHIFT (ACCUMULATOR_SHIFT),
    .OUTPUT_SHIFT      (OUTPUT_SHIFT)
  ) u_product (
    .clk           (clk),
    .rst           (rst),
    .i_load_valid  (load_weights),
    .i_load_start  (i_load_start),
    .i_load_data   (i_load_data[WEIGHT_BITS-1:0]),
    .s_x_data      (s_x_data),
    .s_x_valid     (s_x_valid),
    .s_x_ready     (s_x_ready),
    .i_room        (room),
    .o_start       (start),
    .o_block_valid (block_valid),
    .o_block       (block),
    .o_hits        (hits)
  );
  product_buffer #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LOG2_K      (LOG2_K),
    .LANES       (LANES),
    .GATES       (1),
    .BLOCKS      (BLOCKS)
  ) u_rows (
    .clk           (clk),
    .rst           (rst),
    .i_reserve     (start),
    .o_room        (room),
    .i_block_valid (block_valid),
    .i_block       (block),
    .o_filled      (filled),
    .i_release     (rows_end),
    .i_row         (row_q),
    .o_data        (product_row)
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
  parameter_memory #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LANES       (LANES),
    .N           (N_OUTPUTS),
    .GATES       (1)
  ) u_bias (
    .clk          (clk),
    .rst          (rst),
    .i_load_valid (load_bias),
    .i_load_start (i_load_start),
    .i_load_data  (i_load_data[SIGNAL_BITS-1:0]),
    .i_row        (row_q[BIAS_ROW_BITS-1:0]),
    .o_data       (bias_row)
  );

  // Scores, 2 cycles of reading and 4 of summing after the row number.
  localparam READ_CYCLES = 2;
  localparam SUM_CYCLES = 4;
  wire                 y_valid;
  wire                 y_last;
  wire [ROW_WIDTH-1:0] sums;
  wire [ROW_WIDTH-1:0] y_row;
  wire [LANES-1:0]     is_score;
  wire [LANES-1:0]     sum_hits;
  valid_delay #(
    .BITS   (2),
    .CYCLES (READ_CYCLES + SUM_CYCLES)
  ) u_valid (
    .clk     (clk),
    .rst     (rst),
    .i_valid ({is_last_row, is_reading_q}),
    .o_valid ({y_last, y_valid})
  );
  genvar l;
  generate
    for (l = 0; l < LANES; l = l + 1) begin : g_lane
      gate_sum #(
        .SIGNAL_BITS  (SIGNAL_BITS),
        .EXTRA_BITS   (1),
        .EXTRA_CYCLES (0)
      ) u_sum (
        .clk                 (clk),
        .i_input_product     (product_row[l*S +: S]),
        .i_recurrent_product ({S{1'b0}}),
        .i_bias              (bias_row[l*S +: S]),
        .i_extra             (1'b0),
        .o_sum               (sums[l*S +: S]),
        .o_hit               (sum_hits[l])
      );
      assign is_score[l] = (l < LAST_LANES) | ~y_last;
      assign y_row[l*S +: S] = is_score[l] ? sums[l*S +: S] : {S{1'b0}};
    end
  endgenerate

  frame_fifo #(
    .BEAT_BITS (ROW_WIDTH),
    .ROWS      (ROWS)
  ) u_fifo (
    .clk       (clk),
    .rst       (rst),
    .i_reserve (begin_rows),
    .o_room    (has_room),
    .i_write   (y_valid),
    .i_data    (y_row),
    .m_data    (m_y_data),
    .m_valid   (m_y_valid),
    .m_ready   (m_y_ready),
    .m_last    (m_y_last)
  );

  reg [3:0] saturated_q;
  always @(posedge clk)
    if (rst)
      saturated_q <= 4'd0;
    else
      saturated_q <= saturated_q | {y_valid & (|(sum_hits & is_score)), hits};
  assign o_saturated = {1'b0, saturated_q};
endmodule

`default_nettype wire
