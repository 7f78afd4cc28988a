# SPDX-License-Identifier: Apache-2.0
"""Editors, and the client library of VS Code's adapters, look at cores through `inquest dap`; what they then hold is what
the client of dap.py is told, of which each message is compared with the specification.

Emacs and dape are Debian packages (tests/matrix.py has them); the others are named: INQUEST_NODE_MODULES, a folder with
@vscode/debugadapter-testsupport of npm, and INQUEST_NVIM_DAP, a copy of the plugin nvim-dap.
"""

import base64
import json
import os
import shutil
import subprocess

import pytest

import build
from conftest import INQUEST, ROOT
from dap import Client

SECONDS = 40  # for one answer, as a slow machine needs it
FOLDER = ROOT / "tests" / "e2e" / "editors"


def here(*argv):
    """A command of this machine, also for who runs inside of the root."""
    return ["chroot", f"/proc/{os.getpid()}/root", *argv] if build.ROOT else [*argv]


def need(name, *arguments):
    """Skips where a program is not installed, or fails with the arguments."""
    try:
        build.run([build.tool(name), *arguments])
    except build.Missing as missing:
        pytest.skip(str(missing))
    except build.Failed:
        pytest.skip(f"{name} {' '.join(arguments)} fails")


def folder_of(variable, what):
    """What a variable names; skips where it names nothing."""
    path = os.environ.get(variable)
    if not path:
        pytest.skip(f"{variable} names no folder with {what}")
    return path


def answer(argv, tmp_path, **env):
    """What the program prints as its last line, as JSON."""
    whole = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "TERM": "dumb", **env}
    whole.pop("DEBUGINFOD_URLS", None)
    result = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path,
                            env=whole, timeout=4 * SECONDS, check=False, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(result.stdout.splitlines()[-1])


def shared(name, tmp_path):
    """A script where the root sees it, too."""
    return shutil.copy(FOLDER / name, tmp_path)


def emacs():
    """dape asks what it shows by itself."""
    need("emacs", "--batch", "-l", "dape")
    return lambda job, tmp_path: answer(
        build.inside(["emacs", "--batch", "-l", "dape", "-l", shared("dape.el", tmp_path), json.dumps(job)]), tmp_path)


def neovim():
    """nvim-dap asks what it shows by itself."""
    plugin = folder_of("INQUEST_NVIM_DAP", "the plugin nvim-dap")
    need("nvim", "--version")
    return lambda job, tmp_path: answer(
        build.inside(["nvim", "--headless", "-u", "NONE", "-i", "NONE", "--cmd", f"set rtp^={plugin}",
                      "-l", shared("nvim-dap.lua", tmp_path), json.dumps(job)]),
        tmp_path, XDG_STATE_HOME=str(tmp_path), XDG_DATA_HOME=str(tmp_path))


def vscode():
    """Requests are typed by the protocol's declarations. The library starts a command with one argument, on this machine."""
    modules = folder_of("INQUEST_NODE_MODULES", "@vscode/debugadapter-testsupport")
    return lambda job, tmp_path: answer(
        ["node", str(FOLDER / "testsupport.js"), json.dumps({**job, "adapter": [INQUEST, "dap"]})], tmp_path, NODE_PATH=modules)


@pytest.fixture(scope="module", params=[emacs, neovim, vscode], ids=lambda function: function.__name__)
def editor(request):
    """What has an editor do a job; before anything is made for one that is not here."""
    return request.param()


def plain(variable):
    """Is it one whose name is an expression, and whose value is known?"""
    return variable["name"].isidentifier() and "evaluateName" in variable and not variable["value"].startswith("<")


class Looked:
    """What dap.py's client is told of a core, and what an editor is to be asked."""

    def __init__(self, core):
        self.launch = {"core": core, **({"sysroot": build.ROOT} if build.ROOT else {})}
        with Client() as client:
            self.stopped = client.open(core=core)
            self.begins = [f["name"] for f in client.frames(self.stopped["threadId"]) if f["presentationHint"] != "subtle"][:1]
            self.threads = client.ask("threads")["threads"]
            self.thread, self.frames, self.frame = self._find(client)
            number = self.frames[self.frame]["id"]
            self.scopes = client.ask("scopes", frameId=number)["scopes"]
            self.variables = {scope["name"]: client.children(scope) for scope in self.scopes if not scope["expensive"]}
            known = [v["evaluateName"] for v in self.variables["Locals"] if plain(v)]
            self.evaluated = {text: client.ask("evaluate", expression=text, frameId=number)["result"] for text in known}
            self.exception = client.ask("exceptionInfo", threadId=self.stopped["threadId"])
            self.completed = known[0]
            self.modules = {m["id"] for m in client.ask("modules")["modules"]}

    def _find(self, client):
        """(thread, its frames, index of the program's frame with most variables)"""
        found = []
        for one in [t for t in self.threads if t["id"] == self.stopped["threadId"] or "main.values" in t["name"]]:
            frames = client.frames(one["id"])
            for i, frame in enumerate(frames):
                if frame["presentationHint"] == "normal" and "sourceReference" not in frame.get("source", {"sourceReference": 1}):
                    found.append((sum(map(plain, client.scope(frame["id"], "Locals"))), one["id"], frames, i))
        count, *best = max(found, key=lambda one: one[0])
        assert count
        return best

    @property
    def job(self):
        return {"launch": self.launch, "thread": self.thread, "frame": self.frame, "expressions": list(self.evaluated),
                "start": self.completed[:2], "seconds": SECONDS, "adapter": here(INQUEST, "dap")}


@pytest.fixture(scope="module", params=["cxx", "go", "python"])
def looked(request):
    return Looked(request.getfixturevalue(f"{request.param}_core"))


def named(variables):
    return [(v["name"], v["value"], v.get("type")) for v in variables]


def compare(got, looked):
    assert got["stopped"] == looked.stopped
    assert sorted(got["threads"], key=lambda one: one["id"]) == sorted(looked.threads, key=lambda one: one["id"])
    assert [(f["name"], f["line"], f.get("source")) for f in got["frames"]] == \
        [(f["name"], f["line"], f.get("source")) for f in looked.frames]
    assert {name: named(some) for name, some in got["variables"].items()} == \
        {name: named(some) for name, some in looked.variables.items()}
    assert got["evaluated"]
    for context, results in got["evaluated"].items():
        assert set(results) == set(looked.evaluated)
        assert results == looked.evaluated or context == "clipboard"  # which has it whole
    assert got["exception"] == looked.exception
    name, line = got.get("shown_at", ("", 0))  # Neovim goes to the top frame's line, also where its source is not here
    assert not name.startswith("dap-src:") or line == got["top"]["line"]
    assert "top" not in got or not looked.begins or [got["top"]["name"]] == looked.begins
    if "told" in got:  # Emacs shows the modules that events told it of
        assert {m["id"] for m in got["told"]} == looked.modules


def test_editor(editor, looked, tmp_path):
    """What every editor asks by itself."""
    got = editor(looked.job, tmp_path)
    compare(got, looked)
    assert "ends too early" in got["wrong"]


@pytest.mark.parametrize("editor", [vscode], indirect=True)
def test_requests_of_vs_code(editor, looked, tmp_path):
    """Those that not every editor makes."""
    got = editor(looked.job, tmp_path)
    assert [f["id"] for f in got["page"]] == [f["id"] for f in got["frames"]][1:3]
    assert all(got["children"].values())
    assert looked.job["expressions"][0] in [one["label"] for one in got["completions"]]
    assert len(got["modules"]["modules"]) == 2 < got["modules"]["totalModules"] and got["sources"]
    assert len(base64.b64decode(got["memory"]["data"])) == 16
    assert len(got["instructions"]) == 5 and got["instructions"][2]["address"] == got["memory"]["address"]
    with open(got["frames"][looked.frame]["source"]["path"], encoding="utf-8") as file:
        assert got["text"] == file.read()
    assert [one["verified"] for one in got["breakpoints"]] == [False]
    assert all("cannot run" in said or "changes nothing" in said for said in got["refused"].values())
