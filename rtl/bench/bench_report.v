// Prints the figures of each pass and the verdict, and ends the simulation.
// Simulation only. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module bench_report #(
  parameter FRAMES = 1  // of a pass
) (
  input wire        clk,
  input wire        i_pass,
  input wire        i_run_done,
  input wire        i_finished,
  input wire        i_hangs,
  input wire        i_misframed,
  input wire [4:0]  i_lost_flags,  // classes that saturated in the model and not here
  input wire [31:0] i_mismatches,  // of this pass, as all figures below
  input wire [31:0] i_frames,
  input wire [31:0] i_words,
  input wire [31:0] i_intervals,
  input wire [63:0] i_interval_sum,
  input wire [31:0] i_interval_max,
  input wire [31:0] i_latency_max
);

  reg        printed;   // pass 0 has been reported
  reg [31:0] failures;  // mismatches of pass 0
  reg [63:0] cycles;    // since the beginning

  initial begin
    printed  = 1'b0;
    failures = 32'd0;
    cycles   = 64'd0;
  end

  task print_pass;
    $display("result pass=%0d frames=%0d words=%0d mismatches=%0d intervals=%0d interval_sum=%0d interval_max=%0d latency=%0d cycles=%0d",
             i_pass, i_frames, i_words, i_mismatches, i_intervals, i_interval_sum, i_interval_max,
             i_latency_max, cycles);
  endtask

  always @(posedge clk) begin
    cycles <= cycles + 64'd1;
    if (!i_pass && !printed && i_run_done && i_frames == FRAMES) begin
      print_pass;
      printed  <= 1'b1;
      failures <= i_mismatches;
    end
    if (i_finished || i_hangs) begin
      print_pass;
      if (i_lost_flags != 5'd0)
        $display("mismatch saturation flags: model %b, missing here", i_lost_flags);
      if (i_misframed)
        $display("mismatch o_misframed is set");
      if (i_finished && i_mismatches == 32'd0 && failures == 32'd0 && i_lost_flags == 5'd0 &&
          !i_misframed && i_frames == FRAMES)
        $display("PASS");
      else
        $display("FAIL");
      $finish;
    end
  end

endmodule

`default_nettype wire
