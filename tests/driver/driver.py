#!/usr/bin/env python3
# The C driver of a generated project against a register model of its accelerator, as C99 under the
# sanitizers: driver.py WRITER RTL. Weight files are taken apart and put together here, with zlib's
# checksum. SPDX-License-Identifier: Apache-2.0
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

writer, rtl = sys.argv[1:3]
tests = os.path.dirname(os.path.abspath(__file__))
WARNINGS = ['-std=c99', '-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Wsign-conversion', '-Wshadow',
            '-Werror']


def write(path, spec, inputs, blocks, pes, signal_bits, weight_bits, seed):
    subprocess.run([writer, spec, inputs, blocks, 'xc7vx690t', pes, signal_bits, weight_bits, '4', seed, rtl,
                    path], check=True)


def split(data):
    magic, version, geometry, model, n, size, crc = struct.unpack('<4s6I', data[:28])
    assert magic == b'ERNW' and version == 1 and len(data) == 28 + size
    assert zlib.crc32(data[:24] + data[28:]) == crc
    units, at = [], 28
    while at < len(data):
        code, width, words = struct.unpack('<HHI', data[at:at + 8])
        end = at + 8 + (width * words + 3) // 4 * 4
        units.append(data[at:end])
        at = end
    assert len(units) == n
    return geometry, model, units


def join(geometry, model, units, version=1):
    body = b''.join(units)
    head = struct.pack('<4s5I', b'ERNW', version, geometry, model, len(units), len(body))
    return head + struct.pack('<I', zlib.crc32(head + body)) + body


# Files that must be refused, each for a reason of its own.
def write_files(folder, other):
    geometry, model, units = split(open(folder + '/mem/weights.bin', 'rb').read())
    assert join(geometry, model, units) == open(folder + '/mem/weights.bin', 'rb').read()
    code, width, words = struct.unpack('<HHI', units[0][:8])
    files = {
        'geometry': open(other + '/mem/weights.bin', 'rb').read(),
        'version': join(geometry, model, units, 2),
        'missing': join(geometry, model, units[:-1]),
        'twice': join(geometry, model, units[:-1] + units[:1]),
        'short': join(geometry, model, [units[0][:4] + struct.pack('<I', words - 4) + units[0][8:-4 * width]] +
                      units[1:]),
        'state': join(geometry, model, [struct.pack('<H', 7) + units[0][2:]] + units[1:]),
        'huge': join(geometry, model, [units[0][:4] + b'\xff\xff\xff\xff' + units[0][8:]] + units[1:]),
        'zip': b'PK\3\4' + bytes(40),
    }
    for name, data in files.items():
        open(f'{folder}/{name}.bin', 'wb').write(data)


def write_units(folder):
    header = open(folder + '/driver/ernn_registers.h').read()
    rows = re.findall(r'#define ERNN_UNIT_(\w+?) +(\w+)u\n#define ERNN_UNIT_\w+_WORDS +(\w+)u', header)
    with open(folder + '/units.c', 'w') as out:
        out.write('#include "fake_core.h"\nconst fake_unit FAKE_UNITS[] = {\n')
        for name, code, words in rows:
            out.write(f'    {{{code}, {words}, "{name.lower()}"}},\n')
        out.write(f'}};\nconst int FAKE_N_UNITS = {len(rows)};\n')


def build_and_run(folder):
    driver = folder + '/driver'
    sources = [f'{driver}/{name}' for name in ('ernn_accelerator.c', 'ernn_weights.c')]
    for source in sources:  # by itself, as for a machine without an operating system
        subprocess.run(['cc', '-ffreestanding', '-fsyntax-only'] + WARNINGS + [source], check=True)
    subprocess.run(['cc', '-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'] + WARNINGS +
                   ['-I', driver, '-I', tests, '-o', folder + '/test', folder + '/units.c'] + sources +
                   [f'{tests}/driver.c', f'{tests}/fake_core.c'], check=True)
    subprocess.run([folder + '/test', folder], check=True)


root = tempfile.mkdtemp(prefix='ernn-driver-')
try:
    for name, network in (('lstm', ('lstm:8p4+peephole/gru:6', '5', '2', '14', '16', '12')),
                          ('gru', ('gru:9+reset_before', '3', '4', '4', '11', '7'))):
        folder, other = f'{root}/{name}', f'{root}/{name}-other'
        write(folder, *network, '1')
        write(other, *(network[:1] + ('4',) + network[2:]), '1')
        write_files(folder, other)
        write_units(folder)
        build_and_run(folder)
finally:
    shutil.rmtree(root)
