# SPDX-License-Identifier: Apache-2.0
"""Dumps of busy servers: in each, a debugger shows what it shows of the process at that very moment.

The server is stopped by a signal in the midst of its work, dumped in all ways, and looked at by each debugger in turn;
then it goes on, and answers all that it was asked. tests/matrix.py runs this with the debuggers of other suites.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import cores
import debuggers
import peers
import pytest
from conftest import ROOT, SANITIZED, run
from test_dump_servers import PYTHON, Server, go, valkey
from test_stack import stack_json

pytestmark = pytest.mark.skipif(SANITIZED, reason="the peers were compared with the release binary")

DUMPS = {"whole": [], "stacks": ["--stacks"], "packed": ["--compress"], "redacted": ["--redact"],
         "only": ["--redact=stacks-only"], "heap": ["--heap=1M"]}
SHRUNK = {"shrunk-stacks": ["--stacks"], "shrunk-redacted": ["--redact", "--compress"]}


def inquest(_exe, core=None, pid=None):
    """{thread or goroutine: its frames}"""
    answer = stack_json(pid or core)
    for frame in (frame for thread in answer["threads"] for frame in thread["frames"]):
        if frame.get("builtin") == "list.sort":  # of a process that ran on is not told what it sorts
            frame["builtin"] = "sort"
            frame.pop("builtin_self", None)
    said = {thread["tid"]: thread["frames"] for thread in answer["threads"]}
    return said | {f"task {task['id']}": answer["task_stacks"][task["stack"]]["frames"] for task in answer["tasks"]}


PEERS = inquest, debuggers.gdb, debuggers.eu_stack, debuggers.lldb, debuggers.delve
# Both let a process go on that was stopped: one is asked, as the last.
LEAVING = debuggers.lldb, debuggers.delve
# The others are for tests/matrix.py.
QUICK = [(inquest, "stacks"), (debuggers.gdb, "packed"), (debuggers.eu_stack, "stacks"), (debuggers.lldb, "whole")]


@contextlib.contextmanager
def python(_lab, folder):
    script = shutil.copy(f"{ROOT}/tests/targets/python/busy.py", folder)
    with cores.Running([PYTHON, script, "4"]) as process:
        time.sleep(0.2)
        yield Server(process.pid, PYTHON, lambda *_: True)
        assert process.process.poll() is None


def threads(pid, name):
    """{tid: what a file of it says}"""
    return {tid: Path(f"/proc/{pid}/task/{tid}/{name}").read_text() for tid in os.listdir(f"/proc/{pid}/task")}


class Held:
    """Dumps of a server that stands still, and what was said of it meanwhile."""

    def __init__(self, server, folder, cases, is_go):
        self.server, self.folder, self.is_go = server, folder, is_go
        os.kill(server.pid, signal.SIGSTOP)
        try:
            place = self.places()
            self.made = {kind: self.make(kind, ["dump", *words, server.pid]) for kind, words in DUMPS.items()
                         if any(kind == one for _, one in cases)}
            self.live = {}
            for peer in dict.fromkeys(peer for peer, _ in cases if peer != LEAVING[not is_go]):
                assert self.places() == place, f"the peer before {peer.__name__} let it go on"
                self.live[peer] = peer(server.exe, pid=server.pid)
        finally:
            os.kill(server.pid, signal.SIGCONT)

    def wait(self):
        end = time.monotonic() + 30
        while any(text.rsplit(")", 1)[1].split()[0] != "T" for text in threads(self.server.pid, "stat").values()):
            assert time.monotonic() < end, "it does not stand still"
            time.sleep(0.01)

    def places(self):
        """Where each thread's registers say that it is. Whoever looked at it has it stop anew, which takes a moment."""
        self.wait()
        return threads(self.server.pid, "syscall")

    def make(self, kind, words):
        path = self.folder / kind
        packed = f"{path}.zst" if "--compress" in words else path
        run(*words, packed)
        if packed != path:
            subprocess.run(["zstd", "-q", "-d", packed, "-o", path], check=True)
        return str(path)

    def innermost(self):
        """As Inquest has them of the process; an interpreter's frames are not for other debuggers."""
        return {tid: next(int(frame["pc"], 16) for frame in frames if frame["kind"] != "language")
                for tid, frames in self.live[inquest].items() if isinstance(tid, int)}

    def core(self, kind):
        if kind not in self.made:
            self.made[kind] = self.make(kind, ["shrink", *SHRUNK[kind], self.made["whole"]])
        return self.made[kind]


def cases_of(config):
    return [(peer, kind) for peer in PEERS for kind in [*DUMPS, *SHRUNK]] if config.getoption("--full") else QUICK


def pytest_generate_tests(metafunc):
    if "peer" in metafunc.fixturenames:
        metafunc.parametrize("peer,kind", cases_of(metafunc.config))


@pytest.fixture(scope="module", params=[valkey, go, python])
def held(request, lab, tmp_path_factory):
    folder = tmp_path_factory.mktemp("held")
    with request.param(lab, folder) as server:
        yield Held(server, folder, cases_of(request.config), request.param is go)


def innermost(said):
    return {tid: frames[0].pc for tid, frames in said.items()}


def known(frames):
    """Up to a place that is data, where lldb has lost its way and goes on through what a small core does not have."""
    names = [frame.function if isinstance(frame, peers.Frame) else None for frame in frames]
    return frames[:names.index("_PyRuntime")] if "_PyRuntime" in names else frames


def shown(said, kind):
    """Of a core without values: lldb shows those of arguments with a name, and labels are values."""
    said = {who: known(frames) for who, frames in said.items()}
    if kind != "only":
        return said
    return {who: [frame.pc if isinstance(frame, peers.Frame) else frame for frame in frames] for who, frames in said.items()}


def test_as_in_the_process(held, peer, kind):
    if peer == debuggers.delve and not held.is_go:
        pytest.skip("Delve is for Go")
    if kind == "only" and held.is_go and peer in (debuggers.gdb, debuggers.eu_stack, debuggers.lldb):
        pytest.skip("they go on through what lies behind the ends of Go's stacks, which is not in this core")
    said = peer(held.server.exe, core=held.core(kind))
    if said is None:
        pytest.skip(f"there is no {peer.__name__}")
    assert len(said) > 4
    if peer in held.live:
        assert shown(said, kind) == shown(held.live[peer], kind)
    else:
        assert innermost(said) == held.innermost()


def test_in_drgn(held):
    """Which has no stacks of processes, and ends some early: each thread is where it was."""
    said = debuggers.drgn(held.core("whole" if "whole" in held.made else "packed"))
    if said is None:
        pytest.skip("there is no drgn")
    assert innermost(said) == held.innermost()
