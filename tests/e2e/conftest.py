# SPDX-License-Identifier: Apache-2.0
"""End-to-end tests: the real binary on real cores and processes.

INQUEST names the binary (default build/inquest). Programs are built once a run by tests/targets/build.py and cores
are made from them, all below pytest's temporary folder. tests/matrix.py runs those of Go with more: INQUEST_ROOT and
INQUEST_GO (see build.py), INQUEST_DLV, the command of a Delve, in words, and INQUEST_RPC2, a client of Delve's package.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "targets"))
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

import build  # noqa: E402
import cores  # noqa: E402

INQUEST = os.path.abspath(os.environ.get("INQUEST", ROOT / "build" / "inquest"))
SANITIZED = bool(os.environ.get("INQUEST_SANITIZED"))
SANITIZER = "AddressSanitizer", "runtime error:", "LeakSanitizer", "UndefinedBehaviorSanitizer"


def driver(path):
    """A program below tests/unit that shows an inner part, or None. A release build has none; those of the check
    are beside it."""
    for folder in (pathlib.Path(INQUEST).parent, ROOT / "build-check", ROOT / "build-asan"):
        if os.access(folder / "tests" / "unit" / path, os.X_OK):
            return folder / "tests" / "unit" / path
    return None


def pytest_addoption(parser):
    parser.addoption("--update", action="store_true", help="rewrite the golden files")
    parser.addoption("--full", action="store_true", help="every variant and every damaged core, however long it takes")


def pytest_configure(config):
    config.addinivalue_line("markers", "delve: beside the Delve of INQUEST_DLV; tests/matrix.py has the newest that Debian has")
    config.addinivalue_line("markers", "thin: with sanitizers one variant of each language is enough, without --full")
    if not os.access(INQUEST, os.X_OK):
        pytest.exit(f"{INQUEST} is not built (INQUEST names another)", 4)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # nohup and "&" have it ignored, by all that tests start, too


def pytest_collection_modifyitems(config, items):
    """With sanitizers all takes ten times as long, and what a variant of a language finds the next one finds too."""
    thinned = SANITIZED and not config.getoption("--full")
    has_delve = bool(os.environ.get("INQUEST_DLV"))
    seen, left_out = set(), []
    for item in items:
        if item.get_closest_marker("delve") and not has_delve:
            left_out.append(item)
        elif thinned and item.get_closest_marker("thin") and hasattr(item, "callspec"):
            language = item.callspec.id.split("-")[0]
            key = item.module.__name__, item.originalname, language
            if key in seen:
                left_out.append(item)
            seen.add(key)
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(call):
    """What a test needs and this machine cannot do skips it, wherever in the test that turns out."""
    if call.excinfo and call.excinfo.errisinstance(build.Missing):
        skip = pytest.skip.Exception(str(call.excinfo.value))
        call.excinfo = pytest.ExceptionInfo.from_exc_info((type(skip), skip, call.excinfo.tb))


class Answer:
    def __init__(self, result):
        self.status = result.returncode
        self.out = result.stdout.decode(errors="replace")
        self.err = result.stderr.decode(errors="replace")

    @property
    def json(self):
        return json.loads(self.out)


def run(*args, status=0, timeout=60, env=None, **more):
    """Run inquest; fails the test unless it ends with `status` and without a sanitizer's report."""
    whole = {**os.environ, "NO_COLOR": "1", "LC_ALL": "C.UTF-8", **(env or {})}
    whole = {name: value for name, value in whole.items() if value is not None}
    whole.pop("DEBUGINFOD_URLS", None)
    if build.ROOT and args[0] in ("debug", "info", "save", "shrink", "stack"):
        args = args[0], "--sysroot", build.ROOT, *args[1:]
    result = subprocess.run([INQUEST, *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, env=whole, timeout=timeout, check=False, **more)
    answer = Answer(result)
    assert not any(word in answer.err for word in SANITIZER), answer.err
    if status is not None:
        assert answer.status == status, f"exit {answer.status}\n{answer.out}\n{answer.err}"
    return answer


def closed(schema):
    """The schema for tests: a member that it does not name is an error, where others may add some."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: closed(each) for name, each in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        made.setdefault("unevaluatedProperties", False)
    return made


def json_schema(name):
    return closed(json.loads((ROOT / "docs" / "schema" / f"inquest.{name}-1.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """The user's cache is not touched."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    """Of Python: pyprograms.Programs."""
    import pyprograms
    return pyprograms.Programs(tmp_path_factory.mktemp("python"))


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    return Lab(tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="session")
def cxx_core(lab, tmp_path_factory):
    """Of C++, with containers and much else in its variables."""
    account = tmp_path_factory.mktemp("containers") / "account"
    return lab.core("cxx-gcc-O0-dwarf5", str(account), program="containers")[1]


@pytest.fixture(scope="session")
def go_core(lab):
    """Of the newest Go, with goroutines of all kinds."""
    version = build.GO_VERSIONS[-1] if build.GO_VERSIONS else "1.19"
    return lab.core(f"go-{version}-noopt", "abort", program="go")[1]


@pytest.fixture(scope="session")
def python_core(programs):
    """Of a Python, with calls, values, exceptions and tasks."""
    import pyprograms
    python = pyprograms.some()[0].values[0]
    if python is None:
        pytest.skip("no Python from 3.6 on is installed")
    return programs.core(python, "all")[0]


class Lab:
    """Programs and cores, made once a run."""

    def __init__(self, folder):
        self.folder = folder
        self.made = {}

    def target(self, variant, program=None):
        try:
            return build.build(variant, str(self.folder / "bin"), program=program)
        except build.Missing as missing:
            pytest.skip(str(missing))

    def core(self, variant, *args, program=None, **more):
        """(target, path of a core that the kernel wrote)"""
        target = self.target(variant, program)
        key = (variant, program, args, tuple(sorted(more.items())))
        if key not in self.made:
            name = f"core-{len(self.made)}"
            try:
                self.made[key] = cores.kernel_core([target.exe, *args], str(self.folder / "cores"), name=name, **more)
            except build.Missing as missing:
                pytest.skip(str(missing))
        return target, self.made[key]

    def running(self, variant, *args, program=None, **more):
        return cores.Running([self.target(variant, program).exe, *args], **more)


@pytest.fixture
def small_group():
    """A control group for memory: (its folder, name of the file with its limit). Removed afterwards."""
    lines = dict(line.split(":", 2)[1:] for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines())
    if "memory" in lines:
        group = pathlib.Path(f"/sys/fs/cgroup/memory{lines['memory']}") / f"inquest-{os.getpid()}"
        limit = "memory.limit_in_bytes"
    else:
        group, limit = pathlib.Path(f"/sys/fs/cgroup{lines.get('', '/')}") / f"inquest-{os.getpid()}", "memory.max"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no control group can be made: {error}")
    if not (group / limit).exists():
        group.rmdir()
        pytest.skip("control groups here do not limit memory")
    yield group, limit
    group.rmdir()
