# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions of the standard library's `ssl`, joined in memory."""

import ssl
import tempfile
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.gear.tls import TALK, Recorded, identity

VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


def stdlib(
    version: str,
    ciphers: str = "ALL",
    kind: str = "rsa",
    talk: Sequence[tuple[int, bytes]] = TALK,
) -> Recorded:
    """A whole session between two objects of `ssl`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pair = _Pair(folder, version, ciphers, kind)
        pair.handshake()
        for side, data in talk:
            pair.say(side, data)
        recorded = pair.close()
        recorded.key_log = (folder / "keys.log").read_bytes().splitlines()
        return recorded


class _Pair:
    """Two objects of `ssl` and what they sent each other."""

    def __init__(self, folder: Path, version: str, ciphers: str, kind: str) -> None:
        self.recorded = Recorded()
        self._bios = [(ssl.MemoryBIO(), ssl.MemoryBIO()) for _ in (0, 1)]
        self.ends = [
            _context(folder, side, version, ciphers, kind).wrap_bio(
                *self._bios[side], server_side=bool(side)
            )
            for side in (0, 1)
        ]

    def move(self) -> bool:
        """Carry what either side has to send, and let both read."""
        moved = False
        for side in (0, 1):
            if data := self._bios[side][1].read():
                self.recorded.flow.append((side, data))
                self._bios[1 - side][0].write(data)
                moved = True
        return moved

    def handshake(self) -> None:
        waiting = {0, 1}
        while waiting:
            for side in sorted(waiting):
                with suppress(ssl.SSLWantReadError):
                    self.ends[side].do_handshake()
                    waiting.discard(side)
                self.move()
        self.read()

    def read(self) -> None:
        while self.move():
            for end in self.ends:
                with suppress(ssl.SSLWantReadError, ssl.SSLZeroReturnError):
                    while end.read(2**16):
                        pass

    def say(self, side: int, data: bytes) -> None:
        self.recorded.written[side] += data
        self.ends[side].write(data)
        self.read()

    def close(self) -> Recorded:
        for side in (0, 1, 0):
            with suppress(ssl.SSLWantReadError):
                self.ends[side].unwrap()
            self.move()
        return self.recorded


def _context(
    folder: Path, side: int, version: str, ciphers: str, kind: str
) -> ssl.SSLContext:
    made = ssl.SSLContext((ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER)[side])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # about old versions
        made.minimum_version = made.maximum_version = VERSIONS[version]
    made.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    if side:
        who = identity("server", kind)
        path = folder / "server.pem"
        path.write_bytes(who.key_pem + who.certificate_pem)
        made.load_cert_chain(path)
    else:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
        made.keylog_filename = str(folder / "keys.log")
    return made
