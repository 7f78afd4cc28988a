# SPDX-License-Identifier: Apache-2.0
"""Servers that are dumped under load: no request fails, nothing of ours stays, every debugger opens what was written."""

import contextlib
import os
import re
import subprocess
import time
from pathlib import Path

import build
import cores
import delve_values
import peers
import pytest
from conftest import ROOT, SANITIZED, run
from test_go_service import Talking, held, standing
from test_stack import check, stack_json

# 1,000 are for `make check-matrix`.
DUMPS = int(os.environ.get("INQUEST_DUMPS", "3" if SANITIZED else "10"))
PYTHON = "/usr/bin/python3"


class Server:
    """Under load until the with-block ends. `rests`: of a thread or task and its frames, whether it stays where it is."""

    def __init__(self, pid, exe, rests):
        self.pid, self.rests = pid, rests
        self.exe = build.followed(exe) if build.ROOT else os.path.realpath(exe)


@contextlib.contextmanager
def valkey(_lab, folder):
    try:
        tools = [build.tool(f"valkey-{name}") for name in ("server", "benchmark")]
    except build.Missing:
        pytest.skip("valkey-server or valkey-benchmark is not installed (both are in bookworm-backports)")
    path = str(folder / "socket")
    with cores.Running([tools[0], "--port", "0", "--unixsocket", path, "--save", "", "--io-threads", "2"],
                       cwd=str(folder), ready="eady to accept") as server:
        load = subprocess.Popen(build.inside([tools[1], "-s", path, "-c", "8", "-r", "10000", "-d", "1000", "-t", "set,get", "-l",
                                              "-q"]), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            time.sleep(0.5)
            yield Server(server.pid, tools[0], lambda one, _: (one["name"] or "").startswith("bio_"))
            assert load.poll() is None, load.stdout.read().decode()
        finally:
            load.kill()
            said = load.communicate()[0].decode()
    assert not re.search("rror|refused|closed", said), said[-1000:]


@contextlib.contextmanager
def go(lab, _folder):
    exe = lab.target(f"go-{build.GO_VERSIONS[-1]}", "service").exe
    with Talking(exe, "serve") as server, Talking(exe, "load", server.line()[1]) as load:
        assert load.line() == ["ready"]
        yield Server(server.pid, exe, lambda _, frames: any(frame["function"] == "main.waitForLine" for frame in frames))
        answered, failed, _ = map(int, load.finish())
        assert answered > 0 and failed == 0
        server.finish()


@contextlib.contextmanager
def python(_lab, _folder):
    with cores.Running([PYTHON, f"{ROOT}/tests/targets/python/deep.py", "wait", "8"]) as process:
        yield Server(process.pid, PYTHON, lambda *_: True)


def dump(server, path):
    answer = run("dump", "--json", server.pid, path).json
    assert answer["method"] == "snapshot" and answer["bytes_skipped"] == 0
    return answer


def stack_place(pid):
    """Where its stack is, which is nobody's but its own and its copies'."""
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as file:
        return next((line.split()[0] for line in file if line.endswith("[stack]\n")), None)


def copies(pid):
    found, mine = [], stack_place(pid)
    for other in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if int(other) != pid and stack_place(other) == mine:
                found.append(other)
    return found


def no_copies(pid):
    end = time.monotonic() + 60
    while copies(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not copies(pid)


def memory(pid):
    """kB: what it has, and what is its alone and written to."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return [int(re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)[1]) for name in ("Rss", "Anonymous")]


@pytest.mark.parametrize("start", [valkey, go])
def test_in_a_row(lab, tmp_path, start):
    """Its requests are all answered, and it has afterwards what it had before."""
    with start(lab, tmp_path) as server:
        for _ in range(3):
            dump(server, tmp_path / "warm")
            (tmp_path / "warm").unlink()
        before, stood, had = held(server.pid), standing(server.pid), memory(server.pid)
        pauses = []
        for _ in range(DUMPS):
            pauses.append(dump(server, tmp_path / "core")["pause_ns"] / 1e6)
            (tmp_path / "core").unlink()
        after, has = held(server.pid), memory(server.pid)
        print(f"stood still for {sorted(pauses)[len(pauses) // 2]:.1f} ms (median), {max(pauses):.1f} (longest); "
              f"descriptors, threads, mappings {before} -> {after}; kB {had} -> {has}")
        assert standing(server.pid) == stood and len(stood) == 1
        assert no_copies(server.pid)
        assert Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text() == ""
        assert all(new - old < 45 for old, new in zip(before, after))
        assert all(new - old < 32 << 10 for old, new in zip(had, has))


def resting(answer, server):
    """{tid or id: where its frames are} of those that do."""
    stacks = [(thread["tid"], thread, thread["frames"]) for thread in answer["threads"]]
    if answer["tasks"]:
        stacks = [(task["id"], task, answer["task_stacks"][task["stack"]]["frames"]) for task in answer["tasks"]]
    return {who: [frame["pc"] for frame in frames] for who, one, frames in stacks if server.rests(one, frames)}


def innermost(stacks):
    return {tid: frames[0].pc for tid, frames in stacks.items() if frames}


@pytest.mark.skipif(SANITIZED, reason="the peers were compared with the release binary")
@pytest.mark.parametrize("start", [valkey, go, python])
def test_opens(lab, tmp_path, start):
    """Each debugger shows the threads where we do; those at rest are where they were in the process."""
    core = str(tmp_path / "core")
    with start(lab, tmp_path) as server:
        live = resting(stack_json(server.pid), server)
        dump(server, core)
    ours = stack_json(core, "--exe", server.exe, "--system")
    assert live and resting(ours, server) == live
    mine = peers.our_stacks(ours)
    for theirs, differences in ((peers.gdb_stacks(server.exe, core), peers.gdb_differences),
                                (peers.eu_stacks(server.exe, core), peers.eu_differences),
                                (peers.lldb_stacks(core), peers.lldb_differences)):
        if theirs is None:
            continue
        assert innermost(theirs) == innermost(mine)
        if start is valkey:  # where all frames are; of names each debugger has another where an address has several
            check([one for one in differences(mine, theirs) if one.what in ("missing", "extra", "pc")])
    if start is go:
        with contextlib.suppress(delve_values.NoDelve):
            said = delve_values.delve(server.exe, core, ["goroutines"])
            assert {int(n) for n in re.findall(r"Goroutine (\d+)", said)} == {task["id"] for task in ours["tasks"]}
