// Control of an accelerator: registers (docs/registers.md of a generated project), runs, load and
// state windows, counters, interrupt.
//
// A run begins with CTRL.start and takes FRAMES frames in (0: until COMMAND.stop). Frames are
// accepted during a run only (o_accept); it is done when its last frame has left. Idle is no run,
// nothing inside: only then words are loaded, states read or reset, counters cleared; else that is
// refused and said so. COMMAND.reset drops everything but weights and settings: the core is reset
// (o_core_rst), both adapters bring their packets to an end (o_flush), and nothing is accepted
// before that is over (i_out_empty).
// SPDX-License-Identifier: Apache-2.0
`default_nettype none

module axi_control #(
  parameter [31:0] VERSION_WORD  = 32'd0,
  parameter [31:0] GEOMETRY_WORD = 32'd0,
  parameter        N_INPUTS      = 22,
  parameter        N_OUTPUTS     = 22,
  parameter        LANES         = 4,
  parameter        N_LAYERS      = 2,
  parameter        SIGNAL_BITS   = 16,
  parameter        WEIGHT_BITS   = 12
) (
  input  wire                   clk,
  input  wire                   rst,
  // Registers.
  input  wire                   i_write,
  input  wire [7:0]             i_write_address,
  input  wire [31:0]            i_write_data,
  output wire                   o_write_known,
  input  wire                   i_read,
  input  wire [7:0]             i_read_address,
  output wire                   o_read_ready,
  output wire                   o_read_known,
  output reg  [31:0]            o_read_data,
  output wire                   o_interrupt,
  // Adapters.
  output wire                   o_accept,
  output wire                   o_flush,
  input  wire                   i_begin,        // a frame begins to come in
  input  wire                   i_early,
  input  wire                   i_late,
  input  wire                   i_keep,
  input  wire                   i_out_end,      // a frame has left
  input  wire                   i_out_empty,
  // Core.
  output wire                   o_core_rst,
  output reg                    o_reset_state,
  output reg                    o_load_valid,
  output reg  [7:0]             o_load_unit,
  output reg                    o_load_start,
  output reg  [31:0]            o_load_data,
  output wire                   o_state_read,
  output wire [7:0]             o_state_unit,
  output wire [15:0]            o_state_index,
  input  wire [SIGNAL_BITS-1:0] i_state_data,
  input  wire [5*N_LAYERS-1:0]  i_saturation,
  input  wire                   i_misframed,
  // Words of a unit, 0: there is none.
  output wire [7:0]             o_size_unit,
  input  wire [31:0]            i_size_words,
  input  wire [31:0]            i_state_words   // of o_state_unit
);
  localparam [31:0] ID_WORD = 32'h4e4e5245;
  // Of src/gen/registers.c, which prints these lines.
  localparam [7:0] CTRL              = 8'h00;
  localparam [7:0] GIE               = 8'h04;
  localparam [7:0] IER               = 8'h08;
  localparam [7:0] ISR               = 8'h0c;
  localparam [7:0] ID                = 8'h10;
  localparam [7:0] VERSION           = 8'h14;
  localparam [7:0] GEOMETRY          = 8'h18;
  localparam [7:0] MODEL             = 8'h1c;
  localparam [7:0] INPUTS            = 8'h20;
  localparam [7:0] OUTPUTS           = 8'h24;
  localparam [7:0] LAYOUT            = 8'h28;
  localparam [7:0] FRAMES            = 8'h2c;
  localparam [7:0] FRAMES_IN         = 8'h30;
  localparam [7:0] FRAMES_OUT        = 8'h34;
  localparam [7:0] COMMAND           = 8'h38;
  localparam [7:0] ERRORS            = 8'h3c;
  localparam [7:0] CYCLES_LOW        = 8'h40;
  localparam [7:0] CYCLES_HIGH       = 8'h44;
  localparam [7:0] FRAME_CYCLES      = 8'h48;
  localparam [7:0] SATURATED         = 8'h4c;
  localparam [7:0] SATURATION_SELECT = 8'h50;
  localparam [7:0] SATURATION_COUNT  = 8'h54;
  localparam [7:0] LOAD_UNIT         = 8'h58;
  localparam [7:0] LOAD_DATA         = 8'h5c;
  localparam [7:0] LOAD_STATUS       = 8'h60;
  localparam [7:0] LOAD_WORDS        = 8'h64;
  localparam [7:0] LOAD_SIZE         = 8'h68;
  localparam [7:0] STATE_UNIT        = 8'h6c;
  localparam [7:0] STATE_INDEX       = 8'h70;
  localparam [7:0] STATE_DATA        = 8'h74;

  localparam [31:0] N_INPUTS_WORD = N_INPUTS;
  localparam [31:0] N_OUTPUTS_WORD = N_OUTPUTS;
  localparam [31:0] LANES_NUMBER = LANES;
  localparam [31:0] N_LAYERS_NUMBER = N_LAYERS;
  localparam [31:0] SIGNAL_BITS_NUMBER = SIGNAL_BITS;
  localparam [31:0] WEIGHT_BITS_NUMBER = WEIGHT_BITS;
  localparam [31:0] LAYOUT_WORD = {WEIGHT_BITS_NUMBER[7:0], SIGNAL_BITS_NUMBER[7:0],
                                   N_LAYERS_NUMBER[7:0], LANES_NUMBER[7:0]};
  localparam [2:0] READ_CYCLES = 3'd6;     // of a state, 4 and both registers on the way
  localparam [2:0] SETTLE_CYCLES = 3'd7;   // after a load or a reset of the state

  // Writes.
  wire writes_ctrl = i_write & (i_write_address == CTRL);
  wire writes_command = i_write & (i_write_address == COMMAND);
  wire commands_stop = writes_command & i_write_data[0];
  wire commands_reset_state = writes_command & i_write_data[1];
  wire commands_clear = writes_command & i_write_data[2];
  wire commands_reset = writes_command & i_write_data[3];
  wire writes_load_unit = i_write & (i_write_address == LOAD_UNIT);
  wire writes_load = i_write & (i_write_address == LOAD_DATA);

  // Settings.
  reg         gie_q;
  reg  [2:0]  ier_q;
  reg  [31:0] model_q;
  reg  [31:0] frames_q;
  reg  [2:0]  class_q;
  reg  [3:0]  layer_q;
  reg  [7:0]  state_unit_q;
  always @(posedge clk)
    if (rst) begin
      gie_q        <= 1'b0;
      ier_q        <= 3'd0;
      model_q      <= 32'd0;
      frames_q     <= 32'd0;
      class_q      <= 3'd0;
      layer_q      <= 4'd0;
      state_unit_q <= 8'd0;
    end else if (i_write)
      case (i_write_address)
        GIE:               gie_q <= i_write_data[0];
        IER:               ier_q <= i_write_data[2:0];
        MODEL:             model_q <= i_write_data;
        FRAMES:            frames_q <= i_write_data;
        SATURATION_SELECT: {layer_q, class_q} <= {i_write_data[7:4], i_write_data[2:0]};
        STATE_UNIT:        state_unit_q <= i_write_data[7:0];
        default:           ;
      endcase

  // Runs.
  reg         reset_q;        // COMMAND.reset, for one cycle
  reg         start_q;
  reg         auto_restart_q;
  reg         is_running_q;   // frames may begin
  reg         is_active_q;    // not done
  reg         is_endless_q;
  reg  [31:0] left_q;         // frames that have not begun
  reg  [15:0] inside_q;       // frames begun that have not left
  reg         is_draining_q;  // after COMMAND.reset
  reg  [2:0]  settle_q;
  wire        out_end = i_out_end & ~is_draining_q;
  wire        is_quiet = ~is_active_q & ~is_draining_q & ~reset_q;
  wire        is_idle = is_quiet & ~start_q;
  wire        is_reading;
  wire        begins = start_q & is_quiet & ~is_reading;
  wire        is_ready = is_running_q & (commands_stop | (i_begin & ~is_endless_q &
                                                          (left_q == 32'd1)));
  wire        is_done = is_active_q & ~is_running_q & (inside_q == 16'd0);
  wire        clears = commands_clear & is_idle;

  assign o_core_rst = rst | reset_q;
  assign o_flush = reset_q;
  assign o_accept = is_running_q & (settle_q == 3'd0) & ~reset_q;

  always @(posedge clk)
    if (rst | reset_q) begin
      reset_q        <= 1'b0;
      start_q        <= 1'b0;
      auto_restart_q <= 1'b0;
      is_running_q   <= 1'b0;
      is_active_q    <= 1'b0;
      is_endless_q   <= 1'b0;
      left_q         <= 32'd0;
      inside_q       <= 16'd0;
      is_draining_q  <= ~rst;
    end else begin
      reset_q <= commands_reset;
      if (commands_stop)
        start_q <= 1'b0;
      else if ((writes_ctrl & i_write_data[0]) | (is_done & auto_restart_q))
        start_q <= 1'b1;
      else if (begins)
        start_q <= 1'b0;
      if (commands_stop)
        auto_restart_q <= 1'b0;
      else if (writes_ctrl)
        auto_restart_q <= i_write_data[7];
      if (begins) begin
        is_running_q <= ~commands_stop;
        is_active_q  <= 1'b1;
        is_endless_q <= frames_q == 32'd0;
        left_q       <= frames_q;
      end else begin
        if (is_ready)
          is_running_q <= 1'b0;
        if (is_done)
          is_active_q <= 1'b0;
        if (i_begin)
          left_q <= left_q - 32'd1;
      end
      inside_q <= inside_q + {15'd0, i_begin} - {15'd0, out_end};
      if (i_out_empty)
        is_draining_q <= 1'b0;
    end

  // Load window.
  reg  [7:0]  load_unit_q;
  reg         load_start_q;
  reg  [31:0] load_words_q;
  reg         refused_q;
  wire [31:0] load_place = load_start_q ? 32'd0 : load_words_q;
  wire        takes_load = writes_load & is_idle & (load_place < i_size_words);
  wire        refuses_load = writes_load & ~takes_load;

  assign o_size_unit = load_unit_q;

  always @(posedge clk)
    if (rst) begin
      load_unit_q   <= 8'd0;
      load_start_q  <= 1'b0;
      load_words_q  <= 32'd0;
      refused_q     <= 1'b0;
      o_load_valid  <= 1'b0;
      o_load_unit   <= 8'd0;
      o_load_start  <= 1'b0;
      o_load_data   <= 32'd0;
      o_reset_state <= 1'b0;
      settle_q      <= SETTLE_CYCLES;
    end else begin
      if (writes_load_unit)
        load_unit_q <= i_write_data[7:0];
      if (writes_load_unit)
        load_start_q <= i_write_data[8] | (load_unit_q != i_write_data[7:0]);
      else if (takes_load)
        load_start_q <= 1'b0;
      if (takes_load)
        load_words_q <= load_place + 32'd1;
      if (refuses_load)
        refused_q <= 1'b1;
      else if (reset_q | (i_write & (i_write_address == LOAD_STATUS) & i_write_data[1]))
        refused_q <= 1'b0;
      o_load_valid  <= takes_load;
      o_load_unit   <= load_unit_q;
      o_load_start  <= load_start_q;
      o_load_data   <= i_write_data;
      o_reset_state <= commands_reset_state & is_idle;
      if (takes_load | commands_reset_state | reset_q)
        settle_q <= SETTLE_CYCLES;
      else if (settle_q != 3'd0)
        settle_q <= settle_q - 3'd1;
    end

  // State window: the answer waits for the memory.
  reg  [15:0] state_index_q;
  reg  [2:0]  wait_q;
  wire        asks_state = i_read & (i_read_address == STATE_DATA);
  wire        is_state = (state_unit_q[3:0] == 4'd7) | (state_unit_q[3:0] == 4'd8);
  wire        may_read = is_quiet & is_state & ({16'd0, state_index_q} < i_state_words);
  wire        has_read = wait_q == READ_CYCLES;
  wire        refuses_state = (asks_state & ~may_read) |
                              ((commands_reset_state | commands_clear) & ~is_idle);
  wire [31:0] state_word = {{32-SIGNAL_BITS{i_state_data[SIGNAL_BITS-1]}}, i_state_data};

  assign is_reading = asks_state & may_read;
  assign o_state_read = is_reading;
  assign o_state_unit = state_unit_q;
  assign o_state_index = state_index_q;
  assign o_read_ready = ~is_reading | has_read;

  always @(posedge clk)
    if (rst) begin
      state_index_q <= 16'd0;
      wait_q        <= 3'd0;
    end else begin
      wait_q <= (is_reading & ~has_read) ? wait_q + 3'd1 : 3'd0;
      if (i_write & (i_write_address == STATE_INDEX))
        state_index_q <= i_write_data[15:0];
      else if (is_reading & has_read)
        state_index_q <= state_index_q + 16'd1;
    end

  // Flags and interrupts. What sets a bit wins over what clears it.
  reg        done_q;
  reg        ready_q;
  reg  [2:0] isr_q;
  reg  [3:0] errors_q;
  wire       reads_ctrl = i_read & (i_read_address == CTRL);
  wire       writes_isr = i_write & (i_write_address == ISR);
  wire       writes_errors = i_write & (i_write_address == ERRORS);
  wire [3:0] errors = {refuses_state, i_keep, i_late, i_early};
  wire [2:0] events = {(|errors) | refuses_load, is_ready, is_done};

  assign o_interrupt = gie_q & (|isr_q);

  always @(posedge clk)
    if (rst | reset_q) begin
      done_q   <= 1'b0;
      ready_q  <= 1'b0;
      isr_q    <= 3'd0;
      errors_q <= 4'd0;
    end else begin
      done_q   <= (done_q & ~reads_ctrl) | is_done;
      ready_q  <= (ready_q & ~reads_ctrl) | is_ready;
      isr_q    <= (isr_q & ~({3{writes_isr}} & i_write_data[2:0])) | (events & ier_q);
      errors_q <= (errors_q & ~({4{writes_errors}} & i_write_data[3:0])) | errors;
    end

  // Counters.
  reg  [31:0] frames_in_q;
  reg  [31:0] frames_out_q;
  reg  [63:0] cycles_q;
  reg  [31:0] cycles_high_q;
  reg  [31:0] frame_q;          // cycles of the frame that leaves next
  reg  [31:0] frame_cycles_q;
  wire        is_busy = i_begin | (inside_q != 16'd0);

  always @(posedge clk)
    if (rst | reset_q | clears) begin
      frames_in_q    <= 32'd0;
      frames_out_q   <= 32'd0;
      cycles_q       <= 64'd0;
      cycles_high_q  <= 32'd0;
      frame_q        <= 32'd0;
      frame_cycles_q <= 32'd0;
    end else begin
      frames_in_q  <= frames_in_q + {31'd0, i_begin};
      frames_out_q <= frames_out_q + {31'd0, out_end};
      cycles_q     <= cycles_q + {63'd0, is_busy};
      if (i_read & (i_read_address == CYCLES_LOW))
        cycles_high_q <= cycles_q[63:32];
      frame_q <= (out_end | (inside_q == 16'd0)) ? 32'd0 : frame_q + 32'd1;
      if (out_end)
        frame_cycles_q <= frame_q + 32'd1;
    end

  wire [7:0]            place = (class_q > 3'd4) ? 8'd255
                                                 : {2'd0, layer_q, 2'd0} + {4'd0, layer_q} +
                                                   {5'd0, class_q};
  wire [15:0]           saturation_count;
  wire [5*N_LAYERS-1:0] are_counted;
  wire [4:0]            saturated;
  event_counters #(
    .COUNTERS (5 * N_LAYERS),
    .BITS     (16)
  ) u_saturation (
    .clk          (clk),
    .rst          (rst | reset_q | clears),
    .i_events     (i_saturation),
    .i_select     (place),
    .o_count      (saturation_count),
    .o_is_counted (are_counted)
  );
  genvar c, l;
  generate
    for (c = 0; c < 5; c = c + 1) begin : g_class
      wire [N_LAYERS-1:0] layers;
      for (l = 0; l < N_LAYERS; l = l + 1) begin : g_layer
        assign layers[l] = are_counted[5*l+c];
      end
      assign saturated[c] = |layers;
    end
  endgenerate

  // Reads.
  function is_register(input [7:0] address);
    case (address)
      CTRL, GIE, IER, ISR, ID, VERSION, GEOMETRY, MODEL, INPUTS, OUTPUTS, LAYOUT, FRAMES, FRAMES_IN,
      FRAMES_OUT, COMMAND, ERRORS, CYCLES_LOW, CYCLES_HIGH, FRAME_CYCLES, SATURATED,
      SATURATION_SELECT, SATURATION_COUNT, LOAD_UNIT, LOAD_DATA, LOAD_STATUS, LOAD_WORDS, LOAD_SIZE,
      STATE_UNIT, STATE_INDEX, STATE_DATA:
        is_register = 1'b1;
      default:
        is_register = 1'b0;
    endcase
  endfunction
  assign o_write_known = is_register(i_write_address);
  assign o_read_known = is_register(i_read_address);

  always @*
    case (i_read_address)
      CTRL:              o_read_data = {22'd0, o_interrupt, 1'b0, auto_restart_q, 3'd0, ready_q,
                                        is_idle, done_q, start_q | is_running_q};
      GIE:               o_read_data = {31'd0, gie_q};
      IER:               o_read_data = {29'd0, ier_q};
      ISR:               o_read_data = {29'd0, isr_q};
      ID:                o_read_data = ID_WORD;
      VERSION:           o_read_data = VERSION_WORD;
      GEOMETRY:          o_read_data = GEOMETRY_WORD;
      MODEL:             o_read_data = model_q;
      INPUTS:            o_read_data = N_INPUTS_WORD;
      OUTPUTS:           o_read_data = N_OUTPUTS_WORD;
      LAYOUT:            o_read_data = LAYOUT_WORD;
      FRAMES:            o_read_data = frames_q;
      FRAMES_IN:         o_read_data = frames_in_q;
      FRAMES_OUT:        o_read_data = frames_out_q;
      ERRORS:            o_read_data = {27'd0, i_misframed, errors_q};
      CYCLES_LOW:        o_read_data = cycles_q[31:0];
      CYCLES_HIGH:       o_read_data = cycles_high_q;
      FRAME_CYCLES:      o_read_data = frame_cycles_q;
      SATURATED:         o_read_data = {27'd0, saturated};
      SATURATION_SELECT: o_read_data = {24'd0, layer_q, 1'b0, class_q};
      SATURATION_COUNT:  o_read_data = {16'd0, saturation_count};
      LOAD_UNIT:         o_read_data = {23'd0, load_start_q, load_unit_q};
      LOAD_STATUS:       o_read_data = {30'd0, refused_q, is_idle};
      LOAD_WORDS:        o_read_data = load_words_q;
      LOAD_SIZE:         o_read_data = i_size_words;
      STATE_UNIT:        o_read_data = {24'd0, state_unit_q};
      STATE_INDEX:       o_read_data = {16'd0, state_index_q};
      STATE_DATA:        o_read_data = is_reading ? state_word : 32'd0;
      default:           o_read_data = 32'd0;
    endcase
endmodule

`default_nettype wire
