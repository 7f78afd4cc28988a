# SPDX-License-Identifier: Apache-2.0
"""Delve's own client on our server, beside the same on Delve's: `dlv connect`, the same script, the same text. INQUEST_DLV
names Delve's command."""

import os
import re
import shlex
import subprocess

import pytest

import build
from conftest import run
from delve import DelveServer, is_extra, lines_of, without_folders
from pyprograms import some
from serving import serving

pytestmark = pytest.mark.delve

GO = f"go-{build.GO_VERSIONS[-1]}"

LISTS = ["goroutines", "goroutines -r", "goroutines -g", "goroutines -s", "goroutines -l", "goroutines -with userloc block",
         "goroutines -without user", "goroutines -with label worker", "goroutines -with running",
         "goroutines -without curloc gopark", "goroutines -with startloc block", "goroutines -with goloc main"]
NAMES = ["types ^main", "funcs ^main", "funcs ^main.block", "sources blocked", "types ^.main", "funcs ^sync.*Mutex"]
PLACES = [f"list {place}" for place in ("main.main", "main.die", "blocked.go:62", "main.recurse", "runtime.gopark",
                                        "nosuch", "main.nosuch", "blocked.go:1", "blocked.go", "gopark")]
VALUES = [f"print {text}" for text in (
    "1+2", '"a"+"b"', "len(\"abc\")", "main.neverSend", "main.mu", "main.rw", "main.started", "main.group", "main.condMu",
    "runtime.curg.goid", "runtime.allglen", "runtime.allgs[0].goid", "*runtime.allgs[0].m", "runtime.sched.gcwaiting",
    "nosuch", "main.nosuch", "runtime.allgs[99999]", "len(runtime.allgs) > 3", "&main.mu", "runtime.buildVersion",
    "runtime.waitReasonStrings[4]", "runtime.ncpu == runtime.ncpu", "uint8(300)", "runtime.frame(1).nosuch")]
TYPES = [f"whatis {text}" for text in ("main.neverSend", "main.mu", "runtime.allgs", "runtime.allgs[0]", "1.5", "nosuch")]
VARIABLES = [r"vars ^main\.", "vars ^runtime.ncpu", "vars -v ^main.m", "vars nosuchvariable"]
MEMORY = [f"x -fmt {how} -count {n} -size {size} -x &main.mu" for how in ("hex", "dec", "oct", "bin")
          for n, size in ((1, 8), (8, 1), (4, 2))] + ["x -fmt hex -count 1 0", "x -fmt hex -count 2000 -size 100 -x &main.mu"]
REFUSED = ["continue", "next", "step", "stepout", "step-instruction", "rewind", "break main.main", "set main.mu = 1",
           "dump /nowhere", "breakpoints", "checkpoints", "call main.main()", "restart", "thread 1", "goroutine 99999",
           "watch main.mu", "clear 1", "target list"]


def stacks_of_some(ids):
    """What is asked of goroutines that are parked."""
    commands = []
    for number in ids:
        commands += [f"goroutine {number}", "goroutine", "stack", "stack 2", "stack -offsets", "stack -defer", "frame 1",
                     "up", "down", "up 2", "args", "locals", f"goroutine {number} stack 3", "frame 0", "frame 77"]
    return commands


MARK = 770_770_000  # and up: printed before the answer to each command


def connected(address, commands, folder):
    """What Delve's client prints for each of the commands, connected to a server."""
    script = folder / "commands"
    marked = [line for i, one in enumerate(commands) for line in (f"print {MARK + i}", one)]
    script.write_text("".join(line + "\n" for line in marked) + "exit -c\n", encoding="utf-8")
    result = subprocess.run([*shlex.split(os.environ["INQUEST_DLV"]), "connect", address, "--init", str(script),
                             "--allow-non-terminal-interactive=true"], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False, text=True)
    text = re.sub(r"\x1b\[[0-9;]*m", "", result.stdout)
    parts = re.split(rf"^{MARK // 10000}\d{{4}}\n", text, flags=re.M)[1:]
    assert len(parts) == len(commands), text[-2000:]
    return parts


@pytest.fixture(scope="module")
def said(lab, tmp_path_factory):
    """(what Delve's server made its client print, ours) by command; and which goroutines only Delve has."""
    target, core = lab.core(GO, "panic", program="go")
    folder = tmp_path_factory.mktemp("connect")
    theirs = DelveServer(target.exe, core)
    try:
        with serving("--accept-multiclient", "--exe", target.exe, core) as ours:
            first = connected(theirs.address, ["goroutines"], folder)[0]
            parked = [n for n, line in lines_of(first).items() if "[" in line][:4]
            commands = [*REFUSED, *LISTS, *NAMES, *PLACES, *VALUES, *TYPES, *VARIABLES, *MEMORY, *stacks_of_some(parked)]
            answers = [connected(server.address, commands, folder) for server in (theirs, ours)]
        extra = {n for n, line in lines_of(first).items() if is_extra(line)}
        return list(zip(commands, *answers)), extra
    finally:
        theirs.end()


# What is said differently on purpose, and why.
KNOWN = {
    "list main.recurse": "where it is inlined, Delve finds the copy with the lowest address",
    "set main.mu = 1": "Delve looks at the types first",
    "target list": "the core tells its command line, which Delve does not read",
    "print main.nosuch": "our words",
    "print runtime.allgs[99999]": "our words",
    "whatis 1.5": "a constant's type has a name",
    "x -fmt hex -count 1 0": "our words",
}


def normal(command, text, extra):
    """Without what differs anywhere: docs/internals/delve.md."""
    lines = []
    for line in without_folders(text).splitlines():
        match = re.match(r"\s*\*? ?Goroutine (\d+) - ", line)
        if match and int(match[1]) in extra or re.match(r"\[\d+ goroutines\]", line):
            continue
        # Why a variable cannot be shown, each in its own words.
        line = re.sub(r"\(unreadable .*\)", "(unreadable)", line)
        lines.append(re.sub(r"(could not find symbol) .*", r"\1", line).rstrip())
    if "Goroutines waiting on this channel:" in lines:
        lines.sort()  # by their queue, or by their place among all
    if command == "stack -defer":  # calls that only frames know of are ours alone
        lines = [line for line in lines if re.match(r"\s*\d+  0x", line)]
    return lines


def test_the_client_prints_the_same(said):
    answers, extra = said  # Debian 12's Delve has no runtime.frame
    assert len(answers) >= 120
    wrong = [(command, theirs, ours) for command, theirs, ours in answers
             if command not in KNOWN and "function or type runtime.frame" not in theirs and not (command in ("locals", "args") and "(unreadable" in theirs + ours)
             and normal(command, theirs, extra) != normal(command, ours, extra)]
    assert not wrong, "\n".join(f"--- {command}\n{theirs}\n+++\n{ours}" for command, theirs, ours in wrong)


# ---- programs that are not Go's ----


def report_of(core):
    """Names of the frames of each thread, as `inquest stack` has them; the crashed one's number."""
    answer = run("stack", "--json", core).json
    names = {thread["tid"]: [frame.get("function") or "?" for frame in thread["frames"]] for thread in answer["threads"]}
    return names, next(thread["tid"] for thread in answer["threads"] if thread.get("crashed"))


@pytest.mark.parametrize("variant", ["c-gcc-O0-dwarf5", "cxx-gcc-O0-dwarf5", "python"])
def test_the_client_walks_other_languages(lab, programs, tmp_path, variant):
    """Threads, their frames, variables of frames: with the words for Go."""
    if variant == "python":
        python = some()[0].values[0]
        if not python:
            pytest.skip("no Python is here")
        core = programs.core(python, "all")[0]
    else:
        core = lab.core(variant, "segv")[1]
    names, crashed = report_of(core)
    tids = [crashed, *[tid for tid in names if tid != crashed][:3]]
    with serving("--accept-multiclient", core) as server:
        first, goroutines, *stacks = connected(server.address, ["threads", "goroutines", *[
            one for tid in tids for one in (f"thread {tid}", "stack 1000")]], tmp_path)
        assert {int(tid) for tid in re.findall(r"Thread (\d+) at", first)} == set(names)
        assert re.search(rf"^\* Thread {crashed} at", first, re.M) and "Goroutine " not in goroutines
        for tid, text in zip(tids, stacks[1::2]):
            shown = re.findall(r"^ *\d+  0x[0-9a-f]+ in (.*)$", text, re.M)
            assert shown == [name if name != "?" else "???" for name in names[tid]]
        if variant == "python":
            return
        frame = names[crashed].index("main")
        asked = connected(server.address, [f"frame {frame}", "args", "print argc", "print argv[0] == argv[0]", "whatis argc", "list",
                                           "stack -full", "print nosuch"], tmp_path)
        assert f"Frame {frame}: " in asked[0] and re.search(r"^argc = 2$", asked[1], re.M) and "argv = (char **)(0x" in asked[1]
        assert asked[2].strip() == "2" and asked[4].strip() == "int" and "=>" in asked[5]
        assert "argc = 2\n" in asked[6] and "nosuch" in asked[7]
        assert not re.search(r"^\s+\w+ = $", asked[6], re.M)  # every variable shows something
