# SPDX-License-Identifier: GPL-2.0-or-later
"""What opens sessions: key logs and RSA private keys, with their origin."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from nmsp_scapy.tls.keylog import Label, Line, read_line

if TYPE_CHECKING:
    from nmsp_scapy.tls.keyfile import RsaKey

MOST_SECRETS: Final = 2_000_000
"""Secrets that a store keeps; what comes after them is reported and left out."""

LONGEST_LINE: Final = 8192
"""Bytes of a key log line; what is longer is no key log line."""

TLS_KEY_LOG: Final = 0x544C534B
"""Secrets type of a TLS key log in pcapng."""


class Secret(msgspec.Struct, frozen=True):
    """A secret and where it came from; its repr does not show it."""

    value: bytes
    source: str

    def __repr__(self) -> str:
        return f"Secret({self.source})"


class KeyProblem(msgspec.Struct, frozen=True):
    """A line of a key log that could not be used.

    Attributes:
        line: 1 is the first; None where it concerns the whole source.
    """

    source: str
    line: int | None
    reason: str

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}:{self.line}"
        return f"{place}: {self.reason}"


class KeyFileError(ValueError):
    """A key file cannot be used; the message says why and names the file."""


class KeyStore:
    """All keys of a run.

    Attributes:
        problems: what could not be used, in the order found.
        generation: rises when something was added.
        growing: more may come while a capture is read (a live capture, secrets in a
            pcapng that is read from a pipe): sessions without a key then keep a
            bounded number of their bytes and try again.
    """

    def __init__(self, growing: bool = False) -> None:
        self.problems: list[KeyProblem] = []
        self.generation = 0
        self.growing = growing
        self._secrets: defaultdict[tuple[Label, bytes], list[Secret]] = defaultdict(
            list
        )
        self._count = 0
        self._rsa: dict[int, RsaKey] = {}

    def __bool__(self) -> bool:
        return bool(self._count or self._rsa)

    @property
    def rsa_keys(self) -> "list[RsaKey]":
        """Every RSA private key, in the order given."""
        return list(self._rsa.values())

    def secrets(self, label: Label, identifier: bytes) -> list[Secret]:
        """The secrets of this label and identifier, in the order of the logs."""
        return self._secrets.get((label, identifier), [])

    def rsa_key(self, modulus: int) -> "RsaKey | None":
        """The private key with this public modulus."""
        return self._rsa.get(modulus)

    def add_keylog(self, data: bytes | Iterable[bytes], source: str) -> None:
        """Read a whole key log; its bad lines go to `problems`.

        Args:
            data: the log, or its lines.
            source: how people call it, a file name usually.
        """
        log = KeyLog(self, source)
        for part in [data] if isinstance(data, bytes) else data:
            log.feed(part)
        log.close()

    def add_secrets(self, kind: int, data: bytes, source: str) -> None:
        """Read a secrets block of a pcapng; only TLS key logs concern this store."""
        if kind == TLS_KEY_LOG:
            self.add_keylog(data, source)

    def add_rsa_key(
        self, data: bytes, source: str, password: bytes | None = None
    ) -> None:
        """Read RSA private keys from PEM, DER or PKCS#12.

        Raises:
            KeyFileError: it holds none, or the password does not fit.
        """
        # Few runs have a key file; the library's part that reads them loads slowly.
        from nmsp_scapy.tls.keyfile import read_rsa_keys

        for key in read_rsa_keys(data, source, password):
            self._rsa.setdefault(key.modulus, key)
        self.generation += 1

    def add(self, line: Line, source: str) -> bool:
        """Keep a secret; False where the store is full."""
        known = self._secrets[line.label, line.identifier]
        if any(secret.value == line.secret for secret in known):
            return True
        if self._count >= MOST_SECRETS:
            return False
        known.append(Secret(line.secret, source))
        self._count += 1
        self.generation += 1
        return True


class KeyLog:
    """A key log that may still be growing: feed it what was appended."""

    def __init__(self, store: KeyStore, source: str) -> None:
        self._store = store
        self._source = source
        self._rest = b""
        self._line = 0

    def feed(self, data: bytes) -> None:
        """Read the lines that `data` completes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in self._until_too_long(lines):
            self._read(line)

    def close(self) -> None:
        """Read a last line that has no end."""
        rest, self._rest = self._rest, b""
        if rest:
            self._read(rest)

    def _until_too_long(self, lines: list[bytes]) -> Iterator[bytes]:
        yield from lines
        if len(self._rest) > LONGEST_LINE:
            self._rest = b"\xff"  # keeps the line bad and short until it ends

    def _read(self, raw: bytes) -> None:
        self._line += 1
        if self._line == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw:
            found: Line | str | None = "not UTF-8 (UTF-16?)"
        else:
            found = read_line(raw.lstrip(b"\0"))
        if isinstance(found, Line) and not self._store.add(
            found, f"key log {self._source} line {self._line}"
        ):
            found = f"more than {MOST_SECRETS} secrets: left out"
        if isinstance(found, str):
            problem = KeyProblem(self._source, self._line, found)
            self._store.problems.append(problem)
