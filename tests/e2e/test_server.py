# SPDX-License-Identifier: Apache-2.0
"""A real server of the distribution, loaded over loopback and crashed."""

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


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port, *words):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as server:
        server.sendall(b"".join([b"*%d\r\n" % len(words), *(b"$%d\r\n%s\r\n" % (len(w), w) for w in map(str.encode, words))]))
        return server.recv(65536)


@pytest.fixture(scope="module", params=["valkey", "redis"])
def server_core(request, tmp_path_factory):
    exe = shutil.which(f"{request.param}-server")
    if not exe:
        pytest.skip(f"{request.param}-server is not installed")
    port, folder = free_port(), tmp_path_factory.mktemp(request.param)

    def load_and_crash():
        for _ in range(200):
            try:
                if ask(port, "PING") == b"+PONG\r\n":
                    break
            except OSError:
                time.sleep(0.05)
        for i in range(500):
            ask(port, "SET", f"key:{i}", "x" * i)
        try:
            ask(port, "DEBUG", "SEGFAULT")
        except OSError:
            pass

    threading.Thread(target=load_and_crash, daemon=True).start()
    try:
        core = cores.kernel_core([exe, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--io-threads", "4",
                                  "--enable-debug-command", "yes"], str(folder))
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
