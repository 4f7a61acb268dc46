// Inverse real FFT of k = 2^LOG2_K points, times k: packed spectrum in, natural order out
// (docs/fixed-point.md 3).
//
// rfft backwards: stage s splits 2^s-point spectra into two, bit reversal is wiring. Nothing is
// scaled; OUT_BITS = IN_BITS + LOG2_K + 1 holds every value. One block per cycle. Latency as rfft.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module irfft #(
  parameter LOG2_K  = 3,
  parameter IN_BITS = 20
) (
  input  wire                                      clk,
  input  wire                                      rst,
  input  wire                                      i_valid,
  input  wire [(1<<LOG2_K)*IN_BITS-1:0]            i_data,
  output wire                                      o_valid,
  output wire [(1<<LOG2_K)*(IN_BITS+LOG2_K+1)-1:0] o_data
);
  localparam K = 1 << LOG2_K;
  localparam OUT_BITS = IN_BITS + LOG2_K + 1;
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
      localparam BITS = OUT_BITS - s;
      wire [K*BITS-1:0] spectra;
      if (s == LOG2_K) begin : g_input
        for (n = 0; n < K; n = n + 1) begin : g_element
          wire [BITS-1:0] element = {i_data[(n+1)*IN_BITS-1], i_data[n*IN_BITS +: IN_BITS]};
          if (LOG2_K == 0) begin : g_register
            reg [BITS-1:0] element_q;
            always @(posedge clk)
              element_q <= element;
            assign spectra[n*BITS +: BITS] = element_q;
          end else begin : g_wire
            assign spectra[n*BITS +: BITS] = element;
          end
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
