// Piecewise-linear sigmoid or tanh (docs/fixed-point.md 5): 32 chords over |x|, symmetric.
//
//   half = BASES[segment] + round(SLOPES[segment] * offset), 1.0 past the last segment
//   sigmoid(-x) = 1 - sigmoid(x), tanh(-x) = -tanh(x)
//
// The sign is folded into base and offset before the product; as -floor(v + 1/2) =
// floor(-v + 1/2 - ulp), a negative x takes a rounding constant one unit smaller. Base and constant
// stand in one word, so one adder makes the result.
//
// The argument has X_FRAC fractional bits, the result G = SIGNAL_BITS - 2. Segments are 1/4 wide
// for the sigmoid and 1/8 for tanh, so the segment is a field of the argument. Tables hold
// SIGNAL_BITS per entry, entry 0 in the low bits, 0 <= base, slope <= 2^G. Latency 4 cycles, one
// word per cycle.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module pwl #(
  parameter SIGNAL_BITS = 16,
  parameter X_FRAC      = 11,
  parameter IS_TANH     = 0,
  parameter [32*SIGNAL_BITS-1:0] BASES  = {32*SIGNAL_BITS{1'b0}},
  parameter [32*SIGNAL_BITS-1:0] SLOPES = {32*SIGNAL_BITS{1'b0}}
) (
  input  wire                          clk,
  input  wire signed [SIGNAL_BITS-1:0] i_x,
  output reg  signed [SIGNAL_BITS-1:0] o_y
);
  localparam S = SIGNAL_BITS;
  localparam GATE_FRAC = SIGNAL_BITS - 2;
  localparam OFFSET_BITS = X_FRAC - ((IS_TANH != 0) ? 3 : 2);
  localparam SEGMENT_BITS = 5;
  // |x| with room above for the segment's field, whatever X_FRAC is.
  localparam FIELD_BITS = OFFSET_BITS + SEGMENT_BITS + 1;
  localparam MAGNITUDE_BITS = (FIELD_BITS > SIGNAL_BITS) ? FIELD_BITS : SIGNAL_BITS;
  localparam signed [S-1:0] ONE = {2'b01, {GATE_FRAC{1'b0}}};
  localparam signed [S-1:0] LOWEST = (IS_TANH != 0) ? -ONE : {S{1'b0}};

  // Tables whose words lie a power of two of bits apart, so that no index is multiplied. They are
  // constants of this module, not ports of another, so that they cost what their bits cost.
  localparam STRIDE_BITS = $clog2(S);
  localparam PLACE_BITS = SEGMENT_BITS + STRIDE_BITS;
  function [(32<<STRIDE_BITS)-1:0] padded(input [32*S-1:0] words);
    integer word;
    begin
      padded = {(32<<STRIDE_BITS){1'b0}};
      for (word = 0; word < 32; word = word + 1)
        padded[(word<<STRIDE_BITS) +: S] = words[word*S +: S];
    end
  endfunction
  localparam [(32<<STRIDE_BITS)-1:0] PADDED_BASES = padded(BASES);
  localparam [(32<<STRIDE_BITS)-1:0] PADDED_SLOPES = padded(SLOPES);

  // 1: magnitude and sign.
  reg  [MAGNITUDE_BITS-1:0] magnitude_q;
  reg                       is_negative_q;
  wire [S-1:0]              magnitude = i_x[S-1] ? -i_x : i_x;
  always @(posedge clk)
    is_negative_q <= i_x[S-1];
  generate
    if (MAGNITUDE_BITS > S) begin : g_room
      always @(posedge clk)
        magnitude_q <= {{MAGNITUDE_BITS-S{1'b0}}, magnitude};
    end else begin : g_whole
      always @(posedge clk)
        magnitude_q <= magnitude;
    end
  endgenerate

  // 2: the chord, on the side of x.
  wire [SEGMENT_BITS-1:0]     segment = magnitude_q[OFFSET_BITS +: SEGMENT_BITS];
  wire                        is_past = |magnitude_q[MAGNITUDE_BITS-1:OFFSET_BITS+SEGMENT_BITS];
  wire [PLACE_BITS-1:0]       place = {segment, {STRIDE_BITS{1'b0}}};
  wire signed [S-1:0]         base = PADDED_BASES[place +: S];
  wire [S-1:0]                slope = PADDED_SLOPES[place +: S];
  wire signed [S-1:0]         mirrored = (IS_TANH != 0) ? -base : ONE - base;
  reg  signed [S-1:0]         base_q;
  reg  signed [S-1:0]         slope_q;
  reg                         chord_is_negative_q;
  wire signed [OFFSET_BITS:0] offset;
  always @(posedge clk) begin
    base_q              <= is_past ? (is_negative_q ? LOWEST : ONE)
                                   : (is_negative_q ? mirrored : base);
    slope_q             <= is_past ? {S{1'b0}} : slope;
    chord_is_negative_q <= is_negative_q;
  end
  generate
    if (OFFSET_BITS > 0) begin : g_offset
      wire [OFFSET_BITS:0] distance = {1'b0, magnitude_q[OFFSET_BITS-1:0]};
      reg  [OFFSET_BITS:0] offset_q;
      always @(posedge clk)
        offset_q <= is_negative_q ? -distance : distance;
      assign offset = offset_q;
    end else begin : g_no_offset
      assign offset = 1'b0;
    end
  endgenerate

  // 3: the product; base and rounding constant side by side.
  localparam PRODUCT_BITS = S + OFFSET_BITS + 1;
  localparam SUM_BITS = S + X_FRAC;
  localparam [X_FRAC-1:0] HALF = {1'b1, {X_FRAC-1{1'b0}}};
  localparam [X_FRAC-1:0] BELOW_HALF = ~HALF;
  reg  signed [PRODUCT_BITS-1:0] product_q;
  reg  signed [SUM_BITS-1:0]     start_q;
  always @(posedge clk) begin
    product_q <= slope_q * offset;
    start_q   <= {base_q, chord_is_negative_q ? BELOW_HALF : HALF};
  end

  // 4: the sum, in [-1, 1] by the bound on the tables.
  wire signed [SUM_BITS-1:0] sum =
    start_q + {{SUM_BITS-PRODUCT_BITS{product_q[PRODUCT_BITS-1]}}, product_q};
  wire                       unused_fraction = &{1'b0, sum[X_FRAC-1:0]};
  always @(posedge clk)
    o_y <= sum[X_FRAC +: S];
endmodule

`default_nettype wire
