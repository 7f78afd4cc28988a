# SPDX-License-Identifier: Apache-2.0
"""What VS Code's workbench does with a core: the requests that it makes by itself and for its views, in its order, as they were
recorded (1.100), and the rules by which it chooses from the answers."""

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
        self.client = Client()
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
