// Element-wise part of one LSTM cell (docs/fixed-point.md 6.2), one lane, one cell per cycle.
//
//   i = s(a_i + p_i c'), f = s(a_f + p_f c'), g = tanh(a_g)     each a: Wx + Wr + b, saturated
//   c = saturate(round(f c' + i g))
//   o = s(a_o + p_o c), m = round(o tanh(c))
//
// What does not hang on the recurrent products is summed before they come: they enter 2 cycles
// after everything else. Cycles with peepholes:
//
//   0       1        2        3    4    8      9         10  11  12     13   14   18      19  20
//   c' b Wx  p c'    terms    +Wr  a    i f g  fc',ig    +   c   p_o c  +    a_o  o       oth(c)  m
//
// Without peepholes o is ready with i, f and g, and m leaves at 17: LATENCY = 20 or 17.
// Gates come side by side, i f c o from the low bits up; peepholes i f o. i_valid low makes an
// empty place: o_valid low, o_m zero, no hits. o_c leaves at cycle 11, with o_c_valid.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module lstm_cell #(
  parameter SIGNAL_BITS        = 16,
  parameter IS_PEEPHOLE        = 1,
  parameter PREACTIVATION_FRAC = 11,
  parameter CELL_FRAC          = 12,
  parameter PEEPHOLE_FRAC      = 12,
  parameter [32*SIGNAL_BITS-1:0] SIGMOID_BASES  = {32*SIGNAL_BITS{1'b0}},
  parameter [32*SIGNAL_BITS-1:0] SIGMOID_SLOPES = {32*SIGNAL_BITS{1'b0}},
  parameter [32*SIGNAL_BITS-1:0] TANH_BASES     = {32*SIGNAL_BITS{1'b0}},
  parameter [32*SIGNAL_BITS-1:0] TANH_SLOPES    = {32*SIGNAL_BITS{1'b0}}
) (
  input  wire                          clk,
  input  wire                          rst,
  input  wire                          i_valid,
  input  wire [4*SIGNAL_BITS-1:0]      i_input_products,
  input  wire [4*SIGNAL_BITS-1:0]      i_biases,
  input  wire [3*SIGNAL_BITS-1:0]      i_peepholes,
  input  wire signed [SIGNAL_BITS-1:0] i_c,
  input  wire [4*SIGNAL_BITS-1:0]      i_recurrent_products,   // 2 cycles later
  output wire                          o_c_valid,
  output wire signed [SIGNAL_BITS-1:0] o_c,
  output wire                          o_valid,
  output wire signed [SIGNAL_BITS-1:0] o_m,
  output wire                          o_preactivation_hit,
  output wire                          o_cell_hit
);
  localparam S = SIGNAL_BITS;
  localparam GATE_FRAC = SIGNAL_BITS - 2;

  // Where things happen, in cycles after the inputs.
  localparam GATES_SUM_CYCLE = 4;                     // a_i, a_f, a_g are there
  localparam PWL_CYCLES = 4;
  localparam GATES_CYCLE = GATES_SUM_CYCLE + PWL_CYCLES;
  localparam CELL_CYCLES = 3;                         // products, sum, saturation
  localparam CELL_CYCLE = GATES_CYCLE + CELL_CYCLES;
  localparam OUTPUT_SUM_CYCLES = 3;                   // peephole product, sum, saturation
  localparam OUTPUT_SUM_CYCLE =
    (IS_PEEPHOLE != 0) ? CELL_CYCLE + OUTPUT_SUM_CYCLES : GATES_SUM_CYCLE;
  localparam SQUASHED_CYCLE = CELL_CYCLE + PWL_CYCLES;
  localparam O_CYCLE =
    (IS_PEEPHOLE != 0) ? OUTPUT_SUM_CYCLE + PWL_CYCLES : SQUASHED_CYCLE;
  localparam M_CYCLES = 2;                            // product, rounding

  // Which places of the pipeline hold a cell, counted from the input.
  wire valid_gates_sum;
  wire valid_output_sum;
  valid_delay #(
    .BITS   (1),
    .CYCLES (GATES_SUM_CYCLE)
  ) u_valid_gates_sum (
    .clk     (clk),
    .rst     (rst),
    .i_valid (i_valid),
    .o_valid (valid_gates_sum)
  );
  valid_delay #(
    .BITS   (1),
    .CYCLES (CELL_CYCLE - GATES_SUM_CYCLE)
  ) u_valid_cell (
    .clk     (clk),
    .rst     (rst),
    .i_valid (valid_gates_sum),
    .o_valid (o_c_valid)
  );
  valid_delay #(
    .BITS   (1),
    .CYCLES (O_CYCLE + M_CYCLES - CELL_CYCLE)
  ) u_valid_m (
    .clk     (clk),
    .rst     (rst),
    .i_valid (o_c_valid),
    .o_valid (o_valid)
  );

  // 1: Wx + b of every gate. 2: with the peephole terms of i and f, in the format of the sums:
  // round(p c', n) + t = (p c' + 2^(n-1) + t 2^n) >> n.
  localparam PEEPHOLE_SHIFT = PEEPHOLE_FRAC + CELL_FRAC - PREACTIVATION_FRAC;
  localparam TWO_BITS = S + 1;
  wire [4*TWO_BITS-1:0]   twos;
  localparam TERM_BITS = 2 * S + 1;
  wire [2*TERM_BITS-1:0]  terms;      // i and f
  reg  [2*TWO_BITS-1:0]   later_q;    // g and o
  genvar n;
  generate
    for (n = 0; n < 4; n = n + 1) begin : g_two
      wire signed [S-1:0]        input_product = i_input_products[n*S +: S];
      wire signed [S-1:0]        bias = i_biases[n*S +: S];
      reg  signed [TWO_BITS-1:0] two_q;
      always @(posedge clk)
        two_q <= input_product + bias;
      assign twos[n*TWO_BITS +: TWO_BITS] = two_q;
    end
    for (n = 0; n < 2; n = n + 1) begin : g_term
      peephole_sum #(
        .SIGNAL_BITS (S),
        .IS_PEEPHOLE (IS_PEEPHOLE),
        .SHIFT       (PEEPHOLE_SHIFT)
      ) u_term (
        .clk        (clk),
        .i_peephole (i_peepholes[n*S +: S]),
        .i_c        (i_c),
        .i_other    ({twos[(n+1)*TWO_BITS-1], twos[n*TWO_BITS +: TWO_BITS]}),
        .o_sum      (terms[n*TERM_BITS +: TERM_BITS])
      );
    end
  endgenerate
  always @(posedge clk)
    later_q <= twos[2*TWO_BITS +: 2*TWO_BITS];

  // 3, 4: with the recurrent products; i, f and g.
  wire [3:0]            sum_hits;
  wire signed [S-1:0]   input_sum;
  wire signed [S-1:0]   forget_sum;
  wire signed [S-1:0]   candidate_sum;
  wire signed [S-1:0]   input_gate;
  wire signed [S-1:0]   forget_gate;
  wire signed [S-1:0]   candidate;
  gate_sum #(
    .SIGNAL_BITS (S),
    .TERM_BITS   (TERM_BITS)
  ) u_input_sum (
    .clk       (clk),
    .i_product (i_recurrent_products[0 +: S]),
    .i_terms   (terms[0 +: TERM_BITS]),
    .o_sum     (input_sum),
    .o_hit     (sum_hits[0])
  );
  gate_sum #(
    .SIGNAL_BITS (S),
    .TERM_BITS   (TERM_BITS)
  ) u_forget_sum (
    .clk       (clk),
    .i_product (i_recurrent_products[S +: S]),
    .i_terms   (terms[TERM_BITS +: TERM_BITS]),
    .o_sum     (forget_sum),
    .o_hit     (sum_hits[1])
  );
  gate_sum #(
    .SIGNAL_BITS (S),
    .TERM_BITS   (TWO_BITS)
  ) u_candidate_sum (
    .clk       (clk),
    .i_product (i_recurrent_products[2*S +: S]),
    .i_terms   (later_q[0 +: TWO_BITS]),
    .o_sum     (candidate_sum),
    .o_hit     (sum_hits[2])
  );
  pwl #(
    .SIGNAL_BITS (S),
    .X_FRAC      (PREACTIVATION_FRAC),
    .IS_TANH     (0),
    .BASES       (SIGMOID_BASES),
    .SLOPES      (SIGMOID_SLOPES)
  ) u_input_gate (
    .clk (clk),
    .i_x (input_sum),
    .o_y (input_gate)
  );
  pwl #(
    .SIGNAL_BITS (S),
    .X_FRAC      (PREACTIVATION_FRAC),
    .IS_TANH     (0),
    .BASES       (SIGMOID_BASES),
    .SLOPES      (SIGMOID_SLOPES)
  ) u_forget_gate (
    .clk (clk),
    .i_x (forget_sum),
    .o_y (forget_gate)
  );
  pwl #(
    .SIGNAL_BITS (S),
    .X_FRAC      (PREACTIVATION_FRAC),
    .IS_TANH     (1),
    .BASES       (TANH_BASES),
    .SLOPES      (TANH_SLOPES)
  ) u_candidate (
    .clk (clk),
    .i_x (candidate_sum),
    .o_y (candidate)
  );

  // c = saturate(round(f c' 2^(G - cell_frac) + i g)), one rounding.
  localparam ALIGN = GATE_FRAC - CELL_FRAC;
  localparam CELL_SHIFT = 2 * GATE_FRAC - CELL_FRAC;
  localparam CELL_SUM_BITS = 2 * S + ALIGN + 2;
  localparam signed [CELL_SUM_BITS-1:0] CELL_HALF =
    {{CELL_SUM_BITS-1{1'b0}}, 1'b1} << (CELL_SHIFT - 1);
  wire signed [S-1:0]             c_before;
  reg  signed [2*S-1:0]           kept_q;       // f c'
  reg  signed [2*S-1:0]           new_q;        // i g
  wire signed [CELL_SUM_BITS-1:0] kept;
  wire signed [CELL_SUM_BITS-1:0] fresh = {{CELL_SUM_BITS-2*S{new_q[2*S-1]}}, new_q};
  reg  signed [CELL_SUM_BITS-1:0] cell_sum_q;
  wire                            cell_hit;
  wire signed [S-1:0]             c;
  delay #(
    .BITS   (S),
    .CYCLES (GATES_CYCLE)
  ) u_c_before (
    .clk    (clk),
    .i_data (i_c),
    .o_data (c_before)
  );
  generate
    if (ALIGN > 0) begin : g_align
      assign kept = {{2{kept_q[2*S-1]}}, kept_q, {ALIGN{1'b0}}};
    end else begin : g_aligned
      assign kept = {{2{kept_q[2*S-1]}}, kept_q};
    end
  endgenerate
  always @(posedge clk) begin
    kept_q     <= forget_gate * c_before;
    new_q      <= input_gate * candidate;
    cell_sum_q <= kept + fresh + CELL_HALF;
  end
  saturate #(
    .IN_BITS  (CELL_SUM_BITS - CELL_SHIFT),
    .OUT_BITS (S)
  ) u_cell (
    .clk    (clk),
    .i_data (cell_sum_q[CELL_SUM_BITS-1:CELL_SHIFT]),
    .o_data (c),
    .o_hit  (cell_hit)
  );
  wire unused_cell_fraction = &{1'b0, cell_sum_q[CELL_SHIFT-1:0]};
  assign o_c = c;

  // o, which waits for the new c when it has a peephole, and tanh(c).
  wire signed [S-1:0] output_sum;
  wire signed [S-1:0] output_gate;
  wire signed [S-1:0] squashed_early;
  wire signed [S-1:0] squashed;
  pwl #(
    .SIGNAL_BITS (S),
    .X_FRAC      (CELL_FRAC),
    .IS_TANH     (1),
    .BASES       (TANH_BASES),
    .SLOPES      (TANH_SLOPES)
  ) u_squashed (
    .clk (clk),
    .i_x (c),
    .o_y (squashed_early)
  );
  generate
    if (IS_PEEPHOLE != 0) begin : g_output_peephole
      // Wx + b + Wr of o, exact, then as the terms of i and f.
      wire signed [TWO_BITS-1:0]  other = later_q[TWO_BITS +: TWO_BITS];
      wire signed [S-1:0]         product = i_recurrent_products[3*S +: S];
      reg  signed [S+1:0]         three_q;                // cycle 3
      wire [S+1:0]                three;                  // cycle 12
      wire [S-1:0]                peephole_output;        // cycle 11
      wire signed [TERM_BITS-1:0] output_terms;           // cycle 13
      always @(posedge clk)
        three_q <= {other[TWO_BITS-1], other} + {{2{product[S-1]}}, product};
      delay #(
        .BITS   (S + 2),
        .CYCLES (CELL_CYCLE - 2)
      ) u_three (
        .clk    (clk),
        .i_data (three_q),
        .o_data (three)
      );
      delay #(
        .BITS   (S),
        .CYCLES (CELL_CYCLE)
      ) u_peephole_output (
        .clk    (clk),
        .i_data (i_peepholes[2*S +: S]),
        .o_data (peephole_output)
      );
      peephole_sum #(
        .SIGNAL_BITS (S),
        .IS_PEEPHOLE (1),
        .SHIFT       (PEEPHOLE_SHIFT)
      ) u_output_term (
        .clk        (clk),
        .i_peephole (peephole_output),
        .i_c        (c),
        .i_other    (three),
        .o_sum      (output_terms)
      );
      saturate #(
        .IN_BITS  (TERM_BITS),
        .OUT_BITS (S)
      ) u_output_sum (
        .clk    (clk),
        .i_data (output_terms),
        .o_data (output_sum),
        .o_hit  (sum_hits[3])
      );
      delay #(
        .BITS   (S),
        .CYCLES (O_CYCLE - SQUASHED_CYCLE)
      ) u_squashed_delay (
        .clk    (clk),
        .i_data (squashed_early),
        .o_data (squashed)
      );
      pwl #(
        .SIGNAL_BITS (S),
        .X_FRAC      (PREACTIVATION_FRAC),
        .IS_TANH     (0),
        .BASES       (SIGMOID_BASES),
        .SLOPES      (SIGMOID_SLOPES)
      ) u_output_gate (
        .clk (clk),
        .i_x (output_sum),
        .o_y (output_gate)
      );
      valid_delay #(
        .BITS   (1),
        .CYCLES (OUTPUT_SUM_CYCLE - GATES_SUM_CYCLE)
      ) u_valid_output_sum (
        .clk     (clk),
        .rst     (rst),
        .i_valid (valid_gates_sum),
        .o_valid (valid_output_sum)
      );
    end else begin : g_output_early
      wire unused_peephole = &{1'b0, i_peepholes[2*S +: S]};
      wire signed [S-1:0] output_gate_early;
      gate_sum #(
        .SIGNAL_BITS (S),
        .TERM_BITS   (TWO_BITS)
      ) u_output_sum (
        .clk       (clk),
        .i_product (i_recurrent_products[3*S +: S]),
        .i_terms   (later_q[TWO_BITS +: TWO_BITS]),
        .o_sum     (output_sum),
        .o_hit     (sum_hits[3])
      );
      pwl #(
        .SIGNAL_BITS (S),
        .X_FRAC      (PREACTIVATION_FRAC),
        .IS_TANH     (0),
        .BASES       (SIGMOID_BASES),
        .SLOPES      (SIGMOID_SLOPES)
      ) u_output_gate (
        .clk (clk),
        .i_x (output_sum),
        .o_y (output_gate_early)
      );
      delay #(
        .BITS   (S),
        .CYCLES (SQUASHED_CYCLE - GATES_CYCLE)
      ) u_output_gate_delay (
        .clk    (clk),
        .i_data (output_gate_early),
        .o_data (output_gate)
      );
      assign squashed = squashed_early;
      assign valid_output_sum = valid_gates_sum;
    end
  endgenerate

  // m = round(o tanh(c)): no larger than 1.
  localparam signed [2*S-1:0] M_HALF = {{2*S-1{1'b0}}, 1'b1} << (GATE_FRAC - 1);
  reg  signed [2*S-1:0] m_product_q;
  reg  signed [2*S-1:0] m_q;
  always @(posedge clk) begin
    m_product_q <= output_gate * squashed;
    m_q         <= m_product_q + M_HALF;
  end
  wire unused_m = &{1'b0, m_q[2*S-1:GATE_FRAC+S], m_q[GATE_FRAC-1:0]};

  assign o_m = o_valid ? m_q[GATE_FRAC +: S] : {S{1'b0}};
  assign o_preactivation_hit =
    (valid_gates_sum & (|sum_hits[2:0])) | (valid_output_sum & sum_hits[3]);
  assign o_cell_hit = o_c_valid & cell_hit;
endmodule

`default_nettype wire
