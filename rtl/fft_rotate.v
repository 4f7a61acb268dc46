// Rotation of one complex bin by the twiddle of stage m = 2^LOG2_M, index J (docs/fixed-point.md
// 3.2).
//
//   forward (INVERSE = 0): re' = round(re cos + im sin), im' = round(im cos - re sin)
//   inverse (INVERSE = 1): re' = round(re cos - im sin), im' = round(im cos + re sin)
//
// Where sin = cos, at 45 degrees, each component is one sum and one product, made of shifts and
// sums: the same integers. 1 <= J < m / 4. Latency 2 cycles, one bin per cycle: products, rounded
// sums. Width: the modulus of the input is below 2^(BITS-1) (section 3.3), so each component of the
// result fits BITS again.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module fft_rotate #(
  parameter BITS    = 20,
  parameter LOG2_M  = 3,
  parameter J       = 1,
  parameter INVERSE = 0
) (
  input  wire                   clk,
  input  wire signed [BITS-1:0] i_re,
  input  wire signed [BITS-1:0] i_im,
  output reg  signed [BITS-1:0] o_re,
  output reg  signed [BITS-1:0] o_im
);
  localparam TWIDDLE_FRAC = 14;
  // cos(2 pi j / 64), j = 16 first, j = 0 in the low bits.
  localparam [17*16-1:0] COSINES = {
    16'd0, 16'd1606, 16'd3196, 16'd4756, 16'd6270, 16'd7723, 16'd9102, 16'd10394, 16'd11585,
    16'd12665, 16'd13623, 16'd14449, 16'd15137, 16'd15679, 16'd16069, 16'd16305, 16'd16384};
  localparam STEP = J << (6 - LOG2_M);   // J in 64ths of a turn
  localparam signed [15:0] COS = COSINES[16*STEP +: 16];
  localparam SUM_BITS = BITS + 17;
  localparam signed [SUM_BITS-1:0] HALF = {{SUM_BITS-1{1'b0}}, 1'b1} << (TWIDDLE_FRAC - 1);

  wire signed [SUM_BITS-1:0] re_sum;
  wire signed [SUM_BITS-1:0] im_sum;

  generate
    if (STEP == 8) begin : g_diagonal
      wire signed [BITS:0]       re = (INVERSE != 0) ? i_re - i_im : i_re + i_im;
      wire signed [BITS:0]       im = (INVERSE != 0) ? i_im + i_re : i_im - i_re;
      // 11585 = 5 (2048 + 256) + 65: no cycle has more than two carry chains in a row.
      wire signed [SUM_BITS-1:0] re_wide = {{SUM_BITS-BITS-1{re[BITS]}}, re};
      wire signed [SUM_BITS-1:0] im_wide = {{SUM_BITS-BITS-1{im[BITS]}}, im};
      wire                       unused_cos = &{1'b0, COS};
      reg signed [SUM_BITS-1:0]  re_five_q;
      reg signed [SUM_BITS-1:0]  im_five_q;
      reg signed [SUM_BITS-1:0]  re_low_q;
      reg signed [SUM_BITS-1:0]  im_low_q;
      always @(posedge clk) begin
        re_five_q <= (re_wide <<< 2) + re_wide;
        im_five_q <= (im_wide <<< 2) + im_wide;
        re_low_q  <= (re_wide <<< 6) + re_wide;
        im_low_q  <= (im_wide <<< 6) + im_wide;
      end
      assign re_sum = (re_five_q <<< 11) + (re_five_q <<< 8) + re_low_q + HALF;
      assign im_sum = (im_five_q <<< 11) + (im_five_q <<< 8) + im_low_q + HALF;
    end else begin : g_general
      localparam signed [15:0] SIN = COSINES[16*(16-STEP) +: 16];
      reg signed [SUM_BITS-1:0]  re_cos_q;
      reg signed [SUM_BITS-1:0]  im_cos_q;
      reg signed [SUM_BITS-1:0]  re_sin_q;
      reg signed [SUM_BITS-1:0]  im_sin_q;
      always @(posedge clk) begin
        re_cos_q <= i_re * COS;
        im_cos_q <= i_im * COS;
        re_sin_q <= i_re * SIN;
        im_sin_q <= i_im * SIN;
      end
      assign re_sum = ((INVERSE != 0) ? re_cos_q - im_sin_q : re_cos_q + im_sin_q) + HALF;
      assign im_sum = ((INVERSE != 0) ? im_cos_q + re_sin_q : im_cos_q - re_sin_q) + HALF;
    end
  endgenerate

  wire signed [SUM_BITS-1:0] re_rounded = re_sum >>> TWIDDLE_FRAC;
  wire signed [SUM_BITS-1:0] im_rounded = im_sum >>> TWIDDLE_FRAC;
  // Copies of the sign, by the bound on the modulus.
  wire unused_signs = &{1'b0, re_rounded[SUM_BITS-1:BITS], im_rounded[SUM_BITS-1:BITS]};

  always @(posedge clk) begin
    o_re <= re_rounded[BITS-1:0];
    o_im <= im_rounded[BITS-1:0];
  end
endmodule

`default_nettype wire
