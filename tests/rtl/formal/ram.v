// The memory of the proofs: as rtl/ram.v, but a word read in the very cycle in which it is written is
// arbitrary, so that whoever relies on it fails. Its words are one register that invariants can name.
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
  localparam AT_BITS = $clog2(DEPTH * WORD_BITS + 1);
  localparam [AT_BITS-1:0] WORD = WORD_BITS;
  reg  [DEPTH*WORD_BITS-1:0] words_q;
  wire [AT_BITS-1:0]         write_at = i_write_address * WORD;
  wire [AT_BITS-1:0]         read_at = i_read_address * WORD;
  wire [WORD_BITS-1:0]       arbitrary = $anyseq;
  wire                       collides = i_write & (i_write_address == i_read_address);

  always @(posedge clk) begin
    if (i_write)
      words_q[write_at +: WORD_BITS] <= i_write_data;
    o_read_data <= collides ? arbitrary : words_q[read_at +: WORD_BITS];
  end
endmodule

`default_nettype wire
