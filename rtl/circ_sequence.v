// The course of an array of processing elements: which block column every cycle works on, and when
// results leave.
//
// A job (i_start, i_kind) is one product of a matrix of COLS block columns and ROWS block rows for
// each chain of PES elements. Rows are worked on in groups of PES, RING groups at a time: for each
// column the groups in turn. A column waits until i_has_column; the last column of a group waits
// until the chain has given out the group before, or SETTLE cycles after its end. Everything behind
// this module has a fixed latency.
//
// COLS, ROWS and BASES (first weight address) have 16 bits for each kind, GAPS 4: the rows of a
// group leave 2^gap cycles apart (o_exit, the first with o_capture). o_ready may come with the last
// cycle of a job, so that jobs follow each other without a gap.
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module circ_sequence #(
  parameter        PES    = 4,
  parameter        RING   = 1,
  parameter        SETTLE = 1,
  parameter [63:0] COLS   = {16'd1, 16'd1, 16'd5, 16'd4},
  parameter [63:0] ROWS   = {16'd1, 16'd1, 16'd8, 16'd8},
  parameter [63:0] BASES  = {16'd0, 16'd0, 16'd8, 16'd0},
  parameter [15:0] GAPS   = 16'd0
) (
  input  wire        clk,
  input  wire        rst,
  input  wire        i_start,
  input  wire [1:0]  i_kind,
  output wire        o_ready,
  input  wire        i_has_column,
  output wire [1:0]  o_kind,
  output wire [15:0] o_column,
  output wire [15:0] o_address,
  output wire        o_issue,       // work on that column now
  output wire        o_first,       // of its group's columns
  output wire        o_capture,     // last of its group's columns
  output wire        o_done,        // last cycle of the job
  output wire        o_exit,
  output wire [1:0]  o_exit_kind
);
  localparam PES_NUMBER = PES;
  localparam [15:0] GROUP = PES_NUMBER[15:0];
  localparam SETTLE_NUMBER = SETTLE;
  localparam [15:0] SETTLE_CYCLES = SETTLE_NUMBER[15:0];
  localparam LAST_SLOT_NUMBER = RING - 1;
  localparam [15:0] LAST_SLOT = LAST_SLOT_NUMBER[15:0];

  // By kind, 16 bits each: groups, rows of the last one, and how long the exit of a group keeps the
  // next one from its end.
  function [15:0] groups_of(input [15:0] rows);
    groups_of = (rows + GROUP - 16'd1) / GROUP;
  endfunction
  function [15:0] last_rows_of(input [15:0] rows);
    last_rows_of = rows - (groups_of(rows) - 16'd1) * GROUP;
  endfunction
  function [15:0] busy_of(input [15:0] rows, input [3:0] gap);
    busy_of = ((rows << gap) > SETTLE_CYCLES) ? rows << gap : SETTLE_CYCLES;
  endfunction
  localparam [63:0] GROUPS = {groups_of(ROWS[63:48]), groups_of(ROWS[47:32]),
                              groups_of(ROWS[31:16]), groups_of(ROWS[15:0])};
  localparam [63:0] LAST_ROWS = {last_rows_of(ROWS[63:48]), last_rows_of(ROWS[47:32]),
                                 last_rows_of(ROWS[31:16]), last_rows_of(ROWS[15:0])};
  localparam [63:0] BUSY = {busy_of(GROUP, GAPS[15:12]), busy_of(GROUP, GAPS[11:8]),
                            busy_of(GROUP, GAPS[7:4]), busy_of(GROUP, GAPS[3:0])};
  localparam [63:0] LAST_BUSY = {busy_of(LAST_ROWS[63:48], GAPS[15:12]),
                                 busy_of(LAST_ROWS[47:32], GAPS[11:8]),
                                 busy_of(LAST_ROWS[31:16], GAPS[7:4]),
                                 busy_of(LAST_ROWS[15:0], GAPS[3:0])};
  localparam [63:0] LAST_COLUMNS = COLS - {4{16'd1}};   // what unused kinds borrow stays above

  reg         is_running_q;
  reg  [1:0]  kind_q;
  reg  [15:0] column_q;
  reg  [15:0] slot_q;      // group of the RING
  reg  [15:0] address_q;
  reg  [15:0] groups_q;    // this and later ones
  reg         is_last_group_q;   // groups_q == 1: a flag, as the end of a job hangs on it
  reg  [15:0] drain_q;     // cycles until the next group may end
  reg         is_drained_q;      // drain_q == 0
  reg  [15:0] exits_q;     // rows still to leave
  reg  [15:0] wait_q;      // cycles until the next of them
  reg  [1:0]  exit_kind_q;

  wire [15:0] last_column = LAST_COLUMNS[16*kind_q +: 16];
  wire        is_last_column = column_q == last_column;
  wire        is_last_slot = slot_q == LAST_SLOT;
  wire        ends_column = is_last_slot | (is_last_column & is_last_group_q);
  wire [15:0] rows = is_last_group_q ? LAST_ROWS[16*kind_q +: 16] : GROUP;
  wire [15:0] busy_cycles = is_last_group_q ? LAST_BUSY[16*kind_q +: 16] : BUSY[16*kind_q +: 16];
  wire        issue = is_running_q & i_has_column & (~is_last_column | is_drained_q);
  wire        group_ends = issue & is_last_column;
  wire        job_ends = group_ends & is_last_group_q;
  wire [3:0]  exit_gap = GAPS[4*o_exit_kind +: 4];
  wire [15:0] exit_gap_cycles = 16'd1 << exit_gap;
  wire        exits_later = (exits_q != 16'd0) & (wait_q == 16'd0);

  assign o_ready = ~is_running_q | job_ends;
  assign o_kind = kind_q;
  assign o_column = column_q;
  assign o_address = address_q;
  assign o_issue = issue;
  assign o_first = column_q == 16'd0;
  assign o_capture = group_ends;
  assign o_done = job_ends;
  assign o_exit = group_ends | exits_later;
  assign o_exit_kind = group_ends ? kind_q : exit_kind_q;

  always @(posedge clk)
    if (rst) begin
      is_running_q <= 1'b0;
      column_q     <= 16'd0;
      slot_q       <= 16'd0;
      drain_q      <= 16'd0;
      is_drained_q <= 1'b1;
      exits_q      <= 16'd0;
    end else begin
      if (issue) begin
        slot_q <= ends_column ? 16'd0 : slot_q + 16'd1;
        if (ends_column)
          column_q <= is_last_column ? 16'd0 : column_q + 16'd1;
      end
      if (i_start)
        is_running_q <= 1'b1;
      else if (job_ends)
        is_running_q <= 1'b0;
      if (group_ends) begin
        drain_q      <= busy_cycles - 16'd1;
        is_drained_q <= busy_cycles == 16'd1;
      end else if (~is_drained_q) begin
        drain_q      <= drain_q - 16'd1;
        is_drained_q <= drain_q == 16'd1;
      end
      if (group_ends)
        exits_q <= rows - 16'd1;
      else if (exits_later)
        exits_q <= exits_q - 16'd1;
    end

  always @(posedge clk) begin
    // The next job's numbers are taken whether it starts or not: the start itself comes late.
    if (o_ready) begin
      kind_q          <= i_kind;
      address_q       <= BASES[16*i_kind +: 16];
      groups_q        <= GROUPS[16*i_kind +: 16];
      is_last_group_q <= GROUPS[16*i_kind +: 16] == 16'd1;
    end else if (issue) begin
      address_q <= address_q + 16'd1;
      if (is_last_column) begin
        groups_q        <= groups_q - 16'd1;
        is_last_group_q <= groups_q == 16'd2;
      end
    end
    if (group_ends)
      exit_kind_q <= kind_q;
    wait_q <= o_exit ? exit_gap_cycles - 16'd1 : wait_q - {15'd0, wait_q != 16'd0};
  end
endmodule

`default_nettype wire
