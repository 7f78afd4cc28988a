# SPDX-License-Identifier: Apache-2.0
"""How programs in Go die: their stacks start where the program did it, across the runtime's stacks and C."""

import os
import re
import shutil
import signal
import subprocess

import pytest

import build
import cores
from conftest import run
from delve import delve

pytestmark = pytest.mark.thin
VARIANTS = [f"go-{version}{kind}" for version in build.GO_VERSIONS for kind in ("", "-stripped", "-pie")]
SOME = sorted({build.GO_VERSIONS[0], build.GO_VERSIONS[-1]})  # what does not differ between neighbours
PLAIN = [f"go-{version}" for version in build.GO_VERSIONS]


def threads(core):
    return run("stack", "--json", str(core)).json["threads"]


def crashed(core):
    """Functions of the thread that crashed, innermost first."""
    (thread,) = [t for t in threads(core) if t["crashed"]]
    assert not thread.get("stopped"), thread["stopped"]
    return thread["frames"]


def caused(core):
    """The same of the thread that runs the test's function: with GOTRACEBACK=crash a signal is passed on from thread to
    thread, and the last one dies of it."""
    (frames,) = [t["frames"] for t in threads(core) if "main.goInner" in names(t["frames"])]
    return frames


def names(frames):
    return [f["function"] for f in frames]


def in_order(frames, *wanted):
    """The wanted functions are there, in this order."""
    have = names(frames)
    at = -1
    for name in wanted:
        assert name in have[at + 1:], (name, have)
        at = have.index(name, at + 1)


def not_guessed(frames):
    assert not [f for f in frames if f["how"] in ("frame-pointer", "stack-scan")]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("death", ["panic", "panic-error", "nil"])
def test_panics(lab, variant, death):
    _, core = lab.core(variant, death, program="go")
    frames = crashed(core)
    not_guessed(frames)
    in_order(frames, "runtime.gopanic", "main.die", "main.main", "runtime.main", "runtime.goexit")
    if death == "nil":
        in_order(frames, "runtime.gopanic", "runtime.sigpanic", "main.die")
        (line,) = [f["line"] for f in frames if f["function"] == "main.die"]
        assert "fmt.Println(p.X)" in source_line("blocked.go", line)


def source_line(name, line):
    with open(os.path.join(build.HERE, "go", name), encoding="utf-8") as file:
        return file.read().splitlines()[line - 1]


# The first of the program's functions on the first stack, and what is said above it.
FIRST = {
    ("go", "panic"): ("main.die", "panic: a message (string), goroutine 1"),
    ("go", "nil"): ("main.die", "panic: runtime error: invalid memory address or nil pointer dereference, goroutine 1"),
    ("deaths", "overflow"): ("main.length", "fatal error: stack overflow"),
    ("deaths", "deadlock"): ("main.collect", "fatal error: all goroutines are asleep - deadlock!"),
    ("deaths", "map-writes"): ("main.count", "fatal error: concurrent map writes"),
    ("service", "die", "abort"): ("main.(*shop).find", None),
    ("service", "die", "nil"): ("main.(*shop).ship", "panic: runtime error: invalid memory address or nil pointer"),
    ("calls", "crash"): ("c_innermost", None),
}


@pytest.mark.parametrize("version", SOME)
@pytest.mark.parametrize("program", FIRST, ids="-".join)
def test_begins_where_one_looks_first(lab, version, program):
    """The goroutine comes first, in the program or the library that it called, not in the runtime."""
    _, core = lab.core(f"go-{version}", *program[1:], program=program[0])
    head, first, *_ = run("stack", "--full-paths", str(core)).out.split("\n\n")
    function, said = FIRST[program]
    assert said is None or said in head, head
    shown = [re.match(r"  #\S+ +(\S+)", line)[1] for line in first.splitlines() if line.startswith("  #")]
    assert first.startswith("Goroutine ") and function in shown, first
    before = shown[:shown.index(function)]
    assert all(name.startswith(("sync.", "syscall.", "internal/")) for name in before), first


SAID = {
    "panic": ("panic", "a message", "string"),
    "panic-error": ("panic", "wrapped: inner", None),
    "nil": ("panic", "runtime error: invalid memory address or nil pointer dereference", None),
    "fatal": ("fatal error", "concurrent map writes", None),
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("death", SAID)
def test_what_it_said(lab, variant, death):
    """The value of a panic, or what the runtime printed of a fatal error: with symbols or without."""
    _, core = lab.core(variant, death, program="go")
    said = run("info", "--json", str(core)).json["target"].get("troubles", [])
    (one,) = said
    assert (one["kind"], one["text"], one["type"]) == SAID[death]
    assert one.get("goroutine") == (None if death == "fatal" else 1)
    first = run("stack", str(core)).out.splitlines()[1]
    assert first.startswith(f"{SAID[death][0]}: {SAID[death][1]}")


@pytest.mark.parametrize("variant", [*PLAIN, f"{PLAIN[-1]}-stripped", f"{PLAIN[-1]}-pie"])
def test_deadlock(lab, variant):
    _, core = lab.core(variant, "deadlock", "crash", program="panics")
    (said,) = run("info", "--json", str(core)).json["target"]["troubles"]
    assert (said["kind"], said["text"]) == ("fatal error", "all goroutines are asleep - deadlock!")


@pytest.mark.parametrize("variant", VARIANTS)
def test_fatal_error(lab, variant):
    """Reported on the stack of the scheduler: systemstack leads to the goroutine."""
    _, core = lab.core(variant, "fatal", program="go")
    frames = crashed(core)
    not_guessed(frames)
    assert [n for n in names(frames) if n.startswith("runtime.fatalthrow") or n == "runtime.throw"]
    assert any(n.startswith("main.die.func") for n in names(frames))
    assert names(frames)[-1] == "runtime.goexit"


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_thread_is_guessed(lab, variant):
    _, core = lab.core(variant, "panic", program="go")
    stopped = []
    for thread in threads(core):
        not_guessed(thread["frames"])
        stopped += [thread["stopped"]] if thread.get("stopped") else []
    # The kernel stops other threads anywhere, also between two instructions of the runtime's that no table tells of
    # (docs/known-limits.md): one of them may be there.
    assert len(stopped) < 2, stopped


@pytest.mark.parametrize("variant", VARIANTS)
def test_signal_in_a_goroutine(lab, variant):
    """The signal's handler and what it interrupted are one stack."""
    _, core = lab.core(variant, "abort", program="go")
    frames = crashed(core)
    not_guessed(frames)
    assert [f for f in frames if f["kind"] == "signal"]
    in_order(frames, "runtime.sighandler", "runtime.sigtrampgo", "runtime.sigtramp")


NESTED = ("main.goInner", "main.goMiddle", "runtime.cgocallback", "crosscall2", "runtime.asmcgocall",
          "runtime.cgocall", "main.goOuter", "main.main", "runtime.goexit")


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("death", ["crash", "abort"])
def test_c_that_go_calls(lab, variant, death):
    """Go, C, Go, C: one stack, to main."""
    _, core = lab.core(variant, death, program="calls")
    frames = caused(core)
    not_guessed(frames)
    in_order(frames, "runtime.asmcgocall", "runtime.cgocall", *NESTED)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("death", ["thread-panic", "thread-crash"])
def test_a_thread_of_c(lab, variant, death):
    """Go that a thread of C calls ends in that thread's start."""
    _, core = lab.core(variant, death, program="calls")
    frames = caused(core)
    not_guessed(frames)
    in_order(frames, "main.goInner", "main.goThread", "runtime.cgocallback", "crosscall2", "start_thread")


@pytest.mark.parametrize("variant", VARIANTS)
def test_waiting_in_c(lab, variant):
    """A live process that waits in C, deep in Go: the goroutine has the stack of its thread."""
    with lab.running(variant, "wait", program="calls") as process:
        process.settle()
        answer = run("stack", "--json", str(process.pid)).json
    (thread,) = [t for t in answer["threads"] if "main.main" in names(t["frames"])]
    not_guessed(thread["frames"])
    in_order(thread["frames"], "runtime.asmcgocall", "runtime.cgocall", *NESTED)


@pytest.mark.parametrize("variant", PLAIN)
def test_asking_for_the_time(lab, variant):
    """The vdso runs on the scheduler's stack, and a signal interrupts it anywhere in there. When it comes while the
    goroutine waits for its turn, no thread has it."""
    _, core = lab.core(variant, "clock", program="calls", kill=signal.SIGABRT, settle=False)
    answer = run("stack", "--json", "--all-frames", str(core)).json
    stacks = [part["frames"] for part in (*answer["threads"], *answer["task_stacks"])]
    running = [t["frames"] for t in answer["threads"] if "main.clock" in names(t["frames"])]
    frames = (running or [frames for frames in stacks if "main.clock" in names(frames)])[0]
    not_guessed(frames)
    in_order(frames, "main.clock", "main.goInner", "main.goMiddle", "runtime.cgocallback",
             *(["crosscall2"] if running else []), "main.goOuter", "main.main")


@pytest.mark.parametrize("variant", PLAIN)
def test_a_library(lab, tmp_path, variant):
    """Built with -buildmode=c-shared, and called by a program in C."""
    for name in ("library.go", "visitor.c"):  # to where the tools of another root see them
        shutil.copy(os.path.join(build.HERE, "go", name), tmp_path)
    try:
        build.compile_go(build.variants()[variant], str(tmp_path), str(tmp_path / "libvisit.so"),
                         str(tmp_path / "library.go"), ("-buildmode=c-shared",))
    except build.Missing as missing:
        pytest.skip(str(missing))
    exe = str(tmp_path / "visitor")
    build.run([build.tool("gcc"), "-g", "-O1", str(tmp_path / "visitor.c"), "-o", exe, f"-L{tmp_path}", "-lvisit",
               f"-Wl,-rpath,{tmp_path}"])
    core = cores.kernel_core([exe, "nil"], str(tmp_path / "cores"))
    frames = crashed(core)
    not_guessed(frames)
    in_order(frames, "runtime.sigpanic", "main.visit", "main.GoVisit", "runtime.cgocallback", "crosscall2", "GoVisit",
             "visit_library", "main")


# Delve, where it accepts the version of Go.


@pytest.mark.delve
@pytest.mark.parametrize("variant", PLAIN)
@pytest.mark.parametrize("death", ["panic", "nil", "fatal"])
def test_as_delve(lab, tmp_path, variant, death):
    target, core = lab.core(variant, death, program="go")
    said = delve(target.exe, str(core), ["stack 100"], tmp_path)
    theirs = re.findall(r"^ *\d+ +0x[0-9a-f]+ in (\S+)$", said, re.M)
    # It has a frame for each side of the change of stacks, and goes no further than the second signal.
    ours = names(crashed(core))
    user = [n for n in theirs if n.startswith("main.")]
    assert user and user == [n for n in ours if n.startswith("main.")]
