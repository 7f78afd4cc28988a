# SPDX-License-Identifier: Apache-2.0
"""Delve's functions of scripts: one for each call of its interface, and those that work on files and the prompt."""
import json
import os

from . import api, caller_position, variable
from .prompt import Prompt
from .rows import Row, goroutines
from .scan import star, text
from .values import MISSING, Builtin, Error, Value, function_name, go_name, is_callable, represent

# NAME CALL RESULT PARAMETER:TYPE...; "@" and "%" after a parameter: where it is not given, the scope or the load
# configuration of the prompt. The order of the parameters is Delve's.
_CALLS = """
amend_breakpoint AmendBreakpoint AmendBreakpointOut Breakpoint:Breakpoint
ancestors Ancestors AncestorsOut GoroutineID:int64 NumAncestors:int Depth:int
attached_to_existing_process AttachedToExistingProcess AttachedToExistingProcessOut
build_id BuildID BuildIDOut
cancel_next CancelNext CancelNextOut
checkpoint Checkpoint CheckpointOut Where:string
clear_breakpoint ClearBreakpoint ClearBreakpointOut Id:int Name:string
clear_checkpoint ClearCheckpoint ClearCheckpointOut ID:int
raw_command Command CommandOut Name=name:string ThreadID=threadID:int GoroutineID=goroutineID:int64
 ReturnInfoLoadConfig%:*LoadConfig Expr=expr:string WithEvents:bool UnsafeCall=unsafeCall:bool
create_breakpoint CreateBreakpoint CreateBreakpointOut Breakpoint:Breakpoint LocExpr:string
 SubstitutePathRules:[][2]string Suspended:bool
create_ebpf_tracepoint CreateEBPFTracepoint CreateEBPFTracepointOut FunctionName:string
create_watchpoint CreateWatchpoint CreateWatchpointOut Scope@:EvalScope Expr:string Type:WatchType
debug_info_directories DebugInfoDirectories DebugInfoDirectoriesOut Set:bool List:[]string
detach Detach DetachOut Kill:bool
disassemble Disassemble DisassembleOut Scope@:EvalScope StartPC:uint64 EndPC:uint64 Flavour:AssemblyFlavour
dump_cancel DumpCancel DumpCancelOut
dump_start DumpStart DumpStartOut Destination:string
dump_wait DumpWait DumpWaitOut Wait:int
eval Eval EvalOut Scope@:EvalScope Expr:string Cfg%:*LoadConfig
examine_memory ExamineMemory ExaminedMemoryOut Address:uint64 Length:int
find_location FindLocation FindLocationOut Scope@:EvalScope Loc:string IncludeNonExecutableLines:bool
 SubstitutePathRules:[][2]string
follow_exec FollowExec FollowExecOut Enable:bool Regex:string
follow_exec_enabled FollowExecEnabled FollowExecEnabledOut
function_return_locations FunctionReturnLocations FunctionReturnLocationsOut FnName:string
get_breakpoint GetBreakpoint GetBreakpointOut Id:int Name:string
get_buffered_tracepoints GetBufferedTracepoints GetBufferedTracepointsOut LoadCfg%:*LoadConfig
get_thread GetThread GetThreadOut Id:int
guess_substitute_path GuessSubstitutePath GuessSubstitutePathOut Args:GuessSubstitutePathIn
is_multiclient IsMulticlient IsMulticlientOut
last_modified LastModified LastModifiedOut
breakpoints ListBreakpoints ListBreakpointsOut All:bool
checkpoints ListCheckpoints ListCheckpointsOut
dynamic_libraries ListDynamicLibraries ListDynamicLibrariesOut
function_args ListFunctionArgs ListFunctionArgsOut Scope@:EvalScope Cfg%:LoadConfig
functions ListFunctions ListFunctionsOut Filter:string FollowCalls:int
goroutines ListGoroutines ListGoroutinesOut Start:int Count:int Filters:[]ListGoroutinesFilter
 *GoroutineGroupingOptions:GoroutineGroupingOptions EvalScope@:*EvalScope
local_vars ListLocalVars ListLocalVarsOut Scope@:EvalScope Cfg%:LoadConfig
package_vars ListPackageVars ListPackageVarsOut Filter:string Cfg%:LoadConfig
packages_build_info ListPackagesBuildInfo ListPackagesBuildInfoOut IncludeFiles:bool Filter:string
registers ListRegisters ListRegistersOut ThreadID:int IncludeFp:bool Scope@:*EvalScope
sources ListSources ListSourcesOut Filter:string
targets ListTargets ListTargetsOut
threads ListThreads ListThreadsOut
types ListTypes ListTypesOut Filter:string
process_pid ProcessPid ProcessPidOut
recorded Recorded RecordedOut
restart Restart RestartOut Position:string ResetArgs:bool NewArgs:[]string Rerecord:bool Rebuild:bool NewRedirects:[]string
set_expr Set SetOut Scope@:EvalScope Symbol:string Value:string
stacktrace Stacktrace StacktraceOut Id:int64 Depth:int Full:bool Defers:bool Opts:StacktraceOptions Cfg:*LoadConfig Skip:int
state State StateOut NonBlocking:bool
toggle_breakpoint ToggleBreakpoint ToggleBreakpointOut Id:int Name:string
type_info TypeInfo TypeInfoOut Name:string
"""

# What help() says of those that are of use on a core.
_HELP = {
    "ancestors": "The stacks of the goroutines that led to a goroutine (needs GODEBUG=tracebackancestors).",
    "build_id": "The build ID of the program.",
    "disassemble": "The instructions from StartPC to EndPC, or of the function around StartPC.",
    "dynamic_libraries": "The libraries that are loaded.",
    "eval": "The value of an expression.",
    "examine_memory": "The bytes at an address; 65536 at most in one call.",
    "find_location": "The places that a location means: FILE:LINE, FUNCTION[:LINE], /REGEX/, +N, -N, LINE or *ADDRESS.",
    "function_args": "The arguments of the function.",
    "function_return_locations": "The addresses where a function returns.",
    "functions": "The names of functions that match a regular expression.",
    "get_thread": "A thread by its number.",
    "goroutines": "Goroutines: Count from Start on, or all. Nextg is the Start of the rest, -1 at the end.",
    "local_vars": "The local variables of the function.",
    "package_vars": "The variables of packages whose names match a regular expression.",
    "packages_build_info": "The packages of the program and their folders.",
    "process_pid": "The number of the process.",
    "raw_command": "Changes what is selected, as raw_command(\"switchGoroutine\", GoroutineID=7).",
    "registers": "The registers of a thread, or of a frame of the scope.",
    "sources": "The source files whose paths match a regular expression.",
    "stacktrace": "The frames of a goroutine; with Full or Cfg also their variables.",
    "state": "What the target does and what is selected.",
    "targets": "The processes of the target.",
    "threads": "The threads.",
    "type_info": "Size, kind, fields and methods of a type.",
    "types": "The names of types that match a regular expression.",
}
_OTHERS = {
    "append_file": "append_file(Path, Text)\n\nAdds a text or bytes to a file.",
    "cur_scope": "cur_scope()\n\nThe scope of the prompt.",
    "default_load_config": "default_load_config()\n\nHow much of a value is loaded where nothing else is said.",
    "dlv_command": "dlv_command(Command)\n\nRuns a command of the prompt.",
    "help": "help(Object)\n\nTells about a function.",
    "read_file": "read_file(Path)\n\nThe text of a file.",
    "write_file": "write_file(Path, Text)\n\nWrites a text or bytes to a file.",
}
_TGT = ("Use tgt.varname to access the varname variable in the target process (it is equivalent to "
        "'eval(None, \"varname\").Variable.Value').")
LOAD_CONFIG = {"FollowPointers": True, "MaxVariableRecurse": 1, "MaxStringLen": 64, "MaxArrayValues": 64,
               "MaxStructFields": -1}
_CONFIG = {"max-string-len": "MaxStringLen", "max-array-values": "MaxArrayValues",
           "max-variable-recurse": "MaxVariableRecurse"}
_SELECTED = {"GoroutineID": -1}


class Parameter:
    __slots__ = ("name", "json", "type", "default", "embedded")

    def __init__(self, description):
        name, _, self.type = description.partition(":")
        self.embedded, name = name.startswith("*"), name.lstrip("*")
        self.default = name[-1] if name[-1] in "@%" else ""
        self.name, _, self.json = name.rstrip("@%").partition("=")
        self.json = self.json or self.name


def _decorated(function):
    """The function, whose errors begin with where the script is."""
    def run(args, kwargs):
        try:
            return function(args, kwargs)
        except Error as problem:
            raise Error(f"{caller_position()}: {problem.message}") from None
    return run


class Delve:
    """The target, as scripts of Delve see it. What the prompt has selected is what they have, and the other way round."""

    def __init__(self, host, output):
        self.host, self.output = host, output
        self.help = dict(_OTHERS)
        self.config = dict(LOAD_CONFIG)
        self.prompt = Prompt(self)
        self._asked = self._selected = None  # (goroutine, thread, frame) of the prompt; None: it may be another one now

    def begin(self):
        """Something has run, or may have, that selects."""
        self._asked = None

    def _selection(self):
        """What the prompt has selected; the interface then has it, too."""
        if self._asked is None:
            self._asked = goroutine, thread, frame = self.host.selection()
            del frame
            if self._selected != (goroutine, thread) and (goroutine or thread):
                self._selected = goroutine, thread
                self._call("Command", {"name": "switchGoroutine", "goroutineID": goroutine} if goroutine else
                           {"name": "switchThread", "threadID": thread})
        return self._asked

    def _call(self, method, parameters):
        def call(parameters):
            return self.host.delve_call("RPCServer." + method, json.dumps(parameters, default=Row.plain).encode())

        try:
            return goroutines(call, parameters) if method == "ListGoroutines" else json.loads(call(parameters))
        except self.host.Error as problem:
            raise Error(star(str(problem))) from None

    def ask(self, method, parameters):
        """The result of a call of the interface, as JSON has it; raises Error with the words of the interface."""
        self._selection()
        result = self._call(method, parameters)
        if method == "Command" and parameters.get("name") == "switchGoroutine":
            self.run_line(f"goroutine {parameters.get('goroutineID', 0)}")
        return result

    def load(self, expression, elements=64):
        """A variable by its expression, for values that are asked for as a script comes to them."""
        try:
            return self.ask("Eval", {"Scope": _SELECTED, "Expr": text(expression), "Cfg": {
                "MaxVariableRecurse": 1, "MaxStringLen": 1024, "MaxArrayValues": elements, "MaxStructFields": -1}})["Variable"]
        except Error as problem:
            return {"unreadable": text(problem.message)}

    def scope(self):
        return {**_SELECTED, "Frame": self._selection()[2]}

    def load_config(self):
        return dict(self.config)

    def builtin(self, description):
        """A function for a call of the interface, and its name."""
        name, method, result, *rest = description.split()
        parameters = [Parameter(word) for word in rest]
        shown = ", ".join(parameter.name for parameter in parameters)
        words = _HELP.get(name)
        self.help[name] = f"builtin {name}({shown})" + (f"\n\n{words}" if words else "")

        @_decorated
        def arguments(args, kwargs):
            return self._arguments(parameters, args, kwargs)

        def run(args, kwargs):
            return api.Struct(result, self.ask(method, arguments(args, kwargs)), self)

        return name, Builtin(name, run)

    def _arguments(self, parameters, args, kwargs):
        given = {}
        for at, parameter in enumerate(parameters):
            if at < len(args) and args[at] is not None:
                given[parameter] = api.to_json(args[at], parameter.type, parameter.name)
            elif parameter.default:
                given[parameter] = self.scope() if parameter.default == "@" else self.load_config()
        named = {parameter.name: parameter for parameter in parameters}
        for name, value in kwargs.items():
            if name not in named:
                raise Error(f'unknown argument "\\"{name}\\""')
            value = api.to_json(value, named[name].type, name)
            if value is not MISSING:
                given[named[name]] = value
        result = {}
        for parameter, value in given.items():
            result.update(value if parameter.embedded else {parameter.json: value})
        return result

    def builtins(self):
        """What scripts of Delve find: its functions and tgt, by name."""
        descriptions = _CALLS.replace("\n ", " ").strip().split("\n")
        result = dict(self.builtin(description) for description in descriptions)
        functions = {
            "dlv_command": self.dlv_command,
            "read_file": _decorated(_read_file),
            "write_file": _decorated(_writer("write_file", os.O_TRUNC)),
            "append_file": _decorated(_writer("append_file", os.O_APPEND)),
            "cur_scope": self.cur_scope,
            "default_load_config": self.default_load_config,
            "help": self.print_help,
        }
        result.update((name, Builtin(name, function)) for name, function in functions.items())
        result["tgt"] = Target(self)
        return result

    # The rest of the functions.

    def dlv_command(self, args, kwargs):
        del kwargs
        if not all(type(word) is str for word in args):
            raise Error("argument of dlv_command is not a string")
        return _decorated(self._run_command)(args, {})

    def _run_command(self, args, kwargs):
        del kwargs
        line = text(" ".join(args))
        words = line.split()
        if words[:1] == ["config"]:
            self._configure(words[1:])
        else:
            self.output(self.prompt.run(line))

    def run_line(self, line):
        """A line of our prompt; what it says."""
        try:
            return self.host.command(line)
        except self.host.Error as problem:
            raise Error(star(str(problem))) from None
        finally:
            self.begin()

    def _configure(self, words):
        """`config`: how much of values is loaded, and other names of commands."""
        if len(words) == 3 and words[0] == "alias":
            command, alias = words[1:]
            self.host.add_command(alias, lambda rest: self.output(self.prompt.run(f"{command} {rest}".rstrip())),
                                  f"The same as {command}.")
        elif words and words[0] in _CONFIG:
            if len(words) != 2 or not words[1].lstrip("-").isdigit():
                raise Error(f'argument to "{star(words[0])}" must be a number')
            self.config[_CONFIG[words[0]]] = int(words[1])
        else:
            raise Error(f'"{star(words[0])}" is not a configuration parameter' if words else "wrong number of arguments to \"config\"")

    def cur_scope(self, args, kwargs):
        del args, kwargs
        return api.Struct("EvalScope", self.scope(), self)

    def default_load_config(self, args, kwargs):
        del args, kwargs
        return api.Struct("LoadConfig", self.load_config(), self)

    def print_help(self, args, kwargs):
        del kwargs
        if not args:
            lines = ["Available builtins:", *("\t" + name for name in sorted(self.help)), "", "", _TGT]
        elif len(args) > 1:
            lines = [f"wrong number of arguments  {len(args)}"]
        elif type(args[0]) is Builtin:
            lines = [self.help.get(args[0].name) or f"no help for builtin {args[0].name}"]
        elif is_callable(args[0]):
            lines = [f"user defined function {function_name(args[0])}", *filter(None, [args[0].__doc__])]
        else:
            lines = [f"no help for object of type {go_name(args[0])}"]
        self.output(text("\n".join(lines)) + "\n")


class Target(Value):
    """tgt: its attributes are the target's variables."""

    __slots__ = ("delve",)
    type_name = "<target variables>"

    def __init__(self, delve):
        self.delve = delve

    def text(self):
        return self.type_name

    def hash_problem(self):
        return "not hashable"

    def attributes(self):
        return []

    def attribute(self, name):
        parameters = {"Scope": self.delve.scope(), "Expr": text(name), "Cfg": self.delve.load_config()}
        try:
            data = self.delve.ask("Eval", parameters)["Variable"]
        except Error as problem:
            raise Error(f'could not find variable "{name}": {problem.message}') from None
        return variable.to_value(data, True, self.delve)


# Files.

def _path(function, args, count, which):
    if len(args) != count:
        raise Error("wrong number of arguments")
    if type(args[0]) is not str:
        raise Error(f"{which}argument of {function} was not a string")
    return text(args[0])


def _file_error(problem, path):
    return Error(star(f"open {path}: {(os.strerror(problem.errno) if problem.errno else str(problem)).lower()}"))


def _read_file(args, kwargs):
    del kwargs
    path = _path("read_file", args, 1, "")
    try:
        with open(path, "rb") as file:
            return file.read().decode("latin-1")
    except (OSError, ValueError) as problem:
        raise _file_error(problem, path) from None


def _writer(function, flags):
    def write(args, kwargs):
        del kwargs
        path = _path(function, args, 2, "first ")
        value = args[1]
        if type(value) is bytes:
            data = value
        else:
            data = (value if type(value) is str else represent(value)).encode("latin-1")
        try:
            with open(os.open(path, flags | os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o640), "wb") as file:
                file.write(data)
        except (OSError, ValueError) as problem:
            raise _file_error(problem, path) from None
    return write
