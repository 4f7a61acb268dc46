// Rows of IN_LANES words to rows of OUT_LANES, both powers of two, OUT_LANES not larger, one row a
// cycle. A frame is N words; rows of padding alone are left out. A row leaves 1 cycle after its
// beat came, or with it when there is nothing to split. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module row_split #(
  parameter SIGNAL_BITS = 16,
  parameter IN_LANES    = 4,
  parameter OUT_LANES   = 1,
  parameter N           = 9
) (
  input  wire                             clk,
  input  wire                             rst,
  input  wire [IN_LANES*SIGNAL_BITS-1:0]  s_data,
  input  wire                             s_valid,
  output wire                             s_ready,
  output wire [OUT_LANES*SIGNAL_BITS-1:0] m_data,
  output wire                             m_valid,
  input  wire                             m_ready
);
  generate
    if (IN_LANES == OUT_LANES) begin : g_same
      wire unused = &{1'b0, clk, rst};
      assign m_data = s_data;
      assign m_valid = s_valid;
      assign s_ready = m_ready;
    end else begin : g_split
      localparam IN_WIDTH = IN_LANES * SIGNAL_BITS;
      localparam OUT_WIDTH = OUT_LANES * SIGNAL_BITS;
      localparam PARTS = IN_LANES / OUT_LANES;
      localparam PART_BITS = $clog2(PARTS);
      localparam ROWS = (N + OUT_LANES - 1) / OUT_LANES;
      localparam ROW_BITS = (ROWS > 1) ? $clog2(ROWS) : 1;
      localparam LAST_ROW_NUMBER = ROWS - 1;
      localparam [ROW_BITS-1:0] LAST_ROW = LAST_ROW_NUMBER[ROW_BITS-1:0];
      reg  [IN_WIDTH-1:0]  beat_q;
      reg                  valid_q;
      reg  [PART_BITS-1:0] part_q;   // of the beat
      reg  [ROW_BITS-1:0]  row_q;    // of the frame
      wire                 leaves = valid_q & m_ready;
      wire                 frame_ends = row_q == LAST_ROW;
      wire                 beat_ends = frame_ends | (&part_q);
      assign m_data = beat_q[OUT_WIDTH-1:0];
      assign m_valid = valid_q;
      assign s_ready = ~valid_q | (m_ready & beat_ends);
      always @(posedge clk) begin
        if (rst) begin
          valid_q <= 1'b0;
          part_q  <= {PART_BITS{1'b0}};
          row_q   <= {ROW_BITS{1'b0}};
        end else begin
          if (s_ready)
            valid_q <= s_valid;
          if (leaves) begin
            part_q <= beat_ends ? {PART_BITS{1'b0}} : part_q + 1'b1;
            row_q  <= frame_ends ? {ROW_BITS{1'b0}} : row_q + 1'b1;
          end
        end
        if (s_ready)
          beat_q <= s_data;
        else if (leaves)
          beat_q <= {{OUT_WIDTH{1'b0}}, beat_q[IN_WIDTH-1:OUT_WIDTH]};
      end
    end
  endgenerate
endmodule

`default_nettype wire
