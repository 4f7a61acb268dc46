#!/bin/sh
# The main job: from sentences to a simulated, synthesised accelerator, every step a verb of ernn.
# Leaves everything in demo/, the figures in demo/result.json. SPDX-License-Identifier: Apache-2.0
set -eu
cd "$(dirname "$0")"
sh tools/install.sh
[ -d build ] || meson setup build >/dev/null
ninja -C build -v >build/ninja.log 2>&1 || { tail -n 20 build/ninja.log; exit 1; }
ernn=build/cli/ernn
run=demo
device=xc7a100t
rm -rf "$run"
mkdir "$run"

say() {
    printf '\n== %s\n' "$*"
}

# One top-level field of a JSON file that ernn wrote.
field() {
    sed -n "s/^  \"$2\": \"\{0,1\}\([^\"]*[^\",]\)\"\{0,1\},\{0,1\}\$/\1/p" "$1"
}

say "1. A corpus in TIMIT's layout from our own sentences"
$ernn corpus make -o $run/corpus --sentences 400 --test-sentences 60 --seed 1

say "2. Explore: which cell, block sizes, word lengths and parallelism keep the accuracy on $device?"
$ernn explore --data $run/corpus/TRAIN --device $device --spec lstm:96,96 --max-loss 6 \
    --epochs 20 --rounds 8 --finetune 16 --batch 4 --lr 6e-3 --admm-lr 4e-3 --dropout 0.1 \
    --admm-target nearest -o $run/explore
cp $run/explore/explore.json $run/
spec=$(field $run/explore.json spec)
blocks=$(field $run/explore.json blocks)
weight_bits=$(field $run/explore.json weight_bits)
signal_bits=$(field $run/explore.json signal_bits)
pes=$(field $run/explore.json pes)

say "3. Train the chosen network, dense: $spec"
$ernn train --data $run/corpus/TRAIN --spec "$spec" --epochs 24 \
    --batch 4 --lr 6e-3 --dropout 0.1 -o $run/dense.safetensors
$ernn eval $run/dense.safetensors --data $run/corpus/TEST
$ernn eval $run/dense.safetensors --data $run/corpus/TEST --json >$run/dense.json

say "4. The same network to block-circulant by ADMM: $blocks"
$ernn train --method admm --from $run/dense.safetensors --blocks "$blocks" \
    --data $run/corpus/TRAIN --rounds 8 --epochs 24 --batch 4 --lr 4e-3 --dropout 0.1 \
    --admm-target nearest -o $run/circulant.safetensors
$ernn eval $run/circulant.safetensors --data $run/corpus/TEST
$ernn eval $run/circulant.safetensors --data $run/corpus/TEST --json >$run/circulant.json

say "5. Fixed point: $weight_bits-bit weights, $signal_bits-bit signals"
$ernn quantize $run/circulant.safetensors --data $run/corpus/TRAIN --weight-bits "$weight_bits" \
    --signal-bits "$signal_bits" -o $run/fixed.safetensors --json >$run/quantize.json
$ernn eval $run/fixed.safetensors --data $run/corpus/TEST
$ernn eval $run/fixed.safetensors --data $run/corpus/TEST --json >$run/fixed.json

say "6. Verilog for $device with $pes processing elements"
$ernn generate $run/fixed.safetensors --device $device --pes "$pes" --data $run/corpus/TEST \
    --frames 400 -o $run/accelerator

say "7. Simulate real test utterances, bit for bit"
$ernn simulate $run/accelerator
$ernn simulate $run/accelerator --json >$run/simulate.json

say "8. Synthesise (synthesis only, no place and route)"
$ernn synth $run/accelerator --json >$run/synth.json

say "9. Recognise one test utterance with the integer network"
utterance=$(find $run/corpus/TEST -name '*.WAV' | sort | head -n 1)
cat "${utterance%.WAV}.TXT"
$ernn recognize $run/fixed.safetensors "$utterance"

say "10. Report: $run/report.html, $run/report.json"
$ernn report $run
cp $run/report.json $run/result.json
