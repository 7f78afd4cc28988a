# SPDX-License-Identifier: Apache-2.0
"""Small cores of Go programs: goroutines and threads are those of the whole core, for Inquest and for Delve."""

import re

import build
import delve_values
import pytest
from conftest import run

pytestmark = pytest.mark.thin
VERSIONS = [f"go-{version}" for version in sorted({build.GO_VERSIONS[0], build.GO_VERSIONS[-1]})]
SIZES = "--stacks", "--heap=1M", "--redact=stacks-only"


def told(core, values):
    """`values`: also what the program named: labels."""
    answer = run("stack", "--json", core).json
    left_out = () if values else ("labels",)
    return answer["threads"], [{key: value for key, value in task.items() if key not in left_out} for task in answer["tasks"]], \
        answer["task_stacks"]


def delve_stacks(exe, core):
    said = delve_values.delve(exe, core, ["goroutines -t 30"])
    return [line for line in said.splitlines() if re.match(r"[* ] Goroutine \d|\s+(\d+  0x|at )", line)]


@pytest.fixture(scope="module", params=VERSIONS)
def whole(request, lab):
    target, core = lab.core(request.param, "panic")
    return target.exe, core


@pytest.mark.parametrize("size", SIZES)
def test_same_stacks(whole, tmp_path, size):
    run("shrink", size, whole[1], tmp_path / "core")
    values = size != "--redact=stacks-only"
    assert told(tmp_path / "core", values) == told(whole[1], values)


@pytest.mark.delve
@pytest.mark.parametrize("size", SIZES)
def test_same_in_delve(whole, tmp_path, size):
    run("shrink", size, whole[1], tmp_path / "core")
    try:
        expected = delve_stacks(*whole)
        assert len(expected) > 20 and delve_stacks(whole[0], tmp_path / "core") == expected
    except delve_values.NoDelve as none:
        pytest.skip(str(none))
