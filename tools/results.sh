#!/bin/sh
# Real speech, the whole job: an4 and timit-sample from ../shared/speech (or $1), into results/.
# docs/results.md is written from what this leaves. About an hour on 2 cores; every step is skipped
# when its result is there. SPDX-License-Identifier: Apache-2.0
set -eu
cd "$(dirname "$0")/.."
speech=${1:-../shared/speech}
ernn=build/cli/ernn
[ -d "$speech/an4" ] || { echo "results: $speech/an4: no such corpus; give the folder of the corpora" >&2; exit 1; }

# timed NAME COMMAND...: runs once, notes the seconds in $run/seconds.txt.
timed() {
    name=$1
    shift
    started=$(date +%s)
    "$@"
    echo "$name $(($(date +%s) - started))" >>"$run/seconds.txt"
}

evaluate() {
    [ -e "$run/$1.json" ] || $ernn eval "$run/$1.safetensors" --data "$test" --json >"$run/$1.json.part"
    [ -e "$run/$1.json" ] || mv "$run/$1.json.part" "$run/$1.json"
    echo "$run $1: $(sed -n 's/^ *"per": *\([0-9.]*\).*/PER \1 %/p' "$run/$1.json" | head -n 1)"
}

# job RUN TRAIN DEV TEST SPEC BLOCKS EPOCHS ROUNDS FINETUNE DEVICE PES BATCH RATE ADMM_RATE
job() {
    run=results/$1 train=$2 dev=$3 test=$4 spec=$5 blocks=$6
    epochs=$7 rounds=$8 finetune=$9
    shift 9
    device=$1 pes=$2 batch=$3 rate=$4 admm_rate=$5
    mkdir -p "$run"
    [ -e "$run/dense.safetensors" ] || timed dense $ernn train --data "$train" --dev "$dev" \
        --spec "$spec" --epochs "$epochs" --batch "$batch" --lr "$rate" -o "$run/dense.safetensors"
    evaluate dense
    [ -e "$run/circulant.safetensors" ] || timed admm $ernn train --method admm --data "$train" \
        --dev "$dev" --from "$run/dense.safetensors" --blocks "$blocks" --rounds "$rounds" \
        --epochs "$finetune" --batch "$batch" --lr "$admm_rate" -o "$run/circulant.safetensors"
    evaluate circulant
    [ -e "$run/fixed.safetensors" ] || timed quantize $ernn quantize "$run/circulant.safetensors" \
        --data "$train" -o "$run/fixed.safetensors" --json >"$run/quantize.json"
    evaluate fixed
    [ -d "$run/accelerator" ] || timed generate $ernn generate "$run/fixed.safetensors" \
        --device "$device" --pes "$pes" --data "$test" --frames 400 -o "$run/accelerator"
    [ -s "$run/simulate.json" ] || timed simulate $ernn simulate "$run/accelerator" --json >"$run/simulate.json"
    [ -s "$run/synth.json" ] || timed synth $ernn synth "$run/accelerator" --json >"$run/synth.json"
    $ernn report "$run"
    # The rival: the same structure from random k-vectors, at the epochs of both trainings together.
    [ -e "$run/direct.safetensors" ] || timed direct $ernn train --method circulant --data "$train" \
        --dev "$dev" --spec "$spec" --blocks "$blocks" --epochs $((epochs + rounds + finetune)) \
        --batch "$batch" --lr "$rate" -o "$run/direct.safetensors"
    evaluate direct
}

job timit-sample "$speech/timit-sample/TRAIN" "$speech/timit-sample/TEST" "$speech/timit-sample/TEST" \
    gru:128 4 200 24 100 xc7a100t 24 2 4e-3 2e-3
job an4 "$speech/an4/train" "$speech/an4/dev" "$speech/an4/test" gru:256,256 8 24 8 24 xc7vx690t 64 8 2e-3 2e-3
