// peephole_sum and gate_sum: round_shift(p c, SHIFT) + other, and saturate(product + terms)
// (docs/fixed-point.md 6.1), for all inputs. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module prove_peephole_sum #(
  parameter SIGNAL_BITS = 5,
  parameter SHIFT       = 3,
  parameter TERM_BITS   = 17
) (
  input wire                          clk,
  input wire signed [SIGNAL_BITS-1:0] i_peephole,
  input wire signed [SIGNAL_BITS-1:0] i_c,
  input wire signed [SIGNAL_BITS+1:0] i_other,
  input wire signed [15:0]            i_product,
  input wire signed [TERM_BITS-1:0]   i_terms
);
  localparam W = 64;
  wire signed [2*SIGNAL_BITS:0] sum;
  wire signed [15:0]            gate;
  wire                          hit;
  peephole_sum #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .IS_PEEPHOLE (1),
    .SHIFT       (SHIFT)
  ) u_peephole_sum (
    .clk        (clk),
    .i_peephole (i_peephole),
    .i_c        (i_c),
    .i_other    (i_other),
    .o_sum      (sum)
  );
  gate_sum #(
    .SIGNAL_BITS (16),
    .TERM_BITS   (TERM_BITS)
  ) u_gate_sum (
    .clk       (clk),
    .i_product (i_product),
    .i_terms   (i_terms),
    .o_sum     (gate),
    .o_hit     (hit)
  );

  reg  [1:0]            began_q = 2'b00;
  reg  signed [W-1:0]   product_q;
  reg  signed [W-1:0]   wanted_q;
  reg  signed [W-1:0]   gate_q;
  reg  signed [W-1:0]   gate_wanted_q;
  wire signed [W-1:0]   peephole = i_peephole;
  wire signed [W-1:0]   c = i_c;
  wire signed [W-1:0]   product = i_product;
  wire signed [W-1:0]   terms = i_terms;
  wire signed [W-1:0]   other = i_other;
  wire signed [W-1:0]   carry = (SHIFT == 0) ? 64'sd0 : (product_q >>> (SHIFT - 1)) & 64'sd1;
  wire signed [W-1:0]   sum_wide = sum;
  wire signed [W-1:0]   gate_wide = gate;
  always @(posedge clk) begin
    began_q   <= {began_q[0], 1'b1};
    product_q <= peephole * c;
    wanted_q  <= (product_q >>> SHIFT) + carry + other;
    gate_q    <= product + terms;
    gate_wanted_q <= gate_q;
    if (began_q[1]) begin
      assert (sum_wide == wanted_q);
      assert (gate_wide == ((gate_wanted_q > 64'sd32767) ? 64'sd32767 :
                            (gate_wanted_q < -64'sd32768) ? -64'sd32768 : gate_wanted_q));
      assert (hit == (gate_wide != gate_wanted_q));
    end
  end
endmodule

`default_nettype wire
