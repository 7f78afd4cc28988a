# SPDX-License-Identifier: Apache-2.0
"""Scripts in Starlark, as Delve's prompt runs them: the language here and in the modules around, Delve's functions in delve.

run() runs a file. What a script may do, and what of it differs from Delve, is told in docs/scripts.md.
"""
import re
import sys
import types

from . import compile as compiler
from . import library, ops, scan
from .clock import TIME
from .values import Builtin, Error, freeze, quote

MOST_DIGITS = 100_000  # of an int's text
MOST_CALLS = 10_000

if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(MOST_DIGITS)


class Failure(Exception):
    """Why a script ended, as text for people; `backtrace`, where there is one, has the lines that led there as well."""

    def __init__(self, message, backtrace=""):
        super().__init__(scan.text(message))
        self.backtrace = scan.text(backtrace)


class Environment:
    """What scripts share: the functions that they are given, and globals of theirs that begin with a capital letter."""

    def __init__(self, predeclared, output):
        self.output = output
        self.names = dict(library.UNIVERSE)
        self.names["time"] = TIME
        self.names["print"] = Builtin("print", self._print)
        self.names.update(predeclared)

    def _print(self, args, kwargs):
        self.output(scan.text(library.printed(args, kwargs)) + "\n")

    def _globals(self):
        names = {compiler.PREDECLARED + name: value for name, value in self.names.items()}
        names.update((compiler.HELPER + name, value) for name, value in ops.HELPERS.items())
        names["__builtins__"] = {}
        return names

    def execute(self, path, source):
        """Runs a file; its globals, which cannot be changed from then on."""
        try:
            code = compiler.compile_file(source, path, self.names.__contains__)
        except scan.SyntaxProblem as problem:
            raise _syntax_failure(path, problem) from None
        names = self._globals()
        guarded(exec, code, names)
        result = {name: value for name, value in names.items() if not name.startswith("%") and name != "__builtins__"}
        for value in result.values():
            freeze(value)
        for name, value in result.items():
            if "A" <= name[:1] <= "Z":
                self.names[name] = value
        return result

    def evaluate(self, source):
        """The value of one expression."""
        path = "<input>"
        try:
            code = compiler.compile_expression(source, path, self.names.__contains__)
        except scan.SyntaxProblem as problem:
            raise _syntax_failure(path, problem) from None
        return guarded(eval, code, self._globals())


def _syntax_failure(path, problem):
    line, column = problem.position
    return Failure(f"{path}:{line}:{column}: {problem.message}")


def guarded(function, *args):
    """Calls what runs a script; whatever goes wrong in the script is a Failure."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, MOST_CALLS))
    try:
        return function(*args)
    except Failure:
        raise
    except (Error, TypeError, NameError, RecursionError) as problem:
        raise Failure(_message(problem), _backtrace(problem)) from problem
    finally:
        sys.setrecursionlimit(limit)


# Messages of Python about a script's code, which the compiler leaves to it: variables and calls.

def _message(problem):
    if isinstance(problem, Error):
        return problem.message
    if isinstance(problem, RecursionError):
        return "the calls of the script are nested too deeply"
    message = str(problem)
    if isinstance(problem, NameError):
        name = re.search("'(.+)'", message).group(1)
        what = "global" if "is not defined" in message else "local"
        return f"{what} variable {name} referenced before assignment"
    match = re.match(r"'(\w+)' object is not callable", message)
    if match:
        return f"invalid call of non-function ({_starlark_type(match.group(1))})"
    return _call_message(message)


_PYTHON_TYPES = {"str": "string", "List": "list", "Dict": "dict", "Set": "set"}


def _starlark_type(name):
    return _PYTHON_TYPES.get(name, name)


def _call_message(message):
    """Python's complaint about the arguments of a call, in Starlark's words."""
    match = re.match(r"(.+?)\(\) (.*)", message, re.DOTALL)
    if not match:
        return message
    name, what = match.groups()
    name = name.rpartition(".")[2]
    name = "lambda" if name == "<lambda>" else name
    missing = re.match(r"missing \d+ required (?:positional|keyword-only) arguments?: (.*)", what)
    if missing:
        names = re.findall("'([^']+)'", missing.group(1))
        return f"function {name} missing {len(names)} argument{'s' if len(names) > 1 else ''} ({', '.join(names)})"
    given = re.match(r"takes (from \d+ to )?(\d+) positional arguments? but (\d+) ", what)
    if given:
        optional, most, count = given.groups()
        if most == "0":
            return f"function {name} accepts no arguments ({count} given)"
        at_most = "at most " if optional else ""
        return f"function {name} accepts {at_most}{most} positional argument{'' if most == '1' else 's'} ({count} given)"
    wrong = re.match(r"got an unexpected keyword argument '([^']+)'", what)
    if wrong:
        return f"function {name} got an unexpected keyword argument {quote(wrong.group(1))}"
    twice = re.match(r"got multiple values for (?:keyword )?argument '([^']+)'", what)
    if twice:
        return f"function {name} got multiple values for parameter {quote(twice.group(1))}"
    return f"function {name} {what}"


# Where in a script something happened.

def _is_script(frame):
    return compiler.HELPER + "each" in frame.f_globals


def _position(code, instruction, line):
    """file:line:column of an instruction; without the column where Python does not keep it (before 3.11)."""
    if hasattr(code, "co_positions"):
        for at, (where, _, column, _) in enumerate(code.co_positions()):
            if at == instruction // 2 and where is not None and column is not None:
                return f"{code.co_filename}:{where}:{column + 1}"
    return f"{code.co_filename}:{line}"


def caller_position():
    """Where the script is that called the function which asks."""
    frame = sys._getframe(1)
    while frame and not _is_script(frame):
        frame = frame.f_back
    return _position(frame.f_code, frame.f_lasti, frame.f_lineno) if frame else "<unknown>"


def _backtrace(problem):
    lines, at = [], problem.__traceback__
    while at:
        if _is_script(at.tb_frame):
            code = at.tb_frame.f_code
            name = {"<module>": "<toplevel>", "<lambda>": "lambda"}.get(code.co_name, code.co_name)
            lines.append(f"  {_position(code, at.tb_lasti, at.tb_lineno)}: in {name}\n")
        at = at.tb_next
    return "Traceback (most recent call last):\n" + "".join(lines) + "Error: " + _message(problem) if lines else ""


# Running files.

def parameter_count(function):
    code = function.__code__
    return code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8)


class Runner:
    """Runs files and makes commands of their functions; add_command(name, function of a text, help); begin() is called
    before anything runs."""

    def __init__(self, environment, add_command, begin):
        self.environment, self.add_command, self.begin = environment, add_command, begin

    def run(self, path, source, args):
        self.begin()
        names = self.environment.execute(path, source)
        for name, value in names.items():
            if name.startswith("command_") and type(value) is types.FunctionType:
                self._command(name[len("command_"):], value)
        main = names.get("main")
        if main is None:
            return
        if type(main) is not types.FunctionType:
            raise Failure("main is not a function")
        if parameter_count(main) != len(args):
            raise Failure("wrong number of arguments for main")
        guarded(main, *map(scan.star, args))

    def _command(self, name, function):
        def raw(text):
            self.begin()
            guarded(function, scan.star(text))

        def evaluated(text):
            self.begin()
            value = self.environment.evaluate(f"({text})")
            guarded(function, *(value if type(value) is tuple else (value,)))

        code = function.__code__
        one = parameter_count(function) == 1 and code.co_varnames[0] == "args"
        self.add_command(scan.text(name), raw if one else evaluated, scan.text(function.__doc__ or "user defined"))


def runner(host, output):
    """The runner of Delve's scripts. `host` has what the module _inquest has; `output` prints a text."""
    from .delve import Delve  # which needs this module
    delve = Delve(host, output)
    return Runner(Environment(delve.builtins(), output), host.add_command, delve.begin)


_runner = None


def run(path, source, args):
    """Runs a script of Delve's within Inquest: its top level, then main(); raises Failure."""
    global _runner
    if _runner is None:
        import _inquest
        _runner = runner(_inquest, sys.stdout.write)
    _runner.run(path, source, list(args))
