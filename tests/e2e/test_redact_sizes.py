# SPDX-License-Identifier: Apache-2.0
"""Cores without secrets, of each size and in each language; and such as hold nothing but stacks."""

import json
import re
import subprocess
import tempfile
from pathlib import Path

import build
import cores
import delve_values
import peers
import pytest
from conftest import ROOT, SANITIZED, run

PYTHON = "/usr/bin/python3"
ENVIRONMENT = {"DB_PASSWORD": "Env-s3cret-4711", "ACCESS": "c0ffee-Decaf-99"}
ARGUMENTS = ["--token", "Arg-s3cret-0815"]
C_LINES = ["Form-s3cret-1", "W1de-s3cret-2", "J4va-s3cret-3", "B3arer-s3cret-4567", "Field-s3cret-one", "pin-0001-one",
           "Field-s3cret-two", "pin-0002-two"]
GO_LINES = ["F1eld-s3cret-one", "p1n-0001-one", "F1eld-s3cret-two", "p1n-0002-two", "Vault-s3cret-t3xt", "Raw-s3cret-b1tes",
            "Gl0bal-s3cret", "L0cal-s3cret"]
PYTHON_LINES = ["Attr1bute-s3cret", "W1de-s3cret-\u20ac", "W1dest-s3cret-\U0001f600", "Bl0b-s3cret", "K3y-s3cret", "L0cal-s3cret"]


class Kept:
    """A process that was dumped whole. `options`: what names its secrets, by type and by name."""

    def __init__(self, running, exe, secrets, options):
        self.pid, self.exe, self.options = running.pid, str(exe), options
        self.is_go = secrets == GO_LINES
        self.secrets = [*secrets, *ENVIRONMENT.values(), ARGUMENTS[1]]
        # The first four lines of the program in C are in no field, but in the buffer of standard input, too.
        self.named = [secret for secret in self.secrets if secret not in C_LINES[:4]]


def start_c(lab, folder):
    exe = lab.target("c-gcc-O0-dwarf5", "secrets").exe
    return exe, [exe, *ARGUMENTS], C_LINES, ["--redact-type", "account"]


def start_go(lab, folder):
    exe = lab.target(f"go-{build.GO_VERSIONS[-1]}", "go-secrets").exe
    return exe, [exe, *ARGUMENTS], GO_LINES, ["--redact-type", "main.credentials", "--redact-var", "password", "--redact-var", "pin",
                                              "--redact-var", "apiToken", "--redact-var", "local"]


def start_python(lab, folder):
    lines = folder / "lines"
    lines.write_text("\n".join(PYTHON_LINES), encoding="utf-8")
    return PYTHON, [PYTHON, f"{ROOT}/tests/targets/python/keeper.py", lines, *ARGUMENTS], PYTHON_LINES, \
        ["--redact-var", "*password", "--redact-var", "blob", "--redact-var", "pin"]


@pytest.fixture(scope="module", params=[start_c, start_go, start_python], ids=["c", "go", "python"])
def process(request, lab, tmp_path_factory):
    folder = tmp_path_factory.mktemp("process")
    exe, argv, lines, options = request.param(lab, folder)
    with tempfile.TemporaryFile() as stdin:
        stdin.write("".join(line + "\n" for line in lines).encode())
        stdin.seek(0)
        with cores.Running(argv, stdin=stdin, env=cores.clean_env(**ENVIRONMENT)) as running:
            running.settle()
            kept = Kept(running, exe, lines, options)
            kept.core = folder / "core"
            run("dump", kept.pid, kept.core)
            kept.stacks = stacks(kept.core)
            assert found(kept.core, kept.secrets) == kept.secrets
            yield kept


def spellings(secret):
    return {secret.encode(code, "ignore") for code in ("utf-8", "utf-16-le", "utf-32-le")}


def found(core, secrets):
    """Those of which a spelling stands in the file."""
    data = Path(core).read_bytes()
    return [secret for secret in secrets if any(spelling in data for spelling in spellings(secret))]


def pieces(core, secrets):
    """Those of which the middle does: pieces of them in registers and on stacks, too."""
    return found(core, [secret[i:i + 6] for secret in secrets for i in (0, len(secret) // 2 - 3, len(secret) - 6)])


def stacks(core):
    """What is said of threads and tasks, without labels and names that the program gave them."""
    answer = json.loads(run("stack", "--json", core).out)
    tasks = [{key: value for key, value in task.items() if key not in ("labels", "name")} for task in answer.get("tasks", [])]
    return answer["threads"], tasks, answer.get("task_stacks")


def unpacked(core):
    plain = f"{core}.plain"
    subprocess.run(["zstd", "-q", "-d", core, "-o", plain], check=True)
    return plain


@pytest.mark.parametrize("size", ["--stacks", "--heap=64M", "--compress"])
def test_secrets_are_gone(process, tmp_path, size):
    """In a field, found by its type and by its name, a string of each language, the environment, the command line."""
    small = tmp_path / "core"
    run("shrink", "--redact", *process.options, size, process.core, small)
    assert found(unpacked(small) if size == "--compress" else small, process.named) == []
    assert stacks(small) == process.stacks


def places(said):
    """Where frames are, by thread: values of arguments are not there, which lldb has in names."""
    return said and {tid: [frame.pc for frame in frames] for tid, frames in said.items()}


def delve_stacks(exe, core):
    """By goroutine: what it is doing, and its frames; without the variables of frames."""
    said = delve_values.delve(exe, core, ["goroutines -t 20"])
    return [line for line in said.splitlines() if re.match(r"[* ] Goroutine \d|\s+(\d+  0x|at )", line)]


@pytest.mark.parametrize("how", ["shrink", "copy", "snapshot", "stop"])
def test_stacks_only(process, tmp_path, how):
    """Nothing of a secret is left, in any spelling; stacks are those of the whole core, for others as for us."""
    core = tmp_path / "core"
    words = ("shrink", process.core) if how == "shrink" else ("dump", "--method", how, process.pid)
    answer = run(words[0], "--json", "--redact=stacks-only", *words[1:], core).json
    assert {row["what"]: row["bytes"] for row in answer["redacted"]}["everything but stacks"] > 1000
    assert pieces(core, process.secrets) == []
    assert core.stat().st_size < process.core.stat().st_size / 2
    if how == "shrink" or not process.is_go:  # goroutines of the runtime come and go
        assert stacks(core) == process.stacks
    info = run("info", "--json", "--env", core).json
    assert info["process"]["arguments"] in (None, []) and not info["environment"]
    assert "everything but stacks" in run("info", core).out


@pytest.mark.skipif(SANITIZED, reason="the peers were compared with the release binary")
def test_stacks_only_in_peers(process, tmp_path):
    """Those of Go go on through what lies behind the ends of Go's stacks."""
    if process.is_go:
        pytest.skip("see test_stacks_only_in_delve")
    core = tmp_path / "core"
    run("shrink", "--redact=stacks-only", process.core, core)
    asked = [peers.gdb_stacks, peers.eu_stacks]
    if process.exe != PYTHON:
        asked.append(lambda _, one: peers.lldb_stacks(one))
    for ask in asked:
        assert places(ask(process.exe, str(core))) == places(ask(process.exe, str(process.core)))


@pytest.mark.delve
def test_stacks_only_in_delve(process, tmp_path):
    if not process.is_go:
        pytest.skip("Delve is for Go")
    core = tmp_path / "core"
    run("shrink", "--redact=stacks-only", process.core, core)
    try:
        whole = delve_stacks(process.exe, process.core)
        assert len(whole) > 20 and delve_stacks(process.exe, core) == whole
    except delve_values.NoDelve as none:
        pytest.skip(str(none))


def test_refused(process, tmp_path):
    core = tmp_path / "core"
    for words, says in ((("--redact=stacks-only", "--heap=1M"), "leaves nothing"), (("--redact=stacks-only", "--full"), "holds less"),
                        (("--redact=stacks-only", "--redact-var", "x"), "leaves nothing"), (("--redact=much",), "takes stacks-only")):
        assert says in run("shrink", *words, process.core, core, status=None).err
    assert not core.exists()
