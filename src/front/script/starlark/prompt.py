# SPDX-License-Identifier: Apache-2.0
"""Commands of Delve's prompt, for dlv_command: those whose text is another one than our prompt's. It is made of what Delve's
interface answers, as Delve's own prompt does (pkg/terminal/command.go of 1.27.1)."""
import base64
import os
import re

from . import shown
from .scan import star, text
from .values import Error

SHORT = {"FollowPointers": False, "MaxVariableRecurse": 0, "MaxStringLen": 64, "MaxArrayValues": 0, "MaxStructFields": 3}
LIST_LINES = 5  # before and after the one that is meant
SHADOWED, CPU_REGISTER = 2, 1 << 8  # flags of a variable (service/api/types.go)
_ALIASES = {"p": "print", "ls": "list", "l": "list", "x": "examinemem", "tr": "thread", "disass": "disassemble", "bt": "stack",
            "b": "break", "t": "trace", "bp": "breakpoints", "c": "continue", "n": "next", "s": "step", "so": "stepout",
            "si": "step-instruction", "stepi": "step-instruction", "ni": "next-instruction", "nexti": "next-instruction",
            "r": "restart", "cond": "condition", "grs": "goroutines", "gr": "goroutine", "rw": "rewind"}
_RUNNING = {"continue": "continue", "next": "next", "step": "step", "stepout": "stepOut", "step-instruction": "stepInstruction",
            "next-instruction": "nextInstruction", "rewind": "rewind", "call": "call"}
_FORMATS = {"oct": "o", "octal": "o", "hex": "x", "hexadecimal": "x", "dec": "d", "decimal": "d", "bin": "b", "binary": "b"}
_CELLS = {"b": (4, 8, ""), "o": (8, 3, "0"), "d": (8, 3, ""), "x": (8, 2, "0x")}  # in a row; digits of a byte; before them


def _split(line):
    word, _, rest = line.strip().partition(" ")
    return word, rest.strip()


def _number(word):
    try:
        return int(word)
    except ValueError:
        raise Error(f'strconv.Atoi: parsing "{star(word)}": invalid syntax') from None


def _positive(word, most, problem):
    if not word.isdigit() or not 0 < int(word) <= most:
        raise Error(problem)
    return int(word)


class Prompt:
    """`delve` asks the interface, and runs lines of our prompt."""

    def __init__(self, delve):
        self.delve = delve
        self.commands = {
            "print": self._print, "whatis": self._whatis, "args": self._args, "locals": self._locals, "vars": self._vars,
            "regs": self._regs, "list": self._list, "threads": self._threads, "thread": self._thread, "goroutine": self._goroutine,
            "libraries": self._libraries, "examinemem": self._examine, "disassemble": self._disassemble,
            "break": self._break, "trace": self._break, "breakpoints": self._nothing, "clearall": self._nothing,
            "clear": self._no_breakpoint, "toggle": self._no_breakpoint, "condition": self._no_breakpoint,
            "on": self._no_breakpoint, "restart": self._restart, "rebuild": self._restart,
        }

    def run(self, line):
        """What a line of the prompt says."""
        line = line.strip()
        word, rest = self._words(line)
        if word in ("frame", "up", "down"):
            return self._frame(word, rest)
        if word == "goroutine" and _split(rest)[1]:
            goroutine, rest = _split(rest)
            return self._scoped(rest, {"GoroutineID": _number(goroutine), "Frame": 0}, line)
        if word in _RUNNING:
            return self._run(word)
        if word in self.commands:
            return self.commands[word](rest, self.delve.scope(), False)
        return self._ours(f"{word} {rest}".rstrip())

    @staticmethod
    def _words(line):
        word, rest = _split(line)
        return _ALIASES.get(word, word), rest

    def _ours(self, line):
        try:
            return self.delve.run_line(line)
        except Error as problem:
            if problem.message.startswith("undefined command: "):
                raise Error("command not available") from None
            raise

    def _scoped(self, line, scope, whole):
        """A command with another goroutine or frame before it; what we do not know is our prompt's as a whole."""
        word, rest = self._words(line)
        if word == "frame":
            frame, rest = _split(rest)
            if rest:
                return self._scoped(rest, {**scope, "Frame": _number(frame)}, whole)
        if word not in self.commands:
            return self._ours(whole)
        return self.commands[word](rest, scope, True)

    # Where the program stands.

    @staticmethod
    def _at(place):
        """FILE:LINE; in this folder written from here, as all commands but list do."""
        return f"{place['file'].replace(os.getcwd(), '.', 1)}:{place['line']}"

    def _context(self):
        """The line that says where the thread is."""
        state = self.delve.ask("State", {"NonBlocking": True})["State"]
        place, goroutine = state.get("currentThread"), state.get("currentGoroutine")
        if not place:
            return "No current thread available\n"
        if goroutine and goroutine["id"] != place["goroutineID"]:
            place = goroutine["currentLoc"]
        function = place.get("function") or {}
        line = f"> {function.get('name', '(nil)')}() {self._at(place)} (PC: {place['pc']:#x})\n"
        return line + ("Warning: debugging optimized function\n" if function.get("optimized") else "")

    def _frames(self, scope, depth):
        return self.delve.ask("Stacktrace", {"Id": scope["GoroutineID"], "Depth": depth})["Locations"]

    def _source(self, location, arrow):
        """Lines around a place, of the file as our prompt finds it."""
        path, at = location["file"], location["line"]
        first, last = max(at - LIST_LINES, 1), at + LIST_LINES
        listed = []
        try:
            listed = self.delve.run_line(f"list {path}:{first},{last}").split("\n")
        except Error:
            pass  # a file that is shorter, or not there
        found = [match.groups() for match in map(re.compile(r"(\d+)\t(.*)").fullmatch, listed) if match]
        if not found or any(not os.path.basename(path) or row[1].startswith("in ") and len(found) == 1 for row in found):
            raise Error(star(f"open {path}: no such file or directory"))
        return "".join(f"{'=>' if arrow and int(number) == at else '  '}{number:>4}:\t{line}\n" for number, line in found)

    def _frame(self, word, rest):
        count, rest = _split(rest)
        if not count and word == "frame":
            raise Error("not enough arguments")
        scope = self.delve.scope()
        number = _number(count) if count else 1
        frame = {"frame": number, "up": scope["Frame"] + number, "down": scope["Frame"] - number}[word]
        if rest:
            return self._scoped(rest, {**scope, "Frame": frame}, f"frame {frame} {rest}")
        frames = self._frames(scope, frame) if frame >= 0 else []
        if not 0 <= frame < len(frames):
            raise Error(f"Invalid frame {frame}")
        self.delve.run_line(f"select-frame {frame}")
        place = frames[frame]
        said = f"{self._context()}Frame {frame}: {self._at(place)} (PC: {place['pc']:x})\n"
        try:
            return said + self._source(place, True)
        except Error:
            return said

    def _list(self, rest, scope, scoped):
        if rest:
            found = self.delve.ask("FindLocation", {"Scope": scope, "Loc": rest, "IncludeNonExecutableLines": True})["Locations"]
            place = found[0]
            return f"Showing {place['file']}:{place['line']} (PC: {place['pc']:#x})\n{self._source(place, False)}"
        if not scoped and not scope["Frame"]:
            state = self.delve.ask("State", {"NonBlocking": True})["State"]
            goroutine = state.get("currentGoroutine")
            place = goroutine["currentLoc"] if goroutine else state["currentThread"]
            return self._context() + self._source(place, True)
        frames = self._frames(scope, scope["Frame"])
        if scope["Frame"] >= len(frames):
            raise Error(f"Frame {scope['Frame']} does not exist in goroutine {scope['GoroutineID']}")
        place, goroutine = frames[scope["Frame"]], scope["GoroutineID"]
        if goroutine < 0:
            goroutine = (self.delve.ask("State", {"NonBlocking": True})["State"].get("currentGoroutine") or {}).get("id", -1)
        said = f"Goroutine {goroutine} frame {scope['Frame']} at {place['file']}:{place['line']} (PC: {place['pc']:#x})\n"
        return said + self._source(place, True)

    def _run(self, word):
        name = _RUNNING[word]
        try:
            self.delve.ask("Command", {"name": name})
        except Error:
            self.delve.output(self._context())
            raise
        return ""

    # Values.

    def _evaluate(self, expression, scope, config):
        if not expression:
            raise Error("not enough arguments")
        return self.delve.ask("Eval", {"Scope": scope, "Expr": expression, "Cfg": config})["Variable"]

    def _print(self, rest, scope, scoped):
        if rest.startswith("%"):  # a verb of package fmt: as our prompt has it, which numbers its answers
            frame = f"frame {scope['Frame']} " if scoped else ""
            return re.sub(r"\A\$\d+ = ", "", self._ours(f"{frame}print {rest}"))
        data = self._evaluate(rest, scope, self.delve.load_config())
        return f"{text(shown.lines(data))}\n{self._waiting(data)}"

    def _waiting(self, data):
        """The goroutines that wait on a channel."""
        if data.get("kind") != shown.CHAN:
            return ""
        said = ""
        if data.get("children"):  # what a channel points to begins with its first part
            said = self._ours(f"goroutines -chan {shown.hex_of(data['children'][0])}")
        return "\nGoroutines waiting on this channel:\n" + re.sub(r"^\[\d+ goroutines?\]\n", "", said, flags=re.M)

    def _whatis(self, rest, scope, _scoped):
        data = self._evaluate(rest, scope, SHORT)
        if data.get("flags", 0) & CPU_REGISTER:
            return "CPU Register\n"
        said = f"{data['type']}\n" if data.get("type") else ""
        if data.get("realType", "") != data.get("type", ""):
            said += f"Real type: {data.get('realType', '')}\n"
        if data.get("kind") == shown.INTERFACE and data.get("children"):
            said += f"Concrete type: {data['children'][0].get('type', '')}\n"
        return said

    def _variables(self, what, method, member, rest, parameters):
        """A line for each variable whose name fits; -v: whole, on as many lines as it takes."""
        full, _, pattern = rest.partition("-v") if rest.split()[:1] == ["-v"] else (None, "", rest)
        config = SHORT if full is None else self.delve.load_config()
        pattern = pattern.strip()
        try:
            fits = re.compile(pattern).search
        except re.error as problem:
            raise Error(f"error parsing regexp: {problem}") from None
        if method == "ListPackageVars":
            parameters, fits = {**parameters, "Filter": pattern}, lambda name: True
        found = [data for data in self.delve.ask(method, {**parameters, "Cfg": config})[member] if fits(data.get("name", ""))]
        said = []
        for data in found:
            name = data.get("name", "")
            name = f"({name})" if data.get("flags", 0) & SHADOWED else name
            said.append(f"{name} = {text(shown.single_line(data) if full is None else shown.lines(data))}\n")
        return "".join(said) or f"(no {what})\n"

    def _args(self, rest, scope, _scoped):
        return self._variables("args", "ListFunctionArgs", "Args", rest, {"Scope": scope})

    def _locals(self, rest, scope, _scoped):
        return self._variables("locals", "ListLocalVars", "Variables", rest, {"Scope": scope})

    def _vars(self, rest, _scope, _scoped):
        return self._variables("vars", "ListPackageVars", "Variables", rest, {})

    # Registers, memory, instructions.

    def _regs(self, rest, scope, _scoped):
        every = rest == "-a"
        whose = {"ThreadID": 0} if scope["GoroutineID"] < 0 and not scope["Frame"] else {"Scope": scope}
        return self.delve.ask("ListRegisters", {**whose, "IncludeFp": every})["Registers"] + "\n"

    def _examine(self, rest, scope, _scoped):
        form, count, size, words, expression = "x", 1, 1, rest.split(), False
        while words and words[0].startswith("-"):
            option = words.pop(0)
            if option == "-x":
                expression = True
                break
            if option not in ("-fmt", "-count", "-len", "-size"):
                raise Error(f'unknown option "{star(words[0] if words else option)}"')
            if not words:
                raise Error(f"expected argument after {'-count/-len' if option in ('-count', '-len') else option}")
            value = words.pop(0)
            if option == "-fmt":
                if value not in _FORMATS:
                    raise Error(f'"{star(value)}" is not a valid format')
                form = _FORMATS[value]
            elif option == "-size":
                size = _positive(value, 8, "size must be a positive integer (<=8)")
            else:
                count = _positive(value, 1 << 62, "count/len must be a positive integer")
        if not words:
            raise Error("no address specified")
        address = self._address(" ".join(words), scope) if expression else _address_word(words[0])
        memory = base64.b64decode(self.delve.ask("ExamineMemory", {"Address": address, "Length": count * size})["Mem"])
        return _memory_rows(address, memory, form, size)

    def _address(self, expression, scope):
        """Of what an expression says: a pointer's or number's value, else where a variable is."""
        data = self._evaluate(expression, scope, self.delve.load_config())
        kind = data.get("kind", 0)
        if kind == shown.POINTER and data.get("children"):
            return data["children"][0].get("addr", 0)
        if kind in shown.SIGNED or kind in shown.UNSIGNED:
            return int(data.get("value", "0"), 0) & (1 << 64) - 1
        raise Error(f"unsupported expression type: {shown.KINDS[kind]}")

    def _disassemble(self, rest, scope, _scoped):
        option, where = _split(rest)
        asked = {"Scope": scope, "StartPC": 0, "EndPC": 0, "Flavour": 1}
        if option == "-a":
            ends = where.split()
            if len(ends) != 2:
                raise Error("wrong number of arguments: disassemble [-a <start> <end>] [-l <locspec>]")
            asked["StartPC"], asked["EndPC"] = (_bound(word, which) for word, which in zip(ends, ("start", "end")))
        elif option == "-l" and where:
            asked["StartPC"] = self.delve.ask("FindLocation", {"Scope": scope, "Loc": where,
                                                               "IncludeNonExecutableLines": True})["Locations"][0]["pc"]
        elif option:
            raise Error("wrong number of arguments: disassemble [-a <start> <end>] [-l <locspec>]")
        else:
            asked["StartPC"] = self._frames(scope, scope["Frame"])[scope["Frame"]]["pc"]
        return _instructions(self.delve.ask("Disassemble", asked)["Disassemble"])

    # Threads, libraries.

    def _threads(self, _rest, _scope, _scoped):
        said = self._ours("threads")
        numbered = [re.match(r"[* ] Thread (\d+) ", line) for line in said.splitlines()]
        if not all(numbered):
            return said
        return "".join(match.string + "\n" for match in sorted(numbered, key=lambda match: int(match[1])))

    def _goroutine(self, rest, _scope, _scoped):
        said = self._ours(f"goroutine {rest}".rstrip())
        thread = None if rest else self.delve.ask("State", {"NonBlocking": True})["State"].get("currentThread")
        if not thread or not said.startswith("Goroutine "):
            return said
        return f"Thread {thread['id']} at {self._at(thread)}\n{said}"  # of one that no thread runs, too

    def _thread(self, rest, _scope, _scoped):
        if not rest:
            raise Error("you must specify a thread")
        number = _number(_split(rest)[0])
        before = self.delve.ask("State", {"NonBlocking": True})["State"]["currentThread"]["id"]
        found = re.search(rf"^Thread (\d+) .*\(LWP {number}\)", self.delve.run_line(f"thread find {number}"), re.M)
        if not found:
            raise Error(f"thread {number} does not exist")
        self.delve.run_line(f"thread {found[1]}")
        return f"Switched from {before} to {number}\n"

    def _libraries(self, _rest, _scope, _scoped):
        found = self.delve.ask("ListDynamicLibraries", {})["List"] or []
        width = len(str(len(found) or 1))
        return "".join(f"{at:{width}}. {library.get('Address', 0):#x} {library.get('Path', '')}\n" for at, library in enumerate(found))

    # What nothing is set or run for: in the words of the interface.

    def _nothing(self, _rest, _scope, _scoped):
        return ""

    def _break(self, _rest, _scope, _scoped):
        self.delve.ask("CreateBreakpoint", {"Breakpoint": {}})
        return ""

    def _no_breakpoint(self, rest, _scope, _scoped):
        word = _split(rest)[0]
        if not word:
            raise Error("not enough arguments")
        self.delve.ask("GetBreakpoint", {"Id": int(word)} if word.isdigit() else {"Name": word})
        return ""

    def _restart(self, _rest, _scope, _scoped):
        self.delve.ask("Restart", {})
        return ""


def _address_word(word):
    try:
        return int(word, 0)
    except ValueError:
        raise Error(f'convert address into uintptr type failed, strconv.ParseUint: parsing "{star(word)}": '
                    "invalid syntax") from None


def _bound(word, which):
    try:
        return int(word, 0)
    except ValueError:
        raise Error(f'wrong argument: "{star(word)}" is not a number') from None


def _memory_rows(address, memory, form, size):
    cells, digits, before = _CELLS[form]
    width = len(f"{address + len(memory):x}")
    values = [f"{before}{int.from_bytes(memory[at:at + size], 'little'):0{digits * size}{form}}" for at in range(0, len(memory), size)]
    rows = []
    for first in range(0, len(values), cells):
        row = [f"0x{address + first * size:0{width}x}:", *values[first:first + cells]]
        rows.append("".join(f"{cell}   " for cell in row) + "\n")
    return "".join(rows)


def _instructions(instructions):
    """A table whose columns end at tabs."""
    if not instructions:
        return ""
    rows = []
    for one in instructions:
        place = one["Loc"]
        name = os.path.basename(place["file"]) or "."
        rows.append(["=>" if one["AtPC"] else "", f"{name}:{place['line']}", f"{place['pc']:#x}",
                     base64.b64decode(one["Bytes"]).hex(), one["Text"]])
    stops = [max(len(row[column]) for row in rows) // 8 + 1 for column in range(len(rows[0]) - 1)]
    function = instructions[0]["Loc"].get("function")
    head = f"TEXT {function['name']}(SB) {instructions[0]['Loc']['file']}\n" if function else ""
    return head + "".join("".join(cell + "\t" * (stop - len(cell) // 8) for cell, stop in zip(row, stops)) + row[-1] + "\n"
                          for row in rows)
