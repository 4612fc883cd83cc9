# SPDX-License-Identifier: GPL-2.0-or-later
"""Transport: TCP, TLS, and how messages lie in records."""

from conformance.answering import Answers
from conformance.checks import transport as checks
from conformance.peer import PIECES, Peer
from conformance.scenario import Risk, scenario
from conformance.verdict import Judge, Reason


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
    link.pump(peer.timing.quiet, lambda: link.received or not link.open)
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
    link.close()
    if not link.observation.tls.plaintext:
        peer.speaks_tls(peer.dial())
    checks.nothing_in_the_clear(link.observation, judge)


@scenario("NMSP-TRANSPORT-4")
def says_nothing_to_a_silent_client(peer: Peer, judge: Judge) -> None:
    """A WLC says nothing in the clear to a client that only connects."""
    link = peer.connected(peer.bare())
    link.pump(peer.timing.quiet)
    link.close()
    if not link.observation.tls.plaintext:
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
    link.pump(peer.timing.answer, lambda: len(link.theirs("ECHO_RESPONSE")) >= 3)
    answered = min(len(link.theirs("ECHO_RESPONSE")), len(requests))
    judge.require(
        "NMSP-TRANSPORT-7",
        answered == 3,
        expected="3 ECHO_RESPONSEs",
        actual=f"{answered} of 3 were answered",
    )


@scenario("NMSP-TRANSPORT-23")
def takes_a_message_that_comes_slowly(peer: Peer, judge: Judge) -> None:
    """A WLC answers an echo request in four TLS records with pauses between them."""
    link = peer.session()
    raw = link.build("ECHO_REQUEST")
    request = link.note_sent(raw)
    peer.trickle(link, raw)
    peer.answer(link, request)
    checks.took_it(link.observation, judge, "NMSP-TRANSPORT-23", request)


@scenario("NMSP-TRANSPORT-24")
def takes_a_record_that_comes_slowly(peer: Peer, judge: Judge) -> None:
    """A WLC answers an echo request in one record of four pieces with pauses."""
    link = peer.session()
    raw = link.build("ECHO_REQUEST")
    request = link.note_sent(raw)
    link.send_slowly(raw, pieces=PIECES, pause_s=peer.timing.quiet / PIECES)
    peer.answer(link, request)
    checks.took_it(link.observation, judge, "NMSP-TRANSPORT-24", request)


@scenario("NMSP-TRANSPORT-9", risk=Risk.MAY_DROP)
def does_not_renegotiate(peer: Peer, judge: Judge) -> None:
    """A WLC refuses a renegotiation that the client begins."""
    link = peer.session(highest="TLSv1.2")
    renegotiated = link.renegotiate(peer.timing.quiet + 0.5)
    judge.recommend(
        "NMSP-TRANSPORT-9",
        not renegotiated,
        expected="the renegotiation is refused",
        actual="it was completed" if renegotiated else str(link.observation.end),
    )


@scenario("NMSP-TRANSPORT-10")
def does_not_speak_ssl3(peer: Peer, judge: Judge) -> None:
    """A WLC does not answer a ClientHello of SSL 3.0 with a ServerHello."""
    link = peer.connected(peer.bare())
    link.send_plain(checks.SSL3_CLIENT_HELLO)
    link.pump(peer.timing.quiet, lambda: not link.open)
    link.close()
    peer.speaks_tls(peer.dial())
    checks.no_handshake_of(link.observation, judge, "NMSP-TRANSPORT-10")


@scenario("NMSP-TRANSPORT-11")
def does_not_take_anonymous_suites(peer: Peer, judge: Judge) -> None:
    """A WLC does not negotiate a suite without encryption or authentication."""
    link = peer.connected(
        peer.dial(ciphers="aNULL:eNULL:@SECLEVEL=0", highest="TLSv1.2")
    )
    link.close()
    peer.speaks_tls(peer.dial())
    checks.no_handshake_of(link.observation, judge, "NMSP-TRANSPORT-11")


@scenario("NMSP-TRANSPORT-13")
def closes_after_close_notify(peer: Peer, judge: Judge) -> None:
    """A WLC closes when the MSE has sent close_notify."""
    link = peer.session()
    link.close_notify()
    checks.closes(peer, link, judge, "NMSP-TRANSPORT-13")


@scenario("NMSP-TRANSPORT-14")
def closes_after_half_close(peer: Peer, judge: Judge) -> None:
    """A WLC closes when the MSE has closed its side of TCP."""
    link = peer.session()
    link.half_close()
    checks.closes(peer, link, judge, "NMSP-TRANSPORT-14")


@scenario("NMSP-TRANSPORT-15", risk=Risk.MAY_DROP)
def survives_bytes_that_are_no_tls(peer: Peer, judge: Judge) -> None:
    """A WLC serves the listed MSE after another client has sent rubbish."""
    link = peer.speaks_tls(peer.dial())
    link.close()
    rubbish = peer.bare()
    rubbish.send_plain(b"GET / HTTP/1.0\r\n\r\n" * 8)
    rubbish.pump(peer.timing.quiet)
    met = rubbish.observation.end
    rubbish.close()
    admitted = peer.admitted(peer.dial())
    judge.require(
        "NMSP-TRANSPORT-15",
        admitted,
        expected="the listed MSE is let in",
        actual="it is" if admitted else f"not; the rubbish met {met}",
    )


@scenario("NMSP-TRANSPORT-16")
def negotiates_by_its_policy(peer: Peer, judge: Judge) -> None:
    """A WLC negotiates a version and a suite of the generation it claims to be."""
    judge.applies(peer.claims.policy, "no TLS policy is claimed (--claims)")
    link = peer.established(peer.dial())
    checks.by_policy(link.observation, judge, peer.claims.policy)


@scenario("NMSP-TRANSPORT-17")
def takes_a_client_hello_in_pieces(peer: Peer, judge: Judge) -> None:
    """A WLC answers a ClientHello that comes in many TCP segments."""
    peer.speaks_tls(peer.dial()).close()
    link = peer.connected(peer.dial(pieces=12))
    judge.require(
        "NMSP-TRANSPORT-17",
        link.complete,
        expected="a completed handshake",
        actual="a completed handshake" if link.complete else str(link.observation.end),
        at=link.observation.whole,
    )


# --- role MSE -------------------------------------------------------------------


@scenario("NMSP-TRANSPORT-19", role="mse")
def begins_with_client_hello(peer: Peer, judge: Judge) -> None:
    """An MSE dials and begins with a ClientHello."""
    link = peer.dialled(peer.accept())
    tls = link.observation.tls
    judge.assume(
        tls.seen or tls.plaintext,
        Reason.TIMEOUT,
        f"the MSE dialled and said nothing ({link.observation.end})",
    )
    judge.require(
        "NMSP-TRANSPORT-19",
        tls.seen and not tls.plaintext,
        expected="a ClientHello",
        actual="a ClientHello" if tls.seen else f"no TLS: {tls.plaintext[:12].hex()}",
    )


@scenario("NMSP-TRANSPORT-20", role="mse")
def presents_its_certificate(peer: Peer, judge: Judge) -> None:
    """An MSE presents a certificate when it is asked for one."""
    link = peer.dialled(peer.accept())
    judge.assume(link.complete, Reason.PEER_CLOSED, f"{link.observation.end}")
    shown = link.observation.tls.client_certificate
    judge.require(
        "NMSP-TRANSPORT-20",
        shown,
        expected="a certificate",
        actual="a certificate" if shown else "an empty certificate message",
    )


@scenario("NMSP-TRANSPORT-22", role="mse")
def proves_its_key(peer: Peer, judge: Judge) -> None:
    """An MSE proves possession of its certificate's key."""
    link = peer.dialled(peer.accept())
    shown = link.observation.tls.client_certificate
    bad = any(a.sender == "wlc" and a.level == 2 for a in link.observation.tls.alerts)
    judge.assume(shown or bad, Reason.PEER_CLOSED, f"{link.observation.end}")
    judge.require(
        "NMSP-TRANSPORT-22",
        link.complete,
        expected="a certificate verify that holds",
        actual="it holds" if link.complete else "the handshake failed on it",
    )


@scenario("NMSP-TRANSPORT-21", role="mse")
def says_nothing_before_tls(peer: Peer, judge: Judge) -> None:
    """An MSE sends nothing of NMSP before the handshake is complete."""
    link = peer.dialled(peer.accept())
    tls = link.observation.tls
    judge.assume(
        tls.seen or tls.plaintext, Reason.PEER_CLOSED, f"{link.observation.end}"
    )
    early = tls.plaintext + tls.application_before
    judge.require(
        "NMSP-TRANSPORT-21",
        not early,
        expected="nothing",
        actual=f"{len(early)} bytes: {early[:16].hex()}" if early else "nothing",
    )


@scenario("NMSP-TRANSPORT-25", role="mse")
def mse_takes_a_message_that_comes_slowly(peer: Peer, judge: Judge) -> None:
    """An MSE subscribes once it has had a capability that came slowly."""
    subscribe = "SERVICE_SUBSCRIBE_REQUEST"
    first = peer.served()
    judge.assume(
        first.theirs(subscribe),
        Reason.TIMEOUT,
        "the MSE does not subscribe after a capability that comes at once either",
    )
    first.close()
    link = peer.dialled(peer.accept())
    judge.assume(link.complete, Reason.PEER_CLOSED, f"{link.observation.end}")
    capability = Answers().capability_of(link)
    link.note_sent(capability)
    peer.trickle(link, capability)
    link.pump(peer.timing.answer, lambda: link.theirs(subscribe))
    checks.subscribes_to_it(link.observation, judge)
