# SPDX-License-Identifier: Apache-2.0
"""Small cores of another machine or container, whose files are below a folder here."""

import shutil
import tempfile
from pathlib import Path

import build
import cores
import pytest
from conftest import run
from test_redact import ACCOUNTS, LINES, found


class Elsewhere:
    """A whole core of a program that is not where it was, but below `image`."""

    def __init__(self, lab, folder, words, lines=()):
        variant, program, *arguments = words
        exe, self.core, self.image = folder / "app", folder / "core", folder / "image"
        shutil.copy(lab.target(variant, program).exe, exe)
        with tempfile.TemporaryFile() as stdin:
            stdin.write("".join(line + "\n" for line in lines).encode())
            stdin.seek(0)
            with cores.Running([str(exe), *arguments], stdin=stdin) as process:
                if program != "go":  # whose goroutines are where they stay when it says that it is ready
                    process.settle()
                run("dump", process.pid, self.core)
        there = Path(f"{self.image}{exe}")
        there.parent.mkdir(parents=True)
        exe.rename(there)
        self.exe = there

    def told(self, core):
        answer = run("stack", "--json", "--sysroot", self.image, core).json
        for task in answer["tasks"]:
            task.pop("labels", None)  # are not for --redact=stacks-only
        return {name: answer[name] for name in ("threads", "tasks", "task_stacks")}


@pytest.fixture(scope="module")
def go(lab, tmp_path_factory):
    return Elsewhere(lab, tmp_path_factory.mktemp("go"), (f"go-{build.GO_VERSIONS[-1]}", "go", "wait"))


@pytest.mark.parametrize("size", ["--stacks", "--heap=1M", "--redact=stacks-only"])
def test_stacks(go, tmp_path, size):
    """All goroutines, which without the files are not looked for, which is said."""
    whole = go.told(go.core)
    assert len(whole["tasks"]) > 15
    assert run("shrink", "--json", size, "--sysroot", go.image, go.core, tmp_path / "core").json["problems"] == []
    assert go.told(tmp_path / "core") == whole
    run("shrink", size, "--exe", go.exe, go.core, tmp_path / "exe")
    assert go.told(tmp_path / "exe") == whole
    says = run("shrink", "--json", size, go.core, tmp_path / "without").json["problems"]
    assert len(says) == 1 and f"{go.exe.name} is not here as it was" in says[0]
    if not size.startswith("--heap"):  # which can hold the whole of a small program's heap
        assert go.told(tmp_path / "without") != whole


def test_secrets(lab, tmp_path):
    """Of a type that only the program's own debug information tells of."""
    process = Elsewhere(lab, tmp_path, ("c-gcc-O0-dwarf5", "secrets"), LINES)
    run("shrink", "--redact-type", "account", process.core, tmp_path / "without")
    assert found(tmp_path / "without", ACCOUNTS) == ACCOUNTS
    run("shrink", "--redact-type", "account", "--sysroot", process.image, process.core, tmp_path / "with")
    assert found(tmp_path / "with", ACCOUNTS) == []
