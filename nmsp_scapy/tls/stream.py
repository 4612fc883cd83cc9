# SPDX-License-Identifier: GPL-2.0-or-later
"""RC4 records, and records that only carry a MAC.

Source: RFC 5246 section 6.2.3.1.
"""

import warnings
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.utils import CryptographyDeprecationWarning

from nmsp_scapy.tls.mac import mac_length, record_mac
from nmsp_scapy.tls.protection import Inner, Opened, Search
from nmsp_scapy.tls.registry import MAX_FRAGMENT

with warnings.catch_warnings():
    warnings.simplefilter("ignore", CryptographyDeprecationWarning)
    from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4

FARTHEST = 2**22
"""How many bytes of keystream a gap may cost before the place in it is lost."""

_CHANGE: Final = 6
"""Bytes of the ChangeCipherSpec record, which stands right before the keys."""


class Keystream:
    """RC4's keystream, with a look-ahead that can be given back."""

    def __init__(self, key: bytes) -> None:
        self._update = Cipher(ARC4(key), mode=None).decryptor().update if key else None
        self._ahead = b""

    def decrypt(self, fragment: bytes) -> bytes:
        """XOR `fragment` with the keystream's next bytes."""
        if self._update is None:
            return fragment
        if not self._ahead:
            return self._update(fragment)
        stream = self.peek(len(fragment))
        self._ahead = self._ahead[len(fragment) :]
        return xor(fragment, stream)

    def peek(self, count: int) -> bytes:
        """The next `count` bytes of keystream, which stay the next."""
        missing = count - len(self._ahead)
        if missing > 0 and self._update is not None:
            self._ahead += self._update(bytes(missing))
        return self._ahead[:count]

    def skip(self, count: int) -> None:
        """Leave out the next `count` bytes, which `peek` has shown."""
        self._ahead = self._ahead[count:]


def xor(one: bytes, two: bytes) -> bytes:
    """Bytewise exclusive or of equally long bytes."""
    mixed = int.from_bytes(one, "big") ^ int.from_bytes(two, "big")
    return mixed.to_bytes(len(one), "big")


class Stream:
    """One direction under RC4, or under no cipher at all, with a MAC."""

    def __init__(self, key: bytes, digest: str, mac_key: bytes, version: int) -> None:
        self.sequence = 0
        self._keystream = Keystream(key)
        self._ciphered = bool(key)
        self._mac = record_mac(digest, mac_key, version)
        self._size = mac_length(digest)
        self._start = b"\x17" + version.to_bytes(2, "big")
        self._version = version

    def _check(
        self, sequence: int, kind: int, version: int, plain: bytes
    ) -> bytes | None:
        cut = len(plain) - self._size
        if cut < 0 or self._mac(sequence, kind, version, plain[:cut]) != plain[cut:]:
            return None
        return plain[:cut]

    def open(self, kind: int, version: int, fragment: bytes) -> Opened | None:
        """See `Protection.open`."""
        sequence = self.sequence
        self.sequence = sequence + 1
        plain = self._keystream.decrypt(fragment)
        content = self._check(sequence, kind, version, plain)
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
        while end - start > 5 and data[start : start + 3] == self._start:
            length = data[start + 3] << 8 | data[start + 4]
            stop = start + 5 + length
            if stop > end or length > MAX_FRAGMENT:
                break
            opened = self.open(23, self._version, data[start + 5 : stop])
            if opened is None:
                bad.append((len(out), start, stop))
            else:
                out.append(opened[1])
            stops.append(stop)
            start = stop
        return start, None

    def seek(
        self, kind: int, version: int, fragment: bytes, search: Search
    ) -> Opened | None:
        """See `Protection.seek`."""
        for sequence in range(self.sequence, self.sequence + search.farthest + 1):
            # Each record that was lost took five bytes of header from the stream, so
            # the sequence number says how much keystream was used.
            used = search.lost - 5 * (sequence - self.sequence)
            clear = _CHANGE if search.unkeyed else used + 1
            for place in (used, *range(used - clear, -1, -1)):
                if search.budget <= 0:
                    return None
                search.budget -= 1
                content = self._at(sequence, kind, version, fragment, place)
                if content is not None:
                    return kind, content
        return None

    def _at(
        self, sequence: int, kind: int, version: int, fragment: bytes, used: int
    ) -> bytes | None:
        if used < 0 or (self._ciphered and used > FARTHEST):
            return None
        plain = fragment
        if self._ciphered:
            stream = self._keystream.peek(used + len(fragment))[used:]
            plain = xor(fragment, stream)
        content = self._check(sequence, kind, version, plain)
        if content is not None:
            self._keystream.skip(used + len(fragment))
            self.sequence = sequence + 1
        return content
