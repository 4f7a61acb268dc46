// From the load bus to a vector memory: gathers single words into rows of LANES, gate after gate.
//
// GATES vectors of N words each arrive one word at a time; each gate starts a new row, the lanes of
// its last row past N are zero. o_write is one bit per gate, high for one cycle per row; o_line
// counts the rows of all gates.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module load_vector #(
  parameter SIGNAL_BITS = 16,
  parameter LANES       = 4,
  parameter N           = 100,
  parameter GATES       = 1,
  parameter ROWS        = (N + LANES - 1) / LANES,
  parameter ROW_BITS    = (ROWS > 1) ? $clog2(ROWS) : 1,
  parameter LINE_BITS   = (GATES * ROWS > 1) ? $clog2(GATES * ROWS) : 1
) (
  input  wire                         clk,
  input  wire                         rst,
  input  wire                         i_valid,
  input  wire                         i_start,
  input  wire [SIGNAL_BITS-1:0]       i_data,
  output reg  [GATES-1:0]             o_write,
  output reg  [ROW_BITS-1:0]          o_row,
  output reg  [LINE_BITS-1:0]         o_line,
  output reg  [LANES*SIGNAL_BITS-1:0] o_data
);
  localparam LANE_BITS = (LANES > 1) ? $clog2(LANES) : 1;
  localparam GATE_BITS = (GATES > 1) ? $clog2(GATES) : 1;
  localparam LAST_LANE_NUMBER = LANES - 1;
  localparam [LANE_BITS-1:0] LAST_LANE = LAST_LANE_NUMBER[LANE_BITS-1:0];
  localparam END_LANE_NUMBER = (N - 1) % LANES;   // of a gate's last word
  localparam [LANE_BITS-1:0] END_LANE = END_LANE_NUMBER[LANE_BITS-1:0];
  localparam LAST_ROW_NUMBER = ROWS - 1;
  localparam [ROW_BITS-1:0] LAST_ROW = LAST_ROW_NUMBER[ROW_BITS-1:0];

  // Position of the next word; a start bit puts this very word at the origin.
  reg  [LANE_BITS-1:0] lane_q;
  reg  [ROW_BITS-1:0]  row_q;
  reg  [GATE_BITS-1:0] gate_q;
  reg  [LINE_BITS-1:0] line_q;
  wire [LANE_BITS-1:0] lane = i_start ? {LANE_BITS{1'b0}} : lane_q;
  wire [ROW_BITS-1:0]  row = i_start ? {ROW_BITS{1'b0}} : row_q;
  wire [GATE_BITS-1:0] gate = i_start ? {GATE_BITS{1'b0}} : gate_q;
  wire [LINE_BITS-1:0] line = i_start ? {LINE_BITS{1'b0}} : line_q;
  wire                 gate_ends = (row == LAST_ROW) & (lane == END_LANE);
  wire                 row_ends = (lane == LAST_LANE) | gate_ends;

  always @(posedge clk) begin
    if (rst) begin
      lane_q <= {LANE_BITS{1'b0}};
      row_q  <= {ROW_BITS{1'b0}};
      gate_q <= {GATE_BITS{1'b0}};
      line_q <= {LINE_BITS{1'b0}};
    end else if (i_valid) begin
      lane_q <= row_ends ? {LANE_BITS{1'b0}} : lane + 1'b1;
      row_q  <= gate_ends ? {ROW_BITS{1'b0}} : row_ends ? row + 1'b1 : row;
      gate_q <= gate_ends ? gate + 1'b1 : gate;
      line_q <= row_ends ? line + 1'b1 : line;
    end
    o_row  <= row;
    o_line <= line;
  end

  genvar g, l;
  generate
    for (g = 0; g < GATES; g = g + 1) begin : g_gate
      localparam [GATE_BITS-1:0] OWN = g;
      always @(posedge clk)
        o_write[g] <= ~rst & i_valid & row_ends & (gate == OWN);
    end
    for (l = 0; l < LANES; l = l + 1) begin : g_lane
      localparam [LANE_BITS-1:0] OWN = l;
      always @(posedge clk)
        if (i_valid & (lane == OWN))
          o_data[l*SIGNAL_BITS +: SIGNAL_BITS] <= i_data;
        else if (i_valid & (lane == {LANE_BITS{1'b0}}))
          o_data[l*SIGNAL_BITS +: SIGNAL_BITS] <= {SIGNAL_BITS{1'b0}};
    end
  endgenerate
endmodule

`default_nettype wire
