// circ_spectrum and circ_array as one product of one chain, for tb_stream.v: the output cannot be
// stalled, a job runs whenever one can. SPDX-License-Identifier: Apache-2.0
module dut (clk, rst, i_load_valid, i_load_unit, i_load_start, i_load_data, i_reset_state, s_x_data,
            s_x_valid, s_x_ready, s_x_last, m_y_data, m_y_valid, m_y_ready, m_y_last, o_saturated,
            o_misframed);
  `include "case.vh"
  input  clk, rst, i_load_valid, i_load_start, i_reset_state, s_x_valid, s_x_last, m_y_ready;
  input  [7:0] i_load_unit;
  input  [31:0] i_load_data;
  input  [BEAT_BITS-1:0] s_x_data;
  output s_x_ready, m_y_valid, o_misframed;
  output reg m_y_last;
  output [OUT_BEAT_BITS-1:0] m_y_data;
  output [4:0] o_saturated;

  localparam K = 1 << LOG2_K;
  localparam P = (ROWS + K - 1) / K;
  localparam Q = (COLS + K - 1) / K;
  localparam GROUPS = (P + PES - 1) / PES;
  localparam PASSES = (GROUPS + RING - 1) / RING;
  reg  [2:0]  hits_q;
  wire [2:0]  hits;
  wire        ready, has_column, hit, done;
  wire [15:0] column;
  wire [K*SIGNAL_BITS-1:0] spectrum;
  integer row = 0;

  circ_spectrum #(
    .SIGNAL_BITS    (SIGNAL_BITS),
    .LANES          (LANES),
    .LOG2_K         (LOG2_K),
    .COLS           (COLS),
    .SPECTRUM_SHIFT (SPECTRUM_SHIFT),
    .BANKS          (2 + SEED % 2)
  ) u_spectrum (
    .clk          (clk),
    .rst          (rst),
    .s_x_data     (s_x_data),
    .s_x_valid    (s_x_valid),
    .s_x_ready    (s_x_ready),
    .o_filled     (),
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
    .RING               (RING),
    .KINDS              (1),
    .LAST_ROWS          (ROWS),
    .MAX_COLS           (Q),
    .DEPTH              (PASSES * Q * RING),
    .COLS               (Q),
    .ROWS               (P),
    .BASES              (0),
    .GAPS               (GAP),
    .ACCUMULATOR_SHIFTS (ACCUMULATOR_SHIFT),
    .OUTPUT_SHIFTS      (OUTPUT_SHIFT)
  ) u_array (
    .clk           (clk),
    .rst           (rst),
    .i_load_valid  (i_load_valid && i_load_unit == LAYER * 16),
    .i_load_start  (i_load_start),
    .i_load_kind   (2'd0),
    .i_load_data   (i_load_data[WEIGHT_BITS-1:0]),
    .i_start       (ready),
    .i_start_kind  (2'd0),
    .o_ready       (ready),
    .o_kind        (),
    .o_column      (column),
    .i_has_column  (has_column),
    .o_read_kind   (),
    .i_spectrum    (spectrum),
    .i_hit         (hit),
    .o_done        (done),
    .o_exit        (),
    .o_exit_kind   (),
    .o_block_valid (m_y_valid),
    .o_block_kind  (),
    .o_blocks      (m_y_data),
    .o_hits        (hits)
  );
  always @(posedge clk) begin
    hits_q <= rst ? 3'd0 : hits_q | hits;
    if (m_y_valid === 1)
      row = row + 1;
    m_y_last <= row % P == P - 1;
  end
  assign o_saturated = {2'd0, hits_q[2], hits_q[1], hits_q[0]};
  assign o_misframed = 1'b0;
endmodule
