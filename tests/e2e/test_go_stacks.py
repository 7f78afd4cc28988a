# SPDX-License-Identifier: Apache-2.0
"""Delve's words in the console beside Delve: stacks with their deferred calls and ancestors, lists of names, memory."""

import re

import pytest

import build
from delve_values import NoDelve, delve, delve_command
from test_go_words import console

pytestmark = [pytest.mark.delve, pytest.mark.thin]
NAMES = "types", "funcs", "sources", "packages"
MEMORY = "x -fmt hex -count 40 -size 1 -x &main.three", "x -fmt hex -count 5 -size 8 -x &main.three"
VARIABLES = ["print main." + name for name in ("five", "negative", "text", "big", "three", "zero", "nothing")]
FUNCTIONS = "main.loopDefers", "main.goexits", "main.nested", "main.grandchild"
OPTIONS = "", " -defer", " -a 3", " -a 2 -adepth 1", " 3 -offsets", " 2"


@pytest.fixture(scope="module", params=[f"go-{version}" for version in build.GO_VERSIONS])
def core(request, lab):
    if not delve_command()[0]:
        pytest.skip("dlv is not installed")
    return lab.core(request.param, "hold", program="panics")


def delve_each(exe, core, commands):
    """What Delve prints for each."""
    marked = [word for i, one in enumerate(commands) for word in (f'print "@{i}@"', one)]
    try:
        parts = re.split(r'^"@\d+@"\n', delve(exe, core, marked), flags=re.M)[1:]
    except NoDelve as why:
        pytest.skip(str(why))
    assert len(parts) == len(commands), parts
    return parts


def without_folders(text):
    """Both shorten them, from where they run."""
    return re.sub(r"\S*/(?=[^/\s]+:\d)", "", text)


@pytest.fixture(scope="module")
def said(core):
    """(Delve's answer, ours) by command."""
    listed, = console(core[1], "goroutines -t 100")
    numbers = {}
    for block in re.split(r"^. Goroutine ", listed, flags=re.M)[1:]:
        for function in FUNCTIONS:
            if f" in {function}\n" in block:
                numbers.setdefault(function, []).append(block.split()[0])
    commands = [*NAMES, *MEMORY, *VARIABLES]
    commands += [f"goroutine {n} stack{option}" for each in numbers.values() for n in each for option in OPTIONS]
    theirs = delve_each(core[0].exe, core[1], commands)
    return dict(zip(commands, zip(theirs, console(core[1], *commands))))


@pytest.mark.parametrize("kind", NAMES)
def test_names(said, kind):
    """All that Delve lists. It leaves packages out whose first file it does not know, and C's functions of the vdso."""
    theirs, ours = (set(text.splitlines()) for text in said[kind])
    assert {name for name in theirs if not re.match(r"<|\?$", name)} <= ours
    if kind == "types":
        assert theirs == ours
    if kind == "packages":
        assert "main" in ours and len(ours) < 2 * len(theirs)


def test_values(said):
    for command in VARIABLES:
        theirs, ours = said[command]
        assert re.sub(r"^\$\d+ = ", "", ours) == theirs, command


def test_memory(said):
    for command in MEMORY:
        theirs, ours = ([word for word in re.split(r"\s+", re.sub(r"^0x[^:]*:", "", text, flags=re.M)) if word]
                        for text in said[command])
        assert ours and [int(word, 16) for word in ours] == [int(word, 16) for word in theirs], command


def plain(text):
    """Without what only we tell: what wrappers call, calls that no record tells of, that one is being made. Delve looks
    the address up where the innermost frame goes on, not what it called, and where a defer statement's call returns
    to: the lines of these are left out."""
    text = re.sub(r"^ *which calls .*\n", "", without_folders(text), flags=re.M)
    text = re.sub(r"^ *defer \d+: (?!.*\(being made\)$).*\n *at .*\n *deferred by \S+\n", "", text, flags=re.M)
    text = re.sub(r"^( *defer \d+: \S+ in \S+) \(being made\)$", r"\1", text, flags=re.M)
    text = re.sub(r"^( *deferred by \S+).*$", r"\1", text, flags=re.M)
    return re.sub(r"^( *0 +0x\S+ in \S+\n +at \S+):\d+$", r"\1", text, flags=re.M)


def frames(text):
    """Lines, each frame's two as one; in functions that Delve cannot name, the address alone."""
    joined = re.sub(r"\n\s+at ", " at ", text)
    return [line for line in joined.splitlines() if line]


def test_stacks(said):
    compared = 0
    for command, (theirs, ours) in said.items():
        if " stack" not in command:
            continue
        theirs, ours = frames(plain(theirs)), frames(plain(ours))
        unnamed = [i for i, line in enumerate(theirs) if " in ???" in line or "systemstack_switch" in line]
        for i in unnamed:
            assert theirs[i].split(" in ")[0] == ours[i].split(" in ")[0], command
        pick = [i for i in range(len(theirs)) if i not in unnamed]
        assert len(ours) == len(theirs) and [ours[i] for i in pick] == [theirs[i] for i in pick], command
        compared += 1
    assert compared >= 6 * len(OPTIONS)
