# SPDX-License-Identifier: Apache-2.0
"""Runs inside gdb: prints the frames of every thread as one line of JSON."""

import json

import gdb

KINDS = {
    gdb.NORMAL_FRAME: "normal",
    gdb.INLINE_FRAME: "inlined",
    gdb.TAILCALL_FRAME: "tailcall",
    gdb.SIGTRAMP_FRAME: "signal",
}


def frame_of(frame):
    sal = frame.find_sal()
    return {
        "pc": frame.pc(),
        "function": frame.name(),
        "file": sal.symtab.filename if sal.symtab else None,
        "line": sal.line or None,
        "kind": KINDS.get(frame.type(), "other"),
    }


def stack():
    frames = []
    frame = gdb.newest_frame()
    try:
        while frame is not None and len(frames) < 1000:
            frames.append(frame_of(frame))
            frame = frame.older()
    except gdb.error:
        pass  # what gdb shows as "Backtrace stopped"
    return frames


threads = {}
for inferior in gdb.inferiors():
    for thread in inferior.threads():
        thread.switch()
        threads[thread.ptid[1]] = stack()
print("\nSTACKS " + json.dumps(threads))
