// Back of a matrix product: spectral sums of one block row in, k words of the result out
// (docs/fixed-point.md 4, steps 3 and 4, and 4.2).
//
//   Re = A - C, Im = A + B; round and saturate to SIGNAL_BITS + 4; IFFT; round and saturate
//
// Rows come in order, ROWS / k of them per frame; words past ROWS are zero. One block row per
// cycle. Latency: the transform's plus 3 cycles.
//
// The two shifts may differ between KINDS of job (8 bits each): words are moved up to the largest
// shift, then all are rounded by it.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module circ_output #(
  parameter        SIGNAL_BITS        = 16,
  parameter        LOG2_K             = 3,
  parameter        ROWS               = 64,
  parameter        SUM_BITS           = 34,
  parameter        KINDS              = 2,    // 1 to 3
  parameter [31:0] ACCUMULATOR_SHIFTS = {8'd0, 8'd0, 8'd9, 8'd10},
  parameter [31:0] OUTPUT_SHIFTS      = {8'd0, 8'd0, 8'd4, 8'd3},
  parameter        OPERANDS           = (LOG2_K == 0) ? 1 : 3 * (1 << LOG2_K) / 2 - 1
) (
  input  wire                               clk,
  input  wire                               rst,
  input  wire                               i_valid,
  input  wire [1:0]                         i_kind,
  input  wire [OPERANDS*SUM_BITS-1:0]       i_sums,
  output wire                               o_block_valid,
  output wire [(1<<LOG2_K)*SIGNAL_BITS-1:0] o_block,
  output wire                               o_accumulator_hit,
  output wire                               o_product_hit
);
  localparam K = 1 << LOG2_K;
  // Largest of KINDS shifts.
  function integer largest;
    input [31:0] shifts;
    integer kind;
    begin
      largest = 0;
      for (kind = 0; kind < KINDS; kind = kind + 1)
        if ({24'd0, shifts[8*kind +: 8]} > largest)
          largest = {24'd0, shifts[8*kind +: 8]};
    end
  endfunction

  function integer smallest;
    input [31:0] shifts;
    integer kind;
    begin
      smallest = 255;
      for (kind = 0; kind < KINDS; kind = kind + 1)
        if ({24'd0, shifts[8*kind +: 8]} < smallest)
          smallest = {24'd0, shifts[8*kind +: 8]};
    end
  endfunction
  localparam ACCUMULATOR_SHIFT = largest(ACCUMULATOR_SHIFTS);
  localparam OUTPUT_SHIFT = largest(OUTPUT_SHIFTS);
  localparam LEAST_ACCUMULATOR_SHIFT = smallest(ACCUMULATOR_SHIFTS);
  localparam LEAST_OUTPUT_SHIFT = smallest(OUTPUT_SHIFTS);
  localparam NARROW_BITS = SIGNAL_BITS + 4;
  localparam WIDE_BITS = NARROW_BITS + LOG2_K + 2;
  localparam ROW_BLOCKS = (ROWS + K - 1) / K;
  localparam LAST_ELEMENTS = ROWS - (ROW_BLOCKS - 1) * K;
  localparam ROW_BITS = (ROW_BLOCKS > 1) ? $clog2(ROW_BLOCKS) : 1;
  localparam LAST_ROW_NUMBER = ROW_BLOCKS - 1;
  localparam [ROW_BITS-1:0] LAST_ROW = LAST_ROW_NUMBER[ROW_BITS-1:0];

  // Halves of the shifts, of the kind that is here.
  localparam HALF_BITS = SUM_BITS + 1;
  localparam SPLIT_BITS = WIDE_BITS;
  localparam IRFFT_CYCLES =
    (LOG2_K == 0) ? 1 : LOG2_K + ((LOG2_K > 2) ? 2 * (LOG2_K - 2) : 0);
  wire [4*HALF_BITS-1:0]  sum_halves;
  wire [4*SPLIT_BITS-1:0] wide_halves;
  wire [1:0]              round_kind;    // of the transform's last stage
  reg  [1:0]              kind_q;
  wire [1:0]              wide_kind;
  // Chosen by comparing: constants fold, and no index is multiplied.
  wire [HALF_BITS-1:0]    sum_half = i_kind[1]
    ? (i_kind[0] ? sum_halves[3*HALF_BITS +: HALF_BITS] : sum_halves[2*HALF_BITS +: HALF_BITS])
    : (i_kind[0] ? sum_halves[HALF_BITS +: HALF_BITS] : sum_halves[0 +: HALF_BITS]);
  wire [SPLIT_BITS-1:0]   wide_half = round_kind[1]
    ? (round_kind[0] ? wide_halves[3*SPLIT_BITS +: SPLIT_BITS]
                     : wide_halves[2*SPLIT_BITS +: SPLIT_BITS])
    : (round_kind[0] ? wide_halves[SPLIT_BITS +: SPLIT_BITS] : wide_halves[0 +: SPLIT_BITS]);
  genvar n;
  generate
    for (n = 0; n < 4; n = n + 1) begin : g_half
      localparam KIND = (n < KINDS) ? n : 0;
      localparam [7:0] SUM_SHIFT = ACCUMULATOR_SHIFTS[8*KIND +: 8];
      localparam [7:0] WIDE_SHIFT = OUTPUT_SHIFTS[8*KIND +: 8];
      localparam [HALF_BITS-1:0] SUM_HALF =
        (SUM_SHIFT == 8'd0) ? {HALF_BITS{1'b0}}
                            : {{HALF_BITS-1{1'b0}}, 1'b1} << (SUM_SHIFT - 8'd1);
      localparam [SPLIT_BITS-1:0] WIDE_HALF =
        (WIDE_SHIFT == 8'd0) ? {SPLIT_BITS{1'b0}}
                             : {{SPLIT_BITS-1{1'b0}}, 1'b1} << (WIDE_SHIFT - 8'd1);
      assign sum_halves[n*HALF_BITS +: HALF_BITS] = SUM_HALF;
      assign wide_halves[n*SPLIT_BITS +: SPLIT_BITS] = WIDE_HALF;
    end
  endgenerate
  always @(posedge clk)
    kind_q <= i_kind;
  delay #(
    .BITS   (2),
    .CYCLES (IRFFT_CYCLES)
  ) u_round_kind (
    .clk    (clk),
    .i_data (kind_q),
    .o_data (round_kind)
  );
  delay #(
    .BITS   (2),
    .CYCLES (1)
  ) u_wide_kind (
    .clk    (clk),
    .i_data (round_kind),
    .o_data (wide_kind)
  );

  // 1: packed spectrum of sums, with the half of the rounding.
  wire [K*HALF_BITS-1:0] spectrum;
  generate
    for (n = 0; n < 2 && n < K; n = n + 1) begin : g_real
      wire signed [SUM_BITS-1:0]  sum = i_sums[n*SUM_BITS +: SUM_BITS];
      wire signed [HALF_BITS-1:0] half = sum_half;
      reg  signed [HALF_BITS-1:0] sum_q;
      always @(posedge clk)
        sum_q <= sum + half;
      assign spectrum[n*HALF_BITS +: HALF_BITS] = sum_q;
    end
    for (n = 1; n < K / 2; n = n + 1) begin : g_complex
      // Modulo SUM_BITS, which the combined sums fit.
      wire signed [SUM_BITS-1:0]  a = i_sums[(3*n-1)*SUM_BITS +: SUM_BITS];
      wire signed [SUM_BITS-1:0]  b = i_sums[3*n*SUM_BITS +: SUM_BITS];
      wire signed [SUM_BITS-1:0]  c = i_sums[(3*n+1)*SUM_BITS +: SUM_BITS];
      wire signed [HALF_BITS-1:0] half = sum_half;
      reg  signed [HALF_BITS-1:0] re_q;
      reg  signed [HALF_BITS-1:0] im_q;
      always @(posedge clk) begin
        re_q <= a - c + half;
        im_q <= a + b + half;
      end
      assign spectrum[2*n*HALF_BITS +: 2*HALF_BITS] = {im_q, re_q};
    end
  endgenerate

  // 2: saturated; the transform, whose last stage adds the half of the second rounding; saturated.
  wire [K*NARROW_BITS-1:0] narrow;
  wire [K-1:0]             narrow_hits;
  wire                     narrow_valid;
  wire [K*WIDE_BITS-1:0]   wide;
  wire                     wide_valid;
  wire [K*SIGNAL_BITS-1:0] block;
  wire [K-1:0]             block_hits;
  wire [K-1:0]             is_inside;
  valid_delay #(
    .BITS   (1),
    .CYCLES (2)
  ) u_narrow_valid (
    .clk     (clk),
    .rst     (rst),
    .i_valid (i_valid),
    .o_valid (narrow_valid)
  );
  irfft #(
    .LOG2_K  (LOG2_K),
    .IN_BITS (NARROW_BITS)
  ) u_irfft (
    .clk     (clk),
    .rst     (rst),
    .i_valid (narrow_valid),
    .i_data  (narrow),
    .i_round (wide_half),
    .o_valid (wide_valid),
    .o_data  (wide)
  );
  valid_delay #(
    .BITS   (1),
    .CYCLES (1)
  ) u_block_valid (
    .clk     (clk),
    .rst     (rst),
    .i_valid (wide_valid),
    .o_valid (o_block_valid)
  );

  localparam RAISED_SUM_BITS = HALF_BITS + ACCUMULATOR_SHIFT - LEAST_ACCUMULATOR_SHIFT;
  localparam RAISED_WIDE_BITS = WIDE_BITS + OUTPUT_SHIFT - LEAST_OUTPUT_SHIFT;
  generate
    for (n = 0; n < K; n = n + 1) begin : g_round
      wire [RAISED_SUM_BITS-1:0]  raised_sum;
      wire [RAISED_WIDE_BITS-1:0] raised_wide;
      shift_align #(
        .BITS   (HALF_BITS),
        .KINDS  (KINDS),
        .SHIFTS (ACCUMULATOR_SHIFTS),
        .MOST   (ACCUMULATOR_SHIFT),
        .LEAST  (LEAST_ACCUMULATOR_SHIFT)
      ) u_sum_align (
        .i_kind (kind_q),
        .i_data (spectrum[n*HALF_BITS +: HALF_BITS]),
        .o_data (raised_sum)
      );
      shift_align #(
        .BITS   (WIDE_BITS),
        .KINDS  (KINDS),
        .SHIFTS (OUTPUT_SHIFTS),
        .MOST   (OUTPUT_SHIFT),
        .LEAST  (LEAST_OUTPUT_SHIFT)
      ) u_wide_align (
        .i_kind (wide_kind),
        .i_data (wide[n*WIDE_BITS +: WIDE_BITS]),
        .o_data (raised_wide)
      );
      saturate #(
        .IN_BITS  (RAISED_SUM_BITS - ACCUMULATOR_SHIFT),
        .OUT_BITS (NARROW_BITS)
      ) u_accumulator (
        .clk    (clk),
        .i_data (raised_sum[RAISED_SUM_BITS-1:ACCUMULATOR_SHIFT]),
        .o_data (narrow[n*NARROW_BITS +: NARROW_BITS]),
        .o_hit  (narrow_hits[n])
      );
      saturate #(
        .IN_BITS  (RAISED_WIDE_BITS - OUTPUT_SHIFT),
        .OUT_BITS (SIGNAL_BITS)
      ) u_product (
        .clk    (clk),
        .i_data (raised_wide[RAISED_WIDE_BITS-1:OUTPUT_SHIFT]),
        .o_data (block[n*SIGNAL_BITS +: SIGNAL_BITS]),
        .o_hit  (block_hits[n])
      );
      if (ACCUMULATOR_SHIFT > 0) begin : g_sum_fraction
        wire unused_fraction = &{1'b0, raised_sum[ACCUMULATOR_SHIFT-1:0]};
      end
      if (OUTPUT_SHIFT > 0) begin : g_wide_fraction
        wire unused_fraction = &{1'b0, raised_wide[OUTPUT_SHIFT-1:0]};
      end
      assign o_block[n*SIGNAL_BITS +: SIGNAL_BITS] =
        is_inside[n] ? block[n*SIGNAL_BITS +: SIGNAL_BITS] : {SIGNAL_BITS{1'b0}};
    end
  endgenerate

  // Which words of the present block are rows of the matrix.
  reg  [ROW_BITS-1:0] row_q;
  wire                is_last = row_q == LAST_ROW;
  generate
    for (n = 0; n < K; n = n + 1) begin : g_inside
      assign is_inside[n] = (n < LAST_ELEMENTS) | ~is_last;
    end
  endgenerate
  always @(posedge clk)
    if (rst)
      row_q <= {ROW_BITS{1'b0}};
    else if (o_block_valid)
      row_q <= is_last ? {ROW_BITS{1'b0}} : row_q + 1'b1;

  assign o_accumulator_hit = narrow_valid & (|narrow_hits);
  assign o_product_hit = o_block_valid & (|(block_hits & is_inside));
endmodule

`default_nettype wire
