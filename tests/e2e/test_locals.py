# SPDX-License-Identifier: Apache-2.0
"""Arguments and variables of frames: the bytes that we find are those that gdb finds.

vars_of (tests/unit/session/vars_of.c) shows ours as bytes, so that how they are printed does not matter. Where the
two differ, a rule with a name says why; the test fails on any difference that has none.
"""

import collections
import json
import os
import pathlib
import random
import re
import shutil
import subprocess

import jsonschema
import pytest

from conftest import ROOT, driver, json_schema, run

VARS_OF = driver("session/vars_of")
pytestmark = [pytest.mark.thin, pytest.mark.skipif(not VARS_OF, reason="vars_of was not built")]
LAB = pathlib.Path.home() / ".cache/inquest-lab/targets"
SCHEMA = json_schema("stack")
GONE = "optimised-out"
INHERITED = "optimised out, and gdb lists it once more"
IN_REGISTERS = "an object in registers: gdb does not give its bytes"
UNLISTED = "optimised out in an inlined function, and gdb does not list it"

SMALL = [
    ("c-gcc-O2-dwarf4", "segv", None),
    ("c-gcc-O2-dwarf5", "handler", None),
    ("c-gcc-split4", "segv", None),
    ("c-gcc-dwp4", "segv", None),
    ("c-gcc-split5", "segv", None),
    ("c-gcc-dwz4", "segv", None),
    ("c-clang-O2-dwarf4", "segv", None),
    ("c-clang-O2-dwarf5", "assert", None),
    ("cxx-gcc-O2-dwarf4", "segv", None),
    ("cxx-gcc-O2-dwarf5", "segv", None),
    ("cxx-gcc-types", "segv", None),
    ("cxx-clang-O2-dwarf5", "segv", None),
    ("rust-O0-legacy", "segv", None),
    ("rust-O2-v0", "segv", None),
    ("c-gcc-O0-dwarf5", "abort", "values"),
    ("c-gcc-O2-dwarf5", "abort", "values"),
    ("c-clang-O2-dwarf5", "abort", "values"),
    ("cxx-gcc-O2-dwarf5", "abort", "values-cxx"),
    ("rust-O2-v0", "abort", "values-rust"),
]


def from_gdb(exe, core):
    gdb = shutil.which("gdb")
    if not gdb:
        pytest.skip("gdb is missing")
    command = [gdb, "-nx", "-batch", "-iex", "set debuginfod enabled off", exe, core, "-x",
               str(ROOT / "tests/e2e/gdb_locals.py")]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False)
    for line in result.stdout.decode(errors="replace").splitlines():
        if line.startswith("LOCALS "):
            return {int(tid): stack for tid, stack in json.loads(line[7:]).items()}
    pytest.skip("gdb does not get through this core")


def from_us(core):
    result = subprocess.run([VARS_OF, core], stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=True)
    threads = collections.defaultdict(list)
    for line in result.stdout.decode(errors="replace").splitlines():
        words = line.split(" ")
        if words[0] == "frame":
            threads[int(words[1])].append({"pc": int(words[2], 16), "variables": []})
            stack = threads[int(words[1])]
        else:
            stack[-1]["variables"].append((words[1], words[3] if words[2] != "0" else "incomplete"))
    return threads


def by_place(stack):
    """Frames by pc, which of the frames at it in a row, and which such row: we may know of tail calls that gdb misses."""
    frames, rows, row = {}, collections.Counter(), 0
    for i, frame in enumerate(stack):
        if i and stack[i - 1]["pc"] == frame["pc"]:
            row += 1
        else:
            row = 0
            rows[frame["pc"]] += 1
        frames[frame["pc"], rows[frame["pc"]], row] = frame
    return frames


def values_by_name(frame):
    values = collections.defaultdict(list)
    for name, value in frame["variables"]:
        values[name].append(value)
    return {name: sorted(found) for name, found in values.items()}


def pairs(exe, core):
    """(what gdb has of a frame, what we have, what gdb has of the frames further out)"""
    theirs, ours = from_gdb(exe, core), from_us(core)
    for tid, stack in theirs.items():
        mine = by_place(ours[tid])
        for key, frame in by_place(stack).items():
            if key in mine:
                place = next(i for i, other in enumerate(stack) if other is frame)
                yield frame, mine[key], stack[place:]


def without(values, removed):
    return [value for value in values if value != removed]


def explain(theirs, ours, frame, outer):
    """The name of the rule by which one name's values differ; None: there is none."""
    a, b = without(theirs, GONE), without(ours, GONE)
    first = outer[0]["pc"]
    if len(a) == len(b) and all(x == y or x == "text" for x, y in zip(a, b)):
        more = theirs.count(GONE) - ours.count(GONE)
        if more == 0:
            return IN_REGISTERS
        if more == 1:
            # gdb gives a concrete instance once more what the abstract one has in a block that the concrete one lacks.
            return INHERITED
        if more == -1 and frame["inlined"]:
            return UNLISTED
    if "incomplete" in b:
        return "a type that is only declared there: completed when it is printed"
    if any(value.startswith("error: ") for value in a):
        return "gdb cannot read it"
    if len(a) >= len(b) and all(value in ("no-data",) or value in a for value in b):
        # In an outer frame gdb shows what the register holds now, in the innermost one.
        return "a register that a call may change, not saved"
    if len(a) < len(b) and frame["name"] == "main":
        return "a value on entry of main: gdb does not look past it"
    if len(a) < len(b) and any("::" in (other["name"] or "") for other in outer if other["pc"] != first):
        return 'a value on entry: gdb does not find the extern "C" function that a C++ unit calls'
    if frame["inlined"] and len(a) == len(b):
        return "a value on entry: gdb takes the call that stands in the inlined function itself"
    return None


def compare(chosen):
    same, rules, unexplained = 0, collections.Counter(), []
    for theirs, ours, outer in chosen:
        a, b = values_by_name(theirs), values_by_name(ours)
        for name in sorted(set(a) | set(b)):
            x, y = a.get(name, []), b.get(name, [])
            if x == y:
                same += len(x)
                continue
            rule = explain(x, y, theirs, outer)
            rules[rule] += 1
            if rule is None:
                unexplained.append(f"{theirs['name']}: {name}: gdb {x}, inquest {y}")
    return same, rules, unexplained


def check(frames, count):
    chosen = frames if len(frames) <= count else random.Random(20261121).sample(frames, count)
    same, rules, unexplained = compare(chosen)
    print(f"{len(chosen)} frames, {same} values agree, {dict(rules)}")
    assert not unexplained, "\n".join(unexplained)
    assert same > 12 * sum(n for rule, n in rules.items() if rule not in (INHERITED, IN_REGISTERS)), rules


def test_400_frames(lab):
    frames = []
    for variant, how, program in SMALL:
        try:
            target, core = lab.core(variant, how, program=program)
        except pytest.skip.Exception:
            continue  # a compiler that is not here; the number of frames says whether enough are left
        frames += list(pairs(target.exe, core))
    assert len(frames) >= 400
    check(frames, 400)


@pytest.mark.parametrize("name, exe", [("valkey-source", None), ("ceph", "/usr/bin/ceph-osd")])
def test_servers(name, exe, request):
    core = LAB / name / "core"
    if not request.config.getoption("--full") or not core.exists():
        pytest.skip("with --full, where bench made the core")
    check(list(pairs(exe or str(LAB / name / "valkey-server"), str(core))), 400)


def test_text_and_json_say_the_same(lab):
    _, core = lab.core("c-gcc-O2-dwarf5", "segv")
    answer = run("stack", "--full", "--json", core).json
    jsonschema.validate(answer, SCHEMA)
    text = run("stack", "--full", core).out
    crashed = next(frame for frame in answer["threads"][0]["frames"] if frame["function"] == "die_segv")
    for variable in crashed["variables"]:
        name, value = variable["name"], variable["value"]
        shown = value["value"] if "value" in value else "<optimized out>"
        assert re.search(rf"^ +{name}(@entry)? = {re.escape(shown)}$", text, re.M), (name, shown)


def test_truth(lab):
    """What the program itself knows: crash.c has a list of two items on its stack, of which it passes the second."""
    _, core = lab.core("c-gcc-O2-dwarf5", "segv")
    frames = {frame["function"]: {v["name"]: v["value"] for v in frame["variables"]}
              for frame in run("stack", "--full", "--json", core).json["threads"][0]["frames"]}
    head, tail = frames["level_one"]["head"]["address"], frames["level_two"]["tail"]["address"]
    assert frames["level_three"]["list"]["value"].startswith(head)
    assert frames["inner"]["list"]["value"].startswith(tail)
    assert frames["die_segv"]["list"]["value"].startswith(tail)
