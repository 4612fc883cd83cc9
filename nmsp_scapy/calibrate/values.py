# SPDX-License-Identifier: GPL-2.0-or-later
"""What values hold, by what they look like and how they come again.

Each kind needs evidence that chance does not give: addresses come again and share
their vendors, signal strengths keep to their range and vary, times keep pace with the
capture. What nothing speaks for stays bytes.
"""

import itertools
from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Literal, NamedTuple

from nmsp_scapy.calibrate.seen import ORDERS

LEAST = 4
"""Values without which nothing is said of what they hold."""

MANY, VARIED, SHOWN = 8, 4, 8
LOOKED_AT = 64
"""Bytes of a value that are looked into, for fields at fixed places."""

SAMPLES = 2000
SIGNAL = range(0x9C, 0xEC + 1)
"""-100 to -20 dBm as a signed byte."""

NEAR_S = 2 * 86_400
"""How far a clock may be off the capture's."""

ALMOST = 0.95

Kind = Literal["number", "mac", "ipv4", "text", "bytes", "time", "dbm"]


class Sample(NamedTuple):
    """One value, where and when it was seen."""

    data: bytes
    frame: int
    time_ns: int


class Part(NamedTuple):
    """A part of a value that can be told what it is."""

    offset: int
    width: int
    kind: Kind
    told: str


def is_text(samples: list[Sample]) -> bool:
    """Whether all are printable ASCII, and long enough for that to mean something."""
    sizes = [len(one.data) for one in samples]
    printable = all(32 <= byte < 127 for one in samples for byte in one.data)
    return printable and min(sizes) > 0 and max(sizes) > 2 and sum(sizes) > MANY


def addresses(groups: list[list[Sample]]) -> set[bytes]:
    """Gather the MAC addresses that are values of their own: others recur in parts."""
    found: set[bytes] = set()
    for samples in groups:
        if {len(one.data) for one in samples} == {6} and _mac(samples, 0, set()):
            found |= {one.data for one in samples}
    return found


def parts(samples: list[Sample], known: set[bytes]) -> list[Part]:
    """Find what stands at fixed places of values.

    Args:
        samples: values of one type, in the order of time.
        known: MAC addresses that were seen elsewhere.
    """
    samples = samples[:SAMPLES]
    size = min(LOOKED_AT, *(len(one.data) for one in samples))
    if len(samples) < LEAST or not size:
        return []
    found: list[Part] = []
    free = set(range(size))
    for finder in (_macs, _clocks, _ipv4s, _signals, _counters):
        for part in finder(samples, size, known):
            own = set(range(part.offset, part.offset + part.width))
            if own <= free:
                found.append(part)
                free -= own
    return sorted(found)


def _macs(samples: list[Sample], size: int, known: set[bytes]) -> Iterator[Part]:
    ranked = []
    for at in range(size - 5):
        told = _mac(samples, at, known)
        if told:
            ends = [len({one.data[at + n] for one in samples}) for n in range(6)]
            shared = sum(one.data[at : at + 6] in known for one in samples)
            ranked.append((-shared, sum(ends[:3]) - sum(ends[3:]), at, told))
    for *_, at, told in sorted(ranked):
        yield Part(at, 6, "mac", told)


def _mac(samples: list[Sample], at: int, known: set[bytes]) -> str:
    """Say why six bytes are an address, or nothing."""
    own = [one.data[at : at + 6] for one in samples]
    different = set(own)
    vendors = {value[:3] for value in different}
    if len(own) < LEAST or len(different) < 2 or any(v[0] & 1 for v in different):
        return ""
    if any(not any(value[:3]) for value in different):
        return ""
    elsewhere = sum(value in known for value in different)
    again = 3 * len(own) >= 4 * len(different)
    shared = 2 * len(vendors) <= len(different) or len(vendors) == 1
    ends = {value[3:] for value in different}
    if (again and shared and 2 * len(ends) > len(different)) or (
        2 * elsewhere > len(different)
    ):
        told = f"{len(own)} values, {len(different)} different, {len(vendors)} vendors"
        return told + f", {elsewhere} of them seen elsewhere" * bool(elsewhere)
    return ""


def _ipv4s(samples: list[Sample], size: int, _known: set[bytes]) -> Iterator[Part]:
    for at in range(size - 3):
        own = {one.data[at : at + 4] for one in samples}
        if len({value[0] for value in own}) > 1 or len({v[3] for v in own}) < VARIED:
            continue
        if all(value[0] and IPv4Address(value).is_private for value in own):
            shown = IPv4Address(min(own))
            yield Part(at, 4, "ipv4", f"{len(own)} private addresses, as {shown}")


def _signals(samples: list[Sample], size: int, _known: set[bytes]) -> Iterator[Part]:
    for at in range(size):
        own = {one.data[at] for one in samples}
        if len(samples) >= MANY and len(own) > VARIED and all(n in SIGNAL for n in own):
            low, high = min(own) - 256, max(own) - 256
            yield Part(at, 1, "dbm", f"{len(own)} values from {low} to {high}")


def _clocks(samples: list[Sample], size: int, _known: set[bytes]) -> Iterator[Part]:
    for width, unit in ((8, 10**6), (8, 10**9), (4, 10**9)):
        for at, order in itertools.product(range(size - width + 1), ORDERS):
            own = [int.from_bytes(one.data[at : at + width], order) for one in samples]
            near = all(
                abs(n * unit - one.time_ns) < NEAR_S * 10**9
                for n, one in zip(own, samples, strict=True)
            )
            if near and samples[0].time_ns > NEAR_S * 10**9:
                yield Part(at, width, "time", f"keeps pace with the capture ({order})")


def _counters(samples: list[Sample], size: int, _known: set[bytes]) -> Iterator[Part]:
    for width in (4, 2, 1):
        for at, order in itertools.product(range(size - width + 1), ORDERS):
            own = [int.from_bytes(one.data[at : at + width], order) for one in samples]
            if len(set(own)) < MANY or len(own) < MANY:
                continue
            rises = sum(b >= a for a, b in itertools.pairwise(own))
            if rises >= ALMOST * (len(own) - 1) and max(own) - min(own) < 1 << 24:
                told = f"never falls, from {own[0]} to {own[-1]}"
                yield Part(at, width, "number", f"{told} ({order})")


def rest(samples: list[Sample]) -> str:
    """Say of values as a whole what can be said."""
    sizes = {len(one.data) for one in samples}
    if len(sizes) > 1:
        return f"{min(sizes)} to {max(sizes)} bytes"
    (size,) = sizes
    kinds = {one.data for one in samples}
    if len(kinds) == 1 and size:
        value = samples[0].data
        return f"always {value[:16].hex()}" + "..." * (size > 16)
    if size <= 2 and len(kinds) <= SHOWN:
        return "one of " + ", ".join(sorted(kind.hex() for kind in kinds))
    return f"{size} bytes"
