// Units with more ports than a small part has pins, between two shift registers: every bit in comes
// from a register and every bit out goes to one, so the clock is that of the unit.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module pins #(
  parameter IN_BITS  = 8,
  parameter OUT_BITS = 8
) (
  input  wire                clk,
  input  wire                i_bit,
  input  wire                i_load,   // the unit's answer into the register, else shift it out
  output wire                o_bit,
  output reg  [IN_BITS-1:0]  o_in,
  input  wire [OUT_BITS-1:0] i_out
);
  reg [OUT_BITS-1:0] out_q;
  reg                load_q;
  assign o_bit = out_q[0];
  always @(posedge clk) begin
    o_in   <= {o_in[IN_BITS-2:0], i_bit};
    load_q <= i_load;
    out_q  <= load_q ? i_out : out_q >> 1;
  end
endmodule

module pins_rfft (
  input  wire clk,
  input  wire rst,
  input  wire i_bit,
  input  wire i_load,
  output wire o_bit,
  output wire o_valid
);
  wire [127:0] in;
  wire [159:0] out;
  pins #(
    .IN_BITS  (128),
    .OUT_BITS (160)
  ) u_pins (
    .clk    (clk),
    .i_bit  (i_bit),
    .i_load (i_load),
    .o_bit  (o_bit),
    .o_in   (in),
    .i_out  (out)
  );
  rfft #(
    .LOG2_K  (3),
    .IN_BITS (16)
  ) u_rfft (
    .clk     (clk),
    .rst     (rst),
    .i_valid (in[0]),
    .i_data  (in),
    .o_valid (o_valid),
    .o_data  (out)
  );
endmodule

module pins_irfft (
  input  wire clk,
  input  wire rst,
  input  wire i_bit,
  input  wire i_load,
  output wire o_bit,
  output wire o_valid
);
  wire [159:0] in;
  wire [199:0] out;
  pins #(
    .IN_BITS  (160),
    .OUT_BITS (200)
  ) u_pins (
    .clk    (clk),
    .i_bit  (i_bit),
    .i_load (i_load),
    .o_bit  (o_bit),
    .o_in   (in),
    .i_out  (out)
  );
  irfft #(
    .LOG2_K  (3),
    .IN_BITS (20)
  ) u_irfft (
    .clk     (clk),
    .rst     (rst),
    .i_valid (in[0]),
    .i_data  (in),
    .i_round (25'd32),
    .o_valid (o_valid),
    .o_data  (out)
  );
endmodule

module pins_pwl (
  input  wire clk,
  input  wire i_bit,
  input  wire i_load,
  output wire o_bit
);
  `include "tables.vh"
  wire [15:0] in;
  wire [15:0] out;
  pins #(
    .IN_BITS  (16),
    .OUT_BITS (16)
  ) u_pins (
    .clk    (clk),
    .i_bit  (i_bit),
    .i_load (i_load),
    .o_bit  (o_bit),
    .o_in   (in),
    .i_out  (out)
  );
  pwl #(
    .SIGNAL_BITS (16),
    .X_FRAC      (11),
    .IS_TANH     (0),
    .BASES       (SIGMOID_BASES),
    .SLOPES      (SIGMOID_SLOPES)
  ) u_pwl (
    .clk (clk),
    .i_x (in),
    .o_y (out)
  );
endmodule

`default_nettype wire
