#!/bin/sh
# The Verilated model of a generated project behind AXI pins, as a shared library.
# axi_build.sh TESTS PROJECT BYTES OUTPUT_BYTES: makes PROJECT/axi/libaxi.so. SPDX-License-Identifier: Apache-2.0
set -eu
tests=$1 project=$2 bytes=$3 output_bytes=$4
cd "$project"
mkdir -p axi
verilator --cc --exe --build -j 2 -Wno-fatal -Wno-lint -Wno-style -CFLAGS "-fPIC -O0 -I$tests" -LDFLAGS -shared \
    -MAKEFLAGS "OPT_FAST=-O1 OPT_SLOW=-O0 OPT_GLOBAL=-O0" --top-module axi_harness -GBYTES="$bytes" -GOUTPUT_BYTES="$output_bytes" --Mdir axi/obj \
    -y rtl -y "$tests" "$tests/axi_harness.v" "$tests/axi_shim.cpp" -o ../libaxi.so >axi/build.log 2>&1 || { cat axi/build.log; exit 1; }
