#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Everything that must hold before a change lands (`make check`, after `make build`).

  check.py [STEP...]    only the steps whose names begin so; --list names them

The last line is "N passed, N failed, N skipped": a check of the sources counts as one, tests count each.
Exit status 1 if any failed. Full output of each step: build-check/logs/.
"""
import argparse
import glob
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from concurrent import futures

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CHECK, ASAN = "build-check", "build-asan"
LOGS = os.path.join(CHECK, "logs")
GO_VERSIONS = "1.19 1.23"  # the oldest and the newest of Debian 12 and its backports; check-matrix has all
GO_CACHE = os.path.join(CHECK, "go-cache")  # Go's library, compiled once for both runs of the tests
MINUTES = 20  # for all steps together
SHOWN = 60    # lines of a failed step's output
PRINTING = threading.Lock()
SANITIZERS = {"UBSAN_OPTIONS": "print_stacktrace=1"}


class Result:
    def __init__(self, passed=0, failed=0, skipped=()):
        self.passed, self.failed, self.skipped = passed, failed, list(skipped)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {len(self.skipped)} skipped"


def one(ok):
    return Result(passed=1) if ok else Result(failed=1)


class Step:
    """Commands that share a log. `run` gives True or False; the step fails at the first False."""

    def __init__(self, name, deadline):
        self.name, self.deadline = name, deadline
        self.log = os.path.join(LOGS, name.replace(" ", "-") + ".log")

    def run(self, *command, env=None):
        with open(self.log, "a", encoding="utf-8") as log:
            log.write("+ " + " ".join(command[:12]) + (" ..." if len(command) > 12 else "") + "\n")
            log.flush()
            try:
                # A session of its own: what a test left running is ended with it.
                process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                           env={**os.environ, **(env or {})}, start_new_session=True)
            except FileNotFoundError as missing:
                log.write(f"{missing}\n")
                return False
            try:
                return process.wait(max(1, self.deadline - time.monotonic())) == 0
            except subprocess.TimeoutExpired:
                log.write(f"stopped: all steps together took more than {MINUTES} minutes\n")
                return False
            finally:
                end_session(process)


def end_session(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def junit_cases(path):
    """(name, "passed", "failed" or "skipped", why) of each test of a JUnit file of pytest; none without the file."""
    for case in ElementTree.parse(path).iter("testcase") if os.path.exists(path) else ():
        name = f"{case.get('classname', '')} {case.get('name')}"
        skipped, failed = case.find("skipped"), [one for one in (case.find("failure"), case.find("error")) if one is not None]
        if failed:
            yield name, "failed", failed[0].text or failed[0].get("message") or ""
        elif skipped is not None:
            yield name, "skipped", skipped.get("message") or "no reason given"
        else:
            yield name, "passed", ""


def junit(path, ok):
    """The counts of a JUnit file of pytest; a run that failed without saying where counts as one failure."""
    result = Result()
    for name, what, why in junit_cases(path):
        if what == "failed":
            result.failed += 1
        elif what == "skipped":
            result.skipped.append(f"{name}: {why}".strip())
        else:
            result.passed += 1
    if not ok and not result.failed:
        result.failed = 1
    return result


def c_files():
    """Ours, not the programs that the tests crash: these are laid out as their lines need. Git is not asked: it may
    not be there, and it refuses a tree of another user."""
    return sorted(path for folder in ("src", "fuzz", "tests/unit")
                  for path in glob.glob(f"{folder}/**/*.[ch]", recursive=True))


def check_layers(step):
    ok = step.run("tools/layers.py")
    if os.path.exists("ARCHITECTURE.md"):
        ok = step.run("tools/layers.py", "--check-doc", "ARCHITECTURE.md") and ok
    return one(ok)


def check_docs(step):
    return one(step.run("tools/docs.py"))


def check_format(step):
    return one(step.run("clang-format-16", "--dry-run", "--Werror", "--ferror-limit=1", *c_files()))


def build(step, where, compiler, *options):
    ok = os.path.exists(os.path.join(where, "build.ninja")) or step.run(
        "meson", "setup", where, "-Dwerror=true", *options, env={"CC": compiler})
    return ok and step.run("tools/layers.py", "--farm", os.path.join(where, "include")) and step.run(
        "ninja", "-C", where)


def build_gcc(step):
    return one(build(step, CHECK, "gcc"))


def build_asan(step):
    return one(build(step, ASAN, "clang-16", "-Db_sanitize=address,undefined", "-Db_lundef=false",
                     "-Dc_args=-fno-sanitize-recover=all -fno-omit-frame-pointer"))


def check_symbols(step):
    return one(step.run("tools/layers.py", "--symbols", CHECK))


def tap(test):
    """The counts of a test of testlog.json: of its TAP lines if it has any. One that failed without saying where
    (a crash, a leak, a time-out) counts as one failure. cmocka 1.1.5 calls what it skips "not ok", which Meson takes
    for a failure."""
    result = Result()
    bad = test["result"] in ("FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS")
    for line in re.finditer(r"^(not )?ok \d+(.*)$", test.get("stdout", ""), re.MULTILINE):
        if re.search(r"# *skip", line[2], re.IGNORECASE):
            result.skipped.append(f"{test['name']}{line[2]}")
        elif line[1]:
            result.failed += 1
        else:
            result.passed += 1
    if bad and not result.failed and not (result.skipped and test["returncode"] == 0):
        result.failed = 1
    elif test["result"] == "SKIP" and not result.skipped:
        result.skipped.append(test["name"])
    elif not bad and not result.passed:
        result.passed = 1
    return result


def unit(step, where, *options, env=None):
    log = os.path.join(where, "meson-logs", "testlog.json")
    if os.path.exists(log):
        os.unlink(log)
    step.run("meson", "test", "-C", where, "--print-errorlogs", *options, env=env)
    if not os.path.exists(log):
        return Result(failed=1)
    result = Result()
    with open(log, encoding="utf-8") as lines:
        for line in lines:
            result.add(tap(json.loads(line)))
    return result


def e2e(step, binary, env=None):
    if not os.path.isdir("tests/e2e"):
        return Result()
    if not os.path.exists(binary):
        return Result(failed=1)
    report = os.path.join(LOGS, step.name.replace(" ", "-") + ".xml")
    ok = step.run("pytest-3", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", "tests/e2e",
                  env={"INQUEST": os.path.abspath(binary), "GOCACHE": os.path.abspath(GO_CACHE),
                       "INQUEST_GO": os.environ.get("INQUEST_GO", GO_VERSIONS), **(env or {})})
    return junit(report, ok)


# Those of an inner list run at once: each has the processor for half of its time.
STEPS = [
    ("layers", check_layers),
    ("docs", check_docs),
    ("format", check_format),
    ("build gcc", build_gcc),
    ("build clang asan", build_asan),
    ("symbols", check_symbols),
    ("unit gcc", lambda step: unit(step, CHECK)),
    ("unit asan", lambda step: unit(step, ASAN, "--timeout-multiplier=4", env=SANITIZERS)),
    [("e2e release", lambda step: e2e(step, "build/inquest")),
     ("e2e asan", lambda step: e2e(step, os.path.join(ASAN, "inquest"), {**SANITIZERS, "INQUEST_SANITIZED": "1"}))],
]


def groups(wanted):
    """Lists of steps that run at once, of all or of those whose names begin with a wanted word."""
    for entry in STEPS:
        group = [step for step in (entry if isinstance(entry, list) else [entry])
                 if not wanted or step[0].startswith(tuple(wanted))]
        if group:
            yield group


def tail(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        lines = f.read().splitlines()
    if len(lines) > SHOWN:
        print(f"    ... ({path} has all of it)")
    for line in lines[-SHOWN:]:
        print("    " + line)


def run_step(name, check, deadline):
    began = time.monotonic()
    step = Step(name, deadline)
    open(step.log, "w", encoding="utf-8").close()
    result = check(step)
    with PRINTING:
        print(f"{name}: {result} ({time.monotonic() - began:.0f} s)", flush=True)
        if result.failed:
            tail(step.log)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steps", nargs="*", metavar="STEP")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    if args.list:
        print("\n".join(name for group in groups([]) for name, _ in group))
        return 0

    os.chdir(ROOT)
    os.makedirs(LOGS, exist_ok=True)
    deadline = time.monotonic() + MINUTES * 60
    total = Result()
    for group in groups(args.steps):
        with futures.ThreadPoolExecutor() as pool:
            for result in pool.map(lambda entry: run_step(*entry, deadline), group):
                total.add(result)
    for line in sorted(set(total.skipped)):
        print(f"skipped: {line}")
    print(total)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
