# SPDX-License-Identifier: Apache-2.0
"""Small cores of Python programs: stacks and tasks are those of the whole core."""

import pytest
from conftest import run
from pyprograms import some

pytestmark = pytest.mark.thin


def told(core, values):
    """`values`: also what the program named: tasks."""
    answer = run("stack", "--json", core).json
    left_out = () if values else ("labels", "name")
    tasks = [{key: value for key, value in task.items() if key not in left_out} for task in answer.get("tasks", [])]
    return [thread["frames"] for thread in answer["threads"]], tasks, answer.get("task_stacks")


@pytest.mark.parametrize("python", some())
def test_same_stacks(programs, tmp_path, python):
    whole, _ = programs.core(python, "all")
    for size in ("--stacks", "--heap=1M", "--redact=stacks-only"):
        run("shrink", size, whole, tmp_path / size)
        values = size != "--redact=stacks-only"
        assert told(tmp_path / size, values) == told(whole, values), size
