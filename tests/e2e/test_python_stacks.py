# SPDX-License-Identifier: Apache-2.0
"""Stacks of Python programs are those that the programs wrote down, with every interpreter of this machine."""

import os
import shutil

import pytest

from conftest import run
from pyprograms import differences, expected, got, interpreters, plain, python_frames, some, threads

pytestmark = pytest.mark.thin


def by_name(oracle, name):
    (thread,) = [thread for thread in oracle["threads"] if thread["name"] == name]
    return thread


@pytest.fixture(params=interpreters())
def answer(request, programs):
    return programs.answer(request.param)


def test_every_thread(answer):
    ours, oracle = answer
    assert len(oracle["threads"]) > 15
    assert differences(ours, oracle) == []


def test_frames_nobody_looked_at(answer):
    """The twin's frames have no objects that Python code could see; they are those of its sibling."""
    ours, oracle = answer
    known = expected(by_name(oracle, "parked"))
    alike = [thread for thread in ours["threads"] if got(python_frames(thread)) == known]
    seen = {thread["tid"] for thread in oracle["threads"] if thread["frames"] is not None}
    assert [thread for thread in alike if thread["tid"] not in seen]


def test_qualified_names(answer):
    """co_qualname, from 3.11 on."""
    ours, oracle = answer
    if oracle["version"][1] < 11:
        return
    known = by_name(oracle, "values")
    frames = python_frames(threads(ours)[known["tid"]])
    assert [frame["function"] for frame in frames] == [frame["qualname"] for frame in known["frames"]]


def test_merged(answer):
    """Frames of Python stand just inside the C function that runs them, and C that Python called is further in."""
    ours, oracle = answer
    (main,) = [thread for thread in oracle["threads"] if thread["current"]]
    names = [plain(frame) if frame["language"] == "python" else frame["function"] or ""
             for frame in threads(ours)[main["tid"]]["frames"]]
    loops = [i for i, name in enumerate(names) if name.startswith(("_PyEval_EvalFrameDefault", "_PyEval_Vector"))]
    assert loops, names
    kinds = [frame["language"] for frame in threads(ours)[main["tid"]]["frames"]]
    runs = sum(kind == "python" and after != "python" for kind, after in zip(kinds, kinds[1:]))
    # Each of these is called by C: list(map()), sorted(), reduce(), sub(), cached, exec().
    for called in ("reduced", "key", "pair", "matched", "cached"):
        at = names.index(called)
        assert any(kind != "python" for kind in kinds[at:names.index("<module>", at)]), called
    assert runs >= 6
    aborts = [i for i, name in enumerate(names) if name in ("abort", "__GI_abort")]
    assert aborts and aborts[0] < names.index("end")


@pytest.mark.parametrize("python", some())
def test_stripped(programs, python):
    """Neither the interpreter nor its library has symbols but those that the dynamic linker needs."""
    core, oracle = programs.core(programs.stripped(python), "all")
    answer = run("stack", "--json", core).json
    assert oracle["executable"].startswith(programs.folder)
    assert differences(answer, oracle) == []


@pytest.mark.parametrize("python", some())
def test_embedded(programs, python):
    """A C program with an interpreter inside."""
    core, oracle = programs.core(python, "embedded", exe=programs.embedding(python))
    answer = run("stack", "--json", core).json
    assert differences(answer, oracle) == []
    (thread,) = answer["threads"]
    names = [frame["function"] for frame in thread["frames"]]
    assert names.index("serve") < names.index("main")
    outermost = max(i for i, frame in enumerate(thread["frames"]) if frame["language"] == "python")
    assert outermost < names.index("serve")


@pytest.mark.parametrize("python", some())
def test_text(programs, python):
    """The interpreter's own C frames are left out of the text; Python's are there."""
    core, _ = programs.core(python, "all")
    text = run("stack", core).out
    assert " calls.py" in text or "/calls.py:" in text
    assert "_PyEval_EvalFrameDefault" not in text
    assert "_PyEval_EvalFrameDefault" in run("stack", "--all-frames", core).out


@pytest.mark.parametrize("python", some())
def test_moved_away(programs, python, tmp_path):
    """The interpreter that made the core is not here any more."""
    copy = programs.stripped(python)
    core, oracle = programs.core(copy, "all")
    home = os.path.dirname(os.path.dirname(copy.path))
    away = tmp_path / "away"
    shutil.move(home, away)
    try:
        answer = run("stack", "--json", core).json
    finally:
        shutil.move(away, home)
    assert differences(answer, oracle) == []


@pytest.mark.parametrize("python", some())
def test_written_by_inquest(programs, python, tmp_path):
    """A core of a process that goes on; tests/matrix.py has gdb's."""
    core = tmp_path / "written.core"
    with programs.running(python, "all") as process:
        run("debug", "--batch", "-ex", f"gcore {core}", "-p", process.pid)
        assert differences(run("stack", "--json", process.pid).json, process.oracle) == []
        assert process.process.poll() is None
    assert differences(run("stack", "--json", core).json, process.oracle) == []
    core.unlink()


@pytest.mark.parametrize("python", some())
def test_two_interpreters(programs, python):
    if python.version < (3, 8):
        pytest.skip("has no module for interpreters in interpreters")
    core, oracle = programs.core(python, "subs")
    answer = run("stack", "--json", core).json
    visitor = by_name(oracle, "visitor")
    frames = python_frames(threads(answer)[visitor["tid"]])
    inside = [[frame["line"], plain(frame)] for frame in frames]
    names = [name for _, name in inside]
    at = names.index("inner")
    # It went on to sleep behind the line that it wrote down.
    assert inside[at + 1:at + 3] == oracle["inside"][1:3]
    assert [name for name in names if name not in ("inner", "outer", "<module>")] == \
        [frame["function"] for frame in visitor["frames"]]
    info = run("info", "--json", core).json
    (runtime,) = [runtime for runtime in info["runtimes"] if runtime["name"] == "cpython"]
    assert (runtime["interpreters"], runtime["threads"]) == (2, 3)  # the visitor has a record in each
    # Whether or not each interpreter has a lock of its own (3.12 and later): one sleeps, one wrote the oracle.
    states = {thread["tid"]: thread["language"]["state"] for thread in info["threads"] if thread.get("language")}
    (main,) = [known["tid"] for known in oracle["threads"] if known["current"]]
    assert states == {main: None if python.free_threaded else "holds the GIL", visitor["tid"]: None}


NEWEST, UNKNOWN = 15, 29  # of which there is a table, and of which there is none


@pytest.mark.parametrize("python", [param for param in interpreters() if param.values[0] and param.values[0].version[1] > 12])
def test_unknown_version(programs, python):
    """What a newer version publishes of itself serves where it fits the newest table; else that is said, and nothing is
    guessed."""
    core, oracle = programs.core(programs.renumbered(python, UNKNOWN), "all")
    answer = run("stack", "--json", core).json
    said = " ".join(problem["message"] for problem in answer["target"]["problems"])
    if python.version[1] == NEWEST:
        assert "is newer than what is known" in said
        assert differences(answer, oracle) == []
    else:
        assert f"Python 3.{UNKNOWN} is not known" in said
        assert not any(python_frames(thread) for thread in answer["threads"])
        assert any(frame["function"] == "abort" or frame["function"] == "__GI_abort"
                   for thread in answer["threads"] for frame in thread["frames"])
