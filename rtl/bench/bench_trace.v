// Writes a signal inside the accelerator as lines "frame layer signal index value".
// A strobe has WIDTH words of each of GATES vectors side by side, N words each: one signal. FIRST is
// the index of its first word. Vectors are numbered from 0 in every sequence.
// Simulation only. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module bench_trace #(
  parameter LAYER  = 0,
  parameter SIGNAL = "y",
  parameter BITS   = 16,
  parameter GATES  = 1,
  parameter WIDTH  = 1,  // words of a strobe, of each gate
  parameter N      = 1,  // words of a vector
  parameter FIRST  = 0
) (
  input  wire                        clk,
  input  wire                        i_clear,   // a sequence begins
  input  wire [31:0]                 i_first,   // its first frame
  input  wire [31:0]                 i_frames,  // frames from here on are not written
  input  wire [31:0]                 i_file,    // 0 = off
  input  wire                        i_valid,
  input  wire [GATES*WIDTH*BITS-1:0] i_data
);

  reg [31:0] index;
  reg [31:0] vectors;  // of this sequence before this one
  integer    gate;
  integer    lane;

  initial begin
    index     = 32'd0;
    vectors   = 32'd0;
  end

  always @(posedge clk) begin
    if (i_valid) begin
      for (gate = 0; gate < GATES; gate = gate + 1)
        for (lane = 0; lane < WIDTH; lane = lane + 1)
          if (i_file != 32'd0 && index + lane < N && i_first + vectors < i_frames)
            $fdisplay(i_file, "%0d %0d %0s %0d %0d", i_first + vectors, LAYER, SIGNAL,
                      FIRST + gate * N + index + lane,
                      $signed(i_data[(gate*WIDTH+lane)*BITS+:BITS]));
      index <= index + WIDTH;
      if (index + WIDTH >= N) begin
        index     <= 32'd0;
        vectors   <= vectors + 32'd1;
      end
    end
    if (i_clear)
      vectors   <= 32'd0;
  end

endmodule

`default_nettype wire
