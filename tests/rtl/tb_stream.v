// Bench of a product or layer: follows script.hex (loads, state resets, runs of frames, checks of the
// sticky bits), sends the beats of inputs.hex and compares what comes out with expected.hex, with
// random stalls on both sides when STALLS. `dut` is one of dut_*.v; case.vh comes from the vector
// program. Prints PASS only when everything agrees, and the cycles of each run.
// SPDX-License-Identifier: Apache-2.0
`timescale 1ns / 1ps

module tb_stream;
  `include "case.vh"
  localparam END = 0, LOAD = 1, RESET_STATE = 2, RUN = 3, CHECK_SATURATED = 4;
  localparam MAX_CYCLES = 3000;   // of one frame, stalls included

  reg                  clk = 0;
  reg                  rst = 1;
  reg                  load_valid = 0;
  reg  [7:0]           load_unit = 0;
  reg                  load_start = 0;
  reg  [31:0]          load_data = 0;
  reg                  reset_state = 0;
  reg                  x_valid = 0;
  wire                 x_ready;
  reg                  x_last = 0;
  reg  [BEAT_BITS-1:0] x_data = 0;
  wire                 y_valid;
  reg                  y_ready = 0;
  wire                 y_last;
  wire [OUT_BEAT_BITS-1:0] y_data;
  wire [4:0]           saturated;
  wire                 misframed;

  reg  [47:0]          script [0:SCRIPT_LINES-1];
  reg  [BEAT_BITS-1:0] inputs [0:INPUT_LINES-1];
  reg  [OUT_BEAT_BITS-1:0] expected [0:EXPECTED_LINES-1];
  reg  [47:0]          line;
  integer at = 0;
  integer sent = 0;          // beats
  integer allowed = 0;       // beats that may be sent
  integer received = 0;
  integer wanted = 0;
  integer errors = 0;
  integer cycles = 0;
  integer run_begin = 0;
  reg     is_done = 0;

  dut u_dut (
    .clk           (clk),
    .rst           (rst),
    .i_load_valid  (load_valid),
    .i_load_unit   (load_unit),
    .i_load_start  (load_start),
    .i_load_data   (load_data),
    .i_reset_state (reset_state),
    .s_x_data      (x_data),
    .s_x_valid     (x_valid),
    .s_x_ready     (x_ready),
    .s_x_last      (x_last),
    .m_y_data      (y_data),
    .m_y_valid     (y_valid),
    .m_y_ready     (y_ready),
    .m_y_last      (y_last),
    .o_saturated   (saturated),
    .o_misframed   (misframed)
  );

  // Stalls and garbage: a xorshift generator, one number a cycle.
  reg  [31:0] noise_q = SEED * 2654435761 + 1;
  wire [31:0] noise_a = noise_q ^ (noise_q << 13);
  wire [31:0] noise_b = noise_a ^ (noise_a >> 17);
  always @(posedge clk)
    noise_q <= noise_b ^ (noise_b << 5);

  always #5 clk = ~clk;

  initial begin
    $readmemh("script.hex", script);
    $readmemh("inputs.hex", inputs);
    $readmemh("expected.hex", expected);
    repeat (50) @(posedge clk);
    rst <= 0;
    while (!is_done) begin
      @(posedge clk);
      line = script[at];
      at = at + 1;
      load_valid  <= 0;
      load_start  <= noise_q[3];
      load_unit   <= noise_q[11:4];
      load_data   <= noise_q;
      reset_state <= 0;
      case (line[47:44])
        LOAD: begin
          if (STALLS && noise_q[6:5] == 0)
            @(posedge clk);
          load_valid <= 1;
          load_start <= line[40];
          load_unit  <= line[39:32];
          load_data  <= line[31:0];
        end
        RESET_STATE:
          reset_state <= 1;
        RUN: begin
          repeat (4) @(posedge clk);
          allowed = allowed + line[31:0] * BEATS_IN;
          wanted = wanted + line[31:0] * BEATS_OUT;
          run_begin = cycles;
          while (received != wanted && cycles - run_begin < line[31:0] * MAX_CYCLES)
            @(posedge clk);
          $display("%0d frames, %0d cycles, %0d a frame", line[31:0], cycles - run_begin,
                   (cycles - run_begin) / line[31:0]);
          if (received != wanted) begin
            $display("FAIL: %0d of %0d beats came out", received, wanted);
            $finish;
            is_done = 1;
          end
          repeat (STALLS ? noise_q[15:8] : 0) @(posedge clk);
        end
        CHECK_SATURATED:
          if (saturated !== line[4:0]) begin
            $display("saturated %b, expected %b", saturated, line[4:0]);
            errors = errors + 1;
          end
        default:
          is_done = 1;
      endcase
    end
    repeat (20) @(posedge clk);
    if (misframed !== 0) begin
      $display("misframed");
      errors = errors + 1;
    end
    if (received != EXPECTED_LINES || sent != INPUT_LINES)
      errors = errors + 1;
    if (errors == 0)
      $display("PASS: %0d beats, saturated %b", received, saturated);
    else
      $display("FAIL: %0d errors", errors);
    $finish;
  end

  // Source: a beat stays until taken; gaps carry garbage.
  always @(posedge clk) begin
    cycles <= cycles + 1;
    if (!rst && (!x_valid || x_ready)) begin
      if (sent < allowed && (!STALLS || noise_q[9:8] != 0)) begin
        x_valid <= 1;
        x_data  <= inputs[sent];
        x_last  <= sent % BEATS_IN == BEATS_IN - 1;
        sent = sent + 1;
      end else begin
        x_valid <= 0;
        x_data  <= {BEAT_BITS/32+1{noise_q}};
        x_last  <= noise_q[12];
      end
    end
    // Long stalls now and then, so that buffers fill up.
    y_ready <= !STALLS || ((cycles / 256) % 5 != 0 && noise_q[21:20] != 0);
    if (!rst && y_valid !== 0 && (y_ready || !CAN_STALL)) begin
      if (y_valid !== 1 || y_data !== expected[received] ||
          y_last !== (received % BEATS_OUT == BEATS_OUT - 1)) begin
        if (errors < 5)
          $display("beat %0d (frame %0d, beat %0d): %h last %b, expected %h", received,
                   received / BEATS_OUT, received % BEATS_OUT, y_data, y_last,
                   expected[received]);
        errors = errors + 1;
      end
      received = received + 1;
    end
  end
endmodule
