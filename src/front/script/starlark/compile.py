# SPDX-License-Identifier: Apache-2.0
"""A resolved Starlark program as Python code.

Functions, loops, conditions and variables are Python's own, so that a script runs at Python's speed. What means something
else in Starlark (operators, attributes, indices, literals of lists and dicts, unpacking) becomes a call of a helper of
ops.py. Names of helpers and of what is predeclared begin with "%", which no name of a script does, so that it can neither
reach nor change them. Each call stands at the line and column that Starlark would name.
"""
import ast
import warnings

from . import parse, resolve
from .scan import SyntaxProblem

PREDECLARED, HELPER, TEMPORARY = "%", "%.", "%t."
HELPERS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "//": "floordiv", "%": "mod", "&": "and", "|": "or", "^": "xor",
           "<<": "shl", ">>": "shr", "==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "in": "in",
           "not in": "not_in"}
IN_PLACE = {"+=": "iadd", "|=": "ior"}
UNARY = {"+": "pos", "-": "neg", "~": "invert"}


def _at(node, position):
    """Puts a Python node where a Starlark one is."""
    line, column = position
    node.lineno = node.end_lineno = line
    node.col_offset, node.end_col_offset = column - 1, column
    return node


class Compiler:
    """Makes Python's nodes of Starlark's; `temporaries` counts variables that the program does not name."""

    def __init__(self):
        self.temporaries = 0

    def module(self, statements):
        tree = ast.Module(body=self._block(statements), type_ignores=[])
        return ast.fix_missing_locations(tree)

    def expression(self, node):
        return ast.fix_missing_locations(ast.Expression(body=self._value(node)))

    # Pieces.

    def _name(self, name, position, store=False):
        return _at(ast.Name(id=name, ctx=ast.Store() if store else ast.Load()), position)

    def _temporary(self):
        self.temporaries += 1
        return f"{TEMPORARY}{self.temporaries}"

    def _call(self, helper, position, *arguments):
        function = self._name(HELPER + helper, position)
        return _at(ast.Call(func=function, args=list(arguments), keywords=[]), position)

    def _constant(self, value, position):
        return _at(ast.Constant(value=value), position)

    def _optional(self, node, position):
        return self._value(node) if node else self._constant(None, position)

    # Statements.

    def _block(self, statements):
        body = []
        for statement in statements:
            body += getattr(self, "_do_" + statement.kind)(statement)
        return body

    def _do_expression(self, node):
        return [_at(ast.Expr(value=self._value(node.value)), node.start)]

    def _do_pass(self, node):
        return [_at(ast.Pass(), node.start)]

    def _do_break(self, node):
        return [_at(ast.Break(), node.start)]

    def _do_continue(self, node):
        return [_at(ast.Continue(), node.start)]

    def _do_return(self, node):
        return [_at(ast.Return(value=self._optional(node.value, node.start)), node.start)]

    def _do_if(self, node):
        otherwise = self._block(node.otherwise)
        for branch in reversed(node.branches):
            otherwise = [_at(ast.If(test=self._value(branch.condition), body=self._block(branch.body), orelse=otherwise),
                             branch.start)]
        return otherwise

    def _do_while(self, node):
        return [_at(ast.While(test=self._value(node.condition), body=self._block(node.body), orelse=[]), node.start)]

    def _do_for(self, node):
        target, prologue = node.target, []
        if target.kind == "identifier":
            name = target.name
        else:
            name = self._temporary()
            prologue = self._assign(target, self._name(name, target.start), node.start)
        return [_at(ast.For(target=self._name(name, target.start, True),
                            iter=self._call("each", node.start, self._value(node.value)),
                            body=prologue + self._block(node.body), orelse=[]), node.start)]

    def _do_load(self, node):
        return [_at(ast.Expr(value=self._call("load", node.start, self._value(node.module))), node.start)]

    def _do_def(self, node):
        body = self._block(node.body)
        for parameter in node.parameters:
            if parameter.how == "**":
                body[self._has_doc(node):0] = self._keywords_as_dict(parameter.name)
        return [_at(ast.FunctionDef(name=node.name.name, args=self._arguments(node), body=body, decorator_list=[],
                                    returns=None, type_comment=None, type_params=[]), node.start)]

    @staticmethod
    def _has_doc(node):
        first = node.body[0]
        return int(first.kind == "expression" and first.value.kind == "literal")

    def _keywords_as_dict(self, name):
        value = self._call("dict", name.start, self._name(name.name, name.start))
        return [_at(ast.Assign(targets=[self._name(name.name, name.start, True)], value=value), name.start)]

    def _arguments(self, node):
        result = ast.arguments(posonlyargs=[], args=[], vararg=None, kwonlyargs=[], kw_defaults=[], kwarg=None,
                               defaults=[])
        starred = False
        for parameter in node.parameters:
            argument = parameter.name and _at(ast.arg(arg=parameter.name.name, annotation=None), parameter.start)
            default = parameter.default and self._value(parameter.default)
            if parameter.how == "**":
                result.kwarg = argument
            elif parameter.how == "*":
                result.vararg, starred = argument, True
            elif starred:
                result.kwonlyargs.append(argument)
                result.kw_defaults.append(default)
            else:
                result.args.append(argument)
                result.defaults += [default] if default else []
        return result

    def _do_assign(self, node):
        if node.operator == "=":
            return self._assign(node.target, self._value(node.value), node.position)
        return self._augment(node)

    def _assign(self, target, value, position):
        """Statements that put a Python expression into a target."""
        while target.kind == "parenexpr":
            target = target.value
        if target.kind == "identifier":
            return [_at(ast.Assign(targets=[self._name(target.name, target.start, True)], value=value), position)]
        if target.kind == "indexexpr":
            call = self._call("set_index", target.position, value, self._value(target.value), self._value(target.index))
            return [_at(ast.Expr(value=call), position)]
        if target.kind == "dotexpr":
            call = self._call("set_attr", target.position, value, self._value(target.value),
                              self._constant(target.name, position))
            return [_at(ast.Expr(value=call), position)]
        name = self._temporary()
        unpacked = self._call("unpack", position, value, self._constant(len(target.items), position))
        body = [_at(ast.Assign(targets=[self._name(name, position, True)], value=unpacked), position)]
        for index, item in enumerate(target.items):
            element = _at(ast.Subscript(value=self._name(name, position), slice=self._constant(index, position),
                                        ctx=ast.Load()), position)
            body += self._assign(item, element, position)
        return body

    def _augment(self, node):
        target, position = node.target, node.position
        while target.kind == "parenexpr":
            target = target.value
        helper = IN_PLACE.get(node.operator) or HELPERS[node.operator[:-1]]
        if target.kind == "identifier":
            value = self._call(helper, position, self._value(target), self._value(node.value))
            return self._assign(target, value, position)
        # What is changed is looked up once: x[f()] += 1 calls f once.
        body, names = [], []
        parts = [target.value] + ([target.index] if target.kind == "indexexpr" else [])
        for part in parts:
            names.append(self._temporary())
            body.append(_at(ast.Assign(targets=[self._name(names[-1], position, True)], value=self._value(part)), position))
        operands = [self._name(name, position) for name in names]
        if target.kind == "dotexpr":
            operands.append(self._constant(target.name, position))
        what = "index" if target.kind == "indexexpr" else "attr"
        old = self._call(what, target.position, *operands)
        new = self._call(helper, position, old, self._value(node.value))
        return body + [_at(ast.Expr(value=self._call("set_" + what, target.position, new, *operands)), position)]

    # Expressions.

    def _value(self, node):
        return getattr(self, "_make_" + node.kind)(node)

    def _make_literal(self, node):
        return self._constant(node.value, node.start)

    def _make_identifier(self, node):
        if node.name in resolve.CONSTANTS:
            return self._constant(resolve.CONSTANTS[node.name], node.start)
        predeclared = getattr(node, "scope", "") == "predeclared"
        return self._name((PREDECLARED if predeclared else "") + node.name, node.start)

    def _make_parenexpr(self, node):
        return self._value(node.value)

    def _make_tupleexpr(self, node):
        return _at(ast.Tuple(elts=[self._value(item) for item in node.items], ctx=ast.Load()), node.start)

    def _make_listexpr(self, node):
        return self._call("list", node.start,
                          _at(ast.List(elts=[self._value(item) for item in node.items], ctx=ast.Load()), node.start))

    def _make_dictexpr(self, node):
        parts = []
        for entry in node.entries:
            parts += [self._value(entry.key), self._value(entry.value)]
        return self._call("dict_of", node.start, _at(ast.Tuple(elts=parts, ctx=ast.Load()), node.start))

    def _make_condexpr(self, node):
        return _at(ast.IfExp(test=self._value(node.condition), body=self._value(node.value),
                             orelse=self._value(node.otherwise)), node.position)

    def _make_indexexpr(self, node):
        return self._call("index", node.position, self._value(node.value), self._value(node.index))

    def _make_sliceexpr(self, node):
        bounds = [self._optional(part, node.position) for part in (node.low, node.high, node.step)]
        return self._call("slice", node.position, self._value(node.value), *bounds)

    def _make_dotexpr(self, node):
        return self._call("attr", node.position, self._value(node.value), self._constant(node.name, node.position))

    def _make_unaryexpr(self, node):
        if node.operator == "not":
            return _at(ast.UnaryOp(op=ast.Not(), operand=self._value(node.value)), node.start)
        return self._call(UNARY[node.operator], node.start, self._value(node.value))

    def _make_binaryexpr(self, node):
        left, right = self._value(node.left), self._value(node.right)
        if node.operator in ("and", "or"):
            operator = ast.And() if node.operator == "and" else ast.Or()
            return _at(ast.BoolOp(op=operator, values=[left, right]), node.position)
        return self._call(HELPERS[node.operator], node.position, left, right)

    def _make_callexpr(self, node):
        positional, named = [], []
        for argument in node.arguments:
            value, at = self._value(argument.value), argument.start
            if argument.how == "*":
                positional.append(_at(ast.Starred(value=self._call("spread", node.position, value), ctx=ast.Load()), at))
            elif argument.how == "**":
                named.append(_at(ast.keyword(arg=None, value=self._call("spread_named", node.position, value)), at))
            elif argument.how == "=":
                named.append(_at(ast.keyword(arg=argument.name.name, value=value), at))
            else:
                positional.append(value)
        return _at(ast.Call(func=self._value(node.function), args=positional, keywords=named), node.position)

    def _make_lambdaexpr(self, node):
        body = self._value(node.body)
        keywords = [parameter.name for parameter in node.parameters if parameter.how == "**"]
        if keywords:
            name = keywords[0]
            inner = ast.arguments(posonlyargs=[], args=[_at(ast.arg(arg=name.name, annotation=None), name.start)],
                                  vararg=None, kwonlyargs=[], kw_defaults=[], kwarg=None, defaults=[])
            function = _at(ast.Lambda(args=inner, body=body), node.start)
            body = _at(ast.Call(func=function, keywords=[], args=[
                self._call("dict", name.start, self._name(name.name, name.start))]), node.start)
        return _at(ast.Lambda(args=self._arguments(node), body=body), node.start)

    def _make_comprehension(self, node):
        generators = []
        for clause in node.clauses:
            if clause.kind == "if":
                generators[-1].ifs.append(self._value(clause.condition))
                continue
            shape = self._shape(clause.target)
            arguments = [self._value(clause.value)] + ([self._constant(shape, clause.start)] if shape else [])
            generators.append(ast.comprehension(target=self._comprehension_target(clause.target), ifs=[], is_async=0,
                                                iter=self._call("each", clause.start, *arguments)))
        if node.is_dict:
            key = self._call("key", node.body.position, self._value(node.body.key))
            value = _at(ast.DictComp(key=key, value=self._value(node.body.value), generators=generators), node.start)
            return self._call("dict", node.start, value)
        value = _at(ast.ListComp(elt=self._value(node.body), generators=generators), node.start)
        return self._call("list", node.start, value)

    def _shape(self, target):
        """How values are to be unpacked: None for a variable, else a tuple with an element for each."""
        while target.kind == "parenexpr":
            target = target.value
        if target.kind == "identifier":
            return None
        if target.kind not in ("tupleexpr", "listexpr"):
            raise SyntaxProblem(target.start, "a comprehension assigns to variables only")
        return tuple(self._shape(item) for item in target.items)

    def _comprehension_target(self, target):
        while target.kind == "parenexpr":
            target = target.value
        if target.kind == "identifier":
            return self._name(target.name, target.start, True)
        return _at(ast.Tuple(elts=[self._comprehension_target(item) for item in target.items], ctx=ast.Store()),
                   target.start)


def compile_file(source, path, is_predeclared):
    """Python code of a file, to be run with a dict of globals; raises scan.SyntaxProblem."""
    return _guarded(_compile_file, source, path, is_predeclared)


def compile_expression(source, path, is_predeclared):
    """Python code of one expression, for eval()."""
    return _guarded(_compile_expression, source, path, is_predeclared)


def _guarded(function, source, path, is_predeclared):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's about code that is odd, such as 5()
            return function(source, path, is_predeclared)
    except (RecursionError, MemoryError):
        raise SyntaxProblem((1, 1), "the program is nested too deeply") from None
    except SyntaxError as problem:  # what Python's compiler limits, as loops within 20 others
        raise SyntaxProblem((problem.lineno or 1, 1), problem.msg) from None


def _compile_file(source, path, is_predeclared):
    statements = parse.Parser(source).file()
    resolve.Resolver(is_predeclared).run(statements)
    return compile(Compiler().module(statements), path, "exec", dont_inherit=True)


def _compile_expression(source, path, is_predeclared):
    value = parse.Parser(source).expression_alone()
    resolve.Resolver(is_predeclared).run_expression(value)
    return compile(Compiler().expression(value), path, "eval", dont_inherit=True)
