# SPDX-License-Identifier: Apache-2.0
"""Greenlets: those that the program knew, where each was left, and to which each returns."""

import re

import pytest

from conftest import run
from pyprograms import plain, with_module

pytestmark = pytest.mark.thin


THOSE_WITH_IT = with_module("greenlet", "python3-greenlet")


@pytest.fixture(params=THOSE_WITH_IT)
def core(request, programs):
    return programs.core(request.param, "greenlets")


def frames_of(task, answer):
    frames = answer["task_stacks"][task["stack"]]["frames"]
    return [(plain(frame), frame["file"], frame["line"]) for frame in frames if frame["language"] == "python"]


def pair_up(answer, oracle):
    """{key of the oracle: ours}, by state, name and frames."""
    left, found = [task for task in answer["tasks"] if task["kind"] == "greenlet"], {}
    for key, known in oracle["greenlets"].items():
        if known["state"] == "ended":
            continue
        frames = [(frame["function"], frame["file"], frame["line"]) for frame in known["frames"]]
        alike = [task for task in left if task["state"] == known["state"] and
                 (known["state"] == "suspended" and frames_of(task, answer) == frames or
                  known["state"] == "running" and frames_of(task, answer)[-1][0] == {"beside": "rests"}.get(key, key) or
                  known["state"] == "not started") and known["name"] in (None, task.get("name"))]
        assert len(alike) == 1, (key, known, left)
        found[key] = alike[0]
        left.remove(alike[0])
    assert not left
    return found


def check(answer, oracle):
    pairs = pair_up(answer, oracle)
    assert len(pairs) == 12
    for key, task in pairs.items():
        parent = oracle["greenlets"][key]["parent"]
        assert task.get("parent") == (pairs[parent]["id"] if parent else None), key
        assert ("tid" in task) == (key in ("ends", "beside"))
    assert pairs["main"]["name"] == pairs["main beside"]["name"] == "main"
    assert pairs["hub"]["name"] == "Hub"
    assert pairs["never"]["reason"] == "not started: ends"
    threads = {thread["name"]: thread["tid"] for thread in oracle["threads"]}
    assert (pairs["ends"]["tid"], pairs["beside"]["tid"]) == (threads["MainThread"], threads["switches"])


def test_every_greenlet(core):
    path, oracle = core
    check(run("stack", "--json", path).json, oracle)


def test_locals(core):
    """Of a suspended greenlet as of any frame."""
    path, oracle = core
    known = oracle["greenlets"]["reads"]["frames"][0]["locals"]
    listed = run("debug", "--batch", "-ex", "info tasks", path).out
    (number,) = re.findall(r'^ *(\d+) "reads"', listed, re.M)
    out = run("debug", "--batch", "-ex", f"task {number}", "-ex", "print request", "-ex", "print depth", "-ex", "up",
              "-ex", "print depth", path).out
    assert re.findall(r"^\$\d+ = (.*)$", out, re.M) == [known["request"], known["depth"], "1"]


def test_tree(core):
    path, _ = core
    text = run("stack", "--tree", path).out
    assert re.search(r'^\d+ "main" \[suspended\]  <module> greenlets.py:\d+\n(  .*\n)*'
                     r'  \d+ \[suspended\]  outer .*\n    \d+ \[suspended\]  inner .*\n', text, re.M), text
    (below,) = re.findall(r'^  \d+ "Hub" \[suspended\]  (?:Hub\.)?run .*\n((?:    .*\n)+)', text, re.M)
    for one in ('"reads" ', '"writes" ', r"\[running\] on thread \d+  ends "):  # in any order
        assert re.search(rf"^    \d+ {one}", below, re.M), (one, text)
    assert re.search(r"^  \d+ \[not started: ends\]$", text, re.M)


def test_stacks_in_text(core):
    path, _ = core
    text = run("stack", "--each", path).out
    assert re.search(r'^Greenlet (\d+) "Hub" \[suspended\] below greenlet \d+\n  #0 +(Hub\.)?run ', text, re.M)
    assert re.search(r'^Greenlet \d+ \[running\] on thread \d+ "MainThread" \(crashed\) below greenlet \d+\n', text, re.M)


@pytest.mark.parametrize("python", THOSE_WITH_IT[-1:])
def test_running_process(programs, python):
    with programs.running(python, "greenlets") as process:
        for _ in range(5):
            check(run("stack", "--json", process.pid).json, process.oracle)
        assert process.process.poll() is None
