# SPDX-License-Identifier: Apache-2.0
"""inquest verify: what of a core is there."""

import os
import shutil
import subprocess

import cores
import jsonschema
import pytest
from conftest import json_schema, run
from test_dump import VARIANT, Witness, dump

SCHEMA = json_schema("verify")


def verify(core, status, *options):
    answer = run("verify", "--json", *options, core, status=status).json
    jsonschema.validate(answer, SCHEMA)
    assert answer["whole"] == (status == 0)
    text = run("verify", *options, core, status=status).out
    assert text.endswith("is whole\n" if status == 0 else "is not whole\n")
    return {check["name"]: (check["present"], check["total"]) for check in answer["checks"]}, answer


@pytest.fixture(scope="module")
def dumped(lab, tmp_path_factory):
    """(a plain core, the same process packed, number of threads)"""
    folder = tmp_path_factory.mktemp("verify")
    with Witness(lab, 8, 4) as process:
        threads = dump(process, folder / "core")["threads"]
        dump(process, folder / "core.zst", "--compress")
    return folder / "core", folder / "core.zst", threads


def test_whole(lab, dumped):
    *both, threads = dumped
    for core in both:
        checks, answer = verify(core, 0)
        assert answer["writer"] == "inquest" and answer["problems"] == []
        assert checks["registers"] == checks["stacks"] == (threads, threads)
        assert checks["memory"][0] > 8 << 20 and checks["files"][1] >= 3
    _, core = lab.core(VARIANT, "segv")
    registers = verify(core, 0)[0]["registers"]
    assert registers[0] == registers[1] > 0


def test_cut_off(dumped, tmp_path):
    """The half of a file, at any place of it, is not whole."""
    size = os.stat(dumped[0]).st_size
    for share in (0.1, 0.5, 0.98):
        cores.truncate(dumped[0], tmp_path / "cut", share)
        checks, answer = verify(tmp_path / "cut", 1)
        assert checks["memory"][0] < checks["memory"][1] < size + (64 << 20)
        assert any(problem["loss"] and "truncated" in problem["message"] for problem in answer["problems"])


def test_damaged_piece(dumped, tmp_path):
    """A frame of a packed core that cannot be unpacked."""
    data = bytearray(dumped[1].read_bytes())
    for at in range(len(data) // 2, len(data) // 2 + 64):
        data[at] ^= 0xFF
    (tmp_path / "damaged.zst").write_bytes(data)
    checks, _ = verify(tmp_path / "damaged.zst", 1)
    assert checks["memory"][0] < checks["memory"][1]


def test_missing_files(lab, tmp_path):
    """A program that is no longer there."""
    exe = tmp_path / "gone"
    shutil.copy(lab.target(VARIANT, "witness").exe, exe)
    with cores.Running([str(exe), "1", "1"], stdin=subprocess.PIPE) as process:
        dump(process, tmp_path / "core")
    exe.unlink()
    checks, answer = verify(tmp_path / "core", 1)
    assert checks["files"][0] == checks["files"][1] - 1 and checks["build-ids"][0] == checks["build-ids"][1]
    assert next(c for c in answer["checks"] if c["name"] == "files")["first_missing"] == str(exe)


def test_no_core(lab):
    assert "is no core" in run("verify", lab.target(VARIANT, "witness").exe, status=None).err
