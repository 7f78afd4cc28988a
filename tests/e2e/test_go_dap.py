# SPDX-License-Identifier: Apache-2.0
"""Goroutines through the Debug Adapter Protocol, beside Delve's own adapter."""

import os
import re
import shlex
import socket
import subprocess

import pytest

import build
from dap import Client
from delve import is_extra

GO = f"go-{build.GO_VERSIONS[-1]}-noopt" if build.GO_VERSIONS else "go-1.19-noopt"


@pytest.fixture
def delve_adapter():
    """A client of `dlv dap`."""
    server = subprocess.Popen([*shlex.split(os.environ["INQUEST_DLV"]), "dap", "--listen=127.0.0.1:0",
                               "--check-go-version=false"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        match = re.search(r"listening at: ([\d.]+):(\d+)", server.stdout.readline())
        stream = socket.create_connection((match[1], int(match[2])))
        with Client(stream=stream, checked=False) as client:
            yield client
    finally:
        server.terminate()
        server.wait(60)
        server.stdout.close()


def variables_of(client, frame):
    """{name: value} of arguments and locals."""
    found = {}
    for scope in client.ask("scopes", frameId=frame)["scopes"]:
        if scope["name"] in ("Arguments", "Locals"):
            found.update({v["name"]: v for v in client.children(scope)})
    return {name: v for name, v in found.items() if not name.startswith(".")}  # the compiler's own, which Delve shows


@pytest.mark.delve
def test_beside_delve(lab, delve_adapter):
    """The same goroutines, stacks, names and types of variables, and lengths of what is in a row."""
    target, core = lab.core(GO, "abort", program="go")
    theirs = delve_adapter
    theirs.ask("initialize", adapterID="go", linesStartAt1=True, columnsStartAt1=True, pathFormat="path",
               supportsVariableType=True)
    opening = theirs.send("launch", mode="core", program=target.exe, coreFilePath=core, stackTraceDepth=50)
    theirs.event("initialized")
    ready = theirs.send("configurationDone")
    assert theirs.response(opening)["success"] and theirs.response(ready)["success"]
    theirs.event("stopped")
    with Client() as ours:
        ours.open(core=core)
        numbers = {int(n): one["id"] for one in ours.ask("threads")["threads"]
                   for n in re.findall(r"goroutine (\d+)", one["name"])}
        listed = {int(n): one["id"] for one in theirs.ask("threads")["threads"]
                  for n in re.findall(r"\[Go (\d+)\]", one["name"]) if not is_extra(one["name"] + " (")}
        assert set(listed) == set(numbers)
        compared = 0
        for number in sorted(listed):
            mine, other = ours.frames(numbers[number]), theirs.frames(listed[number])
            # Delve leaves out folders of packages.
            names = [re.sub(r" \[.*\]$", "", f["name"]).rpartition("/")[2] for f in mine]
            tail = [f for f in other if f["name"] in names][-3:]
            assert [f["name"] for f in tail] == names[-3:]
            for frame in tail:
                same = mine[names.index(frame["name"])]
                if not frame["name"].startswith("main."):
                    continue
                here, there = variables_of(ours, same["id"]), variables_of(theirs, frame["id"])
                assert {name.strip("()") for name in there} == {name.split(" (")[0] for name in here}
                for name, variable in there.items():
                    if name not in here:
                        continue
                    # Delve tells what is in an interface with its type; of maps it counts keys and values, in pages.
                    assert variable["type"].startswith(here[name]["type"])
                    if not variable["type"].startswith(("map[", "chan ")):
                        assert here[name].get("indexedVariables") == variable.get("indexedVariables")
                    compared += 1
        assert compared > 20
