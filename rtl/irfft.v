// Inverse real FFT of k = 2^LOG2_K points, times k: packed spectrum in, natural order out
// (docs/fixed-point.md 3).
//
// rfft backwards: stage s splits 2^s-point spectra into two, bit reversal is wiring. Nothing is
// scaled; OUT_BITS = IN_BITS + LOG2_K + 1 holds every value. One block per cycle. Latency as rfft.
// i_round, the constant of a rounding that follows, is added to every word by the last stage, one
// cycle before o_data: OUT_BITS = IN_BITS + LOG2_K + 2 holds the sum.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module irfft #(
  parameter LOG2_K   = 3,
  parameter IN_BITS  = 20,
  parameter OUT_BITS = IN_BITS + LOG2_K + 2
) (
  input  wire                                      clk,
  input  wire                                      rst,
  input  wire                                      i_valid,
  input  wire [(1<<LOG2_K)*IN_BITS-1:0] i_data,
  input  wire [OUT_BITS-1:0]            i_round,
  output wire                                      o_valid,
  output wire [(1<<LOG2_K)*OUT_BITS-1:0] o_data
);
  localparam K = 1 << LOG2_K;
  localparam LATENCY = (LOG2_K == 0) ? 1 : LOG2_K + ((LOG2_K > 2) ? 2 * (LOG2_K - 2) : 0);

  valid_delay #(
    .BITS   (1),
    .CYCLES (LATENCY)
  ) u_valid (
    .clk     (clk),
    .rst     (rst),
    .i_valid (i_valid),
    .o_valid (o_valid)
  );

  // The LOG2_K bits of a position in reverse order.
  function integer bit_reverse;
    input integer position;
    integer bit_number;
    begin
      bit_reverse = 0;
      for (bit_number = 0; bit_number < LOG2_K; bit_number = bit_number + 1)
        bit_reverse = bit_reverse * 2 + ((position >> bit_number) & 1);
    end
  endfunction

  genvar n, s, g;
  generate
    for (s = LOG2_K; s >= 0; s = s - 1) begin : g_stage
      // Spectra of 2^s points each, before stage s.
      localparam BITS = (s == 0) ? OUT_BITS : OUT_BITS - 1 - s;
      wire [K*BITS-1:0] spectra;
      if (s == LOG2_K) begin : g_input
        for (n = 0; n < K; n = n + 1) begin : g_element
          wire [BITS-1:0] element = {{BITS-IN_BITS{i_data[(n+1)*IN_BITS-1]}},
                                     i_data[n*IN_BITS +: IN_BITS]};
          if (LOG2_K == 0) begin : g_register
            reg [BITS-1:0] element_q;
            always @(posedge clk)
              element_q <= element + i_round;
            assign spectra[n*BITS +: BITS] = element_q;
          end else begin : g_wire
            assign spectra[n*BITS +: BITS] = element;
          end
        end
      end else if (s == 0) begin : g_last
        // m = 2: X_0 + X_1 and X_0 - X_1.
        localparam FROM_BITS = OUT_BITS - 2;
        for (g = 0; g < K / 2; g = g + 1) begin : g_pair
          wire [FROM_BITS-1:0]   low = g_stage[1].spectra[2*g*FROM_BITS +: FROM_BITS];
          wire [FROM_BITS-1:0]   high = g_stage[1].spectra[(2*g+1)*FROM_BITS +: FROM_BITS];
          wire signed [BITS-1:0] dc = {{2{low[FROM_BITS-1]}}, low};
          wire signed [BITS-1:0] nyquist = {{2{high[FROM_BITS-1]}}, high};
          wire signed [BITS-1:0] constant = i_round;
          reg  signed [BITS-1:0] even_q;
          reg  signed [BITS-1:0] odd_q;
          always @(posedge clk) begin
            even_q <= dc + nyquist + constant;
            odd_q  <= dc - nyquist + constant;
          end
          assign spectra[2*g*BITS +: 2*BITS] = {odd_q, even_q};
        end
      end else begin : g_butterflies
        for (g = 0; g < K >> (s + 1); g = g + 1) begin : g_group
          fft_split #(
            .LOG2_M  (s + 1),
            .IN_BITS (BITS - 1)
          ) u_split (
            .clk    (clk),
            .i_data (g_stage[s+1].spectra[(g<<(s+1))*(BITS-1) +: (BITS-1)<<(s+1)]),
            .o_data (spectra[(g<<(s+1))*BITS +: BITS<<(s+1)])
          );
        end
      end
    end
    for (n = 0; n < K; n = n + 1) begin : g_order
      localparam POSITION = bit_reverse(n);
      assign o_data[n*OUT_BITS +: OUT_BITS] = g_stage[0].spectra[POSITION*OUT_BITS +: OUT_BITS];
    end
  endgenerate
endmodule

`default_nettype wire
