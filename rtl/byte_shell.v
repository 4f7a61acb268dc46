// Bytes in, bytes out: an accelerator behind 24 pins, weights and frames over the same 8 bits.
//
//   s_byte --> command --> load bus, state reset
//                 |
//                 +--> words --> beats --> s_x [ernn_top] m_y --> row_split --> bytes --> m_byte
//
// A byte moves when valid and ready are both high. Commands; numbers have their low byte first:
//   01 UNIT COUNT[3] WORD[4]...   COUNT words, 1 or more, of a unit of the load bus
//   02 WORD...                    a frame: N_INPUTS words of (SIGNAL_BITS + 7) / 8 bytes
//   03                            states to zero, while idle
// Any other byte in a command's place is passed over and sets o_error for good. Each frame answers
// N_OUTPUTS words of as many bytes, sign-extended. The sender loads and resets only when all
// answers have come. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module byte_shell #(
  parameter SIGNAL_BITS  = 16,
  parameter LANES        = 4,       // of s_x
  parameter N_INPUTS     = 13,
  parameter OUTPUT_LANES = LANES,   // of m_y
  parameter N_OUTPUTS    = 5
) (
  input  wire                                clk,
  input  wire                                rst,
  input  wire [7:0]                          s_byte_data,
  input  wire                                s_byte_valid,
  output wire                                s_byte_ready,
  output wire [7:0]                          m_byte_data,
  output wire                                m_byte_valid,
  input  wire                                m_byte_ready,
  output reg                                 o_error,        // sticky until rst
  // The accelerator.
  output reg                                 o_load_valid,
  output reg  [7:0]                          o_load_unit,
  output reg                                 o_load_start,
  output reg  [31:0]                         o_load_data,
  output reg                                 o_reset_state,
  output wire [LANES*SIGNAL_BITS-1:0]        m_x_data,
  output reg                                 m_x_valid,
  input  wire                                m_x_ready,
  output reg                                 m_x_last,
  input  wire [OUTPUT_LANES*SIGNAL_BITS-1:0] s_y_data,
  input  wire                                s_y_valid,
  output wire                                s_y_ready
);
  localparam S = SIGNAL_BITS;
  localparam WORD_BYTES = (SIGNAL_BITS + 7) / 8;
  localparam WORD_NUMBER = WORD_BYTES - 1;
  localparam [1:0] LAST_BYTE = WORD_NUMBER[1:0];
  localparam LANE_BITS = (LANES > 1) ? $clog2(LANES) : 1;
  localparam LANE_NUMBER = LANES - 1;
  localparam [LANE_BITS-1:0] LAST_LANE = LANE_NUMBER[LANE_BITS-1:0];
  localparam INDEX_BITS = (N_INPUTS > 1) ? $clog2(N_INPUTS) : 1;
  localparam INDEX_NUMBER = N_INPUTS - 1;
  localparam [INDEX_BITS-1:0] LAST_INDEX = INDEX_NUMBER[INDEX_BITS-1:0];

  localparam [2:0] COMMAND = 3'd0;
  localparam [2:0] UNIT = 3'd1;
  localparam [2:0] COUNT = 3'd2;
  localparam [2:0] LOAD = 3'd3;
  localparam [2:0] SETTLE = 3'd4;   // loaded words are on their way
  localparam [2:0] FRAME = 3'd5;

  // Bytes in.
  reg  [2:0]            state_q;
  reg  [2:0]            part_q;    // bytes of this number, or cycles of SETTLE
  reg  [23:0]           number_q;  // the last three bytes
  reg  [23:0]           left_q;    // words of the unit
  reg                   first_q;   // the unit's first word comes
  reg  [LANE_BITS-1:0]  lane_q;
  reg  [INDEX_BITS-1:0] index_q;
  wire                  take = s_byte_valid & s_byte_ready;
  wire [31:0]           number = {s_byte_data, number_q};
  wire                  is_word = take & (state_q == FRAME) & (part_q[1:0] == LAST_BYTE);
  wire                  frame_ends = index_q == LAST_INDEX;

  assign s_byte_ready = ~m_x_valid & (state_q != SETTLE);

  always @(posedge clk) begin
    o_load_valid  <= 1'b0;
    o_reset_state <= 1'b0;
    if (take)
      number_q <= number[31:8];
    if (rst) begin
      state_q <= COMMAND;
      part_q  <= 3'd0;
      o_error <= 1'b0;
    end else
      case (state_q)
        UNIT:
          if (take) begin
            o_load_unit <= s_byte_data;
            state_q     <= COUNT;
          end
        COUNT:
          if (take) begin
            part_q  <= (part_q == 3'd2) ? 3'd0 : part_q + 3'd1;
            left_q  <= number[31:8];
            first_q <= 1'b1;
            if (part_q == 3'd2)
              state_q <= LOAD;
          end
        LOAD:
          if (take) begin
            part_q <= (part_q == 3'd3) ? 3'd0 : part_q + 3'd1;
            if (part_q == 3'd3) begin
              o_load_valid <= 1'b1;
              o_load_start <= first_q;
              o_load_data  <= number;
              first_q      <= 1'b0;
              left_q       <= left_q - 24'd1;
              if (left_q == 24'd1)
                state_q <= SETTLE;
            end
          end
        SETTLE: begin
          part_q <= part_q + 3'd1;
          if (&part_q)
            state_q <= COMMAND;
        end
        FRAME:
          if (take) begin
            part_q <= (part_q[1:0] == LAST_BYTE) ? 3'd0 : part_q + 3'd1;
            if (is_word & frame_ends)
              state_q <= COMMAND;
          end
        default:
          if (take) begin
            state_q       <= (s_byte_data == 8'd1) ? UNIT : (s_byte_data == 8'd2) ? FRAME : COMMAND;
            o_reset_state <= s_byte_data == 8'd3;
            if ((s_byte_data == 8'd0) | (s_byte_data > 8'd3))
              o_error <= 1'b1;
          end
      endcase
  end

  // Words to beats; the lanes behind a frame's last word keep what was there.
  wire [31:0] aligned = number >> (32 - 8 * WORD_BYTES);
  wire        unused_top = &{1'b0, aligned[31:S]};
  always @(posedge clk)
    if (rst) begin
      m_x_valid <= 1'b0;
      m_x_last  <= 1'b0;
      lane_q    <= {LANE_BITS{1'b0}};
      index_q   <= {INDEX_BITS{1'b0}};
    end else begin
      if (m_x_ready)
        m_x_valid <= 1'b0;
      if (is_word) begin
        m_x_valid <= frame_ends | (lane_q == LAST_LANE);
        m_x_last  <= frame_ends;
        lane_q    <= (frame_ends | (lane_q == LAST_LANE)) ? {LANE_BITS{1'b0}} : lane_q + 1'b1;
        index_q   <= frame_ends ? {INDEX_BITS{1'b0}} : index_q + 1'b1;
      end
    end
  genvar l;
  generate
    for (l = 0; l < LANES; l = l + 1) begin : g_lane
      localparam [LANE_BITS-1:0] OWN = l;
      reg [S-1:0] word_q;
      always @(posedge clk)
        if (is_word & (lane_q == OWN))
          word_q <= aligned[S-1:0];
      assign m_x_data[l*S +: S] = word_q;
    end
  endgenerate

  // Beats to words to bytes.
  wire [S-1:0]            y;
  wire                    y_valid;
  reg  [8*WORD_BYTES-1:0] bytes_q;
  reg  [1:0]              bytes_left_q;
  wire                    is_free =
    (bytes_left_q == 2'd0) | (m_byte_ready & (bytes_left_q == 2'd1));
  row_split #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .IN_LANES    (OUTPUT_LANES),
    .OUT_LANES   (1),
    .N           (N_OUTPUTS)
  ) u_split (
    .clk     (clk),
    .rst     (rst),
    .s_data  (s_y_data),
    .s_valid (s_y_valid),
    .s_ready (s_y_ready),
    .m_data  (y),
    .m_valid (y_valid),
    .m_ready (is_free)
  );
  wire [31:0] extended = {{32-S{y[S-1]}}, y};
  wire        unused_extension = &{1'b0, extended};
  assign m_byte_data = bytes_q[7:0];
  assign m_byte_valid = bytes_left_q != 2'd0;
  always @(posedge clk) begin
    if (rst)
      bytes_left_q <= 2'd0;
    else if (is_free)
      bytes_left_q <= y_valid ? LAST_BYTE + 2'd1 : 2'd0;
    else if (m_byte_ready)
      bytes_left_q <= bytes_left_q - 2'd1;
    if (is_free)
      bytes_q <= extended[8*WORD_BYTES-1:0];
    else if (m_byte_ready)
      bytes_q <= bytes_q >> 8;
  end
endmodule

`default_nettype wire
