# SPDX-License-Identifier: Apache-2.0
"""Damaged cores: always an answer or a clear error, never a crash, a hang or a sanitizer's report."""

import concurrent.futures
import mmap
import os
import random

import pytest
from conftest import SANITIZED, run

SEED = 20240229


def ask(path):
    answer = run("stack", path, status=None, timeout=10, env={"ASAN_OPTIONS": "detect_leaks=0"})
    assert answer.status in (0, 1), f"exit {answer.status} for {path}: {answer.err}"
    if answer.status == 1:
        assert answer.err.startswith("inquest: "), answer.err
    return answer.status


@pytest.fixture(scope="module")
def small_core(lab):
    # Only what unwinding needs: anonymous private memory, not the pages of files.
    _, core = lab.core("c-gcc-O2-dwarf5", "segv", filter=0x1)
    return core


def in_parallel(function, count):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, range(count)))


@pytest.fixture
def count(pytestconfig):
    return 250 if SANITIZED and not pytestconfig.getoption("--full") else 1000


def test_cut_anywhere(small_core, tmp_path, count):
    """A core that ends at a random place; headers and notes, where it hurts most, get half of the cuts."""
    data = open(small_core, "rb").read()
    chance = random.Random(SEED)
    cuts = [chance.randrange(min(len(data), 16384) if i % 2 else len(data)) for i in range(count)]

    def one(i):
        path = tmp_path / f"cut-{i}"
        path.write_bytes(data[:cuts[i]])
        try:
            return ask(path)
        finally:
            path.unlink()

    statuses = in_parallel(one, count)
    assert statuses.count(0) > count // 4


def test_changed_bytes(small_core, tmp_path, count):
    """One to four random bytes changed, half of the times within the headers and notes."""
    data = open(small_core, "rb").read()
    chance = random.Random(SEED + 1)
    changes = [[(chance.randrange(min(len(data), 16384) if i % 2 else len(data)), chance.randrange(256))
                for _ in range(chance.randrange(1, 5))] for i in range(count)]

    def one(i):
        path = tmp_path / f"changed-{i}"
        path.write_bytes(data)
        with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as changed:
            for offset, value in changes[i]:
                changed[offset] = value
        try:
            return ask(path)
        finally:
            path.unlink()

    statuses = in_parallel(one, count)
    assert statuses.count(0) > count // 2
