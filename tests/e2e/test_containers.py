# SPDX-License-Identifier: Apache-2.0
"""Containers print as what the program itself says that it put into them."""

import pytest

import build
import cores
from conftest import run

# What libc++'s types print as their bare record.
BARE = {"cxx-libcxx": {"bits", "deque", "forward", "tuple", "variant"}}
# The compiler kept no copy of these.
GONE = {"cxx-gcc-O2-dwarf5": {"none"}, "rust-O2-legacy": {"str_slice"}}

VARIANTS = [
    ("cxx-gcc-O0-dwarf5", "containers"),
    ("cxx-gcc-O0-dwarf4", "containers"),
    ("cxx-gcc-O2-dwarf5", "containers"),
    ("cxx-clang-O0-dwarf5", "containers"),
    ("cxx-libcxx", "containers"),
    ("cxx-old-abi", "containers"),
    ("rust-O0-legacy", "containers-rust"),
    ("rust-O2-legacy", "containers-rust"),
]


def pairs(text):
    """name -> text, of lines "name<TAB>text" or "name = text"."""
    found = {}
    for line in text.splitlines():
        for mark in ("\t", " = "):
            name, middle, rest = line.partition(mark)
            if middle and " " not in name:
                found.setdefault(name, rest)
                break
    return found


@pytest.mark.thin
@pytest.mark.parametrize("variant,program", VARIANTS)
def test_containers(variant, program, tmp_path):
    try:
        target = build.build(variant, tmp_path, program=program)
    except build.Missing as missing:
        pytest.skip(str(missing))
    account = tmp_path / "account"
    core = cores.kernel_core([target.exe, account], tmp_path / "core")
    expected = pairs(account.read_text())
    assert len(expected) > 15
    function = "containers::hold" if program.endswith("rust") else "hold"
    answer = run("debug", "--batch", "-ex", "set width 0", "-ex", f"frame function {function}", "-ex", "info locals",
                 target.exe, core)
    shown = pairs(answer.out)
    for name in BARE.get(variant, set()) | GONE.get(variant, set()):
        expected.pop(name)
    assert {name: shown.get(name) for name in expected} == expected
