# SPDX-License-Identifier: GPL-2.0-or-later
"""The sessions of one capture, and what they share."""

from nmsp_scapy.tls.dtls import DtlsSession
from nmsp_scapy.tls.keys import KeyStore
from nmsp_scapy.tls.memory import Memory
from nmsp_scapy.tls.session import TlsSession


class TlsEngine:
    """Opens sessions with the same keys; a resumed one knows those before it.

    Args:
        keys: may be fed more while sessions are read.
        every_record: yield one `Plain` a record instead of one a frame, for those to
            whom record boundaries are evidence.
    """

    def __init__(self, keys: KeyStore, every_record: bool = False) -> None:
        self.keys = keys
        self._memory = Memory()
        self._every_record = every_record

    def session(self, label: object = None) -> TlsSession:
        """A new session over TCP."""
        return TlsSession(label, self.keys, self._memory, self._every_record)

    def datagram_session(self, label: object = None) -> DtlsSession:
        """A new session over UDP."""
        return DtlsSession(label, self.keys, self._memory)
