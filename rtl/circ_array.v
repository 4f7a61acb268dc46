// An array of processing elements for block-circulant products (docs/fixed-point.md 4): CHAINS
// chains of PES elements, each chain with its own inverse transform.
//
//   i_spectrum --> operands --+--> circ_pe 0 <-- circ_pe 1 <-- ... --> circ_output --> block rows
//   (column that circ_sequence  |       ^              ^                 one for each chain
//    asks for)                  +-------+--------------+ same operands to all, own weights in each
//
// Every element multiplies one block in each cycle. A job works on a gate's rows in each chain, so
// the same rows of all gates leave side by side, up to one block row per chain and cycle; they
// cannot be stopped. KINDS of jobs share the elements; parameters of kind n are the n-th fields,
// see circ_sequence and circ_output. Job order is the user's.
//
// o_column with o_kind asks for a column; i_has_column says that it is there; i_spectrum and i_hit
// are its spectrum 1 cycle later, when o_read_kind is its kind. o_done: the vector of o_kind's job
// has been used. o_exit announces block rows EXIT_CYCLES = 9 + the inverse transform's cycles
// before o_block_valid.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module circ_array #(
  parameter        SIGNAL_BITS        = 16,
  parameter        WEIGHT_BITS        = 12,
  parameter        LOG2_K             = 3,
  parameter        CHAINS             = 4,
  parameter        PES                = 4,
  parameter        RING               = 1,
  parameter        SETTLE             = 1,
  parameter        KINDS              = 2,
  parameter        LAST_ROWS          = 64,   // words of all rows
  parameter        MAX_COLS           = 5,    // the largest of COLS
  parameter        DEPTH              = 18,   // weight words of an element, all kinds
  parameter [63:0] COLS               = {16'd1, 16'd1, 16'd5, 16'd4},
  parameter [63:0] ROWS               = {16'd1, 16'd1, 16'd8, 16'd8},
  parameter [63:0] BASES              = {16'd0, 16'd0, 16'd8, 16'd0},
  parameter [15:0] GAPS               = 16'd0,
  parameter [31:0] ACCUMULATOR_SHIFTS = {8'd0, 8'd0, 8'd9, 8'd10},
  parameter [31:0] OUTPUT_SHIFTS      = {8'd0, 8'd0, 8'd4, 8'd3}
) (
  input  wire                                      clk,
  input  wire                                      rst,
  input  wire                                      i_load_valid,
  input  wire                                      i_load_start,
  input  wire [1:0]                                i_load_kind,
  input  wire [WEIGHT_BITS-1:0]                    i_load_data,
  input  wire                                      i_start,
  input  wire [1:0]                                i_start_kind,
  output wire                                      o_ready,
  output wire [1:0]                                o_kind,
  output wire [15:0]                               o_column,
  input  wire                                      i_has_column,
  output reg  [1:0]                                o_read_kind,
  input  wire [(1<<LOG2_K)*SIGNAL_BITS-1:0]        i_spectrum,
  input  wire                                      i_hit,
  output wire                                      o_done,
  output wire                                      o_exit,
  output wire [1:0]                                o_exit_kind,
  output wire                                      o_block_valid,
  output wire [1:0]                                o_block_kind,
  output wire [CHAINS*(1<<LOG2_K)*SIGNAL_BITS-1:0] o_blocks,
  output wire [2:0]                                o_hits     // product, accumulator, spectrum
);
  localparam K = 1 << LOG2_K;
  localparam OPERANDS = (LOG2_K == 0) ? 1 : 3 * K / 2 - 1;
  localparam OPERAND_BITS = SIGNAL_BITS + 1;
  localparam SUM_BITS = WEIGHT_BITS + SIGNAL_BITS + $clog2(MAX_COLS);
  localparam ADDRESS_BITS = (DEPTH > 1) ? $clog2(DEPTH) : 1;
  localparam IRFFT_CYCLES =
    (LOG2_K == 0) ? 1 : LOG2_K + ((LOG2_K > 2) ? 2 * (LOG2_K - 2) : 0);
  localparam CAPTURE_CYCLES = 5;                       // column to complete sums
  localparam CHAIN_CYCLES = CAPTURE_CYCLES + 1;        // to the end of the chain
  localparam OUTPUT_CYCLES = 3 + IRFFT_CYCLES;         // circ_output

  // 0: the column.
  wire [15:0] address;
  wire        issue;
  wire        first;
  wire        capture;
  circ_sequence #(
    .PES    (PES),
    .RING   (RING),
    .SETTLE (SETTLE),
    .COLS   (COLS),
    .ROWS   (ROWS),
    .BASES  (BASES),
    .GAPS   (GAPS)
  ) u_sequence (
    .clk          (clk),
    .rst          (rst),
    .i_start      (i_start),
    .i_kind       (i_start_kind),
    .o_ready      (o_ready),
    .i_has_column (i_has_column),
    .o_kind       (o_kind),
    .o_column     (o_column),
    .o_address    (address),
    .o_issue      (issue),
    .o_first      (first),
    .o_capture    (capture),
    .o_done       (o_done),
    .o_exit       (o_exit),
    .o_exit_kind  (o_exit_kind)
  );

  // 1: its address at the elements, its spectrum here.
  reg  [ADDRESS_BITS-1:0] pe_address_q;
  wire                    unused_address = &{1'b0, address};
  wire                    issued;
  wire [1:0]              pe_control;      // first column, any column
  wire                    pe_capture;
  wire                    leaves;          // a block row stands at the end of the chains
  wire [1:0]              leaving_kind;
  always @(posedge clk) begin
    pe_address_q <= address[ADDRESS_BITS-1:0];
    o_read_kind  <= o_kind;
  end
  valid_delay #(
    .BITS   (1),
    .CYCLES (1)
  ) u_issued (
    .clk     (clk),
    .rst     (rst),
    .i_valid (issue),
    .o_valid (issued)
  );
  valid_delay #(
    .BITS   (2),
    .CYCLES (2)
  ) u_control (
    .clk     (clk),
    .rst     (rst),
    .i_valid ({first, issue}),
    .o_valid (pe_control)
  );
  valid_delay #(
    .BITS   (1),
    .CYCLES (CAPTURE_CYCLES)
  ) u_capture (
    .clk     (clk),
    .rst     (rst),
    .i_valid (capture),
    .o_valid (pe_capture)
  );
  valid_delay #(
    .BITS   (3),
    .CYCLES (CHAIN_CYCLES)
  ) u_leaves (
    .clk     (clk),
    .rst     (rst),
    .i_valid ({o_exit_kind, o_exit}),
    .o_valid ({leaving_kind, leaves})
  );
  delay #(
    .BITS   (2),
    .CYCLES (OUTPUT_CYCLES)
  ) u_block_kind (
    .clk    (clk),
    .i_data (leaving_kind),
    .o_data (o_block_kind)
  );

  // 2: operands, one per multiplication: X_0, X_{k/2}, then for each complex bin xr + xi, xr, xi.
  // xr + xi is formed once for all elements.
  wire [OPERANDS*OPERAND_BITS-1:0] operands;
  genvar n, c;
  generate
    for (n = 0; n < 2 && n < K; n = n + 1) begin : g_real
      reg [OPERAND_BITS-1:0] operand_q;
      always @(posedge clk)
        operand_q <= {i_spectrum[(n+1)*SIGNAL_BITS-1], i_spectrum[n*SIGNAL_BITS +: SIGNAL_BITS]};
      assign operands[n*OPERAND_BITS +: OPERAND_BITS] = operand_q;
    end
    for (n = 1; n < K / 2; n = n + 1) begin : g_complex
      wire signed [SIGNAL_BITS-1:0]  re = i_spectrum[2*n*SIGNAL_BITS +: SIGNAL_BITS];
      wire signed [SIGNAL_BITS-1:0]  im = i_spectrum[(2*n+1)*SIGNAL_BITS +: SIGNAL_BITS];
      reg  signed [OPERAND_BITS-1:0] sum_q;
      reg  signed [OPERAND_BITS-1:0] re_q;
      reg  signed [OPERAND_BITS-1:0] im_q;
      always @(posedge clk) begin
        sum_q <= re + im;
        re_q  <= {re[SIGNAL_BITS-1], re};
        im_q  <= {im[SIGNAL_BITS-1], im};
      end
      assign operands[(3*n-1)*OPERAND_BITS +: 3*OPERAND_BITS] = {im_q, re_q, sum_q};
    end
  endgenerate

  wire [CHAINS*PES-1:0]               write;
  wire [ADDRESS_BITS-1:0]             write_address;
  wire [OPERANDS*(WEIGHT_BITS+1)-1:0] write_factors;
  circ_load #(
    .WEIGHT_BITS  (WEIGHT_BITS),
    .LOG2_K       (LOG2_K),
    .CHAINS       (CHAINS),
    .PES          (PES),
    .RING         (RING),
    .COLS         (COLS),
    .ROWS         (ROWS),
    .BASES        (BASES),
    .ADDRESS_BITS (ADDRESS_BITS)
  ) u_load (
    .clk       (clk),
    .rst       (rst),
    .i_valid   (i_load_valid),
    .i_start   (i_load_start),
    .i_kind    (i_load_kind),
    .i_data    (i_load_data),
    .o_write   (write),
    .o_address (write_address),
    .o_factors (write_factors)
  );

  // Chain c: chain[n] enters element n; the results leave at element 0.
  localparam CHAIN_BITS = OPERANDS * SUM_BITS;
  wire [CHAINS-1:0] block_valid;
  wire [CHAINS-1:0] accumulator_hits;
  wire [CHAINS-1:0] product_hits;
  generate
    for (c = 0; c < CHAINS; c = c + 1) begin : g_chain
      wire [(PES+1)*CHAIN_BITS-1:0] chain;
      assign chain[PES*CHAIN_BITS +: CHAIN_BITS] = {CHAIN_BITS{1'b0}};
      for (n = 0; n < PES; n = n + 1) begin : g_pe
        circ_pe #(
          .SIGNAL_BITS (SIGNAL_BITS),
          .WEIGHT_BITS (WEIGHT_BITS),
          .OPERANDS    (OPERANDS),
          .SUM_BITS    (SUM_BITS),
          .RING        (RING),
          .DEPTH       (DEPTH)
        ) u_pe (
          .clk             (clk),
          .i_write         (write[c*PES+n]),
          .i_write_address (write_address),
          .i_write_factors (write_factors),
          .i_address       (pe_address_q),
          .i_operands      (operands),
          .i_first         (pe_control[1]),
          .i_enable        (pe_control[0]),
          .i_capture       (pe_capture),
          .i_advance       (leaves),
          .i_chain         (chain[(n+1)*CHAIN_BITS +: CHAIN_BITS]),
          .o_chain         (chain[n*CHAIN_BITS +: CHAIN_BITS])
        );
      end
      circ_output #(
        .SIGNAL_BITS        (SIGNAL_BITS),
        .LOG2_K             (LOG2_K),
        .ROWS               (LAST_ROWS),
        .SUM_BITS           (SUM_BITS),
        .KINDS              (KINDS),
        .ACCUMULATOR_SHIFTS (ACCUMULATOR_SHIFTS),
        .OUTPUT_SHIFTS      (OUTPUT_SHIFTS)
      ) u_output (
        .clk               (clk),
        .rst               (rst),
        .i_valid           (leaves),
        .i_kind            (leaving_kind),
        .i_sums            (chain[CHAIN_BITS-1:0]),
        .o_block_valid     (block_valid[c]),
        .o_block           (o_blocks[c*K*SIGNAL_BITS +: K*SIGNAL_BITS]),
        .o_accumulator_hit (accumulator_hits[c]),
        .o_product_hit     (product_hits[c])
      );
    end
  endgenerate

  assign o_block_valid = block_valid[0];
  wire unused_valid = &{1'b0, block_valid};
  assign o_hits = {|product_hits, |accumulator_hits, issued & i_hit};
endmodule

`default_nettype wire
