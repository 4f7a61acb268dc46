#!/bin/sh
# The cocotb bench of a generated project under Icarus: all its tests pass, and one changed word of the
# model makes one fail. cocotb.sh SOURCE_ROOT WRITER FOLDER. SPDX-License-Identifier: Apache-2.0
set -eu
root=$1 writer=$2 folder=$3
sh "$root/tools/install-cocotb.sh" "$folder/cocotb"
PATH="$folder/cocotb/bin:$PATH"
"$writer" lstm:6p3+peephole/gru:5 3 2 xc7vx690t 14 11 7 14 3 "$root/rtl" "$folder/project" output
cd "$folder/project/tb/cocotb"
verdict() {
    make >log 2>&1 || true
    grep -o 'TESTS=.*SKIP=[0-9]*' log || { cat log; exit 1; }
}
said=$(verdict)
echo "$said"
case $said in
'TESTS=4 PASS=4 FAIL=0 SKIP=0') ;;
*) cat log; exit 1 ;;
esac
sed -i '1s/^\(..\)./\1'"$(head -c 3 ../expected.hex | tail -c 1 | tr 0-9a-f 1-9a-f0)"'/' ../expected.hex
said=$(verdict)
echo "$said"
case $said in
'TESTS=4 PASS=3 FAIL=1 SKIP=0') grep -q 'frame 0: got' log ;;
*) cat log; exit 1 ;;
esac
