# SPDX-License-Identifier: GPL-2.0-or-later
"""Key logs, read line by line: what one line says, or why it says nothing.

Source: IETF, The SSLKEYLOGFILE Format for TLS; NSS Key Log Format (the `RSA` and
`RSA Session-ID` forms); Wireshark's `PMS_CLIENT_RANDOM`.
"""

import re
from collections.abc import Container
from enum import StrEnum
from typing import Final

import msgspec


class Label(StrEnum):
    """Labels whose secrets open records."""

    MASTER = "CLIENT_RANDOM"
    PREMASTER = "PMS_CLIENT_RANDOM"
    PREMASTER_BY_ID = "RSA"
    MASTER_BY_SESSION = "RSA Session-ID"
    CLIENT_EARLY = "CLIENT_EARLY_TRAFFIC_SECRET"
    CLIENT_HANDSHAKE = "CLIENT_HANDSHAKE_TRAFFIC_SECRET"
    SERVER_HANDSHAKE = "SERVER_HANDSHAKE_TRAFFIC_SECRET"
    CLIENT_TRAFFIC = "CLIENT_TRAFFIC_SECRET_0"
    SERVER_TRAFFIC = "SERVER_TRAFFIC_SECRET_0"


# Those of later KeyUpdates, which OpenSSL logs, follow from the first.
_IGNORED: Final = frozenset(
    {
        "CLIENT_TRAFFIC_SECRET_N",
        "SERVER_TRAFFIC_SECRET_N",
        "EXPORTER_SECRET",
        "EARLY_EXPORTER_SECRET",
        "EARLY_EXPORTER_MASTER_SECRET",
        "ECH_SECRET",
        "ECH_CONFIG",
        "ENCR",
    }
)

# Bytes that the identifier and the secret of a label may have.
_SIZES: Final[dict[Label, tuple[Container[int], Container[int]]]] = {
    Label.MASTER: ({32}, {48}),
    Label.PREMASTER: ({32}, range(1, 1025)),
    Label.PREMASTER_BY_ID: ({8}, {48}),
    Label.MASTER_BY_SESSION: ((), ()),  # has a form of its own
    Label.CLIENT_EARLY: ({32}, {32, 48}),
    Label.CLIENT_HANDSHAKE: ({32}, {32, 48}),
    Label.SERVER_HANDSHAKE: ({32}, {32, 48}),
    Label.CLIENT_TRAFFIC: ({32}, {32, 48}),
    Label.SERVER_TRAFFIC: ({32}, {32, 48}),
}
_SESSION = re.compile(r"RSA Session-ID:([0-9a-fA-F]*) Master-Key:([0-9a-fA-F]*)")


class Line(msgspec.Struct):
    """A line of a key log that gives a secret.

    Attributes:
        label: what kind of secret.
        identifier: client random, session id or the start of an encrypted premaster.
        secret: never shown.
    """

    label: Label
    identifier: bytes
    secret: bytes

    def __repr__(self) -> str:
        return f"Line({self.label}, {self.identifier.hex()})"


def read_line(raw: bytes) -> Line | str | None:
    """Read one line.

    Returns:
        The secret; None for a blank line, a comment or a label that is not for
        records; otherwise what is wrong with the line, without any of its content.
    """
    try:
        text = raw.decode("ascii").strip()
    except UnicodeDecodeError:
        return "not text"
    if text.startswith("RSA Session-ID:"):
        return _session_line(text)
    words = text.split()
    if not words or _ignorable(words[0]):
        return None
    try:
        label = Label(words[0])
    except ValueError:
        return "unknown label"
    return _secret_line(label, words[1:])


def _ignorable(word: str) -> bool:
    return word.startswith(("#", "QUIC_")) or word in _IGNORED


def _secret_line(label: Label, words: list[str]) -> Line | str:
    if len(words) != 2:
        return f"{label} wants an identifier and a secret, {len(words)} found"
    identifier, secret = _hex(words[0]), _hex(words[1])
    identifier_sizes, secret_sizes = _SIZES[label]
    if len(identifier) not in identifier_sizes:
        return f"the identifier of {label} has not the form it must have"
    if len(secret) not in secret_sizes:
        return f"the secret of {label} has not the form it must have"
    return Line(label, identifier, secret)


def _session_line(text: str) -> Line | str:
    found = _SESSION.fullmatch(text)
    session, master = (_hex(part) for part in found.groups()) if found else (b"", b"")
    if not 1 <= len(session) <= 32 or len(master) != 48:
        return "RSA Session-ID wants a session id and a Master-Key of 48 bytes"
    return Line(Label.MASTER_BY_SESSION, session, master)


def _hex(text: str) -> bytes:
    """The bytes that hex digits stand for; none where it is not hex."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
