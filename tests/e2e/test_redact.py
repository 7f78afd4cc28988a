# SPDX-License-Identifier: Apache-2.0
"""Cores without secrets: what was planted is nowhere in the file, and stacks are as before."""

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

import cores
import jsonschema
import peers
import pytest
from conftest import INQUEST, json_schema, run

VARIANT = "c-gcc-O0-dwarf5"
ENVIRONMENT = {"DB_PASSWORD": "Env-s3cret-4711", "SETTING": "plain-word", "ACCESS": "c0ffee-Decaf-99"}
ARGUMENTS = ["--token", "Arg-s3cret-0815", "--api-key=Arg-k3y-77", "--verbose"]
FORM, WIDE, JAVA, BEARER = "Form-s3cret-1", "wide secret=W1de-s3cret-2", "token=J4va-s3cret-3", "B3arer-s3cret-4567"
ACCOUNTS = ["Field-s3cret-one", "pin-0001-one", "Field-s3cret-two", "pin-0002-two"]
LINES = [FORM, WIDE, JAVA, BEARER, *ACCOUNTS]
KNOWN = [*ENVIRONMENT.values(), "Arg-s3cret-0815", "Arg-k3y-77"]


def spellings(secret):
    return [secret.encode(code) for code in ("latin-1", "utf-16-le", "utf-32-le")]


def found(core, secrets):
    """Those that stand in the file."""
    data = Path(core).read_bytes()
    return [secret for secret in secrets if any(spelling in data for spelling in spellings(secret))]


def stacks(core):
    """Without what the file is called, and the command line."""
    answer = json.loads(run("stack", "--json", core).out)
    return answer["threads"]


def redacted(answer):
    return {row["what"]: row["matches"] for row in answer["redacted"]}


@pytest.fixture(scope="module")
def process(lab):
    exe = lab.target(VARIANT, "secrets").exe
    with tempfile.TemporaryFile() as lines:
        lines.write("".join(line + "\n" for line in LINES).encode())
        lines.seek(0)
        with cores.Running([exe, *ARGUMENTS], stdin=lines, env=cores.clean_env(**ENVIRONMENT)) as running:
            running.exe = exe
            yield running


@pytest.fixture(scope="module")
def plain(process, tmp_path_factory):
    """As it is: everything is in it."""
    core = tmp_path_factory.mktemp("plain") / "core"
    run("dump", process.pid, core)
    assert set(found(core, [*KNOWN, *LINES])) == {*KNOWN, *LINES}
    return core


def check(core, plain, process, found_there=True):
    assert found(core, KNOWN) == []
    assert found(core, ["password=" + FORM, "secret=W1de", JAVA, "Bearer " + BEARER]) == []
    for kept in (b"DB_PASSWORD=*", b"--token\0*", b"user=me password=*", b"Authorization: Bearer *", b"someone"):
        assert not found_there or kept in Path(core).read_bytes()
    assert stacks(core) == stacks(plain)
    assert peers.gdb_stacks(process.exe, core) == peers.gdb_stacks(process.exe, plain)


def test_of_a_process(process, plain, tmp_path):
    answer = run("dump", "--json", "--redact", process.pid, tmp_path / "core").json
    jsonschema.validate(answer, json_schema("dump"))
    assert redacted(answer)["environment"] >= len(ENVIRONMENT) and redacted(answer)["authorization"] >= 1
    check(tmp_path / "core", plain, process)
    assert tmp_path.joinpath("core").stat().st_size < plain.stat().st_size + 20000
    info = run("info", "--json", "--env", tmp_path / "core").json
    jsonschema.validate(info, json_schema("info"))
    assert info["redacted"] == answer["redacted"]
    assert "DB_PASSWORD=" + "*" * len(ENVIRONMENT["DB_PASSWORD"]) in info["environment"]
    assert info["process"]["arguments"][1:3] == ["--token", "*" * len("Arg-s3cret-0815")]
    assert re.search(r"^redacted .*environment", run("info", tmp_path / "core").out, re.M)


def test_packed_and_to_a_pipe(process, plain, tmp_path):
    packed, core = tmp_path / "core.zst", tmp_path / "core"
    run("dump", "--redact", "--compress", process.pid, packed)
    subprocess.run(["zstd", "-q", "-d", packed, "-o", core], check=True)
    check(core, plain, process)
    core.write_bytes(subprocess.run([INQUEST, "dump", "--redact", str(process.pid), "-"], stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, check=True).stdout)
    check(core, plain, process)


def test_shrink(process, plain, tmp_path):
    """The same from a core, of which nothing changes."""
    before = plain.read_bytes()
    packed, core = tmp_path / "core.zst", tmp_path / "core"
    answer = run("shrink", "--json", "--redact", "--compress", plain, packed).json
    jsonschema.validate(answer, json_schema("shrink"))
    assert answer["bytes_before"] == len(before) == plain.stat().st_size and plain.read_bytes() == before
    assert answer["bytes"] == packed.stat().st_size < len(before) / 5 and packed.stat().st_mode & 0o777 == 0o600
    subprocess.run(["zstd", "-q", "-d", packed, "-o", core], check=True)
    check(core, plain, process)
    small = run("shrink", "--json", "--redact", "--stacks", plain, tmp_path / "stacks").json
    assert small["bytes"] < len(before) / 20
    check(tmp_path / "stacks", plain, process, found_there=False)
    heap = run("shrink", "--json", "--heap=64M", plain, tmp_path / "heap").json
    assert small["bytes"] < heap["bytes"] < len(before)
    assert run("stack", tmp_path / "heap").out.split("\n\n")[1:] == run("stack", plain).out.split("\n\n")[1:]
    # A copy of a redacted core says so, too; what is found later is added.
    again = run("shrink", "--json", "--compress", packed, tmp_path / "again.zst").json
    assert again["redacted"] == answer["redacted"]
    more = run("shrink", "--json", "--redact-pattern", "some[a-z]{3}", core, tmp_path / "more").json
    assert redacted(more)["some[a-z]{3}"] >= 2 and more["redacted"][:len(answer["redacted"])] == answer["redacted"]
    assert b"someone" not in (tmp_path / "more").read_bytes()
    # What was noted the first time looks like a secret with its name, and stays.
    run("shrink", "--redact", core, tmp_path / "twice")
    assert run("info", "--json", tmp_path / "twice").json["redacted"][:len(answer["redacted"])] == answer["redacted"]


@pytest.mark.parametrize("writer", ["kernel", "gcore"])
def test_shrink_of_others_cores(lab, process, tmp_path, writer):
    core, small = tmp_path / "core", tmp_path / "small"
    if writer == "gcore":
        core = cores.gcore(process.pid, str(tmp_path / "core"))
        assert found(core, KNOWN)
    else:
        core = lab.core(VARIANT, "segv")[1]
    run("shrink", "--redact", core, small)
    assert found(small, KNOWN) == []
    assert stacks(small) == stacks(core)


def test_registers_hold_no_text(lab, tmp_path):
    """Vector registers are where copies of strings stay behind."""
    core, small = lab.core(VARIANT, "segv")[1], tmp_path / "small"
    run("shrink", "--redact", core, small)
    words = "--batch", "-ex", "info registers rip rsp rbp", "-ex", "p $xmm0.uint128"
    before, after = (run("debug", *words, each).out.splitlines() for each in (core, small))
    assert before[-4:-1] == after[-4:-1] and after[-1].endswith("= 0")


def test_variables_and_types(process, plain, tmp_path):
    """By name and by type, in memory and in copies of it; pointers, small numbers and stacks stay."""
    by_type, by_name = tmp_path / "type", tmp_path / "name"
    answer = run("shrink", "--json", "--redact-type", "account", plain, by_type).json
    assert redacted(answer)["variables and types"] >= 2
    assert found(by_type, ACCOUNTS) == []
    assert stacks(by_type) == stacks(plain)
    words = "--batch", "-ex", "p *accounts", "-ex", "p accounts->next == 0"
    said = run("debug", *words, by_type).out
    assert "number = 4001" in said and '"*******"' in said and f"'*' <repeats {len(ACCOUNTS[2])} times>" in said
    run("dump", "--redact-var", "p[ai][sn]*", process.pid, by_name)
    assert found(by_name, ACCOUNTS) == [] and b"someone" in by_name.read_bytes()
    assert "number = 4001" in run("debug", *words, by_name).out


def test_moved_environment(lab, tmp_path):
    """A program that wrote its title over it, and set a variable since it began."""
    core, moved = tmp_path / "core", ["M0ved-s3cret-1", "Later-s3cret-2"]
    with cores.Running([lab.target(VARIANT, "titled").exe, "LATER=" + moved[1]], env=cores.clean_env(APP_SETTING=moved[0])) as running:
        run("dump", running.pid, tmp_path / "plain")
        answer = run("dump", "--json", "--redact", running.pid, core).json
    assert found(tmp_path / "plain", moved) == moved and found(core, moved) == []
    assert redacted(answer)["environment"] >= 2 and answer["problems"] == []


PYTHON = """
import sys, time
class Account:
    def __init__(self, lines):
        self.user, self.password, self.blob = "someone", lines[0], lines[1].encode()
        self.more = {"pin": lines[2], "other": "stays-here"}
def wait(account):
    print("ready", flush=True)
    time.sleep(1000)
wait(Account(open(sys.argv[1], encoding="utf-8").read().split()))
"""


def test_python(tmp_path):
    """Attributes and keys by name: str of one byte a character and of two, bytes."""
    secrets = ["Attribute-s3cret-1", "Bytes-s3cret-2", "Wide-s3cret-\u20ac-3"]
    script, lines, core = tmp_path / "secrets.py", tmp_path / "lines", tmp_path / "core"
    script.write_text(PYTHON)
    lines.write_text(" ".join(secrets), encoding="utf-8")
    with cores.Running(["/usr/bin/python3", script, lines]) as running:
        answer = run("dump", "--json", "--redact-var", "password", "--redact-var", "blob", "--redact-var", "pin",
                     running.pid, core).json
        live = run("stack", running.pid).out
    assert redacted(answer)["variables and types"] >= 3
    data = core.read_bytes()
    assert not any(secret.encode(code) in data for secret in secrets for code in ("utf-8", "utf-16-le"))
    shown = run("stack", "--locals", core).out
    assert f"password='{'*' * len(secrets[0])}'" in shown and "stays-here" in shown
    assert re.findall(r"^ +#\d+ +(\S+)", live, re.M) == re.findall(r"^ +#\d+ +(\S+)", run("stack", core).out, re.M)


def test_what_is_refused(process, plain, tmp_path):
    core = tmp_path / "core"
    says = run("dump", "--redact-pattern", "a(b", process.pid, core, status=None).err
    assert "'a(b' is not searched for" in says and not core.exists()
    says = run("shrink", "--redact-pattern", "(a)\\1", plain, core, status=None).err
    assert "'(a)\\1' is not searched for" in says and not core.exists()
    assert "needs to know what to leave out" in run("shrink", plain, core, status=None).err
    assert "exists already" in run("shrink", "--redact", plain, plain, status=None).err
    assert "core" in run("shrink", "--redact", process.exe, core, status=None).err
    assert os.listdir(tmp_path) == []
