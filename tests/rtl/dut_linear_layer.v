// linear_layer for tb_stream.v. SPDX-License-Identifier: Apache-2.0
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

  linear_layer #(
    .LAYER             (LAYER),
    .SIGNAL_BITS       (SIGNAL_BITS),
    .WEIGHT_BITS       (WEIGHT_BITS),
    .LANES             (LANES),
    .N_INPUTS          (N_INPUTS),
    .N_OUTPUTS         (N_OUTPUTS),
    .LOG2_K            (LOG2_K),
    .PES               (PES),
    .SPECTRUM_SHIFT    (SPECTRUM_SHIFT),
    .ACCUMULATOR_SHIFT (ACCUMULATOR_SHIFT),
    .OUTPUT_SHIFT      (OUTPUT_SHIFT)
  ) u_layer (
    .clk           (clk),
    .rst           (rst),
    .i_load_valid  (i_load_valid),
    .i_load_unit   (i_load_unit),
    .i_load_start  (i_load_start),
    .i_load_data   (i_load_data),
    .s_x_data      (s_x_data),
    .s_x_valid     (s_x_valid),
    .s_x_ready     (s_x_ready),
    .s_x_last      (s_x_last),
    .m_y_data      (m_y_data),
    .m_y_valid     (m_y_valid),
    .m_y_ready     (m_y_ready),
    .m_y_last      (m_y_last),
    .o_saturated   (o_saturated),
    .o_saturation  (),
    .o_misframed   (o_misframed)
  );
endmodule
