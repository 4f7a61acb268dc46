// circ_product for tb_stream.v: block rows are the beats, and it may begin a product only in some
// cycles. SPDX-License-Identifier: Apache-2.0
module dut (clk, rst, i_load_valid, i_load_unit, i_load_start, i_load_data, i_reset_state, s_x_data,
            s_x_valid, s_x_ready, s_x_last, m_y_data, m_y_valid, m_y_ready, m_y_last, o_saturated,
            o_misframed);
  `include "case.vh"
  input  clk, rst, i_load_valid, i_load_start, i_reset_state, s_x_valid, s_x_last, m_y_ready;
  input  [7:0] i_load_unit;
  input  [31:0] i_load_data;
  input  [BEAT_BITS-1:0] s_x_data;
  output s_x_ready, m_y_valid, m_y_last, o_misframed;
  output [OUT_BEAT_BITS-1:0] m_y_data;
  output [4:0] o_saturated;

  wire [2:0] hits;
  reg  [2:0] hits_q;
  integer    row_q;
  wire       unused_start;
  circ_product #(
    .SIGNAL_BITS       (SIGNAL_BITS),
    .WEIGHT_BITS       (WEIGHT_BITS),
    .LANES             (LANES),
    .LOG2_K            (LOG2_K),
    .ROWS              (ROWS),
    .COLS              (COLS),
    .PES               (PES),
    .SPECTRUM_SHIFT    (SPECTRUM_SHIFT),
    .ACCUMULATOR_SHIFT (ACCUMULATOR_SHIFT),
    .OUTPUT_SHIFT      (OUTPUT_SHIFT)
  ) u_product (
    .clk           (clk),
    .rst           (rst),
    .i_load_valid  (i_load_valid),
    .i_load_start  (i_load_start),
    .i_load_data   (i_load_data[WEIGHT_BITS-1:0]),
    .s_x_data      (s_x_data),
    .s_x_valid     (s_x_valid),
    .s_x_ready     (s_x_ready),
    .i_room        (m_y_ready),
    .o_start       (unused_start),
    .o_block_valid (m_y_valid),
    .o_block       (m_y_data),
    .o_hits        (hits)
  );
  always @(posedge clk) begin
    hits_q <= rst ? 3'd0 : hits_q | hits;
    row_q  <= rst ? 0 : m_y_valid ? (m_y_last ? 0 : row_q + 1) : row_q;
  end
  assign m_y_last = row_q == BEATS_OUT - 1;
  assign o_saturated = {2'd0, hits_q};
  assign o_misframed = 1'b0;
endmodule
