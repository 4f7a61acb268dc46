// Moves a word up so that one rounding shift by MOST serves jobs of different shifts: by MOST -
// SHIFTS[kind], 8 bits each. LEAST is the smallest of them. KINDS jobs; no register. With equal
// shifts nothing is left of it.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module shift_align #(
  parameter        BITS   = 34,
  parameter        KINDS  = 2,
  parameter [31:0] SHIFTS = {8'd0, 8'd0, 8'd9, 8'd10},
  parameter        MOST   = 10,
  parameter        LEAST  = 9
) (
  input  wire [1:0]                 i_kind,
  input  wire [BITS-1:0]            i_data,
  output wire [BITS+MOST-LEAST-1:0] o_data
);
  localparam OUT_BITS = BITS + MOST - LEAST;
  wire [OUT_BITS:0]             wide = {{MOST-LEAST+1{i_data[BITS-1]}}, i_data};
  wire                          unused_top = wide[OUT_BITS];
  wire [4*OUT_BITS-1:0]         raised;
  genvar n;
  generate
    for (n = 0; n < 4; n = n + 1) begin : g_kind
      localparam KIND = (n < KINDS) ? n : 0;
      localparam UP = MOST - {24'd0, SHIFTS[8*KIND +: 8]};
      assign raised[n*OUT_BITS +: OUT_BITS] = wide[OUT_BITS-1:0] << UP;
    end
  endgenerate
  assign o_data = raised[i_kind*OUT_BITS +: OUT_BITS];
endmodule

`default_nettype wire
