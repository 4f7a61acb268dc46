#!/bin/sh
# Installs what is missing, builds twice (optimised; debug under ASan and UBSan) and runs every test.
# SPDX-License-Identifier: Apache-2.0
set -eu
cd "$(dirname "$0")"
sh tools/install.sh
# MPI is optional for a build, not for its tests.
[ -d build ] || meson setup build -Dmpi=enabled >/dev/null
ninja -C build
# What the sanitizers add is the C code; benches of hardware tools run once, in the first build.
[ -d build-sanitize ] || meson setup build-sanitize --buildtype=debug -Doptimization=1 \
    -Db_sanitize=address,undefined -Db_lundef=false -Dmpi=enabled >/dev/null
ninja -C build-sanitize
if grep -rlE '^(<<<<<<<|>>>>>>>) ' src include cli tests docs rtl >/dev/null; then
    echo "merge markers left in the tree" >&2
    exit 1
fi
find src include cli tests bench rtl -name '*.[ch]' -print0 | xargs -0 clang-format --dry-run -Werror
status=0
meson test -C build --print-errorlogs || status=1
OMP_NUM_THREADS=2 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ASAN_OPTIONS=detect_leaks=1 \
    meson test -C build-sanitize --no-suite tools --no-suite rtl --no-suite structure --print-errorlogs || status=1
count() {
    sed -n "s/^$2: *\([0-9][0-9]*\) *$/\1/p" "$1/meson-logs/testlog.txt" | tail -1
}
total() {
    echo $(($(count build "$1") + $(count build-sanitize "$1")))
}
echo "$(total Ok) passed, $(($(total Fail) + $(total Timeout))) failed, $(total Skipped) skipped"
exit $status
