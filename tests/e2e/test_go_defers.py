# SPDX-License-Identifier: Apache-2.0
"""Calls that goroutines deferred, and where goroutines were made: every form that Go has for them."""

import functools
import re

import pytest

import build
from conftest import json_schema, run

pytestmark = pytest.mark.thin
PLAIN = [f"go-{version}" for version in build.GO_VERSIONS]


def console(core, *commands):
    args = [word for command in commands for word in ("-ex", command)]
    return run("debug", "--batch", *args, core).out


@functools.cache
def goroutines(core):
    """(number, functions of the stack) of each."""
    answer = run("stack", "--json", core).json
    return [(task["id"], [frame["function"] for frame in answer["task_stacks"][task["stack"]]["frames"]])
            for task in answer["tasks"]]


def goroutine_in(core, function):
    """Its number, and that of the frame."""
    return next((number, functions.index(function)) for number, functions in goroutines(core) if function in functions)




def calls(text):
    """Deferred calls below each frame: (what is called, for a wrapper what that calls; the line of the statement)."""
    found, frame = {}, None
    for line in text.splitlines():
        if m := re.match(r" *\d+ +0x[0-9a-f]+ in (\S+)$", line):
            frame = m[1]
        elif m := re.match(r" +defer \d+: 0x[0-9a-f]+ in (\S+)", line):
            found.setdefault(frame, []).append([m[1], None])
        elif m := re.match(r" +which calls (\S+)$", line):
            found[frame][-1][0] = m[1]
        elif m := re.match(r" +deferred by (\S+)(?: at \S+:(\d+))?$", line):
            assert m[1] == frame
            found[frame][-1][1] = m[2] and int(m[2])
    return found


def line_of(text, program="panics"):
    with open(f"{build.HERE}/go/{program}.go", encoding="utf-8") as file:
        return next(i + 1 for i, line in enumerate(file) if text in line)


@pytest.fixture(params=PLAIN)
def core(request, lab):
    return lab.core(request.param, "hold", program="panics")[1]


def test_three_kinds(core):
    """In the frame, on the stack, on the heap; innermost first, and a frame's in the order of their calls."""
    number, _ = goroutine_in(core, "main.openDefers")
    found = calls(console(core, f"goroutine {number} stack -defer"))
    loop = line_of("defer func(i int)")
    (closure, _), *_ = found["main.loopDefers"]
    assert closure.startswith("main.loopDefers.") and found["main.loopDefers"] == [[closure, loop]] * 3
    first = line_of("defer later(1)")
    assert found["main.stackDefers"] == [["main.stackDefers.func1", first + 8]] + \
        [["main.later", first + i] for i in range(7, -1, -1)]
    assert found["main.openDefers"] == [["sync.(*Mutex).Unlock", None], ["main.openDefers.func1", None],
                                        ["main.(*point).move", None], ["main.later", None]]
    assert len(found) == 3


def test_in_a_panic(core):
    """What has been called is no longer to come; until Go 1.21 its record says that it runs."""
    number, _ = goroutine_in(core, "main.nested")
    text = console(core, f"goroutine {number} stack -defer")
    for made in calls(text).get("main.nested", []):
        assert made[0] in ("main.hold", "main.nested.func1") and "(being made)" in text


def test_look_at_one(core, request):
    number, at = goroutine_in(core, "main.stackDefers")
    version = int(request.node.callspec.params["core"].removeprefix("go-1."))
    out = console(core, f"goroutine {number} frame {at} deferred 1 frame")
    assert re.search(rf"^#0  main\.stackDefers\.func1 \(\) at .*panics\.go:{line_of('defer later(8)') + 1}$", out, re.M)
    for command in "print n", "locals":
        out = console(core, f"goroutine {number} frame {at} deferred 1 {command}")
        assert re.search(r" = 8$" if version >= 23 else r" = <optimized out>$", out, re.M), out
    assert "main.stackDefers.func1" in console(core, f"goroutine {number} frame {at} deferred 1 disassemble")
    listed = console(core, f"goroutine {number} frame {at} deferred")
    assert len(re.findall(r"^defer \d+: ", listed, re.M)) == 9
    args = ["-ex", f"goroutine {number} frame {at} deferred 10 print n"]
    assert "has 9 deferred calls" in run("debug", "--batch", *args, core, status=None).err


def test_ancestors(core):
    """Who made it, and who made that one, each where it was then."""
    made = [number for number, functions in goroutines(core) if "main.grandchild" in functions]
    answers = {out.count("Created by"): (number, out) for number in made
               for out in [console(core, f"goroutine {number} stack -a 9")]}
    assert sorted(answers) == [1, 2, 3]
    third, out = answers[3]
    blocks = re.split(r"^Created by Goroutine (\d+):\n", out, flags=re.M)
    assert [int(n) for n in blocks[1::2]] == [answers[2][0], answers[1][0], 1]
    line = line_of("go grandchild(depth - 1)")
    for block in blocks[2], blocks[4]:
        assert re.search(rf" in main\.grandchild\n\t +at .*panics\.go:{line}$", block, re.M), block
    assert re.search(rf" in main\.holdAll\n\t +at .*panics\.go:{line_of('go grandchild(2)')}$", blocks[6], re.M)
    assert " in main.main\n" in blocks[6]
    assert console(core, f"goroutine {third} stack -a 1").count("Created by") == 1
    short = console(core, f"goroutine {third} stack -a 1 -adepth 2").split("Created by")[1]
    assert short.count(" in ") == 2 and short.endswith("\t(truncated)\n")


def test_options(core):
    number, _ = goroutine_in(core, "main.stackDefers")
    assert console(core, f"goroutine {number} stack 2").count(" in ") == 3
    offsets = [int(n, 16) for n in re.findall(r"^ +frame: (-0x[0-9a-f]+) frame pointer -0x", console(
        core, f"goroutine {number} stack 4 -offsets"), re.M)]
    assert len(offsets) == 5 and offsets == sorted(offsets)
    assert re.search(r"^ +n = 8$", console(core, f"goroutine {number} stack -full"), re.M)
    for wrong in "-x", "-a", "-mode odd", "full":
        assert run("debug", "--batch", "-ex", f"stack {wrong}", core, status=None).err.strip()


def test_full(core):
    """The same with inquest stack --full, as text and JSON."""
    schema = json_schema("stack")
    answer = run("stack", "--full", "--json", core).json
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(answer, schema)
    number, at = goroutine_in(core, "main.openDefers")
    (task,) = [task for task in answer["tasks"] if task["id"] == number]
    mine = [call for call in task["deferred"] if call["frame"] == at]
    assert [call["function"] for call in mine] == ["sync.(*Mutex).Unlock", "main.openDefers.func1",
                                                   "main.(*point).move", "main.later"]
    assert [call["deferred_at"] for call in task["deferred"] if call["frame"] == at - 2] == \
        [line_of("defer func(i int)")] * 3
    assert task["ancestors"][0]["id"] == 1
    assert "main.holdAll" in [frame["function"] for frame in task["ancestors"][0]["frames"]]
    text = run("stack", "--full", "-g", number, core).out
    assert len(re.findall(r"^  deferred by #\d+: ", text, re.M)) == 3 + 9 + 4
    assert re.search(rf"^  deferred by #{at}: main\.later  .*panics\.go:{line_of('defer later(n)')}$", text, re.M)
    assert "deferred" not in run("stack", "-g", number, core).out


@pytest.mark.parametrize("variant", [name for name in PLAIN if int(name.removeprefix("go-1.")) >= 23][-1:])
def test_loops_over_functions(lab, variant):
    """What the body of such a loop defers, the function around it calls: a list of its own."""
    core = lab.core(variant, program="ranges")[1]
    number, _ = goroutine_in(core, "main.ranged")
    loop = [["main.later", None], ["main.ranged.func1", None]] * 3
    found = calls(console(core, f"goroutine {number} stack -defer"))["main.ranged"]
    # Go 1.27 has another name for the function that the compiler makes of the loop's body.
    assert [[name.replace("-range1.1", ".func1"), line] for name, line in found] == \
        [*loop, ["main.later", line_of("defer later(n)", "ranges")]]
