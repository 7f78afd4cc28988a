# SPDX-License-Identifier: Apache-2.0
"""Where a debug file may lie whose program names none: only its build-id says that it is the one."""

import os
import shutil
import subprocess
import types

import pytest

import cores
from conftest import run

PLAIN = "c-gcc-O2-dwarf5"


@pytest.fixture(scope="module")
def service(lab, tmp_path_factory):
    """A stripped program that crashed, its core elsewhere, and its debug file without a link to it."""
    folder = tmp_path_factory.mktemp("service")
    exe, debug = folder / "bin" / "service", folder / "debug" / "service.debug"
    for made in exe.parent, debug.parent, folder / "cores":
        made.mkdir()
    shutil.copy(lab.target(PLAIN).exe, exe)
    subprocess.run(["objcopy", "--only-keep-debug", exe, debug], check=True)
    subprocess.run(["strip", exe], check=True)
    core = cores.kernel_core([str(exe), "segv"], str(folder / "cores"), name="core")
    whole = shutil.copy(lab.target(PLAIN).exe, folder / "service.whole")
    expected = crashed(core, "--exe", whole)
    assert [frame["function"] for frame in expected[:2]] == ["die_segv", "blow"] and expected[0]["file"]
    return types.SimpleNamespace(exe=exe, debug=debug, whole=whole, core=core, expected=expected)


def crashed(core, *options):
    """The crashed thread's frames."""
    answer = run("stack", "--json", *options, core).json
    thread = next(thread for thread in answer["threads"] if thread["crashed"])
    return [{key: frame[key] for key in ("function", "file", "line")} for frame in thread["frames"]]


def test_without_it(service):
    assert crashed(service.core) != service.expected
    assert "for service: give its debug file's folder with --debug-dir, or " in run("stack", service.core).out


@pytest.mark.parametrize("name", ["service.debug", "service", "whole"])
def test_in_a_folder_by_name(service, name, tmp_path):
    shutil.copy(service.whole if name == "whole" else service.debug, tmp_path / name.replace("whole", "service"))
    assert crashed(service.core, "--debug-dir", tmp_path) == service.expected


def test_below_the_path_of_its_program(service, tmp_path):
    folder = tmp_path / str(service.exe.parent).lstrip("/")
    folder.mkdir(parents=True)
    shutil.copy(service.debug, folder)
    assert crashed(service.core, "--debug-dir", tmp_path) == service.expected


@pytest.mark.parametrize("beside", ["core", "exe"])
def test_beside(service, beside):
    copy = shutil.copy(service.debug, os.path.dirname(getattr(service, beside)))
    try:
        assert crashed(service.core) == service.expected
    finally:
        os.unlink(copy)


def test_that_of_another_build(service, tmp_path):
    shutil.copy("/bin/true", tmp_path / "service.debug")
    shutil.copy("/bin/true", tmp_path / "service")
    assert crashed(service.core, "--debug-dir", tmp_path) == crashed(service.core)


def test_given_as_the_program(service):
    assert crashed(service.core, "--exe", service.debug) == service.expected
    moved = service.exe.rename(service.exe.with_name("moved"))
    try:
        answer = run("stack", "--exe", service.debug, service.core).out
        assert "no file for service: give the program with --exe" in answer
        assert f"--exe is not the program: {service.debug} holds debug information alone" in answer
        assert crashed(service.core, "--exe", service.debug)[0] == service.expected[0]
        assert crashed(service.core, "--exe", moved, "--debug-dir", service.debug.parent) == service.expected
    finally:
        moved.rename(service.exe)
