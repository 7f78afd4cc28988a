# SPDX-License-Identifier: Apache-2.0
"""The command line: help, mistakes, exit statuses, terminals, completions."""

import contextlib
import fcntl
import os
import pathlib
import pty
import re
import select
import shlex
import shutil
import signal
import struct
import subprocess
import termios
import time

import pytest
from conftest import INQUEST, ROOT, run

COMMANDS = ("stack", "info", "save", "dump", "shrink", "verify", "debug", "run", "serve", "dap", "help", "version")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "man").glob("*.scd")),
             *sorted((ROOT / "docs" / "internals").glob("*.md")), ROOT / "editors" / "README.md"]
PLAIN = "c-gcc-O2-dwarf5"


def test_help():
    text = run("help").out
    assert run("--help").out == run("-h").out == text
    for command in COMMANDS:
        assert re.search(rf"^  {command} +\w", text, re.M)
        assert run("help", command).out == run(command, "--help").out == run(command, "-h").out
        assert run("help", command).out.startswith(f"usage: inquest {command}")
        assert max(map(len, run("help", command).out.splitlines())) <= 80
    assert re.findall(r"^  (\w+) +\w", text, re.M) == list(COMMANDS)


def test_version():
    assert re.fullmatch(r"inquest \d+\.\d+\.\d+\n", run("version").out)
    assert run("--version").out == run("version").out


def test_nothing_given():
    answer = run(status=2)
    assert answer.out == "" and answer.err.startswith("usage:")


@pytest.mark.parametrize("args,says", [
    (["stak", "x"], "did you mean 'inquest stack'?"),
    (["ifno", "x"], "did you mean 'inquest info'?"),
    (["zzzzz"], "'inquest help' lists them"),
    (["/etc/passwd"], "did you mean 'inquest stack /etc/passwd'?"),
    (["stack"], "needs TARGET"),
    (["stack", "a", "b"], "does not know what to do with 'b'"),
    (["stack", "71", "72"], "takes one process, not also 72"),
    (["dump", "71", "72"], "'pgrep -o NAME'"),
    (["stack", "--jsom", "x"], "did you mean --json?"),
    (["stack", "--no", "x"], "is ambiguous"),
    (["stack", "--json=1", "x"], "takes no value"),
    (["stack", "-Q", "x"], "unknown option '-Q'"),
    (["stack", "--thread"], "--thread needs TID"),
    (["stack", "--thread", "x", "y"], "takes a number"),
    (["stack", "--thread", "0", "y"], "is no thread id"),
    (["stack", "--color=blue", "y"], "takes auto|always|never"),
    (["stack", "--json", "--folded", "y"], "exclude each other"),
    (["stack", "--fold", "y"], "--fold needs --json"),
    (["stack", "--full", "--group", "y"], "--full excludes"),
    (["debug", "-zz", "x"], "unknown option '-zz'"),
    (["debug", "-bat=1", "x"], "option '-bat' takes no value"),
    (["--json", "stack", "x"], "a command comes first"),
    (["--verison"], "did you mean 'inquest version'?"),
    (["--completion"], "--completion needs a word"),
    (["stack", ""], "the target's name is empty"),
    (["serve", "--listen", "127.0.0.1:65536", str(os.getpid())], "is no address to listen at"),
    (["verify", str(os.getpid())], "is no core"),
    (["help", "stak"], "did you mean 'inquest stack'?"),
    (["--completion", "tcsh"], "bash, zsh or fish"),
])
def test_mistakes(args, says):
    answer = run(*args, status=2)
    assert says in answer.err
    assert answer.out == ""


@pytest.mark.parametrize("command", ["stack", "info"])
def test_what_cannot_be_opened(command, tmp_path):
    assert "No such file" in run(command, tmp_path / "none", status=1).err
    assert "$(pidof httpd-none)" in run(command, "httpd-none", status=1).err
    assert "no process 999999999" in run(command, "999999999", status=1).err
    (tmp_path / "text").write_text("hello\n" * 100)
    assert run(command, tmp_path / "text", status=1).err.startswith("inquest: ")
    (tmp_path / "empty").write_text("")
    assert run(command, tmp_path / "empty", status=1).err.startswith("inquest: ")
    assert run(command, tmp_path, status=1).err.startswith("inquest: ")
    (tmp_path / "loop").symlink_to("loop")
    assert "Too many levels of symbolic links" in run(command, "loop", status=1, cwd=tmp_path).err


@pytest.mark.parametrize("option,says", [
    ("--exe=/none", "--exe /none: No such file"),
    ("--exe=/etc", "--exe /etc: Is a directory"),
    ("--debug-dir=/none", "--debug-dir /none: No such file"),
    ("--sysroot=/etc/passwd", "--sysroot /etc/passwd: Not a directory"),
])
def test_a_file_to_help_that_is_not_there(option, says):
    assert says in run("stack", option, str(os.getpid()), status=1).err


def test_a_program_that_is_another_one(lab):
    target, core = lab.core(PLAIN, "segv")
    assert "--exe is not the program: /bin/true has build-id" in run("stack", "--exe=/bin/true", core).out
    assert "--exe is not the program: /etc/passwd is not an ELF file" in run("stack", "--exe=/etc/passwd", core).out
    assert "--exe is not the program" not in run("stack", f"--exe={target.exe}", core).out
    answer = run("debug", "-batch", "-ex", "bt 1", "/none", core)
    assert "/none: No such file" in answer.err and answer.out.count("#0") == 2
    assert run("debug", "-batch", "none", core).err.startswith("none: No such file")


def test_a_program_that_does_not_run():
    assert re.search(r"^program +" + re.escape(INQUEST) + "$", run("info", INQUEST).out, re.MULTILINE)
    answer = run("stack", INQUEST, status=2)
    assert "is a program that does not run: it has no stacks" in answer.err and answer.out == ""


def test_digits_that_are_a_file(lab, tmp_path):
    _, core = lab.core(PLAIN, "segv")
    os.symlink(core, tmp_path / "999999999")
    answer = run("stack", "999999999", cwd=tmp_path)
    assert "took 999999999 as a core file" in answer.out


def test_text_of_the_target_is_escaped(lab, tmp_path):
    target = lab.target(PLAIN)
    evil = tmp_path / "evil\033[31m"
    shutil.copy(target.exe, evil)
    import cores
    core = cores.kernel_core([str(evil), "segv"], str(tmp_path), name="core")
    for answer in run("stack", core).out, run("info", "--all", core).out, run("stack", "--json", core).out:
        assert "\033" not in answer
    assert "evil\\x1b[31m" in run("stack", core).out
    assert run("stack", "--json", core).json["target"]["program"] == str(evil)


# Terminals.


def on_terminal(*args, columns=100, standstill=None, **env):
    """What inquest shows on a terminal. standstill: (what is asked of its pid until it says yes, s that it is then made to
    stand still)"""
    pid, fd = pty.fork()
    if pid == 0:
        if standstill:
            os.nice(10)  # who asks is to be quicker
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        os.environ.update({"TERM": "xterm", "LC_ALL": "C.UTF-8", **env})
        os.environ.pop("NO_COLOR", None)
        os.environ.update(env)
        os.execv(INQUEST, [INQUEST, *map(str, args)])
    if standstill:
        while not standstill[0](pid):
            pass
        os.kill(pid, signal.SIGSTOP)
        time.sleep(standstill[1])
        os.kill(pid, signal.SIGCONT)
    out, end = b"", time.monotonic() + 60
    while time.monotonic() < end:
        if select.select([fd], [], [], 0.2)[0]:
            try:
                part = os.read(fd, 65536)
            except OSError:
                break
            if not part:
                break
            out += part
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(fd)
    return status, out.decode(errors="replace").replace("\r\n", "\n")


def test_colour(lab):
    _, core = lab.core(PLAIN, "segv")
    assert "\033[" in on_terminal("stack", "--no-pager", core)[1]
    assert "\033[" not in on_terminal("stack", "--no-pager", core, NO_COLOR="1")[1]
    assert "\033[" not in on_terminal("stack", "--no-pager", core, TERM="dumb")[1]
    assert "\033[" not in on_terminal("stack", "--no-pager", "--color=never", core)[1]
    assert "\033[" in run("stack", "--color=always", core).out
    assert "\033[" not in run("stack", core).out
    plain = re.sub(r"\033\[[\d;]*m", "", run("stack", "--color=always", core).out)
    assert plain == run("stack", core).out


def test_pager(lab, tmp_path):
    _, core = lab.core(PLAIN, "segv")
    seen = tmp_path / "seen"
    status, shown = on_terminal("stack", core, INQUEST_PAGER=f"cat >{shlex.quote(str(seen))}")
    assert status == 0 and shown == "" and "die_segv" in seen.read_text()
    status, _ = on_terminal("stack", core, INQUEST_PAGER="true")  # reads nothing
    assert status == 0
    _, long = lab.core("c-gcc-O0-dwarf5", "20000", program="recurse")
    status, shown = on_terminal("stack", "--all-frames", long, INQUEST_PAGER="head -c 10 >/dev/null")  # left early
    assert status == 0 and shown == ""
    status, shown = on_terminal("stack", core, INQUEST_PAGER="", PAGER=f"cat >{seen}")
    assert "die_segv" in shown
    run("stack", core, env={"INQUEST_PAGER": "false"})  # no terminal, no pager


def test_paths_are_short_on_a_terminal(lab):
    target, core = lab.core(PLAIN, "segv")
    folder = os.path.dirname(target.exe)
    short = on_terminal("stack", "--no-pager", core, NO_COLOR="1")[1]
    frames = [line for line in short.splitlines() if line.startswith("  #")]
    assert not any(folder in line for line in frames)
    assert f"{folder}/crash.c:" in on_terminal("stack", "--no-pager", "--full-paths", core, NO_COLOR="1")[1]
    assert f"{folder}/crash.c:" in run("stack", core).out


def test_long_names_fit_a_terminal(lab):
    _, core = lab.core("cxx-gcc-O0-dwarf5", "segv")
    shown = on_terminal("stack", "--no-pager", core, NO_COLOR="1", columns=100)[1]
    frames = [line for line in shown.splitlines() if line.startswith("  #")]
    assert max(map(len, frames)) <= 140
    assert "<...>" in shown


def fields(line):
    """Where the place and the module of a frame's line begin."""
    parts = list(re.finditer(r"(?:^|  )\S", line))
    return [part.end() - 1 for part in parts][-2:]


def test_columns_align(lab):
    _, core = lab.core(PLAIN, "segv")
    frames = [line for line in run("stack", core).out.splitlines() if line.startswith("  #")]
    assert len({fields(line)[0] for line in frames if ".c:" in line}) == 1  # whatever marks the names have
    _, core = lab.core("cxx-gcc-O2-dwarf5", "segv")
    shown = on_terminal("stack", "--no-pager", core, NO_COLOR="1", columns=80)[1]
    crashed = [line for line in shown.split("\n\n")[1].splitlines() if line.startswith("  #")]
    assert max(map(len, crashed)) <= 80, shown
    long = next(line for line in crashed if "_M_invoke" in line)
    assert fields(long)[0] > fields(crashed[0])[0] and fields(long)[1] == fields(crashed[0])[1], shown


def test_closed_pipe_is_quiet(lab):
    _, core = lab.core("c-gcc-O0-dwarf5", "20000", program="recurse")
    process = subprocess.Popen([INQUEST, "stack", "--json", core], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() in (0, -signal.SIGPIPE)


def test_file_that_shrinks_is_said(lab, tmp_path):
    """The pages of a core go away while they are read."""
    import cores
    _, core = lab.core(PLAIN, "segv")
    copy = cores.copy_sparse(core, str(tmp_path / "shrinking"))
    maps = run("info", "--json", "--maps", copy).json["maps"]
    big = next(m for m in maps if m["present"] >= 4 << 20)
    wish = ["--memory", f"{big['start']}:{1 << 20}"]
    process = subprocess.Popen([INQUEST, "info", "--json", *wish * 4, copy], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    process.stdout.read(1)  # the first megabyte fills the pipe, and the rest waits
    os.truncate(copy, 4096)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.decode().startswith("inquest: a file became shorter while it was read")
    assert copy in said.decode()


def test_progress(lab, tmp_path):
    """What takes over a second says how far it is; on a terminal only."""
    import cores
    _, core = lab.core("c-gcc-O0-dwarf5", "20000", program="recurse")
    big = tmp_path / "big"
    shutil.copy(core, big)
    with open(big, "ab") as file:
        for _ in range(10):
            file.write(os.urandom(8 << 20))
    packed = cores.compress(str(big), "gz")
    big.unlink()

    def unpacks(pid):
        with contextlib.suppress(OSError):  # it has closed one
            for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
                path = os.readlink(fd)
                if path.startswith(str(tmp_path)) and path != packed and os.stat(fd).st_blocks:
                    return True
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    status, shown = on_terminal("stack", "--no-pager", "--names", packed, TMPDIR=str(tmp_path), standstill=(unpacks, 1.2))
    assert status == 0
    assert re.search(r"\[#* *\] +\d+%", shown), shown[:500]
    assert "\033[K" in shown
    assert run("stack", "--names", packed, env={"TMPDIR": str(tmp_path)}).err == ""


def test_full_disk_is_said(lab):
    _, core = lab.core(PLAIN, "segv")
    with open("/dev/full", "wb") as full:
        result = subprocess.run([INQUEST, "stack", core], stdout=full, stderr=subprocess.PIPE, check=False)
    assert result.returncode == 1 and b"cannot write the answer" in result.stderr


# What is made from the command table.


def test_bash_completion(tmp_path):
    if not shutil.which("bash"):
        pytest.skip("bash is not installed")
    script = tmp_path / "inquest.bash"
    script.write_text(run("--completion", "bash").out)

    def complete(*words):
        line = " ".join(f"'{word}'" for word in words)
        ask = (f". {shlex.quote(str(script))}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _inquest; "
               "printf '%s\\n' \"${COMPREPLY[@]}\"")
        result = subprocess.run(["bash", "--norc", "-c", ask], capture_output=True, text=True, check=True, cwd=tmp_path)
        assert result.stderr == ""
        return result.stdout.split()

    assert complete("inquest", "st") == ["stack"]
    assert complete("inquest", "stack", "--gr") == ["--group"]
    assert complete("inquest", "bt", "--gr") == ["--group"]
    assert complete("inquest", "stack", "--color", "=", "al") == ["always"]
    assert complete("inquest", "help", "in") == ["info"]
    assert complete("inquest", "stack", "inq") == ["inquest.bash"]
    for command in COMMANDS:
        assert {option[2:].partition("=")[0] for option in complete("inquest", command, "--")} == options_of(command)
    assert str(os.getpid()) in complete("inquest", "stack", str(os.getpid())[:2])


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_completions(shell, tmp_path):
    script = tmp_path / shell
    script.write_text(run("--completion", shell).out)
    for command in COMMANDS:
        assert {command, *options_of(command)} <= set(re.findall(r"[\w-]+", script.read_text().replace("--", " ")))
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed, so the script was not run")
    subprocess.run([shell, "-n", script], check=True)
    if shell == "fish":
        result = subprocess.run(["fish", "-c", "source fish; complete -C 'inquest stack --gr'; complete -C 'inquest st'"],
                                capture_output=True, text=True, check=True, cwd=tmp_path)
        assert [line.split("\t")[0] for line in result.stdout.splitlines()] == ["--group", "stack"]


def options_of(command):
    return set(re.findall(r"^ +(?:-\w, )?--([\w-]+)", run("help", command).out, re.M))


@pytest.mark.parametrize("command", COMMANDS)
def test_manual_page(command, tmp_path):
    if not shutil.which("scdoc"):
        pytest.skip("scdoc is not installed")
    page = subprocess.run([ROOT / "tools" / "man.py", INQUEST, ROOT / f"docs/man/inquest-{command}.1.scd", command],
                          capture_output=True, text=True, check=True)
    assert page.stderr == "" and "@options@" not in page.stdout
    text = page.stdout.replace("\\", "").replace("fB", "").replace("fR", "")
    for option in options_of(command):
        assert f"--{option}" in text


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_options_in_documents_are_there(document):
    """Those of `inquest COMMAND ...`, and all that a command's manual page names."""
    text = document.read_text(encoding="utf-8")
    mine = re.fullmatch(r"inquest-(\w+)\.1\.scd", document.name)
    if mine:
        assert set(re.findall(r"\*--([a-z][\w-]+)=?\*", text)) <= options_of(mine[1])
    for command, rest in re.findall(r"(?:[`*]|^\$ |^    )inquest ([a-z]+)((?: [^`\n|;]*)?)", text, re.M):
        assert command in COMMANDS, f"inquest {command}"
        rest = re.sub(r"\$\([^)]*\)| (?:-ex|--ex) '[^']*'", "", rest)
        if command != "debug":  # whose options may have one dash
            assert set(re.findall(r"(?<=\s)--([a-z][\w-]*)", rest)) <= options_of(command), rest


def test_every_command_is_in_the_manual():
    text = (ROOT / "docs" / "man" / "inquest.1.scd").read_text()
    for command in re.findall(r"^  (\w+) ", run("help").out, re.M):
        assert f"*inquest-{command}*(1)" in text
        assert (ROOT / "docs" / "man" / f"inquest-{command}.1.scd").exists()


def test_exit_statuses_are_in_the_manual():
    text = (ROOT / "docs" / "man" / "inquest.1.scd").read_text()
    header = (ROOT / "src" / "tool" / "tool.h").read_text()
    for value in re.findall(r"EXIT_\w+ = (\d+)", header):
        assert f"*{value}*\n" in text
