// ring_control, the arbiter of a layer's array: jobs start in their order and only when the array is
// ready; no frame begins without its input, without room for its output or with an old state; after
// i_stale the vectors of all streams are thrown away (when there are any), each once, then every row
// of the state memory is sent once, in order. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module prove_ring_control #(
  parameter       STREAMS       = 2,
  parameter       PRIME_ROWS    = 3,
  parameter       N_JOBS        = 2,
  parameter [5:0] ORDER         = 6'b000001,
  parameter       HAS_INPUT_JOB = 1
) (
  input wire clk,
  input wire rst,
  input wire i_stale,
  input wire i_ready,
  input wire i_input_room,
  input wire i_input_filled,
  input wire i_output_room,
  input wire i_vector_filled
);
  localparam ROW_BITS = (PRIME_ROWS > 1) ? $clog2(PRIME_ROWS) : 1;
  // Cycles in which everything is there until a job starts, at most.
  localparam PATIENCE = 2 * STREAMS + PRIME_ROWS + 1;
  wire                start;
  wire [1:0]          kind;
  wire                is_input;
  wire                head;
  wire                discard;
  wire                prime;
  wire [ROW_BITS-1:0] prime_row;
  ring_control #(
    .STREAMS       (STREAMS),
    .PRIME_ROWS    (PRIME_ROWS),
    .N_JOBS        (N_JOBS),
    .ORDER         (ORDER),
    .HAS_INPUT_JOB (HAS_INPUT_JOB)
  ) u_dut (
    .clk             (clk),
    .rst             (rst),
    .i_stale         (i_stale),
    .i_ready         (i_ready),
    .i_input_room    (i_input_room),
    .i_input_filled  (i_input_filled),
    .i_output_room   (i_output_room),
    .i_vector_filled (i_vector_filled),
    .o_start         (start),
    .o_kind          (kind),
    .o_input         (is_input),
    .o_head          (head),
    .o_discard       (discard),
    .o_prime         (prime),
    .o_prime_row     (prime_row)
  );

  reg       began_q = 1'b0;
  reg [2:0] job_q;          // next
  reg [2:0] inputs_q;       // products made elsewhere and not yet taken
  reg       is_old_q;       // the state in the ring is
  reg       has_vectors_q;  // a vector of each stream is in the ring
  reg [3:0] discarded_q;    // streams, since the state is old
  reg [3:0] primed_q;       // rows, since the state is old
  reg       discard_q;
  reg [5:0] waited_q;       // cycles with everything there and no job
  wire      has_all = i_ready & i_input_room & i_output_room & i_vector_filled &
                      ((HAS_INPUT_JOB != 0) | (inputs_q != 3'd0));
  wire      primed = prime & (primed_q == PRIME_ROWS - 1);
  wire      is_head = job_q == ((HAS_INPUT_JOB != 0) ? 3'd1 : 3'd0);

  always @(posedge clk) begin
    began_q   <= 1'b1;
    discard_q <= ~rst & discard;
    waited_q  <= (rst | start | ~has_all) ? 6'd0 : waited_q + 6'd1;
    if (rst) begin
      job_q         <= 3'd0;
      inputs_q      <= 3'd0;
      is_old_q      <= 1'b1;
      has_vectors_q <= 1'b0;
      discarded_q   <= 4'd0;
      primed_q      <= 4'd0;
    end else begin
      if (start)
        job_q <= (job_q == N_JOBS - 1) ? 3'd0 : job_q + 3'd1;
      inputs_q <= inputs_q + {2'd0, i_input_filled} - {2'd0, head & (HAS_INPUT_JOB == 0)};
      if (discard)
        discarded_q <= discarded_q + 4'd1;
      if (prime)
        primed_q <= primed_q + 4'd1;
      if (i_stale)
        is_old_q <= 1'b1;
      else if (primed) begin
        is_old_q      <= 1'b0;
        has_vectors_q <= 1'b1;
        discarded_q   <= 4'd0;
        primed_q      <= 4'd0;
      end
    end
  end

  (* hierconn *) wire [1:0]          \u_dut.phase_q ;
  (* hierconn *) wire [1:0]          \u_dut.job_q ;
  (* hierconn *) wire [2:0]          \u_dut.inputs_q ;
  (* hierconn *) wire                \u_dut.is_stale_q ;
  (* hierconn *) wire                \u_dut.is_fed_q ;
  (* hierconn *) wire                \u_dut.discarded_q ;
  (* hierconn *) wire [7:0]          \u_dut.stream_q ;
  (* hierconn *) wire [ROW_BITS-1:0] \u_dut.row_q ;
  wire [1:0] phase = \u_dut.phase_q ;
  always @* begin
    assume (rst | began_q);
    // A layer is idle when its state is reset or loaded: nothing is being thrown away or sent.
    assume (~i_stale | (phase == 2'd0));
    // Four frames of input products fit.
    assume (~i_input_filled | (inputs_q < 3'd4));
    if (HAS_INPUT_JOB != 0)
      assume (~i_input_filled);
    if (began_q & ~rst) begin
      assert (~start | i_ready);
      assert (~start | (kind == ORDER[2*job_q +: 2]));
      assert (is_input == (start & (HAS_INPUT_JOB != 0) & (job_q == 3'd0)));
      assert (head == (start & is_head));
      assert (~is_input | i_input_room);
      assert (~head | (i_output_room & ~is_old_q));
      assert (~head | (HAS_INPUT_JOB != 0) | (inputs_q != 3'd0));
      assert (~discard | (i_vector_filled & is_old_q & has_vectors_q & is_head & ~discard_q));
      assert (~discard | (discarded_q < STREAMS));
      assert (~discard | (primed_q == 4'd0));
      assert (~prime | (is_old_q & is_head & (prime_row == primed_q)));
      assert (~prime | (discarded_q == (has_vectors_q ? STREAMS : 0)));
      assert (~start | (~prime & ~discard));
      assert (waited_q <= PATIENCE);
    end
  end

  // For the induction.
  always @*
    if (began_q) begin
      assert (phase <= 2'd2);
      assert (\u_dut.job_q == job_q);
      assert (job_q < N_JOBS);
      assert ((HAS_INPUT_JOB != 0) | (\u_dut.inputs_q == inputs_q));
      assert (inputs_q <= 3'd4);
      assert (\u_dut.is_fed_q == has_vectors_q);
      assert (\u_dut.discarded_q == discard_q);
      assert (\u_dut.row_q == primed_q);
      assert (primed_q < PRIME_ROWS);
      assert (is_old_q == (\u_dut.is_stale_q | (phase == 2'd2)));
      assert ((phase == 2'd2) | (primed_q == 4'd0));
      assert ((phase == 2'd0) | (is_old_q & is_head));
      assert ((phase == 2'd0) | (HAS_INPUT_JOB != 0) | (inputs_q != 3'd0));
      if (phase == 2'd0)
        assert ((discarded_q == 4'd0) & (\u_dut.stream_q == 8'd0));
      if (phase == 2'd1)
        assert (has_vectors_q & (discarded_q < STREAMS) & (\u_dut.stream_q == discarded_q));
      if (phase == 2'd2)
        assert ((discarded_q == (has_vectors_q ? STREAMS : 0)) & (\u_dut.stream_q == 8'd0));
      if (phase == 2'd0)
        assert ((waited_q == 6'd0) | (~is_old_q & is_head));
      if (phase == 2'd1)
        assert (waited_q <= 2 * discarded_q + 1 - {5'd0, discard_q & (discarded_q != 4'd0)});
      if (phase == 2'd2)
        assert (waited_q <= (has_vectors_q ? 2 * STREAMS : 1) + primed_q);
    end
endmodule

`default_nettype wire
