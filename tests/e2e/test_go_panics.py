# SPDX-License-Identifier: Apache-2.0
"""Panics that are not over: what Inquest says of each is what the program itself prints when it dies of it."""

import functools
import re
import subprocess

import pytest

import build
from conftest import run

pytestmark = pytest.mark.thin
PLAIN = [f"go-{version}" for version in build.GO_VERSIONS]
# Only their methods know their text, and the runtime has not asked yet; of a struct it prints no more than an address.
UNTOLD = {"struct": "main.point", "own-error": "*main.bad"}


@functools.cache
def printed(exe, name):
    """What the runtime prints after "panic: "; lines behind the first are indented since Go 1.20."""
    result = subprocess.run([exe, name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    said = re.match(r"panic: (.*?)\n(?:\[signal .*\n)?\n", result.stderr, re.S)
    assert result.returncode == 2 and said, result.stderr
    return said[1].replace("\n\t", "\n")


@functools.cache
def kinds(exe):
    return subprocess.run([exe, "list"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()


@pytest.mark.parametrize("variant", [*PLAIN, f"{PLAIN[-1]}-stripped"])
def test_in_the_words_of_the_runtime(lab, variant):
    target, core = lab.core(variant, "hold", program="panics")
    said = {}
    for trouble in run("info", "--json", core).json["target"]["troubles"]:
        said.setdefault(trouble["goroutine"], []).append(trouble)
    answer = run("stack", "--json", core).json
    seen = set()
    for task in answer["tasks"]:
        functions = [frame["function"] for frame in answer["task_stacks"][task["stack"]]["frames"]]
        if "main.panicking" not in functions:
            continue
        (number,) = [int(m[1]) for f in functions if (m := re.fullmatch(r"main\.(?:glob\.|init)\.func(\d+)", f))]
        kind = kinds(target.exe)[number - 1]
        (trouble,) = said.pop(task["id"])
        assert trouble["kind"] == "panic" and not trouble["recovered"], kind
        if kind in UNTOLD:
            assert (trouble["text"], trouble["type"]) == (None, UNTOLD[kind])
        else:
            assert trouble["text"] == printed(target.exe, kind), kind
        seen.add(kind)
    assert seen == set(kinds(target.exe))
    main, leaving, nested = (said.pop(i) for i in sorted(said, key=lambda i: (i != 1, len(said[i]))))
    assert not said and (main[0]["text"], leaving[0]["kind"]) == ("the end", "goexit")
    assert [trouble["text"] for trouble in nested] == ["second of 5", "first"]


@pytest.mark.parametrize("variant", PLAIN)
@pytest.mark.parametrize("death", ["nested", "recovered", "goexit"])
def test_one_after_the_other(lab, variant, death):
    """All that the runtime prints, the newest first."""
    target, core = lab.core(variant, death, "crash", program="panics")
    result = subprocess.run([target.exe, death], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    theirs = [line.strip() for line in result.stderr.split("\n\n", maxsplit=1)[0].splitlines()]
    troubles = [t for t in run("info", "--json", core).json["target"]["troubles"] if t["kind"] == "panic"]
    ours = [f"panic: {t['text']}" + (" [recovered]" if t["recovered"] else "") for t in reversed(troubles)]
    assert ours == theirs
