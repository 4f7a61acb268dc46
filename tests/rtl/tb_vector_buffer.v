// Bench of vector_buffer: random writes and reads, never the same row in one cycle, against an array
// of single words. SPDX-License-Identifier: Apache-2.0
`timescale 1ns / 1ps

module tb_vector_buffer;
  `include "case.vh"
  localparam BITS = 9;
  localparam WIDE = (WRITE_LANES > READ_LANES) ? WRITE_LANES : READ_LANES;
  localparam WORDS = ROWS * WIDE;
  localparam WRITES = WORDS / WRITE_LANES;   // addresses
  localparam READS = WORDS / READ_LANES;
  localparam ROW_BITS = (ROWS > 1) ? $clog2(ROWS) : 1;
  localparam WRITE_ADDRESS_BITS = ROW_BITS + $clog2(WIDE / WRITE_LANES);
  localparam READ_ADDRESS_BITS = ROW_BITS + $clog2(WIDE / READ_LANES);

  reg                            clk = 0;
  reg                            write = 0;
  reg  [WRITE_ADDRESS_BITS-1:0]  write_address = 0;
  reg  [WRITE_LANES*BITS-1:0]    write_data = 0;
  reg  [READ_ADDRESS_BITS-1:0]   read_address = 0;
  wire [READ_LANES*BITS-1:0]     read_data;
  reg  [BITS-1:0]                words [0:WORDS-1];
  reg  [READ_LANES*BITS-1:0]     expected [0:2];
  integer cycle = 0, errors = 0, compared = 0, lane, at;

  vector_buffer #(
    .WORD_BITS   (BITS),
    .WRITE_LANES (WRITE_LANES),
    .READ_LANES  (READ_LANES),
    .ROWS        (ROWS)
  ) u_dut (
    .clk             (clk),
    .i_write         (write),
    .i_write_address (write_address),
    .i_write_data    (write_data),
    .i_read_address  (read_address),
    .o_read_data     (read_data)
  );

  reg  [31:0] noise_q = SEED * 2654435761 + 1;
  wire [31:0] noise_a = noise_q ^ (noise_q << 13);
  wire [31:0] noise_b = noise_a ^ (noise_a >> 17);
  always @(posedge clk)
    noise_q <= noise_b ^ (noise_b << 5);

  always #5 clk = ~clk;

  always @(posedge clk) begin
    // What was asked two cycles ago is there.
    if (cycle > WRITES + 4) begin
      compared = compared + 1;
      if (read_data !== expected[1]) begin
        errors = errors + 1;
        if (errors < 5)
          $display("cycle %0d: %h, expected %h", cycle, read_data, expected[1]);
      end
    end
    expected[1] = expected[0];
    for (lane = 0; lane < READ_LANES; lane = lane + 1)
      expected[0][lane*BITS +: BITS] = words[read_address * READ_LANES + lane];
    if (write)
      for (lane = 0; lane < WRITE_LANES; lane = lane + 1)
        words[write_address * WRITE_LANES + lane] = write_data[lane*BITS +: BITS];

    // Everything once in order, then at random.
    at = (cycle < WRITES) ? cycle : noise_q[31:16] % WRITES;
    write_address <= at;
    write_data    <= {WRITE_LANES{noise_q[BITS-1:0]}} ^ (noise_q << (WRITE_LANES - 1) * BITS);
    read_address  <= noise_q[15:4] % READS;
    write         <= cycle < WRITES ||
                     (noise_q[0] && at * WRITE_LANES / WIDE !=
                                    (noise_q[15:4] % READS) * READ_LANES / WIDE);
    cycle = cycle + 1;
    if (cycle == 3000) begin
      if (errors == 0 && compared > 2000)
        $display("PASS: %0d words", compared);
      else
        $display("FAIL: %0d errors", errors);
      $finish;
    end
  end
endmodule
