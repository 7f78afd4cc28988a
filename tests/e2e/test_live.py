# SPDX-License-Identifier: Apache-2.0
"""A running process: the answer, and that it is not harmed."""

import os
import signal
import subprocess
import time

import peers
import pytest
from conftest import INQUEST, SANITIZED, run
from test_stack import check, functions, stack_json

PLAIN = "c-gcc-O2-dwarf5"
SYS_WRITE = "1"  # x86-64


def state(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


def tracer(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("TracerPid"))


def settle(pid):
    """Waits until the main thread no longer runs, nor is in the write() that said "ready"."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with open(f"/proc/{pid}/syscall", encoding="ascii") as file:
            if file.read().split()[0] not in ("running", "-1", SYS_WRITE):  # -1: it waits for a page
                return
        time.sleep(0.01)
    raise AssertionError(f"it did not come to rest: {state(pid)}")


def goes_on(pid):
    """Nobody traces its threads any more, and none stands still."""
    for tid in map(int, os.listdir(f"/proc/{pid}/task")):
        assert tracer(tid) == 0 and state(tid) in "SRD", (tracer(tid), state(tid))


def rests_again(pid):
    """It goes on, and comes to where it waited before."""
    goes_on(pid)
    settle(pid)
    assert state(pid) == "S"


def test_process(lab):
    with lab.running(PLAIN, "hang") as process:
        settle(process.pid)
        began = time.monotonic_ns()
        answer = stack_json(process.pid)
        assert answer["target"]["kind"] == "process"
        assert 0 < answer["target"]["pause_ns"] < time.monotonic_ns() - began
        assert answer["target"]["signal"] is None
        assert answer["threads"][0]["tid"] == process.pid
        assert "level_one" in functions(answer["threads"][0])
        assert {thread["name"] for thread in answer["threads"]} >= {"crash"}
        assert not any(thread["crashed"] for thread in answer["threads"])
        assert all(thread["stopped"] is None for thread in answer["threads"])
        rests_again(process.pid)
        assert "it stood still for" in run("stack", process.pid).out


@pytest.mark.skipif(SANITIZED, reason="the peers were compared with the release binary")
@pytest.mark.parametrize("variant", [PLAIN, "cxx-gcc-O2-dwarf5", "rust-O2-v0", "c-gcc-static-pie"])
def test_agrees(lab, variant):
    with lab.running(variant, "hang") as process:
        settle(process.pid)
        ours = peers.our_stacks(stack_json(process.pid))
        gdb = peers.gdb_stacks(pid=process.pid)
        if gdb is None:
            pytest.skip("gdb is not installed")
        check(peers.gdb_differences(ours, gdb))


def test_no_unwind_tables_in_the_c_library(lab):
    """musl has none, so the way out of its functions is a guess, and says so."""
    with lab.running("c-musl", "hang") as process:
        settle(process.pid)
        main = stack_json(process.pid)["threads"][0]
        names = functions(main)
        assert names[names.index("die_hang"):][:3] == ["die_hang", "blow", "tail_second"]
        assert main["frames"][names.index("die_hang")]["how"] in ("stack-scan", "frame-pointer", "code")


def test_many_threads(lab):
    with lab.running(PLAIN, "200", program="threads") as process:
        answer = stack_json(process.pid)
        assert len(answer["threads"]) == len(os.listdir(f"/proc/{process.pid}/task"))
        assert all("main" in functions(t) or "start_thread" in functions(t) for t in answer["threads"])


def test_one_thread(lab):
    with lab.running(PLAIN, "hang") as process:
        tid = max(map(int, os.listdir(f"/proc/{process.pid}/task")))
        assert [t["tid"] for t in stack_json(process.pid, "--thread", tid)["threads"]] == [tid]
        run("stack", "--thread", "1", process.pid, status=1)


def test_verbose(lab):
    with lab.running(PLAIN, "hang") as process:
        answer = run("stack", "-v", process.pid)
        assert "stood still for" in answer.err and "unwound" in answer.err
        assert "libc.so.6: file /" in answer.err


def test_refusals(lab):
    with subprocess.Popen(["true"]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert "zombie" in run("stack", child.pid, status=1).err
    with lab.running(PLAIN, "hang") as process:
        gdb = subprocess.Popen(["gdb", "-nx", "-q", "-p", str(process.pid)], stdin=subprocess.PIPE,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while tracer(process.pid) == 0:
                assert gdb.poll() is None
                time.sleep(0.02)
            assert "gdb" in run("stack", process.pid, status=1).err
        finally:
            gdb.communicate(b"detach\nquit\n")


def test_killed_at_any_moment(lab):
    """SIGKILL at random moments: the target always runs on."""
    with lab.running(PLAIN, "100", program="threads") as process:
        began = time.monotonic()
        run("stack", process.pid)
        whole = time.monotonic() - began
        for i in range(200):
            inquest = subprocess.Popen([INQUEST, "stack", str(process.pid)], stdout=subprocess.DEVNULL)
            time.sleep(whole * i / 200)
            inquest.kill()
            inquest.wait()
            assert process.process.poll() is None
        goes_on(process.pid)


def shape(pid):
    """What a thousand attaches must leave as it was."""
    with open(f"/proc/{pid}/maps", "rb") as file:
        maps = len(file.readlines())
    return sorted(os.listdir(f"/proc/{pid}/task")), sorted(os.listdir(f"/proc/{pid}/fd")), maps


@pytest.mark.parametrize("calls", [100 if SANITIZED else 1000])
def test_a_thousand_calls_in_a_row(lab, tmp_path, calls):
    """The target beats on and has the threads, files and mappings that it had; every answer is whole."""
    beats = tmp_path / "beats"
    with lab.running(PLAIN, "20", "-b", str(beats), program="threads") as process:
        settle(process.pid)
        before = shape(process.pid)
        for _ in range(calls):
            threads = run("stack", "--json", process.pid).json["threads"]
            assert sorted(str(thread["tid"]) for thread in threads) == before[0]
            assert all(thread["frames"] for thread in threads)
        goes_on(process.pid)
        end = time.monotonic() + 20
        seen = int.from_bytes(beats.read_bytes()[:8], "little")
        while int.from_bytes(beats.read_bytes()[:8], "little") == seen:
            assert time.monotonic() < end, "it beats no more"
        assert shape(process.pid) == before


def test_ctrl_c_lets_go(lab):
    with lab.running(PLAIN, "hang") as process:
        for delay in 0.0, 0.002, 0.01:
            inquest = subprocess.Popen([INQUEST, "stack", str(process.pid)], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            time.sleep(delay)
            inquest.send_signal(signal.SIGINT)
            assert inquest.wait(60) in (0, 130, -signal.SIGINT)
            rests_again(process.pid)
