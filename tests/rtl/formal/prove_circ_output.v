// circ_output with k = 1, where the transform is a wire: both roundings, their alignment for jobs of
// different shifts and both saturations (docs/fixed-point.md 2 and 4, steps 3 and 4), for all sums.
// The rounding here is the shift plus the first bit that it drops. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module prove_circ_output #(
  parameter        SIGNAL_BITS        = 16,
  parameter        SUM_BITS           = 34,
  parameter        KINDS              = 2,
  parameter [31:0] ACCUMULATOR_SHIFTS = {8'd0, 8'd0, 8'd9, 8'd10},
  parameter [31:0] OUTPUT_SHIFTS      = {8'd0, 8'd0, 8'd4, 8'd3}
) (
  input wire                       clk,
  input wire                       rst,
  input wire                       i_valid,
  input wire [1:0]                 i_kind,
  input wire signed [SUM_BITS-1:0] i_sum
);
  localparam LATENCY = 4;
  localparam W = 64;

  function signed [W-1:0] round_shift;
    input signed [W-1:0] x;
    input [7:0]          n;
    round_shift = (x >>> n) + ((n == 8'd0) ? 64'sd0 : $signed({63'd0, x[n-8'd1]}));
  endfunction

  function signed [W-1:0] clamp;
    input signed [W-1:0] x;
    input integer        bits;
    reg signed [W-1:0]   most;
    begin
      most = (64'sd1 <<< (bits - 1)) - 64'sd1;
      clamp = (x > most) ? most : (x < ~most) ? ~most : x;
    end
  endfunction

  wire                          block_valid;
  wire signed [SIGNAL_BITS-1:0] block;
  wire                          accumulator_hit;
  wire                          product_hit;
  circ_output #(
    .SIGNAL_BITS        (SIGNAL_BITS),
    .LOG2_K             (0),
    .ROWS               (1),
    .SUM_BITS           (SUM_BITS),
    .KINDS              (KINDS),
    .ACCUMULATOR_SHIFTS (ACCUMULATOR_SHIFTS),
    .OUTPUT_SHIFTS      (OUTPUT_SHIFTS)
  ) u_dut (
    .clk               (clk),
    .rst               (rst),
    .i_valid           (i_valid),
    .i_kind            (i_kind),
    .i_sums            (i_sum),
    .o_block_valid     (block_valid),
    .o_block           (block),
    .o_accumulator_hit (accumulator_hit),
    .o_product_hit     (product_hit)
  );

  reg  [LATENCY-1:0]          valid_q;
  reg  [2*LATENCY-1:0]        kind_q;
  reg  [SUM_BITS*LATENCY-1:0] sum_q;
  reg                         began_q = 1'b0;
  wire [1:0]                  kind = kind_q[2*LATENCY-1 -: 2];
  wire [1:0]                  early_kind = kind_q[3 -: 2];
  wire signed [SUM_BITS-1:0]  sum = sum_q[SUM_BITS*LATENCY-1 -: SUM_BITS];
  wire signed [SUM_BITS-1:0]  early_sum = sum_q[2*SUM_BITS-1 -: SUM_BITS];
  wire signed [W-1:0]         sum_wide = sum;
  wire signed [W-1:0]         early_wide = early_sum;
  wire signed [W-1:0]         rounded = round_shift(sum_wide, ACCUMULATOR_SHIFTS[8*kind +: 8]);
  wire signed [W-1:0]         narrow = clamp(rounded, SIGNAL_BITS + 4);
  wire signed [W-1:0]         result = round_shift(narrow, OUTPUT_SHIFTS[8*kind +: 8]);
  wire signed [W-1:0]         early = round_shift(early_wide, ACCUMULATOR_SHIFTS[8*early_kind +: 8]);
  wire signed [W-1:0]         block_wide = block;

  always @(posedge clk) begin
    began_q <= 1'b1;
    valid_q <= rst ? {LATENCY{1'b0}} : {valid_q[LATENCY-2:0], i_valid};
    kind_q  <= {kind_q[2*LATENCY-3:0], i_kind};
    sum_q   <= {sum_q[SUM_BITS*(LATENCY-1)-1:0], i_sum};
  end
  always @* begin
    assume (rst | began_q);
    assume (i_kind < KINDS);
    if (began_q) begin
      assert (block_valid == valid_q[LATENCY-1]);
      assert (~block_valid | (block_wide == clamp(result, SIGNAL_BITS)));
      assert (product_hit == (block_valid & (block_wide != result)));
      assert (accumulator_hit == (valid_q[1] & (early != clamp(early, SIGNAL_BITS + 4))));
    end
  end
endmodule

`default_nettype wire
