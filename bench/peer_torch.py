"""The peer of bench/training: the same network, loss and update in PyTorch, one thread.

    peer_torch.py KIND BATCH        KIND: lstm (2 x 1024, projection 512) or gru (2 x 256)

Prints one line when it is ready, then for every line read runs one update and prints its seconds.
nn.LSTM with proj_size and nn.GRU run over the whole sequence; frame cross-entropy, gradients clipped
to a norm of 5, Adam in its multi-tensor form; denormals flushed.
SPDX-License-Identifier: Apache-2.0
"""
import sys
import time

import torch

N_INPUTS, N_LABELS, N_FRAMES = 153, 62, 300


def main():
    kind, batch = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    if kind == "lstm":
        layers, width = torch.nn.LSTM(N_INPUTS, 1024, 2, proj_size=512), 512
    else:
        layers, width = torch.nn.GRU(N_INPUTS, 256, 2), 256
    output = torch.nn.Linear(width, N_LABELS)
    parameters = [*layers.parameters(), *output.parameters()]
    adam = torch.optim.Adam(parameters, lr=1e-4, foreach=True)
    x = torch.randn(N_FRAMES, batch, N_INPUTS)
    labels = torch.randint(0, N_LABELS, (N_FRAMES * batch,))

    def update():
        adam.zero_grad(set_to_none=True)
        states, _ = layers(x)
        logits = output(states).view(N_FRAMES * batch, N_LABELS)
        torch.nn.functional.cross_entropy(logits, labels).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 5)
        adam.step()

    update()  # warms up
    print("ready", torch.__version__, flush=True)
    for _ in sys.stdin:
        begin = time.perf_counter()
        update()
        print(f"{time.perf_counter() - begin:.9f}", flush=True)


main()
