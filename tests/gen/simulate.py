#!/usr/bin/env python3
# Generated projects through Verilator, Icarus and Yosys: simulate.py CASE WRITER ERNN RTL
# Networks have random non-zero parameters and biases; the first of two sequences starts from a
# random state; every stream stalls at random. SPDX-License-Identifier: Apache-2.0
import json
import os
import shutil
import subprocess
import sys
import tempfile

case, writer, ernn, rtl = sys.argv[1:5]
folder = tempfile.mkdtemp(prefix='ernn-gen-')


def check(is_true, text):
    if not is_true:
        sys.exit(f'{case}: {text}')


def write(name, spec, inputs, blocks, pes, signal_bits=16, weight_bits=12, frames=110, seed=1,
          device='xc7vx690t', output=False, streams=1, labels=5):
    path = os.path.join(folder, name)
    arguments = [spec, inputs, blocks, device, pes, signal_bits, weight_bits, frames, seed, rtl, path]
    more = [f'labels={labels}'] * (labels != 5) + [f'streams={streams}'] * (streams > 1) + ['output'] * output
    subprocess.run([writer] + [str(a) for a in arguments] + more, check=True)
    return path


def run(*arguments, **options):
    return subprocess.run([ernn] + list(arguments), capture_output=True, text=True, **options)


def need(tool):
    if not shutil.which(tool):
        print(f'{case}: skipped, {tool} is missing')
        sys.exit(77)


# All words equal, and cycles as modelled.
def simulate(path, *more):
    done = run('simulate', '--json', path, *more)
    check(done.returncode == 0, done.stderr + done.stdout)
    result = json.loads(done.stdout)
    print(result)
    check(result['mismatches'] == 0 and result['pass'], 'mismatches')
    check(abs(result['cycles_per_frame'] - result['modelled_cycles_per_frame']) <=
          0.02 * result['cycles_per_frame'] + 2, 'cycles per frame are not as modelled')
    check(abs(result['latency_cycles'] - result['modelled_latency_cycles']) <=
          0.02 * result['latency_cycles'] + 2, 'latency is not as modelled')
    return result


def flip(path, line, bit):
    lines = open(path).read().split('\n')
    digits = len(lines[line])
    lines[line] = f'{int(lines[line], 16) ^ 1 << bit:0{digits}x}'
    open(path, 'w').write('\n'.join(lines))


# A plain LSTM, then a GRU with the reset before its product; k = 8.
def case_plain():
    need('verilator')
    result = simulate(write('plain', 'lstm:20/gru:24+reset_before', 13, '8', 20))
    check(result['frames'] >= 100 and result['words'] == 24 * result['frames'], 'frames are missing')


# Three block sizes, peepholes, projection, two cells, the same words for any number of elements.
def case_mixed():
    need('verilator')
    spec, blocks = 'lstm:24p10+peephole/gru:18', 'input=16,recurrent=4,projection=8'
    few = write('few', spec, 9, blocks, 15, seed=3)
    many = write('many', spec, 9, blocks, 40, seed=3)
    words = [open(p + '/tb/expected.hex').read() for p in (few, many)]
    check(words[0] == words[1], 'the number of elements changes words')
    check(simulate(few)['cycles_per_frame'] > simulate(many)['cycles_per_frame'], 'not faster')


# k = 16 at the widest words; peepholes without projection, k = 4, at narrow ones.
def case_wide():
    need('verilator')
    simulate(write('wide', 'gru:40', 20, '16', 6, 18, 16, seed=4))
    simulate(write('narrow', 'lstm:17+peephole', 7, '4', 9, 9, 5, seed=5))


# Streams whose frames come in turn: as many words, fewer cycles a frame; scores of each.
def case_streams():
    need('verilator')
    need('iverilog')
    spec, blocks = 'lstm:40p24+peephole', '8'
    one = write('one', spec, 9, blocks, 12, frames=60, seed=3)
    three = write('three', spec, 9, blocks, 12, frames=90, seed=3, streams=3)
    alone, together = simulate(one), simulate(three)
    check(together['frames'] >= 90, 'frames are missing')
    check(together['cycles_per_frame'] < 0.8 * alone['cycles_per_frame'], 'not faster')
    simulate(write('two', 'gru:11/lstm:7', 5, '4', 7, frames=24, output=True, seed=4, streams=2), '--tool', 'icarus')
    flip(f'{three}/tb/states.hex', 30, 5)  # y of the second stream, from its first frame on
    done = run('simulate', three)
    print(done.returncode, done.stderr)
    check(done.returncode == 1 and 'frame 1, ' in done.stderr, 'the state of another stream')
    done = subprocess.run([writer, 'gru:8+reset_before', '4', '4', 'xc7vx690t', '7', '16', '12', '4', '1', rtl,
                           os.path.join(folder, 'before'), 'streams=2'], capture_output=True, text=True)
    check(done.returncode == 1 and 'reset before' in done.stderr, done.stderr)


def case_icarus():
    need('iverilog')
    path = write('icarus', 'gru:8', 4, '4', 4, frames=10)
    simulate(path, '--tool', 'icarus')
    simulate(write('dense', 'lstm:3', 2, '1', 8, frames=10), '--tool', 'icarus')


# The output layer behind the stack: 5 scores in beats of one word from beats of 8, 4 and 1.
def case_output():
    need('verilator')
    need('iverilog')
    wide = write('wide', 'lstm:9p9+peephole/gru:11', 7, '8', 8, frames=60, output=True, seed=2)
    result = simulate(wide)
    check(result['words'] == 5 * result['frames'], 'not scores')
    simulate(write('narrow', 'gru:7', 3, '4', 4, 13, 9, frames=24, output=True), '--tool', 'icarus')
    simulate(write('dense', 'lstm:3', 2, '1', 8, frames=10, output=True), '--tool', 'icarus')
    # Circulant: its blocks larger and smaller than the last layer's and than a beat.
    for name, spec, blocks, labels in (('large', 'gru:9', '4,output=16', 39), ('small', 'lstm:7', '8,output=2', 39),
                                       ('one', 'gru:5', '4,output=8', 5)):
        path = write(name, spec, 3, blocks, 4, frames=16, output=True, seed=5, labels=labels)
        result = simulate(path, '--tool', 'icarus')
        check(result['words'] == labels * result['frames'], 'not scores')
    bad = os.path.join(folder, 'bad')
    shutil.copytree(os.path.join(folder, 'narrow'), bad)
    for file, line, place in (('output_weights', 9, 'layer 1, signal output_product'),
                              ('output_bias', 2, 'layer 1, signal scores, frame 0, index 2')):
        flip(f'{bad}/mem/{file}.hex', line, 5)
        done = run('simulate', '--tool', 'icarus', bad)
        print(done.returncode, done.stderr)
        check(done.returncode == 1 and place in done.stderr, f'{file}: fault not placed')
        flip(f'{bad}/mem/{file}.hex', line, 5)


def words(path):
    return [int(line, 16) for line in open(path).read().split()]


# Bytes for ernn_bytes: the load bus as the bench plays it, states, frames; how many answers must be
# there before each; the answers.
def byte_files(path, place):
    facts = json.load(open(path + '/manifest.json'))
    options = dict(o.split('=') for o in facts['options'].split() if '=' in o)
    bits = int(options['signal_bits'])
    size = (bits + 7) // 8
    load, frames = [], words(path + '/tb/stimulus.hex')
    bench = open(path + '/tb/ernn_bench.v').read()
    for line in bench.split('\n'):
        if '$readmemh("' in line and 'load_words' in line:
            load += words(f'{path}/' + line.split('"')[1])
    units = [(u >> 64, u >> 32 & 0xffffffff, u & 0xffffffff) for u in words(path + '/tb/units.hex')]
    sequences = [(s >> 32, s & 0xffffffff) for s in words(path + '/tb/sequences.hex')]
    n_weights = int(bench.split('WEIGHT_UNITS  = ')[1].split(';')[0])
    n_states = int(bench.split('STATE_UNITS   = ')[1].split(';')[0])
    per_frame = len(frames) // facts['frames']
    sent, waits, answers = [], [], 0

    def send(data):
        sent.extend(data)
        waits.extend([answers] * len(data))

    def send_units(first, n):
        for code, begin, count in units[first:first + n]:
            send(bytes([1, code]) + count.to_bytes(3, 'little'))
            for word in load[begin:begin + count]:
                send(word.to_bytes(4, 'little'))

    def signed(word):
        return (word ^ 1 << bits - 1) - (1 << bits - 1)

    send_units(0, n_weights)
    at = 0
    for count, state in sequences:
        send(b'\x03')
        if state != 0xffffffff:
            send_units(state, n_states)
        for frame in range(at, at + count):
            send(b'\x02')
            for word in frames[frame * per_frame:(frame + 1) * per_frame]:
                send((signed(word) % (1 << 8 * size)).to_bytes(size, 'little'))
        at += count
        answers += count * facts['output_words'] * size
    expected = b''.join((signed(w) % (1 << 8 * size)).to_bytes(size, 'little')
                        for w in words(path + '/tb/expected.hex'))
    for name, values, digits in (('in', sent, 2), ('waits', waits, 8), ('out', expected, 2)):
        open(f'{place}/{name}.hex', 'w').write('\n'.join(f'{v:0{digits}x}' for v in values) + '\n')
    return len(sent), len(expected)


# The 24-pin shell: weights, states and frames as bytes, with the output layer and without, words of
# two bytes and of three. A flipped byte must be seen.
def case_bytes():
    need('iverilog')
    bench = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'tb_bytes.v')
    for name, spec, blocks, bits, output in (('scores', 'gru:7', '4', 13, True), ('y', 'lstm:5', '2', 18, False)):
        path = write(name, spec, 3, blocks, 4, bits, 9, frames=12, output=output)
        place = os.path.join(folder, 'bytes')
        os.makedirs(place, exist_ok=True)
        n_in, n_out = byte_files(path, place)
        subprocess.run(['iverilog', '-g2005', '-s', 'tb_bytes', '-o', 'tb', f'-Ptb_bytes.N_IN={n_in}',
                        f'-Ptb_bytes.N_OUT={n_out}', '-y', path + '/rtl', bench], cwd=place, check=True)
        log = subprocess.run(['vvp', '-N', 'tb'], cwd=place, capture_output=True, text=True).stdout
        print(name, log)
        check('PASS' in log, f'{name}: wrong bytes')
        flip(place + '/in.hex', n_in - 2, 3)
        log = subprocess.run(['vvp', '-N', 'tb'], cwd=place, capture_output=True, text=True).stdout
        check('FAIL' in log and 'mismatch byte' in log, f'{name}: fault not caught')


# Each fault must end in exit 1 and be named.
def case_negative():
    need('iverilog')
    path = write('good', 'lstm:8+peephole', 5, '4', 6, frames=12)
    simulate(path, '--tool', 'icarus')
    faults = {
        'weight': ('mem/l0_recurrent_weights.hex', 37, 6, 'signal recurrent_product'),
        'bias': ('mem/l0_bias.hex', 11, 9, 'signal c'),
        'input': ('tb/stimulus.hex', 17, 10, 'signal x, frame 3, index 2'),
        'expected': ('tb/expected.hex', 43, 0, 'tb/expected.hex'),
        'state': ('tb/states.hex', 3, 9, 'signal recurrent_product, frame 0'),
    }
    for name, (file, line, bit, place) in faults.items():
        bad = os.path.join(folder, name)
        shutil.copytree(path, bad)
        flip(os.path.join(bad, file), line, bit)
        done = run('simulate', '--tool', 'icarus', bad)
        print(name, done.returncode, done.stderr)
        check(done.returncode == 1 and 'FAIL' in done.stdout, f'{name}: fault not caught')
        check('bench: mismatch' in done.stderr, f'{name}: no first mismatch')
        check(place in done.stderr, f'{name}: place not named')
        check(file in done.stderr, f'{name}: changed file not named')


def case_tools():
    path = write('tools', 'gru:8', 4, '4', 4, frames=4)
    model = write('model.safetensors', 'gru:64,64', 80, '8', 6)
    empty = {'PATH': '/nonexistent'}
    for arguments, package in ((['simulate', path], 'verilator'),
                               (['simulate', path, '--tool', 'icarus'], 'iverilog'),
                               (['synth', path], 'yosys')):
        done = run(*arguments, env=empty)
        check(done.returncode == 1 and done.stderr.count('\n') == 1 and
              f'apt-get install {package}' in done.stderr, f'{arguments}: {done.stderr}')
    done = run('place', '--device', 'ecp5-85f', path, env=empty)
    check(done.returncode == 1 and done.stderr.count('\n') == 1 and 'tools/install-ecp5.sh' in done.stderr,
          f'place: {done.stderr}')
    done = run('place', path)
    check(done.returncode == 2 and 'xc7vx690t' in done.stderr and 'synthesised only' in done.stderr,
          f'place: {done.stderr}')
    out = os.path.join(folder, 'out')
    for arguments, code, text in (
            (['--device', 'ice40-up5k', '-o', out], 1, 'ice40-up5k'),
            (['--device', 'xc7vx690t', '--pes', '1000', '-o', out], 1, 'block rows'),
            (['--device', 'xc7vx690t', '--pes', '3', '-o', out], 1, 'chains'),
            (['--device', 'nothing', '-o', out], 2, 'nothing'),
            (['--device', 'xc7vx690t', '--rtl', folder, '-o', out], 1, 'no hand-written files'),
            (['--device', 'xc7vx690t', '-o', path], 1, '--force')):
        done = run('generate', model, *arguments)
        check(done.returncode == code and text in done.stderr and done.stderr.count('\n') == 1,
              f'{arguments}: {done.returncode} {done.stderr}')
        check(not os.path.exists(out), f'{arguments}: half-written output')
    check(not [f for f in os.listdir(folder) if '.tmp' in f], 'a temporary folder is left')
    done = run('generate', model, '--device', 'xc7vx690t', '--frames', '5', '-o', out)
    check(done.returncode == 0 and os.path.exists(out + '/manifest.json'), done.stderr)
    for name in os.listdir(rtl):
        if name.endswith('.v'):
            check(open(f'{rtl}/{name}').read() == open(f'{out}/rtl/{name}').read(), f'{name} changed')


# Cells of a tiny network: DSPs exactly as modelled, the rest within a stated band.
def case_synth():
    need('yosys')
    path = write('synth', 'gru:8', 4, '4', 4, frames=4, device='xc7a100t')
    done = run('synth', '--json', path)
    check(done.returncode == 0, done.stderr)
    result = json.loads(done.stdout)
    print(result)
    check(result['stage'] == 'synthesis only', 'not labelled')
    check(result['dsp'] > 0 and result['dsp'] == result['modelled_dsp'], 'DSP is not as modelled')
    for resource in ('lut', 'ff'):
        check(abs(result[resource] / result['modelled_' + resource] - 1) < 0.2,
              f'{resource} is far from the model')


try:
    globals()['case_' + case]()
finally:
    shutil.rmtree(folder)
