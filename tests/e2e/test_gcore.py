# SPDX-License-Identifier: Apache-2.0
"""Cores that Inquest writes of a process, beside gdb's of the same process, and copies of cores."""

import os
import re
import shutil
import signal
import subprocess
import time

import cores
import peers
import pytest
from conftest import SANITIZED, run
from test_live import state, tracer
from test_stack import check, stack_json

PLAIN = "c-gcc-O2-dwarf5"
WRITE = 2  # PF_W
LOAD = 1   # PT_LOAD
CHUNK = 1 << 20


def gcore(target, out, *options):
    """By the console: the core of a process or of a core."""
    where = ("-p", target) if isinstance(target, int) else (target,)
    answer = run("debug", "-batch", *where, "-ex", " ".join(["gcore", *options, str(out)]))
    assert f"Saved corefile {out}" in answer.out
    return str(out)


def standing(process):
    """It stays where it is while one debugger after the other looks at it."""
    process.settle()
    os.kill(process.pid, signal.SIGSTOP)
    end = time.monotonic() + 60
    while state(process.pid) != "T" and time.monotonic() < end:
        time.sleep(0.01)
    return process.pid


def loads(core):
    return [s for s in cores.segments(core) if s["type"] == LOAD]


def differences(ours, theirs, wanted):
    """Where bytes of their segments are not the same in ours."""
    mine = sorted(loads(ours), key=lambda s: s["vaddr"])
    found = []
    with open(ours, "rb") as our_file, open(theirs, "rb") as their_file:
        for segment in filter(wanted, loads(theirs)):
            own = next((s for s in mine if s["vaddr"] <= segment["vaddr"] < s["vaddr"] + s["memsz"]), None)
            skip = segment["vaddr"] - own["vaddr"] if own else 0
            if not own or own["filesz"] - skip < segment["filesz"]:
                found.append(f"{segment['vaddr']:#x}: absent")
                continue
            for at in range(0, segment["filesz"], CHUNK):
                size = min(CHUNK, segment["filesz"] - at)
                our_file.seek(own["offset"] + skip + at)
                their_file.seek(segment["offset"] + at)
                if our_file.read(size) != their_file.read(size):
                    found.append(f"{segment['vaddr'] + at:#x}: other bytes")
    return found


def notes(core):
    """What eu-readelf prints of registers, by thread, without what a debugger says of the process's scheduling."""
    text = subprocess.run(["eu-readelf", "-n", core], capture_output=True, text=True, env=peers.env(), timeout=60,
                          check=True).stdout
    threads = {}
    tid = None
    for line in text.splitlines():
        if match := re.match(r"\s+pid: (\d+), ppid: (\d+), pgrp: (\d+), sid: (\d+)", line):
            tid = int(match[1])
            threads.setdefault(tid, [])
        elif tid and re.match(r"\s+(r\d+|r[a-z]x|r[sd]i|r[bs]p|rip|rflags|[fg]s\.base|cs:|xmm|st\d|mxcsr|fcw)", line):
            # gdb leaves out which bits mxcsr may have.
            threads[tid].append(" ".join(line.replace("0x0000ffff0000", "0x000000000000").split()))
    return threads


@pytest.mark.skipif(SANITIZED, reason="the peers were compared with the release binary")
@pytest.mark.parametrize("variant,args,program", [(PLAIN, ["hang"], None), ("cxx-gcc-O2-dwarf5", ["hang"], None),
                                                   (PLAIN, ["200"], "threads")])
def test_as_gdb_writes_it(lab, tmp_path, variant, args, program):
    with lab.running(variant, *args, program=program) as process:
        pid = standing(process)
        theirs = cores.gcore(pid, str(tmp_path / "theirs"))
        ours = gcore(pid, tmp_path / "ours")
        again = cores.gcore(pid, str(tmp_path / "again"))
        assert state(pid) == "T" and tracer(pid) == 0
        steady = differences(again, theirs, lambda s: s["flags"] & WRITE and s["filesz"])
        assert not steady, "gdb itself changed something"
        assert differences(ours, theirs, lambda s: s["flags"] & WRITE and s["filesz"]) == []
        assert os.stat(ours).st_mode & 0o777 == 0o600
        assert os.stat(ours).st_blocks <= os.stat(theirs).st_blocks
        assert notes(ours) == notes(theirs)

        exe = lab.target(variant, program).exe
        for stacks in peers.gdb_stacks, peers.eu_stacks:
            assert names(stacks(exe, ours)) == names(stacks(exe, theirs))
        if shutil.which("lldb-16"):
            assert names(peers.lldb_stacks(ours)) == names(peers.lldb_stacks(theirs))
        check(peers.gdb_differences(peers.our_stacks(stack_json(ours, "--exe", exe)), peers.gdb_stacks(exe, ours)))


def names(stacks):
    return {tid: [frame.function for frame in frames] for tid, frames in stacks.items()}


def test_a_kernel_core_and_ours_say_the_same(lab, tmp_path):
    """The copy of a core is read as the core is, by all."""
    target, core = lab.core(PLAIN, "-t", "segv")
    copy = gcore(core, tmp_path / "copy")
    before, after = stack_json(core), stack_json(copy)
    assert after["threads"] == before["threads"]
    for field in "signal", "pid", "command":
        assert after["target"].get(field) == before["target"].get(field)
    assert differences(copy, core, lambda s: s["filesz"]) == []
    exe = target.exe
    if not SANITIZED:
        assert names(peers.gdb_stacks(exe, copy)) == names(peers.gdb_stacks(exe, core))
        assert names(peers.eu_stacks(exe, copy)) == names(peers.eu_stacks(exe, core))


def test_a_packed_core_and_a_minidump_become_cores(lab, tmp_path):
    target, core = lab.core(PLAIN, "segv")
    try:
        packed = cores.compress(core, "zst", str(tmp_path / "core.zst"))
    except cores.build.Missing as missing:
        pytest.skip(str(missing))
    assert stack_json(gcore(packed, tmp_path / "unpacked"))["threads"] == stack_json(core)["threads"]
    with lab.running(PLAIN, "hang") as process:
        process.settle()
        dump = cores.lldb_core(process.pid, str(tmp_path / "dump"))
        copy = gcore(dump, tmp_path / "from-dump")
        ours = {t["tid"]: [f["function"] for f in t["frames"]] for t in stack_json(dump)["threads"]}
        assert {t["tid"]: [f["function"] for f in t["frames"]] for t in stack_json(copy)["threads"]} == ours
        if not SANITIZED:
            theirs = names(peers.gdb_stacks(target.exe, copy))
            assert all("hang" in "".join(filter(None, theirs[tid])) for tid in theirs if tid == process.pid)


def test_refused(lab, tmp_path):
    there = tmp_path / "there"
    there.write_text("mine")
    _, core = lab.core(PLAIN, "segv")
    answer = run("debug", "-batch", core, "-ex", f"gcore {there}", status=1)
    assert "exists already" in answer.err
    assert there.read_text() == "mine"
    assert "No such file" in run("debug", "-batch", core, "-ex", f"gcore {tmp_path}/no/where", status=1).err
    assert sorted(os.listdir(tmp_path)) == ["there"]


def test_all_memory(lab, tmp_path):
    with lab.running(PLAIN, "hang", filter=0) as process:
        pid = standing(process)
        some, all_of_it = gcore(pid, tmp_path / "some"), gcore(pid, tmp_path / "all", "-a")
    written = [sum(s["filesz"] for s in loads(core)) for core in (some, all_of_it)]
    assert written[0] < 1 << 16 < written[1]
