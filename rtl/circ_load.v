// From the load bus to the weight memories of an array of processing elements.
//
// The packed spectra [gate][row][column][k] of one matrix arrive one word at a time in that order.
// Gates go to the chains in turn and, past the last chain, to the next kind of job; rows of a gate
// go to the elements of its chain in turn. Block (row, column) lies where circ_sequence looks for
// it, as the OPERANDS factors that meet the operands of circ_array (docs/fixed-point.md 4.2): w_0,
// w_{k/2}, then for each complex bin wr, wi - wr, wr + wi. Forming the sums here costs one adder
// pair per bin instead of one per element and bin. i_kind: of the matrix's first gate.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module circ_load #(
  parameter        WEIGHT_BITS  = 12,
  parameter        LOG2_K       = 3,
  parameter        CHAINS       = 4,
  parameter        PES          = 4,   // of a chain
  parameter        RING         = 1,
  parameter [63:0] COLS         = {16'd1, 16'd1, 16'd5, 16'd4},   // as circ_sequence
  parameter [63:0] ROWS         = {16'd1, 16'd1, 16'd8, 16'd8},
  parameter [63:0] BASES        = {16'd0, 16'd0, 16'd8, 16'd0},
  parameter        ADDRESS_BITS = 5,
  parameter        OPERANDS     = (LOG2_K == 0) ? 1 : 3 * (1 << LOG2_K) / 2 - 1
) (
  input  wire                                  clk,
  input  wire                                  rst,
  input  wire                                  i_valid,
  input  wire                                  i_start,
  input  wire [1:0]                            i_kind,
  input  wire [WEIGHT_BITS-1:0]                i_data,
  output wire [CHAINS*PES-1:0]                 o_write,
  output reg  [ADDRESS_BITS-1:0]               o_address,
  output wire [OPERANDS*(WEIGHT_BITS+1)-1:0]   o_factors
);
  localparam K = 1 << LOG2_K;
  localparam FACTOR_BITS = WEIGHT_BITS + 1;
  localparam LAST_ELEMENT_NUMBER = K - 1;
  localparam [7:0] LAST_ELEMENT = LAST_ELEMENT_NUMBER[7:0];
  localparam LAST_PE_NUMBER = PES - 1;
  localparam [15:0] LAST_PE = LAST_PE_NUMBER[15:0];
  localparam LAST_SLOT_NUMBER = RING - 1;
  localparam [15:0] LAST_SLOT = LAST_SLOT_NUMBER[15:0];
  localparam LAST_CHAIN_NUMBER = CHAINS - 1;
  localparam [3:0] LAST_CHAIN = LAST_CHAIN_NUMBER[3:0];
  localparam RING_NUMBER = RING;
  localparam [15:0] COLUMN_STEP = RING_NUMBER[15:0];

  // The numbers of the last column and row of each kind; what unused kinds borrow stays above.
  localparam [63:0] ONES = {4{16'd1}};
  localparam [63:0] LAST_COLS = COLS - ONES;
  localparam [63:0] LAST_ROWS = ROWS - ONES;

  // The bus comes from far.
  reg                   valid_q;
  reg                   start_q;
  reg [1:0]             load_kind_q;
  reg [WEIGHT_BITS-1:0] data_q;
  always @(posedge clk) begin
    valid_q     <= ~rst & i_valid;
    start_q     <= i_start;
    load_kind_q <= i_kind;
    data_q      <= i_data;
  end

  // Position of the next word; a start bit puts this very word at the origin. `first_q` is the
  // address of the row's column 0.
  reg  [7:0]  element_q;
  reg  [15:0] column_q;
  reg  [15:0] row_q;
  reg  [15:0] pe_q;
  reg  [15:0] slot_q;
  reg  [3:0]  chain_q;
  reg  [1:0]  kind_q;
  reg  [15:0] first_q;
  reg  [15:0] address_q;
  wire [7:0]  element = start_q ? 8'd0 : element_q;
  wire [15:0] column = start_q ? 16'd0 : column_q;
  wire [15:0] row = start_q ? 16'd0 : row_q;
  wire [15:0] pe = start_q ? 16'd0 : pe_q;
  wire [15:0] slot = start_q ? 16'd0 : slot_q;
  wire [3:0]  chain = start_q ? 4'd0 : chain_q;
  wire [1:0]  kind = start_q ? load_kind_q : kind_q;
  wire [15:0] first = start_q ? BASES[16*load_kind_q +: 16] : first_q;
  wire [15:0] address = start_q ? BASES[16*load_kind_q +: 16] : address_q;
  wire        block_ends = element == LAST_ELEMENT;
  wire        row_ends = block_ends & (column == LAST_COLS[16*kind +: 16]);
  wire        gate_ends = row_ends & (row == LAST_ROWS[16*kind +: 16]);
  wire        group_ends = row_ends & (pe == LAST_PE);
  wire        pass_ends = group_ends & (slot == LAST_SLOT);
  wire        kind_ends = gate_ends & (chain == LAST_CHAIN);
  wire [1:0]  next_kind = kind + {1'b0, kind_ends};
  wire [15:0] next_first = gate_ends ? BASES[16*next_kind +: 16]
                                     : pass_ends ? address + 16'd1
                                                 : group_ends ? first + 16'd1 : first;

  always @(posedge clk)
    if (valid_q) begin
      element_q <= block_ends ? 8'd0 : element + 8'd1;
      column_q  <= row_ends ? 16'd0 : block_ends ? column + 16'd1 : column;
      row_q     <= gate_ends ? 16'd0 : row_ends ? row + 16'd1 : row;
      pe_q      <= (gate_ends | group_ends) ? 16'd0 : row_ends ? pe + 16'd1 : pe;
      slot_q    <= (gate_ends | pass_ends) ? 16'd0 : group_ends ? slot + 16'd1 : slot;
      chain_q   <= kind_ends ? 4'd0 : gate_ends ? chain + 4'd1 : chain;
      kind_q    <= next_kind;
      first_q   <= next_first;
      address_q <= row_ends ? next_first : block_ends ? address + COLUMN_STEP : address;
    end

  // The block's words, complete one cycle after its last word; its factors one cycle later.
  reg  [K*WEIGHT_BITS-1:0]  words_q;
  reg                       complete_q;
  reg  [15:0]               complete_pe_q;
  reg  [3:0]                complete_chain_q;
  reg  [ADDRESS_BITS-1:0]   complete_address_q;
  wire                      unused_address = &{1'b0, address};
  always @(posedge clk) begin
    complete_q         <= ~rst & valid_q & block_ends;
    complete_pe_q      <= pe;
    complete_chain_q   <= chain;
    complete_address_q <= address[ADDRESS_BITS-1:0];
    o_address          <= complete_address_q;
  end

  genvar c, n;
  generate
    for (c = 0; c < CHAINS; c = c + 1) begin : g_chain
      localparam [3:0] OWN_CHAIN = c;
      for (n = 0; n < PES; n = n + 1) begin : g_pe
        localparam [15:0] OWN = n;
        reg write_q;
        always @(posedge clk)
          write_q <= ~rst & complete_q & (complete_pe_q == OWN) & (complete_chain_q == OWN_CHAIN);
        assign o_write[c*PES+n] = write_q;
      end
    end
    for (n = 0; n < K; n = n + 1) begin : g_element
      localparam [7:0] OWN = n;
      always @(posedge clk)
        if (valid_q & (element == OWN))
          words_q[n*WEIGHT_BITS +: WEIGHT_BITS] <= data_q;
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
