// Watches one AXI4-Stream: what was offered stays until it is taken, bytes are without gaps, and all
// are there but in the last beat. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module check_axi_stream #(
  parameter BYTES = 8
) (
  input  wire               aclk,
  input  wire               aresetn,
  input  wire [8*BYTES-1:0] tdata,
  input  wire [BYTES-1:0]   tkeep,
  input  wire               tvalid,
  input  wire               tready,
  input  wire               tlast,
  output reg                o_failed
);
  reg                waits_q;
  reg  [9*BYTES:0]   payload_q;
  wire [9*BYTES:0]   payload = {tlast, tkeep, tdata};
  wire [BYTES:0]     edges = {1'b0, tkeep} + {{BYTES{1'b0}}, 1'b1};
  wire               has_gaps = |(edges & {1'b0, tkeep});

  always @(posedge aclk)
    if (!aresetn) begin
      waits_q  <= 1'b0;
      o_failed <= 1'b0;
    end else begin
      waits_q   <= tvalid & ~tready;
      payload_q <= payload;
      if (waits_q & (~tvalid | (payload != payload_q))) begin
        $display("stream: payload changed while it waited");
        o_failed <= 1'b1;
      end
      if (tvalid & (has_gaps | (~tlast & ~(&tkeep)))) begin
        $display("stream: tkeep %b, tlast %b", tkeep, tlast);
        o_failed <= 1'b1;
      end
    end
endmodule

`default_nettype wire
