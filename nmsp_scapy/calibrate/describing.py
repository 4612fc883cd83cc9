# SPDX-License-Identifier: GPL-2.0-or-later
"""What the rest holds: header bytes without a name, element values, fixed bodies."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable

from nmsp_scapy.calibrate.checksums import header_checksum
from nmsp_scapy.calibrate.finding import Finding
from nmsp_scapy.calibrate.seen import Column, Seen
from nmsp_scapy.calibrate.values import Part, Sample, addresses, is_text, parts, rest
from nmsp_scapy.constants import Grade
from nmsp_scapy.profile import NOMINAL, Field

WIDEST = 4
MISFITS = 5
"""One element in so many that is not what its nominal name says is too many."""

OFTEN = 8
"""Messages of a kind from which its body is looked into."""

FRAMES = 5
FIXED = {
    "STATUS": {2}, "SERVICE": {9}, "QUERY": {3, 4}, "MAC_ADDRESS": {6},
    "IP_ADDRESS": {4, 16}, "SWITCH_PORT": {3}, "ENTITY": {1}, "RSSI_SAMPLE": {18},
    "BSSID": {6}, "STATION_STATE": {1}, "TRAFFIC": {32}, "LAST_HEARD": {4},
    "ATTACHMENT_CATEGORY": {1}, "ATTACHMENT_STATE": {1}, "SINCE": {4},
    "GEO_LOCATION": {12}, "AP_STATE": {1}, "ALARM_AP": {6}, "ALARM_KIND": {2},
    "ALARM_SEVERITY": {1},
}  # fmt: skip
"""Sizes of values that the nominal layout fixes, by element."""

OPEN = {"IDS_PROFILE", "CIVIC_ADDRESS"}
"""Elements whose value may be anything."""

CONTAINERS = {
    "MEASUREMENT", "INFORMATION", "STATISTICS", "ATTACHMENT", "LOCATION", "AP",
    "ALARM", "CIVIC_LOCATION",
}  # fmt: skip


def describe_columns(
    messages: list[Seen], free: list[int], size: int, order: str
) -> tuple[list[Field], list[Finding]]:
    """Tell constants, counters, clocks, checksums and the rest of the header's bytes.

    A constant that several conversations share is written as one (a magic number); in
    a single conversation it may as well be the session's.
    """
    fields, findings = [], []
    spans = _spans(messages, free, size)
    several = len({one.conversation for one in messages}) > 1
    for start, width, known in spans:
        column = Column(start, width, order)
        numbers = {column.of(one.raw) for one in messages}
        constant = several and len(numbers) == 1 and numbers != {0}
        value = min(numbers) if constant else None
        told = known or _column(messages, start, width, order)
        name = f"unknown_{start}"
        frames = _frames([one.frame for one in messages[:FRAMES]])
        found = Finding(
            f"header.{name}", f"{width} bytes: {told}", False,
            f"in {len(messages)} messages", frames=frames,
        )  # fmt: skip
        findings.append(found)
        fields.append(
            Field(
                name, start, width, order,  # type: ignore[arg-type]
                value=value, grade=Grade.OBSERVED, note=f"{told}; {found.evidence}",
            )
        )  # fmt: skip
    return fields, findings


def _spans(
    messages: list[Seen], free: list[int], size: int
) -> list[tuple[int, int, str]]:
    """Part bytes into stretches of one nature: what is alike stands together."""
    known: dict[int, tuple[int, str]] = {}
    summed = header_checksum([one.raw for one in messages], free, size)
    if summed is not None:
        at, width, name = summed
        known[at] = (width, f"the {name} of the header's other bytes")
    samples = [Sample(one.raw[:size], one.frame, one.time_ns) for one in messages]
    for part in parts(samples, set()):
        own = set(range(part.offset, part.offset + part.width))
        if part.kind == "time" and own <= {*free} and part.offset not in known:
            known[part.offset] = (part.width, part.told)
    found: list[tuple[int, int, str]] = []
    before, covered = "", -1
    for place in free:
        if place < covered:
            continue
        if place in known:
            width, told = known[place]
            found.append((place, width, told))
            before, covered = "", place + width
            continue
        nature = _nature(messages, place)
        last = found[-1] if found else (0, 0, "")
        if nature == before and sum(last[:2]) == place and last[1] < WIDEST:
            found[-1] = (last[0], last[1] + 1, "")
        else:
            found.append((place, 1, ""))
        before = nature
    return found


def _nature(messages: list[Seen], place: int) -> str:
    own = {one.raw[place] for one in messages}
    if len(own) > 1:
        return "varies"
    return "constant" if any(own) else "zero"


def _column(messages: list[Seen], start: int, width: int, order: str) -> str:
    own = [one.raw[start : start + width] for one in messages]
    kinds = set(own)
    if len(kinds) == 1:
        told = f"always {own[0].hex()}"
        of_session = "; a magic number, or the session's" if any(own[0]) else ""
        several = len({one.conversation for one in messages}) > 1
        return told + (", in each conversation" if several else of_session)
    column = Column(start, width, order)
    rows: dict[tuple[int, int], list[int]] = defaultdict(list)
    for one in messages:
        rows[one.conversation, one.side].append(column.of(one.raw))
    for numbers in rows.values():
        steps = Counter(b - a for a, b in itertools.pairwise(numbers))
        if steps[1] * 10 >= 9 * max(sum(steps.values()), 1) and len(numbers) > OFTEN:
            return "counts the messages of its direction"
    if len(kinds) <= OFTEN:
        return "one of " + ", ".join(sorted(kind.hex() for kind in kinds))
    return f"{len(kinds)} values in {len(own)} messages"


def describe_values(
    values: dict[int, list[Sample]], containers: set[int], limit: int
) -> tuple[list[Finding], dict[str, int]]:
    """Tell what elements hold, and which names of the table can stand.

    A name stays where what was seen has its form. An element that has another form
    is not what the name says, so it gets its number for a name.
    """
    findings = []
    names = {n: v for n, v in NOMINAL.element_types.items() if v < limit}
    named = {v: n for n, v in names.items()}
    known = addresses([own for n, own in values.items() if n not in containers])
    misfits = 0
    for number, found in sorted(values.items()):
        told = f"{len(found)} values"
        if number in containers:
            value = "contains elements"
        else:
            value, more = describe(found, known)
            told += more
        if number in named:
            fits = _fits(named[number], found, number in containers)
            misfits += not fits
            told += f"; {'' if fits else 'not '}the form of {named[number]}"
            if not fits:
                del names[named[number]]
        frames = _frames([one.frame for one in found[:FRAMES]])
        findings.append(Finding(f"element {number}", value, False, told, frames=frames))
    if MISFITS * misfits > len(values):
        # So many that have another form: these are not the nominal numbers at all.
        names = {}
    return findings, names


def describe(found: list[Sample], known: set[bytes]) -> tuple[str, str]:
    """Say what values are, and what speaks for it."""
    if is_text(found):
        return f"text, as {found[0].data[:24].decode('ascii')!r}", ""
    whole = {len(one.data) for one in found} == {6}
    own = parts(found, set() if whole else known)
    if len(own) == 1 and {len(one.data) for one in found} == {own[0].width}:
        return _named(own[0]), f": {own[0].told}"
    if not own:
        return rest(found), ""
    inner = ", ".join(f"{_named(part)} at {part.offset}" for part in own)
    more = "; ".join(f"at {part.offset} {part.told}" for part in own[:6])
    return f"{rest(found)}, {inner}", f": {more}"


def _named(part: Part) -> str:
    names = {
        "mac": "MAC address", "ipv4": "IPv4 address", "dbm": "dBm", "time": "time",
        "number": f"number of {8 * part.width} bits",
    }  # fmt: skip
    return names[part.kind]


def describe_bodies(
    messages: list[Seen], name_of: Callable[[int], str | None], kind: Column,
    size: int, trailer: int, order: str,
) -> tuple[list[Finding], dict[str, tuple[Field, ...]]]:  # fmt: skip
    """Tell what stands at fixed places of bodies that are no runs of elements."""
    by_kind: dict[int, list[Sample]] = defaultdict(list)
    for one in messages:
        body = one.raw[size : len(one.raw) - trailer]
        by_kind[kind.of(one.raw)].append(Sample(body, one.frame, one.time_ns))
    findings: list[Finding] = []
    bodies: dict[str, tuple[Field, ...]] = {}
    for number, found in sorted(by_kind.items()):
        whole = [one for one in found if one.data]
        if len(whole) < OFTEN or len(whole) < len(found):
            continue
        own = parts(whole, set())
        value, more = describe(whole, set())
        frames = _frames([one.frame for one in whole[:FRAMES]])
        told = f"{len(whole)} bodies{more}"
        findings.append(Finding(f"body {number}", value, False, told, frames=frames))
        name = name_of(number)
        if own and name is not None:
            bodies[name] = tuple(_field(part, order, frames) for part in own)
    return findings, bodies


def _field(part: Part, order: str, frames: list[int]) -> Field:
    shown = ", ".join(map(str, frames))
    if part.told.endswith(("(big)", "(little)")):
        order = part.told.rpartition("(")[2].rstrip(")")
    return Field(
        f"unknown_{part.offset}", part.offset, part.width,
        order,  # type: ignore[arg-type]
        kind=part.kind, grade=Grade.INFERRED, note=f"{part.told}; frames {shown}",
    )  # fmt: skip


def _frames(frames: list[int]) -> list[int]:
    return sorted(set(frames))


def _fits(name: str, found: list[Sample], contains: bool) -> bool:
    sizes = {len(one.data) for one in found}
    if name in CONTAINERS:
        return contains
    if name in FIXED:
        return sizes <= FIXED[name] and not contains
    return name in OPEN or (not contains and is_text(found))
