// Blocks of k words to rows of LANES words, GATES blocks side by side: the first row leaves with
// i_valid itself, the others in the k / LANES - 1 cycles after it. Between blocks there are at
// least
// k / LANES cycles. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module block_rows #(
  parameter SIGNAL_BITS = 16,
  parameter LOG2_K      = 3,
  parameter LANES       = 4,
  parameter GATES       = 4
) (
  input  wire                                     clk,
  input  wire                                     i_valid,
  input  wire [GATES*(1<<LOG2_K)*SIGNAL_BITS-1:0] i_blocks,
  output wire [GATES*LANES*SIGNAL_BITS-1:0]       o_rows
);
  localparam BLOCK_WIDTH = SIGNAL_BITS << LOG2_K;
  localparam ROW_WIDTH = SIGNAL_BITS * LANES;
  generate
    if (BLOCK_WIDTH == ROW_WIDTH) begin : g_whole
      wire unused = &{1'b0, clk, i_valid};
      assign o_rows = i_blocks;
    end else begin : g_parts
      genvar g;
      for (g = 0; g < GATES; g = g + 1) begin : g_gate
        reg  [BLOCK_WIDTH-ROW_WIDTH-1:0] rest_q;
        wire [BLOCK_WIDTH-1:0]           now =
          i_valid ? i_blocks[g*BLOCK_WIDTH +: BLOCK_WIDTH] : {{ROW_WIDTH{1'b0}}, rest_q};
        always @(posedge clk)
          rest_q <= now[BLOCK_WIDTH-1:ROW_WIDTH];
        assign o_rows[g*ROW_WIDTH +: ROW_WIDTH] = now[ROW_WIDTH-1:0];
      end
    end
  endgenerate
endmodule

`default_nettype wire
