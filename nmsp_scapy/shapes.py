# SPDX-License-Identifier: GPL-2.0-or-later
"""What messages that differ in values alone have in common, and how it is written.

A shape reads all of a message by one `struct` and writes its record by one template.
Of many messages at once it reads columns: what never changes is compared, and what
does is converted, a column at a time.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from operator import call, itemgetter
from typing import Any, NamedTuple

Convert = Callable[[Any], str]
"""What makes of a value, as `struct` reads it, its JSON."""

HOLE = "\0"
"""A value's place in a template: JSON never holds a NUL."""


class Slots(NamedTuple):
    """Values one behind the other: how they are read and written.

    Attributes:
        codes: of `struct`, one a value.
        size: bytes that they take.
        template: of their JSON, a `HOLE` a value.
        converts: one a value.
    """

    codes: str
    size: int
    template: str
    converts: tuple[Convert, ...]


class Run(NamedTuple):
    """Bytes of a message: values, or what is the same in all of a shape.

    Attributes:
        start: of the message's first byte among them.
        slots: of values; its template is not looked at.
        fixed: the bytes that never change; None for values.
    """

    start: int
    slots: Slots
    fixed: bytes | None = None


class Shape:
    """The shape of messages of one length.

    Attributes:
        general: whether other messages can have it; else its template quotes bytes of
            the one it was made from.
    """

    def __init__(
        self,
        order: str,
        size: int,
        runs: Iterable[Run],
        template: str,
        *,
        general: bool = True,
    ) -> None:
        """Begin.

        Args:
            order: of bytes, as `struct` spells it.
            size: bytes of the messages.
            runs: what is read of them; they do not overlap.
            template: of the record.
            general: see there.
        """
        self.general = general
        codes, at = [order], 0
        fixed: list[bytes] = []
        constants: list[int] = []
        values: list[int] = []
        self._converts: list[Convert] = []
        for run in sorted(runs):
            codes.append(f"{run.start - at}x{run.slots.codes}")
            at = run.start + run.slots.size
            count = len(constants) + len(values)
            if run.fixed is not None:
                constants.append(count)
                fixed.append(run.fixed)
            else:
                values += range(count, count + len(run.slots.converts))
                self._converts += run.slots.converts
        codes.append(f"{size - at}x")
        self._read = struct.Struct("".join(codes)).unpack
        self._constants = list(zip(constants, fixed, strict=True))
        self._values = values
        self._picked = _picker(values)
        self._fixed = _picker(constants)
        self._wanted = tuple(fixed)
        # What never changes, a place for each value between; the head comes first.
        self._texts = template[1:].split(HOLE)
        self._parts = template.replace(HOLE, HOLE * 2).split(HOLE)

    def fits(self, raw: bytes) -> bool:
        """Tell whether a message of the same length has the shape."""
        return self._fixed(self._read(raw)) == self._wanted

    def to_json(self, raw: bytes) -> str:
        """Write the record of a message that has the shape."""
        parts = self._parts.copy()
        parts[1::2] = map(call, self._converts, self._picked(self._read(raw)))
        return "".join(parts)

    def to_json_many(
        self, raws: Sequence[bytes], heads: Sequence[str]
    ) -> list[str] | None:
        """Write the records of messages of its length; None where one has not it.

        Args:
            raws: the messages, one at least.
            heads: what stands in place of the opening brace of each.
        """
        count = len(raws)
        if count > 1 and not self.general:
            return None
        columns = list(zip(*map(self._read, raws), strict=True))
        for at, constant in self._constants:
            if columns[at].count(constant) != count:
                return None
        parts: list[Iterable[str]] = [heads, repeat(self._texts[0])]
        places = zip(self._values, self._converts, self._texts[1:], strict=True)
        for at, convert, text in places:
            parts += map(convert, columns[at]), repeat(text)
        return list(map("".join, zip(*parts)))  # noqa: B905 - the texts have no end


def _picker(places: list[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Make what picks the values at those places."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda values: tuple(values[at] for at in places)
