# SPDX-License-Identifier: GPL-2.0-or-later
"""MAC addresses and hashes in a text that somebody pasted.

A bare hash, an MSE's `show server-auth-info`, an IOS-XE or AireOS configuration, a
document read by OCR. Digits that OCR or a typing hand takes for another (`O` for 0,
`l` for 1, `¢` for c) are read as the digit that is meant, and remembered.
"""

import re

import msgspec

from nmsp_scapy.authlist.identity import mac_in

LOOKALIKES = {
    **dict.fromkeys("OoQØ°", "0"),
    **dict.fromkeys("lIi|", "1"),
    **dict.fromkeys("Zz", "2"),
    **dict.fromkeys("Ss§", "5"),
    "G": "6",
    **dict.fromkeys("gq", "9"),
    **dict.fromkeys("¢©ç", "c"),
    **dict.fromkeys("€é", "e"),
}
"""What is read as a hex digit, and which one."""

_X = "0-9A-Fa-f" + re.escape("".join(LOOKALIKES))
_HASH = re.compile(
    rf"(?<![\w:])([{_X}]{{24,72}})(?:[ \t]*\r?\n?[ \t]*([{_X}]{{1,40}}))?(?!\w)"
)
_MAC = re.compile(
    rf"(?<![\w:])(?:[{_X}]{{2}}([:-])(?:[{_X}]{{2}}\1){{4}}[{_X}]{{2}}"
    rf"|[{_X}]{{4}}\.[{_X}]{{4}}\.[{_X}]{{4}}"
    rf"|(?:(?<=username )|(?<=^))[{_X}]{{12}}|(?<![\w-])[0-9a-fA-F]{{12}})(?![\w:])",
    re.MULTILINE,
)
_DUE = re.compile(
    r"(?P<sha256>sha256-lbs-ssc|sha-?z?2(?:56)?\b|attribute\s+type\s+password)"
    r"|(?P<sha1>\blbs-ssc|sha-?[1lI]\b)",
    re.IGNORECASE,
)
_LIST = re.compile(r"aaa\s+attribute\s+list\s+(\S+)", re.IGNORECASE)
_USER = re.compile(r"username\s+(\S+)\s+(?:mac\s+)?aaa\s+attribute", re.IGNORECASE)
SIZE_LIMIT = 4_000_000
LENGTHS = {40: "sha1", 64: "sha256"}


class Claim(msgspec.Struct):
    """One MAC address or hash as pasted.

    Attributes:
        given: as it stands in the text, white space inside removed.
        value: lower-case hex digits, look-alikes replaced; a MAC has 12 of them.
        line: 1 is the text's first.
        due: for a hash `sha1` or `sha256` as its place demands; empty when the
            place says nothing. `user name` for a MAC that is one on IOS-XE.
        split: whether white space stood inside.
    """

    given: str
    value: str
    line: int
    due: str = ""
    split: bool = False

    @property
    def misread(self) -> list[tuple[int, str, str]]:
        """Look-alikes: (position, 1 the first; what stands there; digit meant)."""
        return [
            (at, char, LOOKALIKES[char])
            for at, char in enumerate(self.given, 1)
            if char in LOOKALIKES
        ]


class Entry(msgspec.Struct):
    """A MAC address and the hashes that go with it."""

    mac: Claim | None
    hashes: list[Claim]


def entries_in(text: str) -> list[Entry]:
    """Read the entries of a pasted text, in its order.

    Args:
        text: at most 4 million characters are read.

    Returns:
        One entry a MAC address; one without MAC for hashes that come before any.
    """
    text = text[:SIZE_LIMIT]
    hashes, spans = _hashes(text)
    macs = [
        (match.start(), _mac_claim(text, match))
        for match in _MAC.finditer(text)
        if not any(start <= match.start() < end for start, end in spans)
    ]
    linked = _linked_by_name(text, macs, hashes)
    done = {id(claim) for entry in linked for claim in (entry.mac, *entry.hashes)}
    macs = [found for found in macs if id(found[1]) not in done]
    hashes = [found for found in hashes if id(found[1]) not in done]
    entries: list[Entry] = []
    for _, claim, is_mac in sorted(
        [(at, claim, True) for at, claim in macs]
        + [(at, claim, False) for at, claim in hashes],
        key=lambda found: found[0],
    ):
        if is_mac:
            known = entries and entries[-1].mac and entries[-1].mac.value == claim.value
            if not known:
                entries.append(Entry(claim, []))
        elif entries:
            entries[-1].hashes.append(claim)
        else:
            entries.append(Entry(None, [claim]))
    return entries + linked


def _hashes(text: str) -> tuple[list[tuple[int, Claim]], list[tuple[int, int]]]:
    found, spans = [], []
    at = 0
    while match := _HASH.search(text, at):
        first, second = match[1], match[2] or ""
        split = bool(
            second and len(first) not in LENGTHS and len(first + second) in LENGTHS
        )
        given = first + second if split else first
        at = match.end() if split else match.end(1)
        if not 36 <= len(given) <= 68:
            continue
        before = text[max(0, match.start() - 120) : match.start()]
        due = [m.lastgroup or "" for m in _DUE.finditer(before)]
        claim = Claim(
            given,
            digits(given),
            1 + text.count("\n", 0, match.start()),
            due[-1] if due else "",
            split,
        )
        found.append((match.start(), claim))
        spans.append((match.start(), at))
    return found, spans


def _mac_claim(text: str, match: re.Match[str]) -> Claim:
    given = match[0]
    before = text[max(0, match.start() - 12) : match.start()].lower()
    line = 1 + text.count("\n", 0, match.start())
    due = "user name" if before.rstrip().endswith("username") else ""
    return Claim(given, mac_in(digits(given)) or digits(given), line, due)


def digits(text: str) -> str:
    """Replace look-alikes by the digits that are meant; lower case."""
    return "".join(LOOKALIKES.get(char, char) for char in text).lower()


def _linked_by_name(
    text: str, macs: list[tuple[int, Claim]], hashes: list[tuple[int, Claim]]
) -> list[Entry]:
    """Join user names and passwords of IOS-XE by the attribute list's name.

    A running configuration has them far apart, in either order.
    """
    of_user: dict[str, list[Claim]] = {}
    passwords: dict[str, list[Claim]] = {}
    by_line = {claim.line: claim for _, claim in macs}
    hash_lines = {claim.line: claim for _, claim in hashes}
    current = None
    for number, line in enumerate(text.splitlines(), 1):
        name = _LIST.search(line)
        if name and _USER.search(line) and number in by_line:
            of_user.setdefault(name[1], []).append(by_line[number])
        elif name:
            current = name[1]
        elif number in hash_lines and current is not None:
            passwords.setdefault(current, []).append(hash_lines[number])
    return [
        Entry(mac, passwords[name])
        for name, users in of_user.items()
        for mac in users
        if name in passwords
    ]
