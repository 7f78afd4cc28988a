# SPDX-License-Identifier: Apache-2.0
"""Delve's words in the console, for programs in Go: what they list, and that their options mean what gdb's letters do."""

import re

import pytest

import build
from conftest import run

pytestmark = pytest.mark.thin
PLAIN = [f"go-{version}" for version in build.GO_VERSIONS]


def console(core, *commands):
    """What the console prints for each."""
    args = [word for i, one in enumerate(commands) for word in ("-ex", f"echo @{i}@\\n", "-ex", one)]
    parts = re.split(r"^@\d+@\n", run("debug", "--batch", *args, core).out, flags=re.M)[1:]
    assert len(parts) == len(commands), parts
    return parts


@pytest.fixture(params=PLAIN)
def core(request, lab):
    return lab.core(request.param, "hold", program="panics")[1]


def test_names(core):
    functions, types, variable, text, packages, sources = (
        part.splitlines() for part in console(core, "funcs ^main\\.(hold|grandchild|later)$", "types ^main\\.", "vars ^main\\.five$",
                                              "vars ^main\\.text$", "packages", "sources panics"))
    assert functions == ["main.grandchild", "main.hold", "main.later"]
    assert {"main.point", "main.bad"} <= set(types)
    assert variable == ["main.five = 5"] and text == ['main.text = "abc"']
    assert {"main", "fmt", "runtime", "sync/atomic"} <= set(packages) and packages == sorted(packages)
    assert not [name for name in packages if name.startswith(("type:", "go:", "_"))]
    assert len(sources) == 1 and sources[0].endswith("/panics.go")
    (pointers,) = console(core, "types ^\\*main\\.point$")
    assert pointers == "*main.point\n"


def test_names_of_a_stripped_program(lab):
    _, core = lab.core(f"{PLAIN[-1]}-stripped", "hold", program="panics")
    functions, packages, sources, types = console(core, "funcs ^main\\.hold", "packages ^(main|fmt)$", "sources panics", "types")
    assert functions.splitlines()[:2] == ["main.hold", "main.holdAll"]
    assert packages == "fmt\nmain\n" and sources.endswith("/panics.go\n") and types == ""


@pytest.mark.parametrize(("delves", "gdbs"), [
    ("x -fmt hex -count 20 -size 1 -x &main.three", "x/20xb &main.three"),
    ("x -fmt dec -count 5 -size 8 &main.three", "x/5ug &main.three"),
    ("examinemem -count 3 -size 2 -fmt bin &main.three", "x/3th &main.three"),
    ("x -len 4 -fmt oct -size 4 &main.three", "x/4ow &main.three"),
    ("disassemble -l main.later", "disassemble main.later"),
    ("disassemble -a main.hold main.panicking", "disassemble main.hold,main.panicking"),
    ("regs", "info registers"),
    ("regs -a", "info all-registers"),
    ("args -v", "info args"),
    ("locals -v", "info locals"),
    ("frame 2 locals", "frame apply level 2 -q info locals"),
])
def test_same_as_gdbs(core, delves, gdbs):
    ours, same = console(core, delves, gdbs)
    assert ours and ours == same


def test_whatis(core):
    held, none, plain = console(core, "whatis main.anything", "whatis main.nothing", "whatis main.three")
    assert held == "type = interface {}\nConcrete type: main.point\n"
    assert none == "type = interface {}\n" and plain == "type = []int\n"


def test_raw_memory(core):
    assert run("debug", "--batch", "-ex", "x -fmt raw -count 3 -size 1 *(*uintptr)(&main.text)", core).out.endswith("abc")


@pytest.mark.parametrize("wrong", ["x -fmt odd 1", "x -size 3 1", "x -count 0 1", "x -count 3", "disassemble -l",
                                   "disassemble -a 1", "funcs (", "disassemble -l main.nowhere"])
def test_wrong_options(core, wrong):
    assert run("debug", "--batch", "-ex", wrong, core, status=None).err.strip()
