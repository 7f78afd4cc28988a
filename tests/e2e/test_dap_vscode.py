# SPDX-License-Identifier: Apache-2.0
"""What VS Code's workbench does with a core: the requests that it makes by itself and for its views, in its order, as they were
recorded (1.100), and the rules by which it chooses from the answers."""

import base64
import re

import pytest

import build
from conftest import run
from dap import Client

# Of its `initialize`.
WORKBENCH = {
    "clientID": "vscode", "clientName": "code-server", "adapterID": "inquest", "pathFormat": "path", "linesStartAt1": True,
    "columnsStartAt1": True, "supportsVariableType": True, "supportsVariablePaging": True,
    "supportsRunInTerminalRequest": True, "locale": "en", "supportsProgressReporting": True, "supportsInvalidatedEvent": True,
    "supportsMemoryEvent": True, "supportsArgsCanBeInterpretedByShell": True, "supportsMemoryReferences": True,
    "supportsStartDebuggingRequest": True, "supportsANSIStyling": True,
}


def focused(frames):
    """The frame that the workbench selects: Thread.getTopStackFrame() of its debugModel.ts. A frame's hint counts before
    that of its source."""
    for frame in frames:
        source = frame.get("source", {})
        hint = frame.get("presentationHint", source.get("presentationHint"))
        if source and hint not in ("subtle", "deemphasize"):
            return frame
    return None


class Workbench:
    """One that has a core open, as far as it goes without a click."""

    def __init__(self, core):
        self.core, self.client = core, Client()
        self.stop = self.client.open(core=core, client=WORKBENCH)
        self.thread = self.stop["threadId"]
        self.threads = self.client.ask("threads")["threads"]
        # One frame, then those that the view shows at first.
        self.frames = [f for first, levels in ((0, 1), (1, 19))
                       for f in self.client.frames(self.thread, startFrame=first, levels=levels)]
        self.frame = focused(self.frames)

    def end(self):
        self.client.ask("disconnect", restart=False, terminateDebuggee=False)
        self.client.end()


@pytest.fixture(scope="module", params=["cxx", "go", "python"])
def opened(request, lab):
    """(workbench, core, is a frame of `inquest stack` the program's?)"""
    if request.param == "go":
        version = build.GO_VERSIONS[-1] if build.GO_VERSIONS else "1.19"
        core = lab.core(f"go-{version}-noopt", "panic", program="go")[1]
    else:
        core = request.getfixturevalue(f"{request.param}_core")
    own = {"cxx": lambda f: f.get("file", "").endswith(".cc"),
           "go": lambda f: f.get("function", "").startswith("main."),
           "python": lambda f: f.get("file", "").endswith(".py")}[request.param]
    workbench = Workbench(core)
    yield workbench, core, own
    workbench.end()


# ---- the frame that it begins with ----


def test_begins_in_the_program(opened):
    """Not in the C library's abort() or the runtime's panic."""
    workbench, core, own = opened
    report = run("stack", "--json", "--thread", str(workbench.thread), core).json
    (thread,) = [t for t in report["threads"] if t["tid"] == workbench.thread]
    want = next(i for i, f in enumerate(thread["frames"]) if own(f))
    assert workbench.frame is workbench.frames[want]
    assert all(f["presentationHint"] == "subtle" for f in workbench.frames[:want])


def test_begins_in_a_goroutine(go_core):
    """A signal from outside comes to any thread, mostly to one of the scheduler's: a goroutine is shown then, with how the
    process ended."""
    workbench = Workbench(go_core)
    died = run("info", "--json", go_core).json["target"]["signal"]["name"]
    assert workbench.thread in [t["id"] for t in workbench.threads]
    assert not workbench.frame["name"].startswith("runtime.")
    assert died in workbench.client.ask("exceptionInfo", threadId=workbench.thread)["description"]
    workbench.end()


def test_views_ask_again(opened):
    """Each change of a view asks all of this once more, and gets the same numbers and values."""
    workbench = opened[0]
    client, frame = workbench.client, workbench.frame["id"]

    def look():
        scopes = client.ask("scopes", frameId=frame)["scopes"]
        cheap = [client.ask("variables", variablesReference=s["variablesReference"])["variables"]
                 for s in scopes if not s["expensive"]]
        names = [v["evaluateName"] for some in cheap for v in some if "evaluateName" in v]
        watched = [client.ask("evaluate", expression=name, frameId=frame, context="watch") for name in names]
        return scopes, cheap, watched

    first = look()
    assert look() == look() == first
    assert [w["result"] for w in first[2]] == [v["value"] for some in first[1] for v in some if "evaluateName" in v]
    failed = client.refused("evaluate", expression="no_such_name_", frameId=frame, context="watch")
    assert "no_such_name_" in failed and "\n" not in failed  # the view shows it as the value
    assert client.ask("exceptionInfo", threadId=workbench.thread)["description"]


def test_debug_console(opened):
    """Completions as one types, of a prefix and behind a dot; then the line is evaluated."""
    workbench = opened[0]
    client, frame = workbench.client, workbench.frame["id"]
    for text in ("m", "ma"):
        targets = client.ask("completions", frameId=frame, text=text, column=len(text) + 1, line=1)["targets"]
        assert targets and all(t["start"] == 0 and t["length"] == len(text) for t in targets)
    assert client.ask("evaluate", expression="1 + 1", frameId=frame, context="repl")["result"] == "2"
    assert client.ask("evaluate", expression="1 + 1", context="repl")["result"] == "2"


def test_instructions(opened):
    """The view asks for 400 around the frame's, later for 50 before the first one and behind the last one, and needs as many
    as it asked for, in one row."""
    workbench = opened[0]
    at = next(f["instructionPointerReference"] for f in workbench.frames if "instructionPointerReference" in f)

    def ask(reference, offset, count):
        got = workbench.client.ask("disassemble", memoryReference=reference, offset=0, instructionOffset=offset,
                                   instructionCount=count, resolveSymbols=True)["instructions"]
        assert len(got) == count
        return got

    whole = ask(at, -200, 400)
    assert whole[200]["address"] == at
    before, after = ask(whole[0]["address"], -50, 50), ask(whole[-1]["address"], 1, 50)
    addresses = [int(i["address"], 16) for i in [*before, *whole, *after]]
    assert addresses == sorted(set(addresses))


# ---- the memory view ----


def memory(client, reference, offset, count):
    """[bytes], None for each that cannot be read, as MemoryRegion.read() of the workbench takes an answer: what is neither
    data nor unreadable would be zeros."""
    body = client.ask("readMemory", memoryReference=reference, offset=offset, count=count)
    data = base64.b64decode(body.get("data", ""), validate=True)
    unreadable = body.get("unreadableBytes", 0) if data else count
    assert len(data) + unreadable == count
    return [*data, *[None] * unreadable]


@pytest.fixture(scope="module")
def deep(lab):
    """20,000 frames of one function, whose stack is some MB without a hole."""
    workbench = Workbench(lab.core("c-gcc-O0-dwarf5", "20000", program="recurse")[1])
    yield workbench
    workbench.end()


def test_memory_in_pages(deep):
    """The hex editor asks for pages of 4,096 from the variable on, as they come into view; gdb's words of the same."""
    client, frame = deep.client, deep.frame["id"]
    at = client.ask("evaluate", expression="(char *)$sp", frameId=frame, context="watch")["memoryReference"]
    pages = [memory(client, at, page * 4096, 4096) for page in range(4)]
    assert None not in [b for page in pages for b in page]
    want = client.ask("evaluate", expression="*(unsigned long *)($sp + 8192)", frameId=frame, context="watch")["result"]
    assert int.from_bytes(bytes(pages[2][:8]), "little") == int(want)
    assert memory(client, at, -64, 128)[64:] == pages[0][:64]
    assert memory(client, at, 1, 1) == pages[0][1:2]
    assert memory(client, at, 0, 0) == []
    assert memory(client, "0x0", 0, 4096) == [None] * 4096


def test_memory_that_ends(deep):
    """Behind a mapping all is unreadable, not zero: here behind the stack."""
    client = deep.client
    outermost = client.ask("stackTrace", threadId=deep.thread, startFrame=20000, levels=1000)["stackFrames"][-1]
    at = client.ask("evaluate", expression="(char *)$sp", frameId=outermost["id"], context="watch")["memoryReference"]
    got = memory(client, at, 0, 1 << 20)
    end = got.index(None)
    assert end and (int(at, 16) + end) % 4096 == 0 and got[end:] == [None] * len(got[end:])
    assert memory(client, at, end, 192) == [None] * 192  # the editor asks for the rest of the page once more


def test_references_point_at_what_they_refer_to(lab):
    """The memory of a reference is that of its object."""
    with Client() as client:
        stop = client.open(core=lab.core("cxx-gcc-O0-dwarf5", "segv")[1], client=WORKBENCH)
        compared = 0
        for frame in [f for f in client.frames(stop["threadId"]) if f.get("source", {}).get("name") == "crash.cc"]:
            for one in client.scope(frame["id"], "Arguments"):
                if one["type"].endswith("&") and "memoryReference" in one:
                    at = client.ask("evaluate", expression=f"&{one['name']}", frameId=frame["id"], context="watch")
                    assert one["memoryReference"] == at["memoryReference"]
                    compared += 1
        assert compared


# ---- what is large ----


def test_frames_in_pages(deep):
    """20 frames a click; the total is right once the end was reached, and more than what is known before."""
    client = deep.client
    first = client.ask("stackTrace", threadId=deep.thread, startFrame=20, levels=20)
    assert len(first["stackFrames"]) == 20 and first["totalFrames"] > 40
    last = client.ask("stackTrace", threadId=deep.thread, startFrame=20000, levels=20)
    total = last["totalFrames"]
    assert 20000 < total == 20000 + len(last["stackFrames"]) < 20020
    beyond = client.ask("stackTrace", threadId=deep.thread, startFrame=total, levels=20)
    assert beyond == {"stackFrames": [], "totalFrames": total}
    assert client.ask("scopes", frameId=last["stackFrames"][0]["id"])["scopes"]


def test_elements_in_pages(deep):
    """Of 100,000 elements the view makes chunks of 10,000, and asks for 100 at a time."""
    client, frame = deep.client, deep.frame["id"]
    array = client.ask("evaluate", expression="*(unsigned char (*)[100000])$sp", frameId=frame, context="watch")
    assert array["indexedVariables"] == 100000
    for start in (0, 50000, 99900):
        page = client.children(array, filter="indexed", start=start, count=100)
        assert [v["name"] for v in page] == [f"[{i}]" for i in range(start, start + 100)]
    assert client.children(array, filter="named") == []
    assert client.children(array, filter="indexed", start=100000, count=100) == []


# ---- leaving ----


def test_leaves(deep):
    """Restart is a disconnect and a new session; what an editor offers for processes only does no harm to a core."""
    for more in ({"restart": True}, {"restart": False, "terminateDebuggee": True}, {"restart": False, "suspendDebuggee": True}):
        with Client() as client:
            client.open(core=deep.core, client=WORKBENCH)
            assert client.ask("setExceptionBreakpoints", filters=[]) == {"breakpoints": []}
            assert "neither starts nor ends" in client.refused("terminate", restart=False)
            client.ask("disconnect", **more)
            client.event("terminated")
