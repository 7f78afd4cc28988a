# SPDX-License-Identifier: Apache-2.0
"""Answers about Python programs beside what the programs wrote down (tests/targets/python/oracle.py)."""

import subprocess

import pytest

import build
import pythons
from conftest import run

FOUND = pythons.found()


def interpreters(*minors):
    """Interpreters to run a test with: all, or those of the versions named; skipped with the reason where none is."""
    if not FOUND:
        return [pytest.param(None, marks=pytest.mark.skip(reason="no Python from 3.6 on is installed"))]
    chosen = [python for python in FOUND if not minors or python.version[1] in minors]
    missing = sorted(set(minors) - {python.version[1] for python in chosen})
    return [pytest.param(python, id=f"python-{python}") for python in chosen] + \
        [pytest.param(None, id=f"python-3.{minor}", marks=pytest.mark.skip(reason=f"no Python 3.{minor} is installed"))
         for minor in missing]


def stack(target, *options):
    """What `inquest stack` says of a target."""
    return run("stack", "--json", *options, target).json


def some():
    """The distribution's, the oldest, and the newest that is there: for what does not depend on the version much."""
    chosen = {FOUND[0], FOUND[-1], *[python for python in FOUND if python.origin == "debian"]} if FOUND else set()
    return [pytest.param(python, id=f"python-{python}") for python in FOUND if python in chosen] or interpreters()


def with_module(module, package):
    """Those interpreters that have a module; skipped with the package's name where none has."""
    def has(python):
        asked = subprocess.run(build.inside([python.path, "-c", f"import {module}"]), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, check=False)
        return asked.returncode == 0
    return [param for param in interpreters() if param.values[0] and has(param.values[0])] or \
        [pytest.param(None, marks=pytest.mark.skip(reason=f"no Python has the module {module}: {package}"))]


class Programs:
    """Cores of Python programs, made once a session."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.made = {}
        self.answers = {}

    def native(self):
        return self._try(pythons.native_library, self.folder)

    def extension(self, python):
        return self._try(pythons.extension_module, python, self.folder)

    def core(self, python, program, *words, **more):
        key = python, program, words, tuple(sorted((name, str(value)) for name, value in more.items()))
        if key not in self.made:
            self.made[key] = self._try(pythons.core, python, program, self.folder, *words, **more)
        return self.made[key]

    def running(self, python, program, *words, **more):
        return self._try(pythons.running, python, program, self.folder, *words, **more)

    def answer(self, python, *options):
        """(JSON, oracle) of all.py with this interpreter."""
        core, oracle = self.core(python, "all")
        key = python, options
        if key not in self.answers:
            self.answers[key] = run("stack", "--json", *options, core).json
        return self.answers[key], oracle

    def stripped(self, python):
        return self._try(pythons.stripped, python, self.folder)

    def renumbered(self, python, minor):
        return self._try(pythons.renumbered, python, self.folder, minor)

    def embedding_statically(self, python, names):
        return self._try(pythons.embedding_statically, python, self.folder, names)

    def embedding(self, python):
        return self._try(pythons.embedding, python, self.folder)

    @staticmethod
    def _try(make, *args, **more):
        try:
            return make(*args, **more)
        except build.Missing as missing:
            pytest.skip(str(missing))


def threads(answer):
    return {thread["tid"]: thread for thread in answer["threads"]}


def python_frames(thread):
    return [frame for frame in thread["frames"] if frame["language"] == "python"]


def expected(oracle_thread):
    return [(frame["function"], frame["file"], frame["line"]) for frame in oracle_thread["frames"]]


def plain(frame):
    """The plain name of a frame, which a qualified one ends with: "Parcel.weigh", "objects.<locals>.<lambda>"."""
    return frame.get("name") or frame["function"].rsplit(".", 1)[-1]


def got(frames):
    return [(plain(frame), frame["file"], frame["line"]) for frame in frames]


def below_stop(frames):
    """Of the thread that wrote the oracle: its frames from the caller of stop() on."""
    names = [plain(frame) for frame in frames]
    return frames[names.index("stop") + 1:] if "stop" in names else frames


def differences(answer, oracle):
    """What is not as the program wrote it down, thread by thread."""
    wrong, ours = [], threads(answer)
    for known in oracle["threads"]:
        thread = ours.get(known["tid"])
        if not thread:
            wrong.append(f"{known['name']}: no thread {known['tid']}")
            continue
        if known["frames"] is None:
            continue
        frames = python_frames(thread)
        if known["current"]:
            frames = below_stop(frames)
        theirs, mine = expected(known), got(frames)
        if mine != theirs:
            at = next((i for i, pair in enumerate(zip(mine, theirs)) if pair[0] != pair[1]), min(len(mine), len(theirs)))
            wrong.append(f"{known['name']}: {len(mine)} frames for {len(theirs)}; first difference at {at}: "
                         f"{mine[at:at + 2]} for {theirs[at:at + 2]}")
    return wrong
