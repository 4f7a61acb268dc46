#!/usr/bin/env python3
"""Faults planted in the AXI wrapper and in the way to the states: the scenarios of axi.c must see
every one. All of them are in one build, an input of the harness says which is on.

axi_mutants.py AXI SOURCE_ROOT FOLDER. SPDX-License-Identifier: Apache-2.0
"""
import os
import shutil
import subprocess
import sys

# file, what comes before, the expression, what it becomes
MUTANTS = [
    ('axi_lite.v', 'is_complete = ', 'has_address_q & has_data_q & ~s_axi_bvalid', 'has_address_q & ~s_axi_bvalid'),
    ('axi_lite.v', 'is_complete = ', 'has_address_q & has_data_q & ~s_axi_bvalid', 'has_address_q & has_data_q'),
    ('axi_lite.v', 'is_whole = ', "strobes_q == 4'b1111", "strobes_q != 4'b0000"),
    ('axi_lite.v', 'answers = ', 'has_read_q & ~s_axi_rvalid & i_read_ready', 'has_read_q & i_read_ready'),
    ('axi_lite.v', 's_axi_rresp  <= ', 'i_read_known ? OKAY : SLVERR', 'OKAY'),
    ('axi_lite.v', 's_axi_bresp  <= ', '(is_empty | (is_whole & i_write_known)) ? OKAY : SLVERR', 'OKAY'),
    ('axi_frames_in.v', 'is_open = ', '~is_first | i_accept', "1'b1"),
    ('axi_frames_in.v', 'is_open = ', '~is_first | i_accept', 'i_accept'),
    ('axi_frames_in.v', 'o_early = ', 'passes & s_axis_tlast & ~is_last', "1'b0"),
    ('axi_frames_in.v', 'o_late = ', 'passes & ~s_axis_tlast & is_last', "1'b0"),
    ('axi_frames_in.v', 'm_x_valid = ', '(phase_q == FILL) | ((phase_q == PASS) & is_open & s_axis_tvalid)',
     '(phase_q == PASS) & is_open & s_axis_tvalid'),
    ('axi_frames_in.v', '(', 'is_whole & (phase_q == PASS)', 'phase_q == PASS'),
    ('axi_frames_in.v', '(', 'is_whole & (phase_q == PASS)', 'is_whole'),
    ('axi_frames_in.v', 'missing[l] = ', 'is_used & ~is_whole', '~is_whole'),
    ('axi_frames_in.v', '| (', '(phase_q == PASS) & (takes | ~is_first)', "1'b0"),
    ('axi_frames_out.v', '', '{WORD_BYTES{(l < LAST_LANES) | ~m_axis_tlast}}', "{WORD_BYTES{1'b1}}"),
    ('axi_frames_out.v', '', '{8*WORD_BYTES-SIGNAL_BITS{word[SIGNAL_BITS-1]}}', "{8*WORD_BYTES-SIGNAL_BITS{1'b0}}"),
    ('axi_frames_out.v', 'has_room = ', '~m_axis_tvalid | m_axis_tready', "1'b1"),
    ('axi_frames_out.v', 'has_room = ', '~m_axis_tvalid | m_axis_tready', 'm_axis_tready'),
    ('axi_frames_out.v', 'is_flushed_q <= ', '~is_first & ~(fills & is_last)', "1'b0"),
    ('axi_control.v', 'takes_load = ', 'writes_load & is_idle & (load_place < i_size_words)',
     'writes_load & (load_place < i_size_words)'),
    ('axi_control.v', 'takes_load = ', 'writes_load & is_idle & (load_place < i_size_words)', 'writes_load & is_idle'),
    ('axi_control.v', '(', "left_q == 32'd1", "left_q == 32'd2"),
    ('axi_control.v', 'is_done = ', "is_active_q & ~is_running_q & (inside_q == 16'd0)", 'is_active_q & ~is_running_q'),
    ('axi_control.v', 'done_q   <= ', '(done_q & ~reads_ctrl) | is_done', 'done_q | is_done'),
    ('axi_control.v', '| (', 'events & ier_q', 'events'),
    ('axi_control.v', 'has_read = ', 'wait_q == READ_CYCLES', "wait_q == 3'd1"),
    ('axi_control.v', 'state_index_q <= ', "state_index_q + 16'd1", 'state_index_q'),
    ('axi_control.v', 'out_end = ', 'i_out_end & ~is_draining_q', 'i_out_end'),
    ('axi_control.v', 'frame_cycles_q <= ', "frame_q + 32'd1", 'frame_q'),
    ('axi_control.v', 'o_core_rst = ', 'rst | reset_q', 'rst'),
    ('axi_control.v', 'o_reset_state <= ', 'commands_reset_state & is_idle', 'commands_reset_state'),
    ('axi_control.v', 'state_word = ', '{{32-SIGNAL_BITS{i_state_data[SIGNAL_BITS-1]}}, i_state_data}',
     '{{32-SIGNAL_BITS{1\'b0}}, i_state_data}'),
    ('axi_control.v', 'auto_restart_q <= ', 'i_write_data[7]', "1'b0"),
    ('event_counters.v', '(', 'i_events[c] & ~(&count_q)', '1\'b1'),
    ('state_window.v', '.i_index (', 'lane_q', '{LANE_BITS{1\'b0}}'),
    ('lstm_layer.v', '.i_frame      (', 'y_ends', "1'b0"),
    ('lstm_layer.v', '.i_row        (', 'reads_c ? c_window : c_read_q', 'c_read_q'),
]


def plant(rtl):
    for file, *_ in MUTANTS:
        shutil.copy(os.path.join(root, 'rtl', file), os.path.join(rtl, file))
    # Several faults may be in one expression.
    places = {}
    for number, (file, before, old, new) in enumerate(MUTANTS, 1):
        places.setdefault((file, before, old), []).append((number, new))
    for (file, before, old), faults in places.items():
        path = os.path.join(rtl, file)
        text = open(path).read()
        if text.count(before + old) != 1:
            sys.exit(f'{file}: "{before}{old}" is there {text.count(before + old)} times')
        chosen = f'({old})'
        for number, new in faults:
            chosen = f"((axi_harness.mutant == 8'd{number}) ? ({new}) : {chosen})"
        open(path, 'w').write(text.replace(before + old, before + chosen))


axi, root, folder = sys.argv[1:4]
shutil.rmtree(folder, ignore_errors=True)
shutil.copytree(os.path.join(root, 'rtl'), os.path.join(folder, 'rtl'))
plant(os.path.join(folder, 'rtl'))
done = subprocess.run([axi, os.path.join(folder, 'rtl'), os.path.join(root, 'tests', 'rtl'),
                       os.path.join(folder, 'project'), 'lstm:4p3', '3', '2', '5', '11', '8', '1', '1',
                       str(len(MUTANTS))], capture_output=True, text=True)
print(done.stdout, done.stderr)
for line in done.stdout.splitlines():
    if line.startswith('not caught'):
        print(line, MUTANTS[int(line.split()[-1]) - 1])
sys.exit(done.returncode)
