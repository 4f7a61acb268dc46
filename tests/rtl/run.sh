#!/bin/sh
# One bench run: run.sh SIMULATOR VECTORS SOURCE_ROOT FOLDER BENCH DUT KIND [key=value ...]
#
# SIMULATOR is icarus or verilator. Vectors are written and the bench is built and run in FOLDER.
# Exit 0 when the bench prints PASS and nothing that looks like a warning. With a flip=N key the
# bench must fail instead: that is what shows that it can.
# SPDX-License-Identifier: Apache-2.0
set -eu
simulator=$1 vectors=$2 root=$3 folder=$4 bench=$5 dut=$6 kind=$7
shift 7
rm -rf "$folder"
mkdir -p "$folder"
"$vectors" "$kind" "$folder" "$@"
cd "$folder"
tests=$root/tests/rtl
sources="$tests/$bench.v"
[ "$dut" = - ] || sources="$sources $tests/$dut.v"
case $simulator in
icarus)
    iverilog -g2005 -Wall -Wno-timescale -I . -y "$root/rtl" -s "$bench" -o bench $sources
    vvp -N bench >log 2>&1 || true
    ;;
verilator)
    # The benches are not linted; the modules are, by `rtl lint`.
    verilator --binary --timing -Wno-fatal -Wno-lint -Wno-style -CFLAGS -O0 -MAKEFLAGS "OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0" --top-module "$bench" \
        -I. -y "$root/rtl" -Mdir obj -o bench $sources >build.log 2>&1 || { cat build.log; exit 1; }
    obj/bench >log 2>&1 || true
    ;;
esac
cat log
case "$*" in
*flip=*) grep -q '^FAIL' log && ! grep -q '^PASS' log ;;
*) grep -q '^PASS' log && ! grep -q -e FAIL -e WARNING -e '%Warning' log ;;
esac
