# SPDX-License-Identifier: Apache-2.0
"""Programs in Starlark and what Delve says to each: files in tests/golden of blocks `### program ###`, the program,
`### says ###`, what is printed and, after "error: ", why it ended. Where a script is, it is called x.star."""

import os
import re
import shlex
import subprocess

import pytest

GOLDEN = os.path.join(os.path.dirname(__file__), "..", "golden")


def readable(text):
    """Bytes that are no UTF-8 as \\xNN."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def snippets(name):
    """(program, what Delve says) of a file."""
    with open(os.path.join(GOLDEN, name), encoding="utf-8", newline="") as file:
        blocks = file.read().split("### program ###\n")[1:]
    return [tuple(block.split("### says ###\n")) for block in blocks]


def write(path, pairs):
    """The file again, with other answers: what a new Delve says is looked at and then copied."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        for program, says in pairs:
            file.write(f"### program ###\n{program}### says ###\n{says}")


def delve_says(programs, exe, core, folder):
    """What Delve prints for each of the programs, run on a core."""
    commands = []
    for i, program in enumerate(programs):
        script = folder / f"{i}.star"
        script.write_text(program, encoding="utf-8", newline="")
        commands += [f'print "@{i}@"', f"source {script}"]
    (folder / "commands").write_text("".join(line + "\n" for line in commands) + "exit\n", encoding="utf-8")
    result = subprocess.run([*shlex.split(os.environ["INQUEST_DLV"]), "core", exe, core, "--check-go-version=false", "--init",
                             str(folder / "commands"), "--allow-non-terminal-interactive=true"], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
    if b"Type 'help'" not in result.stdout:
        pytest.skip(f"this Delve does not read the core: {result.stdout[:200]!r}")
    text = re.sub(rb"\x1b\[[0-9;]*m", b"", result.stdout).decode("utf-8", "surrogateescape")
    parts = re.split(r'^"@\d+@"\n', text, flags=re.M)[1:]
    assert len(parts) == len(programs), text[-2000:]
    where = re.escape(str(folder))
    return [readable(re.sub(rf"{where}/\d+\.star", "x.star", re.sub(rf"^{where}/commands:\d+: ", "error: ", part, flags=re.M)))
            for part in parts]
