// Real FFT of k = 2^LOG2_K points, natural order in, packed spectrum out (docs/fixed-point.md 3).
//
// Packed: [Re X_0, Re X_{k/2}, Re X_1, Im X_1, ...], element 0 in the low bits. Decimation in
// time: bit reversal is wiring, stage s merges pairs of 2^(s-1)-point spectra. Nothing is scaled;
// OUT_BITS = IN_BITS + LOG2_K + 1 holds every value. One block per cycle. Latency LOG2_K
// cycles, and 2 more for each stage above the second: 1, 1, 2, 5, 8, 11, 14 for k = 1, 2, 4, 8, 16,
// 32, 64. The input is not registered, except for k = 1.
// ROUND, the constant of a rounding that follows, is added to every component by the last stage;
// the result has one bit more then: OUT_BITS = IN_BITS + LOG2_K + 2.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module rfft #(
  parameter LOG2_K   = 3,
  parameter IN_BITS  = 16,
  parameter ROUND    = 0,
  parameter OUT_BITS = IN_BITS + LOG2_K + 1 + ((ROUND != 0) ? 1 : 0)
) (
  input  wire                                      clk,
  input  wire                                      rst,
  input  wire                                      i_valid,
  input  wire [(1<<LOG2_K)*IN_BITS-1:0]            i_data,
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
    for (s = 0; s <= LOG2_K; s = s + 1) begin : g_stage
      // Spectra of 2^s points each, after stage s.
      localparam BITS = (s == LOG2_K) ? OUT_BITS : IN_BITS + 1 + s;
      localparam LAST_ROUND = (s == LOG2_K) ? ROUND : 0;
      wire [K*BITS-1:0] spectra;
      if (s == 0) begin : g_order
        for (n = 0; n < K; n = n + 1) begin : g_element
          localparam POSITION = bit_reverse(n);
          wire [BITS-1:0] element = {{BITS-IN_BITS{i_data[(n+1)*IN_BITS-1]}},
                                     i_data[n*IN_BITS +: IN_BITS]};
          if (LOG2_K == 0) begin : g_register
            reg [BITS-1:0] element_q;
            always @(posedge clk)
              element_q <= element + LAST_ROUND[BITS-1:0];
            assign spectra[POSITION*BITS +: BITS] = element_q;
          end else begin : g_wire
            assign spectra[POSITION*BITS +: BITS] = element;
          end
        end
      end else begin : g_butterflies
        for (g = 0; g < K >> s; g = g + 1) begin : g_group
          localparam FROM_BITS = IN_BITS + s;
          wire [((BITS-1)<<s)-1:0] from;
          for (n = 0; n < 1 << s; n = n + 1) begin : g_element
            wire [FROM_BITS-1:0] element = g_stage[s-1].spectra[((g<<s)+n)*FROM_BITS +: FROM_BITS];
            assign from[n*(BITS-1) +: BITS-1] =
              {{BITS-FROM_BITS{element[FROM_BITS-1]}}, element[FROM_BITS-2:0]};
          end
          fft_merge #(
            .LOG2_M  (s),
            .IN_BITS (BITS - 1),
            .ROUND   (LAST_ROUND)
          ) u_merge (
            .clk    (clk),
            .i_data (from),
            .o_data (spectra[(g<<s)*BITS +: BITS<<s])
          );
        end
      end
    end
  endgenerate
  assign o_data = g_stage[LOG2_K].spectra;
endmodule

`default_nettype wire
