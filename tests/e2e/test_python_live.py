# SPDX-License-Identifier: Apache-2.0
"""Python services that hang, die or are busy: asked while they run, and from their cores."""

import os
import re
import signal
import time

import pytest

from conftest import SANITIZED, run
from pyprograms import differences, plain, python_frames, some, stack, threads

pytestmark = pytest.mark.thin
CALLS = int(os.environ.get("INQUEST_PYTHON_CALLS", "5" if SANITIZED else "50"))


@pytest.fixture(params=some())
def python(request):
    return request.param


def names(thread):
    return [plain(frame) if frame["language"] == "python" else frame["function"] or "?" for frame in thread["frames"]]


def test_lock(programs, python):
    """Two threads wait for each other."""
    with programs.running(python, "hung", "lock") as process:
        answer = stack(process.pid)
        assert differences(answer, process.oracle) == []
        assert process.process.poll() is None


def test_gil_held_by_c(programs, python):
    with programs.running(python, "hung", "gil", programs.native()) as process:
        if not python.free_threaded:  # there nobody waits
            process.settle()
        answer = stack(process.pid)
        main = threads(answer)[process.pid]
        there = names(main)
        assert there.index("native_hold") < there.index("compress") < there.index("gil")
        # The others wait for it, in C, below where they were.
        for known in process.oracle["threads"]:
            if not known["current"]:
                mine = [plain(frame) for frame in python_frames(threads(answer)[known["tid"]])]
                assert mine[-5:] == [frame["function"] for frame in known["frames"]][-5:]


def test_deep_recursion(programs, python):
    with programs.running(python, "hung", "recursion") as process:
        answer = stack(process.pid)
        assert differences(answer, process.oracle) == []
        assert len(python_frames(threads(answer)[process.pid])) > 3000
        text = run("stack", process.pid).out
        assert re.search(r"3,?00\d|2,?99\d", text) and len(text.splitlines()) < 100, "equal calls are told once"


def test_python_and_c_in_turns(programs, python):
    with programs.running(python, "hung", "native", programs.native()) as process:
        answer = stack(process.pid)
        assert differences(answer, process.oracle) == []
        there = names(threads(answer)[process.pid])
        order = ["deepest", "native_visit", "again", "visit", "native_visit", "native", "<module>"]
        at = -1
        for name in order:
            at = there.index(name, at + 1)


def test_crash_below_python(programs, python):
    core, oracle = programs.core(python, "hung", "crash", programs.native(), ending="segv")
    answer = stack(core)
    thread = answer["threads"][0]
    there = names(thread)
    assert thread["crashed"] and there[0] == "store" and there[1] == "native_crash"
    # The program wrote it down a line before.
    (known,) = [known["frames"] for known in oracle["threads"] if known["current"]]
    mine = [(plain(frame), frame["line"]) for frame in python_frames(thread)]
    theirs = [(frame["function"], frame["line"]) for frame in known]
    assert mine[0] == (theirs[0][0], theirs[0][1] + 1) and mine[1:] == theirs[1:]


# What spin() in hung.py may be seen to do, from the innermost call outwards.
POSSIBLE = re.compile(r"(?:(?:<lambda> )?(?:leaf ))?(?:turn )?((?:step )*)spinning run run _bootstrap_inner _bootstrap $")


def check_possible(answer):
    """Threads that are busy, each in one of the stacks that it can have."""
    seen = 0
    for thread in answer["threads"]:
        mine = [plain(frame) for frame in python_frames(thread)]
        if "spinning" not in mine:
            continue
        seen += 1
        text = "".join(name + " " for name in mine)
        match = POSSIBLE.match(text)
        assert match, text
        steps = match[1].count("step")
        assert steps <= 18
        if "turn" in mine:
            assert steps in range(4, 19, 2), (steps, text)
        else:
            assert "leaf" not in mine, text
    assert seen == 8, [names(thread) for thread in answer["threads"]]


# Of few threads what their variables lead to is copied, of many all that the process has written.
@pytest.mark.parametrize("count, copied", [(3, "Python's frames: "), (40, "pages of the process copied")])
def test_variables_are_of_one_instant(programs, python, count, copied):
    """All calls of a thread have the number of the same turn, and what they made of it."""
    with programs.running(python, "hung", "relay", str(count), "0") as process:
        answer = run("stack", "--verbose", "--locals", process.pid)
        assert copied in answer.err and "while the process ran on" not in answer.out
        relaying = [text for text in answer.out.split("\nThread ") if re.match(r'\d+ "relay ', text)]
        assert len(relaying) == count
        for text in relaying:
            (turn,) = set(re.findall(r"^ +turn = (\d+)$", text, re.M))
            made = set(re.findall(r"^ +made = (\[.*\])$", text, re.M))
            assert made <= {f"[{turn}, {{'turn': '{turn}'}}]"}, text
        assert process.process.poll() is None


@pytest.mark.skipif(SANITIZED, reason="a sanitizer takes more memory than the control group has")
@pytest.mark.parametrize("large", some()[-1:])
def test_no_room_for_all_that_was_written(programs, large, small_group):
    """Near the limit of our control group, which may be the process's, not all of it is copied."""
    group, limit = small_group
    (group / limit).write_text(str(48 << 20))
    with programs.running(large, "hung", "relay", "40", "24") as process:
        answer = run("stack", "--verbose", "--locals", "--no-native", process.pid,
                     preexec_fn=lambda: (group / "cgroup.procs").write_text(str(os.getpid())))
        assert "pages of the process copied" not in answer.err and "Python's frames: " in answer.err


@pytest.mark.parametrize("busy", some()[-1:])
def test_many_calls(programs, busy):
    """Every answer is a stack that can be, and the program runs on without long pauses."""
    with programs.running(busy, "hung", "spin") as process:
        for _ in range(CALLS):
            check_possible(stack(process.pid, "--names"))
        os.kill(process.pid, signal.SIGUSR1)
        end = time.monotonic() + 20
        while not os.path.exists(process.told) and time.monotonic() < end:
            time.sleep(0.01)
        with open(process.told, encoding="ascii") as file:
            print(f"longest time between two beats in {CALLS} calls: {float(file.read()) * 1e3:.1f} ms")
        assert process.process.poll() is None
