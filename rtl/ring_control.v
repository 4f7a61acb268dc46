// Order of work in a layer's array of elements, and the initial state's way into the ring.
//
// A frame is N_JOBS jobs of the kinds in ORDER (2 bits each, first in the low bits). With
// HAS_INPUT_JOB the first is the input product, which needs i_input_room; the next, or the first
// without it, is the head: it needs a finished input product when that is made elsewhere
// (i_input_filled: one more is there) and room for the frame's output, and begins the frame
// (o_head). Everything else follows at once; columns that are not there yet hold a job up by
// themselves.
//
// After i_stale (reset, or y was loaded) the vectors that wait in the ring are thrown away
// (o_discard) and the rows of the state memory sent into it (o_prime, o_prime_row), before the next
// head and not before its input is there.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module ring_control #(
  parameter       STREAMS       = 1,
  parameter       PRIME_ROWS    = 4,    // rows of y, all streams
  parameter       N_JOBS        = 2,
  parameter [5:0] ORDER         = 6'b000001,
  parameter       HAS_INPUT_JOB = 1,
  parameter       PRIME_BITS    = (PRIME_ROWS > 1) ? $clog2(PRIME_ROWS) : 1
) (
  input  wire                  clk,
  input  wire                  rst,
  input  wire                  i_stale,
  input  wire                  i_ready,          // of the array, for a job
  input  wire                  i_input_room,
  input  wire                  i_input_filled,
  input  wire                  i_output_room,
  input  wire                  i_vector_filled,  // the oldest y is complete
  output wire                  o_start,
  output wire [1:0]            o_kind,
  output wire                  o_input,          // the job that starts is an input product
  output wire                  o_head,           // the job that starts begins a frame
  output wire                  o_discard,
  output wire                  o_prime,
  output wire [PRIME_BITS-1:0] o_prime_row
);
  localparam LAST_JOB_NUMBER = N_JOBS - 1;
  localparam [1:0] LAST_JOB = LAST_JOB_NUMBER[1:0];
  localparam [1:0] HEAD_JOB = (HAS_INPUT_JOB != 0) ? 2'd1 : 2'd0;
  localparam LAST_ROW_NUMBER = PRIME_ROWS - 1;
  localparam [PRIME_BITS-1:0] LAST_ROW = LAST_ROW_NUMBER[PRIME_BITS-1:0];
  localparam LAST_STREAM_NUMBER = STREAMS - 1;
  localparam [7:0] LAST_STREAM = LAST_STREAM_NUMBER[7:0];
  localparam [1:0] RUN = 2'd0;
  localparam [1:0] DISCARD = 2'd1;
  localparam [1:0] PRIME = 2'd2;

  reg  [1:0]            phase_q;
  reg  [1:0]            job_q;        // next to start
  reg  [2:0]            inputs_q;     // finished input products that no head has taken
  reg                   is_stale_q;
  reg                   is_fed_q;     // the ring holds a vector for each stream
  reg                   discarded_q;
  reg  [7:0]            stream_q;
  reg  [PRIME_BITS-1:0] row_q;

  wire is_input = (HAS_INPUT_JOB != 0) & (job_q == 2'd0);
  wire is_head = job_q == HEAD_JOB;
  wire has_input = (HAS_INPUT_JOB != 0) | (inputs_q != 3'd0);
  wire can_start = is_input ? i_input_room
                            : ~is_head | (has_input & i_output_room & ~is_stale_q);
  wire must_prime = (phase_q == RUN) & is_head & is_stale_q & has_input & i_ready;
  wire discards = (phase_q == DISCARD) & i_vector_filled & ~discarded_q;

  assign o_kind = ORDER[2*job_q +: 2];
  assign o_start = (phase_q == RUN) & i_ready & can_start;
  assign o_input = o_start & is_input;
  assign o_head = o_start & is_head;
  assign o_discard = discards;
  assign o_prime = phase_q == PRIME;
  assign o_prime_row = row_q;

  always @(posedge clk)
    if (rst) begin
      phase_q     <= RUN;
      job_q       <= 2'd0;
      inputs_q    <= 3'd0;
      is_stale_q  <= 1'b1;
      is_fed_q    <= 1'b0;
      discarded_q <= 1'b0;
      stream_q    <= 8'd0;
      row_q       <= {PRIME_BITS{1'b0}};
    end else begin
      if (o_start)
        job_q <= (job_q == LAST_JOB) ? 2'd0 : job_q + 2'd1;
      if (HAS_INPUT_JOB == 0)
        inputs_q <= inputs_q + {2'd0, i_input_filled} - {2'd0, o_head};
      discarded_q <= discards;
      if (discards)
        stream_q <= (stream_q == LAST_STREAM) ? 8'd0 : stream_q + 8'd1;
      if (o_prime)
        row_q <= (row_q == LAST_ROW) ? {PRIME_BITS{1'b0}} : row_q + 1'b1;
      if (i_stale)
        is_stale_q <= 1'b1;
      else if (o_prime)
        is_stale_q <= 1'b0;
      case (phase_q)
        RUN:
          if (must_prime)
            phase_q <= is_fed_q ? DISCARD : PRIME;
        DISCARD:
          if (discards & (stream_q == LAST_STREAM))
            phase_q <= PRIME;
        default:
          if (row_q == LAST_ROW) begin
            phase_q  <= RUN;
            is_fed_q <= 1'b1;
          end
      endcase
    end
endmodule

`default_nettype wire
