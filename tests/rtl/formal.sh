#!/bin/sh
# Formal proofs of small modules: Yosys writes the transition relation, yosys-smtbmc and z3 prove it.
# A proof counts when its asserts hold in the first STEPS cycles after reset and follow for every later
# one by induction over STEPS cycles; then faults planted in a copy of the module must be refuted.
# formal.sh SOURCE_ROOT FOLDER. SPDX-License-Identifier: Apache-2.0
set -eu
root=$1 folder=$2
proofs=$root/tests/rtl/formal
mkdir -p "$folder"
wrong=0

translate() { # RTL_FOLDER TOP [NAME=VALUE ...]
    rtl=$1 top=$2
    shift 2
    parameters=
    for parameter; do
        parameters="$parameters -chparam ${parameter%%=*} ${parameter#*=}"
    done
    yosys -q -p "read_verilog -formal $proofs/$top.v $proofs/ram.v; hierarchy -libdir $rtl -top $top $parameters; \
        prep -flatten; async2sync; write_smt2 -wires $folder/$top.smt2" >"$folder/log" 2>&1 || {
        cat "$folder/log"
        exit 1
    }
}

solve() { # STEPS TOP [-i]
    yosys-smtbmc -s z3 --unroll -t "$1" ${3:-} "$folder/$2.smt2" >"$folder/log" 2>&1
}

prove() { # STEPS TOP [NAME=VALUE ...]
    steps=$1
    shift
    translate "$root/rtl" "$@"
    if solve "$steps" "$1" && grep -q 'Status: PASSED' "$folder/log" &&
        solve "$steps" "$1" -i && grep -q 'Status: PASSED' "$folder/log"; then
        echo "proven: $*"
    else
        echo "NOT PROVEN: $*"
        grep -e 'Assert failed' -e 'Status' "$folder/log" || cat "$folder/log"
        wrong=1
    fi
}

fault() { # STEPS FILE 's/what/becomes/' TOP [NAME=VALUE ...]
    steps=$1 file=$2 change=$3
    shift 3
    rm -rf "$folder/rtl"
    cp -r "$root/rtl" "$folder/rtl"
    sed -i "$change" "$folder/rtl/$file"
    if cmp -s "$root/rtl/$file" "$folder/rtl/$file"; then
        echo "DOES NOT APPLY: $file $change"
        wrong=1
        return
    fi
    translate "$folder/rtl" "$@"
    if ! solve "$steps" "$1" && grep -q 'Assert failed' "$folder/log" && grep -q 'Status: FAILED' "$folder/log"; then
        echo "refuted: $file $change"
    else
        echo "NOT REFUTED: $file $change"
        wrong=1
    fi
}

for sizes in '20 16' '34 20' '12 16' '16 16' '3 2'; do
    prove 3 prove_saturate IN_BITS="${sizes% *}" OUT_BITS="${sizes#* }"
done
# Shifts of three kinds of job in bytes, the first in the lowest.
prove 6 prove_circ_output
prove 6 prove_circ_output KINDS=1
prove 6 prove_circ_output KINDS=3 ACCUMULATOR_SHIFTS="32'h00090d00" OUTPUT_SHIFTS="32'h00000705"
prove 6 prove_circ_output SIGNAL_BITS=8 SUM_BITS=21 ACCUMULATOR_SHIFTS="32'h00000505" OUTPUT_SHIFTS="32'h00000001"
prove 5 prove_peephole_sum
prove 5 prove_peephole_sum SHIFT=0
prove 5 prove_peephole_sum SHIFT=10
prove 4 prove_fft_rotate BITS=5
prove 4 prove_fft_rotate BITS=5 INVERSE=1
prove 4 prove_fft_rotate BITS=5 LOG2_M=4 COS=15137 SIN=6270
for cycles in 1 2 5; do
    prove 6 prove_valid_delay CYCLES=$cycles
done
for beats in 1 4 5 16; do
    prove 2 prove_stream_check BEATS=$beats
done
prove 2 prove_row_counter
prove 2 prove_row_counter BLOCK_ROWS=1 BLOCKS=4 ROWS=4
prove 2 prove_row_counter BLOCK_ROWS=4 BLOCKS=2 ROWS=7
prove 4 prove_vector_buffer
prove 4 prove_vector_buffer WRITE_LANES=2 READ_LANES=4
prove 4 prove_vector_buffer WRITE_LANES=2 READ_LANES=2 ROWS=4
prove 2 prove_frame_fifo
prove 2 prove_frame_fifo ROWS=1
prove 2 prove_frame_fifo ROWS=4 FRAMES=3
prove 2 prove_ring_control
prove 2 prove_ring_control HAS_INPUT_JOB=0 N_JOBS=1 STREAMS=1 PRIME_ROWS=1
prove 2 prove_ring_control HAS_INPUT_JOB=0 N_JOBS=3 ORDER="6'b011000" STREAMS=1
for n in 5 2; do # 3 beats, the last half full; 1 beat
    prove 3 prove_axi_frames_in N=$n
    prove 3 prove_axi_frames_out N=$n
done
prove 3 prove_axi_lite
prove 3 prove_event_counters

fault 3 saturate.v 's/IN_BITS-1:OUT_BITS-1\]/IN_BITS-1:OUT_BITS]/;s/IN_BITS-OUT_BITS:0/IN_BITS-OUT_BITS-1:0/' prove_saturate
fault 3 saturate.v 's/o_hit  <= ~fits/o_hit  <= ~fits \& (i_data != 1 << OUT_BITS)/' prove_saturate
fault 7 circ_output.v 's/(SUM_SHIFT - 8.d1)/SUM_SHIFT/' prove_circ_output
fault 7 circ_output.v 's/i_kind (wide_kind)/i_kind (round_kind)/' prove_circ_output
fault 7 shift_align.v 's/<< UP/<< (UP >> 1)/' prove_circ_output
fault 7 shift_align.v 's/MOST-LEAST+1{i_data\[BITS-1\]/MOST-LEAST+1{1'"'b0"'/' prove_circ_output
fault 5 peephole_sum.v 's/(SHIFT - 1);/SHIFT;/' prove_peephole_sum
fault 5 gate_sum.v 's/SUM_BITS = TERM_BITS + 1/SUM_BITS = TERM_BITS/;s/{i_terms\[TERM_BITS-1\], i_terms}/i_terms/' prove_peephole_sum
fault 5 fft_rotate.v 's/re_five_q <<< 8/re_five_q <<< 7/' prove_fft_rotate BITS=5
fault 5 fft_rotate.v 's/SIN = COSINES\[16\*(16-STEP)/SIN = COSINES[16*(15-STEP)/' prove_fft_rotate BITS=5 LOG2_M=4 COS=15137 SIN=6270
fault 5 valid_delay.v 's/rst ? {BITS\*CYCLES{1.b0}} : //' prove_valid_delay
fault 7 stream_check.v 's/o_misframed | (i_last ^ is_last)/o_misframed | (i_last \& ~is_last)/' prove_stream_check
fault 7 row_counter.v 's/~o_ends & (is_past_q | o_is_last)/~o_ends \& is_past_q/' prove_row_counter
fault 5 vector_buffer.v 's/select_q    <= i_read_address/select_q    <= ~i_read_address/' prove_vector_buffer
fault 5 vector_buffer.v 's/== OWN/!= OWN/' prove_vector_buffer WRITE_LANES=2 READ_LANES=4
fault 8 frame_fifo.v 's/has_two : |stored_q/has_two : (|stored_q) | i_write/' prove_frame_fifo BEAT_BITS=1
fault 6 frame_fifo.v 's/i_read_address  (head_d)/i_read_address  (head_q)/' prove_frame_fifo BEAT_BITS=1
fault 4 frame_fifo.v 's/o_room = reserved_q != ALL_FRAMES/o_room = 1/' prove_frame_fifo ROWS=1
fault 7 ring_control.v 's/has_input & i_output_room & ~is_stale_q/has_input \& ~is_stale_q/' prove_ring_control
fault 9 ring_control.v 's/is_fed_q ? DISCARD : PRIME/PRIME/' prove_ring_control PRIME_ROWS=1
fault 9 ring_control.v 's/discards & (stream_q == LAST_STREAM)/discards/' prove_ring_control PRIME_ROWS=1
fault 9 ring_control.v 's/i_vector_filled & ~discarded_q/i_vector_filled/' prove_ring_control PRIME_ROWS=1
fault 7 ring_control.v 's/row_q == LAST_ROW) begin/1) begin/' prove_ring_control
fault 6 axi_frames_in.v 's/& is_open & s_axis_tvalid/\& s_axis_tvalid/' prove_axi_frames_in
fault 6 axi_frames_in.v 's/phase_q == PASS) & (takes | ~is_first)/phase_q == PASS) \& ~is_first/' prove_axi_frames_in
fault 6 axi_frames_in.v 's/is_whole & (phase_q == PASS)/is_whole/' prove_axi_frames_in
fault 6 axi_frames_out.v 's/has_room = ~m_axis_tvalid | m_axis_tready/has_room = 1/' prove_axi_frames_out
fault 6 axi_frames_out.v 's/~is_first & ~(fills & is_last)/~is_first/' prove_axi_frames_out
fault 6 axi_lite.v 's/has_address_q & has_data_q & ~s_axi_bvalid/has_address_q \& has_data_q/' prove_axi_lite
fault 6 axi_lite.v 's/is_empty | (is_whole & i_write_known)/is_whole \& i_write_known | ~i_write_known/' prove_axi_lite
fault 12 event_counters.v 's/ & ~(&count_q)//' prove_event_counters
exit $wrong
