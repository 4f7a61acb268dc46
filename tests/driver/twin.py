#!/usr/bin/env python3
# The driver and the Verilated core, built by the project's own driver/Makefile: twin.py WRITER RTL.
# Peepholes and projection; then a GRU below an LSTM, with the output layer and words of three bytes in
# the streams.
# SPDX-License-Identifier: Apache-2.0
import os
import re
import shutil
import subprocess
import sys
import tempfile

writer, rtl = sys.argv[1:3]
tests = os.path.dirname(os.path.abspath(__file__))
root = tempfile.mkdtemp(prefix='ernn-twin-')
NETWORKS = {
    'lstm': ('lstm:10p7+peephole', '5', 'input=4,recurrent=2,projection=4', '9', '16', '12'),
    'stack': ('gru:5/lstm:6', '3', '2', '14', '18', '16', 'output'),
}


def write(name, seed, spec, inputs, blocks, pes, signal_bits, weight_bits, *more):
    path = os.path.join(root, name)
    subprocess.run([writer, spec, inputs, blocks, 'xc7vx690t', pes, signal_bits, weight_bits, '60', str(seed), rtl,
                    path, *more], check=True)
    header = open(path + '/driver/ernn_registers.h').read()
    return path, re.search(r'ERNN_GEOMETRY_VALUE +(\w+)', header)[1]


# Two models of one geometry (formats follow from the random weights) and one of another.
def write_three(name, network):
    seen = {}
    for seed in range(1, 20):
        path, geometry = write(f'{name}-{seed}', seed, *network)
        if geometry in seen:
            other, unlike = write(name + '-other', seed, network[0], str(int(network[1]) + 1), *network[2:])
            assert unlike != geometry
            return [path, seen[geometry], other]
        seen[geometry] = path
    sys.exit(f'{name}: no two seeds of one geometry')


def make(project, *options):
    done = subprocess.run(['make', '-s', '-C', project + '/driver', 'twin', 'OPTIMISE=-O0', *options], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return project + '/driver/build/twin'


def flip_last_digit(path):
    text = open(path).read()
    open(path, 'w').write(text[:-2] + ('1' if text[-2] == '0' else '0') + '\n')


# Files that stand for a UIO device: map N at page N.
def write_device(folder):
    page = os.sysconf('SC_PAGESIZE')
    os.makedirs(folder)
    open(folder + '/uio0', 'wb').write(bytes(3 * page))
    for number, address in enumerate((0x10000, 0x20000, 0x40000)):
        os.makedirs(f'{folder}/maps/map{number}')
        for name, value in (('addr', address), ('size', page)):
            open(f'{folder}/maps/map{number}/{name}', 'w').write(f'0x{value:08x}\n')


def check_uio(project):
    device = root + '/device'
    write_device(device)
    os.remove(project + '/driver/build/twin')
    twin = make(project, f'PROGRAM={tests}/uio.c', 'SOURCES=' + ' '.join(
        ['ernn_accelerator.c', 'ernn_weights.c', 'ernn_mapped.c', 'ernn_uio.c']),
                f'CFLAGS=-std=c99 -g -Wall -Wextra -Wpedantic -Werror -include {tests}/fake_dma.h')
    if subprocess.run([twin, project, device + '/uio0', device]).returncode:
        sys.exit('uio: failed')
    # And as it is for a board: compiled, with its own accesses.
    subprocess.run(['make', '-s', '-C', project + '/driver', 'board'], check=True)


def check_replay(project):
    os.remove(project + '/driver/build/twin')
    twin = make(project)
    for code in (0, 1):
        done = subprocess.run([twin, project], capture_output=True, text=True)
        print(done.stdout + done.stderr)
        if done.returncode != code or done.stdout.endswith('PASS\n') != (code == 0) or '60 frames' not in done.stdout:
            sys.exit('ernn_replay: wrong verdict')
        flip_last_digit(project + '/tb/expected.hex')


try:
    for name, network in NETWORKS.items():
        projects = write_three(name, network)
        twin = make(projects[0], f'PROGRAM={tests}/twin.c')
        if subprocess.run([twin] + projects).returncode:
            sys.exit(f'{name}: failed')
    check_uio(projects[0])
    check_replay(projects[0])
finally:
    shutil.rmtree(root)
