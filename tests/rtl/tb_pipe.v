// Bench of a module without back pressure: words of inputs.hex in, with random gaps that carry
// garbage, words of expected.hex out in the same order. `dut` is one of dut_*.v; case.vh comes from
// the vector program. Prints PASS only when every word and the sticky bits agree.
// SPDX-License-Identifier: Apache-2.0
`timescale 1ns / 1ps

module tb_pipe;
  `include "case.vh"

  reg                clk = 0;
  reg                rst = 1;
  reg                valid = 0;
  reg  [IN_BITS-1:0] data = 0;
  wire               out_valid;
  wire [OUT_BITS-1:0] out;
  wire [4:0]         saturated;

  reg  [IN_BITS-1:0]  inputs [0:N_WORDS-1];
  reg  [OUT_BITS-1:0] expected [0:N_WORDS-1];
  integer sent = 0;
  integer received = 0;
  integer errors = 0;
  integer cycles = 0;

  // Stalls and garbage: a xorshift generator, one number a cycle.
  reg  [31:0] noise_q = SEED * 2654435761 + 1;
  wire [31:0] noise_a = noise_q ^ (noise_q << 13);
  wire [31:0] noise_b = noise_a ^ (noise_a >> 17);
  always @(posedge clk)
    noise_q <= noise_b ^ (noise_b << 5);

  dut u_dut (
    .clk         (clk),
    .rst         (rst),
    .i_valid     (valid),
    .i_data      (data),
    .o_valid     (out_valid),
    .o_data      (out),
    .o_saturated (saturated)
  );

  always #5 clk = ~clk;

  initial begin
    $readmemh("inputs.hex", inputs);
    $readmemh("expected.hex", expected);
    repeat (50) @(posedge clk);   // longer than any pipeline: nothing undefined is left
    rst <= 0;
  end

  always @(posedge clk) begin
    cycles <= cycles + 1;
    if (!rst) begin
      valid <= 0;
      data  <= inputs[noise_q[31:8] % N_WORDS];
      if (sent < N_WORDS && (!STALLS || noise_q[1:0] != 0)) begin
        valid <= 1;
        data  <= inputs[sent];
        sent  <= sent + 1;
      end
      if (out_valid !== 0) begin
        if (out_valid !== 1 || out !== expected[received]) begin
          errors <= errors + 1;
          if (errors < 5)
            $display("word %0d: input %h: %h, expected %h", received, inputs[received], out,
                     expected[received]);
        end
        received <= received + 1;
      end
      if (received == N_WORDS && cycles > 2 * N_WORDS + 200) begin
        if (saturated !== SATURATED) begin
          errors = errors + 1;
          $display("saturated %b, expected %b", saturated, SATURATED[4:0]);
        end
        if (errors == 0)
          $display("PASS: %0d words, saturated %b", N_WORDS, saturated);
        else
          $display("FAIL: %0d errors", errors);
        $finish;
      end
    end
    if (cycles > 20 * N_WORDS + 1000) begin
      $display("FAIL: %0d of %0d words came out", received, N_WORDS);
      $finish;
    end
  end
endmodule
