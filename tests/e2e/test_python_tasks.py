# SPDX-License-Identifier: Apache-2.0
"""Tasks of asyncio: those that the program counted, where their coroutines stand, and what waits for what."""

import re

import pytest

from conftest import run
from pyprograms import interpreters, plain, some

pytestmark = pytest.mark.thin

# What waits for which tasks in tests/targets/python/tasks.py, directly or through a future of asyncio's own.
AWAITS = {"waits": {"one"}, "also waits": {"one"}, "chain": {"waits"}, "gathers": {"one", "two"}, "any": {"two"},
          "shields": {"two"}, "limits": {"two"}, "main": {"ends"}}
OF_GROUPS = {"groups": {"first of group", "second of group"}}  # asyncio.TaskGroup, from 3.11 on


@pytest.fixture(params=interpreters())
def answer(request, programs):
    return programs.answer(request.param)


def coroutine_frames(ours, task):
    """Of a task, outermost first; of one that a thread runs, its part of that."""
    frames = ours["task_stacks"][task["stack"]]["frames"]
    return [[frame["file"], frame["line"], plain(frame)] for frame in reversed(frames) if frame["language"] == "python"]


def same_frames(ours, known):
    """The program cannot look behind what asynchronous generators and __await__() give out."""
    hidden = known["key"] in ("loops", "object")
    return (ours[:len(known["frames"])] if hidden else ours) == known["frames"]


def pair_up(ours, oracle):
    """{key of the oracle: (its entry, ours)}, by their frames and names."""
    left, found = list(ours["tasks"]), {}
    for known in oracle["tasks"]:
        if known["done"]:
            continue
        alike = [task for task in left if task.get("name") == known["name"] and
                 (same_frames(coroutine_frames(ours, task), known) or known["key"] == "ends" and task.get("tid"))]
        assert alike, known
        found[known["key"]] = known, alike[0]
        left.remove(alike[0])
    assert not left, left
    return found


def test_every_task(answer):
    ours, oracle = answer
    pairs = pair_up(ours, oracle)
    assert len(pairs) == sum(not known["done"] for known in oracle["tasks"]) > 15
    for key, (known, task) in pairs.items():
        assert task["kind"] == "task"
        assert task["state"] == ("running" if key == "ends" else "waiting"), task
        assert bool(task.get("tid")) == (key == "ends")


def test_what_waits_for_what(answer):
    ours, oracle = answer
    pairs = pair_up(ours, oracle)
    keys = {task["id"]: key for key, (_, task) in pairs.items()}
    by_version = {key: {keys[number] for number in task.get("awaits", [])} for key, (_, task) in pairs.items()}
    if oracle["version"] < [3, 8]:  # no names: the two that wait for "one" look the same, and so do their places
        return
    groups = OF_GROUPS if oracle["version"] >= [3, 11] else {}
    assert {key: on for key, on in by_version.items() if on} == {**AWAITS, **groups}


@pytest.mark.parametrize("python", some()[-1:])
def test_tree(programs, python):
    core, _ = programs.core(python, "all")
    text = run("stack", "--tree", core).out
    assert re.search(r'^\d+ "chain" \[waiting\]  waits_for tasks\.py:\d+\n  \d+ "waits" .*\n    \d+ "one" ', text, re.M)
    assert re.search(r'^\d+ "gathers" .*\n  \d+ "one" .*\n  \d+ "two" ', text, re.M)
    assert text.count('"main"') + text.count('"Task-2"') == 1


@pytest.mark.parametrize("python", some()[-1:])
def test_text(programs, python):
    core, _ = programs.core(python, "all")
    text = run("stack", "--each", core).out
    assert re.search(r'^Task \d+ "chain" \[waiting\] waits for task \d+ "waits"\n  #0 +waits_for ', text, re.M)
    # The innermost is shown first, as everywhere.
    assert re.search(r'^Task \d+ "holds" \[waiting\]\n  #0 +sleep .*\n  #1 +leaf .*\n  #2 +holds ', text, re.M)
    threads = re.findall(r'^Thread \d+', text, re.M)
    assert len(threads) > 10 and "waits_for_rlock" in text, "threads without tasks are there, too"
    assert "_PyEval_EvalFrameDefault" not in text


@pytest.mark.parametrize("python", some()[-1:])
def test_console(programs, python):
    core, _ = programs.core(python, "all")
    listed = run("debug", "--batch", "-ex", "info tasks", core).out
    (number,) = re.findall(r'^(\d+) "holds"', listed, re.M)
    out = run("debug", "--batch", "-ex", f"task {number}", "-ex", "bt", "-ex", "frame 1", "-ex", "info locals", "-ex",
              "task", core).out
    assert f'[Current task is {number} "holds" (waiting)]' in out
    assert re.search(r"^#0 .*sleep \(.*\n#1 .*leaf \(n=5\).*\n#2 .*holds \(", out, re.M), out


def test_no_tasks(programs):
    python = some()[-1].values[0]
    core, _ = programs.core(python, "hung", "crash", programs.native(), ending="segv")
    assert "no tasks" in run("stack", "--tree", core, status=None).err
    assert not run("stack", "--json", core).json["tasks"]
