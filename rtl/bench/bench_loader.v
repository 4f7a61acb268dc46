// Plays units of the load bus from the memory images: on i_go, i_count units from unit i_first.
// A unit of the table is {code[7:0], first word[31:0], words[31:0]}.
// Simulation only. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module bench_loader (
  input  wire        clk,
  input  wire        i_stall,
  input  wire        i_go,
  input  wire [31:0] i_first,
  input  wire [31:0] i_count,
  output wire        o_done,
  // tables of the bench
  output reg  [31:0] o_unit,
  input  wire [71:0] i_unit,
  output wire [31:0] o_address,
  input  wire [31:0] i_word,
  // load bus
  output reg         o_load_valid,
  output reg  [7:0]  o_load_unit,
  output reg         o_load_start,
  output reg  [31:0] o_load_data
);

  reg [31:0] units_left;
  reg [31:0] index;

  assign o_address = i_unit[63:32] + index;
  assign o_done    = units_left == 32'd0 && !o_load_valid;

  initial begin
    units_left   = 32'd0;
    index        = 32'd0;
    o_unit       = 32'd0;
    o_load_valid = 1'b0;
    o_load_unit  = 8'd0;
    o_load_start = 1'b0;
    o_load_data  = 32'd0;
  end

  always @(posedge clk) begin
    o_load_valid <= 1'b0;
    o_load_start <= 1'b0;
    if (i_go) begin
      units_left <= i_count;
      o_unit     <= i_first;
      index      <= 32'd0;
    end else if (units_left != 32'd0 && !i_stall) begin
      o_load_valid <= 1'b1;
      o_load_unit  <= i_unit[71:64];
      o_load_start <= index == 32'd0;
      o_load_data  <= i_word;
      index        <= index + 32'd1;
      if (index + 32'd1 == i_unit[31:0]) begin
        index      <= 32'd0;
        o_unit     <= o_unit + 32'd1;
        units_left <= units_left - 32'd1;
      end
    end
  end

endmodule

`default_nettype wire
