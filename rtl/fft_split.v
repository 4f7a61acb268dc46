// One butterfly group of the inverse transform: undoes fft_merge, times 2 (docs/fixed-point.md
// 3.1).
//
//   E_0 = X_0 + X_{m/2}, O_0 = X_0 - X_{m/2}, E_{m/4} = 2 Re X_{m/4}, O_{m/4} = -2 Im X_{m/4}
//   E_j = X_j + conj(X_{m/2-j}), O_j = conj(w^j) (X_j - conj(X_{m/2-j})), w = exp(-2 pi i / m)
//
// E leaves in the low half, O in the high half. Latency: 1 cycle for m <= 4, 3 cycles above (2 of
// them the rotation). Output one bit wider.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module fft_split #(
  parameter LOG2_M  = 3,
  parameter IN_BITS = 21
) (
  input  wire                                clk,
  input  wire [(1<<LOG2_M)*IN_BITS-1:0]      i_data,
  output wire [(1<<LOG2_M)*(IN_BITS+1)-1:0]  o_data
);
  localparam M = 1 << LOG2_M;
  localparam OUT_BITS = IN_BITS + 1;
  localparam HALF_BITS = M / 2 * OUT_BITS;
  localparam ROTATE_CYCLES = 2;

  wire signed [IN_BITS-1:0]  dc = i_data[0 +: IN_BITS];
  wire signed [IN_BITS-1:0]  nyquist = i_data[IN_BITS +: IN_BITS];
  reg  signed [OUT_BITS-1:0] even_dc_q;
  reg  signed [OUT_BITS-1:0] odd_dc_q;
  always @(posedge clk) begin
    even_dc_q <= dc + nyquist;
    odd_dc_q  <= dc - nyquist;
  end

  // What needs no rotation waits for what does; only the real parts of E and O bins are here.
  generate
    if (LOG2_M < 3) begin : g_direct
      assign o_data[0 +: OUT_BITS] = even_dc_q;
      assign o_data[HALF_BITS +: OUT_BITS] = odd_dc_q;
    end else begin : g_delayed
      delay #(
        .BITS   (2 * OUT_BITS),
        .CYCLES (ROTATE_CYCLES)
      ) u_delay (
        .clk    (clk),
        .i_data ({odd_dc_q, even_dc_q}),
        .o_data ({o_data[HALF_BITS +: OUT_BITS], o_data[0 +: OUT_BITS]})
      );
    end
    if (LOG2_M >= 2) begin : g_quarter
      wire signed [OUT_BITS-1:0] quarter_im = {i_data[(M/2+1)*IN_BITS +: IN_BITS], 1'b0};
      reg  signed [OUT_BITS-1:0] even_nyquist_q;
      reg  signed [OUT_BITS-1:0] odd_nyquist_q;
      always @(posedge clk) begin
        even_nyquist_q <= {i_data[M/2*IN_BITS +: IN_BITS], 1'b0};
        odd_nyquist_q  <= -quarter_im;
      end
      if (LOG2_M == 2) begin : g_direct
        assign o_data[OUT_BITS +: OUT_BITS] = even_nyquist_q;
        assign o_data[HALF_BITS+OUT_BITS +: OUT_BITS] = odd_nyquist_q;
      end else begin : g_delayed
        delay #(
          .BITS   (2 * OUT_BITS),
          .CYCLES (ROTATE_CYCLES)
        ) u_delay (
          .clk    (clk),
          .i_data ({odd_nyquist_q, even_nyquist_q}),
          .o_data ({o_data[HALF_BITS+OUT_BITS +: OUT_BITS], o_data[OUT_BITS +: OUT_BITS]})
        );
      end
    end
  endgenerate

  genvar j;
  generate
    for (j = 1; j < M / 4; j = j + 1) begin : g_bin
      wire signed [IN_BITS-1:0]  lower_re = i_data[2*j*IN_BITS +: IN_BITS];         // X_j
      wire signed [IN_BITS-1:0]  lower_im = i_data[(2*j+1)*IN_BITS +: IN_BITS];
      wire signed [IN_BITS-1:0]  upper_re = i_data[(M-2*j)*IN_BITS +: IN_BITS];     // X_{m/2-j}
      wire signed [IN_BITS-1:0]  upper_im = i_data[(M-2*j+1)*IN_BITS +: IN_BITS];
      reg  signed [OUT_BITS-1:0] even_re_q;
      reg  signed [OUT_BITS-1:0] even_im_q;
      reg  signed [OUT_BITS-1:0] difference_re_q;
      // Kept: Yosys 0.23 would take the sum and this register into one of the two DSPs that use it
      // and leave the other one without an operand.
      (* keep *) reg signed [OUT_BITS-1:0] difference_im_q;
      always @(posedge clk) begin
        even_re_q       <= lower_re + upper_re;
        even_im_q       <= lower_im - upper_im;
        difference_re_q <= lower_re - upper_re;
        difference_im_q <= lower_im + upper_im;
      end

      delay #(
        .BITS   (2 * OUT_BITS),
        .CYCLES (ROTATE_CYCLES)
      ) u_delay (
        .clk    (clk),
        .i_data ({even_im_q, even_re_q}),
        .o_data (o_data[2*j*OUT_BITS +: 2*OUT_BITS])
      );
      fft_rotate #(
        .BITS    (OUT_BITS),
        .LOG2_M  (LOG2_M),
        .J       (j),
        .INVERSE (1)
      ) u_rotate (
        .clk  (clk),
        .i_re (difference_re_q),
        .i_im (difference_im_q),
        .o_re (o_data[HALF_BITS+2*j*OUT_BITS +: OUT_BITS]),
        .o_im (o_data[HALF_BITS+(2*j+1)*OUT_BITS +: OUT_BITS])
      );
    end
  endgenerate
endmodule

`default_nettype wire
