# SPDX-License-Identifier: Apache-2.0
"""Debuggers that open a core, or look at a process that stands still: what each says of its stacks, as it says it.

Those of the root that the tests run for (build.ROOT), else of this machine. None: it is not there.
"""

import json
import os
import re
import shutil
import tempfile

import build
import delve_values
import peers

LLDBS = "lldb-21", "lldb-19", "lldb-16", "lldb"


class Place(peers.Place):
    """Where programs of the tests run: peers see their files."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="inquest-scripts-")

    def has(self, tool):
        try:
            return bool(build.tool(tool))
        except build.Missing:
            return False

    def inside(self, argv):
        return build.inside(argv)

    def script(self, path):
        os.chmod(self.folder.name, 0o755)
        return shutil.copy(path, self.folder.name)


PLACE = Place()


def gdb(exe, core=None, pid=None):
    return peers.gdb_stacks(exe, core, pid, place=PLACE)


def eu_stack(exe, core=None, pid=None):
    return peers.eu_stacks(exe, core, pid, place=PLACE)


def lldb(exe, core=None, pid=None):
    tool = next(filter(PLACE.has, LLDBS), None)
    return tool and peers.lldb_stacks(core, tool, pid=pid, place=PLACE)


def drgn(core):
    """{tid: [Frame]}. It has no stacks of processes."""
    if not PLACE.has("drgn"):
        return None
    result = peers.ask(["drgn", "-q", "-c", core, PLACE.script(f"{peers.HERE}/drgn_stacks.py")], PLACE)
    line = next((line for line in result.stdout.splitlines() if line.startswith("STACKS ")), None)
    if not line:
        raise peers.PeerFailed(f"drgn ended with status {result.returncode}: {result.stderr.strip()[-300:]}")
    return {int(tid): [peers.Frame(frame["name"], None, None, "normal", frame["pc"]) for frame in frames]
            for tid, frames in json.loads(line[7:]).items()}


def delve(exe, core=None, pid=None):
    """{goroutine: lines of what it does, and its frames}."""
    try:
        said = delve_values.delve(exe, core, ["goroutines -t 50"], pid=pid)
    except delve_values.NoDelve:
        return None
    tasks, lines = {}, []
    for line in said.splitlines():
        if match := re.match(r"[* ] Goroutine (\d+)(.*)", line):
            lines = tasks.setdefault(int(match[1]), [match[2]])
        elif re.match(r"\s+(\d+  0x|at )", line):
            lines.append(line)
    return tasks
