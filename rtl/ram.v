// The one memory template: DEPTH words, one write port, one registered read port.
//
// A word read in the very cycle in which it is written is undefined; every user writes first and
// reads later. Read latency 1 cycle.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module ram #(
  parameter WORD_BITS    = 16,
  parameter DEPTH        = 512,
  parameter ADDRESS_BITS = (DEPTH > 1) ? $clog2(DEPTH) : 1
) (
  input  wire                    clk,
  input  wire                    i_write,
  input  wire [ADDRESS_BITS-1:0] i_write_address,
  input  wire [WORD_BITS-1:0]    i_write_data,
  input  wire [ADDRESS_BITS-1:0] i_read_address,
  output reg  [WORD_BITS-1:0]    o_read_data
);
  (* no_rw_check *) reg [WORD_BITS-1:0] words [0:DEPTH-1];

  always @(posedge clk) begin
    if (i_write)
      words[i_write_address] <= i_write_data;
    o_read_data <= words[i_read_address];
  end
endmodule

`default_nettype wire
