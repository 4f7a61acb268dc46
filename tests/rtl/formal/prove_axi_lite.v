// axi_lite: one response for each transaction, in time, of the right kind and until it is taken; a
// write reaches the registers once and whole, or not at all. SPDX-License-Identifier: Apache-2.0
`default_nettype none

module prove_axi_lite (
  input wire        clk,
  input wire        rst,
  input wire [7:0]  awaddr,
  input wire        awvalid,
  input wire [31:0] wdata,
  input wire [3:0]  wstrb,
  input wire        wvalid,
  input wire        bready,
  input wire [7:0]  araddr,
  input wire        arvalid,
  input wire        rready,
  input wire        i_write_known,
  input wire        i_read_ready,
  input wire        i_read_known,
  input wire [31:0] i_read_data
);
  wire        awready;
  wire        wready;
  wire [1:0]  bresp;
  wire        bvalid;
  wire        arready;
  wire [31:0] rdata;
  wire [1:0]  rresp;
  wire        rvalid;
  wire        write;
  wire [7:0]  write_address;
  wire [31:0] write_data;
  wire        read;
  wire [7:0]  read_address;
  axi_lite u_dut (
    .aclk            (clk),
    .aresetn         (~rst),
    .s_axi_awaddr    (awaddr),
    .s_axi_awprot    (3'd0),
    .s_axi_awvalid   (awvalid),
    .s_axi_awready   (awready),
    .s_axi_wdata     (wdata),
    .s_axi_wstrb     (wstrb),
    .s_axi_wvalid    (wvalid),
    .s_axi_wready    (wready),
    .s_axi_bresp     (bresp),
    .s_axi_bvalid    (bvalid),
    .s_axi_bready    (bready),
    .s_axi_araddr    (araddr),
    .s_axi_arprot    (3'd0),
    .s_axi_arvalid   (arvalid),
    .s_axi_arready   (arready),
    .s_axi_rdata     (rdata),
    .s_axi_rresp     (rresp),
    .s_axi_rvalid    (rvalid),
    .s_axi_rready    (rready),
    .o_write         (write),
    .o_write_address (write_address),
    .o_write_data    (write_data),
    .i_write_known   (i_write_known),
    .o_read          (read),
    .o_read_address  (read_address),
    .i_read_ready    (i_read_ready),
    .i_read_known    (i_read_known),
    .i_read_data     (i_read_data)
  );

  // Transactions taken and not answered: at most one whose response is offered and one behind it.
  reg         began_q = 1'b0;
  reg  [1:0]  addresses_q;
  reg  [1:0]  words_q;
  reg  [1:0]  reads_q;
  reg  [7:0]  address_q;      // of the last one taken
  reg  [31:0] word_q;
  reg  [3:0]  strobes_q;
  reg         b_waits_q;
  reg         r_waits_q;
  reg  [1:0]  b_q;
  reg  [33:0] r_q;
  reg         is_complete_q;  // a write, in the cycle before
  reg         is_good_q;      // it was answered OKAY
  // Both are there and nothing is offered: in this cycle the write is done.
  wire        completes = (addresses_q != 2'd0) & (words_q != 2'd0) & ~bvalid;
  always @(posedge clk) begin
    began_q <= 1'b1;
    if (rst) begin
      addresses_q <= 2'd0;
      words_q     <= 2'd0;
      reads_q     <= 2'd0;
      b_waits_q   <= 1'b0;
      r_waits_q   <= 1'b0;
    end else begin
      addresses_q <= addresses_q + (awvalid & awready) - (bvalid & bready);
      words_q     <= words_q + (wvalid & wready) - (bvalid & bready);
      reads_q     <= reads_q + (arvalid & arready) - (rvalid & rready);
      b_waits_q   <= bvalid & ~bready;
      r_waits_q   <= rvalid & ~rready;
    end
    if (awvalid & awready)
      address_q <= awaddr;
    if (wvalid & wready) begin
      word_q    <= wdata;
      strobes_q <= wstrb;
    end
    b_q           <= bresp;
    r_q           <= {rresp, rdata};
    is_complete_q    <= began_q & ~rst & completes;
    is_good_q     <= (strobes_q == 4'b0000) | ((strobes_q == 4'b1111) & i_write_known);
  end

  (* hierconn *) wire \u_dut.has_address_q ;
  (* hierconn *) wire \u_dut.has_data_q ;
  (* hierconn *) wire \u_dut.has_read_q ;
  (* hierconn *) wire [7:2] \u_dut.write_address_q ;
  (* hierconn *) wire [31:0] \u_dut.write_data_q ;
  (* hierconn *) wire [3:0] \u_dut.strobes_q ;
  always @* begin
    assume (rst | began_q);
    if (began_q) begin
      // The registers of the module and the counts agree.
      assert (addresses_q == {1'b0, \u_dut.has_address_q } + {1'b0, bvalid});
      assert (words_q == {1'b0, \u_dut.has_data_q } + {1'b0, bvalid});
      assert (reads_q == {1'b0, \u_dut.has_read_q } + {1'b0, rvalid});
      if (\u_dut.has_address_q )
        assert (\u_dut.write_address_q == address_q[7:2]);
      if (\u_dut.has_data_q )
        assert ((\u_dut.write_data_q == word_q) & (\u_dut.strobes_q == strobes_q));
      // Responses stay.
      if (b_waits_q)
        assert (bvalid & (bresp == b_q));
      if (r_waits_q)
        assert (rvalid & ({rresp, rdata} == r_q));
      // A write happens when it is complete, whole and known; its response follows at once.
      assert (write == (completes & (strobes_q == 4'b1111) & i_write_known));
      if (write)
        assert ((write_address == {address_q[7:2], 2'b00}) & (write_data == word_q));
      if (is_complete_q)
        assert (bvalid & (bresp == (is_good_q ? 2'b00 : 2'b10)));
      // Nothing is asked for without a transaction.
      if (read)
        assert (reads_q != 2'd0);
    end
  end
endmodule

`default_nettype wire
