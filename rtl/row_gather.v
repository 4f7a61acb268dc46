// Rows of IN_LANES words to rows of OUT_LANES, both powers of two, OUT_LANES not smaller. A frame
// is IN_ROWS rows; what its last row lacks is zero. Latency 1 cycle, or none when there is nothing
// to
// gather. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module row_gather #(
  parameter SIGNAL_BITS = 16,
  parameter IN_LANES    = 2,
  parameter OUT_LANES   = 4,
  parameter IN_ROWS     = 5
) (
  input  wire                             clk,
  input  wire                             rst,
  input  wire                             i_valid,
  input  wire [IN_LANES*SIGNAL_BITS-1:0]  i_row,
  output wire                             o_valid,
  output wire [OUT_LANES*SIGNAL_BITS-1:0] o_row
);
  generate
    if (IN_LANES == OUT_LANES) begin : g_same
      wire unused = &{1'b0, clk, rst};
      assign o_valid = i_valid;
      assign o_row = i_row;
    end else begin : g_gather
      localparam IN_WIDTH = IN_LANES * SIGNAL_BITS;
      localparam PARTS = OUT_LANES / IN_LANES;
      localparam PART_BITS = $clog2(PARTS);
      localparam ROW_BITS = (IN_ROWS > 1) ? $clog2(IN_ROWS) : 1;
      localparam LAST_ROW_NUMBER = IN_ROWS - 1;
      localparam [ROW_BITS-1:0] LAST_ROW = LAST_ROW_NUMBER[ROW_BITS-1:0];
      reg  [PART_BITS-1:0] part_q;
      reg  [ROW_BITS-1:0]  row_q;
      reg                  valid_q;
      wire                 frame_ends = row_q == LAST_ROW;
      wire                 row_ends = frame_ends | (&part_q);
      always @(posedge clk) begin
        valid_q <= ~rst & i_valid & row_ends;
        if (rst) begin
          part_q <= {PART_BITS{1'b0}};
          row_q  <= {ROW_BITS{1'b0}};
        end else if (i_valid) begin
          part_q <= row_ends ? {PART_BITS{1'b0}} : part_q + 1'b1;
          row_q  <= frame_ends ? {ROW_BITS{1'b0}} : row_q + 1'b1;
        end
      end
      assign o_valid = valid_q;
      genvar n;
      for (n = 0; n < PARTS; n = n + 1) begin : g_part
        localparam [PART_BITS-1:0] OWN = n;
        reg [IN_WIDTH-1:0] part_row_q;
        always @(posedge clk)
          if (i_valid & (part_q == OWN))
            part_row_q <= i_row;
          else if (i_valid & (part_q == {PART_BITS{1'b0}}))
            part_row_q <= {IN_WIDTH{1'b0}};
        assign o_row[n*IN_WIDTH +: IN_WIDTH] = part_row_q;
      end
    end
  endgenerate
endmodule

`default_nettype wire
