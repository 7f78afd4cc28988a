# SPDX-License-Identifier: Apache-2.0
"""Cores of every writer: each opens, and its threads' stacks are those that gdb or lldb shows."""

import os
import re
import subprocess

import build
import cores
import peers
import pytest
from conftest import run
from test_stack import check, stack_json

VARIANT = "c-gcc-O2-dwarf5"


def peer(stacks, *args, **more):
    """What a peer shows; skips the test without it."""
    try:
        found = stacks(*args, **more)
    except peers.PeerFailed as failed:
        pytest.skip(str(failed))
    if found is None:
        pytest.skip("the peer is not installed")
    return found


def made(maker, *args, **more):
    try:
        return maker(*args, **more)
    except cores.Missing as missing:
        pytest.skip(str(missing))


def problems(answer):
    return [problem["message"] for problem in answer["target"]["problems"]]


def agrees_with_gdb(target, core, plain=None):
    """`plain`: the core in a form that gdb opens, when it does not open `core` itself."""
    answer = stack_json(core)
    assert not problems(answer)
    gdb = peer(peers.gdb_stacks, target.exe, plain or core)
    ours = peers.our_stacks(answer)
    assert set(ours) == set(gdb)
    check(peers.gdb_differences(ours, gdb))
    return answer



# gcore


@pytest.mark.parametrize("variant", [VARIANT, "cxx-clang-O2-dwarf5", "c-gcc-static-pie", "rust-O2-v0"])
def test_gcore(lab, tmp_path, variant):
    target = lab.target(variant)
    with cores.Running([target.exe, "hang"]) as process:
        core = made(cores.gcore, process.pid, str(tmp_path / "core"))
    answer = agrees_with_gdb(target, core)
    assert answer["target"]["writer"] == "gcore"
    assert answer["target"]["signal"] is None
    assert answer["target"]["pid"] == process.pid


# lldb: minidumps


@pytest.fixture(scope="module")
def waiting(lab, tmp_path_factory):
    """(target, lldb's dump, gdb's core) of one process that waits"""
    target = lab.target(VARIANT)
    folder = tmp_path_factory.mktemp("waiting")
    with cores.Running([target.exe, "hang"]) as process:
        dump = made(cores.lldb_core, process.pid, str(folder / "dump"))
        core = made(cores.gcore, process.pid, str(folder / "core"))
    return target, dump, core


def test_lldb(waiting):
    target, dump, _ = waiting
    answer = stack_json(dump)
    assert not problems(answer)
    assert answer["target"]["writer"] == "lldb"
    assert answer["target"]["program"] == target.exe
    assert answer["target"]["signal"] is None
    check(peers.lldb_differences(peers.our_stacks(answer), peer(peers.lldb_stacks, dump)))


def test_minidump_says_what_a_core_says(waiting):
    _, dump, core = waiting
    assert peers.our_stacks(stack_json(dump)) == peers.our_stacks(stack_json(core))
    ours, theirs = (run("info", "--json", "--auxv", path).json for path in (dump, core))
    for key in ("program", "name", "command", "command_cut", "arch", "pid"):
        assert ours["target"][key] == theirs["target"][key], key
    for key in ("arguments", "ppid", "uid", "gid"):
        assert ours["process"][key] == theirs["process"][key], key
    assert ours["auxv"] == theirs["auxv"]


def test_minidump_modules_are_verified(waiting):
    """The dump lacks the files' first pages, but lists their build-ids."""
    _, dump, core = waiting
    ids = {module["path"]: module["build_id"] for module in run("info", "--json", "--modules", core).json["modules"]}
    modules = run("info", "--json", "--modules", dump).json["modules"]
    assert len(modules) >= 3
    for module in modules:
        if module["path"].startswith("/"):
            assert module["verified"] and module["build_id"] == ids[module["path"]]


def test_minidump_environment(waiting):
    _, dump, core = waiting
    assert run("info", "--json", "--env", dump).json["environment"] == \
        run("info", "--json", "--env", core).json["environment"]


def test_crashpad(waiting, tmp_path):
    """Without maps, modules are found by the list alone, libraries without a path by their build-ids."""
    _, dump, _ = waiting
    other = cores.like_crashpad(dump, str(tmp_path / "dump"))
    answer = stack_json(other)
    assert answer["target"]["signal"] is None
    assert not problems(answer)
    assert peers.our_stacks(answer) == peers.our_stacks(stack_json(dump))


@pytest.mark.parametrize("death,signal", [("segv", "SIGSEGV"), ("abort", "SIGABRT"), ("bad-jump", "SIGSEGV")])
def test_lldb_of_a_crash(lab, tmp_path, death, signal):
    target, dump = lab.target(VARIANT), str(tmp_path / "dump")
    try:
        lldb = build.tool("lldb-16")
    except build.Missing as missing:
        pytest.skip(str(missing))
    subprocess.run([lldb, "--no-lldbinit", "--batch", "-o", "run", "-k",
                    f"process save-core --style stack --plugin-name=minidump {dump}", "-k", "kill", "--", target.exe,
                    death], env=cores.clean_env(), stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                   check=False)
    if not os.path.exists(dump):
        pytest.skip("lldb cannot run programs here")
    answer = stack_json(dump)
    assert answer["target"]["signal"]["name"] == signal
    assert answer["threads"][0]["crashed"]
    check(peers.lldb_differences(peers.our_stacks(answer), peer(peers.lldb_stacks, dump)))


def test_packed_and_cut_minidump(waiting, tmp_path):
    _, dump, _ = waiting
    packed = made(cores.compress, dump, "zst", out=str(tmp_path / "dump.zst"))
    assert peers.our_stacks(stack_json(packed)) == peers.our_stacks(stack_json(dump))
    # lldb 16 writes the list of streams last.
    cut = cores.truncate(dump, str(tmp_path / "cut"), 0.5)
    assert re.search("ends too early", run("stack", cut, status=1).err)


# minicoredumper


@pytest.mark.parametrize("variant", [VARIANT, "cxx-gcc-O2-dwarf5"])
def test_minicoredumper(lab, tmp_path, variant):
    target = lab.target(variant)
    core = made(cores.minicoredumper_core, [target.exe, "hang"], str(tmp_path / "core"))
    answer = agrees_with_gdb(target, core)
    assert answer["target"]["writer"] == "minicoredumper"
    assert answer["target"]["signal"]["name"] == "SIGABRT"


# systemd-coredump: a kernel core, packed, with attributes


@pytest.mark.parametrize("kind", ["zst", "lz4", "xz", "gz"])
def test_systemd_coredump(lab, tmp_path, kind):
    target, core = lab.core(VARIANT, "segv")
    packed = made(cores.compress, core, kind, out=str(tmp_path / f"core.crash.0.{kind}"))
    try:
        os.setxattr(packed, "user.coredump.timestamp", b"1700000000123456")
        attributes = True
    except OSError:
        attributes = False  # not every file system has them
    answer = agrees_with_gdb(target, packed, plain=core)
    assert answer["target"]["signal"]["name"] == "SIGSEGV"
    if attributes:
        assert answer["target"]["writer"] == "systemd-coredump"
        assert run("info", "--json", packed).json["process"]["dump_time"] == 1700000000


def test_threads_of_a_packed_core(lab, tmp_path):
    target, core = lab.core(VARIANT, "60", "crash", program="threads")
    packed = made(cores.compress, core, "zst", out=str(tmp_path / "core.zst"))
    agrees_with_gdb(target, packed, plain=core)
