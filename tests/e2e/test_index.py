# SPDX-License-Identifier: Apache-2.0
"""Names of the whole program: all that gdb lists are found."""

import os
import re
import subprocess

import build
import pytest
from conftest import driver, run

NAMES_OF = driver("value/names_of")

VARIANTS = ("c-gcc-O2-dwarf5", "c-clang-O2-dwarf4", "cxx-gcc-O0-dwarf4", "cxx-gcc-dwp4", "cxx-gcc-types", "cxx-gcc-lto",
            "cxx-gcc-dwz5", "cxx-clang-split5", "rust-O2-v0")
TYPE, FUNCTION, VARIABLE, ENUMERATOR, NAMESPACE = 1, 2, 4, 8, 16

pytestmark = [pytest.mark.thin, pytest.mark.skipif(not NAMES_OF, reason="names_of was not built")]


def names_of(exe, *question):
    """(kind, is a declaration, name) of each hit."""
    out = subprocess.run([NAMES_OF, exe, *map(str, question)], capture_output=True, text=True, check=True).stdout
    lines = [line.split(" ", 4) for line in out.splitlines()]
    return [(int(line[0]), line[1] == "declaration", line[4]) for line in lines]


def gdb_lists(exe, debug_dir, what):
    """The lines of `info functions` and the like, without their numbers, for symbols that DWARF describes."""
    command = [build.tool("gdb"), "-nx", "-batch", "-iex", "set debuginfod enabled off"]
    if debug_dir:
        command += ["-iex", f"set debug-file-directory {debug_dir}"]
    out = subprocess.run([*command, "-ex", f"info {what} -n" if what != "types" else "info types", exe],
                         capture_output=True, text=True, check=True).stdout
    listed = [match[1] for match in map(re.compile(r"(?:\d+:)?\t(.*?);?$").match, out.splitlines()) if match]
    assert listed, out
    return listed


def declared_names(line, what):
    """What may be the name in a declaration: any tail of it that begins with a word."""
    if what == "functions" and line.startswith(("fn ", "static fn ")):
        depth = 0
        for at in range(len(line)):
            depth += {"<": 1, ">": -1}.get(line[at], 0) if line[at - 1] != "-" else 0
            if line[at] == "(" and depth == 0:
                line = line[:at]
                break
    elif what == "functions":
        line = re.sub(r"\)( const| volatile| &&?|&&?)*$", ")", line)
        depth = 0
        for at in range(len(line) - 1, -1, -1):
            depth += {")": 1, "(": -1}.get(line[at], 0)
            if depth == 0:
                line = line[:at]
                break
    elif what == "variables":
        line = re.sub(r"(\[\d*\])+$", "", re.sub(r"\)\(.*$", "", line))
        line = re.sub(r"^(static (?:mut )?[^ ]*): .*$", r"\1", line)  # Rust
    return [line[at:] for at in range(len(line))
            if (at == 0 or not re.match(r"[\w:]", line[at - 1])) and re.match(r"[\w({<&*\[]", line[at])]


def not_found(exe, kinds, questions):
    """Those of the lists of names of which none is found."""
    asked = [name for names in questions for name in names]
    out = subprocess.run([NAMES_OF, exe, "count", str(kinds)], input="".join(name + "\n" for name in asked),
                         capture_output=True, text=True, check=True).stdout
    hits = dict(zip(asked, map(int, out.split()), strict=True))
    return [names for names in questions if names and not any(hits[name] for name in names)]


# gdb has names of its own for these, and lists namespaces among the types.
BASE_TYPES = re.compile(r"(unsigned |signed )?(long|short|char|int|long long)( double)?|void")
# Without a name of their own in DWARF, or under another: what the compiler made (an inherited constructor, too); in
# C++ the variable is_array_v<int> is a mere is_array_v, and functions have no ABI tag.
NAMELESS = re.compile(r".*\{|.*\$_|.*\(anonymous namespace\)$|const .*_v<|.*\[abi:|.*::__uniq_ptr_data<.*_impl(<|\()")


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("what, kinds", [("functions", FUNCTION), ("variables", VARIABLE), ("types", TYPE | NAMESPACE)])
def test_all_that_gdb_lists(lab, variant, what, kinds):
    if variant.startswith("rust") and what == "variables":
        pytest.skip("gdb shows their types alone")
    target = lab.target(variant)
    lines = [line for line in gdb_lists(target.exe, target.debug_dir, what)
             if not NAMELESS.match(line) and not BASE_TYPES.fullmatch(line)]
    missing = not_found(target.exe, kinds, [declared_names(line, what) for line in lines])
    assert not [names[0] for names in missing]


def test_in_a_file(lab):
    exe = lab.target("c-gcc-O2-dwarf5").exe
    for file, found in (("crash.c", True), ("rash.c", False), ("/crash.c", True), ("other.c", False)):
        assert [name for _, _, name in names_of(exe, "in", file, "main")] == ["main"] * found


def test_symbols_without_dwarf(lab, tmp_path):
    exe = str(tmp_path / "stripped")
    subprocess.run(["strip", "--strip-debug", "-o", exe, lab.target("cxx-gcc-O2-dwarf5").exe], check=True)
    assert (FUNCTION, False, "main") in names_of(exe, "find", "main")
    listed = {name for _, _, name in names_of(exe, "each", FUNCTION)}
    qualified = next(name for name in sorted(listed) if re.fullmatch(r"shop::detail::\w+", name))
    assert (FUNCTION, False, qualified) in names_of(exe, "find", qualified)
    assert (FUNCTION, False, qualified) in names_of(exe, "anywhere", qualified.split("::")[2])


def test_object_file(lab, tmp_path):
    """What an object's relocations put into its debug information is read as gdb reads it."""
    source = os.path.join(os.path.dirname(lab.target("c-gcc-O2-dwarf5").exe), "crash.c")
    obj = str(tmp_path / "crash.o")
    subprocess.run(["gcc", "-g", "-O1", "-c", "-o", obj, source], check=True)
    lines = [line for line in gdb_lists(obj, None, "functions") if not NAMELESS.match(line)]
    assert not not_found(obj, FUNCTION, [declared_names(line, "functions") for line in lines])
    answer = run("debug", "--batch", "-ex", "bt", obj, status=None)
    assert "No stack." in answer.err and answer.out == ""
