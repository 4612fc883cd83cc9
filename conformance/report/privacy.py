# SPDX-License-Identifier: GPL-2.0-or-later
"""MAC addresses, user names and addresses under other names, the same each time.

Records are pseudonymised by their fields. The bytes of a message are kept apart
from a report's readers: where identities are hidden, `raw` holds the bytes with
every hidden value overwritten by its pseudonym of the same length. Captures are
evidence: they hold what was said, and a report says so.
"""

import hashlib
import ipaddress
import re
import secrets
from pathlib import Path
from typing import Any

import msgspec

from conformance.result import Case, Judged, Line, Run
from conformance.verdict import Finding
from nmsp_scapy import layers

MAC = re.compile(
    r"(?<![0-9a-f:.-])(?:(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4})"
    r"(?![0-9a-f:-])",
    re.IGNORECASE,
)
IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)")
IPV6 = re.compile(r"(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])", re.I)
SHOWN = frozenset({"version", "model"})
"""Texts of an element that name no one."""

SALT = secrets.token_bytes(16)
"""Another one each time, so that nothing can be looked up; one for all endpoints."""


def _fields(kind: str) -> frozenset[str]:
    """Names of the elements' fields of a kind: `mac`, `address`, `text`."""
    return frozenset(
        field.name
        for cls in layers.ELEMENTS.values()
        for field in cls.value_fields
        if getattr(field, "kind", "") == kind
    )


MAC_FIELDS = _fields("mac")
ADDRESS_FIELDS = _fields("address")
TEXT_FIELDS = _fields("text") - SHOWN


class Pseudonyms:
    """Other names, remembered by the bytes and the words that they stand for."""

    def __init__(self, salt: bytes | None = None) -> None:
        self._salt = salt or SALT
        self.bytes: dict[bytes, bytes] = {}
        self.words: dict[str, str] = {}

    def _digest(self, value: str, size: int) -> bytes:
        whole = value.encode(errors="surrogatepass")
        size = max(1, min(size, 64))
        return hashlib.blake2b(whole, key=self._salt, digest_size=size).digest()

    def mac(self, value: str) -> str:
        """Return another, locally administered MAC address, written alike."""
        digits = re.sub("[^0-9a-fA-F]", "", value).lower()
        other = b"\x02\x00" + self._digest(digits, 4)
        self.bytes[bytes.fromhex(digits)] = other
        fresh = iter(other.hex())
        return "".join(next(fresh) if c.isalnum() else c for c in value)

    def address(self, value: str) -> str:
        """Return another address, of the blocks for documentation."""
        try:
            plain = ipaddress.ip_address(value)
        except ValueError:
            return value
        if plain.is_loopback or plain.is_unspecified:
            return value
        digest = self._digest(str(plain), 8)
        if plain.version == 4:
            other = ipaddress.ip_address(b"\xc6\x33\x64" + digest[:1])
        else:
            other = ipaddress.ip_address(b"\x20\x01\x0d\xb8" + digest + bytes(4))
        self.bytes[plain.packed] = other.packed
        return str(other)

    def text(self, value: str) -> str:
        """Return another name of as many bytes."""
        plain = value.encode(errors="surrogatepass")
        other = self._digest(value, 64).hex()[: len(plain)].ljust(len(plain), "x")
        if len(plain) > 2:
            self.bytes[plain] = other.encode()
            self.words[value] = other
        return other

    def host(self, target: str) -> str:
        """Return `HOST:PORT` with another host; what is none stays as it is."""
        host, colon, port = target.rpartition(":")
        if not (colon and port.isdecimal()):
            return self.prose(target)
        bare = host.strip("[]")
        other = self.address(bare)
        try:
            ipaddress.ip_address(bare)
        except ValueError:
            if bare not in ("", "localhost"):
                other = f"host-{self._digest(bare.lower(), 3).hex()}"
                self.words[bare] = other
        return f"[{other}]:{port}" if ":" in other else f"{other}:{port}"

    def record(self, value: Any, key: str = "") -> Any:
        """Return a record with every identity under its other name."""
        if isinstance(value, dict):
            if key in TEXT_FIELDS and isinstance(value.get("bytes"), str):
                return {"bytes": self._unreadable(value["bytes"])}
            return {k: self.record(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [self.record(v, key) for v in value]
        return self._word(value, key) if isinstance(value, str) and value else value

    def _word(self, value: str, key: str) -> str:
        if key in MAC_FIELDS:
            return self.mac(value) if MAC.fullmatch(value) else value
        if key in ADDRESS_FIELDS:
            return self.address(value)
        return self.text(value) if key in TEXT_FIELDS else value

    def _unreadable(self, digits: str) -> str:
        plain = bytes.fromhex(digits)
        other = self._digest(digits, len(plain)).ljust(len(plain), b"x")
        if len(plain) > 2:
            self.bytes[plain] = other
        return other.hex()

    def prose(self, text: str) -> str:
        """Return a text with its identities under other names."""
        for word in sorted(self.words, key=len, reverse=True):
            text = text.replace(word, self.words[word])
        text = MAC.sub(lambda m: self.mac(m[0]), text)
        text = IPV6.sub(lambda m: self.address(m[0]), text)
        text = IPV4.sub(lambda m: self.address(m[0]), text)
        for plain, other in self.bytes.items():
            if len(plain) >= 6:
                text = text.replace(plain.hex(), other.hex())
        home = str(Path.home())
        return text.replace(home, "~") if len(home) > 1 else text

    def raw(self, digits: str) -> str:
        """Return a message's bytes with what `record` has hidden overwritten."""
        data = bytes.fromhex(digits)
        for plain, other in self.bytes.items():
            data = data.replace(plain, other)
        return data.hex()


def pseudonymised(run: Run, salt: bytes | None = None) -> Run:
    """Return a run in which nobody can be told."""
    names = Pseudonyms(salt)
    copy = msgspec.convert(msgspec.to_builtins(run), type=Run)
    copy.pseudonymised = True
    copy.target = names.host(copy.target)
    # All that has a field comes first: prose and bytes then hide the same values.
    for case in copy.cases:
        for line in case.transcript:
            line.record = names.record(line.record)
    for case in copy.cases:
        _hide_case(case, names)
    copy.remarks = [names.prose(text) for text in copy.remarks]
    copy.stale = [names.prose(text) for text in copy.stale]
    return copy


def hidden(case: Case, target: str, salt: bytes | None = None) -> Case:
    """Return one case of a run in which nobody can be told, as the whole run has it.

    Args:
        case: as it came.
        target: of its run, whose host may stand in it.
        salt: the run's, in another process than the run's own.
    """
    names = Pseudonyms(salt)
    names.host(target)
    copy = msgspec.convert(msgspec.to_builtins(case), type=Case)
    for line in copy.transcript:
        line.record = names.record(line.record)
    _hide_case(copy, names)
    return copy


def _hide_case(case: Case, names: Pseudonyms) -> None:
    case.detail = names.prose(case.detail)
    case.notes = [names.prose(text) for text in case.notes]
    case.ends = [names.prose(text) for text in case.ends]
    case.reproduce = names.prose(case.reproduce)
    for part in case.requirements:
        _hide_part(part, names)
    for line in case.transcript:
        _hide_line(line, names)


def _hide_part(part: Judged, names: Pseudonyms) -> None:
    part.detail = names.prose(part.detail)
    part.findings = [_hidden(found, names) for found in part.findings]


def _hidden(found: Finding, names: Pseudonyms) -> Finding:
    return msgspec.structs.replace(
        found,
        expected=names.prose(found.expected),
        actual=names.prose(found.actual),
        alternatives=tuple(names.prose(each) for each in found.alternatives),
    )


def _hide_line(line: Line, names: Pseudonyms) -> None:
    line.text = names.prose(line.text)
    if line.raw:
        line.raw = names.raw(line.raw)
