# SPDX-License-Identifier: Apache-2.0
"""Runs inside gdb: answers the questions in the file that ASK names, one JSON object of lists."""

import json
import os

import gdb


def frames_by_pc():
    frames, own = {}, None
    frame = gdb.newest_frame()
    while frame is not None:
        if frame.type() == gdb.NORMAL_FRAME:
            frames.setdefault(frame.pc(), frame)
            table = frame.find_sal().symtab
            if own is None and table and "values." in os.path.basename(table.filename):
                own = frame
        frame = frame.older()
    return frames, own


def answer(frames, own, pc, command):
    frame = frames.get(pc) if pc else own
    if frame is None:
        return None
    frame.select()
    try:
        return gdb.execute(command, to_string=True)
    except gdb.error as error:
        return f"ERROR {error}"


with open(os.environ["ASK"], encoding="utf-8") as file:
    rounds = json.load(file)
found = frames_by_pc()
for settings, undo, questions in rounds:
    for setting in settings:
        gdb.execute(setting)
    print("\nANSWERS " + json.dumps([answer(*found, *question) for question in questions]))
    for setting in undo:
        gdb.execute(setting)
