// Everything between AXI and the core of a generated accelerator: registers over AXI4-Lite, frames
// in and out over AXI4-Stream, control. The generated ernn_axi wires it to ernn_top.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module axi_shell #(
  parameter [31:0] VERSION_WORD  = 32'd0,
  parameter [31:0] GEOMETRY_WORD = 32'd0,
  parameter        N_INPUTS      = 22,
  parameter        N_OUTPUTS     = 22,
  parameter        LANES         = 4,      // of s_axis
  parameter        OUTPUT_LANES  = LANES,  // of m_axis
  parameter        N_LAYERS      = 2,
  parameter        SIGNAL_BITS   = 16,
  parameter        WEIGHT_BITS   = 12,
  parameter        BEAT_BYTES    = LANES * ((SIGNAL_BITS + 7) / 8),
  parameter        OUTPUT_BYTES  = OUTPUT_LANES * ((SIGNAL_BITS + 7) / 8)
) (
  input  wire                                     aclk,
  input  wire                                     aresetn,
  input  wire [7:0]                               s_axi_awaddr,
  input  wire [2:0]                               s_axi_awprot,
  input  wire                                     s_axi_awvalid,
  output wire                                     s_axi_awready,
  input  wire [31:0]                              s_axi_wdata,
  input  wire [3:0]                               s_axi_wstrb,
  input  wire                                     s_axi_wvalid,
  output wire                                     s_axi_wready,
  output wire [1:0]                               s_axi_bresp,
  output wire                                     s_axi_bvalid,
  input  wire                                     s_axi_bready,
  input  wire [7:0]                               s_axi_araddr,
  input  wire [2:0]                               s_axi_arprot,
  input  wire                                     s_axi_arvalid,
  output wire                                     s_axi_arready,
  output wire [31:0]                              s_axi_rdata,
  output wire [1:0]                               s_axi_rresp,
  output wire                                     s_axi_rvalid,
  input  wire                                     s_axi_rready,
  output wire                                     irq,
  input  wire [8*BEAT_BYTES-1:0]                  s_axis_tdata,
  input  wire [BEAT_BYTES-1:0]                    s_axis_tkeep,
  input  wire                                     s_axis_tvalid,
  output wire                                     s_axis_tready,
  input  wire                                     s_axis_tlast,
  output wire [8*OUTPUT_BYTES-1:0]                m_axis_tdata,
  output wire [OUTPUT_BYTES-1:0]                  m_axis_tkeep,
  output wire                                     m_axis_tvalid,
  input  wire                                     m_axis_tready,
  output wire                                     m_axis_tlast,
  // The core.
  output wire                                     o_core_rst,
  output wire                                     o_reset_state,
  output wire                                     o_load_valid,
  output wire [7:0]                               o_load_unit,
  output wire                                     o_load_start,
  output wire [31:0]                              o_load_data,
  output wire                                     o_state_read,
  output wire [7:0]                               o_state_unit,
  output wire [15:0]                              o_state_index,
  input  wire [SIGNAL_BITS-1:0]                   i_state_data,
  output wire [LANES*SIGNAL_BITS-1:0]             m_x_data,
  output wire                                     m_x_valid,
  input  wire                                     m_x_ready,
  output wire                                     m_x_last,
  input  wire [OUTPUT_LANES*SIGNAL_BITS-1:0]      s_y_data,
  input  wire                                     s_y_valid,
  output wire                                     s_y_ready,
  input  wire [5*N_LAYERS-1:0]                    i_saturation,
  input  wire                                     i_misframed,
  // Words of a unit, 0: there is none.
  output wire [7:0]                               o_size_unit,
  input  wire [31:0]                              i_size_words,
  input  wire [31:0]                              i_state_words
);
  wire        rst = ~aresetn;
  wire        write;
  wire [7:0]  write_address;
  wire [31:0] write_data;
  wire        write_known;
  wire        read;
  wire [7:0]  read_address;
  wire        read_ready;
  wire        read_known;
  wire [31:0] read_data;
  wire        accept;
  wire        flush;
  wire        frame_begin;
  wire        early;
  wire        late;
  wire        keep;
  wire        out_end;
  wire        out_empty;

  axi_lite #(
    .ADDRESS_BITS (8)
  ) u_lite (
    .aclk            (aclk),
    .aresetn         (aresetn),
    .s_axi_awaddr    (s_axi_awaddr),
    .s_axi_awprot    (s_axi_awprot),
    .s_axi_awvalid   (s_axi_awvalid),
    .s_axi_awready   (s_axi_awready),
    .s_axi_wdata     (s_axi_wdata),
    .s_axi_wstrb     (s_axi_wstrb),
    .s_axi_wvalid    (s_axi_wvalid),
    .s_axi_wready    (s_axi_wready),
    .s_axi_bresp     (s_axi_bresp),
    .s_axi_bvalid    (s_axi_bvalid),
    .s_axi_bready    (s_axi_bready),
    .s_axi_araddr    (s_axi_araddr),
    .s_axi_arprot    (s_axi_arprot),
    .s_axi_arvalid   (s_axi_arvalid),
    .s_axi_arready   (s_axi_arready),
    .s_axi_rdata     (s_axi_rdata),
    .s_axi_rresp     (s_axi_rresp),
    .s_axi_rvalid    (s_axi_rvalid),
    .s_axi_rready    (s_axi_rready),
    .o_write         (write),
    .o_write_address (write_address),
    .o_write_data    (write_data),
    .i_write_known   (write_known),
    .o_read          (read),
    .o_read_address  (read_address),
    .i_read_ready    (read_ready),
    .i_read_known    (read_known),
    .i_read_data     (read_data)
  );

  axi_control #(
    .VERSION_WORD  (VERSION_WORD),
    .GEOMETRY_WORD (GEOMETRY_WORD),
    .N_INPUTS      (N_INPUTS),
    .N_OUTPUTS     (N_OUTPUTS),
    .LANES         (LANES),
    .N_LAYERS      (N_LAYERS),
    .SIGNAL_BITS   (SIGNAL_BITS),
    .WEIGHT_BITS   (WEIGHT_BITS)
  ) u_control (
    .clk             (aclk),
    .rst             (rst),
    .i_write         (write),
    .i_write_address (write_address),
    .i_write_data    (write_data),
    .o_write_known   (write_known),
    .i_read          (read),
    .i_read_address  (read_address),
    .o_read_ready    (read_ready),
    .o_read_known    (read_known),
    .o_read_data     (read_data),
    .o_interrupt     (irq),
    .o_accept        (accept),
    .o_flush         (flush),
    .i_begin         (frame_begin),
    .i_early         (early),
    .i_late          (late),
    .i_keep          (keep),
    .i_out_end       (out_end),
    .i_out_empty     (out_empty),
    .o_core_rst      (o_core_rst),
    .o_reset_state   (o_reset_state),
    .o_load_valid    (o_load_valid),
    .o_load_unit     (o_load_unit),
    .o_load_start    (o_load_start),
    .o_load_data     (o_load_data),
    .o_state_read    (o_state_read),
    .o_state_unit    (o_state_unit),
    .o_state_index   (o_state_index),
    .i_state_data    (i_state_data),
    .i_saturation    (i_saturation),
    .i_misframed     (i_misframed),
    .o_size_unit     (o_size_unit),
    .i_size_words    (i_size_words),
    .i_state_words   (i_state_words)
  );

  axi_frames_in #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LANES       (LANES),
    .N           (N_INPUTS)
  ) u_in (
    .clk           (aclk),
    .rst           (rst),
    .i_flush       (flush),
    .i_accept      (accept),
    .s_axis_tdata  (s_axis_tdata),
    .s_axis_tkeep  (s_axis_tkeep),
    .s_axis_tvalid (s_axis_tvalid),
    .s_axis_tready (s_axis_tready),
    .s_axis_tlast  (s_axis_tlast),
    .m_x_data      (m_x_data),
    .m_x_valid     (m_x_valid),
    .m_x_ready     (m_x_ready),
    .m_x_last      (m_x_last),
    .o_begin       (frame_begin),
    .o_early       (early),
    .o_late        (late),
    .o_keep        (keep)
  );

  axi_frames_out #(
    .SIGNAL_BITS (SIGNAL_BITS),
    .LANES       (OUTPUT_LANES),
    .N           (N_OUTPUTS)
  ) u_out (
    .clk           (aclk),
    .rst           (rst),
    .i_flush       (flush),
    .s_y_data      (s_y_data),
    .s_y_valid     (s_y_valid),
    .s_y_ready     (s_y_ready),
    .m_axis_tdata  (m_axis_tdata),
    .m_axis_tkeep  (m_axis_tkeep),
    .m_axis_tvalid (m_axis_tvalid),
    .m_axis_tready (m_axis_tready),
    .m_axis_tlast  (m_axis_tlast),
    .o_end         (out_end),
    .o_empty       (out_empty)
  );
endmodule

`default_nettype wire
