# SPDX-License-Identifier: Apache-2.0
"""A real server of the distribution, loaded and crashed."""

import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time

import build
import cores
import peers
import pytest
from conftest import SANITIZED, run
from test_stack import check, crashed, functions, stack_json


def ask(path, *words):
    with socket.socket(socket.AF_UNIX) as server:
        server.settimeout(60)
        server.connect(path)
        server.sendall(b"".join([b"*%d\r\n" % len(words), *(b"$%d\r\n%s\r\n" % (len(w), w) for w in map(str.encode, words))]))
        return server.recv(65536)


@pytest.fixture(scope="module", params=["valkey", "redis"])
def server_core(request, tmp_path_factory):
    exe = shutil.which(f"{request.param}-server")
    if not exe:
        pytest.skip(f"{request.param}-server is not installed")
    folder = tmp_path_factory.mktemp(request.param)
    path = str(folder / "socket")

    def load_and_crash():
        while True:
            with contextlib.suppress(OSError):
                if ask(path, "PING") == b"+PONG\r\n":
                    break
            time.sleep(0.05)
        for i in range(500):
            ask(path, "SET", f"key:{i}", "x" * i)
        try:
            ask(path, "DEBUG", "SEGFAULT")
        except OSError:
            pass

    threading.Thread(target=load_and_crash, daemon=True).start()
    try:
        core = cores.kernel_core([exe, "--port", "0", "--unixsocket", path, "--save", "", "--io-threads", "4",
                                  "--enable-debug-command", "yes",
                                  "--crash-memcheck-enabled", "no"],  # which may crash, too
                                 str(folder))
    except build.Missing as missing:
        pytest.skip(str(missing))
    return exe, core


def test_stack_explains_the_crash(server_core):
    _, core = server_core
    answer = stack_json(core)
    assert answer["target"]["signal"]["name"] == "SIGSEGV"
    frames = crashed(answer)["frames"]
    signal = [frame["kind"] for frame in frames].index("signal")
    names = functions(crashed(answer))[signal + 1:]
    assert names[:3] == ["debugCommand", "call", "processCommand"]
    assert names[-1] == "_start"
    assert crashed(answer)["stopped"] is None


@pytest.mark.skipif(SANITIZED, reason="the peers were compared with the release binary")
def test_agrees(server_core):
    exe, core = server_core
    ours = peers.our_stacks(stack_json(core))
    gdb = peers.gdb_stacks(os.path.realpath(exe), core)
    if gdb is None:
        pytest.skip("gdb is not installed")
    check(peers.gdb_differences(ours, gdb))
    check(peers.eu_differences(ours, peers.eu_stacks(os.path.realpath(exe), core) or {}))


def test_missing_debug_information_is_named(server_core):
    exe, core = server_core
    with open(exe, "rb") as file:
        if b".debug_info" in file.read():
            pytest.skip("this one has debug information")
    assert "no debug information for " in run("stack", core).out
    assert "no debug information for " not in run("stack", "--names", core).out
