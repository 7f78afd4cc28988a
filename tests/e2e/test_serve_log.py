# SPDX-License-Identifier: Apache-2.0
"""The log of `inquest serve` and `inquest dap`, whose lines have the form of Delve's."""

import json
import os
import re
import socket
import stat
import subprocess
import time
import types

import pytest

import dap
from conftest import INQUEST
from serving import Refused, Server, client_of, serving

NATIVE = "c-gcc-O0-dwarf5"
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d) (debug|info|error) layer=(\w+) (.*)")


@pytest.fixture(scope="module")
def core(lab):
    return lab.core(NATIVE, "segv")[1]


def lines(path):
    """[(grade, layer, message)], all lines being of that form; and the other lines."""
    matches = [(line, LINE.fullmatch(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    return [m.groups() for _, m in matches if m], [line for line, m in matches if not m]


@pytest.fixture(scope="module")
def logged(core, tmp_path_factory):
    """The log of a server that one client of each protocol talked to, and what it answered."""
    path = tmp_path_factory.mktemp("log") / "server"
    answers = {}
    # The server says where it listens in the log, so that a socket with a name is needed.
    address = str(path.parent / "socket")
    server = subprocess.Popen([INQUEST, "serve", "--accept-multiclient", "--listen", f"unix:{address}", "--log", "--log-output",
                               "rpc,dap,fncall,nonsense", "--log-dest", str(path), core],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        while not path.exists() or f"API server listening at: {address}\n" not in path.read_text(encoding="utf-8"):
            assert server.poll() is None, server.communicate()
            time.sleep(0.01)
        with client_of(types.SimpleNamespace(address=address)) as client:
            answers["version"] = client.call("getversion")
            answers["state"] = client.call("State", NonBlocking=True)
            for method, arguments in ("Eval", {"Expr": "nonsense"}), ("Command", {"name": "continue"}), ("Nonsense", {}):
                with pytest.raises(Refused) as refused:
                    client.call(method, **arguments)
                answers[method] = str(refused.value)
        stream = socket.socket(socket.AF_UNIX)
        stream.connect(address)
        with dap.Client(stream=stream) as editor:
            answers["initialize"] = editor.ask("initialize", adapterID="x\u00e9\n")
            editor.refused("evaluate", expression="nonsense")
    finally:
        server.terminate()
        out, err = server.communicate(timeout=60)
    return path, answers, out, err


def test_requests_and_answers_are_logged_as_delve_does(logged):
    path, answers, _, _ = logged
    got = [(grade, text) for grade, layer, text in lines(path)[0] if layer == "rpc"]

    def answer(name):
        return json.dumps(answers[name], separators=(",", ":"), ensure_ascii=False)
    assert got[:9] == [
        ("debug", "serving JSON-RPC on new connection"),
        ("debug", "<- RPCServer.GetVersion(api.GetVersionIn{})"),
        ("debug", f'-> *api.GetVersionOut{answer("version")} error: ""'),
        ("debug", '(async 2) <- RPCServer.State(rpc2.StateIn{"NonBlocking":true})'),
        ("debug", f'(async 2) -> rpc2.StateOut{answer("state")} error: ""'),
        ("debug", '<- RPCServer.Eval(rpc2.EvalIn{"Expr":"nonsense"})'),
        ("debug", f'-> *rpc2.EvalOut{{}} error: {json.dumps(answers["Eval"])}'),
        ("debug", '(async 4) <- RPCServer.Command(api.DebuggerCommand{"name":"continue"})'),
        ("debug", f'(async 4) -> <nil>null error: {json.dumps(answers["Command"])}'),
    ]
    assert got[9] == ("error", "rpc: can't find method RPCServer.Nonsense")


def test_messages_of_editors_are_logged_whole(logged):
    path, answers, _, _ = logged
    texts = [text for _, layer, text in lines(path)[0] if layer == "dap"]
    asked = [json.loads(text.removeprefix("[<- from client]")) for text in texts if text.startswith("[<-")]
    told = [json.loads(text.removeprefix("[-> to client]")) for text in texts if text.startswith("[->")]
    assert [one["command"] for one in asked][:2] == ["initialize", "evaluate"]
    assert told[0]["request_seq"] == asked[0]["seq"] and told[0]["body"] == answers["initialize"]
    assert not told[1]["success"]


def test_a_layer_that_was_not_asked_for_is_not_logged(logged):
    path, _, out, err = logged
    written, other = lines(path)
    assert {layer for _, layer, _ in written} == {"rpc", "dap"}
    assert len(other) == 1 and out == ""  # where it listens
    assert err == "Warning: unknown log output value \"nonsense\", run 'inquest serve --help' for usage.\n"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_log_alone_tells_who_asks_what(core):
    with serving("--log", core) as server:
        with client_of(server) as client:
            client.call("Recorded")
        server.end(ask=False)
    texts = [LINE.fullmatch(line).groups() for line in server.said[1].splitlines()]
    assert texts[0] == ("info", "debugger", f"opening {core}")
    assert ("debug", "debugger", "client 1: asks RPCServer.Recorded") in texts
    assert texts[-1] == ("debug", "debugger", "detaching")
    assert {layer for _, layer, _ in texts} == {"debugger"}


@pytest.mark.parametrize("options, message", [
    (["--log-output", "rpc"], "--log-output specified without --log"),
    (["--log", "--log-dest", "/nonsense/log"], "could not create log file: open /nonsense/log: No such file or directory"),
    (["--log", "--log-dest", "77"], "descriptor 77 is not open"),
])
def test_options_that_cannot_be_are_refused(core, options, message):
    with pytest.raises(Refused, match=re.escape(message)):
        Server(*options, core)


def test_an_adapter_logs_to_a_descriptor(tmp_path):
    path = tmp_path / "log"
    with open(path, "wb") as file:
        argv = [INQUEST, "dap", "--log", "--log-output=dap", f"--log-dest={file.fileno()}"]
        message = b'{"seq":1,"type":"request","command":"initialize","arguments":{"adapterID":"x"}}'
        done = subprocess.run(argv, input=b"Content-Length: %d\r\n\r\n%s" % (len(message), message), capture_output=True,
                              pass_fds=[file.fileno()], check=True, timeout=60)
    (_, _, asked), (_, _, told) = lines(path)[0]
    assert asked == "[<- from client]" + message.decode()
    assert done.stdout.endswith(told.removeprefix("[-> to client]").encode())
