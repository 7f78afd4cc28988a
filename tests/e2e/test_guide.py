# SPDX-License-Identifier: Apache-2.0
"""What Valkey's guide to debugging (valkey.io/topics/debugging) tells a gdb user to type, typed into the console on a
real terminal: attach, continue, a crash, its line, bt, info registers, gcore, and leave."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import cores
import peers
import pytest
from conftest import SANITIZED
from test_console_tty import Console
from test_live import state, tracer
from test_stack import check, stack_json

READY = 60  # seconds


def say(path, words, seconds=READY):
    """Sends a line to the server; its answer, empty when none comes for so long."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(READY)
        client.connect(str(path))
        client.sendall(words.encode() + b"\r\n")
        client.settimeout(seconds)
        try:
            return client.recv(4096)
        except OSError:
            return b""


class Server:
    """A server that a guide is followed on. `lines`: it has debug information."""

    def __init__(self, process, path, exe, lines):
        self.process, self.path, self.exe, self.lines = process, path, exe, lines


@pytest.fixture(params=["small", "valkey"])
def server(request, lab, tmp_path):
    path = tmp_path / "socket"
    if request.param == "small":
        target = lab.target("c-gcc-O0-dwarf5", "server")
        with lab.running("c-gcc-O0-dwarf5", str(path), program="server") as running:
            running.settle()
            yield Server(running.process, path, target.exe, True)
        return
    exe = shutil.which("valkey-server")
    if not exe:
        pytest.skip("valkey-server is not installed (it is in bookworm-backports)")
    # It looks after itself as seldom as it may: once a second, else it waits.
    with cores.Running([exe, "--port", "0", "--unixsocket", str(path), "--save", "", "--hz", "1", "--enable-debug-command",
                        "yes"], cwd=str(tmp_path), ready="eady to accept") as running:
        running.settle()
        yield Server(running.process, path, os.path.realpath(exe), False)


@contextlib.contextmanager
def attached(server, tmp_path):
    """A console that holds the server; closed whatever happens, as a held process cannot even be killed."""
    console = Console(["-p", str(server.process.pid)], tmp_path, rows=100, NO_COLOR="1")
    try:
        assert tracer(server.process.pid)
        yield console
    finally:
        console.child.close(force=True)


def crash(console, server):
    """Lets the server run, and has a client crash it. What the console says of it."""
    console.type("continue\r")
    console.child.expect("Continuing.")
    assert say(server.path, "PING") == b"+PONG\r\n"
    assert say(server.path, "DEBUG SEGFAULT", 0.5) == b""
    return console.answer()


def functions(backtrace):
    """The names of a printed stack's frames, wrapped lines joined."""
    whole = re.sub(r"\n    ", " ", backtrace)
    return re.findall(r"^#\d+ +(?:0x[0-9a-f]+ in )?(\S+) \(", whole, re.MULTILINE)


def test_the_guide(server, tmp_path):
    pid, core = server.process.pid, tmp_path / "saved"
    with attached(server, tmp_path) as console:
        assert "epoll_wait" in console.start

        stop = crash(console, server)
        assert re.search(r'\n(Thread 1 "[^"\n]+"|Program) received signal SIGSEGV, Segmentation fault\.\n', stop)
        if server.lines:
            assert re.search(r"in debugCommand \(c=0x[0-9a-f]+\) at \S*server\.c:\d+\n\d+\s+\*nowhere = 'x';\n", stop)
        else:
            assert re.search(r"\n0x[0-9a-f]+ in debugCommand \(\)", stop)

        stack = functions(console.ask("bt"))
        path = ["debugCommand", "processCommand", "readQueryFromClient", "aeMain", "main"]
        assert [name for name in stack if name in path] == path
        assert stack[0] == "debugCommand" and stack[-1] == "main"

        registers = console.ask("info registers")
        names = re.findall(r"^(\w+) +0x[0-9a-f]+ ", registers, re.MULTILINE)
        assert names[:8] == ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp"] and {"rip", "eflags"} <= set(names)
        assert re.search(r"^rip +0x\w+ +0x\w+ <debugCommand\+\d+>$", registers, re.MULTILINE)
        assert "si_signo = 11" in console.ask("p $_siginfo")

        assert f"Saved corefile {core}\n" in console.ask(f"gcore {core}")
        assert core.stat().st_mode & 0o777 == 0o600
        assert "detached" in console.ask("detach")
        assert console.leave() == 0
        server.process.wait(READY)  # the signal that it was let go with ends it
        assert server.process.returncode == -signal.SIGSEGV

        again = Console([str(core)], tmp_path, rows=100, NO_COLOR="1")
        assert "Program terminated with signal SIGSEGV, Segmentation fault.\n" in again.start.replace("\r\n", "\n")
        assert functions(again.ask("bt")) == stack
        assert again.ask("info registers").replace("\r", "") == registers
        if shutil.which("gdb"):
            gdb = subprocess.run(["gdb", "-nx", "-q", "-batch", "-ex", "bt", server.exe, str(core)], capture_output=True,
                                 text=True, env=peers.env(), timeout=120, check=True).stdout
            assert functions(gdb[gdb.rindex("#0 "):]) == stack
            if not SANITIZED:
                check(peers.gdb_differences(peers.our_stacks(stack_json(core, "--exe", server.exe)),
                                            peers.gdb_stacks(server.exe, str(core))))


def test_locals_of_the_crash(lab, tmp_path):
    """With debug information: the values that a reader of the guide asks for next."""
    path = tmp_path / "socket"
    with lab.running("c-gcc-O0-dwarf5", str(path), program="server") as running:
        running.settle()
        server = Server(running.process, path, None, True)
        with attached(server, tmp_path) as console:
            crash(console, server)
            assert "nowhere = 0x0\n" in console.ask("info locals")
            assert '$1 = 0x' in (words := console.ask("p c->argv[1]")) and '"SEGFAULT"' in words
            assert "$2 = 2\n" in console.ask("p c->argc")
            assert 'path = 0x' in (whole := console.ask("p server")) and "served = 2" in whole
            assert "argc = 2" in console.ask("p *c")
            assert "'x'" in console.ask("list")
            assert console.leave() == 0


@pytest.mark.parametrize("way", ["detach", "quit", "killed"])
def test_it_serves_on(lab, tmp_path, way):
    """Who only looked leaves the server as it was, however he leaves."""
    path = tmp_path / "socket"
    with lab.running("c-gcc-O0-dwarf5", str(path), program="server") as running:
        running.settle()
        server = Server(running.process, path, None, True)
        with attached(server, tmp_path) as console:
            assert functions(console.ask("bt"))[-2:] == ["aeMain", "main"]
            if way == "detach":
                console.ask("detach")
                assert console.leave() == 0
            elif way == "quit":
                console.leave()
            else:
                os.kill(console.child.pid, signal.SIGKILL)
                console.child.wait()
            assert say(path, "PING") == b"+PONG\r\n"
            end = time.monotonic() + READY
            while state(running.pid) != "S" and time.monotonic() < end:
                time.sleep(0.01)
            assert state(running.pid) == "S" and tracer(running.pid) == 0
