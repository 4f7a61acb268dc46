// Runs the accelerator of a generated project with input always waiting and records what its arrays do:
// bench/accelerator reads the record (trace.vcd) and says where the cycles of a frame go. No weights are
// loaded and x is zero: the course of a frame does not depend on any value. trace.vh names what is
// recorded. SPDX-License-Identifier: Apache-2.0
`timescale 1ns / 1ps

module accelerator_trace;
  `include "trace.vh"   // BEAT_BITS, BEATS (of x in a frame), FRAMES, task record

  reg                  clk = 0;
  reg                  rst = 1;
  wire                 x_ready;
  reg  [15:0]          beat = 0;
  wire [BEAT_BITS-1:0] y_data;
  wire                 y_valid;
  wire                 y_last;
  integer              frames = 0;
  wire                 frame_leaves = y_valid & y_last & ~rst;
  wire                 x_last = beat == BEATS - 1;

  ernn_top u_top (
    .clk           (clk),
    .rst           (rst),
    .i_load_valid  (1'b0),
    .i_load_unit   (8'd0),
    .i_load_start  (1'b0),
    .i_load_data   (32'd0),
    .i_reset_state (1'b0),
    .i_read        (1'b0),
    .i_read_unit   (8'd0),
    .i_read_index  (16'd0),
    .s_x_data      ({BEAT_BITS{1'b0}}),
    .s_x_valid     (~rst),
    .s_x_ready     (x_ready),
    .s_x_last      (x_last),
    .m_y_data      (y_data),
    .m_y_valid     (y_valid),
    .m_y_ready     (1'b1),
    .m_y_last      (y_last)
  );

  always #5 clk = ~clk;

  initial begin
    repeat (30) @(posedge clk);
    rst <= 0;
    $dumpfile("trace.vcd");
    $dumpvars(1, accelerator_trace);
    record;
    repeat (FRAMES * 4000) @(posedge clk);
    $display("FAIL: %0d of %0d frames came out", frames, FRAMES);
    $finish;
  end

  always @(posedge clk) begin
    if (~rst & x_ready)
      beat <= x_last ? 16'd0 : beat + 16'd1;
    if (frame_leaves) begin
      frames <= frames + 1;
      if (frames == FRAMES - 1) begin
        $display("PASS");
        $finish;
      end
    end
  end
endmodule
