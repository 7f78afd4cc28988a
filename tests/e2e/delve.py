# SPDX-License-Identifier: Apache-2.0
"""What Delve says of a core, and the same of Inquest's console. INQUEST_DLV names its command, words by blanks. Tests that
need it have the mark `delve` and are left out where it is not set: Debian 12's Delve is too old to be a rule."""

import dataclasses
import os
import re
import shlex
import socket
import subprocess

import pytest

from conftest import run


def delve(exe, path, commands, tmp_path):
    """What it prints for the commands."""
    script = tmp_path / "commands"
    script.write_text("".join(one + "\n" for one in commands) + "exit\n", encoding="utf-8")
    result = subprocess.run([*shlex.split(os.environ["INQUEST_DLV"]), "core", exe, path, "--check-go-version=false", "--init", str(script),
                             "--allow-non-terminal-interactive=true"], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False, text=True)
    if "Type 'help'" not in result.stdout:
        pytest.skip(f"this Delve does not read the core: {result.stdout.strip()[:200]}")
    return re.sub(r"\x1b\[[0-9;]*m", "", result.stdout)


def delve_each(exe, path, commands, tmp_path):
    """What it prints for each of the commands."""
    marked = [word for i, one in enumerate(commands) for word in (f'print "@{i}@"', one)]
    parts = re.split(r'^"@\d+@"\n', delve(exe, path, marked, tmp_path), flags=re.M)[1:]
    assert len(parts) == len(commands), parts
    return parts


class DelveServer:
    """A core served by Delve; its `address`."""

    def __init__(self, exe, core, version=2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.process = subprocess.Popen([*shlex.split(os.environ["INQUEST_DLV"]), "core", exe, core, "--headless",
                                         f"--listen={self.address}", "--accept-multiclient", f"--api-version={version}",
                                         "--check-go-version=false"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        first = self.process.stdout.readline()
        if "listening" not in first:
            pytest.skip("this Delve does not serve the core: " + first + self.process.communicate()[0][:200])

    def end(self):
        self.process.terminate()
        self.process.communicate(timeout=30)


def console(path, *commands, status=0):
    args = [word for one in commands for word in ("-ex", one)]
    return run("debug", "--batch", *args, path, status=status).out


def console_each(path, commands):
    """What Inquest's console prints for each of the commands."""
    marked = [word for i, one in enumerate(commands) for word in (f"echo @{i}@\\n", one)]
    parts = re.split(r"^@\d+@\n", console(path, *marked), flags=re.M)[1:]
    assert len(parts) == len(commands), parts
    return parts


def without_folders(text):
    """Folders of files are left out: both shorten them, from where they run."""
    return re.sub(r"\S*/(?=[^/\s]+:\d)", "", text)


def lines_of(text):
    """Goroutines by number: what is said of each, without how long it waits."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"\s*\*? ?Goroutine (\d+) - (.*)", line)
        if match:
            found[int(match[1])] = without_folders(re.sub(r" \d+\]$", "]", match[2]))
    return found


# Delve takes the extra goroutines of cgo, which are on no list of the runtime's own, for living ones.
def is_extra(line):
    return "runtime.goexit (" in line or "??? (0x0)" in line


def groups_of(text):
    """What `goroutines -group` prints: the total by the name of the group."""
    return {name: int(total)
            for name, total in re.findall(r"^(\S[^\n]*)\n(?:\t[^\n]*\n)*?\tTotal: (\d+)", text, re.M)}


@dataclasses.dataclass(frozen=True)
class Frame:
    pc: int
    function: str
    place: str  # FILE:LINE without folders


def stacks_of(text):
    """What `goroutines -t` prints: the frames of each goroutine, by its number."""
    found, frames = {}, []
    lines = iter(text.splitlines())
    for line in lines:
        goroutine = re.match(r"\s*\*? ?Goroutine (\d+) - ", line)
        frame = re.match(r"\s*\d+ +0x([0-9a-f]+) in (\S+)$", line)
        if goroutine:
            frames = found.setdefault(int(goroutine[1]), [])
        elif frame:
            frames.append(Frame(int(frame[1], 16), frame[2], without_folders(next(lines).strip().removeprefix("at "))))
    return found
