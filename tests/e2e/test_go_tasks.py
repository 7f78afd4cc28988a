# SPDX-License-Identifier: Apache-2.0
"""Goroutines: the list, states, reasons, places, groups and labels. Beside Delve's: test_go_goroutines.py."""

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

import build
from conftest import json_schema, run
from delve import console

VERSIONS = build.GO_VERSIONS
pytestmark = pytest.mark.thin

# Where goroutines of blocked.go are, and what they say there; until 1.20 locks had one reason for all.
WAITS = {
    "main.blockReceive": {"chan receive"},
    "main.blockSend": {"chan send"},
    "main.blockSelect": {"select"},
    "main.blockNilChannel": {"chan receive (nil chan)"},
    "main.blockNilSend": {"chan send (nil chan)"},
    "main.blockNilSelect": {"select"},
    "main.blockEmptySelect": {"select (no cases)"},
    "main.blockMutex": {"sync.Mutex.Lock", "semacquire"},
    "main.blockRead": {"sync.RWMutex.RLock", "semacquire"},
    "main.blockWrite": {"sync.RWMutex.Lock", "sync.Mutex.Lock", "semacquire"},
    "main.blockWaitGroup": {"sync.WaitGroup.Wait", "semacquire"},
    "main.blockCond": {"sync.Cond.Wait"},
    "main.blockSleep": {"sleep"},
    "main.blockTimer": {"chan receive"},
    "main.blockSignal": {"chan receive"},
    "main.blockOnce": {"chan receive", "sync.Mutex.Lock", "semacquire"},
    "main.blockAccept": {"IO wait"},
    "main.blockNetRead": {"IO wait", "semacquire"},
    "main.blockPipe": {"IO wait"},
    "main.values": {"chan receive"},
    "main.blockSyscall": {None},
}

# The runtime's own goroutines, and where they wait; at the moment of the crash any may run.
SYSTEM = {
    frozenset({"runtime.forcegchelper"}): {"force gc (idle)"},
    frozenset({"runtime.bgsweep"}): {"GC sweep wait"},
    frozenset({"runtime.bgscavenge"}): {"GC scavenge wait", "sleep"},
    frozenset({"runtime.runfinq", "runtime.runFinalizers"}): {"finalizer wait"},
    frozenset({"runtime.gcBgMarkWorker"}): {"GC worker (idle)"},
}


@pytest.fixture(params=[f"go-{version}" for version in VERSIONS])
def core(request, lab):
    return lab.core(request.param, "panic", program="go")


def functions(answer, task):
    return [frame["function"] for frame in answer["task_stacks"][task["stack"]]["frames"]]


def test_states(core):
    answer = run("stack", "--json", core[1]).json
    ids = [task["id"] for task in answer["tasks"]]
    assert ids == sorted(set(ids)) and 1 in ids
    for function, reasons in WAITS.items():
        there = [task for task in answer["tasks"] if function in functions(answer, task)]
        assert there, function
        for task in there:
            assert task["reason"] in reasons, (function, task)
            assert task["state"] == ("syscall" if reasons == {None} else "waiting")
            assert task["created_by"]["function"].startswith("main.")
    for function, has_thread in {"main.lockedThread": True, "main.lockedReceive": False}.items():
        (task,) = [task for task in answer["tasks"] if function in functions(answer, task)]
        assert task["locked"] and ("tid" in task) == has_thread, task
    assert not any(task["system"] for task in answer["tasks"])
    every = run("stack", "--json", "--system", core[1]).json
    for names, idle in SYSTEM.items():
        there = [task for task in every["tasks"] if not names.isdisjoint(functions(every, task))]
        assert there and all(task["system"] for task in there), names
        for task in there:
            assert task["reason"] in (idle if task["state"] == "waiting" else {None}), (names, task)
    assert sum(stack["tasks"] for stack in every["task_stacks"]) == len(every["tasks"])


def test_newer_than_known(lab, tmp_path):
    """A version without a table is read by the program's debug information, which is said; without that it is refused."""
    target, path = lab.core(f"go-{VERSIONS[-1]}", "panic", program="go")
    newer, bare = tmp_path / "newer", tmp_path / "bare"
    newer.write_bytes(re.sub(rb"\bgo1\.\d\d", b"go1.99", Path(target.exe).read_bytes()))
    newer.chmod(0o755)
    subprocess.run(["strip", "-g", "-o", bare, newer], check=True)
    known = run("stack", "--each", "--exe", target.exe, path).out
    told = run("stack", "--each", "--exe", newer, path).out
    notes = [line for line in told.splitlines() if "is newer than what Inquest knows" in line]
    assert len(notes) == 1 and notes[0].startswith("note: go1.99")

    def list_of(text):  # how labels and deferred calls are kept goes by the version
        return [re.sub(", labels .*", "", line) for line in text.splitlines() if line.startswith("Goroutine ")]

    assert list_of(told) == list_of(known) and len(list_of(told)) > 20
    assert "has no debug information that tells it" in run("stack", "--each", "--exe", bare, path, status=None).out


@pytest.mark.parametrize("kind", ["stripped", "pie"])
@pytest.mark.parametrize("version", VERSIONS)
def test_without_symbols(lab, version, kind):
    """The list, the reasons, the threads and the places are there, with inlined calls, and say the same."""
    def said(variant):
        answer = run("stack", "--json", lab.core(variant, "panic", program="go")[1]).json
        return sorted((places(answer, task), task["state"], task.get("reason"), "tid" in task)
                      for task in answer["tasks"])
    assert said(f"go-{version}-{kind}") == said(f"go-{version}")


def places(answer, task):
    return [(frame["function"], os.path.basename(frame["file"] or ""), frame["line"])
            for frame in answer["task_stacks"][task["stack"]]["frames"]]


@pytest.mark.parametrize("command", [("stack", "--by", "label", "--system"), ("info",)])
def test_schema(core, command):
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(run(*command, "--json", core[1]).json, json_schema(command[0]))


def test_crashed_goroutine_first(core):
    text = run("stack", core[1]).out
    blocks = [block.splitlines() for block in text.split("\n\n")][1:]
    assert re.match(r"Goroutine 1 \[.*\] on thread \d+.* \(crashed\)", blocks[0][0]), blocks[0]
    assert " main.die " in blocks[0][1] and " main.main " in blocks[0][2]
    shown = [line.split()[1] for line in text.splitlines() if line.startswith("  #")]
    assert "runtime.gopark" not in shown and not any(".gowrap" in name for name in shown)
    assert "runtime.gopark" in run("stack", "--all-frames", core[1]).out


def test_one(core):
    assert "main.die" in run("stack", "--goroutine", 1, core[1]).out
    assert "no goroutine 987654" in run("stack", "-g", 987654, core[1], status=None).err
    assert "exclude" in run("stack", "-g", 1, "-t", 1, core[1], status=None).err


@pytest.mark.parametrize("key", ["stack", "user", "go", "start", "state", "label"])
def test_groups(core, key):
    answer = run("stack", "--json", "--by", key, core[1]).json
    sizes = [len(group["tasks"]) for group in answer["task_groups"]]
    assert sizes == sorted(sizes, reverse=True)
    assert sorted(i for group in answer["task_groups"] for i in group["tasks"]) == \
        [task["id"] for task in answer["tasks"]]
    text = run("stack", "--by", key, core[1]).out
    assert [int(n) for n in re.findall(r"^(\d+) goroutines? ", text, re.M)][:len(sizes)] == sizes


def test_many(lab):
    """All are counted, each is shown when asked for, equal ones once when not."""
    _, path = lab.core(f"go-{VERSIONS[-1]}", "-n", "4000", "panic", program="go")
    answer = run("stack", "--json", path).json
    assert len(answer["tasks"]) > 4000 > 10 * len(answer["task_stacks"])
    each = run("stack", "--each", path).out
    assert [int(n) for n in re.findall(r"^Goroutine (\d+) ", each, re.M)][1:] == \
        [task["id"] for task in answer["tasks"] if task["id"] != 1]
    folded = run("stack", path).out
    counts = [int(n.replace(",", "")) for n in re.findall(r"^([\d,]+) goroutines \[", folded, re.M)]
    single = len(re.findall(r"^Goroutine ", folded, re.M))
    assert sum(counts) + single == len(answer["tasks"])
    lines = run("stack", "--folded", path).out.splitlines()
    assert sum(int(line.split()[-1]) for line in lines if line.startswith("goroutine;")) == len(answer["tasks"])


def test_select(core):
    """bt, frame and locals are those of the selected goroutine."""
    answer = run("stack", "--json", core[1]).json
    (task,) = [t for t in answer["tasks"] if "main.values" in functions(answer, t)]
    at = functions(answer, task).index("main.values")
    out = console(core[1], f"goroutine {task['id']}", "bt", f"frame {at}", "info args", "up", "down", "goroutine")
    assert f"Switched from 1 to {task['id']} (thread" in out
    assert re.search(rf"^#{at} .* in main\.values \(.*i=11", out, re.M), out
    assert re.search(r"^i = 11$", out, re.M)
    assert f"Goroutine {task['id']}:\n\tRuntime: " in out
    once = console(core[1], f"goroutine {task['id']} frame {at} info args", "goroutine")
    assert "i = 11" in once and "Goroutine 1:" in once


def test_labels_and_channels(core):
    out = console(core[1], "goroutines -l -with label worker=label-test")
    assert re.search(r'main\.blockReceive .*\n\tLabels: "worker":"label-test"\n\[1 goroutines\]', out), out
    out = console(core[1], "goroutines -group label worker")
    assert re.search(r"^worker=label-test$", out, re.M)
    out = console(core[1], "goroutines -chan 'main.neverReceive'")
    assert "main.blockSend" in out and "main.blockSelect" in out and "[2 goroutines]" in out


def test_build(core):
    text = run("info", core[1]).out
    version = core[0].variant.name.removeprefix("go-")
    assert re.search(rf"^go +go{version}(\.\d+)?, path command-line-arguments$", text, re.M), text
    assert re.search(r"^built with .*GOOS=linux", text, re.M)
    (go,) = run("info", "--json", core[1]).json["runtimes"]
    assert go["version"].startswith(f"go{version}") and go["settings"]["GOARCH"] == "amd64"


def until_main_rests(pid):
    """Of blocked.go, which has collected its garbage twice by then."""
    for _ in range(1000):
        tasks = {task["id"]: task["reason"] for task in run("stack", "--json", pid).json["tasks"]}
        if tasks[1] == "select (no cases)":
            return
    raise AssertionError(tasks[1])


@pytest.mark.parametrize("kind", ["", "-pie"])
def test_waiting_since(lab, kind):
    """Of a process whose garbage collector has seen it wait; not of its core."""
    with lab.running(f"go-{VERSIONS[-1]}{kind}", "wait", program="go") as process:
        def waited():
            answer = run("stack", "--json", process.pid).json
            return {task["id"]: task["waited_ns"] for task in answer["tasks"] if "waited_ns" in task}

        until_main_rests(process.pid)
        first, between = waited(), time.monotonic()
        time.sleep(1.1)
        second, end = waited(), time.monotonic()
        assert len(first) >= 10 and first.keys() == second.keys()
        for task, ns in first.items():
            assert 0 < ns < 100e9 and 1.1e9 <= second[task] - ns < (end - between + 10) * 1e9
        text = run("stack", process.pid).out
        assert re.search(r"^Goroutine \d+ \[select\] created by main\.main.*, waiting for about \d", text, re.M), text
    _, core = lab.core(f"go-{VERSIONS[-1]}{kind}", "panic", program="go")
    assert not any("waited_ns" in task for task in run("stack", "--json", core).json["tasks"])


def test_wrong_options(core):
    for wrong in ("-x", "-with nothing", "-with userloc", "-group label"):
        assert run("debug", "--batch", "-ex", f"goroutines {wrong}", core[1], status=None).err.strip()
