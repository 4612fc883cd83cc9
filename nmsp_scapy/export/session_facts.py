# SPDX-License-Identifier: GPL-2.0-or-later
"""What a TLS session showed: as plain values for programs, as lines for people."""

from collections.abc import Iterator
from typing import Any

import msgspec

from nmsp_scapy.authlist import identity_of
from nmsp_scapy.export.printable import printable
from nmsp_scapy.tls.facts import AlertFact, SessionFacts

SIDES = ("MSE", "WLC")

OFFERED = 12
"""Suites of a ClientHello that are named."""


def identity_facts(der: bytes) -> dict[str, Any]:
    """Read a certificate as an AuthList sees it; `unreadable` where it is none."""
    try:
        identity = identity_of(der)
    except ValueError as error:
        return {"unreadable": str(error), "bytes": len(der)}
    facts: dict[str, Any] = msgspec.to_builtins(identity)
    return facts


def session_facts(facts: SessionFacts) -> dict[str, Any]:
    """Return a session's facts, its certificates read; there is no secret in them."""
    made: dict[str, Any] = msgspec.to_builtins(facts)
    for side in ("client_certificates", "server_certificates"):
        made[side] = [identity_facts(der) for der in getattr(facts, side)]
    return made


def headline(facts: SessionFacts) -> str:
    """Say in one line what a session negotiated and whether it is open."""
    if facts.version is None:
        said = "TLS, handshake not in the capture"
    else:
        said = f"{facts.version} {facts.suite or 'without a ServerHello'}"
    if facts.resumed:
        said += f", resumed by {facts.resumed}"
    if facts.closed:
        return f"{said}; stays closed: {facts.closed}"
    return f"{said}; opened with {facts.key_source}" if facts.key_source else said


def identity_line(side: int, der: bytes, *, hashes: bool = True) -> str:
    """Say in one line who presented a certificate."""
    facts = identity_facts(der)
    if "unreadable" in facts:
        return f"{SIDES[side]} certificate: unreadable ({facts['unreadable']})"
    told = f"{SIDES[side]} certificate: {printable(facts['subject'])}"
    if facts["mac"]:
        told += f", MAC {facts['mac']}"
    if hashes:
        told += f", key SHA-1 {facts['sha1']}, SHA-256 {facts['sha256']}"
    return told


def session_lines(facts: SessionFacts) -> Iterator[str]:
    """Tell a session in full (`--tls`)."""
    yield headline(facts)
    if facts.key_exchange:
        yield f"key exchange {facts.key_exchange}" + "".join(
            f", {name}"
            for name, given in (
                ("extended master secret", facts.extended_master_secret),
                ("encrypt-then-MAC", facts.encrypt_then_mac),
                ("HelloRetryRequest", facts.hello_retry),
                (f"early data {facts.early_data}", facts.early_data),
            )
            if given
        )
    if facts.offered_versions:
        yield f"offered: {', '.join(facts.offered_versions)}"
    if facts.offered_suites:
        suites = facts.offered_suites
        more = f" and {len(suites) - OFFERED} more" if len(suites) > OFFERED else ""
        yield f"offered: {printable(', '.join(suites[:OFFERED]))}{more}"
    if facts.server_name:
        yield f"server name: {printable(facts.server_name)}"
    asked = "asked for" if facts.client_certificate_requested else "not asked for"
    yield f"client certificate: {asked}"
    for side, certificates in enumerate(
        (facts.client_certificates, facts.server_certificates)
    ):
        for der in certificates:
            yield identity_line(side, der)
    for side, verified in enumerate(facts.finished_verified):
        said = {True: "verified", False: "DOES NOT VERIFY", None: "not checked"}
        yield f"{SIDES[side]} Finished: {said[verified]}"
    handshakes = [
        f"{'><'[h.side]}{h.name}@{','.join(map(str, h.frames))}"
        for h in facts.handshakes
    ]
    if handshakes:
        yield f"handshake (> MSE, < WLC, @ frames): {' '.join(handshakes)}"
    for alert in facts.alerts:
        yield alert_line(alert)
    counts = zip(SIDES, facts.records, facts.bad_records, strict=True)
    yield "records: " + ", ".join(
        f"{good} of the {side}" + (f" and {bad} not authentic" if bad else "")
        for side, good, bad in counts
    )


def alert_line(alert: AlertFact) -> str:
    """Say in one line who sent which alert."""
    frames = ", ".join(map(str, alert.frames))
    told = "stays closed"
    if alert.number is not None:
        told = f"{alert.level} {alert.number} {alert.description}"
    return f"alert of the {SIDES[alert.side]}: {told} (frame {frames})"
