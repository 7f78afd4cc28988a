# SPDX-License-Identifier: Apache-2.0
"""inquest info."""

import os
import re
import subprocess

import jsonschema
import pytest
from conftest import json_schema, run

SCHEMA = json_schema("info")
PLAIN = "c-gcc-O2-dwarf5"


def info_json(target, *options):
    answer = run("info", "--json", *options, target).json
    jsonschema.validate(answer, SCHEMA)
    return answer


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_core(lab):
    target, core = lab.core(PLAIN, "segv")
    answer = info_json(core)
    assert answer["process"]["arguments"] == [target.exe, "segv"]
    assert answer["target"]["signal"]["name"] == "SIGSEGV"
    assert len(answer["threads"]) == 6
    assert "modules" not in answer and "environment" not in answer
    text = run("info", core).out
    assert re.search(rf"^program +{re.escape(target.exe)}$", text, re.M)
    assert re.search(rf"^command +{re.escape(target.exe)} segv$", text, re.M)
    assert re.search(r"^signal +SIGSEGV \(11\): address not mapped \(SEGV_MAPERR\) at 0x", text, re.M)
    assert re.search(r"^Threads \(6\)$", text, re.M)


def test_sender(lab):
    _, core = lab.core(PLAIN, "hang", kill=6)
    signal = info_json(core)["target"]["signal"]
    assert signal["name"] == "SIGABRT"
    assert signal["sender_pid"] == os.getpid()
    assert signal["sender_uid"] == os.getuid()
    assert f"sent by process {os.getpid()} (uid {os.getuid()})" in run("info", core).out


def test_everything(lab):
    _, core = lab.core(PLAIN, "segv")
    answer = info_json(core, "--all")
    for section in "modules", "maps", "auxv", "limits":
        assert section in answer
    assert "environment" not in answer and "memory" not in answer
    assert {"rip", "rsp"} <= set(answer["threads"][0]["registers"])
    text = run("info", "--all", core).out
    for title in "Modules", "Memory map", "Registers", "Auxiliary vector", "Limits":
        assert f"\n{title}\n" in text


def test_environment_only_when_asked(lab):
    _, core = lab.core(PLAIN, "segv")
    assert "Environment" not in run("info", "--all", core).out
    environment = info_json(core, "--env")["environment"]
    assert any(entry.startswith("PATH=") for entry in environment)


def test_modules(lab):
    target, core = lab.core(PLAIN, "segv")
    modules = info_json(core, "--modules")["modules"]
    program = next(module for module in modules if module["program"])
    assert program["path"] == target.exe
    assert program["file"] == {"state": "found", "path": target.exe, "how": program["file"]["how"], "note": None}
    assert program["debug"]["state"] == "found"
    notes = subprocess.run(["readelf", "-n", target.exe], capture_output=True, text=True, check=True).stdout
    assert program["build_id"] == re.search(r"Build ID: (\w+)", notes)[1]
    names = [os.path.basename(module["path"]) for module in modules]
    assert "libc.so.6" in names and "[vdso]" in names


def test_missing_debug_file_is_named(lab):
    _, core = lab.core("c-gcc-stripped", "segv")
    program = next(module for module in info_json(core, "--modules")["modules"] if module["program"])
    assert program["debug"]["state"] in ("missing", "none")
    assert "no debug information for crash" in run("stack", core).out


def test_registers_are_those_of_gdb(lab):
    target, core = lab.core(PLAIN, "segv")
    try:
        out = subprocess.run(["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", target.exe, core, "-ex",
                              "info registers"], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("gdb is not installed")
    gdb = dict(re.findall(r"^(\w+) +(0x[0-9a-f]+)\b", out, re.M))
    ours = info_json(core, "--registers")["threads"][0]["registers"]
    for name in "rax", "rbx", "rsp", "rbp", "r15", "rip", "eflags":
        assert ours[name] == gdb[name]


def test_memory(lab):
    target, core = lab.core(PLAIN, "segv")
    sp = info_json(core, "--registers")["threads"][0]["registers"]["rsp"]
    memory = info_json(core, "--memory", f"{sp}:32")["memory"]
    assert memory[0]["address"] == sp and len(memory[0]["bytes"]) == 64
    out = subprocess.run(["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", target.exe, core, "-ex",
                          f"x/32xb {sp}"], capture_output=True, text=True, check=True).stdout
    theirs = "".join(re.findall(r"\t0x([0-9a-f]{2})", out))
    assert memory[0]["bytes"] == theirs
    assert f"  0x{int(sp, 16):016x}  {theirs[0:2]} " in run("info", "--memory", f"{sp}:32", core).out
    nothing = info_json(core, "--memory", "0x10")["memory"][0]
    assert nothing["bytes"] is None and "why" in nothing
    assert "ADDR" in run("info", "--memory", "0x10:x", core, status=2).err


def test_process(lab):
    with lab.running(PLAIN, "hang") as process:
        answer = info_json(process.pid, "--all")
        assert answer["target"]["kind"] == "process"
        assert answer["target"]["pid"] == process.pid
        assert answer["target"]["pause_ns"] > 0
        assert any(line.startswith("Max open files") for line in answer["limits"])
        assert [thread["tid"] for thread in answer["threads"]][0] == process.pid
        assert {thread["tid"] for thread in answer["threads"]} == {
            int(tid) for tid in os.listdir(f"/proc/{process.pid}/task")}
