# SPDX-License-Identifier: Apache-2.0
"""A web service, each request in a thread of its own. Some of them hang.

usage: service.py ENDING FILE     says "ready at port N"; see oracle.py

    /order      waits for a database that never answers, and holds the stock's lock meanwhile
    /stock      waits for that lock
    /sleep      sleeps
    /hello      says "hello"
    /report     writes FILE; of its own thread frames are what they were before
"""

import http.server
import socket
import socketserver
import sys
import threading
import time

import oracle

STOCK = threading.RLock()
HELD = []


class Database:
    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(5)

    def query(self, text):
        connection = socket.create_connection(self.listener.getsockname())
        connection.sendall(text.encode())
        return connection.recv(100)


DATABASE = Database()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        threading.current_thread().tid = oracle.tid()
        path, _, query = self.path.partition("?")
        answer = {"/order": order, "/stock": stock, "/sleep": sleep, "/hello": hello, "/report": report}[path](query)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *unused):
        pass


def order(item):
    with STOCK:
        HELD.append(threading.get_ident())
        rows = DATABASE.query("select " + item)
        return str(rows)


def stock(item):
    wanted = {"item": item, "all": [item] * 2}
    with STOCK:
        return str(wanted)


def sleep(seconds):
    time.sleep(float(seconds))
    return seconds


def hello(name):
    return "hello " + name


def report(unused):
    oracle.settle()
    oracle.NOTED["holder"] = HELD[0] if HELD else None
    oracle.write(sys.argv[2], sys._getframe(1))
    return unused


class Service(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


def main():
    service = Service(("127.0.0.1", 0), Handler)
    threading.current_thread().tid = oracle.tid()
    print("port %d ready" % service.server_address[1], flush=True)
    service.serve_forever(1000)


if __name__ == "__main__":
    main()
