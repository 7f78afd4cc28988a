# SPDX-License-Identifier: Apache-2.0
"""SIGKILL of the process that makes the frozen copy, at each of its system calls: the target goes on as it was."""

import os
import re
import subprocess

import cores
import pytest
from conftest import INQUEST, SANITIZED
from test_dump import KILLS, VARIANT, no_copies
from test_live import state, tracer


def rounds(process):
    """How often tests/targets/c/registers.c has looked at its registers, each time with success."""
    process.process.stdin.write(b"?\n")
    process.process.stdin.flush()
    line = process.process.stdout.readline().decode()  # or one that says what is wrong
    well = re.fullmatch(r"wrong 0 interrupted 0 rounds (\d+) children 0\n", line)
    assert well, line
    return int(well[1])


def kill_at(lab, n, pid, path):
    """What the call was, or None: it made fewer."""
    env = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}  # which is refused when traced
    killer = subprocess.run([lab.target(VARIANT, "killer").exe, str(n), INQUEST, "dump", str(pid), path], check=False, env=env,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    assert killer.returncode in (0, 1), killer.stderr
    path.unlink(missing_ok=True)
    return killer.stdout.decode().splitlines()[-1] if killer.returncode == 0 else None


# A thread that waits in a call, and one that computes, is made to make the calls. `step`: of the 120 calls one in so many is
# tried, and all in `make check-matrix`.
@pytest.mark.parametrize("words, step", [((), 3), (("busy",), 8)], ids=["waits", "computes"])
def test_killed_at_each_call(lab, tmp_path, words, step):
    """Every register of its threads keeps its value, no call of theirs ends early, no child stays."""
    step = 1 if KILLS > 25 else step * (4 if SANITIZED else 1)
    exe = lab.target(VARIANT, "registers").exe
    with cores.Running([exe, *words], stdin=subprocess.PIPE) as process:
        n, calls, looked = 1, [], 0
        while call := kill_at(lab, n, process.pid, tmp_path / "core"):
            assert process.process.poll() is None, (n, calls, call)
            calls.append(call)
            before, looked = looked, rounds(process)
            assert looked > before
            n += step
        assert len(calls) * step > 60, calls
        assert no_copies(exe) and tracer(process.pid) == 0 and state(process.pid) in "SR"
