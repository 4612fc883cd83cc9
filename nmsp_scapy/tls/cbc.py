# SPDX-License-Identifier: GPL-2.0-or-later
"""CBC records with a MAC: implicit or explicit IV, MAC inside or outside.

Both IV forms are one chain of blocks over the whole direction: an explicit IV is the
first block of its record, and decrypting it as if it were content only yields a block
that is thrown away. So one decryptor runs on through all records.

Source: RFC 6101 and 2246 (implicit IV), RFC 4346 section 6.2.3.2 (explicit IV), RFC
7366 (encrypt-then-MAC).
"""

import warnings
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.utils import CryptographyDeprecationWarning

from nmsp_scapy.tls.mac import mac_length, record_mac
from nmsp_scapy.tls.protection import Inner, Opened, Search
from nmsp_scapy.tls.registry import MAX_FRAGMENT, Version

with warnings.catch_warnings():
    # The library has moved the old ciphers and says so; they are still there.
    warnings.simplefilter("ignore", CryptographyDeprecationWarning)
    from cryptography.hazmat.decrepit.ciphers.algorithms import (
        IDEA,
        SEED,
        Camellia,
        TripleDES,
    )

_PADDING = [bytes([count]) * (count + 1) for count in range(256)]


def block_cipher(cipher: str, key: bytes) -> Any:
    """The block cipher of a suite, with its key."""
    if cipher.startswith("AES"):
        return AES(key)
    if cipher == "DES_CBC":
        return TripleDES(key * 3)
    if cipher == "3DES_EDE_CBC":
        return TripleDES(key)
    if cipher == "SEED_CBC":
        return SEED(key)
    if cipher == "IDEA_CBC":
        return IDEA(key)
    return Camellia(key)


class Cbc:
    """One direction under a block cipher.

    Attributes:
        recipe: what another of it is made with.
    """

    def __init__(
        self,
        cipher: str,
        digest: str,
        key: bytes,
        iv: bytes,
        mac_key: bytes,
        version: int,
        encrypt_then_mac: bool,
    ) -> None:
        self.recipe = (cipher, digest, key, iv, mac_key, version, encrypt_then_mac)
        self.sequence = 0
        self._algorithm = block_cipher(cipher, key)
        self._block = len(iv)
        self._mac = record_mac(digest, mac_key, version)
        self._size = mac_length(digest)
        self._explicit = len(iv) if version >= Version.TLS11 else 0
        self._outside = self._size if encrypt_then_mac else 0
        self._inside = 0 if encrypt_then_mac else self._size
        # Only SSL 3.0 leaves the content of the padding open.
        self._padding = None if version == Version.SSL3 else _PADDING
        self._start = b"\x17" + version.to_bytes(2, "big")
        self._version = version
        self._chained = True
        self._tail = b""
        # The decryptor's answer to an explicit IV is not used, so any IV will do.
        self._update = self._decryptor(iv).update

    def _decryptor(self, iv: bytes) -> CipherContext:
        return Cipher(self._algorithm, modes.CBC(iv)).decryptor()

    def _fits(self, length: int) -> bool:
        body = length - self._outside
        least = self._explicit + self._inside + 1
        return body >= least and body % self._block == 0

    def _check(
        self, sequence: int, kind: int, version: int, plain: bytes, fragment: bytes
    ) -> bytes | None:
        """The content, from the decrypted bytes and the fragment they came from."""
        if self._outside and not self._sure(sequence, kind, version, fragment):
            return None
        pad = plain[-1]
        stop = len(plain) - pad - 1
        if stop < self._explicit + self._inside:
            return None
        if self._padding is not None and plain[stop:] != self._padding[pad]:
            return None
        cut = stop - self._inside
        content = plain[self._explicit : cut]
        if self._inside and (
            self._mac(sequence, kind, version, content) != plain[cut:stop]
        ):
            return None
        return content

    def _sure(self, sequence: int, kind: int, version: int, fragment: bytes) -> bool:
        """Whether a record with its MAC outside is authentic, its first block too.

        Without an explicit IV the MAC does not cover what the first block was chained
        to: the record before. Behind one that is not authentic, the first block can
        be anything, so this record is not handed on either.
        """
        cut = len(fragment) - self._outside
        good = self._mac(sequence, kind, version, fragment[:cut]) == fragment[cut:]
        chained, self._chained = self._chained, good
        return good and (chained or bool(self._explicit))

    def open(self, kind: int, version: int, fragment: bytes) -> Opened | None:
        """See `Protection.open`."""
        sequence = self.sequence
        self.sequence = sequence + 1
        if not self._fits(len(fragment)):
            return None
        plain = self._update(fragment[: len(fragment) - self._outside])
        content = self._check(sequence, kind, version, plain, fragment)
        return None if content is None else (kind, content)

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
        places = []
        pieces = []
        outside = self._outside
        while end - start > 5 and data[start : start + 3] == self._start:
            length = data[start + 3] << 8 | data[start + 4]
            stop = start + 5 + length
            if stop > end or length > MAX_FRAGMENT or not self._fits(length):
                break
            places.append((start, stop))
            stops.append(stop)
            pieces.append(data[start + 5 : stop - outside])
            start = stop
        if not places:
            return start, None
        plain = self._update(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        if self._inside and self._padding is not None:
            self._check_inside(plain, places, out, bad)
        else:
            self._check_all(plain, data, places, out, bad)
        return start, None

    def _check_inside(
        self,
        plain: bytes,
        places: list[tuple[int, int]],
        out: list[bytes],
        bad: list[tuple[int, int, int]],
    ) -> None:
        # The most travelled path: `_check` written out for MAC-then-encrypt.
        mac = self._mac
        size = self._inside
        explicit = self._explicit
        version = self._version
        sequence = self.sequence
        at = 0
        for start, stop in places:
            first = at + explicit
            at += stop - start - 5
            pad = plain[at - 1]
            end = at - pad - 1
            cut = end - size
            if cut >= first and plain[end:at] == _PADDING[pad]:
                content = plain[first:cut]
                if mac(sequence, 23, version, content) == plain[cut:end]:
                    out.append(content)
                    sequence += 1
                    continue
            bad.append((len(out), start, stop))
            sequence += 1
        self.sequence = sequence

    def _check_all(
        self,
        plain: bytes,
        data: bytes,
        places: list[tuple[int, int]],
        out: list[bytes],
        bad: list[tuple[int, int, int]],
    ) -> None:
        at = 0
        for start, stop in places:
            after = at + stop - start - 5 - self._outside
            content = self._check(
                self.sequence,
                23,
                self._version,
                plain[at:after],
                data[start + 5 : stop],
            )
            if content is None:
                bad.append((len(out), start, stop))
            else:
                out.append(content)
            self.sequence += 1
            at = after

    def seek(
        self, kind: int, version: int, fragment: bytes, search: Search
    ) -> Opened | None:
        """See `Protection.seek`."""
        if not self._fits(len(fragment)):
            return None
        body = fragment[: len(fragment) - self._outside]
        before = search.before[: len(search.before) - self._outside]
        iv = bytes(self._block) if self._explicit else before[-self._block :]
        # With the MAC outside, only a block that was authenticated itself may stand for
        # an implicit IV (see `_sure`): the first record behind a hole is an anchor.
        self._chained = not self._outside or (bool(iv) and iv == self._tail)
        anchor = self._outside and not self._explicit and not self._chained
        if len(iv) < self._block and not anchor:
            return None
        decryptor = self._decryptor(
            iv if len(iv) == self._block else bytes(self._block)
        )
        plain = decryptor.update(body)
        for sequence in range(self.sequence, self.sequence + search.farthest + 1):
            if search.budget <= 0:
                return None
            search.budget -= 1
            content = self._check(sequence, kind, version, plain, fragment)
            if content is not None:
                self.sequence = sequence + 1
                self._update = decryptor.update
                return kind, content
            if anchor and self._chained:
                self._tail = body[-self._block :]
                return None
            self._chained = not anchor
        return None
