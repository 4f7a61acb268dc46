// valid_delay and delay: what went in CYCLES ago comes out; of valid_delay nothing from before a reset.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module prove_valid_delay #(
  parameter BITS   = 2,
  parameter CYCLES = 3
) (
  input wire            clk,
  input wire            rst,
  input wire [BITS-1:0] i_valid
);
  wire [BITS-1:0] valid;
  wire [BITS-1:0] data;
  valid_delay #(
    .BITS   (BITS),
    .CYCLES (CYCLES)
  ) u_dut (
    .clk     (clk),
    .rst     (rst),
    .i_valid (i_valid),
    .o_valid (valid)
  );
  delay #(
    .BITS   (BITS),
    .CYCLES (CYCLES)
  ) u_delay (
    .clk    (clk),
    .i_data (i_valid),
    .o_data (data)
  );

  // One word is followed, from when it goes in; `age` counts the cycles since.
  wire            follows = $anyseq;
  reg             began_q = 1'b0;
  reg             follows_q = 1'b0;
  reg             was_reset_q;
  reg  [BITS-1:0] word_q;
  reg  [7:0]      age_q;
  reg  [7:0]      since_reset_q;   // cycles, up to 255
  always @(posedge clk) begin
    began_q       <= 1'b1;
    since_reset_q <= rst ? 8'd0 : (since_reset_q == 8'hff) ? 8'hff : since_reset_q + 8'd1;
    if (~follows_q | (age_q == CYCLES)) begin
      follows_q   <= follows;
      was_reset_q <= rst;
      word_q      <= i_valid;
      age_q       <= 8'd1;
    end else begin
      was_reset_q <= was_reset_q | rst;
      age_q       <= age_q + 8'd1;
    end
  end
  always @* begin
    assume (rst | began_q);
    if (began_q & follows_q)
      assert ((age_q != 8'd0) & (age_q <= CYCLES));
    if (began_q & follows_q & (age_q == CYCLES)) begin
      assert (data == word_q);
      assert (valid == (was_reset_q ? {BITS{1'b0}} : word_q));
    end
    if (began_q & (since_reset_q < CYCLES))
      assert (valid == {BITS{1'b0}});
  end
endmodule

`default_nettype wire
