# SPDX-License-Identifier: GPL-2.0-or-later
"""AuthList: who is let in, who is not, and how that is told."""

from collections.abc import Sequence

from conformance.checks import authlist as checks
from conformance.claims import Hash
from conformance.identities import Identity
from conformance.link import Link
from conformance.peer import Peer
from conformance.scenario import Risk, scenario
from conformance.verdict import Judge, Reason


def presented(peer: Peer, identity: Identity | None) -> Link:
    """Dial with an identity and wait until the WLC has made up its mind."""
    link = peer.speaks_tls(peer.dial(identity=identity))
    peer.settle(link)
    return link


def control(peer: Peer, judge: Judge) -> Link:
    """Assume that the listed MSE is let in: else a refusal says nothing.

    Earlier links are closed first, and so is this one: an endpoint that serves one
    client after the other would let nobody else in.
    """
    for earlier in peer.links:
        earlier.close()
    link = peer.dial()
    admitted = peer.admitted(link)
    link.close()
    judge.assume(admitted, Reason.DEPENDENCY, "the listed MSE is not let in either")
    return link


def refused(peer: Peer, judge: Judge, identity: Identity) -> Link:
    """Dial with an identity, and assume that the WLC does not let it in.

    A connection that is only left open was refused when the listed MSE is spoken to
    and this one is not.
    """
    link = presented(peer, identity)
    kept = link.open
    listed = control(peer, judge)
    judge.assume(
        not kept or (listed.received and not link.received),
        Reason.DEPENDENCY,
        "the MSE was not refused",
    )
    return link


@scenario("NMSP-AUTHLIST-1")
def admits_listed_mse(peer: Peer, judge: Judge) -> None:
    """A WLC lets an MSE in whose MAC address and key hash it lists."""
    link = peer.speaks_tls(peer.dial())
    judge.require(
        "NMSP-AUTHLIST-1",
        peer.admitted(link),
        expected="the connection stays up",
        actual=checks.how_it_went(link.observation),
    )


@scenario("NMSP-AUTHLIST-2")
def rejects_hash_of_another_key(peer: Peer, judge: Judge) -> None:
    """A WLC does not let a listed MAC address in with another key."""
    link = presented(peer, peer.identities.other_key())
    control(peer, judge)
    checks.refuses(link.observation, judge, "NMSP-AUTHLIST-2")


@scenario("NMSP-AUTHLIST-3")
def rejects_unlisted_mac(peer: Peer, judge: Judge) -> None:
    """A WLC does not let the listed key in under another MAC address."""
    link = presented(peer, peer.identities.other_mac())
    control(peer, judge)
    checks.refuses(link.observation, judge, "NMSP-AUTHLIST-3")


@scenario("NMSP-AUTHLIST-3")
def rejects_unlisted_mse(peer: Peer, judge: Judge) -> None:
    """A WLC does not let an MSE in of which it lists neither MAC nor key."""
    link = presented(peer, peer.identities.unlisted())
    control(peer, judge)
    checks.refuses(link.observation, judge, "NMSP-AUTHLIST-3")


@scenario("NMSP-AUTHLIST-4")
def rejects_client_without_certificate(peer: Peer, judge: Judge) -> None:
    """A WLC does not let a client in that presents no certificate."""
    link = presented(peer, None)
    control(peer, judge)
    checks.refuses(link.observation, judge, "NMSP-AUTHLIST-4")


@scenario("NMSP-AUTHLIST-5")
def rejects_certificate_not_yet_valid(peer: Peer, judge: Judge) -> None:
    """A WLC does not let an MSE in whose certificate begins tomorrow."""
    link = presented(peer, peer.identities.not_yet_valid())
    control(peer, judge)
    checks.refuses(link.observation, judge, "NMSP-AUTHLIST-5")


@scenario("NMSP-AUTHLIST-6")
def signals_refusal_with_alert_46(peer: Peer, judge: Judge) -> None:
    """A WLC tells a refused MSE so with fatal alert 46."""
    link = presented(peer, peer.identities.other_key())
    ended = not link.open
    control(peer, judge)
    judge.assume(ended, Reason.DEPENDENCY, "the MSE was not refused")
    checks.alerts_certificate_unknown(link.observation, judge)


@scenario("NMSP-AUTHLIST-7")
def sends_nothing_to_refused_mse(peer: Peer, judge: Judge) -> None:
    """A WLC sends no application data to an MSE that it refuses."""
    link = presented(peer, peer.identities.other_key())
    ended = not link.open
    control(peer, judge)
    judge.assume(ended, Reason.DEPENDENCY, "the MSE was not refused")
    checks.sends_nothing_first(link.observation, judge)


@scenario("NMSP-AUTHLIST-8")
def serves_listed_mse_after_refusals(peer: Peer, judge: Judge) -> None:
    """A WLC lets the listed MSE in after it has refused three others."""
    lets_in_after(peer, judge, [peer.identities.unlisted()] * 3)


@scenario("NMSP-AUTHLIST-8", risk=Risk.MAY_DROP)
def serves_listed_mse_after_ten_refusals(peer: Peer, judge: Judge) -> None:
    """A WLC lets the listed MSE in after ten refusals, five under its own MAC.

    Gear that locks out would go on with it after the case.
    """
    others = [peer.identities.unlisted(), peer.identities.other_key()]
    lets_in_after(peer, judge, others * 5)


def lets_in_after(peer: Peer, judge: Judge, others: Sequence[Identity]) -> None:
    """Require that the listed MSE is let in after others were refused in a row."""
    control(peer, judge)
    for other in others:
        link = presented(peer, other)
        judge.assume(not link.open, Reason.DEPENDENCY, "the MSE was not refused")
    link = peer.dial()
    judge.require(
        "NMSP-AUTHLIST-8",
        peer.admitted(link),
        expected="the listed MSE is let in",
        actual=checks.how_it_went(link.observation),
    )


@scenario("NMSP-AUTHLIST-9")
def rejects_expired_certificate(peer: Peer, judge: Judge) -> None:
    """A WLC does not let an MSE in whose certificate ended yesterday."""
    link = presented(peer, peer.identities.expired())
    control(peer, judge)
    checks.refuses(link.observation, judge, "NMSP-AUTHLIST-9")


@scenario("NMSP-AUTHLIST-10")
def rejects_stolen_certificate(peer: Peer, judge: Judge) -> None:
    """A WLC does not let the listed certificate in without its private key."""
    stolen = peer.identities.stolen()
    judge.applies(stolen, "a wrong proof can only be made for an RSA identity")
    link = presented(peer, stolen)
    control(peer, judge)
    checks.refuses(link.observation, judge, "NMSP-AUTHLIST-10")


@scenario("NMSP-AUTHLIST-11")
def rejects_certificate_without_mac(peer: Peer, judge: Judge) -> None:
    """A WLC does not let the listed key in under a certificate that names no MAC."""
    link = presented(peer, peer.identities.no_mac())
    control(peer, judge)
    checks.refuses(link.observation, judge, "NMSP-AUTHLIST-11")


@scenario("NMSP-AUTHLIST-12")
def admits_mac_in_upper_case(peer: Peer, judge: Judge) -> None:
    """A WLC lets the listed MSE in when its MAC is written in upper case."""
    control(peer, judge)
    link = peer.speaks_tls(peer.dial(identity=peer.identities.upper_case()))
    checks.admits(link.observation, judge, "NMSP-AUTHLIST-12", peer.admitted(link))


@scenario("NMSP-AUTHLIST-12")
def admits_mac_in_groups_of_four(peer: Peer, judge: Judge) -> None:
    """A WLC lets the listed MSE in when its MAC is written as 0050.569c.3489."""
    control(peer, judge)
    link = peer.speaks_tls(peer.dial(identity=peer.identities.dotted()))
    checks.admits(link.observation, judge, "NMSP-AUTHLIST-12", peer.admitted(link))


@scenario("NMSP-AUTHLIST-13")
def admits_renewed_certificate(peer: Peer, judge: Judge) -> None:
    """A WLC lets a new certificate in that has the listed MAC and key."""
    control(peer, judge)
    link = peer.speaks_tls(peer.dial(identity=peer.identities.renewed()))
    checks.admits(link.observation, judge, "NMSP-AUTHLIST-13", peer.admitted(link))


@scenario("NMSP-AUTHLIST-14")
def judges_the_proved_certificate(peer: Peer, judge: Judge) -> None:
    """A WLC does not let an unlisted MSE in that sends the listed one in its chain."""
    unlisted, listed = peer.identities.unlisted(), peer.identities.listed
    link = peer.speaks_tls(peer.dial(identity=unlisted, chain=(listed,)))
    peer.settle(link)
    control(peer, judge)
    checks.refuses(link.observation, judge, "NMSP-AUTHLIST-14")


@scenario("NMSP-AUTHLIST-15")
def decides_in_time(peer: Peer, judge: Judge) -> None:
    """A WLC has refused an unlisted MSE within five seconds."""
    link = refused(peer, judge, peer.identities.unlisted())
    checks.decides_in_time(link.observation, judge)


@scenario("NMSP-AUTHLIST-16")
def ends_connection_after_refusal(peer: Peer, judge: Judge) -> None:
    """A WLC ends the TCP connection of an MSE that it has refused."""
    link = refused(peer, judge, peer.identities.other_key())
    checks.frees(link.observation, judge)


@scenario("NMSP-AUTHLIST-2")
def rejects_hash_of_another_key_in_tls12(peer: Peer, judge: Judge) -> None:
    """A WLC refuses another key in TLS 1.2 and below as well, if it speaks that."""
    other = peer.identities.other_key()
    link = peer.connected(peer.dial(identity=other, highest="TLSv1.2"))
    judge.applies(link.observation.tls.version, "the WLC speaks TLS 1.3 alone")
    peer.settle(link)
    control(peer, judge)
    checks.refuses(link.observation, judge, "NMSP-AUTHLIST-2")


@scenario("NMSP-AUTHLIST-4")
def rejects_no_certificate_in_tls12(peer: Peer, judge: Judge) -> None:
    """A WLC refuses an empty certificate in TLS 1.2 and below as well."""
    link = peer.connected(peer.dial(identity=None, highest="TLSv1.2"))
    judge.applies(link.observation.tls.version, "the WLC speaks TLS 1.3 alone")
    peer.settle(link)
    control(peer, judge)
    checks.refuses(link.observation, judge, "NMSP-AUTHLIST-4")


@scenario("NMSP-AUTHLIST-25")
def alerts_in_the_handshake_of_tls12(peer: Peer, judge: Judge) -> None:
    """A WLC refuses in TLS 1.2 or below before the handshake is complete."""
    link = alerted(peer, judge, highest="TLSv1.2")
    checks.alerts_in_place(link.observation, judge, "NMSP-AUTHLIST-25")


@scenario("NMSP-AUTHLIST-26")
def alerts_at_the_end_of_the_handshake(peer: Peer, judge: Judge) -> None:
    """A WLC refuses in TLS 1.3 before it sends anything else."""
    link = alerted(peer, judge, lowest="TLSv1.3")
    checks.alerts_in_place(link.observation, judge, "NMSP-AUTHLIST-26")


def alerted(peer: Peer, judge: Judge, **versions: str) -> Link:
    """Dial with another key, and assume that a fatal alert refuses it."""
    other = peer.identities.other_key()
    link = peer.connected(peer.dial(identity=other, **versions))
    judge.applies(link.observation.tls.version, "the WLC speaks other versions alone")
    peer.settle(link)
    control(peer, judge)
    judge.assume(
        checks.alert_of(link.observation),
        Reason.DEPENDENCY,
        "the MSE was not refused with an alert",
    )
    return link


@scenario("NMSP-AUTHLIST-22")
def judges_dates_by_one_clock(peer: Peer, judge: Judge) -> None:
    """A WLC lets one in at most of seven certificates valid one after the other.

    The steps are a minute, an hour, a day and thirty days before and after now. Which
    of them a WLC lets in tells its clock, and is no fault; to let two of them in is.
    """
    listed = control(peer, judge)
    let_in: dict[checks.Window, Link] = {}
    for window in checks.WINDOWS:
        link = peer.speaks_tls(peer.dial(identity=peer.identities.valid(*window)))
        if peer.admitted(link) and (link.received or not listed.received):
            let_in[window] = link
        link.close()
    checks.by_one_clock(judge, {w: link.observation for w, link in let_in.items()})


# --- with the operator's help ---------------------------------------------------


@scenario("NMSP-AUTHLIST-17")
def asks_the_list_when_a_session_is_resumed(peer: Peer, judge: Judge) -> None:
    """A WLC does not let an MSE resume its session that is no longer listed."""
    guest = peer.identities.guest()
    with peer.listed_for_now(guest):
        first = peer.dial(identity=guest)
        judge.assume(
            peer.admitted(first), Reason.DEPENDENCY, "a newly listed MSE is not let in"
        )
        first.pump(peer.timing.quiet)
        session = first.tls_session
        first.close()
    link = peer.speaks_tls(peer.dial(identity=guest, session=session))
    peer.settle(link)
    resumed = link.observation.tls.resumed
    control(peer, judge)
    judge.applies(resumed, "the WLC does not resume sessions")
    checks.refuses(link.observation, judge, "NMSP-AUTHLIST-17")


@scenario("NMSP-AUTHLIST-18")
def rejects_weak_key(peer: Peer, judge: Judge) -> None:
    """A WLC does not let a listed MSE in whose RSA key has 1024 bits."""
    weak = peer.identities.weak()
    with peer.listed_for_now(weak):
        link = presented(peer, weak)
        control(peer, judge)
    checks.refuses(link.observation, judge, "NMSP-AUTHLIST-18")


@scenario("NMSP-AUTHLIST-20")
def asks_the_list_as_it_is_now(peer: Peer, judge: Judge) -> None:
    """A WLC lets an MSE in once it is listed, and no longer when it is not."""
    guest = peer.identities.guest()
    with peer.listed_for_now(guest):
        added = peer.speaks_tls(peer.dial(identity=guest))
        let_in = peer.admitted(added)
        checks.admits(added.observation, judge, "NMSP-AUTHLIST-20", let_in)
    if not let_in:
        judge.stop()
    added.pump(peer.timing.quiet)
    kept = "keeps" if added.open else "ends"
    judge.note(f"the WLC {kept} the session of an MSE that is taken off its list")
    removed = presented(peer, guest)
    control(peer, judge)
    checks.refuses(removed.observation, judge, "NMSP-AUTHLIST-20")


@scenario("NMSP-AUTHLIST-21")
def keeps_sessions_when_the_list_is_changed(peer: Peer, judge: Judge) -> None:
    """A WLC keeps the session of a listed MSE while another is added and removed."""
    link = peer.speaks_tls(peer.dial())
    judge.assume(peer.admitted(link), Reason.DEPENDENCY, "the listed MSE is not let in")
    with peer.listed_for_now(peer.identities.guest()):
        link.pump(peer.timing.quiet)
    link.pump(peer.timing.quiet)
    checks.admits(link.observation, judge, "NMSP-AUTHLIST-21", link.open)


@scenario("NMSP-AUTHLIST-23")
def admits_by_sha1_alone(peer: Peer, judge: Judge) -> None:
    """A WLC lets an MSE in that is listed by its SHA-1 alone."""
    judge.applies(
        "sha1" in peer.claims.hashes, "SHA-1 is not claimed (--claims, hashes)"
    )
    control(peer, judge)
    admits_by(peer, judge, "sha1", "NMSP-AUTHLIST-23")


@scenario("NMSP-AUTHLIST-24")
def admits_by_sha256_alone(peer: Peer, judge: Judge) -> None:
    """A WLC lets an MSE in that is listed by its SHA-256 alone."""
    judge.applies(
        "sha256" in peer.claims.hashes, "SHA-256 is not claimed (--claims, hashes)"
    )
    control(peer, judge)
    admits_by(peer, judge, "sha256", "NMSP-AUTHLIST-24")


def admits_by(peer: Peer, judge: Judge, listed: Hash, requirement: str) -> None:
    """Require that a guest is let in whose key is listed by one hash."""
    guest = peer.identities.guest()
    with peer.listed_for_now(guest, (listed,)):
        link = peer.speaks_tls(peer.dial(identity=guest))
        let_in = peer.admitted(link)
    checks.admits(link.observation, judge, requirement, let_in)
