# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS alerts of any level and number, sent in the middle of a session.

OpenSSL sends those alone that it thinks right; these are sealed beside it, so that it
can send nothing more on their connection.
"""

from conformance.link import FATAL, Link
from conformance.verdict import Judge

WARNING = 1
INTERNAL_ERROR = 80

FATALS = ((FATAL, 10), (FATAL, 20), (FATAL, 40), (FATAL, INTERNAL_ERROR), (FATAL, 255))
"""Unexpected message, bad record MAC, handshake failure, internal error, and none."""

WARNINGS = ((WARNING, 41), (WARNING, 100), (WARNING, 255), (3, INTERNAL_ERROR))
"""No certificate (of SSL 3.0), no renegotiation, a number and a level that none has."""


def send(link: Link, judge: Judge, level: int, description: int) -> None:
    """Send an alert; the case does not concern an endpoint whose suite seals none."""
    sent = link.send_alert(level, description)
    judge.applies(sent or not link.open, "an alert can be sealed under no such suite")
