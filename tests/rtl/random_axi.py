#!/usr/bin/env python3
"""The AXI top of random networks through every scenario of axi.c, ten courses of stalls each. Not in
test.sh: each network is built anew.

    random_axi.py AXI SOURCE_ROOT FOLDER [--count N] [--first SEED]

A failure prints the line that repeats it. SPDX-License-Identifier: Apache-2.0
"""
import argparse
import os
import random
import subprocess
import sys


def layer(rng):
    n = rng.randint(1, 20)
    if rng.random() < 0.5:
        return f'gru:{n}' + rng.choice(['', '+reset_before'])
    projection = f'p{rng.randint(1, n)}' if rng.random() < 0.5 else ''
    return f'lstm:{n}{projection}' + rng.choice(['', '+peephole'])


def configuration(seed):
    rng = random.Random(seed)
    layers = [layer(rng) for _ in range(rng.choice([1, 1, 2]))]
    spec = '/'.join(layers) + rng.choice(['', '', '/output'])
    # More elements than needed are left out.
    return [spec, str(rng.randint(1, 30)), str(rng.choice([1, 2, 4, 8, 16])), '0',
            str(rng.choice([8, 9, 12, 16, 18])), str(rng.choice([4, 8, 12, 16])), str(seed), '10']


parser = argparse.ArgumentParser()
parser.add_argument('axi')
parser.add_argument('root')
parser.add_argument('folder')
parser.add_argument('--count', type=int, default=20)
parser.add_argument('--first', type=int, default=1)
options = parser.parse_args()
failed = 0
for seed in range(options.first, options.first + options.count):
    command = [options.axi, os.path.join(options.root, 'rtl'), os.path.join(options.root, 'tests', 'rtl'),
               os.path.join(options.folder, str(seed))] + configuration(seed)
    done = subprocess.run(command, capture_output=True, text=True)
    print(seed, *configuration(seed), done.stdout.splitlines()[-1], flush=True)
    if done.returncode != 0:
        failed += 1
        print(done.stdout, done.stderr, '\nagain:', ' '.join(command), flush=True)
print(f'{options.count} networks, {failed} failed')
sys.exit(failed != 0)
