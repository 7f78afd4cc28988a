# SPDX-License-Identifier: Apache-2.0
"""inquest dump of processes that make it hard: clear words, nothing left behind."""

import os
import signal
import subprocess
import time
from pathlib import Path

import cores
import pytest
from conftest import INQUEST, run
from test_dump import UNSEEN, Witness, as_init, dump, wait_until_written
from test_live import goes_on, tracer

# Fills memory; at a line it runs another program.
BODY = """
import os
kept = os.urandom(200 << 20)
print("ready", flush=True)
input()
os.execv("/bin/sleep", ["sleep", "60"])
"""


@pytest.mark.parametrize("how", ["exit", "exec"])
def test_gone_half_way(tmp_path, how):
    """The frozen copy does not need the process any more."""
    with cores.Running(["/usr/bin/python3", "-c", BODY], stdin=subprocess.PIPE) as process:
        inquest = subprocess.Popen([INQUEST, "dump", str(process.pid), tmp_path / "core"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        wait_until_written(inquest, tmp_path)
        if how == "exit":
            process.process.kill()
            process.process.wait()
        else:
            process.process.stdin.write(b"\n")
            process.process.stdin.flush()
        assert inquest.wait(timeout=60) == 0, inquest.stderr.read()
    assert "python3" in run("info", tmp_path / "core").out


def test_killed_while_it_stands_still(tmp_path):
    with cores.Running(["/usr/bin/python3", "-c", BODY], stdin=subprocess.PIPE) as process:
        inquest = subprocess.Popen([INQUEST, "dump", "--method", "stop", str(process.pid), tmp_path / "core"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        wait_until_written(inquest, tmp_path)
        os.kill(process.pid, signal.SIGKILL)
        err = inquest.communicate(timeout=60)[1].decode()
    # Killed behind the last byte of it, the core is whole.
    assert inquest.returncode == 0 or ("was killed" in err and not list(tmp_path.iterdir())), err


def test_already_traced(lab, tmp_path):
    with Witness(lab, 1, 1) as process:
        other = subprocess.Popen([INQUEST, "debug", str(process.pid)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        try:
            while tracer(process.pid) == 0:
                assert other.poll() is None
                time.sleep(0.02)
            for method in ("auto", "snapshot", "stop"):
                err = run("dump", "--method", method, process.pid, tmp_path / "core", status=None).err
                assert "already traced by process" in err and "(inquest)" in err
        finally:
            other.kill()
            other.wait()
        assert process.says()["children"] == 0 and not list(tmp_path.iterdir())


def test_other_namespaces(lab, tmp_path):
    """Its files are those of its own root, its ids those of its own namespace; the dump is not surprised."""
    front = [*as_init(), "--mount", "--"]
    with Witness(lab, 4, 2, front=front) as process:
        assert dump(process, tmp_path / "core", "--method", "snapshot")["method"] == "snapshot"
        assert process.seen() == UNSEEN
        goes_on(process.pid)
    assert run("verify", tmp_path / "core").out.endswith("is whole\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run it as somebody else")
def test_no_process_allowed(tmp_path):
    front = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", "prlimit", "--nproc=1"]
    with cores.Running([*front, "sh", "-c", "echo ready; exec sleep 60"]) as process:
        while b"sleep" not in Path(f"/proc/{process.pid}/cmdline").read_bytes()[:6]:
            time.sleep(0.01)
        answer = dump(process, tmp_path / "core")
        assert answer["method"] == "stop" and "could not be forked" in answer["no_snapshot"]
        err = run("dump", "--method", "snapshot", process.pid, tmp_path / "never", status=None).err
        assert "RLIMIT_NPROC" in err and not (tmp_path / "never").exists()
        goes_on(process.pid)


def test_a_thread_that_cannot_stop(lab, tmp_path):
    """One that waits for its vfork() sleeps where no tracer can wake it."""
    with Witness(lab, 4, 2, "vfork") as process:
        err = run("dump", "--method", "snapshot", process.pid, tmp_path / "never", status=None).err
        assert "could not be stopped" in err and not list(tmp_path.iterdir())
        goes_on(process.pid)
        says = process.says()
        assert says["interrupted"] == 0 and says["child_signals"] == 0


def test_32_bit(tmp_path):
    source, exe = tmp_path / "wait.c", tmp_path / "wait"
    source.write_text('#include <stdio.h>\n#include <unistd.h>\nint main(void) { puts("ready"); fflush(stdout); pause(); }\n')
    if subprocess.run(["gcc", "-m32", source, "-o", exe], check=False, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("gcc cannot make 32-bit programs here")
    with cores.Running([str(exe)]) as process:
        err = run("dump", "--method", "snapshot", process.pid, tmp_path / "never", status=None).err
        assert "cannot be made to fork here" in err
        answer = dump(process, tmp_path / "core")
        assert answer["method"] == "stop" and answer["threads"] == 1
        goes_on(process.pid)
    assert "i386" in run("info", tmp_path / "core").out
