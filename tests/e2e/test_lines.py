# SPDX-License-Identifier: Apache-2.0
"""Random addresses of programs in many forms: functions, inlined calls, files and lines are those of gdb.

gdb is asked for the blocks around an address, which is what its backtrace is made of."""

import bisect
import functools
import json
import os
import pathlib
import random
import re
import subprocess

import build
import pytest
from conftest import INQUEST, ROOT

# A release build has no tests; those of `make check` are beside it.
LINES_OF = next((path for path in (folder / "tests" / "unit" / "module" / "lines_of"
                                   for folder in (pathlib.Path(INQUEST).parent, ROOT / "build-check"))
                 if os.access(path, os.X_OK)), None)
ADDRESSES = 400

# gdb 13 has no way to tell an inlined function's block from another: the caller cuts at our number of frames.
ASK_GDB = """
import gdb, json
for line in open(ARG):
    pc = int(line, 16)
    block, sal, frames = gdb.block_for_pc(pc), gdb.find_pc_line(pc), []
    place = (sal.symtab.fullname() if sal.symtab else None, sal.line)
    while block and not block.is_static and not block.is_global:
        if block.function:
            frames.append((block.function.print_name, *place))
            place = (block.function.symtab.fullname(), block.function.line)
        block = block.superblock
    print("@" + json.dumps((pc, frames)))
"""

VARIANTS = ("c-gcc-O2-dwarf5", "c-clang-O2-dwarf4", "cxx-gcc-O2-dwarf5", "cxx-gcc-O0-dwarf4", "cxx-gcc-split5",
            "cxx-gcc-dwp4", "cxx-gcc-types", "cxx-gcc-lto", "cxx-gcc-dwz5", "cxx-clang-O2-dwarf5", "cxx-clang-split5",
            "rust-O0-legacy", "rust-O2-v0")


def random_addresses(exe):
    """Out of .text, always the same for the same program."""
    sections = subprocess.run(["readelf", "-SW", exe], capture_output=True, text=True, check=True).stdout
    text = re.search(r" \.text +PROGBITS +(\w+) +\w+ +(\w+)", sections)
    start, size = int(text[1], 16), int(text[2], 16)
    return sorted(start + at for at in random.Random(1).sample(range(size), min(ADDRESSES, size)))


def bare(name):
    """Without the parameters, as gdb's backtrace shows a C++ function."""
    name = re.sub(r"\)( const| volatile| &&?|&&?)*$", ")", name)
    if not name.endswith(")"):
        return name
    depth, at = 0, len(name)
    while at and not (depth == 0 and at < len(name)):
        at -= 1
        depth += {")": 1, "(": -1}.get(name[at], 0)
    return name if name[:at].endswith("operator") else name[:at]


def of_gdb(exe, addresses, folder):
    try:
        gdb = build.tool("gdb")
    except build.Missing as missing:
        pytest.skip(str(missing))
    (folder / "addresses").write_text("".join(f"{at:x}\n" for at in addresses))
    (folder / "ask.py").write_text(ASK_GDB.replace("ARG", repr(str(folder / "addresses"))))
    out = subprocess.run([gdb, "-nx", "-batch", "-x", str(folder / "ask.py"), exe], capture_output=True, text=True,
                         env={**os.environ, "DEBUGINFOD_URLS": ""}, check=True).stdout
    answers = (json.loads(line[1:]) for line in out.splitlines() if line.startswith("@"))
    return {pc: [(bare(name), path and os.path.normpath(path), line) for name, path, line in frames]
            for pc, frames in answers}


@functools.cache
def rows(exe):
    """address -> lines of the rows of the line tables that stand at it."""
    out = subprocess.run(["readelf", "--debug-dump=decodedline", exe], capture_output=True, text=True, check=True).stdout
    found = {}
    for line, at in re.findall(r"^\S+ +(\d+) +0x([0-9a-f]+)", out, re.MULTILINE):
        found.setdefault(int(at, 16), set()).add(int(line))
    return sorted(found), found


def agree(exe, at, ours, gdb):
    """Up to version 17 gdb ignores rows of a line table that repeat a line, where discriminators caused them: the
    innermost line may be that of a row at the last address that has any."""
    if ours == gdb or not ours or not gdb:
        return ours == gdb
    starts, lines = rows(exe)
    return (ours[1:], ours[0][:2]) == (gdb[1:], gdb[0][:2]) and ours[0][2] in lines[starts[bisect.bisect(starts, at) - 1]]


def of_inquest(exe, addresses):
    if not LINES_OF:
        pytest.skip("tests/unit/module/lines_of is not built")
    done = subprocess.run([LINES_OF, exe], input="".join(f"{at:x}\n" for at in addresses), capture_output=True,
                          text=True, check=True)
    assert done.stderr == ""
    answers = {}
    for line in done.stdout.splitlines():
        if "\t" not in line:
            frames = answers[int(line, 16)] = []
            continue
        name, path, number = line.split("\t")
        # Padding between functions has a line, but lies in no function, which is all that gdb is asked for.
        if name != "??":
            frames.append((name, None if path == "??" else os.path.normpath(path), int(number)))
    return answers


@pytest.mark.parametrize("variant", VARIANTS)
def test_random_addresses(lab, tmp_path, variant):
    exe = lab.target(variant).exe
    addresses = random_addresses(exe)
    gdb, ours = of_gdb(exe, addresses, tmp_path), of_inquest(exe, addresses)
    shown = {at: (ours[at], gdb[at][:len(ours[at])] if ours[at] else gdb[at]) for at in addresses}
    wrong = [f"{at:#x}: {us}\n       gdb: {them}" for at, (us, them) in shown.items()
             if not agree(exe, at, us, them)]
    assert not wrong, f"{len(wrong)} of {len(addresses)} differ:\n" + "\n".join(wrong[:5])
    assert sum(bool(ours[at]) for at in addresses) > len(addresses) // 4


@pytest.mark.parametrize("prefix", ("c-clang", "cxx-clang", "cxx-gcc"))
def test_packed_split_dwarf(lab, prefix):
    """gdb 13 dies of .dwp files of DWARF 5, so these are compared with the same program before it was packed."""
    split, packed = (lab.target(f"{prefix}-{form}") for form in ("split5", "dwp5"))
    addresses = random_addresses(split.exe)
    assert addresses == random_addresses(packed.exe)
    of_split, of_packed = of_inquest(split.exe, addresses), of_inquest(packed.exe, addresses)
    moved = {at: [(name, path and path.replace(split.dir, packed.dir), line) for name, path, line in frames]
             for at, frames in of_split.items()}
    assert of_packed == moved
