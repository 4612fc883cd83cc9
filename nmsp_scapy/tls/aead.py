# SPDX-License-Identifier: GPL-2.0-or-later
"""AES-GCM, AES-CCM and ChaCha20-Poly1305 records.

Source: RFC 5288, 6655, 7905 (TLS 1.2), RFC 8446 section 5.2 (TLS 1.3).
"""

from collections.abc import Iterator
from struct import Struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import (
    AESCCM,
    AESGCM,
    ChaCha20Poly1305,
)

from nmsp_scapy.tls.protection import Inner, Opened, Search
from nmsp_scapy.tls.registry import MAX_FRAGMENT
from nmsp_scapy.tls.suites import Bulk

EXTRA = Struct(">QBHH").pack
"""Additional data of TLS 1.2: number, type, version, length of the content."""

HEADER = Struct(">BHH").pack
"""Header of a record: type, version, length of the fragment."""

_APPLICATION_DATA = 23


def aead_cipher(bulk: Bulk, key: bytes) -> AESGCM | AESCCM | ChaCha20Poly1305:
    """The cipher of a suite, with its key."""
    if bulk.mode == "gcm":
        return AESGCM(key)
    if bulk.mode == "ccm":
        return AESCCM(key, bulk.tag)
    return ChaCha20Poly1305(key)


class _Heads:
    """Headers of application data, and what they say of their records."""

    def __init__(self, start: bytes, shortest: int) -> None:
        """Begin.

        Args:
            start: of every such header.
            shortest: fragment that can be authentic, bytes.
        """
        self._start = start
        self._shortest = shortest
        self._heads: dict[bytes, tuple[int, bytes]] = {}

    def _extra(self, head: bytes) -> bytes:
        """Additional data of a record, but for its number."""
        return head

    def is_head(self, head: bytes) -> bool:
        """Whether it is the header of application data that can be authentic."""
        return (self._heads.get(head) or self._head(head)) is not None

    def _head(self, head: bytes) -> tuple[int, bytes] | None:
        """Whole length and additional data of records with this header, kept.

        None where it is not the header of application data.
        """
        length = int.from_bytes(head[3:], "big")
        if len(head) < 5 or head[:3] != self._start:
            return None
        if not self._shortest <= length <= MAX_FRAGMENT:
            return None
        self._heads[head] = known = (5 + length, self._extra(head))
        return known


class Aead12(_Heads):
    """AEAD with an explicit nonce (GCM, CCM) or a counted one (ChaCha20).

    Attributes:
        recipe: what another of it is made with.
    """

    def __init__(self, bulk: Bulk, key: bytes, iv: bytes, version: int) -> None:
        explicit = 12 - len(iv)
        start = b"\x17" + version.to_bytes(2, "big")
        super().__init__(start, explicit + bulk.tag)
        self.recipe = (bulk, key, iv, version)
        self.sequence = 0
        self._decrypt = aead_cipher(bulk, key).decrypt
        self._iv = iv
        self._explicit = explicit
        self._mask = int.from_bytes(iv, "big")
        self._version = version
        self._nonce_ahead: int | None = None

    def _extra(self, head: bytes) -> bytes:
        length = int.from_bytes(head[3:], "big")
        return HEADER(23, self._version, length - self._shortest)

    def _try(self, sequence: int, kind: int, version: int, fragment: bytes) -> bytes:
        explicit = self._explicit
        if explicit:
            nonce = self._iv + fragment[:explicit]
        else:
            nonce = (self._mask ^ sequence).to_bytes(12, "big")
        extra = EXTRA(sequence, kind, version, len(fragment) - self._shortest)
        return self._decrypt(nonce, fragment[explicit:], extra)

    def open(self, kind: int, version: int, fragment: bytes) -> Opened | None:
        """See `Protection.open`."""
        sequence = self.sequence
        self.sequence = sequence + 1
        if len(fragment) < self._shortest:
            return None
        try:
            content = self._try(sequence, kind, version, fragment)
        except InvalidTag:
            return None
        self._remember(sequence, fragment)
        return kind, content

    def _remember(self, sequence: int, fragment: bytes) -> None:
        # Most stacks count their explicit nonce up with the sequence number; the
        # difference finds the place at once after a gap.
        if self._explicit:
            nonce = int.from_bytes(fragment[: self._explicit], "big")
            self._nonce_ahead = (nonce - sequence) & (2**64 - 1)

    def run(
        self,
        data: bytes,
        start: int,
        end: int,
        out: list[bytes],
        bad: list[tuple[int, int, int]],
        stops: list[int],
    ) -> tuple[int, Inner | None]:
        """See `Protection.run`."""
        if not self._explicit:
            return self._run_counted(data, start, end, out, bad, stops), None
        decrypt = self._decrypt
        iv = self._iv
        heads = self._heads
        sequence = self.sequence
        append, ended = out.append, stops.append
        while True:
            head = data[start : start + 5]
            try:
                size, extra = heads[head]
            except KeyError:
                if self._head(head) is None:
                    break
                continue
            stop = start + size
            if stop > end:
                break
            body = start + 13
            try:
                append(
                    decrypt(
                        iv + data[start + 5 : body],
                        data[body:stop],
                        sequence.to_bytes(8, "big") + extra,
                    )
                )
            except InvalidTag:
                bad.append((len(out), start, stop))
            ended(stop)
            sequence += 1
            start = stop
        self.sequence = sequence
        return start, None

    def _run_counted(
        self,
        data: bytes,
        start: int,
        end: int,
        out: list[bytes],
        bad: list[tuple[int, int, int]],
        stops: list[int],
    ) -> int:
        shortest = self._shortest
        while end - start > 5 and data[start : start + 3] == self._start:
            length = data[start + 3] << 8 | data[start + 4]
            stop = start + 5 + length
            if stop > end or not shortest <= length <= MAX_FRAGMENT:
                break
            nonce = (self._mask ^ self.sequence).to_bytes(12, "big")
            extra = EXTRA(self.sequence, 23, self._version, length - shortest)
            try:
                out.append(self._decrypt(nonce, data[start + 5 : stop], extra))
            except InvalidTag:
                bad.append((len(out), start, stop))
            stops.append(stop)
            self.sequence += 1
            start = stop
        return start

    def seek(
        self, kind: int, version: int, fragment: bytes, search: Search
    ) -> Opened | None:
        """See `Protection.seek`."""
        if len(fragment) < self._shortest:
            return None
        for sequence in self._likely_first(fragment, search.farthest):
            if search.budget <= 0:
                return None
            search.budget -= 1
            try:
                content = self._try(sequence, kind, version, fragment)
            except InvalidTag:
                continue
            self.sequence = sequence + 1
            self._remember(sequence, fragment)
            return kind, content
        return None

    def _likely_first(self, fragment: bytes, farthest: int) -> Iterator[int]:
        if self._explicit and self._nonce_ahead is not None:
            nonce = int.from_bytes(fragment[: self._explicit], "big")
            likely = (nonce - self._nonce_ahead) & (2**64 - 1)
            if self.sequence < likely <= self.sequence + farthest:
                yield likely
        yield from range(self.sequence, self.sequence + farthest + 1)


class Aead13(_Heads):
    """AEAD of TLS 1.3: the true content type is inside, padding may follow it.

    Attributes:
        recipe: what another of it is made with.
    """

    def __init__(self, bulk: Bulk, key: bytes, iv: bytes) -> None:
        super().__init__(b"\x17\x03\x03", bulk.tag + 1)
        self.recipe = (bulk, key, iv)
        self.sequence = 0
        self._decrypt = aead_cipher(bulk, key).decrypt
        self._mask = int.from_bytes(iv, "big")

    def open(self, kind: int, version: int, fragment: bytes) -> Opened | None:
        """See `Protection.open`."""
        sequence = self.sequence
        self.sequence = sequence + 1
        return self._try(sequence, kind, version, fragment)

    def _try(
        self, sequence: int, kind: int, version: int, fragment: bytes
    ) -> Opened | None:
        if len(fragment) < self._shortest:
            return None
        nonce = (self._mask ^ sequence).to_bytes(12, "big")
        extra = HEADER(kind, version, len(fragment))
        try:
            inner = self._decrypt(nonce, fragment, extra)
        except InvalidTag:
            return None
        content = inner.rstrip(b"\0")
        return (content[-1], content[:-1]) if content else (0, b"")

    def run(
        self,
        data: bytes,
        start: int,
        end: int,
        out: list[bytes],
        bad: list[tuple[int, int, int]],
        stops: list[int],
    ) -> tuple[int, Inner | None]:
        """See `Protection.run`."""
        decrypt = self._decrypt
        mask = self._mask
        heads = self._heads
        sequence = self.sequence
        append, ended = out.append, stops.append
        inner: Inner | None = None
        while True:
            head = data[start : start + 5]
            try:
                size, _ = heads[head]
            except KeyError:
                if self._head(head) is None:
                    break
                continue
            stop = start + size
            if stop > end:
                break
            try:
                content = decrypt(
                    (mask ^ sequence).to_bytes(12, "big"), data[start + 5 : stop], head
                )
            except InvalidTag:
                content = None
            sequence += 1
            if content is None:
                bad.append((len(out), start, stop))
            elif content[-1] == _APPLICATION_DATA:
                append(content[:-1])
            else:
                content = content.rstrip(b"\0") or b"\0"
                if content[-1] != _APPLICATION_DATA:
                    inner = (content[-1], content[:-1], start, stop)
                    start = stop
                    break
                append(content[:-1])
            ended(stop)
            start = stop
        self.sequence = sequence
        return start, inner

    def seek(
        self, kind: int, version: int, fragment: bytes, search: Search
    ) -> Opened | None:
        """See `Protection.seek`."""
        for sequence in range(self.sequence, self.sequence + search.farthest + 1):
            if search.budget <= 0:
                return None
            search.budget -= 1
            opened = self._try(sequence, kind, version, fragment)
            if opened is not None:
                self.sequence = sequence + 1
                return opened
        return None
