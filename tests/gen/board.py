#!/usr/bin/python3
# What a generated project says to other tools: ernn.core (FuseSoC), constraints, README tables.
# board.py WRITER RTL. Debian's own Python, for python3-yaml. SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

TCL_STUBS = '''
proc create_clock {args} { puts "clock $args" }
proc get_ports {name} { return $name }
source [lindex $argv 0]
'''
# Every command of the packaging script that is Vivado's; any other unknown one is an error.
VIVADO_STUBS = '''
foreach name {create_project add_files set_property update_compile_order close_project
              ipx::package_project ipx::associate_bus_interfaces ipx::infer_bus_interface
              ipx::create_xgui_files ipx::update_checksums ipx::check_integrity ipx::save_core} {
  namespace eval ipx {}
  proc $name {args} "puts \\[concat $name \\$args\\]"
}
proc ipx::current_core {} { return CORE }
proc current_fileset {} { return FILESET }
proc get_files {name} { return "FILE($name)" }
set script [lindex $argv 0]
set argv [lrange $argv 1 end]
proc source_it {script} { uplevel #0 [list source $script] }
source_it $script
'''


def check(is_true, text):
    if not is_true:
        raise AssertionError(text)


def write(folder, writer, rtl, name, *network):
    path = os.path.join(folder, name)
    subprocess.run([writer] + list(network) + ['12', '1', rtl, path], check=True)
    return path


def run(command, folder, text=None):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, input=text)
    check(done.returncode == 0, f'{command[0]}: {done.stdout}{done.stderr}')
    return done.stdout + done.stderr


def all_files(project):
    return {os.path.relpath(os.path.join(base, name), project)
            for base, _, names in os.walk(project) for name in names}


# [(path, copyto or None)] of a fileset.
def entries(fileset):
    for entry in fileset['files']:
        path, options = next(iter(entry.items())) if isinstance(entry, dict) else (entry, {})
        yield path, options.get('copyto')


# "tool_icarus? (name)" holds for Icarus alone, a bare name for all.
def chosen(items, tool):
    for item in [items] if isinstance(items, str) else items:
        match = re.fullmatch(r'tool_(\w+)\? \((\w+)\)', item)
        if not match or match[1] == tool:
            yield match[2] if match else item


def check_core(project, core):
    files = all_files(project)
    check(re.fullmatch(r'ernn:accelerator:[a-z0-9_]+:\d+\.\d+\.\d+', core['name']), core['name'])
    listed = [path for fileset in core['filesets'].values() for path, _ in entries(fileset)]
    check(len(listed) == len(set(listed)), 'a file is in two filesets')
    check(set(listed) <= files, f'listed, not there: {set(listed) - files}')
    sources = {f for f in files if re.fullmatch(r'rtl/[^/]*\.v|tb/[^/]*\.(v|hex|cpp)|mem/.*\.hex|.*\.xdc', f)}
    check(sources <= set(listed), f'not listed: {sources - set(listed)}')
    check({'default', 'sim', 'lint', 'synth'} == set(core['targets']), 'targets')
    for name, target in core['targets'].items():
        for tool in ('icarus', 'verilator', 'yosys', 'vivado'):
            for fileset in chosen(target['filesets'], tool):
                check(fileset in core['filesets'], f'{name}: no fileset {fileset}')


# What FuseSoC does with a target: sources in order, run-time files copied to their places.
def stage(project, core, target, tool, folder):
    sources = []
    for name in chosen(core['targets'][target]['filesets'], tool):
        fileset = core['filesets'][name]
        for path, copy in entries(fileset):
            if copy:
                os.makedirs(os.path.dirname(os.path.join(folder, copy)), exist_ok=True)
                shutil.copy(os.path.join(project, path), os.path.join(folder, copy))
            elif fileset['file_type'].startswith('verilog'):
                sources.append(os.path.join(project, path))
    return sources, next(chosen(core['targets'][target]['toplevel'], tool))


def check_sim(project, core, folder):
    os.makedirs(folder)
    sources, top = stage(project, core, 'sim', 'icarus', folder)
    options = core['targets']['sim']['tools']['icarus']['iverilog_options']
    run(['iverilog'] + options + ['-s', top, '-o', 'bench'] + sources, folder)
    check('\nPASS' in run(['vvp', 'bench'], folder), 'no PASS')


def check_lint(project, core, folder):
    sources, top = stage(project, core, 'lint', 'verilator', folder)
    options = core['targets']['lint']['tools']['verilator']['verilator_options']
    said = run(['verilator', '--lint-only'] + options + ['--top-module', top] + sources, folder)
    check(said == '', said)
    return top


def check_constraints(project, top, folder):
    stubs = os.path.join(folder, 'stubs.tcl')
    open(stubs, 'w').write(TCL_STUBS)
    said = run(['tclsh', stubs, project + '/constraints/ernn.xdc'], folder)
    match = re.fullmatch(r'clock -name (\w+) -period ([\d.]+) (\w+)\n', said)
    check(match and match[1] == match[3], said)
    check(re.search(rf'input +wire +{match[3]}\b', open(f'{project}/rtl/{top}.v').read()), 'no such port')
    mhz = json.load(open(project + '/manifest.json'))['clock_mhz']
    check(abs(float(match[2]) - 1000 / mhz) < 1e-3, f'period {match[2]} ns at {mhz} MHz')


def check_packaging(project, top, folder):
    script = project + '/vivado/package_ip.tcl'
    stubs = os.path.join(folder, 'vivado.tcl')
    open(stubs, 'w').write(VIVADO_STUBS)
    complete = run(['tclsh'], folder, f'set f [open {{{script}}}]; puts [info complete [read $f]]')
    check(complete.strip() == '1', 'braces of package_ip.tcl')
    calls = run(['tclsh', stubs, script, 'xc7a100tcsg324-1'], folder).splitlines()
    names = [call.split()[0] for call in calls]
    for before, after in (('create_project', 'add_files'), ('add_files', 'ipx::package_project'),
                          ('ipx::package_project', 'ipx::save_core')):
        check(names.index(before) < names.index(after), f'{before} is not before {after}')
    added = {word for call in calls if call.startswith('add_files') for word in re.findall(r'/[^ {}]+', call)}
    check(all(os.path.isfile(path) for path in added), f'{added}')
    listed = {os.path.relpath(path, project) for path in added}
    check(listed == {f for f in all_files(project) if re.fullmatch(r'rtl/.*\.v|constraints/.*', f)}, f'{listed}')
    check(f'set_property top {top} FILESET' in calls, 'top')
    ports = open(f'{project}/rtl/{top}.v').read()
    for call in calls:
        bus = re.match(r'ipx::(?:associate_bus_interfaces -busif (\w+) -clock (\w+)|infer_bus_interface (\w+)) ', call)
        for name in bus.groups() if bus else ():
            check(name is None or re.search(rf'put +wire .*\b{name}(_\w+)?\b', ports), f'{call}: no port')
    done = subprocess.run(['tclsh', stubs, script], capture_output=True, text=True)
    check(done.returncode != 0 and 'one part is wanted' in done.stderr, 'no part, and no complaint')


# Tables of the README against the files and the bench.
def check_readme(project):
    text = open(project + '/README.md').read()
    rows = re.findall(r'^\| 0x(\w\w) \| (\w+) \| (\d+) \| (\d+) \| (.*) \| (\d+) \| (.*) \|$', text, re.M)
    total = 0
    names = set()
    for _, name, words, bits, _, size, order in rows:
        check(int(size) == (int(words) * int(bits) + 7) // 8, f'{name}: bytes')
        if order != 'state':
            lines = open(f'{project}/mem/{name}.hex').read().split()
            check(len(lines) == int(words), f'{name}: words')
            check(all(int(line, 16) < 1 << int(bits) for line in lines), f'{name}: bits')
            total += int(words)
            names.add(f'mem/{name}.hex')
    check(names == {f for f in all_files(project) if re.fullmatch(r'mem/.*\.hex', f)}, 'memories are missing')
    check(f'Parameters: {total} words' in text, 'sum of words')
    for code in re.findall(r'`([a-z]+/[\w./]*)`', text):
        check(code in all_files(project), f'README names {code}')
    check(all(ord(c) < 128 for c in text) and '/tmp' not in text and '/home' not in text, 'bytes')


# Each fault must be found by the check that is meant for it.
def check_checks(project, core):
    def without(key, name):
        bad = json.loads(json.dumps(core))
        del bad[key][name]
        return bad
    missing = json.loads(json.dumps(core))
    missing['filesets']['rtl']['files'].remove('rtl/ram.v')
    extra = json.loads(json.dumps(core))
    extra['filesets']['rtl']['files'].append('rtl/nothing.v')
    for bad in (missing, extra, without('filesets', 'tb'), without('targets', 'lint')):
        try:
            check_core(project, bad)
        except AssertionError:
            continue
        sys.exit('a planted fault was not found')


def main():
    writer, rtl = sys.argv[1:3]
    folder = tempfile.mkdtemp(prefix='ernn-board-')
    try:
        for name, network in (
                ('lstm', ['lstm:10p6+peephole', '5', 'input=4,recurrent=2,projection=4', 'xc7a100t', '10', '16', '12']),
                ('gru', ['gru:8/gru:7+reset_before', '3', '4', 'ecp5-85f', '0', '11', '7'])):
            project = write(folder, writer, rtl, name, *network)
            text = open(project + '/ernn.core').read()
            check(text.startswith('CAPI=2:\n'), 'first line')
            core = yaml.safe_load(text)
            check_core(project, core)
            check_checks(project, core)
            check_sim(project, core, os.path.join(folder, name + '-sim'))
            top = check_lint(project, core, folder)
            check_constraints(project, top, folder)
            check_packaging(project, top, folder)
            check_readme(project)
            print(name, len(all_files(project)), 'files')
    finally:
        shutil.rmtree(folder)


main()
