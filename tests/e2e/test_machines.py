# SPDX-License-Identifier: Apache-2.0
"""Cores of other machines: i386 by the kernel, AArch64 by qemu-user. (qemu-user writes none for RISC-V: its
layouts are in tests/unit/image.)"""

import os

import build
import cores
import peers
import pytest
from conftest import run

SOURCE = os.path.join(build.HERE, "c", "crash.c")
MAIN = ["die_segv", "blow", "tail_second", "tail_first", "inner", "level_three", "level_two", "level_one", "run", "main"]
HELPERS = {"wait_cond", "wait_poll", "wait_sleep", "wait_read", "wait_sem"}


def compiled(folder, compiler, *flags):
    exe = str(folder / "crash")
    try:
        build.run([build.tool(compiler), "-g", "-O1", "-static", "-pthread", *flags, SOURCE, "-o", exe])
    except build.Missing as missing:
        pytest.skip(str(missing))
    except build.Failed as failed:
        pytest.skip(f"no C library for it: {str(failed).splitlines()[-1]}")
    return exe


@pytest.fixture(scope="module")
def i386(tmp_path_factory):
    folder = tmp_path_factory.mktemp("i386")
    # Where the distribution keeps asm/ without the package that other cross compilers refuse.
    exe = compiled(folder, "gcc", "-m32", "-I/usr/include/x86_64-linux-gnu")
    return exe, cores.kernel_core([exe, "segv"], str(folder))


@pytest.fixture(scope="module")
def aarch64(tmp_path_factory):
    folder = tmp_path_factory.mktemp("aarch64")
    exe = compiled(folder, "aarch64-linux-gnu-gcc")
    try:
        qemu = build.tool("qemu-aarch64")
    except build.Missing as missing:
        pytest.skip(str(missing))
    with cores.Running([qemu, exe, "segv"], cwd=str(folder), ready=None, core=True) as running:
        running.wait()
    # qemu writes the guest's core; the kernel writes qemu's own beside it.
    (core,) = folder.glob("qemu_crash_*.core")
    return exe, str(core)


def check_stacks(exe, core):
    threads = run("stack", "--json", "--exe", exe, core).json["threads"]
    assert threads[0]["crashed"]
    frames = [frame for frame in threads[0]["frames"] if frame["kind"] != "signal"]
    assert [frame["function"] for frame in frames][: len(MAIN)] == MAIN
    for frame in frames[: len(MAIN)]:
        assert os.path.basename(frame["file"]) == "crash.c" and frame["line"] > 0
    waiting = {frame["function"] for thread in threads[1:] for frame in thread["frames"]} & HELPERS
    assert len(threads) == 6 and waiting == HELPERS
    assert all(thread["stopped"] is None for thread in threads), [thread["stopped"] for thread in threads]


def check_info(exe, core, machine):
    answer = run("info", "--json", "--modules", "--registers", "--maps", "--exe", exe, core).json
    assert answer["target"]["arch"] == machine
    assert answer["target"]["signal"]["name"] == "SIGSEGV"
    assert any(module["path"] == exe for module in answer["modules"])
    registers = answer["threads"][0]["registers"]
    pc = int(registers[{"i386": "eip", "aarch64": "pc"}[machine]], 16)
    assert any(int(m["start"], 16) <= pc < int(m["end"], 16) for m in answer["maps"])


def test_i386_stacks(i386):
    check_stacks(*i386)


def test_i386_as_gdb(i386):
    exe, core = i386
    theirs = peers.gdb_stacks(exe, core)
    if theirs is None:
        pytest.skip("gdb is not installed")
    ours = peers.our_stacks(run("stack", "--json", core).json)
    assert not [str(d) for d in peers.gdb_differences(ours, theirs)]


def test_i386_info(i386):
    check_info(*i386, "i386")


def test_aarch64_stacks(aarch64):
    check_stacks(*aarch64)


def test_aarch64_info(aarch64):
    check_info(*aarch64, "aarch64")


@pytest.fixture
def lonely(aarch64, tmp_path):
    """The core, moved to a machine without its program."""
    exe, core = aarch64
    moved = tmp_path / "elsewhere.core"
    os.link(core, moved)
    os.rename(exe, exe + ".away")
    yield moved
    os.rename(exe + ".away", exe)


def test_aarch64_without_its_program(lonely):
    """Frame pointers are all there is: said, and marked."""
    threads = run("stack", "--json", lonely).json["threads"]
    assert threads[0]["frames"][1]["how"] == "frame-pointer"
    assert "no unwind table" in threads[0]["stopped"]


def test_a_program_of_another_machine_is_not_taken(lonely, lab):
    exe = lab.target("c-gcc-O2-dwarf5").exe
    answer = run("stack", "--json", "--exe", exe, lonely).json
    assert not any(frame["function"] for frame in answer["threads"][0]["frames"])
