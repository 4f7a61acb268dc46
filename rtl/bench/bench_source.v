// Streams frames of the stimulus, LANES words a beat. Lanes past the end of a frame carry noise:
// the accelerator must not look at them. With i_hold the second frame of a sequence waits until the
// first is out and HOLD more cycles are gone, so that it finds the accelerator idle. Simulation only. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module bench_source #(
  parameter BITS   = 16,
  parameter LANES  = 1,
  parameter N      = 1,  // words of a frame
  parameter FRAMES = 1,  // in the file
  parameter HOLD   = 1000,
  parameter FILE   = "tb/stimulus.hex"
) (
  input  wire                  clk,
  input  wire                  i_stall,
  input  wire [31:0]           i_noise,
  input  wire                  i_go,
  input  wire [31:0]           i_first,  // frame
  input  wire [31:0]           i_count,  // frames
  input  wire                  i_hold,
  input  wire [31:0]           i_frames_out,  // of this sequence
  output reg  [LANES*BITS-1:0] m_x_data,
  output reg                   m_x_valid,
  input  wire                  m_x_ready,
  output reg                   m_x_last
);

  reg [BITS-1:0] words [0:FRAMES*N-1];
  reg [31:0]     frames_left;
  reg [31:0]     address;  // of the next beat's first word
  reg [31:0]     index;    // of that word in its frame
  reg [31:0]     idle;     // cycles since the first frame was out
  wire           is_held = i_hold && frames_left + 32'd1 == i_count && idle < HOLD;

  integer lane;

  initial begin
    $readmemh(FILE, words);
    frames_left = 32'd0;
    address     = 32'd0;
    index       = 32'd0;
    idle        = 32'd0;
    m_x_valid   = 1'b0;
    m_x_last    = 1'b0;
    m_x_data    = {LANES * BITS{1'b0}};
  end

  always @(posedge clk) begin
    if (m_x_ready)
      m_x_valid <= 1'b0;
    idle <= i_frames_out == 32'd0 ? 32'd0 : idle + 32'd1;
    if (i_go) begin
      frames_left <= i_count;
      address     <= i_first * N;
      index       <= 32'd0;
      idle        <= 32'd0;
    end else if (frames_left != 32'd0 && (m_x_ready || !m_x_valid) && !i_stall &&
                 !(is_held && index == 32'd0)) begin
      m_x_valid <= 1'b1;
      m_x_last  <= index + LANES >= N;
      for (lane = 0; lane < LANES; lane = lane + 1)
        m_x_data[lane*BITS+:BITS] <= index + lane < N ? words[address+lane] : i_noise[BITS-1:0];
      if (index + LANES >= N) begin
        index       <= 32'd0;
        address     <= address + N - index;
        frames_left <= frames_left - 32'd1;
      end else begin
        index   <= index + LANES;
        address <= address + LANES;
      end
    end
  end

endmodule

`default_nettype wire
