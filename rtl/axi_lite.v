// AXI4-Lite slave in front of registers: a whole word per transaction.
//
// Address and data of a write come in either order and are held until both are there. A write with
// all strobes is one cycle of o_write; without any strobe it is answered OKAY and changes nothing;
// with some, or to an address without a register (i_known), the answer is SLVERR and nothing
// changes. A read holds o_read until i_read_ready, which comes with the data. No ready depends on
// its valid, no valid on its ready; reads and writes do not wait for each other.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module axi_lite #(
  parameter ADDRESS_BITS = 8
) (
  input  wire                    aclk,
  input  wire                    aresetn,
  input  wire [ADDRESS_BITS-1:0] s_axi_awaddr,
  input  wire [2:0]              s_axi_awprot,
  input  wire                    s_axi_awvalid,
  output wire                    s_axi_awready,
  input  wire [31:0]             s_axi_wdata,
  input  wire [3:0]              s_axi_wstrb,
  input  wire                    s_axi_wvalid,
  output wire                    s_axi_wready,
  output reg  [1:0]              s_axi_bresp,
  output reg                     s_axi_bvalid,
  input  wire                    s_axi_bready,
  input  wire [ADDRESS_BITS-1:0] s_axi_araddr,
  input  wire [2:0]              s_axi_arprot,
  input  wire                    s_axi_arvalid,
  output wire                    s_axi_arready,
  output reg  [31:0]             s_axi_rdata,
  output reg  [1:0]              s_axi_rresp,
  output reg                     s_axi_rvalid,
  input  wire                    s_axi_rready,
  output wire                    o_write,
  output wire [ADDRESS_BITS-1:0] o_write_address,
  output wire [31:0]             o_write_data,
  input  wire                    i_write_known,
  output wire                    o_read,
  output wire [ADDRESS_BITS-1:0] o_read_address,
  input  wire                    i_read_ready,
  input  wire                    i_read_known,
  input  wire [31:0]             i_read_data
);
  localparam [1:0] OKAY = 2'b00;
  localparam [1:0] SLVERR = 2'b10;

  // Protection is for the interconnect; the low address bits are those of bytes.
  wire unused_inputs = &{1'b0, s_axi_awprot, s_axi_arprot, s_axi_awaddr[1:0], s_axi_araddr[1:0]};

  // Writes.
  reg                     has_address_q;
  reg                     has_data_q;
  reg  [ADDRESS_BITS-1:2] write_address_q;
  reg  [31:0]             write_data_q;
  reg  [3:0]              strobes_q;
  wire                    is_complete = has_address_q & has_data_q & ~s_axi_bvalid;
  wire                    is_whole = strobes_q == 4'b1111;
  wire                    is_empty = strobes_q == 4'b0000;

  assign s_axi_awready = ~has_address_q;
  assign s_axi_wready = ~has_data_q;
  assign o_write = is_complete & is_whole & i_write_known;
  assign o_write_address = {write_address_q, 2'b00};
  assign o_write_data = write_data_q;

  always @(posedge aclk)
    if (!aresetn) begin
      has_address_q   <= 1'b0;
      has_data_q      <= 1'b0;
      write_address_q <= {ADDRESS_BITS-2{1'b0}};
      write_data_q    <= 32'd0;
      strobes_q       <= 4'd0;
      s_axi_bvalid    <= 1'b0;
      s_axi_bresp     <= OKAY;
    end else begin
      if (s_axi_awvalid & s_axi_awready) begin
        has_address_q   <= 1'b1;
        write_address_q <= s_axi_awaddr[ADDRESS_BITS-1:2];
      end else if (is_complete)
        has_address_q <= 1'b0;
      if (s_axi_wvalid & s_axi_wready) begin
        has_data_q   <= 1'b1;
        write_data_q <= s_axi_wdata;
        strobes_q    <= s_axi_wstrb;
      end else if (is_complete)
        has_data_q <= 1'b0;
      if (is_complete) begin
        s_axi_bvalid <= 1'b1;
        s_axi_bresp  <= (is_empty | (is_whole & i_write_known)) ? OKAY : SLVERR;
      end else if (s_axi_bready)
        s_axi_bvalid <= 1'b0;
    end

  // Reads.
  reg                     has_read_q;
  reg  [ADDRESS_BITS-1:2] read_address_q;
  wire                    answers = has_read_q & ~s_axi_rvalid & i_read_ready;

  assign s_axi_arready = ~has_read_q;
  assign o_read = has_read_q & ~s_axi_rvalid;
  assign o_read_address = {read_address_q, 2'b00};

  always @(posedge aclk)
    if (!aresetn) begin
      has_read_q     <= 1'b0;
      read_address_q <= {ADDRESS_BITS-2{1'b0}};
      s_axi_rvalid   <= 1'b0;
      s_axi_rdata    <= 32'd0;
      s_axi_rresp    <= OKAY;
    end else begin
      if (s_axi_arvalid & s_axi_arready) begin
        has_read_q     <= 1'b1;
        read_address_q <= s_axi_araddr[ADDRESS_BITS-1:2];
      end else if (answers)
        has_read_q <= 1'b0;
      if (answers) begin
        s_axi_rvalid <= 1'b1;
        s_axi_rdata  <= i_read_data;
        s_axi_rresp  <= i_read_known ? OKAY : SLVERR;
      end else if (s_axi_rready)
        s_axi_rvalid <= 1'b0;
    end
endmodule

`default_nettype wire
