# SPDX-License-Identifier: Apache-2.0
"""A process that is held: continue, stops, detach, our own death."""

import os
import random
import re
import signal
import subprocess
import threading
import time

import cores
import peers
import pytest
from conftest import INQUEST, SANITIZED, run
from test_live import goes_on, settle, state, tracer

PLAIN = "c-gcc-O2-dwarf5"


def runs(pid, seconds=0.3):
    """Waits until a debugger holds it and has let it run: it sleeps, and has done so for that long."""
    end, since = time.monotonic() + 60, None
    while since is None or time.monotonic() < since + seconds:
        assert time.monotonic() < end, f"it is not continued: {state(pid)}, traced by {tracer(pid)}"
        if state(pid) != "S" or tracer(pid) == 0:
            since = None
        elif since is None:
            since = time.monotonic()
        time.sleep(0.01)


def later(pid, *happens):
    """Signals, or what is to be called, each once a debugger lets it run; the thread is to be joined."""
    def act():
        for one in happens:
            runs(pid)
            one() if callable(one) else os.kill(pid, one)

    thread = threading.Thread(target=act)
    thread.start()
    return thread


class Told(cores.Running):
    """Goes on once it is told."""

    def __init__(self, *argv):
        super().__init__(argv, stdin=subprocess.PIPE)

    def tell(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()


def debug(pid, *commands, status=None):
    return run("debug", "-batch", "-p", pid, *[word for c in commands for word in ("-ex", c)], status=status)


def gdb(pid, *commands):
    argv = ["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-p", str(pid)]
    return subprocess.run(argv + [word for c in commands for word in ("-ex", c)], capture_output=True, text=True,
                          env=peers.env(), timeout=60, check=False, errors="replace").stdout


def shape(text, start):
    """Lines from `start` on, without what differs between two processes."""
    text = text[text.index(start):]
    text = re.sub(r"0x[0-9a-f]+", "ADDR", text)
    text = re.sub(r" at (?:\S*/)?([^/\s]+:\d+)", r" at \1", text)
    text = re.sub(r"^\d+\t.*\n", "", text, flags=re.M)  # of the source, if it is there
    text = re.sub(r"\[(?:New Thread|Thread .* exited).*\n", "", text)
    return re.sub(r"\b(LWP|process) \d+", r"\1 N", text)


@pytest.mark.skipif(SANITIZED, reason="gdb was compared with the release binary")
@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGUSR2, signal.SIGINT, signal.SIGTERM])
def test_stops_as_gdb_does(lab, number):
    answers = []
    for ask in (lambda *a: debug(*a).out, gdb):
        with lab.running(PLAIN, "hang") as process:
            settle(process.pid)
            thread = later(process.pid, number)
            text = ask(process.pid, "continue", "info signals 14", "detach")
            thread.join()
            answers.append(shape(text, "Thread 1"))
    assert answers[0] == answers[1]


def test_ends(lab):
    for end, said in ("exit 7", "with code 07"), ("exit 0", "normally"):
        with Told("sh", "-c", f"echo ready; read line; {end}") as process:
            thread = later(process.pid, process.tell)
            out = debug(process.pid, "continue", "bt").out
            thread.join()
            assert re.search(rf"\[Inferior 1 \(process \d+\) exited {said}\]", out)
    with lab.running(PLAIN, "hang") as process:
        thread = later(process.pid, signal.SIGKILL)
        answer = debug(process.pid, "continue", "bt", "continue")
        thread.join()
        assert "Program terminated with signal SIGKILL, Killed.\nThe program no longer exists." in answer.out
        assert "No stack." in answer.err and "The program is not being run." in answer.err


def test_fatal_signal_is_delivered(lab):
    """Continued after it, the process dies of it; detached with it as well."""
    for last in "continue", "detach":
        with lab.running(PLAIN, "hang") as process:
            thread = later(process.pid, signal.SIGSEGV)
            answer = debug(process.pid, "continue", "info threads", last)
            thread.join()
            assert "received signal SIGSEGV, Segmentation fault." in answer.out
            assert process.wait(60) == -signal.SIGSEGV
    with lab.running(PLAIN, "hang") as process:
        thread = later(process.pid, signal.SIGSEGV, signal.SIGKILL)
        assert "SIGKILL" in debug(process.pid, "continue", "signal 0").out
        thread.join()


def test_signals_that_do_not_stop(lab):
    with lab.running(PLAIN, "hang") as process:
        thread = later(process.pid, signal.SIGCHLD, signal.SIGWINCH, signal.SIGUSR1, signal.SIGUSR2)
        answer = debug(process.pid, "handle SIGUSR1 nostop nopass", "continue", "detach")
        thread.join()
        assert "SIGUSR1       No\tYes\tNo\t\tUser defined signal 1" in answer.out
        assert answer.out.count("received signal") == 2
        assert answer.out.index("signal SIGUSR1") < answer.out.index("signal SIGUSR2")
        assert "SIGWINCH" not in answer.out


def test_another_program(lab):
    with Told("sh", "-c", "echo ready; read line; exec sleep 0") as process:
        thread = later(process.pid, process.tell)
        out = debug(process.pid, "continue").out
        thread.join()
        assert re.search(r"process \d+ is executing new program: /\S*sleep", out)
        assert "exited normally" in out


def test_ctrl_c(lab):
    with lab.running(PLAIN, "hang") as process:
        settle(process.pid)
        inquest = subprocess.Popen([INQUEST, "debug", "-batch", "-p", str(process.pid), "-ex", "continue", "-ex", "bt",
                                    "-ex", "continue", "-ex", "info threads", "-ex", "detach"], stdout=subprocess.PIPE,
                                   text=True)
        for _ in range(2):
            runs(process.pid)
            inquest.send_signal(signal.SIGINT)
        out, _ = inquest.communicate(timeout=60)
        assert out.count('Thread 1 "crash" stopped.') == 2
        assert "level_one" in out and "detached]" in out
        goes_on(process.pid)


def test_modules_that_come(lab):
    """What the process loads while it runs is known at the next stop."""
    code = "import sys;print('ready',flush=True);sys.stdin.readline();import ctypes;" \
           f"ctypes.CDLL('libc.so.6')['raise']({int(signal.SIGUSR1)})"
    with Told("/usr/bin/python3", "-c", code) as process:
        thread = later(process.pid, process.tell)
        answer = debug(process.pid, "bt", "continue", "bt", "detach")
        thread.join()
        before, after = answer.out.split("Program received")
        assert "libffi" not in before
        assert "libffi.so" in after and "raise" in after and "main" in after


@pytest.mark.parametrize("rounds", [20 if SANITIZED else 60])
def test_our_death_at_any_moment(lab, rounds):
    """SIGKILL while it attaches, waits, stops, writes: the target runs on, and no signal that it was sent is lost."""
    chance = random.Random(1)
    with lab.running(PLAIN, "50", program="threads") as process:
        settle(process.pid)
        for _ in range(rounds):
            inquest = subprocess.Popen([INQUEST, "debug", "-batch", "-p", str(process.pid), "-ex", "continue", "-ex",
                                        "bt", "-ex", "gcore /dev/null/no", "-ex", "continue"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(chance.random() * 0.15)
            os.kill(process.pid, signal.SIGWINCH)
            time.sleep(chance.random() * 0.02)
            inquest.kill()
            inquest.wait()
            assert process.process.poll() is None
        goes_on(process.pid)
        inquest = subprocess.Popen([INQUEST, "debug", "-p", str(process.pid), "-ex", "continue"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        until(inquest, "Continuing.")
        time.sleep(0.2)
        os.kill(process.pid, signal.SIGTERM)
        until(inquest, "received signal SIGTERM")
        time.sleep(0.2)
        assert process.process.poll() is None  # reported, not yet delivered
        inquest.kill()
        inquest.communicate()
        assert process.wait(60) == -signal.SIGTERM


def until(process, word):
    for line in process.stdout:
        if word in line:
            return
    raise AssertionError(f"it ended without {word}")


def test_values_outlive_a_stop(lab):
    """What was printed before can be used after the process ran on; after its end there is nothing."""
    with lab.running(PLAIN, "hang") as process:
        thread = later(process.pid, signal.SIGUSR1)  # which it dies of, once it is continued
        answer = debug(process.pid, "p 40", "p $rip", "set $kept = $1", "display $kept", "continue", "p $1 + 2", "p $kept",
                       "continue", "p $1")
        thread.join()
        lines = answer.out.splitlines()
        assert "$3 = 42" in lines and "$4 = 40" in lines
        assert lines.count("1: $kept = 40") == 2
        assert "No stack" not in answer.err
