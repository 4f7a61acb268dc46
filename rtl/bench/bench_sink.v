// Takes the output, compares every word with the expected one and counts cycles.
// Latency: of the second frame of a sequence, which bench_source sends to an idle accelerator: from
// its first input beat to its last output beat.
// Interval: from the last beat of a frame to that of the next, from the fourth frame of a sequence
// on, when the pipeline is full.
// Simulation only. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module bench_sink #(
  parameter BITS   = 16,
  parameter LANES  = 1,
  parameter N      = 1,  // words of a frame
  parameter FRAMES = 1,  // in the file
  parameter FILE   = "tb/expected.hex",
  parameter LIMIT  = 1000000  // cycles without a beat that count as a hang
) (
  input  wire                  clk,
  input  wire                  i_stall,
  input  wire                  i_pass,
  input  wire                  i_go,
  input  wire [31:0]           i_first,
  input  wire [31:0]           i_count,
  input  wire                  i_input_beat,  // a beat of x moved
  output wire                  o_done,
  output reg  [31:0]           o_frames_out,  // of this sequence
  output reg                   o_hangs,
  output reg  [31:0]           o_mismatches,  // of this pass, as all figures below
  output reg  [31:0]           o_frames,
  output reg  [31:0]           o_words,
  output reg  [31:0]           o_intervals,
  output reg  [63:0]           o_interval_sum,
  output reg  [31:0]           o_interval_max,
  output reg  [31:0]           o_latency_max,
  input  wire [LANES*BITS-1:0] s_y_data,
  input  wire                  s_y_valid,
  output wire                  s_y_ready,
  input  wire                  s_y_last
);

  reg [BITS-1:0] words [0:FRAMES*N-1];
  reg [31:0]     frames_left;
  reg [31:0]     frame;
  reg [31:0]     index;
  reg [31:0]     quiet;     // cycles without a beat
  reg [31:0]     interval;  // cycles since the last beat of the frame before
  reg [31:0]     latency;   // cycles since the first input beat after the first frame
  reg            has_input;
  reg            pass;
  reg [31:0]     wrong;     // words of this beat
  reg [BITS-1:0] got;
  reg [BITS-1:0] want;

  integer lane;

  assign s_y_ready = !i_stall;
  assign o_done    = frames_left == 32'd0;

  initial begin
    $readmemh(FILE, words);
    frames_left = 32'd0;
    frame       = 32'd0;
    index       = 32'd0;
    quiet       = 32'd0;
    interval    = 32'd0;
    latency     = 32'd0;
    o_frames_out = 32'd0;
    has_input   = 1'b0;
    pass        = 1'b0;
    o_hangs     = 1'b0;
    clear_counts;
  end

  task clear_counts;
    begin
      o_mismatches   = 32'd0;
      o_frames       = 32'd0;
      o_words        = 32'd0;
      o_intervals    = 32'd0;
      o_interval_sum = 64'd0;
      o_interval_max = 32'd0;
      o_latency_max  = 32'd0;
    end
  endtask

  // The words of one beat; past the end of the frame zeros are expected.
  task compare_beat;
    begin
      wrong = 32'd0;
      for (lane = 0; lane < LANES; lane = lane + 1) begin
        got  = s_y_data[lane*BITS+:BITS];
        want = {BITS{1'b0}};
        if (index + lane < N)
          want = words[frame*N+index+lane];
        if (got !== want) begin
          if (o_mismatches + wrong == 32'd0)
            $display("mismatch pass=%0d frame=%0d index=%0d got=%0d expected=%0d", i_pass, frame,
                     index + lane, $signed(got), $signed(want));
          wrong = wrong + 32'd1;
        end
        if (index + lane < N)
          o_words = o_words + 32'd1;
      end
      if (s_y_last != (index + LANES >= N)) begin
        if (o_mismatches + wrong == 32'd0)
          $display("mismatch pass=%0d frame=%0d index=%0d last=%0d", i_pass, frame, index,
                   s_y_last);
        wrong = wrong + 32'd1;
      end
      o_mismatches = o_mismatches + wrong;
    end
  endtask

  task end_frame;
    begin
      o_frames = o_frames + 32'd1;
      if (o_frames_out >= 32'd3) begin
        o_intervals    = o_intervals + 32'd1;
        o_interval_sum = o_interval_sum + {32'd0, interval};
        if (interval > o_interval_max)
          o_interval_max = interval;
      end else if (o_frames_out == 32'd1 && latency > o_latency_max) begin
        o_latency_max = latency;
      end
      o_frames_out = o_frames_out + 32'd1;
      interval    = 32'd0;
      index       = 32'd0;
      frame       = frame + 32'd1;
      frames_left = frames_left - 32'd1;
    end
  endtask

  // Blocking assignments: nothing outside reads these registers in the same cycle but o_done and
  // the totals, which the control looks at cycles later.
  always @(negedge clk) begin
    interval  = interval + 32'd1;
    has_input = o_frames_out != 32'd0 && (has_input || i_input_beat);
    latency   = has_input ? latency + 32'd1 : 32'd0;
    quiet     = frames_left == 32'd0 ? 32'd0 : quiet + 32'd1;
    if (i_go) begin
      if (i_pass != pass)
        clear_counts;
      pass        = i_pass;
      frames_left = i_count;
      frame       = i_first;
      index       = 32'd0;
      o_frames_out = 32'd0;
      has_input   = 1'b0;
    end
    if (s_y_valid && s_y_ready) begin
      quiet = 32'd0;
      if (frames_left == 32'd0) begin
        if (o_mismatches == 32'd0)
          $display("mismatch pass=%0d frame=%0d surplus output", i_pass, frame);
        o_mismatches = o_mismatches + 32'd1;
        o_hangs      = 1'b1;  // ends the simulation
      end else begin
        compare_beat;
        index = index + LANES;
        if (index >= N)
          end_frame;
      end
    end
    if (quiet >= LIMIT && !o_hangs) begin
      $display("hang pass=%0d frame=%0d index=%0d cycles=%0d", i_pass, frame, index, quiet);
      o_hangs = 1'b1;
    end
  end

endmodule

`default_nettype wire
