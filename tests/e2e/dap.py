# SPDX-License-Identifier: Apache-2.0
"""A client of the Debug Adapter Protocol. Every message that comes is compared with what the specification
(https://microsoft.github.io/debug-adapter-protocol/specification) says of its fields: SHAPES, written after it.

DAP_SCHEMA, the path of the published debugAdapterProtocol.json, has them compared with that, too.
"""

import functools
import json
import os
import select
import subprocess
import time

import build
from conftest import INQUEST, SANITIZER

# Fields: name:type, "?" where one may be missing, "[]" a list, "a|b" words. No others may be there.
SHAPES = {
    "Source": "name?:str path?:str sourceReference?:int presentationHint?:normal|emphasize|deemphasize origin?:str",
    "Thread": "id:int name:str",
    "StackFrame": "id:int name:str source?:Source line:int column:int endLine?:int endColumn?:int canRestart?:bool "
                  "instructionPointerReference?:str moduleId?:str presentationHint?:normal|label|subtle",
    "Scope": "name:str presentationHint?:str variablesReference:int namedVariables?:int indexedVariables?:int "
             "expensive:bool",
    "Hint": "kind?:str attributes?:str[] visibility?:str lazy?:bool",
    "Variable": "name:str value:str type?:str presentationHint?:Hint evaluateName?:str variablesReference:int "
                "namedVariables?:int indexedVariables?:int memoryReference?:str",
    "Module": "id:str name:str path?:str isOptimized?:bool version?:str symbolStatus?:str symbolFilePath?:str "
              "addressRange?:str",
    "Instruction": "address:str instructionBytes?:str instruction:str symbol?:str location?:Source line?:int "
                   "column?:int endLine?:int endColumn?:int presentationHint?:normal|invalid",
    "Breakpoint": "id?:int verified:bool message?:str",
    "Details": "message?:str typeName?:str fullTypeName?:str evaluateName?:str stackTrace?:str innerException?:Details[]",
    "Target": "label:str text?:str start?:int length?:int",
    "Message": "id:int format:str variables?:any showUser?:bool",
    "Breakpoints": "breakpoints:Breakpoint[]",
    "Nothing": "",
}

ANSWERS = {
    "initialize": None,  # below
    "launch": "Nothing", "attach": "Nothing", "configurationDone": "Nothing", "disconnect": "Nothing",
    "cancel": "Nothing", "pause": "Nothing",
    "continue": "allThreadsContinued?:bool",
    "threads": "threads:Thread[] totalThreads?:int",
    "stackTrace": "stackFrames:StackFrame[] totalFrames?:int",
    "scopes": "scopes:Scope[]",
    "variables": "variables:Variable[]",
    "evaluate": "result:str type?:str presentationHint?:Hint variablesReference:int namedVariables?:int "
                "indexedVariables?:int memoryReference?:str",
    "completions": "targets:Target[]",
    "source": "content:str mimeType?:str",
    "loadedSources": "sources:Source[]",
    "modules": "modules:Module[] totalModules?:int",
    "disassemble": "instructions:Instruction[]",
    "readMemory": "address:str unreadableBytes?:int data?:str",
    "exceptionInfo": "exceptionId:str description?:str breakMode:never|always|unhandled|userUnhandled details?:Details",
    "setBreakpoints": "Breakpoints", "setFunctionBreakpoints": "Breakpoints", "setDataBreakpoints": "Breakpoints",
    "setInstructionBreakpoints": "Breakpoints", "setExceptionBreakpoints": "breakpoints?:Breakpoint[]",
    "breakpointLocations": "breakpoints:any[]",
    "dataBreakpointInfo": "dataId:none description:str",
}

EVENTS = {
    "initialized": "Nothing", "terminated": "Nothing",
    "stopped": "reason:str description?:str threadId?:int preserveFocusHint?:bool text?:str allThreadsStopped?:bool",
    "exited": "exitCode:int",
    "module": "reason:new|changed|removed module:Module",
    "output": "category?:str output:str",
    "process": "name:str systemProcessId?:int isLocalProcess?:bool startMethod?:launch|attach pointerSize?:int",
    "progressStart": "progressId:str title:str requestId?:int cancellable?:bool message?:str percentage?:num",
    "progressUpdate": "progressId:str message?:str percentage?:num",
    "progressEnd": "progressId:str message?:str",
}

TYPES = {"str": str, "int": int, "bool": bool, "num": (int, float), "any": object, "none": type(None)}


@functools.lru_cache(maxsize=None)
def fields(shape):
    out = {}
    for word in SHAPES.get(shape, shape).split():
        name, _, kind = word.partition(":")
        out[name.rstrip("?")] = kind, name.endswith("?")
    return out


def check(value, kind, where):
    if kind.endswith("[]"):
        assert isinstance(value, list), where
        for i, one in enumerate(value):
            check(one, kind[:-2], f"{where}[{i}]")
    elif kind in TYPES:
        assert isinstance(value, TYPES[kind]) and (kind == "bool" or not isinstance(value, bool)), f"{where}: {value!r}"
    elif kind in SHAPES:
        check_object(value, kind, where)
    else:
        assert value in kind.split("|"), f"{where}: {value!r}"


def check_object(value, shape, where):
    assert isinstance(value, dict), where
    known = fields(shape)
    assert set(value) <= set(known), f"{where}: {set(value) - set(known)}"
    for name, (kind, optional) in known.items():
        if name in value:
            check(value[name], kind, f"{where}.{name}")
        else:
            assert optional, f"{where} has no {name}"


def check_message(m):
    assert isinstance(m["seq"], int)
    if m["type"] == "event":
        assert set(m) <= {"seq", "type", "event", "body"}
        check_object(m.get("body", {}), EVENTS[m["event"]], m["event"])
        return
    assert m["type"] == "response" and set(m) <= {"seq", "type", "request_seq", "success", "command", "message", "body"}
    assert isinstance(m["request_seq"], int) and isinstance(m["success"], bool)
    if not m["success"]:
        assert isinstance(m["message"], str)
        check_object(m["body"], "error:Message", m["command"])
    elif m["command"] == "initialize":
        assert all(isinstance(value, list if name.endswith("Characters") else bool) for name, value in m["body"].items())
    else:
        check_object(m.get("body", {}), ANSWERS[m["command"]], m["command"])


@functools.lru_cache(maxsize=None)
def published():
    path = os.environ.get("DAP_SCHEMA")
    if not path:
        return None
    import jsonschema
    with open(path, encoding="utf-8") as file:
        schema = json.load(file)
    return lambda name: jsonschema.Draft4Validator({"$ref": f"#/definitions/{name}", "definitions": schema["definitions"]})


def check_published(m):
    if not published():
        return
    name = m.get("event") or m["command"]
    name = "Error" if m["type"] == "response" and not m["success"] else name[0].upper() + name[1:]
    errors = list(published()(name + m["type"].capitalize()).iter_errors(m))
    assert not errors, (m, errors)


class Client:
    """A debug adapter that runs, or a connection to one. `argv`: of another adapter than ours. `checked`: its messages are
    compared with the specification."""

    def __init__(self, *options, stream=None, argv=None, checked=True, env=None):
        self.process, self.checked = None, checked
        if stream is None:
            whole = {**os.environ, "LC_ALL": "C.UTF-8"}
            whole.pop("DEBUGINFOD_URLS", None)
            self.process = subprocess.Popen(argv or [INQUEST, "dap", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.PIPE, env={**whole, **(env or {})})
            self.sender, self.receiver = self.process.stdin.fileno(), self.process.stdout.fileno()
        else:
            self.sender = self.receiver = stream.fileno()
            self.stream = stream
        self.seq, self.waiting, self.events, self.early = 0, bytearray(), [], {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """Closes the conversation; what the adapter said on standard error."""
        if not self.process:
            self.stream.close()
            return ""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        said = self.process.stderr.read().decode() if not self.process.stderr.closed else ""
        self.process.stdout.close()
        self.process.stderr.close()
        assert not any(word in said for word in SANITIZER), said
        return said

    def send_bytes(self, data):
        while data:
            data = data[os.write(self.sender, data):]

    def send(self, command, **arguments):
        self.seq += 1
        message = {"seq": self.seq, "type": "request", "command": command}
        if arguments:
            message["arguments"] = arguments
        text = json.dumps(message).encode()
        self.send_bytes(b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
        return self.seq

    def _more(self, end):
        left = end - time.monotonic()
        assert left > 0 and select.select([self.receiver], [], [], left)[0], "no message came"
        part = os.read(self.receiver, 1 << 20)
        if not part:
            raise EOFError
        self.waiting += part

    def receive(self, timeout=120):
        end = time.monotonic() + timeout
        while (head := self.waiting.find(b"\r\n\r\n")) < 0:
            self._more(end)
        (length,) = [int(line.split(b":")[1]) for line in self.waiting[:head].split(b"\r\n") if line.startswith(b"Content-Length:")]
        begin, after = head + 4, head + 4 + length
        while len(self.waiting) < after:
            self._more(end)
        message = json.loads(self.waiting[begin:after])
        del self.waiting[:after]
        if self.checked:
            check_message(message)
            check_published(message)
        return message

    def response(self, number):
        while True:
            message = self.receive()
            if message["type"] == "response" and message["request_seq"] == number:
                return message
            assert message["type"] == "event", message
            self.events.append(message)

    def responses(self, *numbers, until=lambda: True):
        """In the order of the numbers, whatever order they come in; those that come until then, too."""
        got = self.early
        while not (set(numbers) <= set(got) and until()):
            message = self.receive()
            if message["type"] == "response":
                got[message["request_seq"]] = message
            else:
                self.events.append(message)
        return [got.pop(number) for number in numbers]

    def event(self, name):
        while True:
            for message in self.events:
                if message["event"] == name:
                    self.events.remove(message)
                    return message.get("body")
            message = self.receive()
            assert message["type"] == "event", message
            self.events.append(message)

    def ask(self, command, **arguments):
        """The body of the response, which must be a success."""
        message = self.response(self.send(command, **arguments))
        assert message["success"], message
        return message.get("body", {})

    def refused(self, command, **arguments):
        """The message of the response, which must be a failure."""
        message = self.response(self.send(command, **arguments))
        assert not message["success"], message
        return message["message"]

    def open(self, request="launch", client=None, **arguments):
        """From initialize to the first stop, whose event is given."""
        if build.ROOT and arguments:
            arguments["sysroot"] = build.ROOT
        self.ask("initialize", **{"adapterID": "inquest", **(client or {})})
        self.ask(request, **arguments)
        self.event("initialized")
        self.ask("configurationDone")
        return self.event("stopped")

    def frames(self, thread, **more):
        return self.ask("stackTrace", threadId=thread, **more)["stackFrames"]

    def scope(self, frame, name):
        """The variables of a scope; none where a function without arguments has no such scope."""
        numbers = [s["variablesReference"] for s in self.ask("scopes", frameId=frame)["scopes"] if s["name"] == name]
        assert len(numbers) == 1 or name == "Arguments" and not numbers
        return [v for number in numbers for v in self.ask("variables", variablesReference=number)["variables"]]

    def children(self, variable, **more):
        return self.ask("variables", variablesReference=variable["variablesReference"], **more)["variables"]
