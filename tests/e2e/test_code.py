# SPDX-License-Identifier: Apache-2.0
"""Source text, lines, symbols and instructions at the prompt, compared with what gdb prints for the same words."""

import os
import random
import re
import shutil
import subprocess

import pytest

from conftest import INQUEST, run
import peers

# Both print this, so that answers can be told apart.
MARK_COMMAND = "info breakpoints"
MARK = "No breakpoints or watchpoints."

# gdb alone names those, and says where it looked.
NOT_SAID = ("Does not include preprocessor macro info.",)


def answers(argv, commands, **more):
    """What a debugger prints for each command, error messages included."""
    for command in commands:
        argv = [*argv, "-ex", command, "-ex", MARK_COMMAND]
    result = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            env={**peers.env(), "NO_COLOR": "1"}, timeout=300, check=False, text=True,
                            errors="replace", **more)
    parts = re.split(rf"^{re.escape(MARK)}\n", result.stdout, flags=re.M)[1:]
    assert len(parts) >= len(commands), result.stdout[-2000:]
    return [[line.rstrip() for line in part.splitlines() if line not in NOT_SAID] for part in parts[:len(commands)]]


def gdb(exe, core, commands, cwd):
    if not shutil.which("gdb"):
        pytest.skip("gdb is not installed")
    argv = ["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex", "set auto-load no", "-ex",
            "set width 0", "-ex", "set print asm-demangle on", exe, core, "-ex", MARK_COMMAND]
    return answers(argv, commands, cwd=cwd)


def inquest(core, commands, cwd):
    return answers([INQUEST, "debug", core, "--batch", "-ex", MARK_COMMAND], commands, cwd=cwd)


def compare(lab, variant, commands, tmp_path):
    target, core = lab.core(variant, "segv")
    ours, theirs = inquest(core, commands, tmp_path), gdb(target.exe, core, commands, tmp_path)
    wrong = [f"{command}\n  gdb:  {them}\n  ours: {us}"
             for command, us, them in zip(commands, ours, theirs) if us != them]
    assert not wrong, f"{len(wrong)} of {len(commands)} differ:\n" + "\n".join(wrong)


LIST = [
    "list", "list", "list -", "list -", "list main", "list", "list +", "list -", "list 10,20", "list", "list 100,",
    "list ,30", "list 5000", "list crash.c:100", "list 3", "list -", "list 470", "list", "list", "list 40,+2",
    "list +5", "list -5", "list crash.c:40,42", "list crash.c:main", "list blow", "list 10,20,30", "list nosuch",
    "list nosuch.c:12", "set listsize 3", "list 50", "list", "list blow", "list tail_second", "list ,100",
    "set listsize unlimited", "list 470,", "set listsize 10",
]
LINES = [
    "info line main", "info line 12", "info line crash.c:300", "info line crash.c:5000", "info line blow",
    "info line inner", "info address main", "info address nosuch", "info source", "info symbol main",
    "info symbol 5", "info address no_item", "info line *main", "list 'crash.c':10", "list \"crash.c\":12", "list ,",
    "list main,blow", "list blow,main", "x/2i main", "x/2i 0", "disassemble main,main+8", "disassemble main,+4",
]
CODE = [
    "disassemble main", "disassemble /s blow", "disassemble /r blow", "disassemble /rs main",
    "disassemble /s die_segv", "disassemble /z main",
]


@pytest.mark.thin
@pytest.mark.parametrize("variant", ["c-gcc-O0-dwarf5", "c-gcc-O2-dwarf5", "c-gcc-O2-dwarf4", "c-clang-O2-dwarf5"])
def test_c(lab, variant, tmp_path):
    compare(lab, variant, LIST + LINES, tmp_path)


@pytest.mark.thin
@pytest.mark.parametrize("variant", ["c-gcc-O0-dwarf5", "c-gcc-O2-dwarf5", "c-clang-O2-dwarf5"])
def test_instructions_with_source(lab, variant, tmp_path):
    # The first answer loads the file: what is missing is told once.
    compare(lab, variant, ["list main", *CODE], tmp_path)


def test_instructions_by_line(lab, tmp_path):
    compare(lab, "c-gcc-O0-dwarf5", ["list main", "disassemble /m main", "disassemble /m blow"], tmp_path)


def test_cxx(lab, tmp_path):
    compare(lab, "cxx-gcc-O0-dwarf5", [
        "list touch", "list shop::detail::touch", "list shop::serve", "info line shop::serve", "list crash.cc:150",
        "disassemble /s touch", "disassemble shop::detail::touch", "list refuse(shop::detail::item const&)",
        "info line crash.cc:61", "info source",
    ], tmp_path)


@pytest.mark.thin
@pytest.mark.parametrize("variant", ["c-gcc-O0-dwarf5", "c-gcc-O2-dwarf5", "c-clang-O2-dwarf5", "c-gcc-dwz5",
                                     "cxx-gcc-O0-dwarf5", "rust-O0-v0"])
def test_every_line(lab, variant, tmp_path):
    """Each line of a program, and each past its end. gdb repeats itself where units share a file."""
    target, core = lab.core(variant, "segv")
    name = {"c": "crash.c", "cxx": "crash.cc", "rust": "crash.rs"}[variant.split("-")[0]]
    with open(os.path.join(os.path.dirname(target.exe), name), encoding="utf-8") as source:
        commands = [f"info line {name}:{i}" for i in range(1, len(source.readlines()) + 3)]

    def addresses(lines):
        return {re.sub(r" <.*?>(?= and| but|\.$)", "", line) for line in lines}

    theirs = gdb(target.exe, core, commands, tmp_path)
    for command, us, them in zip(commands, inquest(core, commands, tmp_path), theirs):
        assert addresses(us) <= addresses(them) and us, (command, us, them)


def functions_of(path, n):
    """Names and sizes of dynamic functions, picked by a fixed seed."""
    out = subprocess.run(["nm", "-D", "--defined-only", "-S", path], capture_output=True, text=True, check=True).stdout
    rows = sorted(re.findall(r"^([0-9a-f]+) ([0-9a-f]+) T (\w+)@@", out, flags=re.M))
    older = set(re.findall(r" (\w+)@(?!@)", out))
    rows = [row for row in rows if row[2] not in older] # of two versions one cannot say which is meant
    return random.Random(7).sample(rows, min(n, len(rows)))


@pytest.mark.parametrize("flavor", ["att", "intel"])
def test_instructions_of_libc(lab, flavor, tmp_path):
    """The instructions of 150 functions of the C library."""
    target, core = lab.core("c-gcc-O0-dwarf5", "segv")
    libc = next(line.split()[2] for line in subprocess.run(["ldd", target.exe], capture_output=True, text=True,
                                                           check=True).stdout.splitlines() if "libc.so" in line)
    base = gdb(target.exe, core, ["info address environ", "info symbol printf"], tmp_path)
    assert base
    commands = [f"set disassembly-flavor {flavor}", *(f"disassemble {name}" for _, _, name in functions_of(libc, 150))]

    def rows(lines):
        """Address and text; names of C functions have aliases, of which each debugger takes one."""
        found = re.findall(r"^(?:=> |   )(0x[0-9a-f]+) <[^>]*>:\t(.*)$", "\n".join(lines), flags=re.M)
        return [(at, re.sub(r" <.*>$", "", text).rstrip()) for at, text in found]

    seen = same = 0
    different = []
    theirs = gdb(target.exe, core, commands, tmp_path)
    for command, us, them in zip(commands, inquest(core, commands, tmp_path), theirs):
        for mine, other in zip(rows(us), rows(them)):
            seen += 1
            same += mine == other
            if mine != other:
                different.append((command, mine, other))
    assert seen > 5000
    assert same >= 0.999 * seen, (len(different), seen, different[:10])


def test_missing_source(lab, tmp_path):
    """The file is gone: said once with the reason, then where it would be; found again by either setting."""
    target, core = lab.core("c-gcc-O0-dwarf5", "segv")
    moved = tmp_path / "elsewhere" / "deep"
    moved.mkdir(parents=True)
    source = os.path.join(os.path.dirname(target.exe), "crash.c")
    os.rename(source, moved / "crash.c")
    try:
        commands = ["frame 1", "list", "list 5,6", f"set substitute-path {os.path.dirname(target.exe)} {moved}", "list 5,6"]
        ours, theirs = inquest(core, commands, tmp_path), gdb(target.exe, core, commands, tmp_path)
        assert [a[-1:] for a in ours[1:]] == [a[-1:] for a in theirs[1:]]
        assert "5\t" in "".join(ours[4])
        assert inquest(core, [f"directory {moved}", "list 5,6"], tmp_path)[1] == ours[4]
    finally:
        os.rename(moved / "crash.c", source)


def test_refused(lab, tmp_path):
    _, core = lab.core("c-gcc-O0-dwarf5", "segv")
    said = inquest(core, ["break main", "step", "run", "tb 12", "n", "finish"], tmp_path)
    for lines in said:
        assert lines and lines[0].startswith("Inquest does not "), lines


def test_stack_with_source(lab, tmp_path):
    target, core = lab.core("c-gcc-O0-dwarf5", "segv")
    with open(os.path.join(os.path.dirname(target.exe), "crash.c"), encoding="utf-8") as source:
        lines = source.read().split("\n")
    frame = run("stack", "--json", "--source", "5", core).json["threads"][0]["frames"][0]
    first = frame["line"] - 2
    assert frame["source"]["first"] == first
    assert frame["source"]["lines"] == lines[first - 1:first + 4]
    text = run("stack", "--source", "5", core).out
    assert f"> {frame['line']:5}  {lines[frame['line'] - 1]}" in text
    assert run("stack", "--json", core).json["threads"][0]["frames"][0].get("source") is None
    run("stack", "--source", "3", "--names", core, status=2)
