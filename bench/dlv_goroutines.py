#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""All goroutines as Delve's server gives them: one JSON document on standard output.

usage: dlv_goroutines.py DLV core EXE CORE [OPTION...]
       dlv_goroutines.py DLV attach PID [EXE] [OPTION...]

The server is of this one question: it listens on a socket of its own, and the process goes on afterwards."""

import os
import socket
import subprocess
import sys
import tempfile
import time


def ask(link, method, parameters, out):
    """One request; what comes back is copied as it is, up to the newline that ends it."""
    link.sendall(f'{{"method":"RPCServer.{method}","params":[{parameters}],"id":1}}\n'.encode())
    while True:
        part = link.recv(1 << 20)
        if not part:
            sys.exit(f"{method}: the server closed the connection")
        if out:
            out.write(part)
        if part.endswith(b"\n"):
            return


def connect(path, server):
    while server.poll() is None:
        link = socket.socket(socket.AF_UNIX)
        try:
            link.connect(path)
            return link
        except OSError:
            link.close()
            time.sleep(0.005)
    sys.exit("the server ended before it listened")


def main(argv):
    with tempfile.TemporaryDirectory(prefix="dlv-") as folder:
        path = os.path.join(folder, "socket")
        with subprocess.Popen([*argv, "--headless", f"--listen=unix:{path}", "--api-version=2"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as server:
            with connect(path, server) as link:
                ask(link, "SetApiVersion", '{"APIVersion":2}', None)
                ask(link, "ListGoroutines", '{"Start":0,"Count":0}', sys.stdout.buffer)
                ask(link, "Detach", '{"Kill":false}', None)


main(sys.argv[1:])
