# SPDX-License-Identifier: GPL-2.0-or-later
"""What a capture's TLS sessions say, in the words that live links use."""

from datetime import UTC, datetime

import msgspec

from conformance.emulator.authlist import AuthList
from conformance.observation import Alert, Presented, Tls
from nmsp_scapy.authlist.identity import identity_of
from nmsp_scapy.tls.facts import HandshakeFact, SessionFacts

VERSIONS = {
    "SSL 3.0": "SSLv3",
    "TLS 1.0": "TLSv1",
    "TLS 1.1": "TLSv1.1",
    "TLS 1.2": "TLSv1.2",
    "TLS 1.3": "TLSv1.3",
}
SIDES = ("mse", "wlc")
LEVELS = {"warning": 1, "fatal": 2}


def openssl_suite(name: str) -> str:
    """Write a registry's suite name as OpenSSL does; names of TLS 1.3 stay."""
    if "_WITH_" not in name:
        return name
    exchange, _, rest = name.removeprefix("TLS_").partition("_WITH_")
    cipher = rest.replace("AES_128", "AES128").replace("AES_256", "AES256")
    cipher = cipher.replace("3DES_EDE_CBC", "DES-CBC3").replace("_CBC", "")
    prefix = "" if exchange == "RSA" else exchange.replace("_", "-") + "-"
    return prefix + cipher.replace("_", "-")


def tls_of(facts: SessionFacts, began_ns: int) -> Tls:
    """Tell what a session's handshake showed.

    Args:
        facts: of the session.
        began_ns: time of the conversation's first packet.
    """

    def since(time_ns: int) -> float:
        return max(0.0, (time_ns - began_ns) / 1e9)

    steps = facts.handshakes
    shown = [s for s in steps if s.side == 0 and s.name == "certificate"]
    return Tls(
        seen=any(step.side == 1 for step in steps),
        complete=facts.complete,
        version=VERSIONS.get(facts.version or "", facts.version or ""),
        suite=openssl_suite(facts.suite or ""),
        certificate_requested=_requested(facts),
        certificate_shown=bool(shown),
        server_certificate=next(iter(facts.server_certificates), b""),
        client_certificate=next(iter(facts.client_certificates), b""),
        resumed=facts.resumed is not None,
        renegotiated=facts.renegotiations > 0,
        compression=facts.compression != 0,
        alerts=[
            Alert(SIDES[a.side], LEVELS.get(a.level, 0), a.number, since(a.time_ns))
            for a in facts.alerts
            if a.number is not None
        ],
        complete_s=since(_completed_ns(steps)) if facts.complete else 0.0,
        certificate_s=since(shown[0].time_ns) if shown else 0.0,
    )


def _requested(facts: SessionFacts) -> bool | None:
    """Tell whether the server asked for a certificate; None where it is not seen."""
    if facts.client_certificate_requested:
        return True
    opened = any(s.side == 1 and s.name == "certificate" for s in facts.handshakes)
    return False if opened and not facts.resumed else None


def _completed_ns(steps: list[HandshakeFact]) -> int:
    """Time of the first pair of Finished, opened or not."""
    ends = [
        next((s.time_ns for s in steps if s.side == side and _finishes(s)), 0)
        for side in (0, 1)
    ]
    return max(ends)


def _finishes(step: HandshakeFact) -> bool:
    return step.name == "finished" or (step.name == "closed" and step.encrypted)


def presented(tls: Tls, time_ns: int, authlist: AuthList | None) -> Presented | None:
    """Tell what is known of the client's certificate; None when none was seen."""
    if not tls.client_certificate:
        return None
    try:
        shown = identity_of(tls.client_certificate)
    except ValueError:
        return None
    when = datetime.fromtimestamp(time_ns / 1e9, UTC)
    found = Presented(
        mac=shown.mac or "",
        early_s=(shown.not_before - when).total_seconds(),
        late_s=(when - shown.not_after).total_seconds(),
    )
    if authlist is None:
        return found
    return msgspec.structs.replace(
        found,
        mac_listed=authlist.lists_mac(tls.client_certificate),
        listed=authlist.admits(tls.client_certificate),
    )
