# SPDX-License-Identifier: GPL-2.0-or-later
"""Two messages of one kind held against each other, element by element."""

from collections.abc import Iterator, Sequence

from conformance.observation import Seen
from conformance.replay.anatomy import Leaf, Part, decoded
from conformance.replay.ignoring import Ignoring
from conformance.replay.outcome import Aspect, Difference

ABSENT = "absent"


def differences(expected: Seen, actual: Seen, ignoring: Ignoring) -> list[Difference]:
    """Compare the fields of two messages of one name.

    Elements belong together by their name and the MAC address that they are about,
    wherever they stand; those left over by their name alone.
    """
    if expected.raw == actual.raw or ignoring.hides(expected.name):
        return []
    found = list(
        _Fields(expected.name, ignoring).between(
            decoded(expected.raw, expected.profile), decoded(actual.raw, actual.profile)
        )
    )
    for each in found:
        each.frames, each.index = expected.frames, actual.index
        each.request = ""
    return found


class _Fields:
    def __init__(self, message: str, ignoring: Ignoring) -> None:
        self._message, self._ignoring = message, ignoring

    def between(self, one: Part, other: Part) -> Iterator[Difference]:
        """Yield what sets two parts apart."""
        mine = {leaf.name: leaf for leaf in self._leaves(one)}
        theirs = {leaf.name: leaf for leaf in self._leaves(other)}
        for name in dict.fromkeys((*mine, *theirs)):
            a, b = mine.get(name), theirs.get(name)
            if a is None or b is None or a.value != b.value:
                yield self._field(other, name, a, b)
        yield from self._elements(one, other)

    def _leaves(self, part: Part) -> list[Leaf]:
        path = f"{self._message}.{part.inside}" if part.inside else self._message
        return [x for x in part.leaves if not self._ignoring.hides(f"{path}.{x.name}")]

    def _shown(self, parts: Sequence[Part]) -> list[Part]:
        hides = self._ignoring.hides
        return [p for p in parts if not hides(f"{self._message}.{p.inside}")]

    def _elements(self, one: Part, other: Part) -> Iterator[Difference]:
        mine, theirs = self._shown(one.parts), self._shown(other.parts)
        pairs = paired(mine, theirs)
        for at, to in pairs:
            a, b = mine[at], theirs[to]
            if a.identity != b.identity and a.parts and not self._hides_identity(a):
                yield self._element(b, f"about {a.identity}", f"about {b.identity}")
            else:
                yield from self.between(a, b)
        met = {to for _, to in pairs}
        for at in set(range(len(mine))) - {at for at, _ in pairs}:
            yield self._element(mine[at], told(mine[at]), ABSENT)
        for to in set(range(len(theirs))) - met:
            yield self._element(theirs[to], ABSENT, told(theirs[to]))
        places = [to for _, to in sorted(pairs)]
        if places != sorted(places):
            yield self._order(one, [mine[a] for a, _ in sorted(pairs)], theirs)

    def _hides_identity(self, part: Part) -> bool:
        return self._ignoring.hides(f"{self._message}.{part.inside}.MAC_ADDRESS.mac")

    def _field(
        self, part: Part, name: str, mine: Leaf | None, theirs: Leaf | None
    ) -> Difference:
        there = theirs if theirs is not None and theirs.offset is not None else mine
        return Difference(
            Aspect.FIELD,
            self._message,
            mine.text if mine is not None else ABSENT,
            theirs.text if theirs is not None else ABSENT,
            f"{part.inside}.{name}".lstrip("."),
            f"{part.path}.{name}".lstrip("."),
            there.offset if there is not None else None,
            there.length if there is not None else None,
        )

    def _element(self, part: Part, expected: str, actual: str) -> Difference:
        return Difference(
            Aspect.FIELD,
            self._message,
            expected,
            actual,
            part.inside,
            part.path,
            part.offset,
            part.length,
        )

    def _order(
        self, holder: Part, mine: Sequence[Part], theirs: Sequence[Part]
    ) -> Difference:
        names = [told(part) for part in mine]
        others = [name for name in map(told, theirs) if name in names]
        at = next(
            i for i, (a, b) in enumerate(zip(names, others, strict=False)) if a != b
        )
        return Difference(
            Aspect.ORDER,
            self._message,
            f"{names[at]} as element {at} of its kind",
            f"{others[at]}",
            holder.inside,
            holder.path,
            theirs[0].offset,
        )


def told(part: Part) -> str:
    """Name an element, and what it is about."""
    return f"{part.name} {part.identity}".rstrip()


def paired(mine: Sequence[Part], theirs: Sequence[Part]) -> list[tuple[int, int]]:
    """Say which element of one run belongs to which of the other, as indices."""
    pairs: list[tuple[int, int]] = []
    free = dict.fromkeys(range(len(theirs)))
    waiting = dict.fromkeys(range(len(mine)))
    for exact in (True, False):
        rest: dict[tuple[str, str], list[int]] = {}
        for to in free:
            identity = theirs[to].identity if exact else ""
            rest.setdefault((theirs[to].name, identity), []).append(to)
        for at in list(waiting):
            key = (mine[at].name, mine[at].identity if exact else "")
            if rest.get(key):
                to = rest[key].pop(0)
                pairs.append((at, to))
                del free[to], waiting[at]
    return pairs
