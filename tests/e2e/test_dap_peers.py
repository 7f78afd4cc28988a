# SPDX-License-Identifier: Apache-2.0
"""The same requests to gdb's debug adapter and to ours, of one core of C++. tests/matrix.py has the newest gdb that Debian
has; Delve's adapter is in test_go_dap.py."""

import base64
import re

import pytest

import build
from dap import Client


def gdb():
    version = re.search(r"(\d+)\.\d+", build.run([build.tool("gdb"), "--version"]))
    if int(version[1]) < 17:
        raise build.Missing("gdb's adapter opens cores from 17 on")
    return ["gdb", "-nx", "-q", "-iex", "set debuginfod enabled off", "-iex", "set auto-load no", "-i", "dap"]


@pytest.fixture(scope="module")
def theirs(lab, cxx_core):
    """A client of the peer, after the first stop."""
    try:
        argv = build.inside(gdb())
    except build.Missing as missing:
        pytest.skip(str(missing))
    program = lab.target("cxx-gcc-O0-dwarf5", "containers").exe
    with Client(argv=argv, checked=False) as client:
        client.ask("initialize", adapterID="peer", linesStartAt1=True, columnsStartAt1=True, pathFormat="path",
                   supportsVariableType=True)
        opening = client.send("attach", program=program, coreFile=cxx_core)
        client.responses(until=lambda: "initialized" in [one["event"] for one in client.events])
        ready = client.send("configurationDone")
        assert all(one["success"] for one in client.responses(opening, ready))
        client.event("stopped")
        yield client


@pytest.fixture(scope="module")
def ours(cxx_core):
    with Client() as client:
        client.open(core=cxx_core)
        yield client


def frames_of(client):
    """Those of the only thread, up to main: start code is not shown by all."""
    (thread,) = client.ask("threads")["threads"]
    frames = client.frames(thread["id"])
    names = [plain_name(f) for f in frames]
    return frames[:names.index("main") + 1]


def plain_name(frame):
    return re.split(r"[( @]", frame["name"])[0]


def holding(client):
    (frame,) = [f for f in frames_of(client) if plain_name(f) == "hold"]
    return frame


def test_stacks(ours, theirs):
    """Frames that tail calls have replaced are ours alone."""
    here, there = frames_of(ours), frames_of(theirs)
    sure = {plain_name(f) for f in there}
    here = [f for f in here if plain_name(f) in sure or "[tail call]" not in f["name"]]
    assert [(plain_name(f), f["line"]) for f in here] == [(plain_name(f), f["line"]) for f in there]
    assert [f["source"]["name"] for f in here] == [f["source"]["name"] for f in there]


def variables_of(client):
    found = client.ask("scopes", frameId=holding(client)["id"])["scopes"]
    return {v["name"]: v for scope in found if scope["name"] in ("Arguments", "Locals") for v in client.children(scope)}


def test_variables(ours, theirs):
    """Types as gdb writes them; without libstdc++'s printers it shows no values of classes."""
    here, there = variables_of(ours), variables_of(theirs)
    assert {name: v["type"] for name, v in here.items()} == {name: v["type"] for name, v in there.items()} and len(here) > 40
    compared = 0
    for name, variable in there.items():
        simple = re.fullmatch(r"(0x[\da-f]+|-?\d+|\w+::\w+)", variable["value"])
        compared += bool(simple)
        assert not simple or here[name]["value"].split(" ")[0] == variable["value"], (here[name], variable)
    assert compared >= 1


@pytest.mark.parametrize("expression", ["sizeof (int)", "(int)feeling + 1", "points._M_impl._M_start[1].y", "1 + 2 * 3"])
def test_expressions(ours, theirs, expression):
    def value(client):
        return client.ask("evaluate", expression=expression, frameId=holding(client)["id"], context="watch")["result"]
    assert value(ours) == value(theirs)


def test_instructions_and_memory(ours, theirs):
    at = holding(ours)["instructionPointerReference"]
    assert int(at, 16) == int(holding(theirs)["instructionPointerReference"], 16)

    def instructions(client):
        got = client.ask("disassemble", memoryReference=at, instructionCount=30)["instructions"]
        return [(int(one["address"], 16), one["instructionBytes"].replace(" ", "").lower()) for one in got]
    assert instructions(ours) == instructions(theirs)

    def memory(client):
        return base64.b64decode(client.ask("readMemory", memoryReference=at, count=300)["data"])
    assert memory(ours) == memory(theirs)


def test_modules(ours, theirs):
    """A library has the linker's name of it, or the file's; the kernel's page of code has a name of either's own."""
    def names(client):
        return {one["name"].rpartition("/")[2].partition(".so")[0] for one in client.ask("modules")["modules"]}
    assert names(ours) - {"[vdso]"} == {name for name in names(theirs) if not name.startswith("system-supplied")}
