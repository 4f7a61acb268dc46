"""Tiny corpora for tests of the command: tones as phones, as a TIMIT tree.
SPDX-License-Identifier: Apache-2.0
"""
import math
import pathlib
import random
import struct
import wave

RATE = 16000
TONES = {"aa": 700, "iy": 2300, "s": 5000, "m": 250, "uw": 400}


def write_wav(path, samples):
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(b"".join(struct.pack("<h", s) for s in samples))


def utterance(rng):
    """Samples and PHN lines of a few tones between silences."""
    samples, lines = [], []
    phones = ["h#"] + [rng.choice(list(TONES)) for _ in range(rng.randint(3, 6))] + ["h#"]
    for phone in phones:
        begin, length = len(samples), rng.randint(1600, 3200)
        tone = TONES.get(phone)
        for i in range(length):
            value = 8000 * math.sin(2 * math.pi * tone * i / RATE) if tone else 0
            samples.append(int(value + rng.gauss(0, 60)))
        lines.append(f"{begin} {begin + length} {phone}")
    return samples, lines


def make(root, speakers, sentences, seed):
    """root/DR1/SPEAKER/SXn.{WAV,PHN}; returns the folder."""
    rng = random.Random(seed)
    for speaker in range(speakers):
        folder = pathlib.Path(root) / "DR1" / f"FAA{speaker}"
        folder.mkdir(parents=True)
        for number in range(sentences):
            samples, lines = utterance(rng)
            write_wav(folder / f"SX{number}.WAV", samples)
            (folder / f"SX{number}.PHN").write_text("\n".join(lines) + "\n")
    return pathlib.Path(root)
