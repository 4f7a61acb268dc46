// ernn_axi with its protocol checkers, on pins of one width for all networks: BYTES bytes of a beat
// in and OUTPUT_BYTES of one out lie in the low part. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module axi_harness #(
  parameter BYTES        = 8,
  parameter OUTPUT_BYTES = 8
) (
  input  wire         aclk,
  input  wire         aresetn,
  input  wire [7:0]   awaddr,
  input  wire         awvalid,
  output wire         awready,
  input  wire [31:0]  wdata,
  input  wire [3:0]   wstrb,
  input  wire         wvalid,
  output wire         wready,
  output wire [1:0]   bresp,
  output wire         bvalid,
  input  wire         bready,
  input  wire [7:0]   araddr,
  input  wire         arvalid,
  output wire         arready,
  output wire [31:0]  rdata,
  output wire [1:0]   rresp,
  output wire         rvalid,
  input  wire         rready,
  output wire         irq,
  input  wire [511:0] s_tdata,
  input  wire [63:0]  s_tkeep,
  input  wire         s_tvalid,
  output wire         s_tready,
  input  wire         s_tlast,
  output wire [511:0] m_tdata,
  output wire [63:0]  m_tkeep,
  output wire         m_tvalid,
  input  wire         m_tready,
  output wire         m_tlast,
  output wire         failed,
  input  wire [7:0]   mutant     // axi_mutants.py: which planted fault is on, 0 = none
);
  wire [1:0] failures;
  assign failed = |failures;
  assign m_tdata[511:8*OUTPUT_BYTES] = {512-8*OUTPUT_BYTES{1'b0}};
  assign m_tkeep[63:OUTPUT_BYTES] = {64-OUTPUT_BYTES{1'b0}};

  ernn_axi u_dut (
    .aclk          (aclk),
    .aresetn       (aresetn),
    .s_axi_awaddr  (awaddr),
    .s_axi_awprot  (3'd0),
    .s_axi_awvalid (awvalid),
    .s_axi_awready (awready),
    .s_axi_wdata   (wdata),
    .s_axi_wstrb   (wstrb),
    .s_axi_wvalid  (wvalid),
    .s_axi_wready  (wready),
    .s_axi_bresp   (bresp),
    .s_axi_bvalid  (bvalid),
    .s_axi_bready  (bready),
    .s_axi_araddr  (araddr),
    .s_axi_arprot  (3'd0),
    .s_axi_arvalid (arvalid),
    .s_axi_arready (arready),
    .s_axi_rdata   (rdata),
    .s_axi_rresp   (rresp),
    .s_axi_rvalid  (rvalid),
    .s_axi_rready  (rready),
    .irq           (irq),
    .s_axis_tdata  (s_tdata[8*BYTES-1:0]),
    .s_axis_tkeep  (s_tkeep[BYTES-1:0]),
    .s_axis_tvalid (s_tvalid),
    .s_axis_tready (s_tready),
    .s_axis_tlast  (s_tlast),
    .m_axis_tdata  (m_tdata[8*OUTPUT_BYTES-1:0]),
    .m_axis_tkeep  (m_tkeep[OUTPUT_BYTES-1:0]),
    .m_axis_tvalid (m_tvalid),
    .m_axis_tready (m_tready),
    .m_axis_tlast  (m_tlast)
  );

  check_axi_stream #(
    .BYTES (OUTPUT_BYTES)
  ) u_check_stream (
    .aclk     (aclk),
    .aresetn  (aresetn),
    .tdata    (m_tdata[8*OUTPUT_BYTES-1:0]),
    .tkeep    (m_tkeep[OUTPUT_BYTES-1:0]),
    .tvalid   (m_tvalid),
    .tready   (m_tready),
    .tlast    (m_tlast),
    .o_failed (failures[0])
  );

  check_axi_lite u_check_lite (
    .aclk     (aclk),
    .aresetn  (aresetn),
    .awaddr   (awaddr),
    .awvalid  (awvalid),
    .awready  (awready),
    .wdata    (wdata),
    .wstrb    (wstrb),
    .wvalid   (wvalid),
    .wready   (wready),
    .bresp    (bresp),
    .bvalid   (bvalid),
    .bready   (bready),
    .araddr   (araddr),
    .arvalid  (arvalid),
    .arready  (arready),
    .rdata    (rdata),
    .rresp    (rresp),
    .rvalid   (rvalid),
    .rready   (rready),
    .o_failed (failures[1])
  );
endmodule

`default_nettype wire
