# SPDX-License-Identifier: Apache-2.0
"""What runs scripts inside of Inquest: embed.c calls run() and call(), and raises what they raise.

Scripts may change any module that they can reach, so what is needed after they ran is bound here before.
"""
import importlib.util
import inspect
import io
import os
import signal
import sys
import traceback
import types

import _inquest

_print_exception = traceback.print_exception


class _Output(io.TextIOBase):
    """Standard output goes where the answers of commands go: pages, pipes, the log."""

    encoding = "utf-8"
    errors = "surrogateescape"

    def write(self, text):
        _inquest.write(text, False)
        return len(text)

    def flush(self):
        _inquest.write("", True)

    def writable(self):
        return True

    def isatty(self):
        return False


_output = _Output()


class _Finder:
    """Finds Inquest's own package, starlark, within the program."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] == "starlark" and _inquest.source(name) is not None:
            return importlib.util.spec_from_loader(name, _Finder, is_package=name == "starlark")
        return None

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        name = module.__name__
        exec(compile(_inquest.source(name), f"<inquest {name}>", "exec", dont_inherit=True), module.__dict__)


def _begin():
    """`import inquest` in a script gives the names of the module that is built in."""
    module = types.ModuleType("inquest", _inquest.__doc__)
    for name in _inquest.__all__:
        setattr(module, name, getattr(_inquest, name))
    module.__all__ = _inquest.__all__
    sys.modules["inquest"] = module
    sys.meta_path.insert(0, _Finder)
    sys.stdout = sys.__stdout__ = _output
    signal.signal(_inquest.stop_signal, _inquest.stop)
    sys.stderr.reconfigure(errors="backslashreplace", write_through=True)


def takes_text(function):
    """Does a command want its arguments as they were typed? Delve's rule: its only parameter is called args."""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return True
    return names == ["args"]


def command(function, names):
    """What runs for a command of a script, with the text that follows its name."""
    def run(text):
        if takes_text(function):
            return function(text)
        return eval(f"_command({text})", {**names, "_command": function})
    return run


def add_commands(names):
    """The functions command_NAME of a script."""
    for name, function in list(names.items()):
        if name.startswith("command_") and len(name) > 8 and callable(function):
            _inquest.add_command(name[8:], command(function, names), inspect.getdoc(function))


def _run_python(path, source):
    names = {"__name__": "__inquest__", "__file__": path, "__builtins__": __builtins__}
    folder = os.path.dirname(os.path.abspath(path))
    if folder not in sys.path:
        sys.path.insert(0, folder)
    exec(compile(source, path, "exec", dont_inherit=True), names)
    add_commands(names)
    if callable(names.get("main")):
        names["main"]()


def _run_starlark(path, source, args):
    import starlark
    starlark.run(path, source.decode("utf-8", "surrogateescape"), args)


def _scripts_part(error):
    """The traceback without the frames of this file."""
    at = error.__traceback__
    while at and at.tb_frame.f_code.co_filename.startswith("<inquest "):
        at = at.tb_next
    return error.with_traceback(at)


def _meant(error):
    """What was meant by an attribute of this module that is one of the target; None for other errors."""
    of = getattr(error, "obj", None)
    name = getattr(error, "name", None)
    ours = of is _inquest.target or of is sys.modules.get("inquest")
    return f"inquest.target().{name}" if ours and name and hasattr(_inquest.Target, name) else None


def _tell(error):
    told = getattr(error, "backtrace", None)  # of a script in Starlark
    if told is None:
        _print_exception(_scripts_part(error))
        if isinstance(error, AttributeError) and _meant(error):
            print(f"  hint: {_meant(error)}", file=sys.stderr)
    else:
        print(told or f"Error: {error}", file=sys.stderr)


def _status(exit_code):
    if exit_code is None or isinstance(exit_code, int):
        return (exit_code or 0) & 255
    print(exit_code, file=sys.stderr)
    return 1


def _guarded(function, *args):
    """0, the status of sys.exit(), or 1 after an exception. What ends the whole run passes."""
    try:
        function(*args)
        return 0
    except SystemExit as error:
        return _status(error.code)
    except (KeyboardInterrupt, _inquest.LimitExceeded):
        raise
    except BaseException as error:
        _output.flush()
        _tell(error)
        if isinstance(error, MemoryError):
            raise
        return 1
    finally:
        _inquest.write("", False)


def run(path, args):
    with open(path, "rb") as file:
        source = file.read()
    sys.argv = [path, *args]
    if path.endswith(".star"):
        return _guarded(_run_starlark, path, source, args)
    return _guarded(_run_python, path, source)


def call(function, text):
    return _guarded(function, text)


_begin()
