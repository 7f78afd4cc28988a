# SPDX-License-Identifier: Apache-2.0
"""Scripts in Python: `inquest run`, `source` at the prompt, and the module in a Python of its own."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import pytest

import peers
from conftest import INQUEST, SANITIZED, run

PACKAGE = pathlib.Path(INQUEST).parent / "python"
NATIVE = "c-gcc-O0-dwarf5"

pytestmark = pytest.mark.skipif(not (PACKAGE / "inquest" / "_inquest.abi3.so").exists(),
                                reason="built without -Dscript: headers of Python 3.10 are missing")
no_leaks = {"ASAN_OPTIONS": "detect_leaks=0"}  # what the interpreter has at our end is still in use


@pytest.fixture(scope="module")
def values_core(lab):
    return lab.core(NATIVE, "abort", program="values")


@pytest.fixture
def script(tmp_path):
    """script(text, *args, target=...) runs it."""
    def runs(text, *args, target, status=0, options=(), **more):
        path = tmp_path / "script.py"
        path.write_text(text)
        return run("run", *options, path, target, *args, status=status, env=no_leaks, **more)
    return runs


# ---- values ----

# As expressions: scalars of all kinds, text, and members through pointers.
NUMBERS = ("g_point.x", "g_line.to.y", "g_bits", "g_node_a.next->previous->next", "g_points[2].y", "g_point_pointer->x",
           "*g_point_pointer", "g_huge[999999]", "g_atomic", "g_const_pointer->y", "g_point_null", "g_point_bad",
           "g_flexible->items[2]", "g_functions[1]")

BOTH = """
import json
def conversions(v):
    found = {}
    for name, convert in (("int", int), ("float", float), ("bool", bool)):
        try:
            found[name] = convert(v)
        except (TypeError, ValueError):
            found[name] = None
        except Exception as error:
            found[name] = None
    return found
print("ANSWER", json.dumps({text: conversions(evaluate(text)) for text in %r}))
""" % (NUMBERS,)


def answer(text):
    return json.loads(next(line for line in text.splitlines() if line.startswith("ANSWER "))[7:])


def test_numbers_are_those_of_gdb(values_core, script, tmp_path):
    target, core = values_core
    ours = answer(script("import inquest\nevaluate = inquest.target().evaluate\n" + BOTH, target=core).out)
    (tmp_path / "gdb.py").write_text("import gdb\nevaluate = gdb.parse_and_eval\n" + BOTH)
    theirs = subprocess.run(["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-x", tmp_path / "gdb.py",
                             target.exe, core], capture_output=True, text=True, env=peers.env(), timeout=120, check=False)
    theirs = answer(theirs.stdout)
    for text in NUMBERS:
        if ours[text]["int"] is not None or theirs[text]["int"] is not None:
            assert ours[text]["int"] == theirs[text]["int"], text
    assert sum(ours[text]["int"] is not None for text in NUMBERS) >= 10


def test_values_types_and_frames(values_core, script):
    script("""
import inquest
t = inquest.target()
frame = next(f for f in t.threads[0].frames if f.function == "inner")
assert t.threads[0].crashed and t.signal_name == "SIGABRT" and t.kind == "core" and t.pointer_size == 8
assert frame["n"] == 99 and frame["text"].string() == "middle's text" == frame["text"]
assert [int(x) for x in frame["table"]] == [i * i for i in range(7)] and len(frame["table"]) == 7
assert frame["table"][-1] == 36 and frame["table"][2] + 0.5 == 4.5 and -frame["table"][3] == -9
assert frame["there"].x == frame["here"].x and frame["there"].deref()["y"] == frame["here"]["y"]
assert frame["there"] == frame["here"].address and {frame["there"]: 1}[frame["here"].address] == 1
assert bytes(frame["here"]) == t.read(frame["here"].address, frame["here"].type.size) and frame["here"] == frame["p"]
assert set(frame.variables(locals=False)) <= set(frame.variables()) and "buffer" in frame.variables(arguments=False)
assert frame.evaluate("n + 1") == 100 and t.evaluate("n + 1", frame=frame) == 100
assert frame.register("rip") and t.symbol(frame.pc)[0] == "inner"
bits = t.evaluate("g_bits")
field = bits.type.fields[0]
assert field.name in bits.fields() and field.bit_size and bits.address % 4 == 0
node = t.type("struct node")
assert node.kind == "struct" and [f.name for f in node.fields][1:3] == ["next", "previous"] and node.size == 24
assert node.pointer().target == node and str(node.pointer()) == "struct node *" and "previous" in node.declaration
first = node.at(t.evaluate("&g_node_a"))
assert first.next.previous == first.address and not first.previous and first.next
assert isinstance(t.evaluate("struct node"), inquest.Type)
assert t.evaluate("g_point_pointer").cast("long") == t.evaluate("&g_point")
assert sum(map(int, t.evaluate("g_many"))) == sum(range(250)) and len(t.evaluate("g_huge")) == 1000000
assert t.find(b"middle's text")[0] and not t.find(bytes(range(1, 200)) * 3)
assert t.modules[0].build_id and t.frame.function == t.threads[0].frames[0].function

def refused(kind, text, code=None):
    try:
        eval(text)
    except kind as error:
        assert code is None or error.code == code, (text, error.code)
    else:
        raise AssertionError(text + " was answered")
refused(inquest.Error, "t.read(16, 4)", "unmapped")
refused(inquest.Error, "t.evaluate('1 +')", "usage")
refused(inquest.Error, "t.evaluate('nothing')", "not-found")
refused(inquest.Error, "int(t.evaluate('*g_point_bad').x)", "unmapped")
refused(inquest.Error, "t.evaluate('g_point_null').x + 0")
refused(AttributeError, "first.nothing")
refused(IndexError, "frame['table'][7]")
refused(KeyError, "frame['nothing']")
refused(TypeError, "frame['there'] + 1")
refused(TypeError, "int(first)")
refused(TypeError, "iter(first.next)")
refused(TypeError, "hash(first)")
refused(inquest.Error, "inquest.open('x')")
""", target=values_core[1])


def test_containers_of_cxx(cxx_core, script):
    script("""
import inquest
t = inquest.target()
seen = set()
for frame in t.threads[0].frames:
    try:
        variables = frame.variables()
    except inquest.Error as error:
        assert error.code == "no-data"
        continue
    for name, value in variables.items():
        kind = str(value.type)
        if isinstance(value, inquest.Error) or not kind.startswith("std::"):
            continue
        try:
            n = len(value)
        except TypeError:
            continue
        word = kind[5:].split("<")[0].replace("__cxx11::", "")
        seen.add(word)
        if "string" not in kind.split("<")[0]:
            assert n == sum(1 for _ in value) or "map" in word, (name, kind, n)
        else:
            assert n == len(value.string().encode()) or n < len(value.string().encode()), (name, kind, n)
assert len(seen) >= 4, seen
""", target=cxx_core)


def test_goroutines(go_core, script):
    said = script("""
import inquest
t = inquest.target()
tasks = t.tasks
assert len({x.id for x in tasks}) == len(tasks) > 3
one = next(x for x in tasks if x.id == 1)
assert one.kind == "goroutine" and one.frames and one.function
waiting = [x for x in tasks if x.reason and not x.system]
assert waiting and all(x.frames[0].function for x in waiting)
for line in inquest.command("goroutines").splitlines()[-1:]:
    print(line)
""", target=go_core).out
    assert "goroutines" in said


def test_frames_of_python(python_core, script):
    script("""
import inquest
t = inquest.target()
frames = [f for th in t.threads for f in th.frames if f.language == "python"]
assert any(f.file.endswith(".py") and f.line for f in frames) and all(f.kind == "language" for f in frames)
assert any(f.variables() for f in frames)
""", target=python_core)


def test_module_in_a_python_of_its_own(values_core):
    if SANITIZED:
        pytest.skip("a Python without the sanitizer cannot load a module with it")
    program = """
import inquest, sys
with inquest.open(sys.argv[1]) as t:
    frame = next(f for f in t.threads[0].frames if f.function == "inner")
    assert frame["n"] == 99
    kept = frame["here"]
for use in (lambda: t.kind, lambda: kept.x):
    try:
        use()
    except inquest.Error:
        pass
    else:
        raise SystemExit("a closed target was used")
try:
    inquest.open("/nowhere")
except inquest.Error as error:
    assert error.code == "not-found"
"""
    subprocess.run([sys.executable, "-c", program, values_core[1]], check=True, timeout=60,
                   env={**os.environ, "PYTHONPATH": str(PACKAGE)})


# ---- what scripts do that they should not ----


@pytest.mark.parametrize("text, status, words", [
    ("def f():\n    raise ValueError('why')\ndef main():\n    f()\n", 1, "ValueError: why"),
    ("def f(:\n", 1, "SyntaxError"),
    ("print(undefined)\n", 1, "NameError"),
    ("import inquest\ninquest.target.threads\n", 1, "hint: inquest.target().threads"),
    ("def f(): f()\nf()\n", 1, "RecursionError"),
    ("import sys\nsys.exit(7)\n", 7, ""),
    ("import sys\nsys.exit('a reason')\n", 1, "a reason"),
    ("class E(Exception):\n    def __str__(self): raise E()\nraise E()\n", 1, "E"),
    ("import threading, inquest\nt = threading.Thread(target=lambda: inquest.target().kind)\nt.start(); t.join()\n", 0,
     "targets are for the thread that runs the script"),
    ("import threading\nthreading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()\n", 0, ""),
])
def test_failures_are_told(values_core, script, text, status, words):
    told = script(text, target=values_core[1], status=status)
    assert words in told.err and "inquest host" not in told.err
    if "def main" in text:
        assert "line 2, in f" in told.err and "line 4, in main" in told.err


@pytest.mark.parametrize("text, told", [
    ("while True: pass\n", "the script was ended: it took longer than its limit of 1 s"),
    ("while True:\n    try:\n        while True:\n            try:\n                while True: pass\n"
     "            except BaseException: pass\n    except BaseException: pass\n", "longer than its limit of 1 s"),
    ("import itertools\nsum(itertools.repeat(1))\n", "the script does not end, so Inquest does"),
])
def test_limit_of_time(values_core, script, text, told):
    assert told in script(text, target=values_core[1], status=1, options=("-t", "1")).err


@pytest.mark.parametrize("text, told", [
    ("kept = []\nwhile True: kept.append(bytearray(1 << 20))\n", "memory"),
    pytest.param("kept = bytearray(1 << 40)\n", "MemoryError", marks=pytest.mark.skipif(
        SANITIZED, reason="the sanitizer ends a process that asks for so much")),
])
def test_limit_of_memory(values_core, script, text, told):
    assert told in script(text, target=values_core[1], status=1, options=("-m", "100")).err


def test_limits_are_checked(values_core, script):
    for options in (("-t", "0"), ("-m", "0"), ("-t", "x")):
        script("", target=values_core[1], status=2, options=options)
    assert "is no script" in run("run", "/etc/passwd", values_core[1], status=2).err
    assert "No such file" in run("run", "/nowhere.py", values_core[1], status=1).err


def test_ctrl_c(values_core, tmp_path):
    (tmp_path / "wait.py").write_text("print('ready', flush=True)\nimport time\ntime.sleep(1000)\n")
    child = subprocess.Popen([INQUEST, "run", tmp_path / "wait.py", values_core[1]], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, env={**os.environ, **no_leaks})
    try:
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGINT)
        assert "cancelled" in child.communicate(timeout=30)[1] and child.returncode == 130
    finally:
        child.kill()
        child.wait()


# ---- processes, the prompt, what is installed ----


def test_a_process_runs_on(lab, script):
    with lab.running(NATIVE, "hang", program="values") as process:
        for options, state in ((), "SR"), (("--hold",), "t"):
            said = script("import inquest\nt = inquest.target()\n"
                          "print(t.kind, any(f.function == 'inner' for f in t.threads[0].frames),\n"
                          "      open(f'/proc/{t.pid}/stat').read().rsplit(')', 1)[1].split()[0])\n",
                          target=process.pid, options=options).out.split()
            assert said[:2] == ["process", "True"] and said[2] in state
        assert pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "SR"


def test_commands_of_scripts(values_core, tmp_path):
    target, core = values_core
    (tmp_path / "words.py").write_text('''
import inquest
kept = inquest.target().frame
def command_twice(args):
    """Say it twice.

    Really."""
    print(args, args)
def command_sum(a, b=2):
    print(a + b)
def command_fails(args):
    raise RuntimeError("as it was to")
def command_old(args):
    print(kept.function)
def command_nested(args):
    print(inquest.command("twice " + args).strip())
    try:
        inquest.command("nonsense")
    except inquest.Error as error:
        print(error)
print("loaded")
''')
    script = tmp_path / "words.py"
    commands = (f"source {script}", "twice a b", "sum 3", "sum 3, 4", "nested x", "fails", "help twice", "old",
                f"core-file {core}", "old", f"source {tmp_path}/none.py", "set script time-limit 1", "show script time-limit")
    told = run("debug", "-batch", *(word for command in commands for word in ("-ex", command)), target.exe, core,
               status=None, env=no_leaks)
    lines = told.out.splitlines()
    for line in ("loaded", "a b a b", "5", "7", "x x", "Say it twice.", "Really.", 'undefined command: "nonsense"'):
        assert line in lines, told.out
    for words in ("RuntimeError: as it was to", "words.py\", line 12, in command_fails",
                  "The script's command \"fails\" failed.", "No such file or directory",
                  "the target has run on, or another one was opened"):
        assert words in told.err, told.err


def test_without_the_module(values_core, tmp_path):
    shutil.copy(INQUEST, tmp_path / "inquest")
    (tmp_path / "x.py").write_text("")
    result = subprocess.run([tmp_path / "inquest", "run", tmp_path / "x.py", values_core[1]], capture_output=True,
                            text=True, timeout=60, check=False)
    assert result.returncode == 1 and "_inquest.abi3.so, is not installed" in result.stderr
    result = subprocess.run([INQUEST, "run", tmp_path / "x.py", values_core[1]], capture_output=True, text=True,
                            timeout=60, check=False, env={**os.environ, **no_leaks, "INQUEST_PYTHON": "/nowhere.so"})
    assert result.returncode == 1 and "apt install libpython3." in result.stderr
