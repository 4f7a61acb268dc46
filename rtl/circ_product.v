// One block-circulant product y = W x (docs/fixed-point.md 4) with PES processing elements.
//
//   s_x --> circ_spectrum --+--> circ_pe 0 <-- circ_pe 1 <-- ... --> circ_output --> block rows
//           (x transformed, |       ^              ^
//            q spectra)     +-------+--------------+ same operands to all, own weights in each
//
// Element n owns block rows n, n + PES, n + 2 PES, ...: a pass of q cycles finishes PES rows, which
// leave through the result chain during the next pass; ceil(p / PES) passes make a product. A pass
// lasts max(q, PES) cycles, so that the chain is empty when it ends. Block rows leave in order 0 to
// p - 1, at most one per cycle, and cannot be stopped: a product begins (o_start) only when i_room
// says that all of it can be taken. The next vector may come in meanwhile.
//
// Cycles: passes * max(q, PES) per product; from the end of the last pass's columns to its first
// block row 6 + 5 + the inverse transform's latency.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module circ_product #(
  parameter SIGNAL_BITS       = 16,
  parameter WEIGHT_BITS       = 12,
  parameter LANES             = 4,
  parameter LOG2_K            = 3,
  parameter ROWS              = 64,
  parameter COLS              = 64,
  parameter PES               = 4,     // 1 to the number of block rows
  parameter SPECTRUM_SHIFT    = 2,
  parameter ACCUMULATOR_SHIFT = 10,
  parameter OUTPUT_SHIFT      = 3
) (
  input  wire                               clk,
  input  wire                               rst,
  input  wire                               i_load_valid,
  input  wire                               i_load_start,
  input  wire [WEIGHT_BITS-1:0]             i_load_data,
  input  wire [LANES*SIGNAL_BITS-1:0]       s_x_data,
  input  wire                               s_x_valid,
  output wire                               s_x_ready,
  input  wire                               i_room,
  output wire                               o_start,
  output wire                               o_block_valid,
  output wire [(1<<LOG2_K)*SIGNAL_BITS-1:0] o_block,
  output wire [2:0]                         o_hits     // product, accumulator, spectrum
);
  localparam K = 1 << LOG2_K;
  localparam ROW_BLOCKS = (ROWS + K - 1) / K;
  localparam COL_BLOCKS = (COLS + K - 1) / K;
  localparam PASSES = (ROW_BLOCKS + PES - 1) / PES;
  localparam LAST_ROWS = ROW_BLOCKS - (PASSES - 1) * PES;   // block rows of the last pass
  localparam SLOTS = (COL_BLOCKS > PES) ? COL_BLOCKS : PES; // cycles of a pass
  localparam DEPTH = PASSES * COL_BLOCKS;
  localparam OPERANDS = (LOG2_K == 0) ? 1 : 3 * K / 2 - 1;
  localparam SUM_BITS = WEIGHT_BITS + SIGNAL_BITS + $clog2(COL_BLOCKS);

  localparam SLOT_BITS = (SLOTS > 1) ? $clog2(SLOTS) : 1;
  localparam COLUMN_BITS = (COL_BLOCKS > 1) ? $clog2(COL_BLOCKS) : 1;
  localparam PASS_BITS = (PASSES > 1) ? $clog2(PASSES) : 1;
  localparam ADDRESS_BITS = (DEPTH > 1) ? $clog2(DEPTH) : 1;
  localparam COUNT_BITS = $clog2(PES + 1);
  localparam LAST_SLOT_NUMBER = SLOTS - 1;
  localparam [SLOT_BITS-1:0] LAST_SLOT = LAST_SLOT_NUMBER[SLOT_BITS-1:0];
  localparam LAST_COLUMN_NUMBER = COL_BLOCKS - 1;
  localparam [SLOT_BITS-1:0] LAST_COLUMN = LAST_COLUMN_NUMBER[SLOT_BITS-1:0];
  localparam LAST_PASS_NUMBER = PASSES - 1;
  localparam [PASS_BITS-1:0] LAST_PASS = LAST_PASS_NUMBER[PASS_BITS-1:0];
  localparam [COUNT_BITS-1:0] ALL_ROWS = PES[COUNT_BITS-1:0];
  localparam [COUNT_BITS-1:0] REST_ROWS = LAST_ROWS[COUNT_BITS-1:0];

  wire                                  filled;
  wire                                  release_vector;
  wire [OPERANDS*(SIGNAL_BITS+1)-1:0]   operands;
  wire                                  spectrum_hit;
  wire                                  accumulator_hit;
  wire                                  product_hit;

  // Position in the product: pass and cycle of the pass.
  reg                     is_running_q;
  reg                     has_column_q;
  reg  [SLOT_BITS-1:0]    slot_q;
  reg  [PASS_BITS-1:0]    pass_q;
  reg  [ADDRESS_BITS-1:0] address_q;
  wire                    pass_ends = is_running_q & (slot_q == LAST_SLOT);
  wire                    product_ends = pass_ends & (pass_q == LAST_PASS);
  wire                    is_last_column = has_column_q & (slot_q == LAST_COLUMN);

  assign o_start = ~is_running_q & filled & i_room;
  assign release_vector = product_ends;

  always @(posedge clk)
    if (rst | o_start) begin
      is_running_q <= ~rst;
      has_column_q <= ~rst;
      slot_q       <= {SLOT_BITS{1'b0}};
      pass_q       <= {PASS_BITS{1'b0}};
      address_q    <= {ADDRESS_BITS{1'b0}};
    end else if (is_running_q) begin
      is_running_q <= ~product_ends;
      has_column_q <= pass_ends ? ~product_ends : has_column_q & ~is_last_column;
      slot_q       <= pass_ends ? {SLOT_BITS{1'b0}} : slot_q + 1'b1;
      if (pass_ends)
        pass_q <= pass_q + 1'b1;
      if (has_column_q)
        address_q <= address_q + 1'b1;
    end

  // The columns' way: slot 0, address to the elements 1, operands 2, sums complete 5.
  localparam CAPTURE_CYCLES = 5;
  reg  [ADDRESS_BITS-1:0] pe_address_q;
  wire [1:0]              pe_control;     // first column, any column
  wire [1:0]              capture;        // end of the last pass, end of any pass
  always @(posedge clk)
    pe_address_q <= address_q;

  valid_delay #(
    .BITS   (2),
    .CYCLES (2)
  ) u_control (
    .clk     (clk),
    .rst     (rst),
    .i_valid ({slot_q == {SLOT_BITS{1'b0}}, has_column_q}),
    .o_valid (pe_control)
  );
  valid_delay #(
    .BITS   (2),
    .CYCLES (CAPTURE_CYCLES)
  ) u_capture (
    .clk     (clk),
    .rst     (rst),
    .i_valid ({pass_q == LAST_PASS, is_last_column}),
    .o_valid (capture)
  );

  circ_spectrum #(
    .SIGNAL_BITS    (SIGNAL_BITS),
    .LANES          (LANES),
    .LOG2_K         (LOG2_K),
    .COLS           (COLS),
    .SPECTRUM_SHIFT (SPECTRUM_SHIFT)
  ) u_spectrum (
    .clk            (clk),
    .rst            (rst),
    .s_x_data       (s_x_data),
    .s_x_valid      (s_x_valid),
    .s_x_ready      (s_x_ready),
    .o_filled       (filled),
    .i_release      (release_vector),
    .i_column       (slot_q[COLUMN_BITS-1:0]),
    .o_operands     (operands),
    .o_spectrum_hit (spectrum_hit)
  );

  wire [PES-1:0]                      write;
  wire [ADDRESS_BITS-1:0]             write_address;
  wire [OPERANDS*(WEIGHT_BITS+1)-1:0] write_factors;
  circ_load #(
    .WEIGHT_BITS (WEIGHT_BITS),
    .LOG2_K      (LOG2_K),
    .ROW_BLOCKS  (ROW_BLOCKS),
    .COL_BLOCKS  (COL_BLOCKS),
    .PES         (PES)
  ) u_load (
    .clk       (clk),
    .rst       (rst),
    .i_valid   (i_load_valid),
    .i_start   (i_load_start),
    .i_data    (i_load_data),
    .o_write   (write),
    .o_address (write_address),
    .o_factors (write_factors)
  );

  // chain[n] enters element n; the results leave at element 0.
  localparam CHAIN_BITS = OPERANDS * SUM_BITS;
  wire [(PES+1)*CHAIN_BITS-1:0] chain;
  assign chain[PES*CHAIN_BITS +: CHAIN_BITS] = {CHAIN_BITS{1'b0}};
  genvar n;
  generate
    for (n = 0; n < PES; n = n + 1) begin : g_pe
      circ_pe #(
        .SIGNAL_BITS (SIGNAL_BITS),
        .WEIGHT_BITS (WEIGHT_BITS),
        .OPERANDS    (OPERANDS),
        .SUM_BITS    (SUM_BITS),
        .DEPTH       (DEPTH)
      ) u_pe (
        .clk             (clk),
        .i_write         (write[n]),
        .i_write_address (write_address),
        .i_write_factors (write_factors),
        .i_address       (pe_address_q),
        .i_operands      (operands),
        .i_first         (pe_control[1]),
        .i_enable        (pe_control[0]),
        .i_capture       (capture[0]),
        .i_chain         (chain[(n+1)*CHAIN_BITS +: CHAIN_BITS]),
        .o_chain         (chain[n*CHAIN_BITS +: CHAIN_BITS])
      );
    end
  endgenerate

  // Results still to leave the chain, the one at element 0 included.
  reg  [COUNT_BITS-1:0] waiting_q;
  always @(posedge clk)
    if (rst)
      waiting_q <= {COUNT_BITS{1'b0}};
    else if (capture[0])
      waiting_q <= capture[1] ? REST_ROWS : ALL_ROWS;
    else if (|waiting_q)
      waiting_q <= waiting_q - 1'b1;

  circ_output #(
    .SIGNAL_BITS       (SIGNAL_BITS),
    .LOG2_K            (LOG2_K),
    .ROWS              (ROWS),
    .SUM_BITS          (SUM_BITS),
    .ACCUMULATOR_SHIFT (ACCUMULATOR_SHIFT),
    .OUTPUT_SHIFT      (OUTPUT_SHIFT)
  ) u_output (
    .clk               (clk),
    .rst               (rst),
    .i_valid           (|waiting_q),
    .i_sums            (chain[CHAIN_BITS-1:0]),
    .o_block_valid     (o_block_valid),
    .o_block           (o_block),
    .o_accumulator_hit (accumulator_hit),
    .o_product_hit     (product_hit)
  );

  assign o_hits = {product_hit, accumulator_hit, spectrum_hit};
endmodule

`default_nettype wire
