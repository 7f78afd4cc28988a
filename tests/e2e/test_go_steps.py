# SPDX-License-Identifier: Apache-2.0
"""Threads of Go that run, after each of their instructions: the stack is the one that the calls and returns made."""

import re
import subprocess

import pytest

import build
from conftest import SANITIZED, driver

pytestmark = pytest.mark.thin
SOME = [f"go-{version}" for version in sorted({build.GO_VERSIONS[0], build.GO_VERSIONS[-1]})]


@pytest.mark.parametrize("variant", SOME)
def test_each_instruction(lab, request, variant):
    """None is wrong, and none is guessed."""
    program = driver("rt_go_test_steps")
    if not program:
        pytest.skip("the unit tests are not built")
    steps = 300000 if request.config.getoption("--full") else 5000 if SANITIZED else 20000
    exe = lab.target(variant, "steps").exe
    # Of a root of the matrix, too: the program needs no libraries, and the stepper has those of this machine.
    p = subprocess.run([str(program), str(steps), exe], capture_output=True, text=True, timeout=400, check=False)
    counts = re.fullmatch(r"(\d+) steps, 0 wrong, 0 with guesses, (\d+) adopted\n", p.stdout)
    assert p.returncode == 0 and counts, p.stdout + p.stderr
    assert int(counts[1]) == steps and int(counts[2]) < steps / 100
