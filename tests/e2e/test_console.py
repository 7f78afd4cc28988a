# SPDX-License-Identifier: Apache-2.0
"""The console's commands beside gdb's on one core: the same text, or a reason why not."""

import os
import re
import shutil
import subprocess

import pytest

from conftest import INQUEST, run

# Each is run by both, in this order, in one session.
COMMANDS = """
bt
bt 1
bt 3
bt -2
bt -1
where 2
backtrace -frame-arguments none 2
bt -frame-arguments presence 2
bt full 3
bt -full 2
info stack 1
frame
frame 1
info locals
info args
info args de
info locals nosuch
p death
p *death
p death->name
p *death->name
p death->name[1]
p death->name[0]@4
p &death->name
p death->die
p *death->die
p list
p list->next
p *list
p &*list
p list->count
p list->count + 1
p list->count == 7
p !list
p -list->count
p ~list->count
p list->count << 3
p list->count / 2
p list->count % 4
p (char)65
p (unsigned char)200
p 'A'
p "abc"
p 5 > 3 && 2 > 1
p 1 ? 2 : 3
p 10/3.0
p 0x10
p 010
p sizeof(int)
p sizeof(struct item)
p sizeof *list
p/x 255
p/d 0xff
p/u -1
p/o 8
p/t 10
p/c 65
p/z 5
p/a main
p/f 1
p/x list->count
p/x *list
p/s death->name
p $
p $$
p $$3
p $1
p $x = 5
p $x + 1
set $y = $x * 2
p $y
p $nosuch
set var $z = 1
p $z
p nosuch
p deaths[0]
p deaths[1].name
p &deaths
p &deaths[2]
p *deaths@2
p deaths[0]@2
p zero
p &zero
p no_pipe
p/x no_pipe
p helpers[0]
p helpers[0].wait
p lock.__data.__kind
p $_siginfo
p/x $_siginfo
p $_siginfo._sifields._sigfault.si_addr
ptype $_siginfo
ptype $_siginfo._sifields._rt
whatis $_siginfo
p main
p &main
p *main
p blow
p (long)list
p (struct item *)0
p *(int *)&list->count
p/x *(char (*)[4])death->name
output 5
output/x 255
call 5
call (void)0
print -pretty on -- *death
print -elements 2 -- death->name
set print pretty on
p *death
info locals
set print pretty off
set print address off
p death
bt 2
set print address on
set print symbol off
p death
set print symbol on
whatis death
whatis *death
whatis list->count
whatis struct item
whatis main
whatis &deaths
whatis (char)1
ptype death
ptype struct item
ptype struct death
ptype list
ptype main
ptype int
ptype/o struct item
ptype unsigned long
x/4xw $sp
x
x/2xg $sp
x/2dw $sp
x/s death->name
x
x/3s death->name
x/3c death->name
x/2a $sp
x/2f $sp
x/xb $sp
x/2o $sp
x/2t $sp
x/9th &list->count
x/5tg $sp
x/9db $sp
x/9ab $sp
x/2sh &list->count
x/2sw $sp
x/2s 0
x/2u $sp
x/2xh &list->count
x/3i $pc
x/i main
x/x 0
p *(int *)0
up
up
down
up 100
up
down 2
frame 0
down
frame function main
frame level 2
frame 99
up-silently
frame
info frame
frame 4
info frame level 4
frame 5
frame 6
info registers rip rsp rbp
info registers nosuch
p $rip
p $pc
p $sp
p/x $sp
frame 0
info registers rax rbx
p $rax
info line main
info line 388
info symbol main
info symbol deaths
info symbol 0
list main
list
list -
list 10,12
list blow
info source
thread
thread 2
thread 1
thread 99
info threads 1
thread apply 1 bt 1
thread apply all -q p 1
thread apply 1 3 -q p $_thread
taas p 1
frame apply 2 p 1
frame apply all -q p 1
frame apply level 1 p 1
faas p 1
thread find LWP
info inferiors
info program
info proc
info proc mappings
info auxv
info functions -n die_
info functions -q -n die_seg
info functions -n -t item die_
info functions ^die_segv
info functions nosuchname
info functions -n ^main$
info variables -n ^helper
info variables -n -q ^deaths
info variables -n -t item ^no_item
info types ^item$
info types -q ^death$
info types ^pid_t$
info types nosuchname
info display
info signals SIGSEGV
pwd
echo hi\\n
echo  a   b \\n\\
printf "%s %d %c %#x %5.2f %%\\n", deaths[0].name, 5, 65, 255, 1.5
printf "hi\\n"
printf
shell echo hi
!echo ho
| bt 1 | cat
pipe bt 1 | wc -l
| -d @@ bt 1 @@ wc -l
nosuch
info nosuch
info so
help nosuch
p/2x 5
p/xw 5
p/i 5
undisplay 5
""".strip().splitlines()

# What differs, and why that is right. The key is matched as a whole.
DIFFERENT = {
    r"info frame level 4": "of an inlined frame gdb tells what the frame that it called has saved",
    r"p/a main": "gdb refuses to make an address of a function here; the address is shown",
    r"info source": "macros are not looked for",
}


def answers(argv, commands):
    """What each command answered, both streams."""
    args = []
    for i, command in enumerate(commands):
        args += ["-ex", f"echo @@{i}@@\\n", "-ex", command]
    env = {**os.environ, "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "SHELL": "/bin/sh"}
    env.pop("DEBUGINFOD_URLS", None)
    whole = subprocess.run([argv[0], *argv[1:-2], *args, *argv[-2:]], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, env=env, timeout=120, check=False).stdout.decode(errors="replace")
    parts = re.split(r"@@(\d+)@@\n", whole)
    # An error counts in gdb's history when it comes late enough, so numbers are compared by a test of their own.
    parts = [re.sub(r"^\$\d+ = ", "$N = ", part, flags=re.MULTILINE) for part in parts]
    return {int(i): text.rstrip("\n") for i, text in zip(parts[1::2], parts[2::2])}


@pytest.fixture(scope="module")
def both(lab):
    target, core = lab.core("c-gcc-O0-dwarf5", "segv")
    if not shutil.which("gdb"):
        pytest.skip("there is no gdb")
    ours = answers([INQUEST, "debug", "-batch", target.exe, core], COMMANDS)
    theirs = answers(["gdb", "-nx", "-batch", target.exe, core], COMMANDS)
    return ours, theirs


@pytest.mark.parametrize("i", range(len(COMMANDS)), ids=COMMANDS)
def test_as_gdb(both, i):
    ours, theirs = both
    reason = next((why for pattern, why in DIFFERENT.items() if re.fullmatch(pattern, COMMANDS[i])), None)
    if reason:
        assert ours[i] != theirs[i], f"no longer different: {reason}"
    else:
        assert ours[i] == theirs[i]


def console(*commands, core, status=0, **more):
    args = [word for command in commands for word in ("-ex", command)]
    return run("debug", "-batch", *args, *core, status=status, **more)


@pytest.fixture(scope="module")
def core(lab):
    target, core = lab.core("c-gcc-O0-dwarf5", "segv")
    return target.exe, core


def test_says_how_it_ended(core):
    lines = console(core=core).out.splitlines()
    assert lines[0].startswith("Core was generated by `") and lines[0].endswith("crash segv'.")
    assert lines[1] == "Program terminated with signal SIGSEGV, Segmentation fault."
    assert re.match(r"#0  0x[0-9a-f]{16} in die_segv \(list=0x[0-9a-f]+\) at crash\.c:\d+$", lines[2])
    assert re.match(r"\d+\t    no_item->count = count;$", lines[3])


def test_history_has_numbers(core):
    out = console("p 1", "p 2", "p $1", "p nosuch", "p $$2", core=core, status=0).out
    assert re.findall(r"^(\$\d+ = .*)$", out, re.MULTILINE) == ["$1 = 1", "$2 = 2", "$3 = 1", "$4 = 1"]


@pytest.mark.parametrize("commands, status", [
    (["p 1"], 0), (["nosuch"], 1), (["nosuch", "p 1"], 0), (["p 1", "p nosuch"], 1), ([], 0),
])
def test_exit_status(core, commands, status):
    """As gdb's --batch: that of the last command."""
    console(*commands, core=core, status=status)


@pytest.mark.parametrize("argv", [
    lambda exe, core: [core], lambda exe, core: [exe, core], lambda exe, core: ["-c", core],
    lambda exe, core: ["--core", core, exe], lambda exe, core: [f"--core={core}"],
])
def test_ways_to_name_a_target(core, argv):
    assert "die_segv" in run("debug", "--batch", *argv(*core)).out


def test_no_such_target():
    assert "/nonexistent" in run("debug", "-batch", "/nonexistent", status=1).err


def test_early_commands_and_files(core, tmp_path):
    script = tmp_path / "script"
    script.write_text("echo two\\n\necho three\\n\n")
    out = run("debug", "-batch", "-iex", "echo zero\\n", "-ex", "echo one\\n", "-x", script, "-ex", "echo four\\n",
              *core).out
    assert [word for word in out.split() if word in ("zero", "one", "two", "three", "four")] == \
        ["zero", "one", "two", "three", "four"]
    assert out.index("zero") < out.index("Core was generated")


def test_script_error_names_its_line(core, tmp_path):
    script = tmp_path / "script"
    script.write_text("echo before\\n\nnosuch\necho after\\n\n")
    answer = run("debug", "-batch", "-x", script, *core, status=1)
    assert f"{script}:2: Error in sourced command file:" in answer.err
    assert 'Undefined command: "nosuch".  Try "help".' in answer.err
    assert "before" in answer.out and "after" not in answer.out


def piped(core, text):
    result = subprocess.run([INQUEST, "debug", *core], input=text, capture_output=True, text=True, timeout=60,
                            check=False, env={**os.environ, "NO_COLOR": "1"})
    assert result.returncode == 0
    return result.stdout


def test_commands_through_a_pipe(core):
    out = piped(core, "p 40+2\nnosuch\np 43\nquit\np 44\n")
    assert "$1 = 42\n" in out and "$2 = 43\n" in out and "$3" not in out and "\033" not in out


def test_scripts(core):
    out = piped(core, """define show_twice
  p $arg0
  p $arg0 * $argc
end
document show_twice
Shows a number twice.
end
show_twice 21 x
help show_twice
set $i = 0
while $i < 10
  set $i = $i + 1
  if $i == 2
    loop_continue
  else
    if $i > 4
      loop_break
    end
  end
  printf "i is %d\\n", $i
end
if 0
  echo no\\n
else
  echo yes\\n
end
""")
    assert "$1 = 21\n$2 = 42\n" in out and "Shows a number twice.\n" in out
    assert re.findall(r"i is (\d)", out) == ["1", "3", "4"]
    assert "yes\n" in out and "no\n" not in out


def test_answers_to_files(core, tmp_path):
    first, second = tmp_path / "a.txt", tmp_path / "b.txt"
    console(f"p 1 > {first}", f"p 2 >> {first}", f"p 3>2 > {second}", "p 5 > 3", core=core)
    assert first.read_text() == "$1 = 1\n$2 = 2\n"
    assert second.read_text() == "$3 = 1\n"


def test_unknown_setting(core):
    assert 'There is no setting "nosuch' in console("set nosuch 5", core=core, status=1).err


def test_every_command_has_help(core):
    names = re.findall(r"^([a-z][\w -]*?)(?:, .*)? -- ", console("help all", core=core).out, re.MULTILINE)
    assert len(names) > 80
    answer = console(*[f"help {name}" for name in names], core=core)
    assert "Undefined" not in answer.err and "Ambiguous" not in answer.err
    for name in names:
        assert f"\n{name}" in answer.out


def test_frames_are_looked_up_as_far_as_they_are_asked(core):
    """Whatever was asked first, a frame is the same; and what begins with one frame can go on."""
    def stack(*commands):
        return re.findall(r"^#\d+ .*$", console(*commands, core=core).out, re.MULTILINE)[1:]

    whole = stack("bt")
    assert len(whole) > 3
    for n in range(1, len(whole) + 1):
        assert stack(f"bt {n}") == whole[:n]
        assert stack(f"bt {n}", "bt") == whole[:n] + whole
        assert stack(f"frame {n - 1}", "bt -1") == [whole[n - 1], whole[-1]]
    assert stack("up", "down", "bt 2") == [whole[1], whole[0], *whole[:2]]


def test_names_of_cxx_and_rust(lab):
    """Their own source files; a difference is one of those that are explained."""
    for name, pattern, same in [("cxx-gcc-O0-dwarf5", "^shop::", 4), ("rust-O0-v0", "crash::die_", 12)]:
        target, dead = lab.core(name, "segv")
        if not shutil.which("gdb"):
            pytest.skip("there is no gdb")
        commands = [f"info functions -n {pattern}"]
        ours = answers([INQUEST, "debug", "-batch", target.exe, dead], commands)[0].splitlines()
        theirs = answers(["gdb", "-nx", "-batch", target.exe, dead], commands)[0]
        theirs = theirs.replace("*mut ", "&").splitlines()  # gdb 13 takes Rust's references for pointers
        ours = [line.replace("&mut ", "&").replace("*mut ", "&") for line in ours]
        # What has no linkage name, gdb writes as the demangler would.
        ours = [re.sub(r"const ([\w:]+) &", r"\1 const&", line).replace(" &,", "&,") for line in ours]
        file = next(i for i, line in enumerate(theirs) if re.fullmatch(r"File .*crash\.(cc|rs):", line))
        own = [line for line in theirs[file + 1:] if line]
        own = own[:next((i for i, line in enumerate(own) if line.startswith("File ")), len(own))]
        assert len(own) >= same
        assert [line for line in own if line not in ours] == []


def test_names_in_dlvs_words(core):
    """A name a line, sorted; what gdb tells of them besides is in its own words."""
    argv = [INQUEST, "debug", "-batch", *core]
    for word, full in [("funcs ^die_", "info functions -n ^die_"), ("types ^death$", "info types ^death$"),
                       ("vars ^deaths$", "info variables -n ^deaths$")]:
        answer, told = answers(argv, [word, full]).values()
        names = [line.split(" = ")[0] for line in answer.splitlines()]
        assert names and names == sorted(set(names)) and all(re.search(rf"\b{name}\b", told) for name in names)
        assert len(names) == len(re.findall(r"^\d+:\t", told, re.M))
    sources, told = answers(argv, ["sources crash", "info sources crash"]).values()
    assert sources == told and "crash.c" in sources
    assert answers(argv, ["packages"]) == {0: ""}


def test_language_of_expressions(core):
    answer = console("set language rust", "p 5 as u8", "set language c++", "p true", "set language auto", "p true",
                     core=core, status=1)
    assert "$1 = 5\n$2 = true\n" in answer.out and 'No symbol "true" in current context.' in answer.err


def test_log(core, tmp_path):
    log = tmp_path / "log.txt"
    out = console(f"set logging file {log}", "set logging on", "p 1", "set logging off", "p 2", core=core).out
    assert log.read_text() == "$1 = 1\n" and "$1 = 1" in out and "$2 = 2" in out


def test_another_target(core):
    """What was kept belongs to the target it came from."""
    answer = console("p $x = 3", f"core-file {core[1]}", "p $x", "p $1", "core-file", "bt", core=core, status=1)
    assert answer.out.count("Core was generated") == 2
    assert "$1 = 3\n" in answer.out and "$1 = void\n" in answer.out
    assert answer.err.endswith("No stack.\n")
