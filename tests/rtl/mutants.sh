#!/bin/sh
# Faults planted one at a time in a copy of rtl/: every one must make a bench fail.
# mutants.sh VECTORS SOURCE_ROOT FOLDER. SPDX-License-Identifier: Apache-2.0
set -eu
vectors=$1 root=$2 folder=$3
missed=0

mutant() { # FILE 's/what/becomes/' BENCH DUT KIND [key=value ...]
    file=$1 change=$2
    shift 2
    rm -rf "$folder/root"
    mkdir -p "$folder/root/tests"
    cp -r "$root/rtl" "$folder/root/rtl"
    ln -s "$root/tests/rtl" "$folder/root/tests/rtl"
    sed -i "$change" "$folder/root/rtl/$file"
    if cmp -s "$root/rtl/$file" "$folder/root/rtl/$file"; then
        echo "does not apply: $file $change"
        missed=1
    elif sh "$root/tests/rtl/run.sh" icarus "$vectors" "$folder/root" "$folder/run" "$@" >"$folder/log" 2>&1; then
        echo "not caught: $file $change"
        missed=1
    elif ! grep -q '^FAIL' "$folder/log"; then
        echo "not a failing bench: $file $change"
        cat "$folder/log"
        missed=1
    else
        echo "caught: $file $change"
    fi
}

mkdir -p "$folder"
mutant saturate.v 's/{OUT_BITS-1{~i_data/{OUT_BITS-1{i_data/' tb_stream dut_circ_product circ_product hot=1
mutant fft_merge.v 's/turned_im - even_im/even_im - turned_im/' tb_pipe dut_rfft rfft
mutant fft_rotate.v 's/re_wide <<< 6/re_wide <<< 5/' tb_pipe dut_rfft rfft
mutant fft_split.v 's/lower_im + upper_im/lower_im - upper_im/' tb_pipe dut_irfft irfft
mutant pwl.v 's/-base : ONE - base/-base : -base/' tb_pipe dut_pwl pwl
mutant pwl.v 's/? BELOW_HALF : HALF/? HALF : HALF/' tb_pipe dut_pwl pwl
mutant circ_pe.v 's/product_first_q ? ZERO : own/ZERO/' tb_circ_pe - circ_pe
mutant circ_pe.v 's/if (product_enable_q)$/if (enable_q)/' tb_circ_pe - circ_pe
mutant circ_load.v 's/difference_q <= im - re/difference_q <= re - im/' tb_stream dut_circ_product circ_product
mutant circ_load.v "s/pass_ends ? address + 16'd1/pass_ends ? address/" tb_stream dut_circ_product circ_product pes=3
mutant circ_load.v "s/group_ends ? first + 16'd1/group_ends ? first/" tb_stream dut_circ_product circ_product pes=3 ring=2
mutant circ_sequence.v "s/is_drained_q <= busy_cycles == 16'd1/is_drained_q <= 1'b1/" tb_stream dut_circ_product circ_product pes=7 cols=9 stalls=0
mutant circ_sequence.v "s/is_last_group_q <= groups_q == 16'd2/is_last_group_q <= groups_q == 16'd1/" tb_stream dut_circ_product circ_product pes=3 rows=48
mutant circ_spectrum.v 's/n >= LAST_ELEMENTS/n > LAST_ELEMENTS/' tb_stream dut_circ_product circ_product
mutant circ_spectrum.v 's/i_column\[COLUMN_BITS-1:0\] < column_q/i_column[COLUMN_BITS-1:0] <= column_q/' tb_stream dut_circ_product circ_product
mutant circ_output.v 's/re_q <= a - c/re_q <= a + c/' tb_stream dut_circ_product circ_product
mutant shift_align.v 's/<< UP/<< 0/' tb_stream dut_lstm_layer layer input_pes=0 lanes=2 n_cells=10 frames=5 input_accumulator_shift=11 recurrent_accumulator_shift=9
mutant vector_buffer.v 's/select_q    <= i_read_address/select_q    <= ~i_read_address/' tb_vector_buffer - vector_buffer
mutant lstm_cell.v 's/CYCLES (GATES_CYCLE)/CYCLES (GATES_CYCLE - 1)/' tb_pipe dut_lstm_cell cell
mutant peephole_sum.v 's/other <<< SHIFT) + HALF/other <<< SHIFT)/' tb_pipe dut_lstm_cell cell is_peephole=1
mutant gru_cell.v 's/h_before - candidate/candidate - h_before/' tb_pipe dut_gru_cell cell is_gru=1
mutant gru_reset.v 's/product_q + HALF/product_q/' tb_pipe dut_gru_reset gru_reset
mutant recurrence.v "s/? 6'b000001 : 6'b000000/? 6'b000000 : 6'b000000/" tb_stream dut_lstm_layer layer input_pes=0 lanes=2 n_cells=10 frames=5
mutant recurrence.v 's/READ_CYCLES + 2 : 1/1 : 1/' tb_stream dut_lstm_layer layer input_pes=0 lanes=1 n_inputs=2 n_cells=2 input_log2_k=0 recurrent_log2_k=0 recurrent_pes=2
mutant ring_control.v 's/is_fed_q ? DISCARD : PRIME/PRIME/' tb_stream dut_gru_layer layer is_gru=1 is_reset_after=1 lanes=2 n_cells=10 frames=5
mutant ring_control.v 's/has_input & i_output_room & ~is_stale_q/has_input \& ~is_stale_q/' tb_stream dut_gru_layer layer is_gru=1 is_reset_after=1 lanes=2 n_cells=10 frames=25
mutant row_counter.v 's/step & ~is_past_q/step/' tb_stream dut_lstm_layer layer lanes=2 n_cells=9 frames=5
mutant block_rows.v 's/BLOCK_WIDTH-1:ROW_WIDTH\]/BLOCK_WIDTH-ROW_WIDTH-1:0]/' tb_stream dut_lstm_layer layer lanes=2 n_cells=10 frames=5
mutant row_gather.v 's/frame_ends | (&part_q)/(\&part_q)/' tb_stream dut_lstm_layer layer lanes=4 cell_lanes=2 n_cells=10 frames=5
mutant product_buffer.v 's/write_bank_q + /write_bank_q - /' tb_stream dut_lstm_layer layer lanes=2 n_cells=10 frames=9 stalls=0
mutant recurrence_before.v 's/{CANDIDATE, Z, R}/{CANDIDATE, R, Z}/' tb_stream dut_gru_layer layer is_gru=1 lanes=2 n_cells=10 frames=5
mutant state_memory.v 's/is_zero ? /1'"'b0"' ? /' tb_stream dut_gru_layer layer is_gru=1 is_reset_after=1 lanes=2 n_cells=10 frames=5
mutant gru_layer.v 's/(i_reset_state | load\[7\])/(i_reset_state)/' tb_stream dut_gru_layer layer is_gru=1 is_reset_after=1 lanes=2 n_cells=10 frames=5
mutant lstm_layer.v 's/(i_reset_state | load\[7\])/(load[7])/' tb_stream dut_lstm_layer layer lanes=2 n_cells=10 frames=5
mutant frame_fifo.v 's/o_room = reserved_q != ALL_FRAMES/o_room = 1/' tb_stream dut_linear_layer linear
exit $missed
