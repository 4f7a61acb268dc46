// Watches an AXI4-Lite slave: one response for each transaction and none before it is complete,
// responses stay until they are taken and come in time; the master behaves as well.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module check_axi_lite #(
  parameter LIMIT = 64    // cycles from a complete transaction to its response
) (
  input  wire        aclk,
  input  wire        aresetn,
  input  wire [7:0]  awaddr,
  input  wire        awvalid,
  input  wire        awready,
  input  wire [31:0] wdata,
  input  wire [3:0]  wstrb,
  input  wire        wvalid,
  input  wire        wready,
  input  wire [1:0]  bresp,
  input  wire        bvalid,
  input  wire        bready,
  input  wire [7:0]  araddr,
  input  wire        arvalid,
  input  wire        arready,
  input  wire [31:0] rdata,
  input  wire [1:0]  rresp,
  input  wire        rvalid,
  input  wire        rready,
  output reg         o_failed
);
  // Each channel: does a payload wait, and which.
  reg  [4:0]  waits_q;
  reg  [33:0] r_q;
  reg  [1:0]  b_q;
  reg  [7:0]  ar_q;
  reg  [7:0]  aw_q;
  reg  [35:0] w_q;
  // Taken and not answered.
  integer     addresses_q;
  integer     words_q;
  integer     reads_q;
  integer     write_age_q;
  integer     read_age_q;
  wire        writes_open = (addresses_q > 0) & (words_q > 0);
  wire [4:0]  changed = {~rvalid | ({rresp, rdata} != r_q), ~bvalid | (bresp != b_q),
                         ~arvalid | (araddr != ar_q), ~awvalid | (awaddr != aw_q),
                         ~wvalid | ({wstrb, wdata} != w_q)};

  always @(posedge aclk)
    if (!aresetn) begin
      waits_q     <= 5'd0;
      addresses_q <= 0;
      words_q     <= 0;
      reads_q     <= 0;
      write_age_q <= 0;
      read_age_q  <= 0;
      o_failed    <= 1'b0;
    end else begin
      waits_q     <= {rvalid & ~rready, bvalid & ~bready, arvalid & ~arready, awvalid & ~awready,
                      wvalid & ~wready};
      r_q         <= {rresp, rdata};
      b_q         <= bresp;
      ar_q        <= araddr;
      aw_q        <= awaddr;
      w_q         <= {wstrb, wdata};
      addresses_q <= addresses_q + (awvalid & awready) - (bvalid & bready);
      words_q     <= words_q + (wvalid & wready) - (bvalid & bready);
      reads_q     <= reads_q + (arvalid & arready) - (rvalid & rready);
      write_age_q <= (writes_open & ~bvalid) ? write_age_q + 1 : 0;
      read_age_q  <= ((reads_q > 0) & ~rvalid) ? read_age_q + 1 : 0;
      if (|(waits_q & changed)) begin
        $display("lite: a payload changed while it waited: %b", waits_q & changed);
        o_failed <= 1'b1;
      end
      if ((bvalid & ~writes_open) | (rvalid & ~(reads_q > 0))) begin
        $display("lite: a response without a transaction");
        o_failed <= 1'b1;
      end
      if ((write_age_q > LIMIT) | (read_age_q > LIMIT)) begin
        $display("lite: no response");
        o_failed <= 1'b1;
      end
      if ((bvalid & (bresp == 2'b01)) | (rvalid & (rresp == 2'b01))) begin
        $display("lite: EXOKAY");
        o_failed <= 1'b1;
      end
    end
endmodule

`default_nettype wire
