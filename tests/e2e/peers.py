# SPDX-License-Identifier: Apache-2.0
"""What gdb and eu-stack say, and how it is compared with what Inquest says."""

import dataclasses
import json
import os
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


@dataclasses.dataclass
class Frame:
    function: str | None
    file: str | None
    line: int | None
    kind: str
    pc: int

    def __str__(self):
        where = f" at {os.path.basename(self.file)}:{self.line}" if self.file else ""
        return f"{self.pc:#x} {self.function}{where} [{self.kind}]"


def env():
    return {**{k: v for k, v in os.environ.items() if k != "DEBUGINFOD_URLS"}, "LC_ALL": "C.UTF-8"}


def gdb_stacks(exe=None, core=None, pid=None, debug_dir=None):
    """{tid: [Frame]} as gdb has them, start code included; None without gdb."""
    if not shutil.which("gdb"):
        return None
    argv = ["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex", "set auto-load safe-path /"]
    if debug_dir:
        argv += ["-iex", f"set debug-file-directory {debug_dir}:/usr/lib/debug"]
    argv += ["-ex", "set backtrace past-main on", "-ex", f"source {HERE}/gdb_stacks.py"]
    argv += ["-p", str(pid)] if pid else [exe, core]
    out = subprocess.run(argv, capture_output=True, text=True, env=env(), timeout=300, check=False,
                         errors="replace").stdout
    line = next(line for line in out.splitlines() if line.startswith("STACKS "))
    return {int(tid): [Frame(f["function"], f["file"], f["line"], f["kind"], f["pc"]) for f in frames]
            for tid, frames in json.loads(line[7:]).items()}


def eu_stacks(exe=None, core=None, pid=None):
    """{tid: [Frame]} as eu-stack -i -s has them; None without it. Inlined frames are those whose pc the next
    frame repeats."""
    if not shutil.which("eu-stack"):
        return None
    argv = ["eu-stack", "-n", "0", "-i", "-s"]
    argv += ["-p", str(pid)] if pid else ["--core", core, "-e", exe]
    out = subprocess.run(argv, capture_output=True, text=True, env=env(), timeout=300, check=False,
                         errors="replace").stdout
    stacks, frames = {}, []
    for text in out.splitlines():
        if match := re.match(r"TID (\d+):", text):
            frames = stacks.setdefault(int(match[1]), [])
        elif match := re.match(r"#\d+\s+0x([0-9a-f]+)(?: - \d+)?\s*(.*)", text):
            frames.append(Frame(match[2].strip() or None, None, None, "normal", int(match[1], 16)))
        elif frames and (match := re.match(r"    (.*?):(\d+)(?::\d+)?$", text)):
            frames[-1].file, frames[-1].line = match[1], int(match[2])
    for frames in stacks.values():
        for frame, older in zip(frames, frames[1:]):
            if frame.pc == older.pc and (frame.file or older.file):
                frame.kind = "inlined"
    return stacks


def our_stacks(answer):
    """{tid: [Frame]} of inquest stack --json."""
    return {thread["tid"]: [Frame(f["function"], f["file"], f["line"], f["kind"], int(f["pc"], 16))
                            for f in thread["frames"]] for thread in answer["threads"]}


def bare(name):
    """A function's name without template arguments, parameters and versions: tools write those each in their
    own way."""
    if not name:
        return None
    name = name.split("@")[0]
    name = name.replace("{lambda(", "<lambda(").replace("(anonymous namespace)", "{anonymous}")
    name = re.sub(r"operator(\(\)|[<>=!+\-*/%^&|~\[\],]+)", lambda m: "operator" + m[1].encode().hex(), name)
    depth, out = 0, []
    for char in name:
        if char in "<(":
            depth += 1
        elif char in ">)":
            depth = max(0, depth - 1)
        elif not depth:
            out.append(char)
    name = "".join(out)
    name = re.sub(r"\boperator (new|delete)", r"operator\1", name)
    name = re.sub(r"\[clone.*|\[abi:\w+\]| const$|\.(constprop|isra|part|cold|lto_priv|llvm)\b.*", "", name)
    # Templates are demangled with their return type.
    return name.strip().split(" ")[-1].removeprefix("::")


def parts(name):
    return [part for part in re.split(r"::|\$", name) if part.strip("{} ")]


def same_function(ours, theirs):
    """One may be less qualified than the other (gdb leaves out what encloses a lambda)."""
    a, b = bare(ours), bare(theirs)
    if not a or not b:
        return a == b
    a, b = parts(a), parts(b)
    n = min(len(a), len(b))
    return n > 0 and a[-n:] == b[-n:]


def same_file(ours, theirs):
    return (os.path.basename(ours) if ours else None) == (os.path.basename(theirs) if theirs else None)


@dataclasses.dataclass
class Difference:
    tid: int
    index: int
    what: str
    ours: Frame | None
    theirs: Frame | None

    def __str__(self):
        return f"thread {self.tid} #{self.index} {self.what}: ours {self.ours}; theirs {self.theirs}"


def differences(ours, theirs, kinds=True, less=()):
    """Where two sets of stacks differ. `kinds`: compare inlined, tail call, signal. A frame that the peer has no
    name or line for is no difference. `less`: kinds of frames the peer never shows."""
    found = []
    for tid, their in theirs.items():
        mine = [frame for frame in ours.get(tid, []) if frame.kind not in less]
        for index in range(max(len(mine), len(their))):
            a = mine[index] if index < len(mine) else None
            b = their[index] if index < len(their) else None
            what = None
            if a is None or b is None:
                what = "missing" if a is None else "extra"
            elif a.pc != b.pc:
                what = "pc"
            elif kinds and a.kind != b.kind:
                what = "kind"
            elif b.kind != "signal" and b.function and not same_function(a.function, b.function):
                what = "function"
            elif b.line and (a.line != b.line or not same_file(a.file, b.file)):
                what = "line"
            if what:
                found.append(Difference(tid, index, what, a, b))
                if what in ("missing", "extra", "pc", "kind"):
                    break  # what follows is out of step
    return found
