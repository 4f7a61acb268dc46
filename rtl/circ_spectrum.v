// Front of a matrix product: a vector comes in as LANES words per beat, its q blocks are
// transformed once (docs/fixed-point.md 4, step 1) and kept as spectra for all passes.
//
// Two vectors fit, so the next one loads while the present one is used. A vector is ceil(COLS /
// LANES) beats; what lies past COLS counts as zero. o_filled: a whole vector is there; i_release
// frees it. o_operands gives the spectrum of block i_column as the operands of a processing
// element, one per multiplication: X_0, X_{k/2}, then for each complex bin xr + xi, xr, xi.
// Latency: i_column to o_operands 2 cycles; last beat to o_filled the transform's plus 4.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module circ_spectrum #(
  parameter SIGNAL_BITS    = 16,
  parameter LANES          = 4,
  parameter LOG2_K         = 3,
  parameter COLS           = 64,
  parameter SPECTRUM_SHIFT = 2,
  parameter COL_BLOCKS     = (COLS + (1 << LOG2_K) - 1) >> LOG2_K,
  parameter COLUMN_BITS    = (COL_BLOCKS > 1) ? $clog2(COL_BLOCKS) : 1,
  parameter OPERANDS       = (LOG2_K == 0) ? 1 : 3 * (1 << LOG2_K) / 2 - 1
) (
  input  wire                                  clk,
  input  wire                                  rst,
  input  wire [LANES*SIGNAL_BITS-1:0]          s_x_data,
  input  wire                                  s_x_valid,
  output wire                                  s_x_ready,
  output wire                                  o_filled,
  input  wire                                  i_release,
  input  wire [COLUMN_BITS-1:0]                i_column,
  output wire [OPERANDS*(SIGNAL_BITS+1)-1:0]   o_operands,
  output wire                                  o_spectrum_hit
);
  localparam K = 1 << LOG2_K;
  localparam BLOCK_BEATS = K / LANES;
  localparam BEATS = (COLS + LANES - 1) / LANES;
  localparam LAST_ELEMENTS = COLS - (COL_BLOCKS - 1) * K;   // of the last block
  localparam BEAT_BITS = (BEATS > 1) ? $clog2(BEATS) : 1;
  localparam LAST_BEAT_NUMBER = BEATS - 1;
  localparam [BEAT_BITS-1:0] LAST_BEAT = LAST_BEAT_NUMBER[BEAT_BITS-1:0];
  localparam PART_BITS = (BLOCK_BEATS > 1) ? $clog2(BLOCK_BEATS) : 1;
  localparam LAST_PART_NUMBER = BLOCK_BEATS - 1;
  localparam [PART_BITS-1:0] LAST_PART = LAST_PART_NUMBER[PART_BITS-1:0];
  localparam LAST_COLUMN_NUMBER = COL_BLOCKS - 1;
  localparam [COLUMN_BITS-1:0] LAST_COLUMN = LAST_COLUMN_NUMBER[COLUMN_BITS-1:0];

  // Beats to blocks.
  reg  [1:0]               taken_q;      // vectors in here, complete at the input, not released
  reg  [BEAT_BITS-1:0]     beat_q;
  reg  [PART_BITS-1:0]     part_q;       // beat within its block
  reg  [K*SIGNAL_BITS-1:0] block_q;
  reg                      block_valid_q;
  reg                      block_last_q;
  wire                     beat = s_x_valid & s_x_ready;
  wire                     vector_ends = beat & (beat_q == LAST_BEAT);
  wire                     block_ends = vector_ends | (beat & (part_q == LAST_PART));

  assign s_x_ready = ~taken_q[1];

  always @(posedge clk) begin
    if (rst) begin
      taken_q       <= 2'd0;
      beat_q        <= {BEAT_BITS{1'b0}};
      part_q        <= {PART_BITS{1'b0}};
      block_valid_q <= 1'b0;
    end else begin
      taken_q       <= taken_q + {1'b0, vector_ends} - {1'b0, i_release};
      block_valid_q <= block_ends;
      if (beat) begin
        beat_q <= vector_ends ? {BEAT_BITS{1'b0}} : beat_q + 1'b1;
        part_q <= block_ends ? {PART_BITS{1'b0}} : part_q + 1'b1;
      end
    end
    block_last_q <= vector_ends;
  end

  wire [K*SIGNAL_BITS-1:0] padded;
  genvar n;
  generate
    for (n = 0; n < BLOCK_BEATS; n = n + 1) begin : g_part
      localparam [PART_BITS-1:0] OWN = n;
      always @(posedge clk)
        if (beat & (part_q == OWN))
          block_q[n*LANES*SIGNAL_BITS +: LANES*SIGNAL_BITS] <= s_x_data;
    end
    for (n = 0; n < K; n = n + 1) begin : g_pad
      assign padded[n*SIGNAL_BITS +: SIGNAL_BITS] =
        (block_last_q && n >= LAST_ELEMENTS) ? {SIGNAL_BITS{1'b0}}
                                             : block_q[n*SIGNAL_BITS +: SIGNAL_BITS];
    end
  endgenerate

  // X = saturate(round(FFT(x)))
  localparam WIDE_BITS = SIGNAL_BITS + LOG2_K + 1;
  wire                     wide_valid;
  wire [K*WIDE_BITS-1:0]   wide;
  wire                     spectrum_valid;
  wire [K*SIGNAL_BITS-1:0] spectrum;
  wire [K-1:0]             hits;

  rfft #(
    .LOG2_K  (LOG2_K),
    .IN_BITS (SIGNAL_BITS)
  ) u_rfft (
    .clk     (clk),
    .rst     (rst),
    .i_valid (block_valid_q),
    .i_data  (padded),
    .o_valid (wide_valid),
    .o_data  (wide)
  );
  valid_delay #(
    .BITS   (1),
    .CYCLES (2)
  ) u_round_valid (
    .clk     (clk),
    .rst     (rst),
    .i_valid (wide_valid),
    .o_valid (spectrum_valid)
  );
  generate
    for (n = 0; n < K; n = n + 1) begin : g_round
      round_saturate #(
        .IN_BITS  (WIDE_BITS),
        .OUT_BITS (SIGNAL_BITS),
        .SHIFT    (SPECTRUM_SHIFT)
      ) u_round (
        .clk    (clk),
        .i_data (wide[n*WIDE_BITS +: WIDE_BITS]),
        .o_data (spectrum[n*SIGNAL_BITS +: SIGNAL_BITS]),
        .o_hit  (hits[n])
      );
    end
  endgenerate
  assign o_spectrum_hit = spectrum_valid & (|hits);

  // Spectra of two vectors.
  reg  [1:0]               filled_q;
  reg                      write_bank_q;
  reg                      read_bank_q;
  reg  [COLUMN_BITS-1:0]   column_q;
  wire                     spectra_end = spectrum_valid & (column_q == LAST_COLUMN);
  wire [K*SIGNAL_BITS-1:0] read;

  assign o_filled = |filled_q;

  always @(posedge clk)
    if (rst) begin
      filled_q     <= 2'd0;
      write_bank_q <= 1'b0;
      read_bank_q  <= 1'b0;
      column_q     <= {COLUMN_BITS{1'b0}};
    end else begin
      filled_q     <= filled_q + {1'b0, spectra_end} - {1'b0, i_release};
      write_bank_q <= write_bank_q ^ spectra_end;
      read_bank_q  <= read_bank_q ^ i_release;
      if (spectrum_valid)
        column_q <= spectra_end ? {COLUMN_BITS{1'b0}} : column_q + 1'b1;
    end

  ram #(
    .WORD_BITS (K * SIGNAL_BITS),
    .DEPTH     (2 << COLUMN_BITS)
  ) u_spectra (
    .clk             (clk),
    .i_write         (spectrum_valid),
    .i_write_address ({write_bank_q, column_q}),
    .i_write_data    (spectrum),
    .i_read_address  ({read_bank_q, i_column}),
    .o_read_data     (read)
  );

  // Operands: xr + xi is formed once for all processing elements.
  localparam OPERAND_BITS = SIGNAL_BITS + 1;
  generate
    for (n = 0; n < 2 && n < K; n = n + 1) begin : g_real
      reg [OPERAND_BITS-1:0] operand_q;
      always @(posedge clk)
        operand_q <= {read[(n+1)*SIGNAL_BITS-1], read[n*SIGNAL_BITS +: SIGNAL_BITS]};
      assign o_operands[n*OPERAND_BITS +: OPERAND_BITS] = operand_q;
    end
    for (n = 1; n < K / 2; n = n + 1) begin : g_complex
      wire signed [SIGNAL_BITS-1:0]  re = read[2*n*SIGNAL_BITS +: SIGNAL_BITS];
      wire signed [SIGNAL_BITS-1:0]  im = read[(2*n+1)*SIGNAL_BITS +: SIGNAL_BITS];
      reg  signed [OPERAND_BITS-1:0] sum_q;
      reg  signed [OPERAND_BITS-1:0] re_q;
      reg  signed [OPERAND_BITS-1:0] im_q;
      always @(posedge clk) begin
        sum_q <= re + im;
        re_q  <= {re[SIGNAL_BITS-1], re};
        im_q  <= {im[SIGNAL_BITS-1], im};
      end
      assign o_operands[(3*n-1)*OPERAND_BITS +: 3*OPERAND_BITS] = {im_q, re_q, sum_q};
    end
  endgenerate
endmodule

`default_nettype wire
