# SPDX-License-Identifier: Apache-2.0
"""Where an interpreter may be: in a virtual environment, inside a program, in a container, in files that are gone or that are
others now. tests/e2e/test_python_stacks.py has it stripped, embedded as a library, and moved away from its core."""

import contextlib
import dataclasses
import glob
import os
import re
import shutil
import subprocess

import pytest

import build
import pythons
from conftest import run
from pyprograms import FOUND, differences, some, stack

pytestmark = pytest.mark.thin


@pytest.fixture(params=some())
def python(request):
    return request.param


def test_virtual_environment(programs, python, tmp_path):
    """Its program is a link; of the newest here it is a copy."""
    made = pythons.virtual(python, str(tmp_path / "venv"), python == FOUND[-1])
    if not made:
        pytest.skip(f"{python} makes no virtual environments")
    core, oracle = programs.core(made, "hung", "recursion")
    assert oracle["executable"].startswith(str(tmp_path))
    assert differences(stack(core), oracle) == []


def inside_programs():
    """(interpreter, who has its names): the newest of pyenv, and all ways of those that are named, as tests/matrix.py does.
    Before 3.10 nothing tells of one whose names nobody has, and which loads no modules: docs/known-limits.md."""
    of_pyenv = [python for python in FOUND if python.origin == "pyenv" and python.version >= (3, 8)]
    pairs = [(python, "stripped") for python in of_pyenv[-1:]]
    pairs += [(python, names) for python in FOUND if python.origin == "named" and python.version >= (3, 8)
              for names in ("exported", "there", "stripped") if names != "stripped" or python.version >= (3, 10)]
    return [pytest.param(*pair, id=f"python-{pair[0]}-{pair[1]}") for pair in pairs] or \
        [pytest.param(None, None, marks=pytest.mark.skip(reason="no Python of pyenv is installed"))]


@pytest.mark.parametrize("static, names", inside_programs())
def test_inside_a_program(programs, static, names):
    exe, inside = programs.embedding_statically(static, names)
    core, oracle = programs.core(inside, "embedded", exe=exe)
    answer = stack(core)
    assert differences(answer, oracle) == []
    (thread,) = answer["threads"]
    there = [frame["function"] for frame in thread["frames"]]
    outermost = max(i for i, frame in enumerate(thread["frames"]) if frame["language"] == "python")
    if names != "stripped":
        assert outermost < there.index("serve") < there.index("main")
    elif static.version >= (3, 11):
        assert outermost < there.index("__libc_start_call_main")


@contextlib.contextmanager
def running_copy(programs, python, home):
    """A copy of an interpreter, alone in a folder."""
    copy = programs.stripped(python)
    shutil.copytree(os.path.dirname(os.path.dirname(copy.path)), home)
    copy = dataclasses.replace(copy, path=os.path.join(home, "bin", os.path.basename(copy.path)))
    with pythons.running(copy, "hung", programs.folder, "lock") as process:
        yield process


def test_upgraded_under_way(programs, python, tmp_path):
    """The files of a process that runs are gone, or (of all but the newest here) others are there now."""
    other = python != FOUND[-1]
    home, core = str(tmp_path / "home"), tmp_path / "core"
    with running_copy(programs, python, home) as process:
        for path in glob.glob(f"{home}/bin/python*") + glob.glob(f"{home}/libpython*"):
            os.unlink(path)
            if other:
                shutil.copy("/bin/true", path)
        process.settle()
        assert differences(stack(process.pid), process.oracle) == []
        run("dump", process.pid, core)
    assert differences(stack(core), process.oracle) == []
    core.unlink()


def inner_numbers(pid):
    """{number of a thread in its own namespace: here}"""
    found = {}
    for task in glob.glob(f"/proc/{pid}/task/*"):
        with open(f"{task}/status", encoding="utf-8", errors="replace") as file:
            numbers = re.search(r"^NSpid:\s+(.*)$", file.read(), re.M)[1].split()
        found[int(numbers[-1])] = int(numbers[0])
    return found


def child_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return int(file.read().split()[0])


# Mounts a folder on another (MS_BIND) and becomes a command.
BIND = """
import ctypes, os, sys
if ctypes.CDLL(None).mount(sys.argv[1].encode(), sys.argv[2].encode(), None, 4096, None):
    sys.exit("it cannot be mounted")
os.execv(sys.argv[3], sys.argv[3:])
"""


def test_container(programs, python, tmp_path):
    """Its files are in a mount namespace, its threads have numbers of a process namespace."""
    # A root's mounts are private already; its own "/" is none.
    namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                  *(["--propagation", "unchanged"] if build.ROOT else [])]
    if subprocess.run(build.inside([*namespaces, "true"]), stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("no namespaces can be made")
    copy, home = programs.stripped(python), tmp_path / "home"
    home.mkdir()
    inside = dataclasses.replace(copy, path=str(home / "bin" / os.path.basename(copy.path)), origin=f"{copy.origin}-inside")
    where = os.path.dirname(os.path.dirname(copy.path))
    begin = [*namespaces, python.path, "-c", BIND, where, str(home)]
    with pythons.running(inside, "hung", programs.folder, "lock", front=begin) as process:
        pid = child_of(process.pid)
        assert not os.path.exists(inside.path)
        numbers = inner_numbers(pid)
        for known in process.oracle["threads"]:
            known["tid"] = numbers[known["tid"]]
        assert differences(stack(pid), process.oracle) == []
        core = tmp_path / "core"
        run("dump", pid, core)
    assert differences(stack(core), process.oracle) == []
    core.unlink()
