// One of WORDS words, WORDS a power of two; no register. Words are padded to a power of two of
// bits, so that the place of the chosen one is its index and zeros: an index times any other width
// would become a multiplier where a device has them. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module word_select #(
  parameter WORD_BITS  = 12,   // 2 or more
  parameter WORDS      = 4,
  parameter INDEX_BITS = $clog2(WORDS)
) (
  input  wire [WORDS*WORD_BITS-1:0] i_words,
  input  wire [INDEX_BITS-1:0]      i_index,
  output wire [WORD_BITS-1:0]       o_word
);
  localparam STRIDE_BITS = $clog2(WORD_BITS);
  localparam STRIDE = 1 << STRIDE_BITS;
  wire [WORDS*STRIDE-1:0]           padded;
  wire [INDEX_BITS+STRIDE_BITS-1:0] place = {i_index, {STRIDE_BITS{1'b0}}};
  genvar n;
  generate
    for (n = 0; n < WORDS; n = n + 1) begin : g_word
      assign padded[n*STRIDE +: WORD_BITS] = i_words[n*WORD_BITS +: WORD_BITS];
      if (STRIDE > WORD_BITS) begin : g_padding
        wire unused_padding = &{1'b0, padded[n*STRIDE+WORD_BITS +: STRIDE-WORD_BITS]};
        assign padded[n*STRIDE+WORD_BITS +: STRIDE-WORD_BITS] = {STRIDE-WORD_BITS{1'b0}};
      end
    end
  endgenerate
  assign o_word = padded[place +: WORD_BITS];
endmodule

`default_nettype wire
