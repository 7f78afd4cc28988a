# SPDX-License-Identifier: Apache-2.0
"""Damaged cores: always an answer or a clear error, never a crash, a hang or a sanitizer's report."""

import concurrent.futures
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


class Copies:
    """Copies of a core, with its holes: threads' stacks are mostly those."""

    def __init__(self, core, folder):
        self.folder = folder
        self.parts = []
        with open(core, "rb") as file:
            self.size = os.fstat(file.fileno()).st_size
            at = 0
            while at < self.size:
                try:
                    start = os.lseek(file.fileno(), at, os.SEEK_DATA)
                except OSError:  # no data behind `at`
                    break
                at = os.lseek(file.fileno(), start, os.SEEK_HOLE)
                self.parts.append((start, os.pread(file.fileno(), at - start, start)))
        self.where = [start + i for start, data in self.parts for i in range(0, len(data), 16)]

    def offset(self, chance, early):
        """A random offset of data; an early one lies within the headers and notes, where it hurts most."""
        return chance.randrange(16384) if early else chance.choice(self.where) + chance.randrange(16)

    def ask(self, name, end=None, changes=()):
        path = self.folder / name
        try:
            with open(path, "wb") as file:
                for start, data in self.parts:
                    os.pwrite(file.fileno(), data, start)
                for offset, value in changes:
                    os.pwrite(file.fileno(), bytes([value]), offset)
                os.ftruncate(file.fileno(), self.size if end is None else end)
            return ask(path)
        finally:
            path.unlink()


def in_parallel(function, count):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, range(count)))


@pytest.fixture
def count(pytestconfig):
    return 250 if SANITIZED and not pytestconfig.getoption("--full") else 1000


def test_cut_anywhere(small_core, tmp_path, count):
    """A core that ends at a random place."""
    copies, chance = Copies(small_core, tmp_path), random.Random(SEED)
    ends = [copies.offset(chance, i % 2) for i in range(count)]
    statuses = in_parallel(lambda i: copies.ask(f"cut-{i}", end=ends[i]), count)
    assert statuses.count(0) > count // 4


def test_changed_bytes(small_core, tmp_path, count):
    """One to four random bytes changed."""
    copies, chance = Copies(small_core, tmp_path), random.Random(SEED + 1)
    changes = [[(copies.offset(chance, i % 2), chance.randrange(256)) for _ in range(chance.randrange(1, 5))]
               for i in range(count)]
    statuses = in_parallel(lambda i: copies.ask(f"changed-{i}", changes=changes[i]), count)
    assert statuses.count(0) > count // 2
