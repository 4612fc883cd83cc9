# SPDX-License-Identifier: GPL-2.0-or-later
"""Transport: TCP, TLS, and how messages lie in records."""

from conformance.checks import transport as checks
from conformance.peer import Peer
from conformance.scenario import scenario
from conformance.verdict import Judge


@scenario("NMSP-TRANSPORT-1")
def answers_client_hello(peer: Peer, judge: Judge) -> None:
    """A WLC answers a ClientHello as a TLS server."""
    link = peer.connected(peer.dial())
    checks.is_tls_server(link.observation, judge)


@scenario("NMSP-TRANSPORT-2")
def asks_for_a_certificate(peer: Peer, judge: Judge) -> None:
    """A WLC asks the MSE for a certificate."""
    link = peer.speaks_tls(peer.dial())
    checks.asks_for_certificate(link.observation, judge)


@scenario("NMSP-TRANSPORT-5")
def completes_handshake_with_listed_mse(peer: Peer, judge: Judge) -> None:
    """A WLC completes the handshake with an MSE that its AuthList names."""
    link = peer.speaks_tls(peer.dial())
    checks.completes_handshake(link.observation, judge)


@scenario("NMSP-TRANSPORT-3")
def sends_nothing_before_the_handshake_is_complete(peer: Peer, judge: Judge) -> None:
    """A WLC sends no application data before the MSE has proved who it is."""
    link = peer.speaks_tls(peer.dial())
    checks.nothing_before_handshake(link.observation, judge)


@scenario("NMSP-TRANSPORT-4")
def does_not_answer_nmsp_in_the_clear(peer: Peer, judge: Judge) -> None:
    """A WLC does not answer an echo request that comes without TLS."""
    link = peer.connected(peer.bare())
    link.send_plain(link.build("ECHO_REQUEST"))
    link.pump(peer.timing.quiet)
    peer.speaks_tls(peer.dial())
    checks.nothing_in_the_clear(link.observation, judge)


@scenario("NMSP-TRANSPORT-4")
def says_nothing_to_a_silent_client(peer: Peer, judge: Judge) -> None:
    """A WLC says nothing in the clear to a client that only connects."""
    link = peer.connected(peer.bare())
    link.pump(peer.timing.quiet)
    peer.speaks_tls(peer.dial())
    checks.nothing_in_the_clear(link.observation, judge)


@scenario("NMSP-TRANSPORT-6")
def takes_a_message_in_many_records(peer: Peer, judge: Judge) -> None:
    """A WLC answers an echo request that comes one byte a TLS record."""
    link = peer.session()
    raw = link.build("ECHO_REQUEST")
    request = link.note_sent(raw)
    for at in range(len(raw)):
        link.send_bytes(raw[at : at + 1])
    response = peer.answer(link, request)
    judge.require(
        "NMSP-TRANSPORT-6",
        response is not None,
        expected="an ECHO_RESPONSE",
        actual=checks.what_came(link.observation, request),
    )


@scenario("NMSP-TRANSPORT-7")
def takes_many_messages_in_one_record(peer: Peer, judge: Judge) -> None:
    """A WLC answers each of three echo requests that share a TLS record."""
    link = peer.session()
    raws = [link.build("ECHO_REQUEST") for _ in range(3)]
    requests = [link.note_sent(raw) for raw in raws]
    link.send_bytes(b"".join(raws))
    answered = sum(peer.answer(link, request) is not None for request in requests)
    judge.require(
        "NMSP-TRANSPORT-7",
        answered == 3,
        expected="3 ECHO_RESPONSEs",
        actual=f"{answered} of 3 were answered",
    )
