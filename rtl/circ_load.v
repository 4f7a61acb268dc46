// From the load bus to the weight memories of a product's processing elements.
//
// The packed spectra [p][q][k] arrive one word at a time in that order. Block (i, j) goes to
// element i % PES, address (i / PES) q + j, as the OPERANDS factors that meet the operands of
// circ_spectrum (docs/fixed-point.md 4.2): w_0, w_{k/2}, then for each complex bin wr, wi - wr, wr
// + wi. Forming the sums here costs one adder pair per bin instead of one per element and bin.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module circ_load #(
  parameter WEIGHT_BITS  = 12,
  parameter LOG2_K       = 3,
  parameter ROW_BLOCKS   = 16,   // p
  parameter COL_BLOCKS   = 8,    // q
  parameter PES          = 4,
  parameter DEPTH        = (ROW_BLOCKS + PES - 1) / PES * COL_BLOCKS,
  parameter ADDRESS_BITS = (DEPTH > 1) ? $clog2(DEPTH) : 1,
  parameter OPERANDS     = (LOG2_K == 0) ? 1 : 3 * (1 << LOG2_K) / 2 - 1
) (
  input  wire                                  clk,
  input  wire                                  rst,
  input  wire                                  i_valid,
  input  wire                                  i_start,
  input  wire [WEIGHT_BITS-1:0]                i_data,
  output reg  [PES-1:0]                        o_write,
  output reg  [ADDRESS_BITS-1:0]               o_address,
  output wire [OPERANDS*(WEIGHT_BITS+1)-1:0]   o_factors
);
  localparam K = 1 << LOG2_K;
  localparam FACTOR_BITS = WEIGHT_BITS + 1;
  localparam ELEMENT_BITS = (LOG2_K > 0) ? LOG2_K : 1;
  localparam COLUMN_BITS = (COL_BLOCKS > 1) ? $clog2(COL_BLOCKS) : 1;
  localparam PE_BITS = (PES > 1) ? $clog2(PES) : 1;
  localparam LAST_ELEMENT_NUMBER = K - 1;
  localparam [ELEMENT_BITS-1:0] LAST_ELEMENT = LAST_ELEMENT_NUMBER[ELEMENT_BITS-1:0];
  localparam LAST_COLUMN_NUMBER = COL_BLOCKS - 1;
  localparam [COLUMN_BITS-1:0] LAST_COLUMN = LAST_COLUMN_NUMBER[COLUMN_BITS-1:0];
  localparam LAST_PE_NUMBER = PES - 1;
  localparam [PE_BITS-1:0] LAST_PE = LAST_PE_NUMBER[PE_BITS-1:0];

  // Position of the next word; a start bit puts this very word at the origin. `first_q` is the
  // address of the current group's column 0.
  reg  [ELEMENT_BITS-1:0] element_q;
  reg  [COLUMN_BITS-1:0]  column_q;
  reg  [PE_BITS-1:0]      pe_q;
  reg  [ADDRESS_BITS-1:0] first_q;
  reg  [ADDRESS_BITS-1:0] address_q;
  wire [ELEMENT_BITS-1:0] element = i_start ? {ELEMENT_BITS{1'b0}} : element_q;
  wire [COLUMN_BITS-1:0]  column = i_start ? {COLUMN_BITS{1'b0}} : column_q;
  wire [PE_BITS-1:0]      pe = i_start ? {PE_BITS{1'b0}} : pe_q;
  wire [ADDRESS_BITS-1:0] first = i_start ? {ADDRESS_BITS{1'b0}} : first_q;
  wire [ADDRESS_BITS-1:0] address = i_start ? {ADDRESS_BITS{1'b0}} : address_q;
  wire                    block_ends = element == LAST_ELEMENT;
  wire                    row_ends = block_ends & (column == LAST_COLUMN);
  wire                    group_ends = row_ends & (pe == LAST_PE);

  always @(posedge clk) begin
    if (rst) begin
      element_q <= {ELEMENT_BITS{1'b0}};
      column_q  <= {COLUMN_BITS{1'b0}};
      pe_q      <= {PE_BITS{1'b0}};
      first_q   <= {ADDRESS_BITS{1'b0}};
      address_q <= {ADDRESS_BITS{1'b0}};
    end else if (i_valid) begin
      element_q <= block_ends ? {ELEMENT_BITS{1'b0}} : element + 1'b1;
      column_q  <= row_ends ? {COLUMN_BITS{1'b0}} : block_ends ? column + 1'b1 : column;
      pe_q      <= group_ends ? {PE_BITS{1'b0}} : row_ends ? pe + 1'b1 : pe;
      first_q   <= group_ends ? address + 1'b1 : first;
      address_q <= (row_ends & ~group_ends) ? first : block_ends ? address + 1'b1 : address;
    end
  end

  // The block's words, complete one cycle after its last word; its factors one cycle later.
  reg  [K*WEIGHT_BITS-1:0] words_q;
  reg                      complete_q;
  reg  [PE_BITS-1:0]       complete_pe_q;
  reg  [ADDRESS_BITS-1:0]  complete_address_q;
  always @(posedge clk) begin
    complete_q         <= ~rst & i_valid & block_ends;
    complete_pe_q      <= pe;
    complete_address_q <= address;
    o_address          <= complete_address_q;
  end

  genvar n;
  generate
    for (n = 0; n < PES; n = n + 1) begin : g_pe
      localparam [PE_BITS-1:0] OWN = n;
      always @(posedge clk)
        o_write[n] <= ~rst & complete_q & (complete_pe_q == OWN);
    end
    for (n = 0; n < K; n = n + 1) begin : g_element
      localparam [ELEMENT_BITS-1:0] OWN = n;
      always @(posedge clk)
        if (i_valid & (element == OWN))
          words_q[n*WEIGHT_BITS +: WEIGHT_BITS] <= i_data;
    end
    for (n = 0; n < 2 && n < K; n = n + 1) begin : g_real
      reg [FACTOR_BITS-1:0] factor_q;
      always @(posedge clk)
        factor_q <= {words_q[(n+1)*WEIGHT_BITS-1], words_q[n*WEIGHT_BITS +: WEIGHT_BITS]};
      assign o_factors[n*FACTOR_BITS +: FACTOR_BITS] = factor_q;
    end
    for (n = 1; n < K / 2; n = n + 1) begin : g_complex
      wire signed [WEIGHT_BITS-1:0] re = words_q[2*n*WEIGHT_BITS +: WEIGHT_BITS];
      wire signed [WEIGHT_BITS-1:0] im = words_q[(2*n+1)*WEIGHT_BITS +: WEIGHT_BITS];
      reg  signed [FACTOR_BITS-1:0] re_q;
      reg  signed [FACTOR_BITS-1:0] difference_q;
      reg  signed [FACTOR_BITS-1:0] sum_q;
      always @(posedge clk) begin
        re_q         <= {re[WEIGHT_BITS-1], re};
        difference_q <= im - re;
        sum_q        <= re + im;
      end
      assign o_factors[(3*n-1)*FACTOR_BITS +: 3*FACTOR_BITS] = {sum_q, difference_q, re_q};
    end
  endgenerate
endmodule

`default_nettype wire
