# SPDX-License-Identifier: GPL-2.0-or-later
"""A small language that picks messages: `type == ECHO_REQUEST and length > 12`.

It is Python's syntax for names, numbers, quoted text, lists, `== != < <= > >= in`,
`and or not`, `&` and brackets, and nothing else. Nothing is evaluated but these: an
expression is parsed, checked and made into functions.

- Names of the message: `conversation`, `index`, `time` (as ndjson writes it),
  `direction`, `frame`, `name`, `type`, `version`, `flags`, `length`,
  `transaction_id`, and `element`, which is the name of any of its elements.
- Every other field name is that of an element, at any depth. A comparison is true when
  it is for one of the values: `rssi_a_dbm < -80` for one sample of many. `x != 1` is
  `not x == 1`. What a message does not have compares as false.
- Upper-case names are those of the registries: `type == ECHO_REQUEST`,
  `code == SUCCESS`, `element == RSSI_SAMPLE`.
"""

import ast
import operator
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from enum import IntEnum, IntFlag
from typing import Any

from nmsp_scapy import constants, layers, records
from nmsp_scapy.conversation import Message
from nmsp_scapy.profile import NOMINAL, Profile
from nmsp_scapy.times import iso

LONGEST = 4096
"""Characters of an expression."""

DEEPEST = 64
"""Nesting of an expression."""

Values = tuple[Any, ...]
"""What a term stands for: each may be it."""

Term = Callable[["Scope"], Values]
Test = Callable[["Scope"], bool]


class WhereError(ValueError):
    """The expression is none; says where and why."""


class Scope:
    """One message, its record decoded when it is first asked for."""

    __slots__ = ("_record", "message")

    def __init__(self, message: Message) -> None:
        self.message = message
        self._record: dict[str, Any] | None = None

    @property
    def record(self) -> dict[str, Any]:
        """The message's record."""
        if self._record is None:
            self._record = records.decode(self.message.raw, self.message.profile)
        return self._record

    def elements(self) -> Iterator[dict[str, Any]]:
        """All elements, at any depth."""
        waiting = [self.record]
        while waiting:
            holder = waiting.pop()
            inner = holder.get("elements", ())
            yield from inner
            waiting += inner
        if "body" in self.record:
            yield self.record["body"]


HEADER: dict[str, Term] = {
    "conversation": lambda s: (s.message.conversation,),
    "index": lambda s: (s.message.index,),
    "time": lambda s: (iso(s.message.time_ns),),
    "direction": lambda s: (str(s.message.direction),),
    "frame": lambda s: s.message.frames,
    "frames": lambda s: s.message.frames,
    "name": lambda s: (s.record.get("name"),),
    "type": lambda s: (s.message.type,),
    "version": lambda s: (s.message.version,),
    "flags": lambda s: (s.message.flags,),
    "length": lambda s: (s.message.length,),
    "transaction_id": lambda s: (s.message.transaction_id,),
    "element": lambda s: tuple(e["name"] for e in s.elements() if "name" in e),
    "elements": lambda s: tuple(e["name"] for e in s.elements() if "name" in e),
}
"""Terms of the message itself."""

COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.eq,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: operator.eq,
    ast.NotIn: operator.eq,
}


def where(expression: str, profile: Profile = NOMINAL) -> Callable[[Message], bool]:
    """Make an expression into a test of messages.

    Raises:
        WhereError: it is none of the language.
    """
    if len(expression) > LONGEST:
        raise WhereError(f"longer than {LONGEST} characters")
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = getattr(error, "offset", None)
        raise WhereError(
            "not an expression" + (f", see character {place}" if place else "")
        ) from None
    test = _Compiler(profile).test(tree, 0)
    return lambda message: test(Scope(message))


class _Compiler:
    """Makes functions of a syntax tree; anything unknown is refused."""

    def __init__(self, profile: Profile) -> None:
        self._names: dict[str, Values] = {}
        for name in _registered():
            self._names[name] = (name,)
        for name, number in profile.message_types.items():
            self._names[name] = (name, number)
        for name in profile.element_types:
            self._names.setdefault(name, (name,))
        self._fields = _fields(profile)

    def test(self, node: ast.expr, depth: int) -> Test:
        """Compile what is true or false."""
        if depth > DEEPEST:
            raise WhereError(f"nested deeper than {DEEPEST}")
        if isinstance(node, ast.BoolOp):
            parts = [self.test(value, depth + 1) for value in node.values]
            if isinstance(node.op, ast.And):
                return lambda scope: all(part(scope) for part in parts)
            return lambda scope: any(part(scope) for part in parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            part = self.test(node.operand, depth + 1)
            return lambda scope: not part(scope)
        if isinstance(node, ast.Compare):
            return self._compare(node)
        term = self.term(node)
        return lambda scope: any(term(scope))

    def _compare(self, node: ast.Compare) -> Test:
        terms = [self.term(part) for part in (node.left, *node.comparators)]
        tests = [
            _comparison(op, left, right)
            for op, left, right in zip(node.ops, terms, terms[1:], strict=False)
        ]
        return lambda scope: all(test(scope) for test in tests)

    def term(self, node: ast.expr) -> Term:
        """Compile what has values."""
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd):
            return _bits(self.term(node.left), self.term(node.right))
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            terms = [self.term(part) for part in node.elts]
            return lambda scope: tuple(v for term in terms for v in term(scope))
        value = _constant(node)
        return lambda _: value

    def _name(self, node: ast.Name) -> Term:
        name = node.id
        if name in HEADER:
            return HEADER[name]
        if name in self._names:
            value = self._names[name]
            return lambda _: value
        if name in self._fields:
            return _field(name)
        known = [*HEADER, *self._fields, *self._names]
        close = get_close_matches(name, known, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise WhereError(f"{name} is no field and no name{hint}")


def _constant(node: ast.expr) -> Values:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        (value,) = _constant(node.operand)
        if isinstance(value, int | float):
            return (-value,)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str):
        return (node.value,)
    raise WhereError(f"{ast.unparse(node)[:40]!r} is not understood here")


def _comparison(op: ast.cmpop, left: Term, right: Term) -> Test:
    compare = COMPARE.get(type(op))
    if compare is None:
        raise WhereError(f"{type(op).__name__} is no comparison of this language")
    wanted = not isinstance(op, ast.NotEq | ast.NotIn)
    within = isinstance(op, ast.In | ast.NotIn)

    def test(scope: Scope) -> bool:
        others = right(scope)
        for one in left(scope):
            for other in others:
                if _holds(compare, one, other) or (
                    within and isinstance(one, str) and one in str(other)
                ):
                    return wanted
        return not wanted

    return test


def _holds(compare: Callable[[Any, Any], bool], one: Any, other: Any) -> bool:
    try:
        return compare(one, other)
    except TypeError:
        return False


def _bits(left: Term, right: Term) -> Term:
    return lambda scope: tuple(
        one & other
        for one in left(scope)
        for other in right(scope)
        if isinstance(one, int) and isinstance(other, int)
    )


def _field(name: str) -> Term:
    """Collect an element field's values, with the names of those that have one."""
    keys = (name, f"{name}_name", f"{name}_names")

    def values(scope: Scope) -> Values:
        found: list[Any] = []
        for element in scope.elements():
            for key in keys:
                value = element.get(key)
                found += value if isinstance(value, list) else [value]
        return tuple(value for value in found if value is not None)

    return values


def _fields(profile: Profile) -> dict[str, None]:
    """Name the fields of all elements, and those that the profile names itself."""
    found: dict[str, None] = {}
    for cls in layers.ELEMENTS.values():
        for field in cls.value_fields:
            found[field.name] = None
    for fields in (*profile.bodies.values(), *profile.values.values()):
        for own in fields:
            found[own.name] = None
    return found


def _registered() -> Iterator[str]:
    """Name the members of every registry."""
    for registry in vars(constants).values():
        if isinstance(registry, type) and issubclass(registry, IntEnum | IntFlag):
            yield from registry.__members__
