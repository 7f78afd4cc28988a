# SPDX-License-Identifier: Apache-2.0
"""The console's py-* commands: beside what the program wrote down, and beside gdb's own helper where it works."""

import os
import re
import shutil
import subprocess

import pytest

import build
from conftest import run
from pyprograms import FOUND, interpreters, some, threads
from test_python_stacks import by_name

pytestmark = pytest.mark.thin


def console(core, *commands, status=0):
    words = [word for command in commands for word in ("-ex", f"echo <<<{command}\\n", "-ex", command)]
    return parts(run("debug", "--batch", *words, core, status=status).out)


def parts(text):
    """[answer], one a command."""
    return [part.split("\n", 1)[1] for part in text.split("<<<")[1:]]


def source(path, line):
    """The line as py-bt shows it; nothing when the file is not there."""
    if not os.path.exists(path):
        path = build.ROOT + path
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        text = file.read().split("\n")[line - 1].strip()
    return [f"    {text}"] if text else []


@pytest.mark.parametrize("python", some())
def test_bt(programs, python):
    """Line for line what the oracle has; the innermost two frames are those of stop()."""
    core, oracle = programs.core(python, "all")
    (known,) = [thread for thread in oracle["threads"] if thread["current"]]
    want = []
    for frame in known["frames"]:
        want.append(f'  File "{frame["file"]}", line {frame["line"]}, in {frame["function"]}')
        want += source(frame["file"], frame["line"])
    (got,) = console(core, "py-bt")
    # The functions of C in between, as far as the test's own frames are: see test_functions_of_c().
    assert "  <built-in method exec of module object at remote 0x" in got
    if python.version < (3, 13):  # see there, too
        assert re.search("  <built-in method sub of [a-zA-Z_.]*Pattern object at remote 0x[0-9a-f]+>\n", got)
    lines = without_c_lines(got)
    assert lines[0] == "Traceback (most recent call first):"
    assert lines[-len(want):] == want
    assert ", in stop" in lines[-len(want) - 2]


# What threads of calls.py are in: the innermost function of C, and those between Python's frames, further out.
FUNCTIONS = {"lock": ["_thread.lock.__enter__"], "rlock": ["_thread.RLock.acquire"], "queue": ["_thread.lock.acquire"],
             "condition": ["_thread.lock.acquire"], "socket": ["socket._accept"], "select": ["select.select"],
             "generator": ["_thread.lock.acquire", "sum"], "values": ["time.sleep"], "parked": ["_thread.lock.acquire"],
             "recursive": ["_thread.lock.acquire"], "context": ["_thread.lock.acquire"],
             "MainThread": ["posix.abort", "exec", "__build_class__", r"(re|_sre)\.(SRE_)?Pattern\.sub", "_functools.reduce",
                            "list.sort", "sorted"]}


def last(name):
    return name.rsplit(".", 1)[-1]


def in_context(function):
    """Threads begin in a context, from 3.14 on."""
    return re.fullmatch("(_contextvars.Context.)?run", function)


@pytest.mark.parametrize("python", interpreters())
def test_functions_of_c(programs, python):
    """What native frames run, by name; the lock that a thread waits for is the one that the program wrote down."""
    answer, oracle = programs.answer(python)
    for known in oracle["threads"]:
        if known["name"] not in FUNCTIONS:
            continue
        frames = threads(answer)[known["tid"]]["frames"]
        called = [frame for frame in frames if "builtin" in frame]
        names = [frame["builtin"] for frame in called if not in_context(frame["builtin"])]
        # From 3.13 on wrappers may end with a jump to what they call: it may be unknown.
        wanted = FUNCTIONS[known["name"]]
        if python.version >= (3, 13):
            assert set(map(last, names)) <= set(map(last, wanted)), (known["name"], names)
            continue
        if known["name"] == "MainThread":
            (sort,) = [frame["builtin_self"] for frame in called if frame["builtin"] == "list.sort"]
            assert [sort] == oracle["sorted"]
        assert len(names) == len(wanted) and all(map(re.fullmatch, wanted, names)), (known["name"], names)
        (waits,) = [frame for frame in known["frames"] or [] if frame["function"] == "wait" and
                    "waiter" in (frame["locals"] or {})] or [None]
        if waits:
            assert f"lock object at {called[0]['builtin_self']}" in waits["locals"]["waiter"]


@pytest.mark.parametrize("python", some())
def test_functions_of_c_without_names(programs, python):
    """The same where no symbol is left: the unwind tables say where functions begin."""
    core, oracle = programs.core(programs.stripped(python), "all")
    found = threads(run("stack", "--json", core).json)
    # Until 3.10 functions without names lie between, so that what several names are of is not sure.
    for name in ("rlock", "select", "values", "condition") if python.version >= (3, 11) else ("select", "values"):
        frames = found[by_name(oracle, name)["tid"]]["frames"]
        names = [frame["builtin"] for frame in frames if frame.get("builtin") and not in_context(frame["builtin"])]
        wanted = list(map(last, FUNCTIONS[name]))
        assert list(map(last, names)) == wanted or (python.version >= (3, 14) and not names), name


@pytest.mark.parametrize("python", some())
def test_frame(programs, python):
    """Commands of frames in one of Python: variables, expressions, source."""
    core, oracle = programs.core(python, "all")
    (known,) = [thread for thread in oracle["threads"] if thread["current"]]
    (weigh,) = [frame for frame in known["frames"] if frame["function"] == "weigh"]
    stack = run("stack", "--json", core).json["threads"][0]["frames"]
    at = next(i for i, frame in enumerate(stack) if frame.get("name") == "weigh")
    frame, local, arguments, total, expression, listed, printed, missing, builtin, wrong = console(
        core, f"frame {at}", "info locals", "info args", "print total", "print scales[1] + len(options)", "list .",
        "py-print unit", "py-print nothing", "py-print len", "print self.nothing", status=None)
    assert re.match(rf"#{at} .*weigh \(.*\) at .*calls\.py:{weigh['line']}\n", frame), frame
    assert "total = 3" in local and "unit = 'kg'" in arguments and "scales = (1, 2)" in arguments
    assert total == "$1 = 3\n" and expression == "$2 = 3\n"
    assert f"{weigh['line']}\t        {source(weigh['file'], weigh['line'])[0].strip()}\n" in listed
    assert printed == "local 'unit' = 'kg'\n"
    assert missing == "'nothing' not found\n"
    assert builtin == "builtin 'len' = <built-in function len>\n"
    assert wrong == ""


# gdb's helper is for one version of Python each; bookworm's is the one that is known to read its optimised interpreter.
HELPED = [python for python in FOUND if python.path == "/usr/bin/python3.11" and not build.ROOT]
COMMANDS = ["py-bt", "py-list", "py-list 3", "py-list 3,5", "py-bt-full", "py-up", "py-locals", "py-up", "py-up", "py-list",
            "py-locals", "py-print HELD", "py-print len", "py-print nothing", "py-down", "py-down", "py-down", "py-down"]


def without_c_lines(text):
    """Without the lines of C functions alone."""
    return [line for line in text.splitlines() if not re.match(r"\s*(#\d+ )?<built-in ", line)]


def without_c(text):
    """Without the lines of C functions and the numbers of frames, which count gdb's frames there."""
    lines = [line for line in text.splitlines() if not re.match(r"\s*(#\d+ )?<built-in ", line)]
    return [re.sub(r"^#\d+ ", "# ", line) for line in lines]


def c_lines(text):
    """Functions of C; of one that C called, Inquest does not tell whose it is."""
    return re.findall(r"^ *(?:#\d+ )?(<built-in (?:method|function) \w+(?: of .*)?>)$", text, re.M)


def are_among(some_of_them, lines):
    """Are they all there, in this order?"""
    left = iter(lines)
    return all(any(line == other or line.startswith(other[:-1] + " of ") for other in left) for line in some_of_them)


def without_values(lines):
    """Values are told more of than by the helper, and so are variables of outer functions."""
    lines = [re.sub(r"^(# Frame .*? in \S+ \().*", r"\1", line) for line in lines]
    return [re.sub(r"^((?:local |global |builtin )?[\w']+ = ).*", r"\1", line) for line in lines]


def gdb(core, python, commands):
    helper = f"/usr/share/gdb/auto-load{python.path}-gdb.py"
    if not shutil.which("gdb") or not os.path.exists(helper):
        pytest.skip("gdb or python3.11-dbg is not installed")
    words = [word for command in commands for word in ("-ex", f"echo <<<{command}\\n", "-ex", command)]
    result = subprocess.run(["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex", "set width 0", "-iex",
                             "set auto-load safe-path /", python.path, core, *words],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=200,
                            check=False)
    return parts(result.stdout.decode(errors="replace"))


@pytest.mark.skipif(not HELPED, reason="no python3.11 of Debian is installed")
def test_beside_gdb(programs):
    python = HELPED[0]
    core, _ = programs.core(python, "all")
    # What gdb sees as another number of frames is in the numbers, and it does not see what is called without a wrapper.
    theirs = gdb(core, python, COMMANDS)
    ours = console(core, *COMMANDS)
    for mine, its in zip(ours[:4], theirs[:4]):  # py-bt, py-list
        assert without_c(mine) == without_c(its)
    assert are_among(c_lines(theirs[0]), c_lines(ours[0])) and are_among(c_lines(theirs[4]), c_lines(ours[4]))
    assert without_values(without_c(ours[4])) == without_values(without_c(theirs[4]))
    for at in (5, 7, 8):  # py-up
        assert without_values(without_c(ours[at])) == without_values(without_c(theirs[at]))
        assert are_among(c_lines(theirs[at]), c_lines(ours[at]))
    mine, its = without_values(without_c(ours[6])), without_values(without_c(theirs[6]))
    # The helper does not show names of a module or class.
    last = its.index("Locals for <module>") + 1
    assert mine[:last] == its == its[:last]
    for command in ("py-print HELD", "py-print len", "py-print nothing"):
        at = COMMANDS.index(command)
        assert without_values([ours[at].strip()]) == without_values([theirs[at].strip()]), command
    for mine, its in zip(ours[-4:], theirs[-4:]):  # py-down
        assert without_values(without_c(mine)) == without_values(without_c(its))
        assert are_among(c_lines(its), c_lines(mine))
    assert ours[-1] == theirs[-1] == "Unable to find a newer python frame\n"


def values_of(text):
    """{(function, name): text of the value} of answers of py-locals; the first of each."""
    found, function = {}, None
    for part in re.split(r"^(?=\w+ = |Locals for |\s*$)", text, flags=re.M):
        name, _, value = part.partition(" = ")
        if part.startswith("Locals for "):
            function = part
        elif value:
            found.setdefault((function, name), value.rstrip("\n"))
    return found


def on_one_line(text):
    return re.sub(r":\n *", ": ", re.sub(r"(?<=[\[({])\n *|\n *(?=[\])}>])", "", re.sub(r",\n *(?=[^\])}> ])", ", ", text)))


@pytest.mark.parametrize("python", some()[-2:])
def test_pretty(programs, python):
    """Values that are longer than a line have lines for their parts, and are otherwise what they were."""
    core, _ = programs.core(python, "all")
    flat, pretty = (values_of(run("debug", "--batch", "-ex", f"set print pretty {word}", "-ex", "thread apply all py-locals",
                                  core).out) for word in ("off", "on"))
    assert flat.keys() == pretty.keys() and len(flat) > 100
    broken = 0
    for key, text in pretty.items():
        if "(truncated)" in text + flat[key]:
            continue
        assert on_one_line(text) == flat[key], key
        broken += "\n" in text
        long = [line for line in text.split("\n") if len(line) > 120 and re.match(r" *[\[({]", line)]
        assert not long, long
    assert broken > 10
    assert any(text.startswith("{\n  'key0': 0,\n  'key1': 1,\n") for text in pretty.values())
    assert any(re.match(r"<values.ManyAttributes object at \w+:\n  field0=0,\n", text) for text in pretty.values())


def test_no_python(lab):
    _, path = lab.core("c-gcc-O2-dwarf5", "segv")
    for command in ("py-bt", "py-bt-full", "py-list", "py-locals", "py-up", "py-down", "py-print x"):
        assert console(path, command) == ["Unable to locate python frame\n"]


def test_thread_apply(programs):
    python = some()[-1].values[0]
    core, oracle = programs.core(python, "all")
    text = run("debug", "--batch", "-ex", "thread apply all py-bt", core).out
    assert text.count("Traceback (most recent call first):") == len(oracle["threads"])
    known = by_name(oracle, "rlock")["frames"][0]
    assert f'  File "{known["file"]}", line {known["line"]}, in waits_for_rlock\n    AGAIN.acquire()\n' in text
