# SPDX-License-Identifier: Apache-2.0
"""Delve's JSON-RPC beside Delve's own server on the same core: the client of its rpc2 package with every method it has
(INQUEST_RPC2 names the program, tests/matrix/rpc2client.go), and both versions of the interface. INQUEST_DLV names
Delve's command."""

import contextlib
import json
import os
import re
import shlex
import subprocess

import pytest

import build
from delve import DelveServer
from serving import Client, methods_of_the_table, serving

pytestmark = pytest.mark.delve

GO = f"go-{build.GO_VERSIONS[-1]}"
HERE = {"GoroutineID": -1, "Frame": 0}
PARKED = "a parked goroutine"
FRAME = {"GoroutineID": PARKED, "Frame": 2}
LOAD = {"FollowPointers": True, "MaxVariableRecurse": 1, "MaxStringLen": 64, "MaxArrayValues": 64, "MaxStructFields": -1}


@pytest.fixture(scope="module")
def servers(lab):
    """(Delve's, ours), on one core."""
    target, core = lab.core(GO, "panic", program="go")
    theirs = DelveServer(target.exe, core)
    try:
        with serving("--accept-multiclient", "--exe", target.exe, core) as ours:
            yield theirs, ours
    finally:
        theirs.end()


# ---- the client of Delve's own package ----

# Answered alike, but for what `comparable` takes away.
CALLS = [
    ("ProcessPid",), ("BuildID",), ("LastModified",), ("GetState",), ("GetStateNonBlocking",), ("Halt",), ("Recorded",),
    ("TraceDirectory",), ("AttachedToExistingProcess",), ("IsMulticlient",), ("ListThreads",), ("ListTargets",),
    ("ListBreakpoints", False), ("ListBreakpoints", True), ("ListCheckpoints",), ("GetBufferedTracepoints",),
    ("CancelNext",), ("FollowExecEnabled",), ("CancelDownloads",), ("CoreDumpWait", 10), ("CoreDumpCancel",),
    ("SetReturnValuesLoadConfig", LOAD), ("ListGoroutines", 0, 0),
    ("ListGoroutinesWithFilter", 0, 0, [{"Kind": 2, "Arg": "main.", "Negated": True}], None),
    ("ListGoroutinesWithFilter", 0, 0, [{"Kind": 6}], None),
    ("ListGoroutinesWithFilter", 0, 0, [], {"GroupBy": 2, "MaxGroupMembers": 3, "MaxGroups": 50}),
    ("Stacktrace", PARKED, 50, 0, None), ("Stacktrace", PARKED, 3, 1, None),
    ("Stacktrace", 1, 3, 0, None), ("Stacktrace", 99999, 5, 0, None),
    ("SwitchGoroutine", 1), ("SwitchGoroutine", 99999), ("SwitchThread", 1), ("GetThread", 1),
    ("ListSources", "blocked"), ("ListFunctions", "^main"), ("ListTypes", "^main"),
    ("ListPackageVariables", r"^main\.(mu|rw|group)$", LOAD), ("ListLocalVariables", FRAME, LOAD), ("ListFunctionArgs", FRAME, LOAD),
    ("ListLocalVariables", {"GoroutineID": PARKED, "Frame": 99}, LOAD), ("ListScopeRegisters", HERE, False), ("Ancestors", PARKED, 2, 2),
    ("EvalVariable", HERE, "main.mu", LOAD), ("EvalVariable", HERE, "1+1", LOAD), ("EvalVariable", HERE, "nosuch", LOAD),
    ("EvalVariable", HERE, "runtime.allgs[0].goid", LOAD), ("EvalVariable", HERE, "main.started", LOAD),
    ("FindLocation", HERE, "main.main", False, []), ("FindLocation", HERE, "nosuch", False, []),
    ("FindLocation", HERE, "blocked.go:62", True, []), ("FunctionReturnLocations", "main.main"),
    ("FunctionReturnLocations", "nosuch"), ("TypeInfo", "main.nosuch"),
    ("Continue",), ("Rewind",), ("DirectionCongruentContinue",), ("Next",), ("ReverseNext",), ("Step",), ("ReverseStep",),
    ("StepOut",), ("ReverseStepOut",), ("StepInstruction",), ("ReverseStepInstruction",), ("Call", 1, "main.main()", False),
    ("Restart", False), ("RestartFrom", False, "", False, [], ["", "", ""], False), ("Checkpoint", "here"),
    ("ClearCheckpoint", 1), ("StopRecording",), ("CoreDumpStart", "/nowhere/core"), ("GetBreakpoint", 3),
    ("GetBreakpointByName", "x"), ("ClearBreakpoint", 3), ("ClearBreakpointByName", "x"), ("ToggleBreakpoint", 3),
    ("ToggleBreakpointByName", "x"), ("AmendBreakpoint", {"id": 4}), ("CreateBreakpoint", {"functionName": "main.main"}),
    ("CreateBreakpoint", {"name": "7"}), ("CreateEBPFTracepoint", "main.main"),
    ("CreateWatchpoint", HERE, "main.neverSend", 2), ("CreateWatchpoint", HERE, "nosuch", 2),
    ("SetVariable", HERE, "nosuch", "1"), ("SetVariable", HERE, "main.neverSend", "nil"),
    ("ExamineMemory", 8, 70000),
]
# In which Delve 1.20 differs from later ones: it shows arguments of inlined functions again in the frames around them, and
# reads less memory at once.
SINCE_1_20 = [("ListFunctionArgs", FRAME, LOAD), ("ExamineMemory", 8, 70000)]
# Not called here, and why.
LEFT_OUT = {
    "CallAPI": "any method by its name: what the others do",
    "Detach": "the end of the server: test_serve.py", "Disconnect": "the end of the client",
    "CreateBreakpointWithExpr": "CreateBreakpoint with more arguments",
    "GetVersion": "each tells its own", "GetDebugInfoDirectories": "each has its own", "SetEventsFn": "asks nothing",
    "SetDebugInfoDirectories": "refused: debug files are looked for when the target is opened",
    "FollowExec": "there is nothing to follow", "DownloadLibraryDebugInfo": "Delve's server breaks down",
    "GuessSubstitutePath": "runs Go for the folders of this machine: test_paths_are_guessed_as_delve_does",
    "ListPackagesBuildInfo": "Delve finds packages of its own version of Go only: test_serve.py",
    "ListThreadRegisters": "ListScopeRegisters with a thread",
    "ListDynamicLibraries": "Delve sees no libraries of a core", "DisassemblePC": "our own spelling", "DisassembleRange": "our own spelling",
}


def rpc2(*args, lines=()):
    result = subprocess.run([os.environ["INQUEST_RPC2"], *args], input="".join(json.dumps(line) + "\n" for line in lines),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def with_numbers(args, parked):
    return json.loads(json.dumps(args).replace(json.dumps(PARKED), str(parked)))


# What is said differently on purpose: docs/internals/delve.md. By the name of a member: what is kept of it.
TOLD = {
    "LocationExpr": lambda _: None, "TargetCommandLine": lambda _: None, "CmdLine": lambda _: None, "Offset": lambda _: None,
    "unreadable": bool, "type": lambda t: "" if t == "untyped int" else t, "realType": lambda t: "" if t == "untyped int" else t,
}


def is_delves_alone(one):
    """An extra goroutine of cgo's, which the runtime keeps for threads that C makes; or a group of such."""
    if not isinstance(one, dict):
        return False
    place = one.get("currentLoc") or {}
    return place and (not place.get("function") or place["function"]["name"] == "runtime.goexit") or \
        "Total" in one and not re.search(r" in (?!runtime\.goexit)", one["Name"])


def comparable(answer):
    if isinstance(answer, dict):
        kept = {name: TOLD[name](value) if name in TOLD else comparable(value) for name, value in answer.items()}
        if kept.get("status") == 2:
            kept.pop("waitReason", None)  # it runs: Delve shows what it waited for before
        return kept
    if isinstance(answer, list):
        answer = [comparable(one) for one in answer if not is_delves_alone(one)]
        if answer and isinstance(answer[0], dict) and "ReturnValues" in answer[0]:
            answer.sort(key=lambda thread: thread["id"])
    return answer


def test_every_method_of_delves_own_client(servers):
    if not os.environ.get("INQUEST_RPC2"):
        pytest.skip("INQUEST_RPC2 is not set")
    theirs, ours = servers
    has = set(rpc2())
    assert has <= {call[0] for call in CALLS} | set(LEFT_OUT)
    newest = "GetVersion" in has
    calls = [call for call in CALLS if call[0] in has and (newest or call not in SINCE_1_20)]
    skip = [0] if newest else []  # an argument that Stacktrace has got since Delve 1.20
    with contextlib.closing(Client(ours.address)) as client:
        parked = next(one["id"] for one in client.call("ListGoroutines", Count=0)["Goroutines"] if not one["threadID"])
    calls = with_numbers(calls, parked)
    lines = [{"method": method, "args": args[:2] + skip + args[2:] if method == "Stacktrace" else args} for method, *args in calls]
    answers = [[json.loads(line) for line in rpc2(server.address, lines=lines)] for server in (theirs, ours)]
    assert [len(some) for some in answers] == [len(calls)] * 2
    wrong = [(call, theirs, ours) for call, theirs, ours in zip(calls, *answers) if comparable(theirs) != comparable(ours)]
    assert not wrong, "\n".join(f"--- {call}\n{theirs}\n+++\n{ours}" for call, theirs, ours in wrong)


# ---- every method of the server ----


def test_the_table_has_every_method_of_delves_server():
    """As its program names them."""
    words = shlex.split(os.environ["INQUEST_DLV"])
    program = subprocess.run([*words[:-1], "sh", "-c", f"cat \"$(command -v {shlex.quote(words[-1])})\""],
                             stdout=subprocess.PIPE, check=True).stdout
    names = {name.decode() for name in re.findall(rb"rpc2\.\(\*RPCServer\)\.([A-Z]\w+)", program)}
    assert len(names) > 40 and names <= set(methods_of_the_table())


def error_of(address, method, params):
    with contextlib.closing(Client(address)) as client:
        client.send(json.dumps({"method": f"RPCServer.{method}", "params": params, "id": 1}))
        return client.answer()["error"]


def test_what_is_refused_is_refused_with_the_same_text(servers):
    theirs, ours = servers
    refused = {method: text for method, (how, text) in methods_of_the_table().items() if how == "refused"}
    assert len(refused) >= 12
    for method, text in refused.items():
        argument = {"CreateBreakpoint": {"Breakpoint": {"functionName": "main.main"}}, "DumpStart": {"Destination": "/nowhere/x"},
                    "CreateWatchpoint": {"Scope": HERE, "Expr": "main.neverSend", "Type": 2},
                    "Set": {"Scope": HERE, "Symbol": "main.neverSend", "Value": "nil"}}.get(method, {})
        said = error_of(theirs.address, method, [argument])
        if said != f"unknown method: RPCServer.{method}":
            assert said == error_of(ours.address, method, [argument]) == re.match("`(.*?)`", text)[1]


@pytest.mark.parametrize("params", [{"a": 1}, "x", 7, True, None])
def test_an_argument_list_that_is_none(servers, params):
    theirs, ours = servers
    if error_of(theirs.address, "TypeInfo", [{}]) == "unknown method: RPCServer.TypeInfo":
        pytest.skip("Delve 1.20 does not answer such a request")
    assert error_of(theirs.address, "ProcessPid", params) == error_of(ours.address, "ProcessPid", params)


def test_paths_are_guessed_as_delve_does(servers):
    theirs, ours = servers
    if error_of(theirs.address, "GuessSubstitutePath", [{}]):
        pytest.skip("this Delve does not guess")
    modules = {"main": "/client/main", "internal": "/client/internal", "net/http": "/client/http", "nosuch": "/client/none"}
    pairs = []
    for server in servers:
        with contextlib.closing(Client(server.address)) as client:
            pairs.append(sorted(client.call("GuessSubstitutePath", Args={
                "ImportPathOfMainPackage": "main", "ClientGOROOT": "/client/go", "ClientModuleDirectories": modules})["List"]))
    assert pairs[0] == pairs[1] and len(pairs[0]) >= 3


# ---- version 1 ----

VERSION_1 = [
    ("ProcessPid",), ("State",), ("Command", {"name": "halt"}), ("Command", {"name": "continue"}), ("AttachedToExistingProcess",),
    ("Command", {"name": "switchGoroutine", "goroutineID": 99999}), ("GetBreakpoint", 3), ("GetBreakpointByName", "x"),
    ("ClearBreakpoint", 3), ("ClearBreakpointByName", "x"), ("CreateBreakpoint", {"functionName": "main.main"}),
    ("AmendBreakpoint", {"id": 3}), ("ListBreakpoints",), ("StacktraceGoroutine", {"Id": PARKED, "Depth": 3}),
    ("StacktraceGoroutine", {"Id": 99999, "Depth": 3}), ("ListThreads",), ("GetThread", 1), ("ListSources", "blocked"),
    ("ListPackageVars", r"^main\.(mu|rw)$"), ("ListThreadPackageVars", {"Id": 1, "Filter": r"^main\.mu$"}),
    ("ListLocalVars", FRAME), ("EvalSymbol", {"Scope": HERE, "Symbol": "main.mu"}),
    ("EvalSymbol", {"Scope": HERE, "Symbol": "nosuch"}), ("SetSymbol", {"Scope": HERE, "Symbol": "nosuch", "Value": "1"}),
    ("ListFunctions", r"^main\."), ("ListTypes", r"^main\."), ("ListGoroutines",), ("ListGoroutines", 3), ("Restart",),
    ("FindLocation", {"Scope": HERE, "Loc": "main.main"}), ("FindLocation", {"Scope": HERE, "Loc": "nosuch"}),
    ("SetApiVersion", {"APIVersion": 3}),
]
NEWER = {"StringValueBytes", "TargetCommandLine", "stopReason"}  # members that Delve 1.20 did not have


def without_newer(answer):
    if isinstance(answer, dict):
        return {name: without_newer(value) for name, value in answer.items() if name not in NEWER}
    return [without_newer(one) for one in answer] if isinstance(answer, list) else answer


def test_version_1_answers_as_the_last_delve_that_had_it(lab):
    target, core = lab.core(GO, "panic", program="go")
    theirs = DelveServer(target.exe, core, version=1)
    try:
        with serving("--accept-multiclient", "--api-version=1", "--exe", target.exe, core) as ours:
            wrong = []
            try:
                Client(theirs.address).close()
            except ConnectionRefusedError:
                pytest.skip("this Delve has no version 1")
            with contextlib.closing(Client(theirs.address)) as one, contextlib.closing(Client(ours.address)) as other:
                one.send('{"method":"RPCServer.ListGoroutines","params":[],"id":1}')
                parked = next(g["id"] for g in one.answer()["result"] if not g["threadID"])
                for method, *params in with_numbers(VERSION_1, parked):
                    answers = []
                    for client in (one, other):
                        client.send(json.dumps({"method": f"RPCServer.{method}", "params": params, "id": 7}))
                        answers.append(without_newer(comparable(client.answer())))
                    if answers[0] != answers[1]:
                        wrong.append((method, params, *answers))
            assert not wrong, "\n".join(f"--- {method} {params}\n{theirs}\n+++\n{ours}" for method, params, theirs, ours in wrong)
    finally:
        theirs.end()
