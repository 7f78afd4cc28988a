# SPDX-License-Identifier: Apache-2.0
"""A server of Inquest for a test, and a client that speaks Delve's JSON-RPC to it."""

import contextlib
import json
import os
import re
import socket
import subprocess

import build
from conftest import INQUEST, ROOT, SANITIZED, SANITIZER

SECONDS = 120  # none of it is waited for but by who would wait for ever


def methods_of_the_table():
    """Of docs/delve-methods.md: (answer, text) by the name of a method."""
    text = (ROOT / "docs" / "delve-methods.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-Z]\w+) \| (same|refused|differs) \| (.*?) ?\|$", text, re.M)
    return {method: (how, what) for method, how, what in rows}


class Refused(Exception):
    """What a server answers instead of a result."""


def connect(address):
    """A socket; `address` is HOST:PORT or the path of a unix socket."""
    if address.startswith("/"):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(SECONDS)
        connection.connect(address)
        return connection
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=SECONDS)


class Client:
    def __init__(self, address):
        self.socket = connect(address)
        self.lines = self.socket.makefile("rb")
        self.asked = 0

    def close(self):
        self.lines.close()
        self.socket.close()

    def send(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())

    def answer(self):
        line = self.lines.readline()
        assert line.endswith(b"\n"), f"the connection ended: {line[-200:]}"
        return json.loads(line)

    def call(self, method, /, **arguments):
        self.asked += 1
        self.send(json.dumps({"method": f"RPCServer.{method}", "params": [arguments], "id": self.asked}))
        answer = self.answer()
        assert answer["id"] == self.asked and set(answer) == {"id", "result", "error"}
        if answer["error"] is not None:
            assert answer["result"] is None
            raise Refused(answer["error"])
        return answer["result"]


class Server:
    """`inquest serve ...`; its `address`, and what it said when it has ended."""

    def __init__(self, *args):
        env = {**os.environ, "NO_COLOR": "1"}
        env.pop("DEBUGINFOD_URLS", None)
        if build.ROOT:
            args = "--sysroot", build.ROOT, *args
        self.process = subprocess.Popen([INQUEST, "serve", *map(str, args)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        self.first = self.process.stdout.readline()
        if not self.first.startswith("API server listening at: "):
            raise Refused(self.process.communicate()[1])
        self.address = self.first.split(": ", 1)[1].strip()

    def end(self, ask=True):
        """Its exit status. It must end by itself, without a sanitizer's report."""
        if ask:
            self.process.terminate()
        out, err = self.process.communicate(timeout=SECONDS)
        assert not any(word in err for word in SANITIZER), err
        self.said = out, err
        return self.process.returncode

    def memory(self):
        """Bytes that are its own."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("RssAnon"))


@contextlib.contextmanager
def serving(*args):
    """A server for as long as the block runs."""
    server = Server(*args)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.end()


@contextlib.contextmanager
def client_of(server):
    client = Client(server.address)
    try:
        yield client
    finally:
        client.close()
