// The course of a simulation: reset, weights once, then every sequence twice - pass 0 without
// stalls, to count cycles, and pass 1 with stalls on every stream.
// Each sequence: clear the state, load its initial state if it has one, let the words settle, run.
// Simulation only. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module bench_control #(
  parameter WEIGHT_UNITS = 1,  // units of the load bus that hold weights
  parameter STATE_UNITS  = 1,  // units of one initial state
  parameter N_SEQUENCES  = 1
) (
  input  wire        clk,
  output reg         rst,
  output reg         o_pass,
  output reg         o_finished,
  // sequence table: frames, and the first unit of the initial state (all ones: zero state)
  output reg  [31:0] o_sequence,
  input  wire [31:0] i_n_frames,
  input  wire [31:0] i_state_unit,
  // loader
  output reg         o_load_go,
  output reg  [31:0] o_load_first,
  output reg  [31:0] o_load_count,
  input  wire        i_load_done,
  // accelerator
  output reg         o_reset_state,
  // source and sink
  output reg         o_run_go,
  output reg  [31:0] o_run_first,
  output reg  [31:0] o_run_count,
  input  wire        i_run_done
);

  localparam RESET = 4'd0, WEIGHTS = 4'd1, CLEAR = 4'd2, STATE = 4'd3, LOADING = 4'd4,
             SETTLE = 4'd5, START = 4'd6, RUN = 4'd7, NEXT = 4'd8, END = 4'd9;
  localparam RESET_CYCLES  = 8'd8;
  localparam SETTLE_CYCLES = 8'd8;  // rtl/README.md asks for 4 after the last word

  reg [3:0] phase;
  reg [7:0] count;

  initial begin
    phase         = RESET;
    count         = RESET_CYCLES;
    rst           = 1'b1;
    o_pass        = 1'b0;
    o_finished    = 1'b0;
    o_sequence    = 32'd0;
    o_load_go     = 1'b0;
    o_load_first  = 32'd0;
    o_load_count  = 32'd0;
    o_reset_state = 1'b0;
    o_run_go      = 1'b0;
    o_run_first   = 32'd0;
    o_run_count   = 32'd0;
  end

  always @(posedge clk) begin
    o_load_go     <= 1'b0;
    o_run_go      <= 1'b0;
    o_reset_state <= 1'b0;
    count         <= count - {7'd0, count != 8'd0};
    case (phase)
      RESET: if (count == 8'd0) begin
        rst   <= 1'b0;
        phase <= WEIGHTS;
      end
      WEIGHTS: begin
        o_load_go    <= 1'b1;
        o_load_first <= 32'd0;
        o_load_count <= WEIGHT_UNITS;
        phase        <= LOADING;
        count        <= 8'd1;
        o_run_count  <= 32'd0;  // no sequence yet: CLEAR follows
      end
      CLEAR: begin
        o_reset_state <= 1'b1;
        o_run_count   <= i_n_frames;
        phase         <= STATE;
      end
      STATE: if (i_state_unit == 32'hffffffff) begin
        count <= SETTLE_CYCLES;
        phase <= SETTLE;
      end else begin
        o_load_go    <= 1'b1;
        o_load_first <= i_state_unit;
        o_load_count <= STATE_UNITS;
        count        <= 8'd1;
        phase        <= LOADING;
      end
      LOADING: if (count == 8'd0 && i_load_done) begin
        count <= SETTLE_CYCLES;
        phase <= o_run_count == 32'd0 ? CLEAR : SETTLE;
      end
      SETTLE: if (count == 8'd0)
        phase <= START;
      START: begin
        o_run_go <= 1'b1;
        count    <= 8'd2;
        phase    <= RUN;
      end
      RUN: if (count == 8'd0 && i_run_done)
        phase <= NEXT;
      NEXT: begin
        phase <= CLEAR;
        if (o_sequence + 32'd1 < N_SEQUENCES) begin
          o_sequence  <= o_sequence + 32'd1;
          o_run_first <= o_run_first + o_run_count;
        end else if (!o_pass) begin
          o_pass      <= 1'b1;
          o_sequence  <= 32'd0;
          o_run_first <= 32'd0;
        end else begin
          phase <= END;
        end
      end
      default: o_finished <= 1'b1;
    endcase
  end

endmodule

`default_nettype wire
