// The clock of ernn_bench for simulators with a time of their own (Icarus).
// Simulation only. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module icarus_clock;

  reg clk;

  initial clk = 1'b0;
  always #5 clk = !clk;

  ernn_bench u_bench (
    .clk (clk)
  );

endmodule

`default_nettype wire
