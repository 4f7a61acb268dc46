// The output layer: scores = saturate(W y + b) for each frame (docs/fixed-point.md 7).
//
//   s_x --> row_split --> circ_spectrum --> circ_array --> block_rows --> LANES x gate_sum
//                                                                            --> frame_fifo
// Beats of s_x may be wider than those of m_y (INPUT_LANES, LANES): a dense layer takes and gives
// one word a cycle behind layers of larger blocks. No state; frames overlap. Parameters, ports and
// load bus: rtl/README.md.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module linear_layer #(
  parameter LAYER             = 15,
  parameter SIGNAL_BITS       = 16,
  parameter WEIGHT_BITS       = 12,
  parameter LANES             = 4,       // of m_y and of the product, at most its block size
  parameter INPUT_LANES       = LANES,   // of s_x, LANES or more
  parameter N_INPUTS          = 32,
  parameter N_OUTPUTS         = 24,
  parameter LOG2_K            = 3,
  parameter PES               = 1,
  parameter SPECTRUM_SHIFT    = 2,
  parameter ACCUMULATOR_SHIFT = 10,
  parameter OUTPUT_SHIFT      = 3
) (
  input  wire                                     clk,
  input  wire                                     rst,
  input  wire                                     i_load_valid,
  input  wire [7:0]                               i_load_unit,
  input  wire                                     i_load_start,
  input  wire [31:0]                              i_load_data,
  input  wire [INPUT_LANES*SIGNAL_BITS-1:0]       s_x_data,
  input  wire                                     s_x_valid,
  output wire                                     s_x_ready,
  input  wire                                     s_x_last,
  output wire [LANES*SIGNAL_BITS-1:0]             m_y_data,
  output wire                                     m_y_valid,
  input  wire                                     m_y_ready,
  output wire                                     m_y_last,
  output wire [4:0]                               o_saturated,
  output wire [4:0]                               o_saturation,
  output wire                                     o_misframed
);
  localparam S = SIGNAL_BITS;
  localparam ROW_WIDTH = LANES * SIGNAL_BITS;
  localparam BEATS = (N_INPUTS + INPUT_LANES - 1) / INPUT_LANES;
  localparam ROWS = (N_OUTPUTS + LANES - 1) / LANES;
  localparam BIAS_ROW_BITS = (ROWS > 1) ? $clog2(ROWS) : 1;
  localparam LAST_LANES = N_OUTPUTS - (ROWS - 1) * LANES;   // scores in the last row
  localparam K = 1 << LOG2_K;
  localparam BLOCKS = (N_OUTPUTS + K - 1) / K;
  localparam COLS = (N_INPUTS + K - 1) / K;
  localparam PASSES = (BLOCKS + PES - 1) / PES;
  localparam BLOCK_ROWS = K / LANES;
  localparam GAP = $clog2(BLOCK_ROWS);
  localparam ROW_BITS = (BLOCKS * BLOCK_ROWS > 1) ? $clog2(BLOCKS * BLOCK_ROWS) : 1;
  localparam IRFFT_CYCLES =
    (LOG2_K == 0) ? 1 : LOG2_K + ((LOG2_K > 2) ? 2 * (LOG2_K - 2) : 0);
  localparam EXIT_CYCLES = 9 + IRFFT_CYCLES;   // circ_array

  // Load bus.
  localparam [3:0] OWN_LAYER = LAYER[3:0];
  wire is_loaded = i_load_valid & (i_load_unit[7:4] == OWN_LAYER);
  wire load_weights = is_loaded & (i_load_unit[3:0] == 4'd0);
  wire load_bias = is_loaded & (i_load_unit[3:0] == 4'd4);
  wire unused_load = &{1'b0, i_load_data};

  stream_check #(
    .BEATS (BEATS)
  ) u_check (
    .clk         (clk),
    .rst         (rst),
    .i_beat      (s_x_valid & s_x_ready),
    .i_last      (s_x_last),
    .o_misframed (o_misframed)
  );

  wire [ROW_WIDTH-1:0] x_row;
  wire                 x_valid;
  wire                 x_ready;
  row_split #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .IN_LANES    (INPUT_LANES),
    .OUT_LANES   (LANES),
    .N           (N_INPUTS)
  ) u_split (
    .clk     (clk),
    .rst     (rst),
    .s_data  (s_x_data),
    .s_valid (s_x_valid),
    .s_ready (s_x_ready),
    .m_data  (x_row),
    .m_valid (x_valid),
    .m_ready (x_ready)
  );

  // The product begins when its scores have room.
  wire           ready;
  wire           has_room;
  wire           start = ready & has_room;
  wire           done;
  wire [15:0]    column;
  wire           has_column;
  wire [K*S-1:0] spectrum;
  wire           hit;
  wire           exit;
  wire           block_valid;
  wire [K*S-1:0] block;
  wire [2:0]     hits;
  wire           unused_filled;
  wire [7:0]     unused_kinds;
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
    .s_x_data     (x_row),
    .s_x_valid    (x_valid),
    .s_x_ready    (x_ready),
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
    .CHAINS             (1),
    .PES                (PES),
    .RING               (1),
    .SETTLE             (1),
    .KINDS              (1),
    .LAST_ROWS          (N_OUTPUTS),
    .MAX_COLS           (COLS),
    .DEPTH              (PASSES * COLS),
    .COLS               ({48'd0, COLS[15:0]}),
    .ROWS               ({48'd0, BLOCKS[15:0]}),
    .BASES              (64'd0),
    .GAPS               ({12'd0, GAP[3:0]}),
    .ACCUMULATOR_SHIFTS (ACCUMULATOR_SHIFT),
    .OUTPUT_SHIFTS      (OUTPUT_SHIFT)
  ) u_array (
    .clk           (clk),
    .rst           (rst),
    .i_load_valid  (load_weights),
    .i_load_start  (i_load_start),
    .i_load_kind   (2'd0),
    .i_load_data   (i_load_data[WEIGHT_BITS-1:0]),
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
    .o_exit        (exit),
    .o_exit_kind   (unused_kinds[5:4]),
    .o_block_valid (block_valid),
    .o_block_kind  (unused_kinds[7:6]),
    .o_blocks      (block),
    .o_hits        (hits)
  );

  // Rows of scores: the bias is read READ_CYCLES before the block comes.
  localparam READ_CYCLES = 2;
  localparam SUM_CYCLES = 2;
  wire                 exit_soon;
  wire                 row_valid;
  wire [ROW_BITS-1:0]  row;
  wire                 row_is_last;
  wire                 unused_ends;
  wire                 y_valid;
  wire                 y_last;
  wire [ROW_WIDTH-1:0] product_row;
  wire [ROW_WIDTH-1:0] bias_row;
  wire [ROW_WIDTH-1:0] y_row;
  wire [LANES-1:0]     is_score;
  wire [LANES-1:0]     sum_hits;
  valid_delay #(
    .BITS   (1),
    .CYCLES (EXIT_CYCLES - READ_CYCLES)
  ) u_exit_soon (
    .clk     (clk),
    .rst     (rst),
    .i_valid (exit),
    .o_valid (exit_soon)
  );
  row_counter #(
    .BLOCK_ROWS (BLOCK_ROWS),
    .BLOCKS     (BLOCKS),
    .ROWS       (ROWS)
  ) u_rows (
    .clk       (clk),
    .rst       (rst),
    .i_block   (exit_soon),
    .o_valid   (row_valid),
    .o_row     (row),
    .o_is_last (row_is_last),
    .o_ends    (unused_ends)
  );
  valid_delay #(
    .BITS   (2),
    .CYCLES (READ_CYCLES + SUM_CYCLES)
  ) u_valid (
    .clk     (clk),
    .rst     (rst),
    .i_valid ({row_is_last, row_valid}),
    .o_valid ({y_last, y_valid})
  );
  block_rows #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LOG2_K      (LOG2_K),
    .LANES       (LANES),
    .GATES       (1)
  ) u_block_rows (
    .clk      (clk),
    .i_valid  (block_valid),
    .i_blocks (block),
    .o_rows   (product_row)
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
    .i_rows       (row[BIAS_ROW_BITS-1:0]),
    .o_data       (bias_row)
  );
  genvar l;
  generate
    if (ROW_BITS > BIAS_ROW_BITS) begin : g_padding_rows
      wire unused_row = &{1'b0, row};
    end
    for (l = 0; l < LANES; l = l + 1) begin : g_lane
      wire [S-1:0] sum;
      gate_sum #(
        .SIGNAL_BITS (SIGNAL_BITS),
        .TERM_BITS   (SIGNAL_BITS)
      ) u_sum (
        .clk       (clk),
        .i_product (product_row[l*S +: S]),
        .i_terms   (bias_row[l*S +: S]),
        .o_sum     (sum),
        .o_hit     (sum_hits[l])
      );
      assign is_score[l] = (l < LAST_LANES) | ~y_last;
      assign y_row[l*S +: S] = is_score[l] ? sum : {S{1'b0}};
    end
  endgenerate

  frame_fifo #(
    .BEAT_BITS (ROW_WIDTH),
    .ROWS      (ROWS),
    .FRAMES    (2)
  ) u_fifo (
    .clk       (clk),
    .rst       (rst),
    .i_reserve (start),
    .o_room    (has_room),
    .i_write   (y_valid),
    .i_data    (y_row),
    .m_data    (m_y_data),
    .m_valid   (m_y_valid),
    .m_ready   (m_y_ready),
    .m_last    (m_y_last)
  );

  reg [3:0] saturation_q;
  reg [3:0] saturated_q;
  always @(posedge clk)
    if (rst) begin
      saturation_q <= 4'd0;
      saturated_q  <= 4'd0;
    end else begin
      saturation_q <= {y_valid & (|(sum_hits & is_score)), hits};
      saturated_q  <= saturated_q | saturation_q;
    end
  assign o_saturation = {1'b0, saturation_q};
  assign o_saturated = {1'b0, saturated_q | saturation_q};
endmodule

`default_nettype wire
