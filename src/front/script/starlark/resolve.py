# SPDX-License-Identifier: Apache-2.0
"""Which variable a name is, and what a program may not say.

Marks each node `identifier` with `scope`: "local" (also of an enclosing function or comprehension), "global" or
"predeclared". What is wrong is raised as scan.SyntaxProblem: the first that Starlark's own resolver finds.
"""
from .scan import SyntaxProblem

CONSTANTS = {"None": None, "True": True, "False": False}
UNASSIGNABLE = frozenset(CONSTANTS) | {"__debug__"}  # Python's compiler knows no variables of these names
MOST_ARGUMENTS = 255


class Block:
    """Where names are bound: the file, a function or a comprehension. Uses wait in the file's and functions' blocks."""

    def __init__(self, parent, kind):
        self.parent, self.kind = parent, kind
        self.names, self.uses, self.children = set(), [], []
        if parent:
            parent.children.append(self)


def nearest(word, candidates):
    """The candidate that was most likely meant; "" if none is near. Case and underscores do not count."""
    def fold(name):
        return name.replace("_", "").lower()

    word = fold(word)
    best, distance = "", (len(word) + 1) // 2
    for candidate in candidates:
        found = _edits(word, fold(candidate), distance)
        if found < distance:
            best, distance = candidate, found
    return best


def _edits(one, other, limit):
    """Insertions, deletions and replacements from one to the other; any number above `limit` if there are more."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    row = list(range(len(other) + 1))
    for i, char in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, match in enumerate(other, 1):
            before, row[j] = row[j], min(before + (char != match), row[j] + 1, row[j - 1] + 1)
    return row[-1]


class Resolver:
    """Walks a file's statements, or one expression."""

    def __init__(self, is_predeclared):
        self.is_predeclared = is_predeclared
        self.file = self.block = Block(None, "file")
        self.loops = self.conditionals = 0

    @staticmethod
    def fail(position, message):
        raise SyntaxProblem(position, message)

    def run(self, statements):
        self._statements(statements)
        self._resolve_inner(self.file)

    def run_expression(self, value):
        self._expression(value)
        self._resolve_inner(self.file)

    # Names.

    def _function_block(self):
        block = self.block
        while block.kind == "comprehension":
            block = block.parent
        return block

    def _check_name(self, node):
        if node.name in UNASSIGNABLE:
            self.fail(node.start, f"cannot assign to {node.name}")

    def _bind(self, node):
        self._check_name(node)
        self.block.names.add(node.name)
        node.scope = "global" if self.block is self.file else "local"

    def _use(self, node):
        # At the top, what a name means is decided where it stands, elsewhere when the whole file is known.
        if node.name in CONSTANTS:
            return
        if self.block is self.file:
            self._use_top(node, self.file)
        else:
            self._function_block().uses.append((node, self.block))

    def _use_top(self, node, block):
        if node.name in self.file.names:
            node.scope = "global"
        elif self.is_predeclared(node.name):
            node.scope = "predeclared"
        else:
            self._undefined(node, block)

    def _undefined(self, node, block):
        names = set()
        while block:
            names |= block.names
            block = block.parent
        hint = nearest(node.name, sorted(names))
        self.fail(node.start, f"undefined: {node.name}" + (f" (did you mean {hint}?)" if hint else ""))

    def _resolve_inner(self, block):
        for child in block.children:
            self._resolve_inner(child)
        for node, where in block.uses:
            at = where
            while at is not self.file and node.name not in at.names:
                at = at.parent
            if at is self.file:
                self._use_top(node, where)
            else:
                node.scope = "local"

    # Statements.

    def _statements(self, statements):
        for statement in statements:
            getattr(self, "_do_" + statement.kind)(statement)

    def _do_expression(self, node):
        self._expression(node.value)

    def _do_pass(self, node):
        pass

    def _do_break(self, node):
        if not self.loops:
            self.fail(node.start, f"{node.kind} not in a loop")

    _do_continue = _do_break

    def _do_if(self, node):
        self.conditionals += 1
        for branch in node.branches:
            self._expression(branch.condition)
            self._statements(branch.body)
        self._statements(node.otherwise)
        self.conditionals -= 1

    def _do_assign(self, node):
        self._expression(node.value)
        self._assign(node.target, node.operator != "=")

    def _do_def(self, node):
        self._bind(node.name)
        self._function(node, lambda: self._statements(node.body))

    def _do_for(self, node):
        self._expression(node.value)
        self._assign(node.target, False)
        self._loop(node.body)

    def _do_while(self, node):
        self._expression(node.condition)
        self._loop(node.body)

    def _loop(self, body):
        self.loops += 1
        self._statements(body)
        self.loops -= 1

    def _do_return(self, node):
        if self._function_block() is self.file:
            self.fail(node.start, "return statement not within a function")
        if node.value:
            self._expression(node.value)

    def _do_load(self, node):
        for inside, what in ((self._function_block() is not self.file, "function"), (self.loops, "loop"),
                             (self.conditionals, "conditional")):
            if inside:
                self.fail(node.start, f"load statement within a {what}")
        for here, there in node.names:
            if not there.name:
                self.fail(there.start, "load: empty identifier")
            if there.name.startswith("_"):
                self.fail(there.start, f"load: names with leading underscores are not exported: {there.name}")
            self._bind(here)

    def _assign(self, target, augmented):
        kind = target.kind
        if kind == "identifier":
            self._bind(target)
        elif kind == "indexexpr":
            self._expression(target.value)
            self._expression(target.index)
        elif kind == "dotexpr":
            self._expression(target.value)
        elif kind in ("tupleexpr", "listexpr"):
            if augmented:
                self.fail(target.start, f"can't use {kind[:-4]} expression in augmented assignment")
            for item in target.items:
                self._assign(item, augmented)
        elif kind == "parenexpr":
            self._assign(target.value, augmented)
        else:
            self.fail(target.start, f"can't assign to {kind}")

    # Expressions.

    def _expression(self, node):
        if node.kind != "literal":
            getattr(self, "_see_" + node.kind)(node)

    def _all(self, nodes):
        for node in nodes:
            if node:
                self._expression(node)

    def _see_identifier(self, node):
        self._use(node)

    def _see_tupleexpr(self, node):
        self._all(node.items)

    _see_listexpr = _see_tupleexpr

    def _see_dictexpr(self, node):
        for entry in node.entries:
            self._see_dictentry(entry)

    def _see_dictentry(self, node):
        self._all((node.key, node.value))

    def _see_condexpr(self, node):
        self._all((node.condition, node.value, node.otherwise))

    def _see_indexexpr(self, node):
        self._all((node.value, node.index))

    def _see_sliceexpr(self, node):
        self._all((node.value, node.low, node.high, node.step))

    def _see_unaryexpr(self, node):
        self._expression(node.value)

    _see_dotexpr = _see_parenexpr = _see_unaryexpr

    def _see_binaryexpr(self, node):
        self._all((node.left, node.right))

    def _see_comprehension(self, node):
        first, *rest = node.clauses
        self._expression(first.value)  # of the block around: [x for x in x]
        self.block = Block(self.block, "comprehension")
        self._assign(first.target, False)
        for clause in rest:
            if clause.kind == "if":
                self._expression(clause.condition)
            else:
                self._assign(clause.target, False)
                self._expression(clause.value)
        self._expression(node.body)
        self.block = self.block.parent

    def _see_callexpr(self, node):
        self._expression(node.function)
        seen, names = set(), set()
        for argument in node.arguments:
            self._argument(argument, seen, names)
            seen.add(argument.how)
            self._expression(argument.value)
        positional = sum(argument.how == "" for argument in node.arguments)
        for count, what in ((positional, "positional"), (len(names), "keyword")):
            if count > MOST_ARGUMENTS:
                self.fail(node.start, f"{count} {what} arguments in call, limit is {MOST_ARGUMENTS}")

    def _argument(self, argument, seen, names):
        what = {"": "positional argument", "=": "keyword argument", "*": "*args", "**": "**kwargs"}[argument.how]
        if argument.how in ("*", "**") and argument.how in seen:
            self.fail(argument.start, f"multiple {what} not allowed")
        after = {"": (("*", "*args"), ("**", "**kwargs"), ("=", "named")), "**": (),
                 "*": (("**", "**kwargs"),), "=": (("**", "**kwargs"), ("*", "*args"))}[argument.how]
        for how, name in after:
            if how in seen:
                self.fail(argument.start, f"{what} may not follow {name}")
        if argument.name:
            self._check_name(argument.name)
            if argument.name.name in names:
                self.fail(argument.start, f'keyword argument "{argument.name.name}" is repeated')
            names.add(argument.name.name)

    def _see_lambdaexpr(self, node):
        self._function(node, lambda: self._expression(node.body))

    def _function(self, node, body):
        self._all(parameter.default for parameter in node.parameters)
        saved = self.loops, self.conditionals
        self.loops = self.conditionals = 0
        self.block = Block(self.block, "function")
        self._parameters(node.parameters)
        body()
        self.block = self.block.parent
        self.loops, self.conditionals = saved

    def _parameters(self, parameters):
        star = double = optional = None
        after_star = False
        for parameter in parameters:
            how, name = parameter.how, parameter.name
            if double:
                what = {"": "required", "=": "optional", "*": "*", "**": ""}[how]
                if how == "**":
                    self.fail(parameter.position, "multiple ** parameters not allowed")
                self.fail(parameter.position, f"{what} parameter may not follow **{double.name.name}")
            if how == "*" and star:
                self.fail(parameter.position, "multiple * parameters not allowed")
            if how == "" and optional and not star:
                self.fail(parameter.position, "required parameter may not follow optional")
            if how == "*":
                star = parameter
            elif how == "**":
                double = parameter
            else:
                self._parameter(parameter)
                optional = optional or how == "="
                after_star = after_star or star is not None
        if star and not star.name and not after_star:
            self.fail(star.position, "bare * must be followed by keyword-only parameters")
        for parameter in (star, double):
            if parameter and parameter.name:
                self._parameter(parameter)

    def _parameter(self, parameter):
        name = parameter.name
        if name.name in self.block.names:
            position = parameter.position if parameter.how == "=" else name.start
            self.fail(position, f"duplicate parameter: {name.name}")
        self._bind(name)
