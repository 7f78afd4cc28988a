# SPDX-License-Identifier: Apache-2.0
"""inquest dump --when, --every, --count: what starts a dump, and how waiting for it ends."""

import contextlib
import json
import os
import re
import signal
import subprocess
from pathlib import Path

import cores
import jsonschema
import pytest
from conftest import INQUEST, run
from test_dump import SCHEMA
from test_live import state, tracer

# Does what it is told, line by line.
BODY = """
import sys, threading, time
print("ready", flush=True)
kept = []
for line in sys.stdin:
    if line == "grow\\n":
        kept.append(b"x" * (64 << 20))
    elif line == "open\\n":
        kept += [open("/dev/null") for i in range(100)]
    elif line == "threads\\n":
        for i in range(20):
            threading.Thread(target=time.sleep, args=[1000], daemon=True).start()
    elif line == "spin\\n":
        while True:
            pass
"""


class Told(cores.Running):
    def __init__(self):
        super().__init__(["/usr/bin/python3", "-c", BODY], stdin=subprocess.PIPE)

    def tell(self, word):
        self.process.stdin.write(word.encode() + b"\n")
        self.process.stdin.flush()


@pytest.fixture
def told():
    with Told() as process:
        yield process


def waiting(process, path, *options):
    return subprocess.Popen([INQUEST, "dump", "--json", *options, str(process.pid), path], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


def watches(inquest):
    """Does it hold the process that it was told of, and sleep until it looks again?"""
    with contextlib.suppress(OSError):
        held = any("pidfd" in os.readlink(fd) for fd in Path(f"/proc/{inquest.pid}/fd").iterdir())
        return held and state(inquest.pid) == "S"


def answers(inquest, status=0):
    out, err = inquest.communicate(timeout=60)
    assert inquest.returncode == status, err.decode()
    text, found, at = out.decode(), [], 0
    while text[at:].strip():
        value, end = json.JSONDecoder().raw_decode(text[at:].lstrip())
        at += len(text[at:]) - len(text[at:].lstrip()) + end
        jsonschema.validate(value, SCHEMA)
        found.append(value)
    return found, err.decode()


@pytest.mark.parametrize("word, condition", [("grow", "rss>60M"), ("open", "fds>100"), ("threads", "threads>20"),
                                             ("spin", "cpu>5%:300ms")])
def test_what_happens(told, tmp_path, word, condition):
    """Nothing is written before it happens; then one core is."""
    inquest = waiting(told, tmp_path / "core", "--when", "rss>1T", "--when", condition)
    with pytest.raises(subprocess.TimeoutExpired):
        inquest.wait(timeout=0.5)
    assert not list(tmp_path.iterdir())
    told.tell(word)
    (answer,), _ = answers(inquest)
    assert answer["condition"] == condition
    assert run("info", tmp_path / "core").out


def test_no_progress(told, tmp_path):
    (answer,), _ = answers(waiting(told, tmp_path / "core", "--when", "no-progress:300ms"))
    assert answer["condition"] == "no-progress:300ms"
    told.tell("spin")
    inquest = waiting(told, tmp_path / "never", "--when", "no-progress:300ms")
    with pytest.raises(subprocess.TimeoutExpired):
        inquest.wait(timeout=1)
    inquest.send_signal(signal.SIGINT)
    assert answers(inquest, 130)[0] == []
    assert not (tmp_path / "never").exists() and tracer(told.pid) == 0 and state(told.pid) in "RS"


def test_again(told, tmp_path):
    """Every so often, with a number or the time in the name."""
    found, _ = answers(waiting(told, tmp_path / "core.zst", "--compress", "--every", "100ms", "--count", "3"))
    assert [answer["file"] for answer in found] == [str(tmp_path / f"core.{i}.zst") for i in (1, 2, 3)]
    found, _ = answers(waiting(told, tmp_path / "%n-%t", "--every", "100ms", "--count", "2", "--when", "rss>1M"))
    assert [re.sub(r"\d{8}T\d{6}Z", "TIME", answer["file"]) for answer in found] == [
        str(tmp_path / f"{i}-TIME") for i in (1, 2)]
    assert {answer["condition"] for answer in found} == {"rss>1M"}


def test_the_end_of_the_process(tmp_path):
    with Told() as told:
        every = waiting(told, tmp_path / "every.%n", "--every", "1h")
        while not (tmp_path / "every.1").exists():
            assert every.poll() is None
        inquest = waiting(told, tmp_path / "core", "--when", "rss>1T")  # now that nobody traces the process
        while not watches(inquest):
            assert inquest.poll() is None
    assert f"process {told.pid} has ended: 0 of 1 cores were written" in answers(inquest, 1)[1]
    found, err = answers(every)
    assert len(found) == 1 and f"process {told.pid} has ended, after 1 core" in err


def test_refused(told, tmp_path):
    """Before anybody waits for hours."""
    (tmp_path / "there").write_text("")
    for options, path, message in [
            (["--when", "rss>1T"], "there", "exists already"), (["--when", "rss>1T"], "no/core", "cannot make a file"),
            (["--when", "rss>many"], "core", "is no condition"), (["--every", "soon"], "core", "is no time"),
            (["--count", "2"], "core", "when are 2 cores to be written"), (["--count", "0"], "core", "would make none")]:
        assert message in run("dump", *options, told.pid, tmp_path / path, status=None).err
    assert "one core only" in run("dump", "--every", "1s", told.pid, "-", status=None).err
    assert [p.name for p in tmp_path.iterdir()] == ["there"]
