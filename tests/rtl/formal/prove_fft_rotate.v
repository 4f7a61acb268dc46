// fft_rotate: both components against the rotation of docs/fixed-point.md 3.2, products exact, one
// rounding, for all inputs whose result fits. COS and SIN are the table's numbers for the bin: at 45
// degrees the module has no product. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module prove_fft_rotate #(
  parameter BITS    = 20,
  parameter LOG2_M  = 3,
  parameter J       = 1,
  parameter INVERSE = 0,
  parameter COS     = 11585,
  parameter SIN     = 11585
) (
  input wire                   clk,
  input wire signed [BITS-1:0] i_re,
  input wire signed [BITS-1:0] i_im
);
  localparam W = BITS + 18;
  localparam signed [W-1:0] C = COS;
  localparam signed [W-1:0] S = (INVERSE != 0) ? -SIN : SIN;
  wire signed [BITS-1:0] re;
  wire signed [BITS-1:0] im;
  fft_rotate #(
    .BITS    (BITS),
    .LOG2_M  (LOG2_M),
    .J       (J),
    .INVERSE (INVERSE)
  ) u_dut (
    .clk  (clk),
    .i_re (i_re),
    .i_im (i_im),
    .o_re (re),
    .o_im (im)
  );

  reg        [1:0]      began_q = 2'b00;
  reg  signed [W-1:0]   re_q;
  reg  signed [W-1:0]   im_q;
  reg  signed [W-1:0]   re_sum_q;
  reg  signed [W-1:0]   im_sum_q;
  // The sum less the result's own value is in [-1/2, 1/2) of the last place.
  localparam signed [W-1:0] HALF = 1 << 13;
  wire signed [W-1:0]   re_result = re;
  wire signed [W-1:0]   im_result = im;
  wire signed [W-1:0]   re_off = re_sum_q - (re_result <<< 14);
  wire signed [W-1:0]   im_off = im_sum_q - (im_result <<< 14);
  localparam signed [W-1:0] MOST = (1 << (BITS + 13)) - HALF;
  wire                  fits = (re_sum_q < MOST) & (re_sum_q >= -MOST) &
                               (im_sum_q < MOST) & (im_sum_q >= -MOST);
  always @(posedge clk) begin
    began_q  <= {began_q[0], 1'b1};
    re_q     <= i_re;
    im_q     <= i_im;
    re_sum_q <= re_q * C + im_q * S;
    im_sum_q <= im_q * C - re_q * S;
    if (began_q[1] & fits) begin
      assert ((re_off >= -HALF) & (re_off < HALF));
      assert ((im_off >= -HALF) & (im_off < HALF));
    end
  end
endmodule

`default_nettype wire
