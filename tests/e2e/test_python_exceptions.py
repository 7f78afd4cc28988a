# SPDX-License-Identifier: Apache-2.0
"""Exceptions that Python threads handle and raise are those that the programs wrote down: types, messages, tracebacks,
and what they came from."""

import os
import subprocess

import pytest

import build
import cores
from conftest import run
from pyprograms import interpreters, some

pytestmark = pytest.mark.thin

# Dies in C with an exception on its way, which Python code alone cannot do.
RAISES = r"""
extern void *PyExc_LookupError;
void PyErr_SetString(void *type, const char *text);
void abort(void);
void die(void) { PyErr_SetString(PyExc_LookupError, "on its way"); abort(); }
"""
PROGRAM = """
import ctypes, sys
def outer():
    try:
        raise OSError(2, "no file", "x")
    except OSError:
        inner()
def inner():
    ctypes.PyDLL(sys.argv[1]).die()
outer()
"""


def chain(error):
    """As the answer has it: the exception, then what it came from."""
    found = []
    while error:
        origin = error["cause"] or error["context"]
        relation = None if not origin else "cause" if error["cause"] else "context"
        found.append((error["type"], error["text"], [tuple(place) for place in error["traceback"]], relation))
        error = origin
    return found


def answered(thread):
    return [(error["type"], error["text"], [(p["file"], p["line"], p["name"]) for p in error["traceback"]],
             error.get("from")) for error in thread["handled"]]


@pytest.mark.parametrize("python", interpreters())
def test_handled(programs, python):
    answer, oracle = programs.answer(python)
    theirs = {int(tid): chain(error) for tid, error in oracle["handled"].items() if error}
    assert len(theirs) >= 3
    assert {thread["tid"]: answered(thread) for thread in answer["threads"] if "handled" in thread} == theirs


@pytest.mark.parametrize("python", some())
def test_raised_and_handled(python, tmp_path):
    source, library, program = (str(tmp_path / name) for name in ("raises.c", "raises.so", "raises.py"))
    for path, text in ((source, RAISES), (program, PROGRAM)):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    build.run([build.tool("gcc"), "-shared", "-fPIC", "-w", source, "-o", library])
    core = cores.kernel_core([python.path, program, library], str(tmp_path), env=cores.clean_env())
    thread = run("stack", "--json", core).json["threads"][0]
    (raised, context), (handled,) = thread["raised"], thread["handled"]
    assert (raised["type"], raised["text"], raised["from"]) == ("LookupError", "on its way", "context")
    assert context["address"] == handled["address"]
    assert (handled["type"], handled["text"]) == ("FileNotFoundError", "[Errno 2] no file: 'x'")
    assert [place["line"] for place in handled["traceback"]] == [5]
    text = run("stack", core).out
    assert "  raises LookupError: on its way\n    raised while it handled FileNotFoundError: " in text
    assert "  handles FileNotFoundError: [Errno 2] no file: 'x'\n      outer  " in text
    os.unlink(core)
