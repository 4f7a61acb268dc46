// vector_buffer: a word reads back as it was last written, two cycles after its address, whatever the
// lanes of both ports; any word and any order. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module prove_vector_buffer #(
  parameter WORD_BITS   = 2,
  parameter WRITE_LANES = 4,
  parameter READ_LANES  = 2,
  parameter ROWS        = 3,
  parameter WIDE_LANES  = (WRITE_LANES > READ_LANES) ? WRITE_LANES : READ_LANES,
  parameter ROW_BITS    = (ROWS > 1) ? $clog2(ROWS) : 1,
  parameter WRITE_BITS  = ROW_BITS + $clog2(WIDE_LANES / WRITE_LANES),
  parameter READ_BITS   = ROW_BITS + $clog2(WIDE_LANES / READ_LANES)
) (
  input wire                             clk,
  input wire                             i_write,
  input wire [WRITE_BITS-1:0]            i_write_address,
  input wire [WRITE_LANES*WORD_BITS-1:0] i_write_data,
  input wire [READ_BITS-1:0]             i_read_address
);
  wire [READ_LANES*WORD_BITS-1:0] read;
  vector_buffer #(
    .WORD_BITS   (WORD_BITS),
    .WRITE_LANES (WRITE_LANES),
    .READ_LANES  (READ_LANES),
    .ROWS        (ROWS)
  ) u_dut (
    .clk             (clk),
    .i_write         (i_write),
    .i_write_address (i_write_address),
    .i_write_data    (i_write_data),
    .i_read_address  (i_read_address),
    .o_read_data     (read)
  );

  // The word that is watched, any of the vector.
  wire [15:0]          word = $anyconst;
  wire [15:0]          write_lane = word % WRITE_LANES;
  wire [15:0]          read_lane = word % READ_LANES;
  wire                 is_written = i_write & (i_write_address == word / WRITE_LANES);
  wire                 is_read = i_read_address == word / READ_LANES;
  reg                  is_known_q = 1'b0;
  reg  [WORD_BITS-1:0] value_q;
  reg  [1:0]           read_q = 2'b00;      // asked for, one and two cycles ago
  reg  [WORD_BITS-1:0] first_q;
  reg  [WORD_BITS-1:0] second_q;
  always @(posedge clk) begin
    if (is_written) begin
      is_known_q <= 1'b1;
      value_q    <= i_write_data[write_lane*WORD_BITS +: WORD_BITS];
    end
    read_q   <= {read_q[0], is_read & is_known_q & ~is_written};
    first_q  <= value_q;
    second_q <= first_q;
  end

  localparam GROUPS = WIDE_LANES / ((WRITE_LANES < READ_LANES) ? WRITE_LANES : READ_LANES);
  localparam GROUP_WORDS = WIDE_LANES / GROUPS;
  // Invariant for the induction: the memories hold the word. At most four of them.
  localparam ROW_GROUP_BITS = ROWS * GROUP_WORDS * WORD_BITS;
  (* hierconn *) wire [ROW_GROUP_BITS-1:0] \u_dut.g_group[0].u_ram.words_q ;
  (* hierconn *) wire [ROW_GROUP_BITS-1:0] \u_dut.g_group[1].u_ram.words_q ;
  wire [15:0] group = (word / GROUP_WORDS) % GROUPS;
  wire [15:0] place = (word / WIDE_LANES) * GROUP_WORDS + word % GROUP_WORDS;
  wire [ROW_GROUP_BITS-1:0] words =
    (group == 16'd0) ? \u_dut.g_group[0].u_ram.words_q : \u_dut.g_group[1].u_ram.words_q ;
  wire [WORD_BITS-1:0] stored = words[place*WORD_BITS +: WORD_BITS];

  always @* begin
    assume (word < ROWS * WIDE_LANES);
    assume (i_write_address < ROWS * WIDE_LANES / WRITE_LANES);
    assume (i_read_address < ROWS * WIDE_LANES / READ_LANES);
    assert (~is_known_q | (stored == value_q));
    assert (~read_q[1] | (read[read_lane*WORD_BITS +: WORD_BITS] == second_q));
  end
endmodule

`default_nettype wire
