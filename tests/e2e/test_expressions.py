# SPDX-License-Identifier: Apache-2.0
"""Expressions typed into the console say what gdb says. The questions are in expressions/*.txt, a command a line."""

import json
import pathlib
import re
import shutil
import subprocess

import pytest

import peers
from conftest import INQUEST

HERE = pathlib.Path(__file__).resolve().parent
LAB = pathlib.Path.home() / ".cache" / "inquest-lab" / "targets"

# Questions, variant, program, function whose frame is selected.
PROGRAMS = [
    ("c", "c-gcc-O0-dwarf5", "values", "inner"),
    ("c", "c-clang-O0-dwarf4", "values", "inner"),
    ("cxx", "cxx-gcc-O0-dwarf5", "values-cxx", "shop::Till::count"),
    ("rust", "rust-O0-legacy", "values-rust", "values::records"),
]

# Where we differ from gdb 13: questions, command, gdb's answer (patterns of the whole), and why.
KNOWN = [
    (".*", ".* = .*|.*\\+\\+", "Cannot access memory.*", "we say that a core cannot be changed"),
    (".*", ".*\\(.*\\)", "You can't do that without a process to debug.", "we say that functions are not called"),
    ("c|cxx", ".*", "Structure has no component named operator.*|No symbol \"operator.*", "we say that calls are refused"),
    ("c|cxx", ".*", "warning: (left|right) shift.*(\n.*)*", "we shift without a warning"),
    ("c", "p abort", ".*<__GI_abort>", "another name of the same address"),
    ("c", "p &?g_(struct|point|bits).*", ".*Attempt to take address of value not located.*", "of the same kind"),
    ("cxx", "p version|p shop::version", "No symbol .*", "gdb 13 does not look into inline namespaces here"),
    ("cxx", "p dynamic_cast.*", ".*<vtable for.*", "gdb takes the vtable pointer for the object"),
    ("cxx", "p const_cast.*", "Attempt to take address.*", "gdb does not take a reference for an object here"),
    ("cxx", "p Old::old_one", ".*is not defined as an aggregate type.*", "C++11 qualifies plain enumerators, too"),
    ("cxx", "p bool\\(.*|.*decltype.*", "A syntax error.*", "C++ has it"),
    ("cxx", "p generic<int, ?3>", ".*", "the symbol's name has the type of the result"),
    ("cxx", "p &?Square::area", ".*virtual.*", "the method, not only that it is virtual"),
    ("cxx", "p Plain::y", ".*", "gdb reads the member of an object at address 0x0"),
    ("cxx", "p typeid.*", ".*", "not supported"),
    ("rust", ".*", "(?s)(type = )?\\(?[{]?(fn \\()?\\*mut .*", "gdb 13 writes every pointer of Rust as *mut"),
    ("rust", "p (crate|shop|::values)::.*", "No symbol.*", "gdb 13 does not find what is in a module of the crate"),
    ("rust", "p .*|whatis .*", "(?s).*Internal error.*", "gdb complains in the middle of it"),
    ("rust", "p slice\\[5\\]", "Index greater than length.*", "we say which and how many"),
    ("rust", "p nested_tuple.0.1", "field name expected.*", "gdb 13 takes 0.1 for a number"),
    ("rust", "p (b?\"abc\"|point as i32|object)", ".*", "a literal of the debugger; no conversion that Rust has; two words"),
    ("rust", "whatis .* [+] .*", "type = (long|double)", "gdb promotes as in C, Rust does not"),
    ("rust", "whatis (\\*const i32|\\(i32, bool\\))", ".*", "gdb does not parse these either"),
    ("rust", "p \\$nothing", "\\(\\)", "void"),
    ("rust", "p (borrowed|slice|vector)", ".*", "slices and vectors as their runtime presents them"),
    ("ceph", "p (\\*this|\\*?cct|cct->_conf|sub)", "(?s).*", "containers as their runtime presents them"),
    ("ceph", "whatis std::string", ".*", "gdb stops at the name that `using` gives"),
    ("ceph", "p name", ".*", "gdb takes a static variable of another library"),
    ("valkey", "p shared", ".*more than max-value-size", "we print it"),
    ("rust", "whatis boxed", ".*", "the type's name"),
]


def questions(name):
    lines = (HERE / "expressions" / f"{name}.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def ask(argv, commands):
    """The answers by their number, errors included."""
    options = []
    for i, command in enumerate(commands):
        options += ["-ex", f"echo @@{i}@@\\n", "-ex", command]
    said = subprocess.run([*argv, *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=peers.env(),
                          stderr=subprocess.STDOUT, timeout=300, check=False).stdout.decode(errors="replace")
    found = re.findall(r"@@(\d+)@@\n(.*?)(?=@@\d+@@\n|\Z)", said, re.S)
    return {int(i): re.sub(r"^\$\d+ = ", "", text.strip()) for i, text in found}


def frame_of(argv, function):
    """The number of the innermost frame that runs a function: each side counts inlined frames in its own way."""
    stack = ask(argv, ["bt 30"])[0]
    match = re.search(rf"^#(\d+) .*\b{re.escape(function)} \(", stack, re.M)
    assert match, stack
    return match[1]


def plain(answer):
    """Without the column, which gdb does not say, and the full stop of a message."""
    answer = re.sub(r"^Column \d+: ", "", answer).rstrip(".")
    return answer[:1].lower() + answer[1:]


def differences(name, exe, core, function, more=()):
    gdb = ["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex", "set auto-load no", "-iex",
           "set width 0", *more, exe, core]
    inquest = [INQUEST, "debug", "--batch", "-n", exe, core]
    commands = questions(name)
    theirs = ask(gdb, [f"frame {frame_of(gdb, function)}", *commands])
    ours = ask(inquest, [f"frame {frame_of(inquest, function)}", *commands])
    wrong = []
    for i, command in enumerate(commands, 1):
        if i not in theirs:
            continue # gdb itself fell over
        if i in ours and plain(theirs[i]) == plain(ours[i]):
            continue
        if not any(re.fullmatch(which, name) and re.fullmatch(pattern, command) and re.fullmatch(said, theirs[i])
                   for which, pattern, said, why in KNOWN):
            wrong.append(f"{command}\n  gdb:     {theirs[i]}\n  inquest: {ours.get(i)}")
    return wrong


@pytest.mark.skipif(not shutil.which("gdb"), reason="needs gdb")
@pytest.mark.parametrize("name, variant, program, function", PROGRAMS, ids=[f"{p[0]}-{p[1]}" for p in PROGRAMS])
def test_programs(lab, name, variant, program, function):
    target, core = lab.core(variant, "abort", program=program)
    wrong = differences(name, target.exe, core, function)
    assert not wrong, f"{len(wrong)} differ:\n" + "\n".join(wrong)


@pytest.mark.skipif(not shutil.which("gdb"), reason="needs gdb")
@pytest.mark.parametrize("name, target, function", [("valkey", "valkey-source", "debugCommand"),
                                                    ("ceph", "ceph", "MonClient::authenticate")])
def test_servers(request, name, target, function):
    """Cores of large programs, from bench/make_targets.py."""
    if name == "ceph" and not request.config.getoption("--full"):
        pytest.skip("takes minutes: --full")
    made = LAB / target / "target.json"
    if not made.exists():
        pytest.skip(f"{made.parent} was not made: see bench/make_targets.py")
    made = json.loads(made.read_text())
    wrong = differences(name, made["exe"], made["core"], function)
    assert not wrong, f"{len(wrong)} differ:\n" + "\n".join(wrong)
