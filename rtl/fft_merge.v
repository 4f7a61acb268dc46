// One butterfly group of the forward transform: merges the packed spectra E (low half) and O (high
// half) of m/2 points into one of m = 2^LOG2_M points (docs/fixed-point.md 3.1).
//
//   X_0 = E_0 + O_0, X_{m/2} = E_0 - O_0, X_{m/4} = E_{m/4} - i O_{m/4}
//   X_j = E_j + w^j O_j, X_{m/2-j} = conj(E_j - w^j O_j), w = exp(-2 pi i / m)
//
// Latency: 1 cycle for m <= 4, 3 cycles above (2 of them the rotation). Output one bit wider.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module fft_merge #(
  parameter LOG2_M  = 3,
  parameter IN_BITS = 19,
  parameter ROUND   = 0     // added to every component of the result
) (
  input  wire                                clk,
  input  wire [(1<<LOG2_M)*IN_BITS-1:0]      i_data,
  output wire [(1<<LOG2_M)*(IN_BITS+1)-1:0]  o_data
);
  localparam M = 1 << LOG2_M;
  localparam OUT_BITS = IN_BITS + 1;
  localparam HALF_BITS = M / 2 * IN_BITS;
  localparam ROTATE_CYCLES = 2;
  localparam signed [OUT_BITS-1:0] CONSTANT = ROUND[OUT_BITS-1:0];

  // What needs no rotation waits for what does.
  wire [HALF_BITS-1:0] even;
  wire [IN_BITS-1:0]   odd_0;
  generate
    if (LOG2_M < 3) begin : g_direct
      assign even = i_data[HALF_BITS-1:0];
      assign odd_0 = i_data[HALF_BITS +: IN_BITS];
    end else begin : g_delayed
      delay #(
        .BITS   (HALF_BITS + IN_BITS),
        .CYCLES (ROTATE_CYCLES)
      ) u_delay (
        .clk    (clk),
        .i_data (i_data[HALF_BITS+IN_BITS-1:0]),
        .o_data ({odd_0, even})
      );
    end
  endgenerate

  wire signed [IN_BITS-1:0]  even_dc = even[0 +: IN_BITS];
  wire signed [IN_BITS-1:0]  odd_dc = odd_0;
  reg  signed [OUT_BITS-1:0] dc_q;
  reg  signed [OUT_BITS-1:0] nyquist_q;
  always @(posedge clk) begin
    dc_q      <= even_dc + odd_dc + CONSTANT;
    nyquist_q <= even_dc - odd_dc + CONSTANT;
  end
  assign o_data[0 +: OUT_BITS] = dc_q;
  assign o_data[OUT_BITS +: OUT_BITS] = nyquist_q;

  generate
    if (LOG2_M >= 2) begin : g_quarter
      wire signed [IN_BITS-1:0]  odd_nyquist;
      wire signed [IN_BITS-1:0]  even_nyquist = even[IN_BITS +: IN_BITS];
      reg  signed [OUT_BITS-1:0] quarter_re_q;
      reg  signed [OUT_BITS-1:0] quarter_im_q;
      if (LOG2_M == 2) begin : g_direct
        assign odd_nyquist = i_data[HALF_BITS+IN_BITS +: IN_BITS];
      end else begin : g_delayed
        delay #(
          .BITS   (IN_BITS),
          .CYCLES (ROTATE_CYCLES)
        ) u_delay (
          .clk    (clk),
          .i_data (i_data[HALF_BITS+IN_BITS +: IN_BITS]),
          .o_data (odd_nyquist)
        );
      end
      always @(posedge clk) begin
        quarter_re_q <= even_nyquist + CONSTANT;
        quarter_im_q <= CONSTANT - odd_nyquist;
      end
      assign o_data[M/2*OUT_BITS +: OUT_BITS] = quarter_re_q;
      assign o_data[(M/2+1)*OUT_BITS +: OUT_BITS] = quarter_im_q;
    end
  endgenerate

  genvar j;
  generate
    for (j = 1; j < M / 4; j = j + 1) begin : g_bin
      wire signed [IN_BITS-1:0]  even_re = even[2*j*IN_BITS +: IN_BITS];
      wire signed [IN_BITS-1:0]  even_im = even[(2*j+1)*IN_BITS +: IN_BITS];
      wire signed [IN_BITS-1:0]  turned_re;
      wire signed [IN_BITS-1:0]  turned_im;
      reg  signed [OUT_BITS-1:0] lower_re_q;   // X_j
      reg  signed [OUT_BITS-1:0] lower_im_q;
      reg  signed [OUT_BITS-1:0] upper_re_q;   // X_{m/2-j}
      reg  signed [OUT_BITS-1:0] upper_im_q;

      fft_rotate #(
        .BITS    (IN_BITS),
        .LOG2_M  (LOG2_M),
        .J       (j),
        .INVERSE (0)
      ) u_rotate (
        .clk  (clk),
        .i_re (i_data[HALF_BITS+2*j*IN_BITS +: IN_BITS]),
        .i_im (i_data[HALF_BITS+(2*j+1)*IN_BITS +: IN_BITS]),
        .o_re (turned_re),
        .o_im (turned_im)
      );

      always @(posedge clk) begin
        lower_re_q <= even_re + turned_re + CONSTANT;
        lower_im_q <= even_im + turned_im + CONSTANT;
        upper_re_q <= even_re - turned_re + CONSTANT;
        upper_im_q <= turned_im - even_im + CONSTANT;
      end
      assign o_data[2*j*OUT_BITS +: OUT_BITS] = lower_re_q;
      assign o_data[(2*j+1)*OUT_BITS +: OUT_BITS] = lower_im_q;
      assign o_data[(M-2*j)*OUT_BITS +: OUT_BITS] = upper_re_q;
      assign o_data[(M-2*j+1)*OUT_BITS +: OUT_BITS] = upper_im_q;
    end
  endgenerate
endmodule

`default_nettype wire
