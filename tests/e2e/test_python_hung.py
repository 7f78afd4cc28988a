# SPDX-License-Identifier: Apache-2.0
"""A web service that hangs, an extension module that hangs or crashes, a stack that overflowed: stacks and locks beside what
the programs wrote down, and beside gdb's helper."""

import http.client
import os
import re
import shutil
import struct
import subprocess

import pytest

import build
import pythons
from conftest import run
from pyprograms import differences, expected, got, plain, python_frames, some, stack, threads

pytestmark = pytest.mark.thin


@pytest.fixture(params=some())
def python(request):
    return request.param


def names(thread):
    return [plain(frame) if frame["language"] == "python" else frame["function"] or "?" for frame in thread["frames"]]


def in_order(names_there, wanted):
    at = -1
    for name in wanted:
        at = names_there.index(name, at + 1)
    return True


def locks(target):
    """{tid: what an interpreter's lock has to do with the thread}"""
    return {thread["tid"]: thread["language"]["state"] for thread in run("info", "--json", target).json["threads"]
            if thread.get("language")}


def lock_of(pid, tid):
    """The lock that a request waits for: its state, and the number that Python has for the thread that holds it."""
    listed = run("debug", "--batch", "-p", pid, "-ex", "info threads").out
    (number,) = re.findall(rf"^[* ] (\d+) .*LWP {tid}\b", listed, re.M)
    out = run("debug", "--batch", "-p", pid, "-ex", f"thread {number}", "-ex", "frame function stock", "-ex", "print STOCK").out
    state, owner = re.search(r"^\$1 = <(\w+) _thread\.RLock object owner=(\d+) count=1 at ", out, re.M).groups()
    return state, int(owner)


# Of these versions gdb's helper reads the interpreters of Debian. It takes seconds: only with --full, as tests/matrix.py asks.
HELPED = 11, 14, 15


def gdb_stacks(python, *target):
    """{tid: [(function, file, line)]} as gdb's helper has them."""
    argv = build.inside(["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex", "set width 0", "-iex",
                         "set auto-load safe-path /", "-iex", "set sysroot /", python.path, *map(str, target), "-ex",
                         "thread apply all py-bt"])
    result = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=200,
                            check=False)
    parts = re.split(r"^Thread \d+ \(.*?LWP (\d+).*\n", result.stdout.decode(errors="replace"), flags=re.M)
    return {int(tid): [(function, file, int(line)) for file, line, function in
                       re.findall(r'^  File "(.*)", line (\d+), in (.*)$', text, re.M)]
            for tid, text in zip(parts[1::2], parts[2::2])}


@pytest.fixture
def check_beside_gdb(request, python):
    def check(answer, *target):
        if request.config.getoption("--full") and has_helper(python):
            same_as_gdb(answer, gdb_stacks(python, *target))
    return check


def has_helper(python):
    helper = f"{build.ROOT}/usr/share/gdb/auto-load{python.path}-gdb.py"
    return python.version[1] in HELPED and os.path.exists(helper) and shutil.which("gdb")


def same_as_gdb(answer, theirs):
    assert len(theirs) == len(answer["threads"])
    for tid, frames in theirs.items():
        assert got(python_frames(threads(answer)[tid])) == frames, tid


class Client:
    """Requests to service.py; those that hang are left open."""

    def __init__(self, process):
        self.port = int(re.search(rb"port (\d+) ready", process.output)[1])
        self.open = []

    def ask(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path)
        self.open.append(connection)
        return connection

    def answer(self, path):
        return self.ask(path).getresponse().read().decode()


@pytest.fixture
def service(programs, python):
    """Three requests wait for a lock, which a fourth holds that waits for a database; one sleeps."""
    with programs.running(python, "service") as process:
        client = Client(process)
        client.ask("/order?tea")
        process.settle()
        for item in ("cups", "pots", "tea"):
            client.ask("/stock?" + item)
        client.ask("/sleep?1000")
        process.settle()
        client.answer("/report")
        process.oracle = pythons.read(process.told)
        process.client = client
        yield process


def test_web_service(service, check_beside_gdb):
    """It goes on serving while it is asked."""
    answer = stack(service.pid)
    service.oracle["threads"] = [known for known in service.oracle["threads"] if not known["current"]]
    assert len(service.oracle["threads"]) == 6  # without the one that wrote it down, which has ended since
    assert differences(answer, service.oracle) == []
    waiting = [thread for thread in answer["threads"] if "stock" in names(thread)]
    assert len(waiting) == 3
    (holder,) = [thread for thread in answer["threads"] if "order" in names(thread)]
    assert in_order(names(holder), ["query", "order", "do_GET", "process_request_thread"])
    assert "holds the GIL" not in locks(service.pid).values()
    assert lock_of(service.pid, waiting[0]["tid"]) == ("locked", service.oracle["holder"])
    check_beside_gdb(answer, "-p", service.pid)
    assert service.client.answer("/hello?you") == "hello you"


def test_extension_holds_the_gil(programs, python, check_beside_gdb):
    """Nobody runs Python: one thread is in C with the lock, two wait for it, one has released it."""
    with programs.running(python, "hung", "extension", programs.extension(python), "hold") as process:
        process.settle()
        answer = stack(process.pid)
        main = threads(answer)[process.pid]
        assert in_order(names(main), ["hold", "in_extension", "innermost", "call", "<lambda>", "call", "extension", "<module>"])
        known = {thread["name"]: thread for thread in process.oracle["threads"]}
        assert got(python_frames(threads(answer)[known["released"]["tid"]])) == expected(known["released"])
        states = locks(process.pid)
        assert states[process.pid] == "holds the GIL" and states[known["released"]["tid"]] is None
        if python.version >= (3, 7):  # docs/known-limits.md
            assert {states[known[f"worker {i}"]["tid"]] for i in range(2)} == {"waits for the GIL"}
        check_beside_gdb(answer, "-p", process.pid)


def test_extension_does_not_stop(programs, python):
    """Without a GIL all wait for a thread that cannot be stopped, while another collects garbage."""
    if not python.free_threaded:
        pytest.skip("a build with a GIL never has threads stop each other")
    with programs.running(python, "hung", "alone", programs.native()) as process:
        process.settle()
        known = {thread["name"]: thread["tid"] for thread in process.oracle["threads"]}
        assert locks(process.pid) == {known["MainThread"]: "is waited for by a thread that stops all others",
                                      known["collects"]: "waits until all other threads stop",
                                      known["works"]: "stopped for another thread",
                                      known["sleeps"]: "stopped for another thread"}
        assert "is waited for by a thread that stops all others: " in run("info", process.pid).out


def test_extension_without_the_gil(programs, python):
    with programs.running(python, "hung", "extension", programs.extension(python), "released") as process:
        process.settle()
        assert set(locks(process.pid).values()) == {None}
        main = threads(stack(process.pid))[process.pid]
        assert in_order(names(main), ["released", "in_extension", "innermost", "call", "<lambda>", "call", "extension"])


def test_extension_crashes(programs, python, check_beside_gdb):
    core, oracle = programs.core(python, "hung", "extension", programs.extension(python), "crash")
    answer = stack(core)
    main = answer["threads"][0]
    assert main["crashed"] and main["frames"][0]["function"] == "crash"
    assert in_order(names(main), ["crash", "in_extension", "innermost", "call", "<lambda>", "call", "extension", "<module>"])
    (known,) = [thread for thread in oracle["threads"] if thread["current"]]
    # It went on from the line that wrote it down.
    assert [name for name, _, _ in got(python_frames(main))[1:]] == [name for name, _, _ in expected(known)]
    assert got(python_frames(main))[2:] == expected(known)[1:]
    assert locks(core)[main["tid"]] == "holds the GIL"
    check_beside_gdb(answer, core)


def test_stack_overflow(programs, python, tmp_path):
    """Of a thread whose stack is used up every call is there, though no room is left for one more."""
    if python.version >= (3, 14):
        pytest.skip("Python 3.14 and later know how large their stacks are")
    depth = tmp_path / "depth"
    core, oracle = programs.core(python, "hung", "overflow", depth)
    answer = stack(core)
    (crashed,) = [thread for thread in answer["threads"] if thread["crashed"]]
    falls = [frame for frame in python_frames(crashed) if plain(frame) == "fall"]
    (told,) = struct.unpack("i", depth.read_bytes())
    assert len(falls) in (told, told + 1) and told > 100
    assert [plain(frame) for frame in python_frames(crashed)][-3:] == ["run", "_bootstrap_inner", "_bootstrap"]
    assert threads(answer)[oracle["pid"]]
    assert "SIGSEGV" in run("stack", core).out
