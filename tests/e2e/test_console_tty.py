# SPDX-License-Identifier: Apache-2.0
"""The console on a real terminal: editing, history, completion, Ctrl-C, pages, colours, width."""

import os
import pathlib
import re
import tempfile

import pytest

from conftest import INQUEST

pexpect = pytest.importorskip("pexpect")
PROMPT = r"\(inquest\) "


class Console:
    def __init__(self, argv, state, columns=80, rows=24, **env):
        whole = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", "XDG_STATE_HOME": str(state), **env}
        for name in ("DEBUGINFOD_URLS", "NO_COLOR", "INPUTRC"):
            if name not in env:
                whole.pop(name, None)
        self.child = pexpect.spawn(INQUEST, ["debug", *argv], env=whole, dimensions=(rows, columns), timeout=60,
                                   encoding="utf-8", searchwindowsize=200)
        self.child.expect(PROMPT)

    @property
    def start(self):
        return self.child.before

    def type(self, text):
        self.child.send(text)

    def ask(self, line):
        """The answer to a line, as the terminal got it."""
        self.child.send(line + "\r")
        return self.answer()

    def answer(self, end=PROMPT):
        self.child.expect(end)
        # Of what took a second or more a bar was shown, and taken away again.
        return re.sub(r"(?:\r\033\[K[^\r\n]*)*\r\033\[K", "", self.child.before).replace("\r\n", "\n")

    def leave(self):
        self.child.sendeof()
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus


@pytest.fixture(scope="module")
def core(lab):
    target, core = lab.core("c-gcc-O0-dwarf5", "segv")
    return [target.exe, core]


@pytest.fixture
def console(core, tmp_path):
    return Console(core, tmp_path, NO_COLOR="1")


def test_ctrl_d_leaves(console):
    assert "die_segv" in console.start
    assert console.leave() == 0


def test_ctrl_d_right_behind_the_prompt(core, tmp_path):
    for _ in range(10):
        console = Console(core[:1], tmp_path, NO_COLOR="1")
        console.child.delaybeforesend = None
        assert console.leave() == 0


def test_quit_leaves(console):
    console.child.send("q\r")
    console.child.expect(pexpect.EOF)
    console.child.close()
    assert console.child.exitstatus == 0


def test_editing(console):
    console.type("p 40+3\x7f2")  # backspace
    assert "$1 = 42" in console.ask("")
    console.type("+1\x01p 1\x05+1")  # ctrl-a, ctrl-e
    assert "$2 = 3" in console.ask("")


def test_utf8(console):
    console.type("echo ä\x7föü\\n")
    assert "öü\n" in console.ask("").split("\n", 1)[1] + "\n"


def test_empty_line_repeats(console):
    first = re.search(r"0x([0-9a-f]+):?", console.ask("x/2xb $sp").split("\n", 1)[1]).group(1)
    then = re.search(r"0x([0-9a-f]+):?", console.ask("").split("\n", 1)[1]).group(1)
    assert int(then, 16) == int(first, 16) + 2
    console.ask("p 7")
    assert "$2 = 7" in console.ask("")


def test_history_is_kept(core, tmp_path):
    first = Console(core, tmp_path)
    first.ask("p 12345")
    first.leave()
    history = tmp_path / "inquest" / "history"
    assert history.stat().st_mode & 0o777 == 0o600
    second = Console(core, tmp_path)
    second.type("\x1b[A")
    assert "= 12345" in second.ask("")
    second.leave()


@pytest.mark.parametrize("typed, made", [
    ("inf\tthr\t", "info threads"),
    ("backt\t", "backtrace"),
    ("set print pre\t", "set print pretty"),
    ("p dea\tths", None),
    ("p list->co\t", "p list->count"),
    ("p no_it\t", "p no_item"),
    ("thread apply all info loc\t", "thread apply all info locals"),
    ("p $ri\t", "p $rip"),
])
def test_completion(console, typed, made):
    console.type(typed)
    console.type("\x01echo [\x05]\\n")
    answer = console.ask("").split("\n")
    shown = [line for line in answer if line.startswith("[")]
    if made:
        assert shown and shown[-1].replace(" ]", "]") == f"[{made}]"


def test_completion_of_files(console):
    """In a folder without spaces, which pytest's may not be: a word ends at one, as it does for gdb."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        pathlib.Path(folder, "script-one").write_text("echo from a file\\n\n", encoding="ascii")
        console.type(f"source {folder}/script-o\t")
        assert "from a file" in console.ask("")


def test_completion_lists(console):
    console.type("info s\t\t")
    console.child.expect("sharedlibrary")
    console.child.expect("signals")
    console.ask("")


def test_ctrl_c_drops_the_line(console):
    console.type("p 1")
    console.child.sendintr()
    assert "Quit" in console.answer()
    assert "$1 = 2" in console.ask("p 2")


def test_ctrl_c_at_any_moment(console):
    """Also one that comes between the prompt and the wait for a character."""
    console.child.delaybeforesend = None
    for _ in range(300):
        console.child.sendintr()
        assert "Quit" in console.answer()
    assert "$1 = 2" in console.ask("p 2")


def test_ctrl_c_ends_a_command_only(console):
    for line in ("while 1", "echo x\\n"):
        console.child.send(line + "\r")
        console.child.expect(">")
    console.child.send("end\r")
    console.child.expect("x\r\nx\r\n")
    console.child.sendintr()
    console.child.expect("Quit")
    console.child.expect(PROMPT)
    assert "$1 = 2" in console.ask("p 2")
    assert console.leave() == 0


def test_pages(core, tmp_path):
    console = Console(core, tmp_path, rows=10, NO_COLOR="1")
    console.child.send("info auxv\r")
    console.child.expect("--Type <RET> for more, q to quit, c to continue without paging--")
    assert console.child.before.count("\n") <= 10
    console.child.send("\r")
    console.child.expect("--Type <RET>")
    console.child.send("q\r")
    console.child.expect(PROMPT)
    console.ask("set pagination off")
    assert "--Type" not in console.ask("info auxv")


def test_colours(core, tmp_path):
    assert "\033[33mdie_segv\033[0m" in Console(core, tmp_path).start
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\033[3" not in Console(core, tmp_path, **env).start


def test_frames_are_wrapped(core, tmp_path):
    answer = Console(core, tmp_path, NO_COLOR="1").ask("bt").split("\n")
    lines = [line for line in answer if line.startswith(("#", "    "))]
    assert len(lines) > 10 and all(len(line) <= 80 for line in lines)
    threads = Console(core, tmp_path, columns=60, NO_COLOR="1").ask("info threads")
    assert not re.search(r"\(\s*\n\s*LWP", threads)  # what stands before the frame is not broken
    wide = Console(core, tmp_path, columns=200, NO_COLOR="1").ask("bt").split("\n")
    assert sum(line.startswith("    ") for line in wide) == 0


def test_values_are_wrapped(core, tmp_path):
    """At their members, and as deep as they are nested."""
    console = Console(core, tmp_path, rows=200, NO_COLOR="1")
    lines = console.ask("p $_siginfo").split("\n")[1:-1]
    assert lines[0].startswith("$1 = {si_signo = 11, si_errno = 0, si_code = 1, _sifields = {_pad = {")
    assert len(lines) > 8 and all(len(line) < 80 for line in lines)
    assert all(re.match(r" {4,8}[_a-z0-9]+", line) for line in lines[1:])
    assert '{name = ' in (long := console.ask("p deaths")) and all(len(line) < 80 for line in long.split("\n"))
    console.ask("set width 0")
    assert len(console.ask("p $_siginfo").split("\n")) == 3


def test_a_million_elements(core, tmp_path):
    console = Console(core, tmp_path, NO_COLOR="1")
    for line in ("set pagination off", "set print elements 0", "set print repeats unlimited", "thread 2"):
        console.ask(line)
    answer = console.ask("p/x *(char (*)[1000000])($sp - 2000000)")
    assert answer.count("0x") == 1000000


def test_ctrl_c_in_a_long_answer(core, tmp_path):
    console = Console(core, tmp_path, NO_COLOR="1")
    for line in ("set pagination off", "thread 2"):
        console.ask(line)
    console.type("x/5000000xb $sp - 6000000\r")
    console.child.expect("0x00\t0x00")
    console.child.sendintr()
    console.child.expect("Quit")
    console.child.expect(PROMPT)
    assert "$1 = 2" in console.ask("p 2")


def test_language(console):
    console.ask("set language c++")
    assert '"c++"' in console.ask("show language")
    assert "= true" in console.ask("p 1 == 1")
    console.ask("set language c")
    assert "= 1" in console.ask("p 1 == 1")


def test_define_asks_for_lines(console):
    console.child.send("define twice\r")
    console.child.expect('Type commands for definition of "twice".')
    for line in ("p $arg0", "p $arg0"):
        console.child.expect(">")
        console.child.send(line + "\r")
    console.child.expect(">")
    console.child.send("end\r")
    console.child.expect(PROMPT)
    assert "$1 = 3\n$2 = 3\n" in console.ask("twice 3")




def test_a_process(lab, tmp_path):
    """Attach, let it run, stop it, look, let go."""
    with lab.running("c-gcc-O0-dwarf5", "hang") as process:
        console = Console(["-p", str(process.pid)], tmp_path, columns=200, NO_COLOR="1")
        assert '"sem-waiter"' in console.ask("info threads")
        console.child.send("continue\r")
        console.child.expect("Continuing")
        console.child.sendintr()
        console.child.expect(PROMPT)
        assert "in die_hang (list=" in console.ask("bt")
        assert f"(process {process.pid}) detached" in console.ask("detach")
        assert "No stack." in console.ask("bt")
        assert "__libc_pause" in console.ask(f"attach {process.pid}")
        assert console.leave() == 0
        assert process.process.poll() is None


def test_resized_window(core, tmp_path):
    """Lines are wrapped for the width that the window has by now."""
    console = Console(core, tmp_path, columns=200, rows=100, NO_COLOR="1")
    assert sum(line.startswith("    ") for line in console.ask("bt").split("\n")) == 0
    console.child.setwinsize(100, 80)
    lines = console.ask("bt").split("\n")
    assert sum(line.startswith("    ") for line in lines) and all(len(line) <= 80 for line in lines)


def test_ctrl_c_in_a_search(core, tmp_path):
    console = Console(core, tmp_path, NO_COLOR="1")
    for line in ("set pagination off", "set $i = 0", "thread 2"):
        console.ask(line)
    console.type("find /b $sp - 7000000, +6900000, 0\r")
    console.child.expect("0x[0-9a-f]+\r\n0x")
    console.child.sendintr()
    console.child.expect("Quit")
    console.child.expect(PROMPT)
    assert "= 2" in console.ask("p 2")
