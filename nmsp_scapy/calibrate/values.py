# SPDX-License-Identifier: GPL-2.0-or-later
"""What the rest holds: header bytes without a name, and element values."""

import itertools
from collections import Counter
from ipaddress import ip_address

from nmsp_scapy.calibrate.finding import Finding
from nmsp_scapy.calibrate.seen import Seen
from nmsp_scapy.constants import ElementType, Grade
from nmsp_scapy.profile import NOMINAL, Field

SHOWN = 3
FIXED = {
    "STATUS": {2}, "SERVICE": {9}, "QUERY": {3, 4}, "MAC_ADDRESS": {6},
    "IP_ADDRESS": {4, 16}, "SWITCH_PORT": {3}, "ENTITY": {1}, "RSSI_SAMPLE": {16},
    "BSSID": {6}, "LAST_HEARD": {4}, "TRAFFIC": {32},
}  # fmt: skip
"""Sizes of values that the nominal layout fixes, by element."""

CONTAINERS = {
    "MEASUREMENT", "INFORMATION", "STATISTICS", "ATTACHMENT", "LOCATION", "AP", "ALARM"
}  # fmt: skip


def describe_columns(
    messages: list[Seen], free: list[int], order: str
) -> tuple[list[Field], list[Finding]]:
    """Tell constants, counters and the rest among the header's other bytes."""
    fields, findings = [], []
    for start, width in _stretches(free):
        told = _column(messages, start, width, order)
        name = f"unknown_{start}"
        fields.append(
            Field(
                name, start, width, order,  # type: ignore[arg-type]
                kind="number" if width <= 8 else "bytes",
                grade=Grade.OBSERVED, note=told,
            )
        )  # fmt: skip
        findings.append(Finding(f"header.{name}", f"{width} bytes", False, told))
    return fields, findings


def _stretches(free: list[int]) -> list[tuple[int, int]]:
    """Put neighbouring bytes together, four at most."""
    found: list[tuple[int, int]] = []
    for place in free:
        if found and sum(found[-1]) == place and found[-1][1] < 4:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((place, 1))
    return found


def _column(messages: list[Seen], start: int, width: int, order: str) -> str:
    own = [one.raw[start : start + width] for one in messages]
    kinds = set(own)
    if len(kinds) == 1:
        return f"always {own[0].hex()}"
    for side in (0, 1):
        numbers = [
            int.from_bytes(one.raw[start : start + width], order)  # type: ignore[arg-type]
            for one in messages
            if one.side == side
        ]
        steps = Counter(b - a for a, b in itertools.pairwise(numbers))
        if steps and steps[1] * 10 >= 9 * sum(steps.values()):
            return "counts the messages of its direction"
    if len(kinds) <= 8:
        return "one of " + ", ".join(sorted(kind.hex() for kind in kinds))
    return f"{len(kinds)} values in {len(own)} messages"


def describe_values(
    values: dict[int, list[bytes]], containers: set[int], limit: int
) -> tuple[list[Finding], dict[str, int]]:
    """Tell what elements hold, and which names of the table can stand.

    A name stays where what was seen has its form. An element that has another form
    is not what the name says, so it gets its number for a name.
    """
    findings = []
    names = {n: v for n, v in NOMINAL.element_types.items() if v < limit}
    for number, found in sorted(values.items()):
        kind = "contains elements" if number in containers else kind_of(found)
        name = next((n for n, v in names.items() if v == number), None)
        fits = name is None or _fits(name, found, number in containers)
        told = f"{len(found)} values"
        if name is not None:
            told += f"; the form of {name}" if fits else f"; not the form of {name}"
        if name is not None and not fits:
            del names[name]
        findings.append(Finding(f"element {number}", kind, False, told))
    return findings, names


def _fits(name: str, found: list[bytes], contains: bool) -> bool:
    sizes = {len(value) for value in found}
    if name in CONTAINERS:
        return contains
    if name in FIXED:
        return sizes <= FIXED[name]
    return not contains or ElementType[name] >= ElementType.CIVIC_LOCATION


def kind_of(found: list[bytes]) -> str:  # noqa: PLR0911 - one form a line
    """Say what values look like; `bytes` where nothing speaks for anything."""
    sizes = {len(value) for value in found}
    if all(value and _is_text(value) for value in found) and max(sizes) > 2:
        return "text"
    if sizes == {6} and _are_macs(found):
        return "MAC address"
    if sizes == {4} and len({value[:1] for value in found}) == 1 and len(found) > 3:
        address = str(ip_address(found[0]))
        if ip_address(found[0]).is_private and found[0][0]:
            return f"IPv4, as {address}"
    if len(sizes) > 1:
        return f"bytes, {min(sizes)} to {max(sizes)}"
    (size,) = sizes
    kinds = set(found)
    if len(kinds) == 1:
        return f"always {found[0][:16].hex()}"
    if size <= 2 and len(kinds) <= 8:
        return "one of " + ", ".join(sorted(kind.hex() for kind in kinds))
    return f"{size} bytes" + _inner(found, size)


def _inner(found: list[bytes], size: int) -> str:
    """Say at which offsets signal strengths stand."""
    if len(found) < 20 or size > 64:
        return ""
    dbm = [
        n
        for n in range(size)
        if all(0x9C <= value[n] <= 0xEC for value in found)
        and len({value[n] for value in found}) > 4
    ]
    return f", dBm at {', '.join(map(str, dbm))}" if dbm else ""


def _is_text(value: bytes) -> bool:
    return all(32 <= byte < 127 for byte in value)


def _are_macs(found: list[bytes]) -> bool:
    """Addresses come again, are not multicast, and share their vendors."""
    different = set(found)
    vendors = {value[:3] for value in different}
    if any(value[0] & 1 for value in different):
        return False
    again = len(found) > 2 * len(different)
    return len(found) >= 4 and (again or 2 * len(vendors) <= len(different))
