# SPDX-License-Identifier: Apache-2.0
"""A Starlark file as a tree of nodes."""
from . import scan
from .scan import describe

# Binary operators by how tightly they bind.
LEVELS = (("or",), ("and",), ("not",), ("==", "!=", "<", ">", "<=", ">=", "in", "not in"), ("|",), ("^",), ("&",),
          ("<<", ">>"), ("-", "+"), ("*", "%", "/", "//"))
LEVEL = {operator: level for level, operators in enumerate(LEVELS) for operator in operators}
COMPARISONS, NOT = LEVEL["=="], LEVEL["not"]

_ENDS_LIST = frozenset(("eof", "newline", "=", "}", "]", ")", ";"))


class Node:
    """A piece of a program: its kind, where it starts, where errors of it are (`position`), and its parts as attributes."""

    def __init__(self, kind, start, position=None, **parts):
        self.kind, self.start, self.position = kind, start, position or start
        self.__dict__.update(parts)


class Parser:
    """Recursive descent; the grammar is that of Starlark's specification."""

    def __init__(self, source):
        self.scanner = scan.Scanner(source)
        self.token = None
        self.next()

    def next(self):
        """Goes on; where the token was that is left behind."""
        left, self.token = self.token, self.scanner.next()
        return left.position if left else None

    def fail(self, message, position=None):
        self.scanner.fail(message, position)

    def consume(self, kind):
        if self.token.kind != kind:
            self.fail(f"got {describe(self.token.kind)}, want {describe(kind)}")
        return self.next()

    # Statements.

    def file(self):
        statements = []
        while self.token.kind != "eof":
            if self.token.kind == "newline":
                self.next()
            else:
                self._statement(statements)
        return statements

    def expression_alone(self):
        """A text that is one expression."""
        value = self.expression(False)
        if self.token.kind == "newline":
            self.next()
        if self.token.kind != "eof":
            self.fail(f"got {describe(self.token.kind)} after expression, want EOF")
        return value

    def _statement(self, statements):
        kind = self.token.kind
        if kind == "def":
            statements.append(self._def())
        elif kind == "if":
            statements.append(self._if())
        elif kind == "for":
            start = self.next()
            target = self._loop_variables()
            self.consume("in")
            value = self.expression(False)
            self.consume(":")
            statements.append(Node("for", start, target=target, value=value, body=self._suite()))
        elif kind == "while":
            start = self.next()
            condition = self.test()
            self.consume(":")
            statements.append(Node("while", start, condition=condition, body=self._suite()))
        else:
            self._simple(statements)

    def _def(self):
        start = self.next()
        name = self._identifier()
        self.consume("(")
        parameters = self._parameters()
        self.consume(")")
        self.consume(":")
        return Node("def", start, name=name, parameters=parameters, body=self._suite())

    def _if(self):
        branches = []
        first = start = self.next()
        while True:
            condition = self.test()
            self.consume(":")
            branches.append(Node("branch", start, condition=condition, body=self._suite()))
            if self.token.kind != "elif":
                break
            start = self.next()
        otherwise = []
        if self.token.kind == "else":
            self.next()
            self.consume(":")
            otherwise = self._suite()
        return Node("if", first, branches=branches, otherwise=otherwise)

    def _suite(self):
        statements = []
        if self.token.kind != "newline":
            self._simple(statements)
            return statements
        self.next()
        self.consume("indent")
        while self.token.kind not in ("outdent", "eof"):
            self._statement(statements)
        self.consume("outdent")
        return statements

    def _simple(self, statements):
        while True:
            statements.append(self._small())
            if self.token.kind != ";":
                break
            self.next()
            if self.token.kind in ("newline", "eof"):
                break
        if self.token.kind != "eof":
            self.consume("newline")

    def _small(self):
        kind = self.token.kind
        if kind == "return":
            start = self.next()
            value = None if self.token.kind in ("eof", "newline", ";") else self.expression(False)
            return Node("return", start, value=value)
        if kind in ("break", "continue", "pass"):
            return Node(kind, self.next())
        if kind == "load":
            return self._load()
        target = self.expression(False)
        operator = self.token.kind
        if operator == "=" or operator in scan.AUGMENTED:
            position = self.next()
            return Node("assign", target.start, position, target=target, operator=operator,
                        value=self.expression(False))
        return Node("expression", target.start, value=target)

    def _load(self):
        start = self.next()
        opening = self.consume("(")
        if self.token.kind != "string":
            self.fail("first operand of load statement must be a string literal")
        module = self._primary()
        names = []
        while self.token.kind not in (")", "eof"):
            self.consume(",")
            if self.token.kind == ")":
                break
            names.append(self._load_name())
        self.consume(")")
        if not names:
            self.fail("load statement must import at least 1 symbol", opening)
        return Node("load", start, module=module, names=names)

    def _load_name(self):
        """The pair (name here, name there) of identifiers."""
        if self.token.kind == "string":
            name = self._quoted_name()
            return name, name
        if self.token.kind != "identifier":
            self.fail(f'load operand must be "name" or localname="name" (got {describe(self.token.kind)})')
        here = self._identifier()
        if self.token.kind != "=":
            self.fail(f'load operand must be "{here.name}" or {here.name}="originalname" (want \'=\' after {here.name})')
        self.next()
        if self.token.kind != "string":
            self.fail(f'original name of loaded symbol must be quoted: {here.name}="originalname"')
        return here, self._quoted_name()

    def _quoted_name(self):
        line, column = self.token.position
        return Node("identifier", (line, column + 1), name=self._primary().value)

    def _identifier(self):
        if self.token.kind != "identifier":
            self.fail("not an identifier")
        name = self.token.value
        return Node("identifier", self.next(), name=name)

    def _parameters(self):
        """Nodes `parameter`: how is "", "=", "*" or "**"; `name` is None for a bare star."""
        parameters = []
        while self.token.kind not in (")", ":", "eof"):
            if parameters:
                self.consume(",")
            if self.token.kind == ")":
                break
            if self.token.kind in ("*", "**"):
                how = self.token.kind
                start = self.next()
                name = self._identifier() if how == "**" or self.token.kind == "identifier" else None
                parameters.append(Node("parameter", start, how=how, name=name, default=None))
                continue
            name = self._identifier()
            if self.token.kind == "=":
                position = self.next()
                parameters.append(Node("parameter", name.start, position, how="=", name=name, default=self.test()))
            else:
                parameters.append(Node("parameter", name.start, how="", name=name, default=None))
        return parameters

    # Expressions.

    def expression(self, in_parentheses):
        first = self.test()
        if self.token.kind != ",":
            return first
        return Node("tupleexpr", first.start, items=self._more([first], in_parentheses))

    def _more(self, items, trailing_comma):
        while self.token.kind == ",":
            position = self.next()
            if self.token.kind in _ENDS_LIST:
                if not trailing_comma:
                    self.fail("unparenthesized tuple with trailing comma", position)
                break
            items.append(self.test())
        return items

    def test(self):
        if self.token.kind == "lambda":
            return self._lambda(self.test)
        value = self._binary(0)
        if self.token.kind != "if":
            return value
        position = self.next()
        condition = self._binary(0)
        if self.token.kind != "else":
            self.fail("conditional expression without else clause", position)
        self.next()
        return Node("condexpr", value.start, position, condition=condition, value=value, otherwise=self.test())

    def _test_without_condition(self):
        return self._lambda(self._test_without_condition) if self.token.kind == "lambda" else self._binary(0)

    def _lambda(self, body):
        start = self.next()
        parameters = self._parameters()
        self.consume(":")
        return Node("lambdaexpr", start, parameters=parameters, body=body())

    def _binary(self, level):
        """An expression of operators that bind at least as tightly as `level`."""
        if level >= len(LEVELS):
            return self._suffixed()
        if level <= NOT and self.token.kind == "not":
            left = Node("unaryexpr", self.next(), operator="not", value=self._binary(NOT))
        else:
            left = self._suffixed()
        while True:
            if self.token.kind == "not":
                self.next()
                if self.token.kind != "in":
                    self.fail(f"got {describe(self.token.kind)}, want in")
                self.token.kind = "not in"
            operator = self.token.kind
            binds = LEVEL.get(operator, -1)
            if binds < level:
                return left
            if binds == COMPARISONS and left.kind == "binaryexpr" and LEVEL[left.operator] == COMPARISONS:
                self.fail(f"{left.operator} does not associate with {operator} (use parens)")
            position = self.next()
            left = Node("binaryexpr", left.start, position, operator=operator, left=left, right=self._binary(binds + 1))

    def _suffixed(self):
        value = self._primary()
        while True:
            kind = self.token.kind
            if kind == ".":
                position = self.next()
                value = Node("dotexpr", value.start, position, value=value, name=self._identifier().name)
            elif kind == "[":
                value = self._subscript(value)
            elif kind == "(":
                position = self.next()
                arguments = self._arguments()
                self.consume(")")
                value = Node("callexpr", value.start, position, function=value, arguments=arguments)
            else:
                return value

    def _subscript(self, value):
        position = self.next()
        low = high = step = None
        if self.token.kind != ":":
            low = self.expression(False)
            if self.token.kind == "]":
                self.next()
                return Node("indexexpr", value.start, position, value=value, index=low)
        if self.token.kind == ":":
            self.next()
            if self.token.kind not in (":", "]"):
                high = self.test()
        if self.token.kind == ":":
            self.next()
            if self.token.kind != "]":
                step = self.test()
        self.consume("]")
        return Node("sliceexpr", value.start, position, value=value, low=low, high=high, step=step)

    def _arguments(self):
        """Nodes `argument`: how is "", "=", "*" or "**"."""
        arguments = []
        while self.token.kind not in (")", "eof"):
            if arguments:
                self.consume(",")
            if self.token.kind == ")":
                break
            start = self.token.position
            if self.token.kind in ("*", "**"):
                how = self.token.kind
                self.next()
                arguments.append(Node("argument", start, how=how, name=None, value=self.test()))
                continue
            value = self.test()
            if self.token.kind == "=":
                if value.kind != "identifier":
                    self.fail("keyword argument must have form name=expr")
                self.next()
                arguments.append(Node("argument", start, how="=", name=value, value=self.test()))
            else:
                arguments.append(Node("argument", start, how="", name=None, value=value))
        return arguments

    def _primary(self):
        token = self.token
        if token.kind == "identifier":
            return self._identifier()
        if token.kind in ("int", "float", "string", "bytes"):
            return Node("literal", self.next(), value=token.value)
        if token.kind == "[":
            return self._list()
        if token.kind == "{":
            return self._dict()
        if token.kind == "(":
            start = self.next()
            if self.token.kind == ")":
                self.next()
                return Node("tupleexpr", start, items=[])
            value = self.expression(True)
            self.consume(")")
            return Node("parenexpr", start, value=value)
        if token.kind in ("-", "+", "~"):
            start = self.next()
            return Node("unaryexpr", start, operator=token.kind, value=self._suffixed())
        return self.fail(f"got {describe(token.kind)}, want primary expression", token.position)

    def _list(self):
        start = self.next()
        if self.token.kind == "]":
            self.next()
            return Node("listexpr", start, items=[])
        first = self.test()
        if self.token.kind == "for":
            return self._comprehension(start, first, "]")
        items = self._more([first], True)
        self.consume("]")
        return Node("listexpr", start, items=items)

    def _dict(self):
        start = self.next()
        if self.token.kind == "}":
            self.next()
            return Node("dictexpr", start, entries=[])
        first = self._entry()
        if self.token.kind == "for":
            return self._comprehension(start, first, "}")
        entries = [first]
        while self.token.kind == ",":
            self.next()
            if self.token.kind == "}":
                break
            entries.append(self._entry())
        self.consume("}")
        return Node("dictexpr", start, entries=entries)

    def _entry(self):
        key = self.test()
        position = self.consume(":")
        return Node("dictentry", key.start, position, key=key, value=self.test())

    def _comprehension(self, start, body, closing):
        clauses = []
        while self.token.kind != closing:
            kind = self.token.kind
            if kind == "for":
                position = self.next()
                target = self._loop_variables()
                self.consume("in")
                clauses.append(Node("for", position, target=target, value=self._binary(0)))
            elif kind == "if":
                clauses.append(Node("if", self.next(), condition=self._test_without_condition()))
            else:
                self.fail(f"got {describe(kind)}, want '{closing}', for, or if")
        self.next()
        return Node("comprehension", start, body=body, clauses=clauses, is_dict=closing == "}")

    def _loop_variables(self):
        first = self._suffixed()
        if self.token.kind != ",":
            return first
        items = [first]
        while self.token.kind == ",":
            self.next()
            if self.token.kind in _ENDS_LIST:
                break
            items.append(self._suffixed())
        return Node("tupleexpr", first.start, items=items)
