# SPDX-License-Identifier: Apache-2.0
"""What is shown of Python frames and threads: which native frames beside them, names, the GIL, frames in the console."""

import os
import re
import subprocess
import sys

import jsonschema
import pytest

import cores
from conftest import ROOT, json_schema, run
from pyprograms import FOUND, expected, got, interpreters, python_frames, some, threads

pytestmark = pytest.mark.thin
EVAL = "_PyEval_EvalFrameDefault"
LAYOUTS = ROOT / "tools" / "python_layouts.py"


def check_schema(answer, name):
    jsonschema.validate(answer, json_schema(name))
    return answer


@pytest.fixture(params=some())
def core(request, programs):
    return programs.core(request.param, "all")


def test_native_frames(core):
    """The interpreter's own are left out, or shown, or no native ones are; numbers stay the same."""
    path, _ = core
    merged, native, python = (run("stack", *options, path).out for options in ([], ["--native"], ["--no-native"]))
    assert EVAL not in merged and EVAL in native and "abort" in merged
    numbered = [line for line in merged.splitlines() if re.match(r"\s+#\d+ ", line) and "calls.py:" in line]
    assert numbered and set(numbered) <= set(native.splitlines())
    frames = [line for line in python.splitlines() if re.match(r"\s+#\d", line)]
    assert frames and all(line.endswith((" python", " times")) for line in frames)


def test_only_python_json(core):
    path, oracle = core
    answer = check_schema(run("stack", "--no-native", "--json", path).json, "stack")
    for known in oracle["threads"]:
        frames = threads(answer)[known["tid"]]["frames"]
        assert all(frame["kind"] == "language" and frame["record"] for frame in frames)
        if known["frames"] is not None and not known["current"]:
            assert got(frames) == expected(known)


def test_hidden_is_marked(core):
    path, _ = core
    answer = check_schema(run("stack", "--json", path).json, "stack")
    (main,) = [thread for thread in answer["threads"] if thread["crashed"]]
    hidden = {frame["function"] for frame in main["frames"] if frame.get("hidden")}
    assert any(name and name.startswith(EVAL) for name in hidden)
    assert not any(frame.get("hidden") for frame in python_frames(main))
    # Each Python frame has the pc of the native frame that runs it.
    for i, frame in enumerate(main["frames"]):
        if frame["kind"] == "language":
            runs = next(other for other in main["frames"][i:] if other["kind"] != "language")
            assert frame["pc"] == runs["pc"] != "0x0"


def test_threads(core):
    """Names, daemons, and the one that holds the lock, if there is one: it wrote the oracle."""
    path, oracle = core
    answer = check_schema(run("info", "--json", path).json, "info")
    ours = {thread["tid"]: thread for thread in answer["threads"]}
    for known in oracle["threads"]:
        told = ours[known["tid"]]
        assert (told["name"], told["language"]["daemon"]) == (known["name"], known["daemon"])
        assert (told["language"]["state"] == "holds the GIL") == (known["current"] and oracle["gil"])
    (runtime,) = [runtime for runtime in answer["runtimes"] if runtime["name"] == "cpython"]
    assert runtime["version"] == oracle["release"]
    assert (runtime["threads"], runtime["interpreters"]) == (len(oracle["threads"]), 1)
    assert bool(re.search(r'holds the GIL: \d+ "MainThread"', run("info", path).out)) == oracle["gil"]


FREE_THREADED = [param for param in interpreters() if param.values[0] and param.values[0].free_threaded] or \
    [pytest.param(None, marks=pytest.mark.skip(reason="no free-threaded Python is installed"))]


# Four threads, each in a chain of calls of its own length, that never wait; and the main thread.
SPINNING = """
import sys, threading
there = []
def down(n):
    down(n - 1) if n else spin()
def spin():
    there.append(1)
    while True:
        pass
for n in range(4):
    threading.Thread(target=down, args=(n,), name=f"deep-{n}", daemon=True).start()
while len(there) < 4:
    pass
print("ready")
sys.stdout.flush()
spin()
"""


@pytest.mark.parametrize("gil", [False, True], ids=["without", "with"])
@pytest.mark.parametrize("python", FREE_THREADED)
def test_free_threaded(python, gil):
    """Threads that run at once each have their own frames; with a GIL one of them holds it."""
    with cores.Running([python.path, "-X", f"gil={int(gil)}", "-c", SPINNING]) as process:
        for _ in range(20):
            answer = run("stack", "--json", process.pid).json
            deep = {thread["name"]: [frame["name"] for frame in python_frames(thread)] for thread in answer["threads"]}
            for n in range(4):
                names = deep[f"deep-{n}"]
                assert names[:n + 2] == ["spin", *["down"] * (n + 1)] and "down" not in names[n + 2:]
        info = run("info", "--json", process.pid).json
        states = [thread["language"]["state"] for thread in info["threads"]]
        assert states.count("holds the GIL") <= gil and ("waits for the GIL" in states) == gil, states
        assert {"free-threaded": "yes"}.items() <= info["runtimes"][0]["settings"].items()


def test_folded_and_groups(core):
    path, _ = core
    folded = run("stack", "--folded", path).out
    assert re.search(r"^parked;.*;park;parked;", folded, re.M)
    assert EVAL not in folded and EVAL in run("stack", "--folded", "--native", path).out
    # They wait in the same place.
    groups = [line for line in run("stack", "--group", path).out.splitlines() if re.match(r"\d+ threads: ", line)]
    assert any('"parked"' in line and '"twin"' in line for line in groups)


def test_locals_follow(core):
    path, oracle = core
    (thread,) = [thread for thread in oracle["threads"] if thread["name"] == "parked"]
    text = run("stack", "--locals", "--thread", thread["tid"], path).out
    assert re.search(r"^ {12}self = <threading\.Event (object )?at 0x\w+: unset>$", text, re.M)
    assert re.search(r"^ {12}self = <Condition\(<\w+ _thread\.lock object at 0x\w+>, \d+\)>$", text, re.M)
    answer = check_schema(run("stack", "--locals", "--json", "--thread", thread["tid"], path).json, "stack")
    frames = answer["threads"][0]["frames"]
    assert all(("variables" in frame) == (frame["kind"] == "language") for frame in frames)


def test_console(core):
    path, _ = core
    out = run("debug", "--batch", "-ex", "frame function ending", "-ex", "info locals", "-ex", "list", "-ex",
              "info frame", "-ex", "up", "-ex", "down", "-ex", "p note", "-ex", "frame function handle", path).out
    assert out.count("ending () at ") == 2 and "in handle (" not in out
    assert re.search(r"^note = 'the innermost'$", out, re.M)
    assert re.search(r'^\d+\t    note = "the innermost"$', out, re.M)
    assert re.search(r"^Stack level \d+, python frame at 0x[0-9a-f]+:\n in ending \(\S+:\d+\)\n run by frame \d+$", out, re.M)
    assert re.search(r"^#\d+ +handle \(letters='b'\) at ", out, re.M)
    assert re.search(r"^\$1 = 'the innermost'$", out, re.M)


def test_options_that_exclude_each_other(core):
    path, _ = core
    for options in (["--native", "--no-native"], ["--locals", "--folded"], ["--locals", "--group"]):
        assert "exclude" in run("stack", *options, path, status=2).err


@pytest.mark.parametrize("python", some())
def test_layout(python):
    """The table of the version is what this build's debug information says."""
    file = python.libpython or python.path
    check = subprocess.run([sys.executable, LAYOUTS, "--check", file, "--version", ".".join(map(str, python.version))],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if "gdb says nothing" in check.stdout or not FOUND:
        pytest.skip("no gdb with Python")
    if "debug" in python.origin:
        pytest.skip("a build with Py_DEBUG has more fields")
    lines = check.stdout.splitlines()
    if len(lines) > 100:
        pytest.skip(f"{file} has no debug information")
    assert check.returncode == 0, check.stdout
