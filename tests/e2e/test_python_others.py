# SPDX-License-Identifier: Apache-2.0
"""Pythons whose frames are not read are named, with what would be needed, and their native frames are shown."""

import os
import shutil

import pytest

import build
import cores
from conftest import run

pytestmark = pytest.mark.thin

SLEEPS = "import time, sys\nprint('ready')\n{}time.sleep(60)\n"
FLUSHES = "sys.stdout.flush()\n"

# Prints "ready" and waits, with the files of its arguments mapped.
STANDS_IN = r"""
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, open(argv[i], O_RDONLY), 0);
    puts("ready");
    fflush(stdout);
    pause();
}
"""

# What stands in for it: the program's name, the library that it is linked with, arguments.
KINDS = {
    "jython": ("Jython", "java", "libjvm.so", ["-jar", "/opt/jython-2.7.4.jar"]),
    "jython-8": ("Jython", "java", "libjvm.so", ["{folder}/jython.jar"]),
    "jython-class": ("Jython", "java", "libjvm.so", ["-cp", "/opt/a.jar", "org.python.util.jython"]),
    "graalpy": ("GraalPy", "graalpy", "libpythonvm.so", []),
    "graalpy-jvm": ("GraalPy", "java", "libjvm.so", ["com.oracle.graal.python.shell.GraalPythonMain"]),
    "ironpython": ("IronPython", "dotnet", None, ["{folder}/IronPython.dll"]),
    "micropython": ("MicroPython", "micropython", None, []),
    "pypy": ("PyPy", "pypy3", "libpypy3.10-c.so", []),
    "java": (None, "java", "libjvm.so", ["-jar", "/home/jython/server.jar", "--with=jython"]),
    "micro": (None, "server", None, ["micropython"]),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("others"))
    for name, text in ("one.c", STANDS_IN), ("empty.c", ""), ("jython.jar", "x"), ("IronPython.dll", "x"):
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.write(text)
    build.run([build.tool("gcc"), "-O1", f"{folder}/one.c", "-o", f"{folder}/one"])
    build.run([build.tool("gcc"), "-shared", f"{folder}/empty.c", "-o", f"{folder}/empty.so"])
    return folder


def stand_in(folder, kind):
    """argv of a program that looks like it, in a folder of its own."""
    _, program, library, arguments = KINDS[kind]
    own = os.path.join(folder, kind)
    os.mkdir(own)
    path = os.path.join(own, program)
    if library:
        shutil.copy(f"{folder}/empty.so", f"{own}/{library}")
        build.run([build.tool("gcc"), "-O1", f"{folder}/one.c", "-Wl,--no-as-needed", f"{own}/{library}",
                   "-Wl,-rpath," + own, "-o", path])
    else:
        shutil.copy(f"{folder}/one", path)
    return [path, *(word.format(folder=folder) for word in arguments)]


def named(pid, name):
    """The answer names it once, and has frames of C."""
    answer = run("stack", "--json", pid).json
    said = [problem for problem in answer["target"]["problems"] if "cpython runtime" in problem["message"]]
    if name:
        (problem,) = said
        assert f"this is {name}" in problem["message"] and "native" in problem["message"] and problem["hint"]
    else:
        assert not said
    frames = answer["threads"][0]["frames"]
    assert len(frames) > 1 and all(frame["language"] != "python" for frame in frames)


@pytest.mark.skipif(bool(build.ROOT), reason="the same in every root")
@pytest.mark.parametrize("kind", KINDS)
def test_stand_in(folder, kind):
    """By the names that their files have, and by no other word of the command."""
    with cores.Running(stand_in(folder, kind)) as process:
        process.settle()
        named(process.pid, KINDS[kind][0])


@pytest.mark.parametrize("program,name", [("jython", "Jython"), ("micropython", "MicroPython"), ("pypy3", "PyPy")])
def test_real(folder, program, name):
    """Those that the distribution has."""
    script = os.path.join(folder, f"{program}.py")
    with open(script, "w", encoding="ascii") as file:
        file.write(SLEEPS.format("" if program == "micropython" else FLUSHES))
    try:
        interpreter = build.tool(program)
    except build.Missing as missing:
        pytest.skip(str(missing))
    with cores.Running([interpreter, script]) as process:
        process.settle()
        named(process.pid, name)
