// Writes a signal inside the accelerator as lines "frame layer signal index value".
// Vectors are numbered by o_vectors, which starts at 0 with every sequence; the product W_r y' is
// computed ahead of its frame, so it is numbered by the vectors of y instead.
// Simulation only. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module bench_trace #(
  parameter LAYER  = 0,
  parameter SIGNAL = "y",
  parameter BITS   = 16,
  parameter WIDTH  = 1,  // words of a strobe
  parameter N      = 1   // words of a vector
) (
  input  wire                  clk,
  input  wire                  i_clear,    // a sequence begins
  input  wire [31:0]           i_first,    // its first frame
  input  wire [31:0]           i_vectors,  // of this sequence before this one
  input  wire [31:0]           i_frames,   // frames from here on are not written
  input  wire [31:0]           i_file,     // 0 = off
  input  wire                  i_valid,
  input  wire [WIDTH*BITS-1:0] i_data,
  output reg  [31:0]           o_vectors
);

  reg [31:0] index;
  integer    lane;

  initial begin
    index     = 32'd0;
    o_vectors = 32'd0;
  end

  always @(posedge clk) begin
    if (i_valid) begin
      for (lane = 0; lane < WIDTH; lane = lane + 1)
        if (i_file != 32'd0 && index + lane < N && i_first + i_vectors < i_frames)
          $fdisplay(i_file, "%0d %0d %0s %0d %0d", i_first + i_vectors, LAYER, SIGNAL,
                    index + lane, $signed(i_data[lane*BITS+:BITS]));
      index <= index + WIDTH;
      if (index + WIDTH >= N) begin
        index     <= 32'd0;
        o_vectors <= o_vectors + 32'd1;
      end
    end
    if (i_clear)
      o_vectors <= 32'd0;
  end

endmodule

`default_nettype wire
