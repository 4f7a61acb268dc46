#!/bin/sh
# Simulation after synthesis: an element and transforms as Yosys maps them to xc7 cells (DSP48E1, SRL,
# carries; memories of LUTs, as Yosys has no behaviour for block RAM), with the vectors and benches of
# the RTL and Yosys's own cell models. The benches see nothing of rtl/. Then every module with
# multipliers: no DSP may be left without an operand. Faults planted before synthesis must be caught.
# netlist.sh VECTORS SOURCE_ROOT FOLDER. SPDX-License-Identifier: Apache-2.0
set -eu
vectors=$1 root=$2 folder=$3
tests=$root/tests/rtl
models=$(dirname "$(command -v yosys)")/../share/yosys/xilinx/cells_sim.v
wrong=0

bench() { # RTL_FOLDER CELLS KIND [key=value ...]: exit 0 when the netlist, which needs CELLS, passes
    rtl=$1 cells=$2 kind=$3
    shift 3
    rm -rf "$folder/run"
    mkdir -p "$folder/run"
    "$vectors" "$kind" "$folder/run" "$@"
    value() {
        sed -n "s/^localparam $1 = \([0-9]*\);/\1/p" "$folder/run/case.vh"
    }
    if [ "$kind" = circ_pe ]; then
        top=circ_pe sources="$tests/tb_circ_pe.v $tests/netlist_circ_pe.v" tb=tb_circ_pe
        parameters="-chparam DEPTH $(($(value COLUMNS) * $(value PASSES)))"
        for name in SIGNAL_BITS WEIGHT_BITS OPERANDS SUM_BITS; do
            parameters="$parameters -chparam $name $(value $name)"
        done
        read="hierarchy -libdir $rtl -top circ_pe $parameters; rename -top netlist"
        top=netlist
        read="read_verilog $rtl/circ_pe.v; $read"
    else
        top=dut sources=$tests/tb_pipe.v tb=tb_pipe
        read="read_verilog -I$folder/run $tests/dut_$kind.v; hierarchy -libdir $rtl -top dut"
    fi
    yosys -q -p "$read; synth_xilinx -family xc7 -nobram -noclkbuf -noiopad -flatten -top $top; write_verilog -noattr $folder/run/netlist.v" \
        >"$folder/run/log" 2>&1 || {
        cat "$folder/run/log"
        exit 1
    }
    for cell in $cells; do
        grep -q "^  $cell " "$folder/run/netlist.v" || {
            echo "$kind $*: no $cell in the netlist"
            exit 1
        }
    done
    (cd "$folder/run" && iverilog -g2005-sv -I . -s $tb -o bench $sources netlist.v "$models" && vvp -N bench >log 2>&1) || true
    cat "$folder/run/log"
    grep -q '^PASS' "$folder/run/log" && ! grep -q FAIL "$folder/run/log"
}

passes() { # CELLS KIND [key=value ...]
    if bench "$root/rtl" "$@"; then
        echo "netlist agrees: $*"
    else
        echo "NETLIST DIFFERS: $*"
        wrong=1
    fi
}

whole() { # MODULE [NAME=VALUE ...]
    if operands "$root/rtl" "$@"; then
        echo "every DSP has its operands: $*"
    else
        echo "A DSP WITHOUT AN OPERAND: $*"
        wrong=1
    fi
}

plant() { # FILE 's/what/becomes/': a copy of the modules with the fault
    rm -rf "$folder/rtl"
    cp -r "$root/rtl" "$folder/rtl"
    sed -i "$2" "$folder/rtl/$1"
    if cmp -s "$root/rtl/$1" "$folder/rtl/$1"; then
        echo "DOES NOT APPLY: $1 $2"
        wrong=1
        return 1
    fi
}

fault() { # FILE 's/what/becomes/' KIND [key=value ...]
    file=$1 change=$2
    shift 2
    plant "$file" "$change" || return 0
    if bench "$folder/rtl" '' "$@" || ! grep -q '^FAIL' "$folder/run/log"; then
        echo "NOT CAUGHT: $file $change"
        wrong=1
    else
        echo "caught: $file $change"
    fi
}

operands() { # RTL_FOLDER MODULE [NAME=VALUE ...]: exit 0 when every wire of the cells has a driver
    rtl=$1 module=$2
    shift 2
    parameters=
    for parameter; do
        parameters="$parameters -chparam ${parameter%%=*} ${parameter#*=}"
    done
    yosys -q -p "read_verilog $rtl/$module.v; hierarchy -libdir $rtl -top $module $parameters; \
        synth_xilinx -family xc7 -flatten -run begin:coarse -top $module; clean; \
        select -assert-min 1 t:DSP48E1; check -assert" >"$folder/log" 2>&1 || {
        grep -q "problems in 'check -assert'" "$folder/log" && return 1
        cat "$folder/log"
        exit 1
    }
}

mkdir -p "$folder"
passes DSP48E1 circ_pe operands=5
passes '' rfft log2_k=3 words=100
passes DSP48E1 irfft log2_k=4 data_bits=10 words=20
for log2_m in 4 5; do
    whole fft_merge LOG2_M=$log2_m
    whole fft_split LOG2_M=$log2_m
done
whole circ_pe RING=2
whole lstm_cell
whole gru_cell IS_RESET_AFTER=0
whole gru_cell
whole gru_reset
plant fft_split.v 's/(\* keep \*) //' || exit 1
if operands "$folder/rtl" fft_split LOG2_M=4; then
    echo "NOT CAUGHT: fft_split.v without (* keep *)"
    wrong=1
else
    echo "caught: fft_split.v without (* keep *)"
fi
fault circ_pe.v 's/product_first_q ? ZERO : own/ZERO/' circ_pe operands=2
fault fft_merge.v 's/turned_im - even_im/even_im - turned_im/' rfft log2_k=3 words=20 data_bits=8
exit $wrong
