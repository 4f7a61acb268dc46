#!/bin/sh
# Every module by itself, and the layers in their other shapes, through Verilator with all warnings as
# errors and no waivers, Icarus with all warnings, and Yosys (elaboration and its own checks).
# lint.sh SOURCE_ROOT FOLDER. SPDX-License-Identifier: Apache-2.0
set -eu
cd "$1/rtl"
folder=$2
mkdir -p "$folder"

lint() { # MODULE [NAME=VALUE ...]
    module=$1
    shift
    verilator --lint-only -Wall -y . $(printf ' -G%s' $*) "$module.v"
}

for file in *.v; do
    module=${file%.v}
    verilator --lint-only -Wall -y . "$file"
    iverilog -g2005 -Wall -y . -s "$module" -o "$folder/icarus" "$file" >"$folder/log" 2>&1
    if [ -s "$folder/log" ]; then
        cat "$folder/log"
        exit 1
    fi
    if grep -nP '\t|[^\x00-\x7f]| $|.{101}' "$file"; then
        echo "$file: tabs, trailing spaces, bytes outside ASCII or lines over 100 columns"
        exit 1
    fi
done
for log2_k in 0 1 2 4 5 6; do
    lint rfft LOG2_K=$log2_k
    lint irfft LOG2_K=$log2_k
done
lint pwl X_FRAC=3 IS_TANH=1
lint pwl X_FRAC=15
lint circ_array LOG2_K=4 CHAINS=1 RING=3
lint lstm_layer IS_PROJECTED=1 N_OUTPUTS=20 CELL_LANES=2
lint lstm_layer IS_PROJECTED=1 N_OUTPUTS=20 STREAMS=2
lint lstm_layer IS_PEEPHOLE=0 N_CELLS=30 N_OUTPUTS=30 LANES=8 CELL_LANES=8 INPUT_LOG2_K=4 INPUT_PES=2
lint lstm_layer LANES=1 CELL_LANES=1 INPUT_LOG2_K=0 INPUT_PES=1 RECURRENT_LOG2_K=1 RECURRENT_PES=3 N_CELLS=7 N_OUTPUTS=7
lint lstm_layer LANES=1 CELL_LANES=1 INPUT_LOG2_K=0 RECURRENT_LOG2_K=0 N_INPUTS=1 N_CELLS=1 N_OUTPUTS=1
lint gru_layer IS_RESET_AFTER=0
lint gru_layer INPUT_PES=0 STREAMS=3
lint gru_layer IS_RESET_AFTER=0 LANES=8 CELL_LANES=4 INPUT_LOG2_K=4 N_CELLS=30 RECURRENT_PES=2
lint gru_layer IS_RESET_AFTER=0 LANES=1 CELL_LANES=1 INPUT_LOG2_K=0 RECURRENT_LOG2_K=0 N_INPUTS=1 N_CELLS=1
lint linear_layer LANES=1 LOG2_K=0 PES=24
lint axi_shell LANES=1 SIGNAL_BITS=18 N_INPUTS=1 N_OUTPUTS=1 N_LAYERS=1
lint axi_shell LANES=16 SIGNAL_BITS=8 N_INPUTS=153 N_OUTPUTS=512 N_LAYERS=8
for top in axi_shell lstm_layer gru_layer linear_layer; do
    yosys -q -p "read_verilog *.v; hierarchy -check -top $top; proc; check -assert"
done
echo "PASS"
