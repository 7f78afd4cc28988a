# SPDX-License-Identifier: Apache-2.0
"""The language of Delve's scripts, without a target: what a program says is what Delve said of it."""

import json
import os
import sys
import types

import pytest

from starlark_snippets import readable, snippets

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "src", "front", "script"))

import starlark  # noqa: E402

pytestmark = pytest.mark.skipif(bool(os.environ.get("INQUEST_SANITIZED")), reason="only code in Python, no program")

# What we say otherwise, and why.
KNOWN = {
    "def f(): pass\nf(x=1)\n": "Python tells the wrong argument before it counts them",
}


class Refused(Exception):
    """What the host raises."""


class Host:
    """As Inquest without a target; `asked` has what was asked."""

    Error = Refused

    def __init__(self, answers=None):
        self.commands, self.asked, self.answers = {}, [], answers or {}

    def delve_call(self, method, parameters):
        self.asked.append((method, parameters))
        if method not in self.answers:
            raise Refused("not here")
        return self.answers[method]

    def command(self, line):
        self.asked.append((line, b""))
        if line not in self.answers:
            raise Refused("command not available")
        return self.answers[line]

    @staticmethod
    def selection():
        return 0, 0, 0

    def add_command(self, name, function, help_text):
        self.commands[name] = types.SimpleNamespace(run=function, help=help_text)


class Session:
    """Scripts that share an environment; `said` is what was printed."""

    def __init__(self, answers=None):
        self.host, self.said = Host(answers), []
        self.runner = starlark.runner(self.host, self.said.append)

    def run(self, source, args=()):
        self.runner.run("x.star", source, args)
        return "".join(self.said)


def says(program):
    session = Session()
    try:
        session.run(program)
    except starlark.Failure as failure:
        session.said.append(f"error: {failure}\n")
    return readable("".join(session.said))


def test_programs_say_what_delve_says():
    pairs = snippets("starlark.txt")
    wrong = [(program, theirs, ours) for program, theirs in pairs for ours in (says(program),)
             if ours != theirs and program not in KNOWN]
    assert len(pairs) >= 300 and not wrong


@pytest.mark.parametrize("path", [
    "().__class__", "''.__class__", "[].__class__", "{}.__class__", "(lambda: 1).__globals__", "len.function", "len.__call__",
    "print.receiver", "f.__code__", "time.members", "time.__init__", "tgt.delve", "cur_scope().data", "b''.decode",
    "'{0.__class__}'.format(1)", "(1).real", "time.now().zone", "time.second.nanosecond", "'a'.elems().owner",
    "getattr([], '__class__')", "getattr(time, 'attribute')", "getattr(help, 'function')"])
def test_python_is_out_of_reach(path):
    with pytest.raises(starlark.Failure):
        Session().run(f"def f(): pass\nx = {path}\n")


@pytest.mark.parametrize("name", ["__import__", "open", "exec", "globals", "compile", "object", "super", "input", "vars",
                                  "setattr", "delattr", "isinstance", "id", "__builtins__", "__name__", "exit", "quit"])
def test_pythons_functions_are_undefined(name):
    with pytest.raises(starlark.Failure, match=f"undefined: {name}"):
        Session().run(f"x = {name}\n")


def test_depth_is_a_message():
    for program in ("x = " + "(" * 100000 + "1" + ")" * 100000, "x = " + "[" * 50000 + "]" * 50000, "x = " + "-" * 100000 + "1",
                    "def f(n): return f(n + 1)\nf(0)\n", "x = []\nfor i in range(100000): x = [x]\nprint(x)\n",
                    "f = lambda: 1\n" + "if 1:\n" + "".join(" " * n + "if 1:\n" for n in range(1, 3000)) + " " * 3000 + "pass\n"):
        with pytest.raises(starlark.Failure):
            Session().run(program)


def test_hostile_numbers_are_messages():
    for program in ("print(len(str(1 << 500 << 500)) and 'x' * (1 << 40))", "x = 7\nfor i in range(40): x = x * x\n",
                    "int('9' * 1000000)", "print([0] * (1 << 31))", "print('%d' % (10 * 1.0e300))\nrange(1 << 70)"):
        with pytest.raises(starlark.Failure):
            Session().run(program)


def test_commands_take_text_or_values():
    session = Session()
    session.run('def command_text(args):\n  "Says it."\n  print("[" + args + "]")\n'
                "def command_values(a, b=5): print(a, b)\n"
                "def command_one(x): print(type(x))\n"
                "Shared = 6\n")
    commands = session.host.commands
    assert commands["text"].help == "Says it." and commands["values"].help == "user defined"
    commands["text"].run("a b  c")
    commands["values"].run('"x", [Shared]')
    commands["values"].run("(1, 2)")
    commands["one"].run("lambda x: x.A == 5")
    assert "".join(session.said) == '[a b  c]\nx [6]\n1 2\nfunction\n'
    for name, words in (("values", ""), ("values", "1, 2, 3"), ("values", "nosuch"), ("values", "1 +")):
        with pytest.raises(starlark.Failure):
            commands[name].run(words)


def test_capital_globals_are_shared_between_scripts():
    session = Session()
    session.run("Count = [1]\nlocal = 2\ndef Twice(n): return 2 * n\n")
    assert session.run("print(Twice(Count[0]))\n") == "2\n"
    for program, message in (("print(local)\n", "undefined: local"), ("Count.append(1)\n", "append: cannot append to frozen list")):
        with pytest.raises(starlark.Failure, match=message):
            session.run(program)


def test_arguments_of_calls():
    """What is asked, for arguments by place and by name, and for those left out."""
    session = Session({f"RPCServer.{name}": b"{}" for name in ("Eval", "ListGoroutines", "Stacktrace", "Command", "ExamineMemory")} | {"goroutine 5": ""})
    session.run('eval(None, "x")\neval({"GoroutineID": 7, "Frame": 2}, "y", {"MaxStringLen": 9})\n'
                'goroutines(1, Count=5, Filters=[{"Kind": 1, "Arg": "main", "Negated": True}])\n'
                'goroutines(GoroutineGroupingOptions={"GroupBy": 2, "MaxGroups": 3}, EvalScope=cur_scope())\n'
                'stacktrace(3, Depth=4, Full=True)\nraw_command("switchGoroutine", GoroutineID=5)\n'
                "examine_memory(0xffffffffffffff00, 16)\n")
    selected = {"GoroutineID": -1, "Frame": 0}
    default = {"FollowPointers": True, "MaxVariableRecurse": 1, "MaxStringLen": 64, "MaxArrayValues": 64,
               "MaxStructFields": -1}
    assert [json.loads(parameters) for _, parameters in session.host.asked if parameters] == [
        {"Scope": selected, "Expr": "x", "Cfg": default},
        {"Scope": {"GoroutineID": 7, "Frame": 2}, "Expr": "y", "Cfg": {"MaxStringLen": 9}},
        {"Start": 1, "Count": 5, "Filters": [{"Kind": 1, "Arg": "main", "Negated": True}], "EvalScope": selected},
        {"GroupBy": 2, "MaxGroups": 3, "EvalScope": selected},
        {"Id": 3, "Depth": 4, "Full": True},
        {"name": "switchGoroutine", "goroutineID": 5, "ReturnInfoLoadConfig": default},
        {"Address": 0xffffffffffffff00, "Length": 16},
    ]


def test_backtraces_say_where():
    with pytest.raises(starlark.Failure) as caught:
        Session().run("def f(n):\n    return 1 // n\nprint([f(x) for x in (1, 0)])\n")
    assert str(caught.value) == "floored division by zero"
    lines = caught.value.backtrace.splitlines()
    assert lines[0] == "Traceback (most recent call last):" and lines[-1] == "Error: floored division by zero"
    assert lines[-2].startswith("  x.star:2") and lines[-2].endswith(": in f") and "x.star:3" in lines[1]
