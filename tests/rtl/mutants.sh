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
mutant round_saturate.v 's/<< (SHIFT - 1)/<< (SHIFT - 2)/' tb_pipe dut_round_saturate round_saturate
mutant round_saturate.v 's/{OUT_BITS-1{~shifted/{OUT_BITS-1{shifted/' tb_pipe dut_round_saturate round_saturate
mutant fft_merge.v 's/turned_im - even_im/even_im - turned_im/' tb_pipe dut_rfft rfft
mutant fft_rotate.v "s/16'd11585/16'd11586/" tb_pipe dut_rfft rfft
mutant fft_split.v 's/lower_im + upper_im/lower_im - upper_im/' tb_pipe dut_irfft irfft
mutant pwl.v 's/ONE - half_q/-half_q/' tb_pipe dut_pwl pwl
mutant pwl.v 's/<< (X_FRAC - 1)/<< (X_FRAC - 2)/' tb_pipe dut_pwl pwl
mutant circ_pe.v 's/product_first_q ? ZERO : sum_q/ZERO/' tb_circ_pe - circ_pe
mutant circ_load.v 's/difference_q <= im - re/difference_q <= re - im/' tb_stream dut_circ_product circ_product
mutant circ_load.v "s/group_ends ? address + 1'b1/group_ends ? address/" tb_stream dut_circ_product circ_product pes=3
mutant circ_spectrum.v 's/n >= LAST_ELEMENTS/n > LAST_ELEMENTS/' tb_stream dut_circ_product circ_product
mutant circ_output.v 's/re_q <= a - c/re_q <= a + c/' tb_stream dut_circ_product circ_product
mutant vector_buffer.v 's/select_q    <= i_read_address/select_q    <= ~i_read_address/' tb_vector_buffer - vector_buffer
mutant lstm_cell.v 's/CYCLES (GATES_CYCLE)/CYCLES (GATES_CYCLE - 1)/' tb_pipe dut_lstm_cell cell
mutant gru_cell.v 's/h_before - candidate/candidate - h_before/' tb_pipe dut_gru_cell cell is_gru=1
mutant state_memory.v 's/is_zero_q ? /1'"'b0"' ? /' tb_stream dut_gru_layer layer is_gru=1 is_reset_after=1 lanes=2 n_cells=10 frames=5
mutant gru_layer.v 's/if (i_reset_state | is_loaded)/if (i_reset_state)/' tb_stream dut_gru_layer layer is_gru=1 is_reset_after=1 lanes=2 n_cells=10 frames=5
mutant frame_fifo.v 's/o_room = ~reserved_q\[1\]/o_room = 1/' tb_stream dut_linear_layer linear
exit $missed
