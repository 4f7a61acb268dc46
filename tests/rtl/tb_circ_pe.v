// Bench of circ_pe: two elements in a chain, the second with the same weights in reverse order of
// addresses; passes of COLUMNS blocks, back to back or with gaps. SPDX-License-Identifier: Apache-2.0
`timescale 1ns / 1ps

module tb_circ_pe;
  `include "case.vh"
  localparam DEPTH = COLUMNS * PASSES;
  localparam ADDRESS_BITS = $clog2(DEPTH);
  localparam FACTORS = OPERANDS * (WEIGHT_BITS + 1);
  localparam VALUES = OPERANDS * (SIGNAL_BITS + 1);
  localparam SUMS = OPERANDS * SUM_BITS;

  reg                     clk = 0;
  reg                     write = 0;
  reg  [ADDRESS_BITS-1:0] write_address = 0;
  reg  [ADDRESS_BITS-1:0] address = 0;
  reg  [VALUES-1:0]       values = 0;
  reg                     is_first = 0;
  reg                     enable = 0;
  reg  [5:0]              capture = 0;
  wire [SUMS-1:0]         chain;
  wire [SUMS-1:0]         sums;
  reg  [FACTORS-1:0]      factors [0:DEPTH-1];
  reg  [VALUES-1:0]       inputs [0:DEPTH-1];
  reg  [SUMS-1:0]         expected [0:PASSES-1];
  integer loaded = 0, at = -1, next = 0, errors = 0, received = 0, waiting = 0;
  reg     asked = 0, asked_first = 0, asked_last = 0;
  reg     check_second = 0;

  circ_pe #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .WEIGHT_BITS (WEIGHT_BITS),
    .OPERANDS    (OPERANDS),
    .SUM_BITS    (SUM_BITS),
    .DEPTH       (DEPTH)
  ) u_first (
    .clk             (clk),
    .i_write         (write),
    .i_write_address (write_address),
    .i_write_factors (factors[write_address]),
    .i_address       (address),
    .i_operands      (values),
    .i_first         (is_first),
    .i_enable        (enable),
    .i_capture       (capture[4]),
    .i_advance       (1'b1),
    .i_chain         (chain),
    .o_chain         (sums)
  );
  circ_pe #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .WEIGHT_BITS (WEIGHT_BITS),
    .OPERANDS    (OPERANDS),
    .SUM_BITS    (SUM_BITS),
    .DEPTH       (DEPTH)
  ) u_second (
    .clk             (clk),
    .i_write         (write),
    .i_write_address (write_address),
    .i_write_factors (~factors[write_address]),   // -w - 1
    .i_address       (address),
    .i_operands      (values),
    .i_first         (is_first),
    .i_enable        (enable),
    .i_capture       (capture[4]),
    .i_advance       (1'b1),
    .i_chain         ({SUMS{1'b0}}),
    .o_chain         (chain)
  );

  reg  [31:0] noise_q = SEED * 2654435761 + 1;
  wire [31:0] noise_a = noise_q ^ (noise_q << 13);
  wire [31:0] noise_b = noise_a ^ (noise_a >> 17);
  always @(posedge clk)
    noise_q <= noise_b ^ (noise_b << 5);

  always #5 clk = ~clk;
  initial begin
    $readmemh("weights.hex", factors);
    $readmemh("inputs.hex", inputs);
    $readmemh("expected.hex", expected);
  end

  // The second element's sums: -w - 1 for each w, so the sum of both is minus the operands' sum.
  reg signed [SUM_BITS-1:0] minus [0:OPERANDS-1];
  integer n, column;
  task check;
    input is_second;
    begin
      for (n = 0; n < OPERANDS; n = n + 1) begin
        minus[n] = 0;
        for (column = 0; column < COLUMNS; column = column + 1)
          minus[n] = minus[n] - $signed(inputs[received * COLUMNS + column]
                                              [n*(SIGNAL_BITS+1) +: SIGNAL_BITS+1]);
        if (sums[n*SUM_BITS +: SUM_BITS] !==
            (is_second ? minus[n] - expected[received][n*SUM_BITS +: SUM_BITS]
                       : expected[received][n*SUM_BITS +: SUM_BITS])) begin
          errors = errors + 1;
          if (errors < 5)
            $display("pass %0d, element %0d, sum %0d: %h", received, is_second, n,
                     sums[n*SUM_BITS +: SUM_BITS]);
        end
      end
    end
  endtask

  always @(posedge clk) begin
    capture <= capture << 1;
    write   <= loaded < DEPTH;
    if (loaded < DEPTH) begin
      write_address <= loaded;
      loaded = loaded + 1;
    end else begin
      // Address now, operands in the next cycle.
      enable   <= asked;
      is_first <= asked ? asked_first : noise_q[5];
      values   <= asked ? inputs[at] : {VALUES/32+1{noise_q}};
      capture[1] <= asked & asked_last;
      asked = next < DEPTH && (!STALLS || noise_q[1:0] != 0) && waiting > 8;
      waiting = waiting + 1;
      address <= asked ? next : noise_q[9:6];
      if (asked) begin
        at = next;
        asked_first = next % COLUMNS == 0;
        asked_last = next % COLUMNS == COLUMNS - 1;
        next = next + 1;
      end
    end
    // The cycle after i_capture the first element's sums are out, then the second's.
    if (check_second) begin
      check(1);
      received = received + 1;
    end
    check_second = capture[5];
    if (capture[5])
      check(0);
    if (received == PASSES) begin
      if (errors == 0)
        $display("PASS: %0d sums of %0d", PASSES * OPERANDS, COLUMNS);
      else
        $display("FAIL: %0d errors", errors);
      $finish;
    end
  end
endmodule
