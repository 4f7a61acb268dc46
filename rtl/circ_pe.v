// One processing element: multiplies one block's weight factors with one block's spectrum operands
// in every cycle and keeps the sums (docs/fixed-point.md 4.2).
//
// Each of the OPERANDS multiply-accumulates is one DSP: weight register, product register and sum
// with a zero as the third choice of the adder, which is the form that packs. The sums of real part
// and imaginary part stay apart (A, B, C) until circ_output combines them.
//
// Timing, in cycles after i_address: weight out of memory 1, with i_operands, i_first and i_enable
// given at 1 (i.e. one cycle after the address); product 3; sum 4. i_capture, when the sum is
// complete, copies all sums to the result register, which takes i_chain on i_advance: results of
// all elements leave through element 0 in order, one row for each advance.
//
// RING > 1: that many block rows are worked on in turn, one in each enabled cycle; the sums of the
// others wait in a ring of registers and come back as the adder's other input.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module circ_pe #(
  parameter SIGNAL_BITS  = 16,
  parameter WEIGHT_BITS  = 12,
  parameter OPERANDS     = 11,
  parameter SUM_BITS     = 34,
  parameter RING         = 1,
  parameter DEPTH        = 512,
  parameter ADDRESS_BITS = (DEPTH > 1) ? $clog2(DEPTH) : 1
) (
  input  wire                                  clk,
  input  wire                                  i_write,
  input  wire [ADDRESS_BITS-1:0]               i_write_address,
  input  wire [OPERANDS*(WEIGHT_BITS+1)-1:0]   i_write_factors,
  input  wire [ADDRESS_BITS-1:0]               i_address,
  input  wire [OPERANDS*(SIGNAL_BITS+1)-1:0]   i_operands,
  input  wire                                  i_first,
  input  wire                                  i_enable,
  input  wire                                  i_capture,
  input  wire                                  i_advance,
  input  wire [OPERANDS*SUM_BITS-1:0]          i_chain,
  output reg  [OPERANDS*SUM_BITS-1:0]          o_chain
);
  localparam FACTOR_BITS = WEIGHT_BITS + 1;
  localparam OPERAND_BITS = SIGNAL_BITS + 1;
  localparam PRODUCT_BITS = FACTOR_BITS + OPERAND_BITS;
  localparam signed [SUM_BITS-1:0] ZERO = {SUM_BITS{1'b0}};

  wire [OPERANDS*FACTOR_BITS-1:0] factors;
  wire [OPERANDS*SUM_BITS-1:0]    sums;
  reg                             first_q;
  reg                             product_first_q;
  reg                             enable_q;
  reg                             product_enable_q;

  ram #(
    .WORD_BITS (OPERANDS * FACTOR_BITS),
    .DEPTH     (DEPTH)
  ) u_weights (
    .clk             (clk),
    .i_write         (i_write),
    .i_write_address (i_write_address),
    .i_write_data    (i_write_factors),
    .i_read_address  (i_address),
    .o_read_data     (factors)
  );

  always @(posedge clk) begin
    first_q          <= i_first;
    product_first_q  <= first_q;
    enable_q         <= i_enable;
    product_enable_q <= enable_q;
    if (i_capture | i_advance)
      o_chain <= i_capture ? sums : i_chain;
  end

  genvar n;
  generate
    for (n = 0; n < OPERANDS; n = n + 1) begin : g_mac
      reg  signed [FACTOR_BITS-1:0]  factor_q;
      reg  signed [OPERAND_BITS-1:0] operand_q;
      reg  signed [PRODUCT_BITS-1:0] product_q;
      reg  signed [SUM_BITS-1:0]     sum_q;
      wire signed [SUM_BITS-1:0]     own;
      // The top bits of a product are copies of its sign (factors are symmetric).
      wire signed [SUM_BITS-1:0] product;
      if (SUM_BITS > PRODUCT_BITS) begin : g_extend
        assign product = {{SUM_BITS-PRODUCT_BITS{product_q[PRODUCT_BITS-1]}}, product_q};
      end else begin : g_fit
        wire unused_sign = &{1'b0, product_q[PRODUCT_BITS-1:SUM_BITS-1]};
        assign product = product_q[SUM_BITS-1:0];
      end
      always @(posedge clk) begin
        factor_q  <= factors[n*FACTOR_BITS +: FACTOR_BITS];
        operand_q <= i_operands[n*OPERAND_BITS +: OPERAND_BITS];
        product_q <= factor_q * operand_q;
        if (product_enable_q)
          sum_q <= product + (product_first_q ? ZERO : own);
      end
      // The sum of the same row as the product that comes next.
      if (RING > 1) begin : g_ring
        reg  [(RING-1)*SUM_BITS-1:0] ring_q;
        wire [RING*SUM_BITS-1:0]     ring = {ring_q, sum_q};
        always @(posedge clk)
          if (product_enable_q)
            ring_q <= ring[(RING-1)*SUM_BITS-1:0];
        assign own = ring[(RING-1)*SUM_BITS +: SUM_BITS];
      end else begin : g_single
        assign own = sum_q;
      end
      assign sums[n*SUM_BITS +: SUM_BITS] = sum_q;
    end
  endgenerate
endmodule

`default_nettype wire
