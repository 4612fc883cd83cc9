# SPDX-License-Identifier: GPL-2.0-or-later
"""What is remembered of opened sessions, so that resumed ones open too."""

from collections import OrderedDict
from hashlib import sha256
from typing import Final

from nmsp_scapy.tls.keys import Secret

MOST_SESSIONS: Final = 50_000
"""Sessions and tickets that are remembered; the longest unused are forgotten."""


class Memory:
    """Master secrets by session id and by ticket, least recently used go first."""

    def __init__(self, most: int = MOST_SESSIONS) -> None:
        self._known: OrderedDict[bytes, Secret] = OrderedDict()
        self._most = most

    def __len__(self) -> int:
        return len(self._known)

    def remember(self, name: bytes, master: bytes, source: str) -> None:
        """Keep the master secret of a session id or of a ticket."""
        if not name:
            return
        key = sha256(name).digest()
        self._known[key] = Secret(master, source)
        self._known.move_to_end(key)
        if len(self._known) > self._most:
            self._known.popitem(last=False)

    def recall(self, name: bytes) -> Secret | None:
        """The master secret of a session id or a ticket."""
        if not name:
            return None
        key = sha256(name).digest()
        found = self._known.get(key)
        if found:
            self._known.move_to_end(key)
        return found
