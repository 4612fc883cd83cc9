# SPDX-License-Identifier: GPL-2.0-or-later
"""MAC addresses, user names and IP addresses under other names, the same each time.

Records are pseudonymised by their fields. The bytes of a message are kept apart
from a report's readers: where identities are hidden, `raw` holds the bytes with
every hidden value overwritten by its pseudonym of the same length.
"""

import hashlib
import ipaddress
import re
import secrets
from typing import Any

import msgspec

from conformance.result import Line, Run

MAC = re.compile(r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b", re.IGNORECASE)
IPV4 = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")
MAC_FIELDS = frozenset({"mac", "ap_mac", "bssid"})
TEXT_FIELDS = frozenset({"user_name", "ap_name", "group", "ssid"})


class Pseudonyms:
    """A run's other names; a new salt each run, so that they cannot be looked up."""

    def __init__(self, salt: bytes | None = None) -> None:
        self._salt = salt or secrets.token_bytes(16)
        self.bytes: dict[bytes, bytes] = {}

    def _digest(self, value: str, size: int) -> bytes:
        return hashlib.blake2b(
            value.encode(), key=self._salt, digest_size=max(1, min(size, 64))
        ).digest()

    def mac(self, value: str) -> str:
        """Return another, locally administered MAC address."""
        plain = bytes.fromhex(value.replace(":", ""))
        other = b"\x02\x00" + self._digest(value.lower(), 4)
        self.bytes[plain] = other
        return other.hex(":")

    def address(self, value: str) -> str:
        """Return another address, of the blocks for documentation."""
        try:
            plain = ipaddress.ip_address(value)
        except ValueError:
            return value
        if plain.is_loopback or plain.is_unspecified:
            return value
        digest = self._digest(value, 8)
        if plain.version == 4:
            other = ipaddress.ip_address(b"\xc6\x33\x64" + digest[:1])
        else:
            other = ipaddress.ip_address(b"\x20\x01\x0d\xb8" + digest + bytes(4))
        self.bytes[plain.packed] = other.packed
        return str(other)

    def text(self, value: str) -> str:
        """Return another name of as many bytes."""
        size = len(value.encode())
        other = self._digest(value, 64).hex()[:size].ljust(size, "x")
        if size > 2:
            self.bytes[value.encode()] = other.encode()
        return other

    def record(self, value: Any, key: str = "") -> Any:
        """Return a record with every identity under its other name."""
        if isinstance(value, dict):
            return {k: self.record(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [self.record(v, key) for v in value]
        if isinstance(value, str) and value:
            if key in MAC_FIELDS:
                return self.mac(value) if MAC.fullmatch(value) else value
            if key == "address":
                return self.address(value)
            if key in TEXT_FIELDS:
                return self.text(value)
        return value

    def prose(self, text: str) -> str:
        """Return a text with its MAC and IP addresses under other names."""
        text = MAC.sub(lambda m: self.mac(m[0]), text)
        return IPV4.sub(lambda m: self.address(m[0]), text)

    def raw(self, digits: str) -> str:
        """Return a message's bytes with what `record` has hidden overwritten."""
        data = bytes.fromhex(digits)
        for plain, other in self.bytes.items():
            data = data.replace(plain, other)
        return data.hex()


def pseudonymised(run: Run, salt: bytes | None = None) -> Run:
    """Return a run in which nobody can be told."""
    names = Pseudonyms(salt)
    copy = msgspec.json.decode(msgspec.json.encode(run), type=Run)
    for case in copy.cases:
        for line in case.transcript:
            line.record = names.record(line.record)
            line.text = names.prose(line.text)
    for case in copy.cases:
        for line in case.transcript:
            _hide_raw(line, names)
        case.detail = names.prose(case.detail)
        case.notes = [names.prose(text) for text in case.notes]
        for part in case.requirements:
            part.detail = names.prose(part.detail)
            part.findings = [
                msgspec.structs.replace(
                    found,
                    expected=names.prose(found.expected),
                    actual=names.prose(found.actual),
                )
                for found in part.findings
            ]
    return copy


def _hide_raw(line: Line, names: Pseudonyms) -> None:
    if line.raw:
        line.raw = names.raw(line.raw)
