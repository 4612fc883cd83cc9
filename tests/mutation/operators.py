# SPDX-License-Identifier: GPL-2.0-or-later
"""Small faults put into the source of a check, one at a time.

What only tells people something is left alone: docstrings, type annotations, and what
is passed as `expected`, `actual` or `at`, and clauses of f-strings.
"""

import ast
import copy
from collections.abc import Callable, Iterator
from typing import NamedTuple

TABLE = "CHECKS"
"""Name of a module's table of checks, by requirement: its checks have no other name."""

TOLD = {"expected", "actual", "at", "text"}
OTHER: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}


class Mutant(NamedTuple):
    """One fault.

    Attributes:
        function: that it is in.
        line: of the original.
        change: what was written, and what stands there now.
        source: the whole module.
    """

    function: str
    line: int
    change: str
    source: str

    @property
    def name(self) -> str:
        """What names it in a list of survivors: no line, which moves."""
        return f"{self.function}: {self.change}"


Edit = tuple[ast.AST, Callable[[ast.AST], ast.AST]]


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a module."""
    tree = ast.parse(source)
    for at, statement in enumerate(tree.body):
        name = _name(statement)
        if not name:
            continue
        for place, (node, change) in enumerate(list(_sites(statement))):
            before = _short(node)
            fresh = copy.deepcopy(tree)
            same = fresh.body[at]
            target, _ = list(_sites(same))[place]
            changed = change(copy.deepcopy(node))
            _replace(same, target, changed)
            ast.fix_missing_locations(fresh)
            line = getattr(node, "lineno", statement.lineno)
            text = f"{before} -> {_short(changed)}"
            yield Mutant(name, line, text, ast.unparse(fresh))


def _name(statement: ast.stmt) -> str:
    """Name a function, or the table of a module's checks; else empty."""
    if isinstance(statement, ast.FunctionDef):
        return statement.name
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id if statement.target.id == TABLE else ""
    return ""


def _short(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:110]


def _sites(statement: ast.stmt) -> Iterator[Edit]:
    """Yield each place of a function or a table and what to make of it."""
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        yield from _in(statement.value)
        return
    assert isinstance(statement, ast.FunctionDef)
    body = statement.body
    told = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    for each in body[told:]:
        yield from _in(each)


def _in(node: ast.AST) -> Iterator[Edit]:
    yield from _changes(node)
    if isinstance(node, ast.JoinedStr):
        return
    for name, value in ast.iter_fields(node):
        if name == "annotation" or (isinstance(node, ast.keyword) and node.arg in TOLD):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _in(child)


def _changes(node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for other in OTHER.get(type(node.ops[0]), ()):
            yield node, _with("ops", [other()])
    elif isinstance(node, ast.BoolOp | ast.BinOp):
        for other in OTHER.get(type(node.op), ()):
            yield node, _with("op", other())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node, lambda n: n.operand  # type: ignore[attr-defined]
    elif isinstance(node, ast.If | ast.IfExp):
        yield node.test, lambda n: ast.UnaryOp(ast.Not(), n)  # type: ignore[arg-type]
    elif isinstance(node, ast.Constant):
        yield from _constants(node)
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, ast.Continue):
        yield node, lambda _: ast.Break()
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield node, _with("ifs", [])


def _constants(node: ast.Constant) -> Iterator[Edit]:
    if isinstance(node.value, bool):
        yield node, lambda n: ast.Constant(not n.value)  # type: ignore[attr-defined]
    elif isinstance(node.value, int | float):
        yield node, lambda n: ast.Constant(n.value + 1)  # type: ignore[attr-defined]
    elif isinstance(node.value, str) and node.value.isupper():
        yield node, lambda n: ast.Constant(f"{n.value}X")  # type: ignore[attr-defined]


def _calls(node: ast.Call) -> Iterator[Edit]:
    swap = {"all": "any", "any": "all", "min": "max", "max": "min"}
    if isinstance(node.func, ast.Name) and node.func.id in swap:
        yield node, _with("func", ast.Name(swap[node.func.id], ast.Load()))
    if isinstance(node.func, ast.Attribute) and node.func.attr in (
        "require",
        "recommend",
        "unable",
    ):
        yield node, lambda _: ast.Constant(None)


def _with(field: str, value: object) -> Callable[[ast.AST], ast.AST]:
    def change(node: ast.AST) -> ast.AST:
        setattr(node, field, value)
        return node

    return change


def _replace(root: ast.AST, target: ast.AST, changed: ast.AST) -> None:
    for parent in ast.walk(root):
        for name, value in ast.iter_fields(parent):
            if value is target:
                setattr(parent, name, changed)
                return
            if isinstance(value, list):
                for at, child in enumerate(value):
                    if child is target:
                        value[at] = changed
                        return
