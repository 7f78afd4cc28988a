# SPDX-License-Identifier: Apache-2.0
"""The cache on disk: what it answers, what damages it, what keeps others out."""

import os
import stat

import pytest
from conftest import run

PLAIN = "c-gcc-O2-dwarf5"


@pytest.fixture
def home(tmp_path):
    """A cache folder whose parents do not exist yet, as for a new user."""
    return tmp_path / "new" / "home"


def stack(home, core, *options):
    return run("stack", "--json", *options, core, env={"XDG_CACHE_HOME": str(home)}).json["threads"]


def files(home):
    return sorted(path for path in home.rglob("*") if path.is_file())


def test_a_second_run_answers_the_same_from_it(lab, home):
    core = lab.core(PLAIN, "segv")[1]
    first = stack(home, core)
    written = {path: path.stat().st_mtime_ns for path in files(home)}
    assert written, "nothing was cached"
    assert stack(home, core) == first == stack(home, core, "--no-cache")
    assert written == {path: path.stat().st_mtime_ns for path in files(home)}, "what was cached was asked for again"


def test_others_cannot_read_it(lab, home):
    stack(home, lab.core(PLAIN, "segv")[1])
    for path in files(home):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700, path.parent


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "garbage"])
def test_a_damaged_file_is_ignored_and_written_anew(lab, home, damage):
    core = lab.core(PLAIN, "segv")[1]
    good = stack(home, core)
    for path in files(home):
        data = bytearray(path.read_bytes())
        if damage == "empty":
            data = b""
        elif damage == "cut":
            data = data[: len(data) // 2]
        elif damage == "flipped":
            data[len(data) // 2] ^= 0x40
        else:
            data = os.urandom(len(data))
        path.write_bytes(data)
    assert stack(home, core) == good
    written = [path.read_bytes() for path in files(home)]
    assert stack(home, core) == good
    assert written == [path.read_bytes() for path in files(home)]


def test_no_cache_writes_nothing(lab, home):
    stack(home, lab.core(PLAIN, "segv")[1], "--no-cache")
    assert not files(home)
