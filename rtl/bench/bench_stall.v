// Seeded stalls in bursts: a 32-bit Galois LFSR, half of the time in a mood that stalls three beats
// of four. Simulation only. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module bench_stall #(
  parameter [31:0] SEED = 32'd1  // any but 0
) (
  input  wire        clk,
  input  wire        i_enable,
  output wire        o_stall,
  output reg  [31:0] o_noise
);

  reg moody;

  initial begin
    o_noise = SEED;
    moody   = 1'b0;
  end

  // x^32 + x^22 + x^2 + x + 1
  always @(posedge clk) begin
    o_noise <= {1'b0, o_noise[31:1]} ^ (o_noise[0] ? 32'h80200003 : 32'd0);
    if (o_noise[7:3] == 5'd0)
      moody <= o_noise[8];
  end

  assign o_stall = i_enable && (moody ? o_noise[15:14] != 2'd0 : o_noise[15:12] == 4'd0);

endmodule

`default_nettype wire
