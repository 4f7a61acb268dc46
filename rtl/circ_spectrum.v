// Front of a matrix product: a vector comes in as LANES words per beat, its q blocks are
// transformed once (docs/fixed-point.md 4, step 1) and kept as spectra for all passes.
//
// BANKS vectors fit, so the next ones load while the present one is used. A vector is ceil(COLS /
// LANES) beats; what lies past COLS counts as zero. A block can be used as soon as it is there:
// o_has_column answers for i_column of the oldest vector. o_filled: all of it is there; i_release
// frees it. o_spectrum is the packed spectrum of block i_column 1 cycle later, and o_hit tells
// whether a word of it was saturated. Latency from a block's last beat to o_has_column: the
// transform's plus 3.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module circ_spectrum #(
  parameter SIGNAL_BITS    = 16,
  parameter LANES          = 4,
  parameter LOG2_K         = 3,
  parameter COLS           = 64,
  parameter SPECTRUM_SHIFT = 2,
  parameter BANKS          = 2    // 2 or more
) (
  input  wire                                  clk,
  input  wire                                  rst,
  input  wire [LANES*SIGNAL_BITS-1:0]          s_x_data,
  input  wire                                  s_x_valid,
  output reg                                   s_x_ready,
  output wire                                  o_filled,
  input  wire                                  i_release,
  input  wire [15:0]                           i_column,
  output wire                                  o_has_column,
  output wire [(1<<LOG2_K)*SIGNAL_BITS-1:0]    o_spectrum,
  output wire                                  o_hit
);
  localparam K = 1 << LOG2_K;
  localparam COL_BLOCKS = (COLS + K - 1) / K;
  localparam COLUMN_BITS = (COL_BLOCKS > 1) ? $clog2(COL_BLOCKS) : 1;
  localparam BANK_BITS = $clog2(BANKS);
  localparam LAST_BANK_NUMBER = BANKS - 1;
  localparam [BANK_BITS-1:0] LAST_BANK = LAST_BANK_NUMBER[BANK_BITS-1:0];
  localparam BANKS_NUMBER = BANKS;
  localparam [BANK_BITS:0] ALL_BANKS = BANKS_NUMBER[BANK_BITS:0];
  localparam [BANK_BITS:0] NO_BANK = {BANK_BITS+1{1'b0}};
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
  reg  [BANK_BITS:0]       taken_q;      // vectors in here, complete at the input, not released
  reg  [BEAT_BITS-1:0]     beat_q;
  reg  [PART_BITS-1:0]     part_q;       // beat within its block
  reg  [K*SIGNAL_BITS-1:0] block_q;
  reg                      block_valid_q;
  reg                      block_last_q;
  wire                     beat = s_x_valid & s_x_ready;
  wire                     vector_ends = beat & (beat_q == LAST_BEAT);
  wire                     block_ends = vector_ends | (beat & (part_q == LAST_PART));

  // The end of a job is known late in its cycle: the room that it makes counts from the next one.
  reg                      released_q;
  wire [BANK_BITS:0]       taken = taken_q + {NO_BANK[BANK_BITS-1:0], vector_ends} -
                                   {NO_BANK[BANK_BITS-1:0], released_q};

  always @(posedge clk) begin
    if (rst) begin
      taken_q       <= NO_BANK;
      s_x_ready     <= 1'b1;
      released_q    <= 1'b0;
      beat_q        <= {BEAT_BITS{1'b0}};
      part_q        <= {PART_BITS{1'b0}};
      block_valid_q <= 1'b0;
    end else begin
      taken_q       <= taken;
      s_x_ready     <= taken != ALL_BANKS;
      released_q    <= i_release;
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

  // X = saturate(round(FFT(x))): the last stage of the transform adds the half of the rounding.
  localparam HALF = (SPECTRUM_SHIFT > 0) ? 1 << (SPECTRUM_SHIFT - 1) : 0;
  localparam WIDE_BITS = SIGNAL_BITS + LOG2_K + 1 + ((SPECTRUM_SHIFT > 0) ? 1 : 0);
  wire                     wide_valid;
  wire [K*WIDE_BITS-1:0]   wide;
  wire                     spectrum_valid;
  wire [K*SIGNAL_BITS-1:0] spectrum;
  wire [K-1:0]             hits;

  rfft #(
    .LOG2_K  (LOG2_K),
    .IN_BITS (SIGNAL_BITS),
    .ROUND   (HALF)
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
    .CYCLES (1)
  ) u_round_valid (
    .clk     (clk),
    .rst     (rst),
    .i_valid (wide_valid),
    .o_valid (spectrum_valid)
  );
  generate
    for (n = 0; n < K; n = n + 1) begin : g_round
      saturate #(
        .IN_BITS  (WIDE_BITS - SPECTRUM_SHIFT),
        .OUT_BITS (SIGNAL_BITS)
      ) u_saturate (
        .clk    (clk),
        .i_data (wide[n*WIDE_BITS+SPECTRUM_SHIFT +: WIDE_BITS-SPECTRUM_SHIFT]),
        .o_data (spectrum[n*SIGNAL_BITS +: SIGNAL_BITS]),
        .o_hit  (hits[n])
      );
      if (SPECTRUM_SHIFT > 0) begin : g_fraction
        wire unused_fraction = &{1'b0, wide[n*WIDE_BITS +: SPECTRUM_SHIFT]};
      end
    end
  endgenerate

  // Spectra of BANKS vectors, each with the word that tells of saturation on top.
  reg  [BANK_BITS:0]         filled_q;      // complete vectors
  reg  [BANK_BITS-1:0]       write_bank_q;
  reg  [BANK_BITS-1:0]       read_bank_q;
  reg  [COLUMN_BITS-1:0]     column_q;
  wire                       spectra_end = spectrum_valid & (column_q == LAST_COLUMN);
  wire [16-COLUMN_BITS-1:0]  unused_column = i_column[15:COLUMN_BITS];
  wire [BANK_BITS-1:0]       next_write_bank =
    (write_bank_q == LAST_BANK) ? {BANK_BITS{1'b0}} : write_bank_q + 1'b1;
  wire [BANK_BITS-1:0]       next_read_bank =
    (read_bank_q == LAST_BANK) ? {BANK_BITS{1'b0}} : read_bank_q + 1'b1;

  assign o_filled = filled_q != NO_BANK;
  assign o_has_column = o_filled | (i_column[COLUMN_BITS-1:0] < column_q);

  always @(posedge clk)
    if (rst) begin
      filled_q     <= NO_BANK;
      write_bank_q <= {BANK_BITS{1'b0}};
      read_bank_q  <= {BANK_BITS{1'b0}};
      column_q     <= {COLUMN_BITS{1'b0}};
    end else begin
      filled_q <= filled_q + {NO_BANK[BANK_BITS-1:0], spectra_end} -
                  {NO_BANK[BANK_BITS-1:0], i_release};
      if (spectra_end)
        write_bank_q <= next_write_bank;
      if (i_release)
        read_bank_q <= next_read_bank;
      if (spectrum_valid)
        column_q <= spectra_end ? {COLUMN_BITS{1'b0}} : column_q + 1'b1;
    end

  ram #(
    .WORD_BITS (K * SIGNAL_BITS + 1),
    .DEPTH     (BANKS << COLUMN_BITS)
  ) u_spectra (
    .clk             (clk),
    .i_write         (spectrum_valid),
    .i_write_address ({write_bank_q, column_q}),
    .i_write_data    ({|hits, spectrum}),
    .i_read_address  ({read_bank_q, i_column[COLUMN_BITS-1:0]}),
    .o_read_data     ({o_hit, o_spectrum})
  );
endmodule

`default_nettype wire
