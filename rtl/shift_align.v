// Moves a word up so that one rounding shift by MOST serves jobs of different shifts: by MOST -
// SHIFTS[kind], 8 bits each. LEAST is the smallest of them. KINDS jobs, 1 to 3; no register. With
// equal shifts nothing is left of it.
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
  wire [OUT_BITS:0]     wide = {{MOST-LEAST+1{i_data[BITS-1]}}, i_data};
  wire                  unused_top = wide[OUT_BITS];
  wire [3*OUT_BITS-1:0] raised;
  genvar n;
  generate
    for (n = 0; n < 3; n = n + 1) begin : g_kind
      localparam KIND = (n < KINDS) ? n : KINDS - 1;
      localparam UP = MOST - {24'd0, SHIFTS[8*KIND +: 8]};
      assign raised[n*OUT_BITS +: OUT_BITS] = wide[OUT_BITS-1:0] << UP;
    end
    if (MOST == LEAST) begin : g_equal
      wire unused_kind = &{1'b0, i_kind, raised[3*OUT_BITS-1:OUT_BITS]};
      assign o_data = raised[0 +: OUT_BITS];
    end else if (KINDS == 2) begin : g_two
      wire unused_kind = &{1'b0, i_kind[1], raised[2*OUT_BITS +: OUT_BITS]};
      assign o_data = i_kind[0] ? raised[OUT_BITS +: OUT_BITS] : raised[0 +: OUT_BITS];
    end else begin : g_three
      assign o_data = i_kind[1] ? raised[2*OUT_BITS +: OUT_BITS]
                                : i_kind[0] ? raised[OUT_BITS +: OUT_BITS] : raised[0 +: OUT_BITS];
    end
  endgenerate
endmodule

`default_nettype wire
