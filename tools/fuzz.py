#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run libFuzzer targets (`make fuzz`).

  fuzz.py [NAME...]    those targets, else all; FUZZ_SECONDS each (600), as many at a time as processors

What they find lands in build-fuzz/found/; put a fixed one into tests/corpus/<name>/, where it is replayed by
every `make check`. Exit status 1 if any target found something.
"""
import concurrent.futures
import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = "build-fuzz"
SECONDS = int(os.environ.get("FUZZ_SECONDS", "600"))


def build():
    if not os.path.exists(f"{BUILD}/build.ninja"):
        subprocess.run(["meson", "setup", BUILD, "-Dfuzz=true", "-Dtests=false", "-Db_sanitize=address,undefined",
                        "-Db_lundef=false", "-Dc_args=-fno-sanitize-recover=all"],
                       check=True, env={**os.environ, "CC": "clang-16"})
    subprocess.run(["tools/layers.py", "--farm", f"{BUILD}/include"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", BUILD], check=True)


def fuzz(name):
    """(name, did it stay clean, what to print)"""
    corpus, found = f"{BUILD}/corpus/{name}", f"{BUILD}/found/{name}-"
    os.makedirs(corpus, exist_ok=True)
    os.makedirs(os.path.dirname(found), exist_ok=True)
    seeds = [path for path in [f"tests/corpus/{name}"] if os.path.isdir(path)]
    with open(f"{BUILD}/{name}.log", "w+", encoding="utf-8", errors="replace") as log:
        status = subprocess.run([f"{BUILD}/fuzz/fuzz_{name}", f"-max_total_time={SECONDS}", "-timeout=10",
                                 "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={found}",
                                 corpus, *seeds], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                check=False).returncode
        log.seek(0)
        text = log.read()
    runs = re.search(r"number_of_executed_units: (\d+)", text)
    count = f"{int(runs[1]):,} runs" if runs else "no count of runs"
    if status == 0:
        return name, True, f"{name}: clean, {count}"
    what = re.search(r"^SUMMARY: .*", text, re.MULTILINE)
    return name, False, f"{name}: FAILED, {count}: {what[0] if what else 'see'} ({BUILD}/{name}.log)"


def main():
    os.chdir(ROOT)
    build()
    names = sys.argv[1:] or sorted(os.path.basename(path)[len("fuzz_"):-len(".c")] for path in glob.glob("fuzz/fuzz_*.c"))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for done in concurrent.futures.as_completed([pool.submit(fuzz, name) for name in names]):
            _, clean, text = done.result()
            failed += not clean
            print(text, flush=True)
    print(f"{len(names) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
