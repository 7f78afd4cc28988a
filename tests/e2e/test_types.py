# SPDX-License-Identifier: Apache-2.0
"""Random types of programs in many forms: their names, sizes, ptype and ptype/o are those of gdb.

Where both are right in their way, or gdb is not:
- gdb does not know a destructor as virtual when GCC, which gives it two places in the vtable, names none;
- gdb lets constructors that are templates return void;
- gdb gives void a size of 1, and does not look through const void;
- in ptype/o gdb takes base classes for holes, and in unions the end of another record for that of the last member;
- of a Rust pointer gdb says "*mut" where its name is "&str", "*const u8" or "fn(i32) -> i32";
- closures have no name, and gdb takes one for another;
- a struct that ends in an array without bounds ends for gdb where its array begins.
"""

import collections
import difflib
import json
import os
import random
import re
import subprocess

import build
import pytest
from conftest import driver

TYPES_OF = driver("value/types_of")
TYPES = 300
NAMED = {0x02: "class", 0x04: "enum", 0x13: "struct", 0x16: "typedef", 0x17: "union", 0x24: "base type"}

# By way of a pointer at nothing, since gdb's parser does not know all names that its tables do.
ASK_GDB = """
import gdb, json
def ask(command):
    return gdb.execute(command + " *$v", to_string=True).replace("type = ", "", 1).rstrip("\\n")
gdb.execute("set width 0")
for name in json.load(open(ARG)):
    try:
        t = gdb.lookup_type(name)
        gdb.set_convenience_variable("v", gdb.Value(0).cast(t.pointer()))
        offsets = ask("ptype/or").replace("/* offset      |    size */  ", "", 1)
        answer = {"name": ask("whatis/r"), "size": t.sizeof, "ptype": ask("ptype/r"), "offsets": offsets}
    except (gdb.error, RuntimeError) as e:
        answer = {"error": str(e)}
    print("@" + json.dumps(answer))
"""

VARIANTS = ("c-gcc-O2-dwarf5", "c-clang-O2-dwarf4", "cxx-gcc-O0-dwarf4", "cxx-gcc-split5", "cxx-gcc-types",
            "cxx-gcc-dwz5", "cxx-clang-O2-dwarf5", "rust-O0-legacy", "rust-O2-v0")


def of_inquest(exe):
    """name as gdb looks it up -> what we say; only names that mean one thing."""
    if not TYPES_OF:
        pytest.skip("tests/unit/value/types_of is not built")
    done = subprocess.run([TYPES_OF, exe], capture_output=True, text=True, errors="replace", check=True)
    found = collections.defaultdict(dict)
    for line in done.stdout.splitlines():
        answer = json.loads(line)
        if answer["tag"] in NAMED and not answer["declaration"] and "lambda" not in line \
                and answer["of"] != "std::enable_if_t":  # some are named without their arguments
            tagged = answer["name"].split(" ", 1)[0] in ("struct", "union", "enum") and answer["tag"] != 0x16
            name = answer["name"] if tagged else answer["of"]
            found[name][answer["ptype"]] = answer
    return {name: next(iter(answers.values())) for name, answers in found.items() if len(answers) == 1}


def of_gdb(exe, names, folder):
    try:
        gdb = build.tool("gdb")
    except build.Missing as missing:
        pytest.skip(str(missing))
    (folder / "names.json").write_text(json.dumps(names))
    (folder / "ask.py").write_text(ASK_GDB.replace("ARG", repr(str(folder / "names.json"))))
    out = subprocess.run([gdb, "-nx", "-batch", "-x", str(folder / "ask.py"), exe], capture_output=True, text=True,
                         env={**os.environ, "DEBUGINFOD_URLS": ""}, check=True).stdout
    return [json.loads(line[1:]) for line in out.splitlines() if line.startswith("@")]


def flexible(ours):
    return re.search(r"\[\];\n(/\* XXX|\n|})", ours["offsets"]) is not None


def same_text(ours, gdb, rust):
    ours, gdb = (re.sub(r"virtual (~)|void (\w+<)", r"\1\2", text) for text in (ours, gdb))
    if gdb in ("void", "void *"):
        return ours.replace("const ", "") in (gdb, "decltype(nullptr)")
    if rust:
        theirs, mine = gdb.splitlines(), ours.splitlines()
        return len(theirs) == len(mine) and all(
            t == m or ("*mut" in t and t.split(": ")[0] == m.split(": ")[0]) or re.match(r"\W*\*mut|.*\(\*mut", t)
            for t, m in zip(theirs, mine))
    return ours == gdb


def without_holes(text):
    return [line for line in text.splitlines() if "/* XXX" not in line]


def agree(ours, gdb, rust):
    if ours["name"] != gdb["name"] or not same_text(ours["ptype"], gdb["ptype"], rust):
        return False
    if flexible(ours) or gdb["ptype"].startswith("void") or gdb["ptype"].rstrip().endswith(")"):
        return True
    if ours["size"] != gdb["size"]:
        return False
    return rust or same_text(ours["offsets"], gdb["offsets"], rust) or \
        (re.search(r"union| : (public|private|protected)|struct {", ours["offsets"]) is not None and
         without_holes(ours["offsets"]) == without_holes(gdb["offsets"]))


def explain(ours, gdb):
    lines = [f"{ours['of']}: {ours['name']} {ours['size']}, gdb: {gdb['name']} {gdb['size']}"]
    for what in ("ptype", "offsets"):
        lines += list(difflib.unified_diff(ours[what].splitlines(), gdb[what].splitlines(), n=0, lineterm=""))[2:12]
    return "\n".join(lines)


@pytest.mark.thin
@pytest.mark.parametrize("variant", VARIANTS)
def test_random_types(lab, tmp_path, variant):
    exe = lab.target(variant).exe
    rust = variant.startswith("rust")
    known = of_inquest(exe)
    names = random.Random(1).sample(sorted(known), min(TYPES, len(known)))
    # Namespaces and functions of the same name come first for gdb; and some names it cannot look up.
    answers = [(known[name], gdb) for name, gdb in zip(names, of_gdb(exe, names, tmp_path))
               if "error" not in gdb and not gdb["ptype"].startswith("namespace")
               and "<incomplete type>" not in gdb["ptype"]]
    wrong = [explain(ours, gdb) for ours, gdb in answers if not agree(ours, gdb, rust)]
    assert not wrong, f"{len(wrong)} of {len(answers)} differ:\n" + "\n".join(wrong[:3])
    assert len(answers) > len(names) * 0.6
