# SPDX-License-Identifier: Apache-2.0
"""Python services that hang, die or are busy: asked while they run, and from their cores."""

import re

import pytest

from conftest import run
from pyprograms import differences, plain, python_frames, some, threads

pytestmark = pytest.mark.thin


@pytest.fixture(params=some())
def python(request):
    return request.param


def names(thread):
    return [plain(frame) if frame["language"] == "python" else frame["function"] or "?" for frame in thread["frames"]]


def stack(target, *options):
    return run("stack", "--json", *options, target).json


def test_lock(programs, python):
    """Two threads wait for each other."""
    with programs.running(python, "hung", "lock") as process:
        answer = stack(process.pid)
        assert differences(answer, process.oracle) == []
        assert process.process.poll() is None


def test_gil_held_by_c(programs, python):
    with programs.running(python, "hung", "gil", programs.native()) as process:
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
