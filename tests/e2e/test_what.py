# SPDX-License-Identifier: Apache-2.0
"""What an address is, on a program that wrote down where its memory is; find, as gdb does it; telescope."""

import re
import subprocess

import build
import pytest
from conftest import run

STATES = {"used": "in use", "used-other": "in use", "mmapped": "in use", "cached": "free", "cached-other": "free",
          "fast": "free", "binned": "free"}
PLACES = {"used": "main arena", "used-other": r"arena \d+", "mmapped": "mapped for itself",
          "cached": "main arena, in a thread's cache", "cached-other": r"arena \d+, in a thread's cache",
          "fast": "main arena, in a fastbin", "binned": "main arena, in a bin"}


@pytest.fixture(scope="module")
def dead(lab, tmp_path_factory):
    """(program, core, [(what, address, size)])"""
    written = tmp_path_factory.mktemp("heap") / "written"
    target, core = lab.core("c-gcc-O2-dwarf5", str(written), program="heap")
    facts = [line.split() for line in written.read_text().splitlines()]
    return target.exe, core, [(what, int(at, 16), int(size)) for what, at, size in facts]


def ask(core, commands):
    """The answers to many commands, in their order."""
    asked = [word for command in commands for word in ("-ex", "echo \\n<>\\n", "-ex", command)]
    return [answer.strip() for answer in run("debug", "--batch", *asked, core, status=None).out.split("<>\n")[1:]]


def test_blocks(dead):
    _, core, facts = dead
    blocks = [fact for fact in facts if fact[0] in STATES]
    # The first byte, one in the middle, and the last, which lies where the next block begins.
    asked = [(fact, offset) for fact in blocks for offset in (0, fact[2] // 2, fact[2] - 1)]
    wrong = []
    for ((what, at, size), offset), answer in zip(asked, ask(core, [f"what {fact[1] + offset:#x}" for fact, offset
                                                                    in asked]), strict=True):
        heap = re.search(r"heap: block 0x([0-9a-f]+) of (\d+) bytes, (in use|free).*\((.*)\)$", answer, re.MULTILINE)
        if what == "binned" and offset > 2990 or what.startswith(("cached", "fast")) and offset > size - 8:
            continue  # the tail of a free block is no part of it
        if not heap or (int(heap[1], 16), heap[3]) != (at, STATES[what]) or not re.fullmatch(PLACES[what], heap[4]):
            wrong.append((what, hex(at), offset, answer))
        elif heap[3] == "in use" and int(heap[2]) != size:
            wrong.append((what, hex(at), size, answer))
    assert not wrong
    assert len(blocks) > 30


def test_stacks_and_threads(dead):
    _, core, facts = dead
    for what, function in (("stack", r"(thread|main) \("), ("tls", "thread-local memory: of thread ")):
        found = [fact for fact in facts if fact[0] == what]
        answers = ask(core, [f"what {at + 5:#x}" for _, at, _ in found])
        assert all(re.search(function, answer) for answer in answers), answers
        threads = [re.search(r"of thread (\d+)", answer)[1] for answer in answers]
        assert len(set(threads)) == len(found)
    # bt ends with main; the stack does not.
    main = next(at for what, at, _ in reversed(facts) if what == "stack")
    above = ask(core, [f"what {main + offset:#x}" for offset in range(0, 0x200, 8)])
    assert any("frame: " in answer and "main (" not in answer for answer in above), above


def test_data(dead):
    _, core, _ = dead
    data, bss, code, null = ask(core, ["what &in_data", "what (char *)&in_bss + 8", "what main", "what 16"])
    assert "section .data\nsymbol: in_data, of 4 bytes" in data
    assert "section .bss\nsymbol: in_bss + 8, of 256 bytes" in bss
    assert "r-x" in code and "symbol: main" in code
    assert null == "0x10 is not mapped"


def test_find_as_gdb(dead):
    exe, core, facts = dead
    large = next(at for what, at, _ in facts if what == "mmapped")
    commands = [f"find {large:#x}, +100000, 'n', 'e', 'e', 'd', 'l', 'e'", f"find /b {large:#x}, +100, (char)110, 0x65",
                f"find /2 {large:#x}, +1000, (char)0", f'find {large:#x}, +100, "large block"',
                f'find {large:#x}, +100, "needle"', "find &in_data, +4, 7", "find &in_data, +4, 8",
                "find /h &in_data, +4, 7", f"find /w {large:#x}, +1000000, 0x6c207265", "find &in_data, &in_data, 7"]
    asked = [word for command in commands for word in ("-ex", "echo \\n<>\\n", "-ex", command)]
    gdb = subprocess.run([build.tool("gdb"), "-nx", "-batch", *asked, exe, core], capture_output=True, text=True,
                         check=False).stdout
    assert ask(core, commands) == [answer.strip() for answer in gdb.split("<>\n")[1:]]


def test_telescope(dead):
    _, core, facts = dead
    large = next(at for what, at, _ in facts if what == "mmapped")
    lines, = ask(core, [f"telescope {large:#x} 3"])
    assert [line.split(":")[0] for line in lines.splitlines()] == [hex(large + 8 * i) for i in range(3)]
