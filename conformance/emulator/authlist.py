# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of MSEs that a WLC lets in: a MAC address and a key hash each.

Documented: the source document. The hash is SHA-1 or SHA-256 over the certificate's
SubjectPublicKeyInfo.
"""

from collections.abc import Iterable
from pathlib import Path

from nmsp_scapy.authlist.identity import identity_of
from nmsp_scapy.authlist.pasted import entries_in


class AuthList:
    """MAC addresses and the hashes that go with each.

    May be changed while connections are open: a change affects new ones.

    Attributes:
        changes: how many there have been.
    """

    def __init__(self, entries: Iterable[tuple[str, str]] = ()) -> None:
        """Begin with (MAC as 12 hex digits, hash as hex) pairs."""
        self._hashes: dict[str, set[str]] = {}
        self.changes = 0
        for mac, digest in entries:
            self.add(mac, digest)

    @classmethod
    def read(cls, path: str | Path) -> "AuthList":
        """Read a file: a MAC and a hash a line, or configuration as it was pasted.

        Raises:
            ValueError: there is no MAC with a hash in it.
            OSError: it cannot be read.
        """
        found = cls(
            (entry.mac.value, claim.value)
            for entry in entries_in(Path(path).read_text(errors="replace"))
            if entry.mac
            for claim in entry.hashes
        )
        if not found:
            raise ValueError(
                f"{path}: no MAC address with a key hash; a line is `0050569c3489 "
                "<SHA-1 or SHA-256 in hex>`, or paste the configuration"
            )
        return found

    @classmethod
    def of(cls, *certificates: bytes, sha1: bool = False) -> "AuthList":
        """List certificates, each by its MAC and its SHA-256 or SHA-1."""
        found = cls()
        for certificate in certificates:
            shown = identity_of(certificate)
            if shown.mac is not None:
                found.add(shown.mac, shown.sha1 if sha1 else shown.sha256)
        return found

    def __len__(self) -> int:
        """Count the MAC addresses."""
        return len(self._hashes)

    def add(self, mac: str, digest: str) -> None:
        """Add an entry."""
        self.changes += 1
        self._hashes.setdefault(mac.lower(), set()).add(digest.lower())

    def remove(self, mac: str) -> None:
        """Take a MAC address off the list."""
        self.changes += 1
        self._hashes.pop(mac.lower(), None)

    def lists_mac(self, certificate: bytes) -> bool:
        """Tell whether the certificate's MAC address stands in the list."""
        return identity_of(certificate).mac in self._hashes

    def lists_key(self, certificate: bytes) -> bool:
        """Tell whether the key's hash stands in the list, under whatever MAC."""
        shown = identity_of(certificate)
        return any(
            digest in hashes
            for hashes in self._hashes.values()
            for digest in (shown.sha1, shown.sha256)
        )

    def admits(
        self, certificate: bytes, *, sha1: bool = True, sha256: bool = True
    ) -> bool:
        """Tell whether the certificate's MAC stands there with its key's hash.

        Args:
            certificate: DER.
            sha1: whether hashes of this kind are looked at.
            sha256: likewise.
        """
        shown = identity_of(certificate)
        hashes = self._hashes.get(shown.mac or "", set())
        return (sha1 and shown.sha1 in hashes) or (sha256 and shown.sha256 in hashes)
