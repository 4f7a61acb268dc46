// ernn_bytes against a file of bytes and the bytes it must answer, with stalls on both sides. A byte
// goes in when as many answers are there as its line of waits.hex says. SPDX-License-Identifier: Apache-2.0
`timescale 1ns / 1ns
module tb_bytes;
  parameter N_IN = 1;
  parameter N_OUT = 1;

  reg         clk = 1'b0;
  reg         rst = 1'b1;
  reg  [7:0]  in [0:N_IN-1];
  reg  [31:0] waits [0:N_IN-1];
  reg  [7:0]  out [0:N_OUT-1];
  reg  [31:0] noise = 32'd12345;
  integer     sent = 0;
  integer     got = 0;
  integer     quiet = 0;
  integer     wrong = 0;
  reg         valid = 1'b0;
  wire        ready;
  wire        answer_valid;
  wire [7:0]  answer;
  reg         answer_ready = 1'b0;
  wire        error;
  wire        saturated;

  always #5 clk = ~clk;

  ernn_bytes u_dut (
    .clk          (clk),
    .rst          (rst),
    .s_byte_data  (valid ? in[sent] : 8'hxx),
    .s_byte_valid (valid),
    .s_byte_ready (ready),
    .m_byte_data  (answer),
    .m_byte_valid (answer_valid),
    .m_byte_ready (answer_ready),
    .o_saturated  (saturated),
    .o_error      (error)
  );

  initial begin
    $readmemh("in.hex", in);
    $readmemh("waits.hex", waits);
    $readmemh("out.hex", out);
    repeat (5) @(negedge clk);
    rst = 1'b0;
    repeat (5) @(negedge clk);
    while (got < N_OUT && quiet < 20000) begin
      noise = {noise[30:0], noise[31] ^ noise[21] ^ noise[1] ^ noise[0]};
      // Valid stays until taken.
      valid = sent < N_IN && (valid || (got >= waits[sent] && noise[2:0] != 3'd0));
      answer_ready = noise[5:4] != 2'd0;
      #1;
      quiet = quiet + 1;
      if (answer_valid && answer_ready) begin
        quiet = 0;
        if (answer !== out[got]) begin
          if (wrong == 0)
            $display("mismatch byte=%0d got=%h expected=%h", got, answer, out[got]);
          wrong = wrong + 1;
        end
        got = got + 1;
      end
      if (valid && ready) begin
        quiet = 0;
        @(posedge clk) #1;
        sent = sent + 1;
        valid = 1'b0;
      end else begin
        @(posedge clk) #1;
      end
    end
    $display("%0d of %0d bytes in, %0d of %0d out, %0d wrong, error %b", sent, N_IN, got, N_OUT,
             wrong, error);
    if (sent == N_IN && got == N_OUT && wrong == 0 && error === 1'b0)
      $display("PASS");
    else
      $display("FAIL");
    $finish;
  end
endmodule
