# SPDX-License-Identifier: GPL-2.0-or-later
"""The trace that a WLC writes of a connection, in the English forms of its lines.

`where` and `ret` are what OpenSSL's own info callback says. The numbers of the states
are those of the OpenSSL 1.0 in the observed controller: today's OpenSSL has names for
its states and other numbers, so they are this emulator's rendering of the name.

Source: observed: both traces of the source document; the English wording is reported.
"""

import itertools
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from conformance.transport import WRITE_ALERT, EndedError

EXIT, FATAL = 0x2002, 2
STATES: dict[str, tuple[int, str]] = {
    "before SSL initialization": (0x6000, "before/accept initialization"),
    "SSLv3/TLS read client hello": (0x2111, "SSLv3 read client hello B"),
    "SSLv3/TLS write server hello": (0x2130, "SSLv3 write server hello A"),
    "SSLv3/TLS write certificate": (0x2140, "SSLv3 write certificate A"),
    "SSLv3/TLS write key exchange": (0x2150, "SSLv3 write key exchange A"),
    "SSLv3/TLS write certificate request": (
        0x2160,
        "SSLv3 write certificate request A",
    ),
    "SSLv3/TLS write server done": (0x2100, "SSLv3 flush data"),
    "SSLv3/TLS read client certificate": (0x2180, "SSLv3 read client certificate A"),
    "SSLv3/TLS read client key exchange": (0x2190, "SSLv3 read client key exchange A"),
    "SSLv3/TLS read certificate verify": (0x21A0, "SSLv3 read certificate verify A"),
    "SSLv3/TLS read finished": (0x21C0, "SSLv3 read finished A"),
    "SSLv3/TLS write session ticket": (0x21F0, "SSLv3 write session ticket A"),
    "SSLv3/TLS write change cipher spec": (0x21D0, "SSLv3 write change cipher spec A"),
    "SSLv3/TLS write finished": (0x21E0, "SSLv3 write finished A"),
    "SSL negotiation finished successfully": (
        0x3,
        "SSL negotiation finished successfully",
    ),
}
"""OpenSSL's names of its states now, to number and name in OpenSSL 1.0."""

WAITING: dict[str, tuple[int, str]] = {
    "before SSL initialization": (0x2111, "SSLv3 read client hello B"),
    "SSLv3/TLS write server done": (0x2180, "SSLv3 read client certificate A"),
}
"""States whose exit means waiting for the client; 1.0 then names what is read."""

REFUSED = (0x2182, "SSLv3 read client certificate C")
ALERTS = {
    0: "close notify",
    40: "handshake failure",
    42: "bad certificate",
    44: "certificate revoked",
    45: "certificate expired",
    46: "certificate unknown",
    70: "protocol version",
    80: "internal error",
}
Write = Callable[[str], None]


class Tracer:
    """Numbers and stamps the lines of all connections."""

    def __init__(self, write: Write | None, ahead: timedelta = timedelta()) -> None:
        """Write lines by calling `write`, none without it; the clock may be off."""
        self._write, self._ahead = write, ahead
        self._numbers = itertools.count(0x4F2)
        self._lock = threading.Lock()

    def line(self, text: str) -> None:
        """Write one line."""
        if self._write is None:
            return
        with self._lock:
            now = datetime.now(UTC) + self._ahead
            stamp = f"{now:%m/%d/%y %H:%M:%S}.{now.microsecond // 1000:03d} UTC"
            self._write(f"[{stamp} {next(self._numbers):x} {os.getpid()}] {text}")

    def connection(self, number: int) -> "Trace":
        """Begin the trace of a connection."""
        return Trace(self, number)


class Trace:
    """The lines of one connection."""

    def __init__(self, tracer: Tracer, number: int) -> None:
        """Write the lines of a new connection."""
        self._line, self._number = tracer.line, number
        self._ssl = f"{(id(self) >> 4) & 0xFFFFFFFF:08x}"
        self._done = self._freed = False
        self._line(f"Allocated new NMSP connection {number}")
        self._line(f"sslConnectionInit: SSL_new() conn ssl {self._ssl}")
        self._handshaking()

    def _handshaking(self) -> None:
        self._line(
            f"sslConnectionInit: SSL_do_handshake for conn ssl {self._ssl}, "
            "conn state: INIT, SSL state: HANDSHAKING"
        )

    def informed(self, where: int, ret: int, state: str) -> None:
        """Write what OpenSSL says of a step."""
        number, name = STATES.get(state, (0, ""))
        if where == EXIT and ret < 0:
            number, name = WAITING.get(state, (number, name))
        fatal = where == WRITE_ALERT and ret >> 8 == FATAL
        refused = fatal or (state == "error" and where == EXIT)
        if refused:
            number, name = REFUSED
        if not number or self._freed:
            return  # a state that OpenSSL 1.0 did not report
        shown = ret & 0xFF_FFFF_FFFF
        self._line(f"SSL state = {number:#x}; where = {where:#x}; ret = {shown:#x}")
        self._line(f"ret_type_string={'fatal' if fatal else 'unknown'}")
        described = ALERTS.get(ret & 0xFF, "unknown") if fatal else "unknown"
        self._line(f"ret_desc_string={described}")
        self._line(f"SSL_state_string={name}")
        if where == EXIT and ret < 0 and not refused:
            self._line(f"- returns WANT_READ for conn ssl {self._ssl}")
        if where == EXIT and number == 0x3 and not self._done:
            self._done = True
            self._line(f"SSL_do_handshake() succeeded for conn ssl {self._ssl}")
            self._line(f"NMSP connection successful. for conn {self._number}")

    def asking(self) -> None:
        """Write that the list is asked."""
        self._line(
            f"Peer certificate Validation Done for conn ssl {self._ssl}, "
            "calling authlist.."
        )

    def answered(self, *, admitted: bool) -> None:
        """Write what the list said."""
        if admitted:
            self._line(f"Authlist authentication successful for conn ssl {self._ssl}")
            self._line("Peer validated against the AuthList")
        else:
            self._line(f"Authlist authentication failed for conn ssl {self._ssl}")
            self._line("Peer Not Validated against the AuthList")

    def ended(self, ended: EndedError) -> None:
        """Write how the connection ended."""
        if not self._done:
            reason = (
                "error:140890B2:SSL routines:SSL3_GET_CLIENT_CERTIFICATE:"
                "no certificate returned"
                if ended.alert == 46
                else str(ended)
            )
            self._line(
                f"- handshake failed for conn ssl {self._ssl}, "
                f"error ssl_err 1 = {reason}"
            )
        self._freed = True
        self._line(f"freeing Nmsp conn ssl {self._ssl}, conn id {self._number}")
