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
    """Of a process: a core of another root would be shrunk with the libraries of this one."""
    with programs.running(python, "hung", "lock") as process:
        process.settle()
        run("dump", process.pid, tmp_path / "whole")
        for size in ("--stacks", "--heap=1M", "--redact=stacks-only"):
            run("dump", size, process.pid, tmp_path / size)
    for size in ("--stacks", "--heap=1M", "--redact=stacks-only"):
        values = size != "--redact=stacks-only"
        assert told(tmp_path / size, values) == told(tmp_path / "whole", values), size
