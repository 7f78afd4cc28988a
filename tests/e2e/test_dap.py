# SPDX-License-Identifier: Apache-2.0
"""The Debug Adapter Protocol: what an editor asks, of cores of C++, Go and Python, and of a process. Each message is
compared with the specification by dap.py."""

import base64
import ctypes
import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest

import build
from conftest import INQUEST, run
from dap import Client
from pyprograms import some


@pytest.fixture(scope="module", params=["cxx", "go", "python"])
def looked_at(request):
    """(client, core, first stop)"""
    core = request.getfixturevalue(f"{request.param}_core")
    with Client() as client:
        stop = client.open(core=core, client={"supportsProgressReporting": True})
        yield client, core, stop


def known(core):
    """Of `inquest stack`: {tid: names of its frames}."""
    answer = run("stack", "--json", core).json
    return {thread["tid"]: thread for thread in answer["threads"]}


# ---- cores ----


def test_what_stopped_it(looked_at):
    client, core, stop = looked_at
    died = run("info", "--json", core).json["target"]["signal"]
    assert stop["allThreadsStopped"] and stop["reason"] == "exception"
    assert died["name"] in stop["text"]
    told = client.ask("exceptionInfo", threadId=stop["threadId"])
    assert died["name"] in told["description"] and told["breakMode"] == "unhandled"


def test_stacks_are_those_of_the_report(looked_at):
    client, core, stop = looked_at
    want = known(core)
    listed = {one["id"] for one in client.ask("threads")["threads"]}
    assert set(want) <= listed
    for tid in {stop["threadId"], *sorted(want)[:3]} & set(want):  # it stops at a goroutine where the thread ran nothing
        frames = client.ask("stackTrace", threadId=tid)
        names = [re.sub(r" \[(inlined|tail call|signal|guess)\]$", "", f["name"])
                 for f in frames["stackFrames"] if f["presentationHint"] != "label"]
        assert names == [f.get("function") or f["pc"] for f in want[tid]["frames"]]
        assert len(frames["stackFrames"]) == frames["totalFrames"]
        lines = [f["line"] for f in frames["stackFrames"] if f["presentationHint"] != "label"]
        assert lines == [f.get("line") or 0 for f in want[tid]["frames"]]


def test_stacks_come_in_pages(looked_at):
    client, _, stop = looked_at
    whole = client.frames(stop["threadId"])
    pages = [frame for at in range(0, len(whole) + 1, 2)
             for frame in client.frames(stop["threadId"], startFrame=at, levels=2)]
    assert pages == whole  # with the same numbers
    assert client.frames(stop["threadId"], startFrame=10**6, levels=2) == []


def own_frames(client, thread):
    """Frames of the program, with their scopes' variables."""
    for frame in client.frames(thread):
        if frame["presentationHint"] == "normal" and "sourceReference" not in frame.get("source", {"sourceReference": 1}):
            yield frame, client.scope(frame["id"], "Arguments") + client.scope(frame["id"], "Locals")


def program_thread(client, stop):
    """The thread, or task, that has the program's variables."""
    for one in client.ask("threads")["threads"]:
        if "main.values" in one["name"] or '"values"' in one["name"]:
            return one["id"]
    return stop["threadId"]


def test_what_evaluates_is_what_is_shown(looked_at):
    """Each evaluateName gives the text that it came with; what a value has inside, too."""
    client, _, stop = looked_at
    asked = opened = 0
    for frame, variables in own_frames(client, program_thread(client, stop)):
        for variable in variables:
            inside = client.children(variable)[:5] if variable["variablesReference"] else []
            opened += bool(inside)
            for one in [variable, *inside]:
                if "evaluateName" not in one or one["value"].startswith("<"):
                    continue
                got = client.ask("evaluate", expression=one["evaluateName"], frameId=frame["id"], context="watch")
                assert got["result"] == one["value"], one
                asked += 1
    assert asked > 20 and opened > 3


def test_first_scope_has_something(looked_at):
    """An editor opens the first scope that costs nothing: arguments where there are any, else locals."""
    client, _, stop = looked_at
    seen = set()
    for thread in (stop["threadId"], program_thread(client, stop)):
        for frame in client.frames(thread):
            if frame["presentationHint"] == "label":
                continue
            first = client.ask("scopes", frameId=frame["id"])["scopes"][0]
            seen.add(first["name"])
            assert first["name"] == "Locals" or client.children(first), frame
    assert seen == {"Arguments", "Locals"}


def test_numbers_stay(looked_at):
    """Who looks again gets the same numbers, so that nothing grows."""
    client, _, stop = looked_at
    thread = program_thread(client, stop)
    assert list(own_frames(client, thread)) == list(own_frames(client, thread))


def test_registers_and_globals(looked_at):
    client, _, stop = looked_at
    (frame, *_) = [f for f in client.frames(stop["threadId"]) if "instructionPointerReference" in f]
    registers = {v["name"]: v for v in client.scope(frame["id"], "Registers")}
    pc = next(name for name in ("rip", "pc") if name in registers)
    assert registers[pc]["value"].startswith(frame["instructionPointerReference"])
    if "<" not in registers["rsp"]["value"]:
        got = client.ask("evaluate", expression="$rsp", frameId=frame["id"])
        assert got["result"] == registers["rsp"]["value"]


def test_instructions(looked_at):
    client, core, stop = looked_at
    (frame, *_) = [f for f in client.frames(stop["threadId"]) if "instructionPointerReference" in f]
    at = frame["instructionPointerReference"]
    here = client.ask("disassemble", memoryReference=at, instructionCount=4, resolveSymbols=True)["instructions"]
    around = client.ask("disassemble", memoryReference=at, instructionOffset=-3, instructionCount=7)["instructions"]
    assert [one["address"] for one in around[3:]] == [one["address"] for one in here] and here[0]["address"] == at
    ahead = client.ask("disassemble", memoryReference=at, instructionOffset=2, instructionCount=2)["instructions"]
    assert [one["address"] for one in ahead] == [one["address"] for one in here[2:]]
    ends = [int(one["address"], 16) + len(one.get("instructionBytes", "0").split()) for one in around]
    assert ends[:-1] == [int(one["address"], 16) for one in around[1:]]
    shown = run("debug", "--batch", "-ex", f"x/4i {at}", core).out
    for one in here:
        assert one["instruction"].split("#")[0].split("<")[0].split()[0] in shown
    nowhere = client.ask("disassemble", memoryReference="0x10", instructionOffset=-1, instructionCount=3)
    assert [one["presentationHint"] for one in nowhere["instructions"]] == ["invalid"] * 3


def test_memory(looked_at, tmp_path):
    client, core, stop = looked_at
    frame = client.frames(stop["threadId"], levels=30)
    at = next(f["instructionPointerReference"] for f in frame if "instructionPointerReference" in f)
    run("save", core, f"{at}:5000", tmp_path / "bytes")
    got = client.ask("readMemory", memoryReference=at, count=5000)
    assert base64.b64decode(got["data"]) == (tmp_path / "bytes").read_bytes() and got["address"] == at
    shifted = client.ask("readMemory", memoryReference=at, offset=7, count=2)
    assert base64.b64decode(shifted["data"]) == (tmp_path / "bytes").read_bytes()[7:9]
    nothing = client.ask("readMemory", memoryReference="0x0", count=100)
    assert nothing["unreadableBytes"] == 100 and "data" not in nothing
    assert "no address" in client.refused("readMemory", memoryReference="main", count=1)


def test_modules_and_sources(looked_at):
    client, core, stop = looked_at
    whole = client.ask("modules")
    pages = [m for at in range(0, whole["totalModules"], 3)
             for m in client.ask("modules", startModule=at, moduleCount=3)["modules"]]
    assert pages == whole["modules"] and len(pages) == whole["totalModules"]
    ids = {m["id"] for m in pages}
    frames = client.frames(stop["threadId"])
    assert {f["moduleId"] for f in frames if "moduleId" in f} <= ids
    listed = {s["path"] for s in client.ask("loadedSources")["sources"]}
    assert listed
    for frame in [f for f in frames if f.get("source", {}).get("sourceReference")][:2]:
        source = frame["source"]
        said = client.ask("source", source=source, sourceReference=source["sourceReference"])["content"].splitlines()
        assert "No such file" in said[0] and "substitutePath" in said[0]
        assert len(said) >= frame["line"] and all(source["path"] in line for line in said)
    here = [f["source"]["path"] for f in frames if "source" in f and "sourceReference" not in f["source"]]
    for path in here[:1]:
        with open(path, encoding="utf-8") as file:
            assert client.ask("source", source={"path": path}, sourceReference=0)["content"] == file.read()


def test_completions(looked_at):
    client, _, stop = looked_at
    assert client.ask("completions", text="ma", line=1 << 60, column=2)["targets"] == []  # there is no such line
    for frame, variables in own_frames(client, program_thread(client, stop)):
        for name in [v["name"] for v in variables if v["name"].isidentifier()][:2]:
            text = f"1 + {name[:2]}"
            got = client.ask("completions", frameId=frame["id"], text=text, column=len(text) + 1)["targets"]
            assert name in [one["label"] for one in got]
            assert all(text[one["start"]:one["start"] + one["length"]] == name[:2] for one in got)
            return
    pytest.fail("no variable to complete")


def test_what_a_core_cannot(looked_at):
    client, _, stop = looked_at
    for command in "continue", "pause", "next", "stepIn", "stepOut", "stepBack", "goto":
        assert "cannot run" in client.refused(command, threadId=stop["threadId"])
    for command in "setVariable", "setExpression", "writeMemory":
        assert "changes nothing" in client.refused(command)
    got = client.ask("setBreakpoints", source={"path": "/x.c"}, breakpoints=[{"line": 1}, {"line": 2}])["breakpoints"]
    assert [one["verified"] for one in got] == [False, False] and "does not run" in got[0]["message"]
    assert client.ask("setExceptionBreakpoints", filters=[]) == {"breakpoints": []}
    assert len(client.ask("setFunctionBreakpoints", breakpoints=[{"name": "f"}])["breakpoints"]) == 1
    assert "no request" in client.refused("teleport")
    assert "open already" in client.refused("launch", core="/x")
    for command, words in {"scopes": {"frameId": 10**9}, "variables": {"variablesReference": 10**9},
                           "stackTrace": {"threadId": 10**9}, "evaluate": {"expression": "1 +"},
                           "source": {"sourceReference": 10**9}}.items():
        assert client.refused(command, **words)


# ---- of one language ----


def test_pages_of_containers(cxx_core):
    with Client() as client:
        stop = client.open(core=cxx_core, client={"linesStartAt1": False, "pathFormat": "uri"})
        (frame,) = [f for f in client.frames(stop["threadId"]) if f["name"].startswith("hold")]
        assert frame["source"]["path"].startswith("file:///")
        variables = {v["name"]: v for v in client.scope(frame["id"], "Locals")}
        for name in "large_map", "deque", "nested", "hash":
            whole = client.children(variables[name])
            count = variables[name]["indexedVariables"]
            assert len(whole) == count
            pages = [one for at in range(0, count, 7)
                     for one in client.children(variables[name], filter="indexed", start=at, count=7)]
            assert [(one["name"], one["value"]) for one in pages] == [(one["name"], one["value"]) for one in whole]
            assert client.children(variables[name], filter="named") == []
        assert client.children(variables["large_map"])[3]["name"].startswith("[")
        hexadecimal = client.ask("evaluate", expression="numbers[2]", frameId=frame["id"], format={"hex": True})
        assert hexadecimal["result"] == "0x4"
        whole = client.ask("evaluate", expression="long_string", frameId=frame["id"], context="clipboard")["result"]
        shown = variables["long_string"]["value"]
        assert shown.rstrip(".\"") in whole or len(whole) <= len(shown)
        assert client.ask("evaluate", expression="sizeof (int)")["result"] == "4"
        assert client.ask("evaluate", expression="int *")["result"] == "int *"
        parts = client.ask("stackTrace", threadId=stop["threadId"], format={"parameters": True, "module": True})
        assert any("!hold(" in f["name"] for f in parts["stackFrames"])


def test_many_goroutines(go_core):
    """Above the limit one of each stack is listed; pages have all; every number can be asked."""
    with Client() as client:
        client.open(core=go_core, threadLimit=2)
        short = client.ask("threads")["threads"]
        pages, at = [], 0
        while True:
            page = client.ask("threads", start=at, count=5)
            pages += page["threads"]
            at += 5
            if at >= page["totalThreads"]:
                break
        assert len(pages) == page["totalThreads"] == len({one["id"] for one in pages}) > len(short)
        assert {one["id"] for one in short} < {one["id"] for one in pages}
        assert any("more with this stack" in one["name"] for one in short)
        more = sum(int(n.replace(",", "")) for one in short for n in re.findall(r"and ([\d,]+) more", one["name"]))
        assert len(short) + more == len(pages)
        stacks = {json.dumps([(f["name"], f["line"]) for f in client.frames(one["id"])]) for one in pages}
        listed = {json.dumps([(f["name"], f["line"]) for f in client.frames(one["id"])]) for one in short}
        assert stacks == listed


def test_python_exception(programs):
    (python, *_) = [one.values[0] for one in some()]
    if python is None:
        pytest.skip("no Python from 3.6 on is installed")
    core = programs.core(python, "all")[0]
    raised = {thread["tid"]: thread for thread in run("stack", "--json", core).json["threads"]
              if thread.get("raised") or thread.get("handled")}
    if not raised:
        pytest.skip("no thread raises anything")
    with Client() as client:
        client.open(core=core)
        for tid, thread in raised.items():
            one = (thread.get("raised") or thread["handled"])[0]
            told = client.ask("exceptionInfo", threadId=tid)
            assert told["details"]["typeName"] == one["type"] and one["type"] in told["description"]
            assert len(told["details"].get("stackTrace", "").splitlines()) == min(len(one["traceback"]), 100)


# ---- a process ----


@pytest.fixture
def process(lab):
    with lab.running("c-gcc-O0-dwarf5", "hang") as target:
        target.settle()
        yield target


def state(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        return file.read().rpartition(")")[2].split()[0]


def until_state(pid, states):
    end = time.monotonic() + 60
    while state(pid) not in states:
        assert time.monotonic() < end, state(pid)
        time.sleep(0.02)


def test_process(process):
    with Client() as client:
        stop = client.open("attach", processId=str(process.pid))
        assert stop["reason"] == "pause" and state(process.pid) == "t"
        assert client.event("process")["systemProcessId"] == process.pid
        first = client.frames(stop["threadId"])
        assert "main" in [f["name"] for f in first]
        assert "no breakpoints" in client.ask("setBreakpoints", source={}, breakpoints=[{"line": 1}])["breakpoints"][0]["message"]
        assert "no steps" in client.refused("next", threadId=stop["threadId"])
        assert client.ask("pause", threadId=stop["threadId"]) == {}  # it stands still already
        for _ in range(3):
            client.ask("continue", threadId=stop["threadId"])
            until_state(process.pid, "RS")
            assert len(client.ask("threads")["threads"]) == 1
            assert "runs" in client.refused("stackTrace", threadId=stop["threadId"])
            client.ask("pause", threadId=stop["threadId"])
            assert client.event("stopped")["reason"] == "pause"
        assert client.refused("scopes", frameId=first[0]["id"])  # of another stop
        again = client.frames(stop["threadId"])
        assert [f["name"] for f in again] == [f["name"] for f in first]
        # One right behind the other.
        going, pausing = client.send("continue", threadId=1), client.send("pause", threadId=1)
        assert client.response(going)["success"] and client.response(pausing)["success"]
        assert client.event("stopped")["reason"] == "pause"
        client.ask("continue", threadId=1)
        client.ask("disconnect", terminateDebuggee=True)
        client.event("terminated")
        assert "ends no process" in client.event("output")["output"]
    until_state(process.pid, "RS")


def test_process_gets_a_signal_and_ends(process):
    with Client() as client:
        stop = client.open("attach", processId=process.pid)
        client.ask("continue", threadId=stop["threadId"])
        os.kill(process.pid, signal.SIGTERM)
        told = client.event("stopped")
        assert told["reason"] == "exception" and "SIGTERM" in told["text"]
        assert "SIGTERM" in client.ask("exceptionInfo", threadId=told["threadId"])["description"]
        client.ask("continue", threadId=told["threadId"])
        assert client.event("exited")["exitCode"] == 128 + signal.SIGTERM
        client.event("terminated")
        assert "ended" in client.refused("continue", threadId=told["threadId"])
        client.ask("disconnect")


@pytest.mark.parametrize("runs", [False, True])
def test_editor_that_dies(process, runs):
    """The process runs on."""
    client = Client()
    stop = client.open("attach", processId=process.pid)
    if runs:
        client.ask("continue", threadId=stop["threadId"])
    client.end()
    until_state(process.pid, "RS")


# ---- the conversation ----


def test_what_cannot_be_opened(tmp_path):
    with Client() as client:
        client.ask("initialize", adapterID="x")
        assert "no target is open" in client.refused("threads")
        assert "no target is given" in client.refused("launch", program="/bin/true")
        assert client.refused("launch", core=str(tmp_path / "none"))
        assert "both" in client.refused("attach", core="x", processId=1)
        assert "no process id" in client.refused("attach", processId="x")
        assert client.refused("attach", processId=2**31 - 1)
        client.ask("disconnect")


def test_nonsense(cxx_core):
    """What can be answered is; what is no message ends nothing but itself, until the frames are lost."""
    with Client() as client:
        client.send_bytes(b"Content-Length: 5\r\n\r\n{{{{{" b"Content-Length: 2\r\n\r\n[]")
        deep = b"[" * 100000
        client.send_bytes(b"X-More: 1\r\ncontent-length: %d\r\n\r\n%s" % (len(deep), deep))
        client.send_bytes(b'Content-Length: 17\r\n\r\n{"type": "event"}')
        client.open(core=cxx_core)
        for odd in ({"threadId": "x"}, {"threadId": 1.5}, {"threadId": None}, {"startFrame": -1, "levels": 2**40}):
            client.refused("stackTrace", **odd)
        client.send_bytes(b"garbage\r\n\r\n")
        client.event("process")
        with pytest.raises(EOFError):
            client.receive()
    with Client() as client:
        client.send_bytes(b"Content-Length: 99999999999\r\n\r\n")
        with pytest.raises(EOFError):
            client.receive()


def test_cancel(cxx_core):
    with Client() as client:
        client.open(core=cxx_core)
        waiting = [client.send("loadedSources") for _ in range(5)]
        cancelled, *answers = client.responses(client.send("cancel", requestId=waiting[-1]), *waiting)
        assert cancelled["success"]
        assert all(one["success"] or one["message"] == "cancelled" for one in answers)
        client.ask("cancel", requestId=12345)
        client.ask("disconnect")


def test_progress(lab):
    """A server of debug files that does not answer: what waits for it is told of, and can be cancelled."""
    try:
        ctypes.CDLL("libdebuginfod.so.1")
    except OSError:
        pytest.skip("libdebuginfod1 is not installed")
    core = lab.core("c-gcc-stripped", "segv")[1]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        # What libcurl keeps as long as the process lives is not freed with the library.
        env = {"DEBUGINFOD_URLS": f"http://127.0.0.1:{silent.getsockname()[1]}", "ASAN_OPTIONS": "detect_leaks=0"}
        with Client(env=env) as client:
            client.ask("initialize", adapterID="inquest", supportsProgressReporting=True)
            client.ask("launch", core=core)
            client.ask("configurationDone")
            stop = client.event("stopped")
            waits = client.send("stackTrace", threadId=stop["threadId"])
            told = client.event("progressStart")
            assert client.event("progressUpdate")["message"].startswith("debuginfod: ")
            assert told["title"] == "Walking the stack" and told["cancellable"] and told["requestId"] == waits
            cancel = client.send("cancel", progressId=told["progressId"])
            cancelled, answer = client.responses(cancel, waits)
            assert cancelled["success"]
            assert client.event("progressEnd")["progressId"] == told["progressId"]
            assert not answer["success"] and answer["message"] == "cancelled"


def test_leaves_at_once(cxx_core):
    """Who leaves before the first stop was told gets an answer, and nothing after it."""
    with Client() as client:
        client.ask("initialize", adapterID="inquest")
        client.ask("launch", core=cxx_core)
        ready, leaves = client.send("configurationDone"), client.send("disconnect")
        assert client.response(ready)["success"] and client.response(leaves)["success"]
        client.event("terminated")
        with pytest.raises(EOFError):
            client.receive()


def test_modules_are_told(cxx_core):
    with Client() as client:
        client.open(core=cxx_core)
        listed = [m["id"] for m in client.ask("modules")["modules"]]
        assert [client.event("module")["module"]["id"] for _ in listed] == listed


def test_server(cxx_core, tmp_path):
    """Two editors at one server, which tells the protocol by its first byte."""
    where = str(tmp_path / "socket")
    server = subprocess.Popen([INQUEST, "serve", "--accept-multiclient", "--listen", f"unix:{where}", cxx_core],
                              stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout.readline().startswith("API server listening")
        clients = []
        for _ in range(2):
            stream = socket.socket(socket.AF_UNIX)
            stream.connect(where)
            clients.append(Client(stream=stream))
        stops = [client.open("attach") for client in clients]
        assert stops[0] == stops[1]
        both = [[frame["name"] for frame in client.frames(stops[0]["threadId"])] for client in clients]
        assert both[0] == both[1]
        clients[0].ask("disconnect")
        clients[0].end()
        assert clients[1].ask("threads")["threads"]
        with socket.socket(socket.AF_UNIX) as other:
            other.connect(where)
            refused = Client(stream=other)
            refused.ask("initialize", adapterID="x")
            assert "has a target" in refused.refused("attach", core="/x")
        clients[1].end()
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)
        server.stdout.close()


def test_extension_of_vs_code():
    """What its manifest offers is what the manual says."""
    root = os.path.join(os.path.dirname(__file__), "..", "..")
    with open(os.path.join(root, "editors", "vscode", "extension", "package.json"), encoding="utf-8") as file:
        (debugger,) = json.load(file)["contributes"]["debuggers"]
    with open(os.path.join(root, "docs", "man", "inquest-dap.1.scd"), encoding="utf-8") as file:
        manual = file.read().partition("# CONFIGURATION")[2].partition("# THREADS")[0]
    told = {name for line in re.findall(r"^\*.*\*$", manual, re.M) for name in re.findall(r"\*(\w+)\*", line)}
    offered = {name for kind in debugger["configurationAttributes"].values() for name in kind["properties"]}
    assert offered == told
    assert [debugger["runtime"], *debugger["runtimeArgs"]] == ["inquest", "dap"]
