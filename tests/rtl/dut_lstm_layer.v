// lstm_layer for tb_stream.v. SPDX-License-Identifier: Apache-2.0
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

  lstm_layer #(
    .LAYER                        (LAYER),
    .SIGNAL_BITS                  (SIGNAL_BITS),
    .WEIGHT_BITS                  (WEIGHT_BITS),
    .LANES                        (LANES),
    .CELL_LANES                   (CELL_LANES),
    .STREAMS                      (STREAMS),
    .N_INPUTS                     (N_INPUTS),
    .N_CELLS                      (N_CELLS),
    .N_OUTPUTS                    (N_OUTPUTS),
    .IS_PEEPHOLE                  (IS_PEEPHOLE),
    .IS_PROJECTED                 (IS_PROJECTED),
    .PREACTIVATION_FRAC           (PREACTIVATION_FRAC),
    .CELL_FRAC                    (CELL_FRAC),
    .PEEPHOLE_FRAC                (PEEPHOLE_FRAC),
    .INPUT_LOG2_K                 (INPUT_LOG2_K),
    .INPUT_PES                    (INPUT_PES),
    .INPUT_SPECTRUM_SHIFT         (INPUT_SPECTRUM_SHIFT),
    .INPUT_ACCUMULATOR_SHIFT      (INPUT_ACCUMULATOR_SHIFT),
    .INPUT_OUTPUT_SHIFT           (INPUT_OUTPUT_SHIFT),
    .RECURRENT_LOG2_K             (RECURRENT_LOG2_K),
    .RECURRENT_PES                (RECURRENT_PES),
    .RECURRENT_SPECTRUM_SHIFT     (RECURRENT_SPECTRUM_SHIFT),
    .RECURRENT_ACCUMULATOR_SHIFT  (RECURRENT_ACCUMULATOR_SHIFT),
    .RECURRENT_OUTPUT_SHIFT       (RECURRENT_OUTPUT_SHIFT),
    .PROJECTION_LOG2_K            (PROJECTION_LOG2_K),
    .PROJECTION_PES               (PROJECTION_PES),
    .PROJECTION_SPECTRUM_SHIFT    (PROJECTION_SPECTRUM_SHIFT),
    .PROJECTION_ACCUMULATOR_SHIFT (PROJECTION_ACCUMULATOR_SHIFT),
    .PROJECTION_OUTPUT_SHIFT      (PROJECTION_OUTPUT_SHIFT),
    .SIGMOID_BASES                (SIGMOID_BASES),
    .SIGMOID_SLOPES               (SIGMOID_SLOPES),
    .TANH_BASES                   (TANH_BASES),
    .TANH_SLOPES                  (TANH_SLOPES)
  ) u_layer (
    .clk           (clk),
    .rst           (rst),
    .i_load_valid  (i_load_valid),
    .i_load_unit   (i_load_unit),
    .i_load_start  (i_load_start),
    .i_load_data   (i_load_data),
    .i_reset_state (i_reset_state),
    .i_read        (1'b0),
    .i_read_unit   (8'd0),
    .i_read_index  (16'd0),
    .o_read_data   (),
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
