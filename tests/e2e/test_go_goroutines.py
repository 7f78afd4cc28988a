# SPDX-License-Identifier: Apache-2.0
"""Goroutines beside Delve's, on the same cores: the list, states, reasons, places, stacks and groups."""

import itertools
import re
import signal

import pytest

import build
from delve import console_each, delve_each, groups_of, is_extra, lines_of, stacks_of

pytestmark = pytest.mark.delve

# (what follows the name of the version, program, its arguments)
PROGRAMS = [
    ("", "go", ["panic"]),
    ("", "go", ["busy"]),
    ("-noopt", "go", ["abort"]),
    ("-pie-dwarf", "go", ["nil"]),
    ("", "calls", ["wait"]),
    ("", "calls", ["wait-go"]),
    ("-noopt", "calls", ["thread-panic"]),
    ("", "iterators", []),
]
LISTS = "goroutines -u", "goroutines -r", "goroutines -g", "goroutines -s"
STACKS = "goroutines -t 100"
GROUPS = [f"goroutines -group {key}" for key in ("userloc", "goloc", "curloc", "running", "user", "label worker")]
COMMANDS = [*LISTS, STACKS, *GROUPS]


def has_iterators(version):
    return tuple(map(int, version.split("."))) >= (1, 23)


@pytest.fixture(scope="module", params=[
    pytest.param((f"go-{version}{kind}", program, words), id="-".join([f"go-{version}{kind}", program, *words]))
    for version in build.GO_VERSIONS for kind, program, words in PROGRAMS
    if program != "iterators" or has_iterators(version)])
def said(request, lab, tmp_path_factory):
    """(Delve's answer, ours) by command."""
    variant, program, words = request.param
    waits = words and words[0].startswith("wait")
    target, path = lab.core(variant, *words, program=program, kill=signal.SIGABRT if waits else None)
    theirs = delve_each(target.exe, path, COMMANDS, tmp_path_factory.mktemp("delve"))
    return dict(zip(COMMANDS, zip(theirs, console_each(path, COMMANDS))))


def both(said, command, parse):
    """What both say, by goroutine, without those that only Delve takes for living ones."""
    theirs, ours = map(parse, said[command])
    lists = lines_of(said[LISTS[0]][0])
    return {n: what for n, what in theirs.items() if n in ours or not is_extra(lists[n])}, ours


def loses_track(theirs, ours):
    """Where a signal or a preemption came in between, Delve takes the pc for a return address, leaves out the frames
    of the handler, and, going by frame pointers, the caller of a function that has no frame. In C it knows nothing
    (???), and of a change of stacks it shows both sides."""
    return any(f.function in ("runtime.sigtramp", "runtime.asyncPreempt") for f in ours) or \
        any(f.function in ("???", "runtime.systemstack_switch") for f in theirs)


def stacks(said):
    """(number of a goroutine, Delve's frames, ours, whether Delve loses track)"""
    theirs, ours = both(said, STACKS, stacks_of)
    assert ours.keys() == theirs.keys()
    return [(n, theirs[n], ours[n], loses_track(theirs[n], ours[n])) for n in ours]


@pytest.mark.parametrize("command", LISTS)
def test_same_list(said, command):
    theirs, ours = both(said, command, lines_of)
    assert ours.keys() == theirs.keys()
    for number, _, _, lost in stacks(said):
        if not lost or command in LISTS[2:]:
            assert without_reason_on_a_thread(ours[number]) == without_reason_on_a_thread(theirs[number]), number


def without_reason_on_a_thread(line):
    """Delve tells an old reason of those that run again."""
    return re.sub(r"(?<=\(thread \d{5}\)) \[.*", "", re.sub(r"(?<=\(thread )\d+", "00000", line))


def in_order(part, whole):
    rest = iter(whole)
    return all(one in rest for one in part)


def test_same_stacks(said):
    for number, theirs, ours, lost in stacks(said):
        if lost:
            there = [f for f in theirs if f.function not in ("???", "runtime.systemstack_switch")]
            pcs = [pc for pc, _ in itertools.groupby(f.pc for f in there)]  # a frame that has none is there twice
            assert in_order(pcs, [f.pc for f in ours]), number
            assert in_order([f.function for f in there if f.function.startswith("main.")],
                            [f.function for f in ours]), number
        else:
            # Of the frame in which a goroutine parks Delve tells the line after the call, the runtime that of the call.
            assert [(f.pc, f.function) for f in ours] == [(f.pc, f.function) for f in theirs], number
            assert [f.place for f in ours[1:]] == [f.place for f in theirs[1:]], number


@pytest.mark.parametrize("command", GROUPS)
def test_same_groups(said, command):
    if command in ("goroutines -group userloc", "goroutines -group curloc") and any(lost for *_, lost in stacks(said)):
        return  # what is the same of these is compared above, one by one
    if command == "goroutines -group user" and "[coroutine]" in said[LISTS[0]][1]:
        return  # an iterator's goroutine is the runtime's for Delve; for Go's own tracebacks it is the program's
    theirs, ours = map(groups_of, said[command])
    listed = [lines_of(text) for text in said[LISTS[0]]]
    extra = listed[0].keys() - listed[1].keys()
    assert ours and sum(theirs.values()) - sum(ours.values()) == len(extra)
    assert all(theirs[name] - n in (0, len(extra)) for name, n in ours.items())


def test_all_ways_are_there(said, request):
    """So that what is the same is not nothing."""
    reasons = {line.rsplit("[", 1)[1] for line in both(said, LISTS[0], lines_of)[0].values() if line.endswith("]")}
    if "-go-" in request.node.callspec.id.replace("go-1", "", 1):
        assert len(reasons) >= 12 and len(stacks_of(said[STACKS][0])) >= 30
    assert reasons
