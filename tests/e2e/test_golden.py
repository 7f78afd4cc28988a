# SPDX-License-Identifier: Apache-2.0
"""Whole answers against tests/golden/NAME.txt; `pytest-3 tests/e2e/test_golden.py --update` rewrites them.

Addresses, ids, times, folders and widths of columns differ from run to run and are replaced. Frames within the C
library are left out. What compilers make of a program is that of Debian 12.
"""

import platform
import re

import pytest
from conftest import ROOT, run

GOLDEN = ROOT / "tests" / "golden"


def normal(text, folder):
    text = text.replace(str(folder), "DIR")
    ids = {}

    def number(match):
        return f"{match[1]}ID{ids.setdefault(match[2], len(ids) + 1)}"

    text = re.sub(r"((?:[Tt]hread|process|parent) +)(\d{2,})\b", number, text)
    text = re.sub(r"^(  )(\d{2,})\b", number, text, flags=re.M)
    text = re.sub(r"0x0*[0-9a-f]{3,}", "0xN", text)
    text = re.sub(r"([ug]id )\d+", r"\1N", text)
    text = re.sub(r"core-\d+", "core", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "TIME", text)
    text = re.sub(r"[\d.]+ (ms|s)\b", "N s", text)
    text = re.sub(r"[\d.]+ [kMG]?B\b", "SIZE", text)
    text = re.sub(r"in \d+ mappings", "in N mappings", text)
    text = re.sub(r"(?<=\S) {2,}", "  ", text)
    keep = [line for line in text.splitlines()
            if not re.search(r"^  #.*(lib\w+[\w.+-]*\.so|ld-linux)", line) and not line.startswith(("no debug info", "cpu time"))]
    return re.sub(r"^(  #)\d+(-#\d+)?:? *", r"\1 ", "\n".join(keep), flags=re.M) + "\n"


def crash(lab, variant, death, *options, program=None, command="stack", whole=False):
    if platform.freedesktop_os_release().get("VERSION_CODENAME") != "bookworm":
        pytest.skip("the compilers are not those of Debian 12")
    _, core = lab.core(variant, death, program=program)
    if not whole:
        tid = run("stack", "--json", "--limit", "1", core).json["target"]["crashed_tid"]
        options = (*options, "--thread", tid)
    return normal(run(command, *options, core).out, lab.folder)


CASES = {
    "help": lambda lab: run("help").out,
    "help-stack": lambda lab: run("help", "stack").out,
    "help-info": lambda lab: run("help", "info").out,
    "stack-c": lambda lab: crash(lab, "c-gcc-O2-dwarf5", "segv"),
    "stack-signal": lambda lab: crash(lab, "c-gcc-O2-dwarf5", "caught-segv"),
    "stack-cxx": lambda lab: crash(lab, "cxx-gcc-O0-dwarf5", "segv"),
    "stack-rust": lambda lab: crash(lab, "rust-O2-v0", "segv"),
    "stack-recursion": lambda lab: crash(lab, "c-gcc-O0-dwarf5", "20000", program="recurse"),
    "stack-stripped": lambda lab: crash(lab, "c-gcc-stripped", "segv"),
    "stack-bad-jump": lambda lab: crash(lab, "c-gcc-O2-dwarf5", "bad-jump"),
    "stack-smashed": lambda lab: crash(lab, "c-gcc-O0-dwarf5", "smash-return"),
    "folded": lambda lab: crash(lab, "c-gcc-O0-dwarf5", "20000", "--folded", "--limit", "9", program="recurse"),
    "info": lambda lab: crash(lab, "c-gcc-O2-dwarf5", "segv", command="info", whole=True),
}


@pytest.mark.parametrize("name", CASES)
def test_golden(lab, name, pytestconfig):
    text = CASES[name](lab)
    file = GOLDEN / f"{name}.txt"
    if pytestconfig.getoption("--update"):
        file.write_text(text)
    assert file.read_text() == text, f"not as {file}: if the new answer is right, run with --update"
