// circ_pe as tb_circ_pe.v instantiates it, made of the synthesised netlist, which has no parameters.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module circ_pe #(
  parameter SIGNAL_BITS  = 16,
  parameter WEIGHT_BITS  = 12,
  parameter OPERANDS     = 11,
  parameter SUM_BITS     = 34,
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
  output wire [OPERANDS*SUM_BITS-1:0]          o_chain
);
  netlist u_netlist (
    .clk             (clk),
    .i_write         (i_write),
    .i_write_address (i_write_address),
    .i_write_factors (i_write_factors),
    .i_address       (i_address),
    .i_operands      (i_operands),
    .i_first         (i_first),
    .i_enable        (i_enable),
    .i_capture       (i_capture),
    .i_advance       (i_advance),
    .i_chain         (i_chain),
    .o_chain         (o_chain)
  );
endmodule

`default_nettype wire
