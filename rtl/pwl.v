// Piecewise-linear sigmoid or tanh (docs/fixed-point.md 5): 32 chords over |x|, symmetric.
//
//   half = BASES[segment] + round(SLOPES[segment] * offset), 1.0 past the last segment
//   sigmoid(-x) = 1 - sigmoid(x), tanh(-x) = -tanh(x)
//
// The argument has X_FRAC fractional bits, the result G = SIGNAL_BITS - 2. Segments are 1/4 wide
// for the sigmoid and 1/8 for tanh, so the segment is a field of the argument. Tables hold
// SIGNAL_BITS per entry, entry 0 in the low bits, 0 <= base, slope <= 2^G. Latency 5 cycles, one
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
  localparam GATE_FRAC = SIGNAL_BITS - 2;
  localparam OFFSET_BITS = X_FRAC - ((IS_TANH != 0) ? 3 : 2);
  localparam SEGMENT_BITS = 5;
  // |x| with room above for the segment's field, whatever X_FRAC is.
  localparam FIELD_BITS = OFFSET_BITS + SEGMENT_BITS + 1;
  localparam MAGNITUDE_BITS = (FIELD_BITS > SIGNAL_BITS) ? FIELD_BITS : SIGNAL_BITS;
  localparam signed [SIGNAL_BITS-1:0] ONE = {2'b01, {GATE_FRAC{1'b0}}};

  // 1: magnitude and sign.
  reg  [MAGNITUDE_BITS-1:0] magnitude_q;
  wire [SIGNAL_BITS-1:0]    magnitude = i_x[SIGNAL_BITS-1] ? -i_x : i_x;
  generate
    if (MAGNITUDE_BITS > SIGNAL_BITS) begin : g_room
      always @(posedge clk)
        magnitude_q <= {{MAGNITUDE_BITS-SIGNAL_BITS{1'b0}}, magnitude};
    end else begin : g_whole
      always @(posedge clk)
        magnitude_q <= magnitude;
    end
  endgenerate

  // 2: the chord.
  wire [SEGMENT_BITS-1:0]         segment = magnitude_q[OFFSET_BITS +: SEGMENT_BITS];
  reg                             is_past_q;
  reg  signed [SIGNAL_BITS-1:0]   base_q;
  reg  signed [SIGNAL_BITS-1:0]   slope_q;
  wire signed [OFFSET_BITS:0]     offset;
  always @(posedge clk) begin
    is_past_q <= |magnitude_q[MAGNITUDE_BITS-1:OFFSET_BITS+SEGMENT_BITS];
    base_q    <= BASES[segment*SIGNAL_BITS +: SIGNAL_BITS];
    slope_q   <= SLOPES[segment*SIGNAL_BITS +: SIGNAL_BITS];
  end
  generate
    if (OFFSET_BITS > 0) begin : g_offset
      reg [OFFSET_BITS-1:0] offset_q;
      always @(posedge clk)
        offset_q <= magnitude_q[OFFSET_BITS-1:0];
      assign offset = {1'b0, offset_q};
    end else begin : g_no_offset
      assign offset = 1'b0;
    end
  endgenerate

  // 3: the product, with the rounding constant still to come.
  localparam PRODUCT_BITS = SIGNAL_BITS + OFFSET_BITS + 1;
  localparam signed [PRODUCT_BITS-1:0] HALF = {{PRODUCT_BITS-1{1'b0}}, 1'b1} << (X_FRAC - 1);
  reg  signed [PRODUCT_BITS-1:0] product_q;
  reg  signed [SIGNAL_BITS-1:0]  product_base_q;
  reg                            product_is_past_q;
  always @(posedge clk) begin
    product_q         <= slope_q * offset;
    product_base_q    <= base_q;
    product_is_past_q <= is_past_q;
  end

  // 4: half, at most 1.0 by the bound on the tables.
  wire signed [PRODUCT_BITS-1:0] rounded = (product_q + HALF) >>> X_FRAC;
  wire signed [SIGNAL_BITS-1:0]  step = rounded[SIGNAL_BITS-1:0];
  wire                           unused_sign = &{1'b0, rounded[PRODUCT_BITS-1:SIGNAL_BITS]};
  reg  signed [SIGNAL_BITS-1:0]  half_q;
  always @(posedge clk)
    half_q <= product_is_past_q ? ONE : product_base_q + step;

  // 5: the other half of the function.
  wire is_negative;
  delay #(
    .BITS   (1),
    .CYCLES (4)
  ) u_sign (
    .clk    (clk),
    .i_data (i_x[SIGNAL_BITS-1]),
    .o_data (is_negative)
  );
  always @(posedge clk)
    o_y <= is_negative ? ((IS_TANH != 0) ? -half_q : ONE - half_q) : half_q;
endmodule

`default_nettype wire
