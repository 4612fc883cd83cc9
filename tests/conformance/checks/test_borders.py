# SPDX-License-Identifier: GPL-2.0-or-later
# ruff: noqa: E501 - a border a line
"""Checks at their borders, which no endpoint's fault comes to by itself.

`make mutation` calls these too: they kill the mutants that live gear cannot.
"""

from collections.abc import Callable

import msgspec
import pytest

from conformance.checks import (
    ap_info,
    authlist,
    capability,
    echo,
    measurement,
    notifications,
    requests,
    session,
    statistics,
    subscription,
    transport,
)
from conformance.claims import POLICIES
from conformance.observation import Alert, EndKind, Observation, Tls
from conformance.verdict import Judge
from nmsp_scapy import layers
from nmsp_scapy.constants import EntityKind
from tests.gear.seen import element, ended, said, watched

MAC, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:02"
ASK, ANSWER = "ECHO_REQUEST", "ECHO_RESPONSE"
NOTIFIED = "MEASUREMENT_NOTIFICATION"


class Border(msgspec.Struct):
    """A check, what it is given, and what each evaluation of it decides."""

    id: str
    check: Callable[[Observation, Judge], object]
    seen: Observation
    met: list[bool]
    requirement: str

    def decided(self) -> list[bool]:
        judge = Judge([self.requirement])
        self.check(self.seen, judge)
        return [found.met for found in judge.findings]


def asked(at: float = 0.0, number: int = 1) -> tuple[str, float, bytes]:
    return said("mse", ASK, at=at, number=number)


def answered(at: float = 0.1, number: int = 1) -> tuple[str, float, bytes]:
    return said("wlc", ANSWER, at=at, number=number)


def sample(level: int = -50, other: int = -50) -> object:
    return element("RSSI_SAMPLE", ap_mac=OTHER, rssi_a_dbm=level, rssi_b_dbm=other)


def tag(
    *dbm: int, mac: str = MAC, kind: int = EntityKind.TAG, slot: int = 0
) -> tuple[str, float, bytes]:
    """A notification of a tag, heard at these strengths by radios of one slot."""
    heard = [
        element("RSSI_SAMPLE", ap_mac=OTHER, slot=slot, antenna=n, rssi_a_dbm=level)
        for n, level in enumerate(dbm)
    ]
    return measured(station(mac), element("ENTITY", kind=kind), *heard)


def measured(*inner: object, at: float = 0.0, sender: str = "wlc") -> tuple:  # type: ignore[type-arg]
    return said(sender, NOTIFIED, element("MEASUREMENT", elements=[*inner]), at=at)


def station(mac: str = MAC) -> object:
    return element("MAC_ADDRESS", mac=mac)


def traffic(count: int, mac: str = MAC, sender: str = "wlc") -> tuple:  # type: ignore[type-arg]
    fields = dict.fromkeys(statistics.COUNTERS, count)
    inner = [station(mac), element("TRAFFIC", **fields)]
    container = element("STATISTICS", elements=inner)
    return said(sender, "STATISTICS_NOTIFICATION", container)


def served(name: str, mask: int, service: int = 1, sender: str = "wlc") -> tuple:  # type: ignore[type-arg]
    return said(
        sender, name, element("SERVICE", service=service, sub_services=mask), number=1
    )


def refused(
    seconds: float, by: str = "wlc", kind: EndKind = EndKind.ALERT
) -> Observation:
    return watched(end=ended(kind, by, seconds))


def alerted(level: int, number: int, sender: str = "wlc") -> Observation:
    tls = Tls(alerts=[Alert(sender, level, number, 0.1)])
    return watched(tls=tls, end=ended(EndKind.ALERT, "wlc"))


def broken(sender: str, name: str, body: str) -> tuple[str, float, bytes]:
    """A message whose elements are these bytes."""
    raw, more = said(sender, name, number=1)[2], bytes.fromhex(body)
    return sender, 0.0, raw[:4] + (12 + len(more)).to_bytes(4) + raw[8:] + more


CUT = "000500020102"  # a MAC_ADDRESS of two bytes


def only_asked(seen: Observation, judge: Judge) -> None:
    requests.names_only_asked(seen, judge, "X", requests.MEASUREMENT)


def named(*macs: str) -> tuple:  # type: ignore[type-arg]
    return said("mse", "MEASUREMENT_REQUEST", *map(station, macs), number=1)


def response(*macs: str) -> tuple:  # type: ignore[type-arg]
    held = [element("MEASUREMENT", elements=[station(mac)]) for mac in macs]
    return said("wlc", "MEASUREMENT_RESPONSE", *held, number=1)


def in_place(seen: Observation, judge: Judge) -> None:
    authlist.alerts_in_place(seen, judge, "X")


def placed(
    version: str, *alerts: Alert, records: int = 0, whole: bool = False
) -> Observation:
    tls = Tls(version=version, complete=whole, records_after=records, alerts=[*alerts])
    return watched(tls=tls, end=ended(EndKind.ALERT, "wlc"))


FATAL, WARNED, OURS = (
    Alert("wlc", 2, 46, 0.1),
    Alert("wlc", 1, 100, 0.1),
    Alert("mse", 2, 46, 0.1),
)
SILENT = watched(role="mse", live=False)
PLACES = [
    Border(
        "nothing to subscribe to",
        subscription.subscribes,
        SILENT,
        [],
        "NMSP-SUBSCRIPTION-15",
    ),
    Border("in the handshake", in_place, placed("TLSv1.2", FATAL), [True], "X"),
    Border("behind it", in_place, placed("TLSv1.2", FATAL, whole=True), [False], "X"),
    Border(
        "first behind it",
        in_place,
        placed("TLSv1.3", FATAL, records=1, whole=True),
        [True],
        "X",
    ),
    Border(
        "second behind it",
        in_place,
        placed("TLSv1.3", FATAL, records=2, whole=True),
        [False],
        "X",
    ),
    Border("a warning", in_place, placed("TLSv1.2", WARNED), [], "X"),
    Border("our own", in_place, placed("TLSv1.2", OURS), [], "X"),
]

ASKED = [
    Border("what was asked", only_asked, watched(named(MAC), response(MAC)), [True], "X"),
    Border("another", only_asked, watched(named(MAC), response(OTHER)), [False], "X"),
    Border("all may be named where none is", only_asked, watched(named(), response(MAC)), [], "X"),
    Border("one that names none before one that does", only_asked,
           watched(named(), named(MAC), response(OTHER)), [False], "X"),
    Border("an address cut short is none", only_asked,
           watched(broken("mse", "MEASUREMENT_REQUEST", CUT), response(MAC)), [], "X"),
    Border("one cut short in a response names no one", only_asked,
           watched(named(MAC), broken("wlc", "MEASUREMENT_RESPONSE", "00100006" + CUT)), [True], "X"),
]  # fmt: skip

ECHOES = [
    Border("just in time", echo.in_time, watched(asked(), answered(1.0)), [True], "NMSP-ECHO-4"),
    Border("from the request on", echo.in_time, watched(asked(2.0), answered(2.9)), [True], "NMSP-ECHO-4"),
    Border("the MSE's own answer is none", echo.in_time,
           watched(asked(), said("mse", ANSWER, at=3.0)), [], "NMSP-ECHO-4"),
    Border("just late", echo.in_time, watched(asked(), answered(1.01)), [False], "NMSP-ECHO-4"),
    Border("the first answer counts", echo.in_time,
           watched(asked(), answered(0.5), answered(3.0)), [True], "NMSP-ECHO-4"),
    Border("what came before is no answer", echo.in_time,
           watched(answered(0.0), asked(2.0), answered(2.5)), [True], "NMSP-ECHO-4"),
    Border("nothing to time", echo.in_time, watched(asked()), [], "NMSP-ECHO-4"),
    Border("an answer before is none", echo.answered,
           watched(answered(), asked()), [False], "NMSP-ECHO-1"),
    Border("two answers, the second request open", echo.answered,
           watched(asked(), answered(), asked(1.0, 2)), [True, False], "NMSP-ECHO-1"),
    Border("our own answer is none of theirs", echo.answered,
           watched(asked(), said("mse", ANSWER, number=1)), [False], "NMSP-ECHO-1"),
    Border("a request of the WLC asks nobody", echo.answered,
           watched(said("wlc", ASK, number=1)), [], "NMSP-ECHO-1"),
    Border("an unsolicited one first", echo.unsolicited,
           watched(answered(), asked(), answered()), [False], "NMSP-ECHO-6"),
    Border("transactions of earlier requests", echo.same_transaction,
           watched(asked(0, 1), asked(0, 2), answered(1, 1)), [True], "NMSP-ECHO-3"),
    Border("a transaction that is only asked later", echo.same_transaction,
           watched(asked(0, 1), answered(1, 2), asked(2, 2)), [False], "NMSP-ECHO-3"),
    Border("nothing asked, nothing to compare", echo.same_transaction,
           watched(answered()), [], "NMSP-ECHO-3"),
    Border("a pause as long as may be", echo.mse_echoes,
           watched(asked(120.0), role="mse", until_s=240.0), [True], "NMSP-ECHO-9"),
    Border("a pause too long at the end", echo.mse_echoes,
           watched(asked(100.0), role="mse", until_s=221.0), [False], "NMSP-ECHO-9"),
    Border("a pause too long at the beginning", echo.mse_echoes,
           watched(asked(121.0), role="mse", until_s=122.0), [False], "NMSP-ECHO-9"),
    Border("none in a capture that is too short", echo.mse_echoes,
           watched(role="mse", until_s=119.0, live=False), [], "NMSP-ECHO-9"),
    Border("none in a capture that is long enough", echo.mse_echoes,
           watched(role="mse", until_s=121.0, live=False), [False], "NMSP-ECHO-9"),
    Border("none as long as may be", echo.mse_echoes,
           watched(role="mse", until_s=120.0, live=False), [True], "NMSP-ECHO-9"),
    Border("one request has its own", echo.own_transactions,
           watched(asked(), role="mse"), [], "NMSP-ECHO-10"),
    Border("two of three alike", echo.own_transactions,
           watched(asked(0, 1), asked(1, 2), asked(2, 1), role="mse"), [False], "NMSP-ECHO-10"),
    Border("it gives up", echo.gives_up,
           watched(asked(), role="mse", end=ended(EndKind.FIN, "mse")), [True], "NMSP-ECHO-11"),
    Border("answered, it need not", echo.gives_up,
           watched(asked(), answered(), role="mse"), [], "NMSP-ECHO-11"),
    Border("an element is too much", echo.is_bare,
           watched(said("wlc", ANSWER, element("STATUS"), number=1)), [False], "NMSP-ECHO-8"),
    Border("answered twice", echo.answered_once,
           watched(asked(), answered(), answered()), [False], "NMSP-ECHO-2"),
]  # fmt: skip

MEASUREMENTS = [
    Border("sixteen samples", measurement.well_formed,
           watched(measured(station(), *[sample()] * 16)), [True], "NMSP-MEASUREMENT-5"),
    Border("seventeen samples", measurement.well_formed,
           watched(measured(station(), *[sample()] * 17)), [False], "NMSP-MEASUREMENT-5"),
    Border("two addresses", measurement.well_formed,
           watched(measured(station(), station(OTHER))), [False], "NMSP-MEASUREMENT-5"),
    Border("no address", measurement.well_formed,
           watched(measured(sample())), [False], "NMSP-MEASUREMENT-5"),
    Border("what the MSE says is not measured", measurement.well_formed,
           watched(measured(sender="mse")), [], "NMSP-MEASUREMENT-5"),
    Border("0 dBm", measurement.plausible,
           watched(measured(station(), sample(0, 0))), [True], "NMSP-MEASUREMENT-6"),
    Border("1 dBm at one antenna", measurement.plausible,
           watched(measured(station(), sample(1, -50))), [False], "NMSP-MEASUREMENT-6"),
    Border("1 dBm at the other", measurement.plausible,
           watched(measured(station(), sample(-50, 1))), [False], "NMSP-MEASUREMENT-6"),
    Border("just often enough", notifications.not_too_often,
           watched(measured(station(), at=1.0), measured(station(), at=1.8)), [True], "NMSP-NOTIFICATIONS-2"),
    Border("too often", notifications.not_too_often,
           watched(measured(station(), at=1.0), measured(station(), at=1.79)), [False], "NMSP-NOTIFICATIONS-2"),
    Border("two stations at once", notifications.not_too_often,
           watched(measured(station()), measured(station(OTHER))), [], "NMSP-NOTIFICATIONS-2"),
    Border("a tag as loud as before", notifications.by_threshold,
           watched(tag(-50), tag(-54)), [False], "NMSP-NOTIFICATIONS-7"),
    Border("a tag that is as much louder as the threshold", notifications.by_threshold,
           watched(tag(-54), tag(-49), tag(-54)), [True], "NMSP-NOTIFICATIONS-7"),
    Border("a tag that has moved little since it was told last", notifications.by_threshold,
           watched(tag(-50), tag(-60), tag(-56)), [False], "NMSP-NOTIFICATIONS-7"),
    Border("a tag that another radio hears", notifications.by_threshold,
           watched(tag(-50), tag(-50, slot=1)), [True], "NMSP-NOTIFICATIONS-7"),
    Border("a tag that nobody hears", notifications.by_threshold,
           watched(tag(), tag()), [True], "NMSP-NOTIFICATIONS-7"),
    Border("another tag", notifications.by_threshold,
           watched(tag(-50), tag(-50, mac=OTHER)), [True], "NMSP-NOTIFICATIONS-7"),
    Border("a station has no such threshold", notifications.by_threshold,
           watched(tag(-50, kind=0), tag(-50, kind=0)), [], "NMSP-NOTIFICATIONS-7"),
    Border("a tag without a name", notifications.by_threshold,
           watched(measured(element("ENTITY", kind=1)), measured(element("ENTITY", kind=1))), [], "NMSP-NOTIFICATIONS-7"),
    Border("counters stay", statistics.do_not_fall,
           watched(traffic(5), traffic(5)), [True], "NMSP-STATISTICS-5"),
    Border("counters fall", statistics.do_not_fall,
           watched(traffic(5), traffic(4)), [False], "NMSP-STATISTICS-5"),
    Border("another station's", statistics.do_not_fall,
           watched(traffic(5), traffic(4, OTHER)), [], "NMSP-STATISTICS-5"),
    Border("the MSE's own", statistics.do_not_fall,
           watched(traffic(5, sender="mse"), traffic(4, sender="mse")), [], "NMSP-STATISTICS-5"),
    Border("an access point of two addresses", ap_info.name_access_points,
           watched(said("wlc", "AP_INFO_NOTIFICATION",
                        element("AP", elements=[station(), station(OTHER)]))),
           [False], "NMSP-AP_INFO-2"),
]  # fmt: skip

OTHERS = [
    Border("in five seconds", authlist.decides_in_time, refused(5.0), [True], "NMSP-AUTHLIST-15"),
    Border("in more", authlist.decides_in_time, refused(5.01), [False], "NMSP-AUTHLIST-15"),
    Border("not by the WLC", authlist.decides_in_time,
           refused(1.0, "mse", EndKind.OURS), [False], "NMSP-AUTHLIST-15"),
    Border("a reset frees it", authlist.frees, refused(1.0, kind=EndKind.RST), [True], "NMSP-AUTHLIST-16"),
    Border("alert 46", authlist.alerts_certificate_unknown, alerted(2, 46), [True], "NMSP-AUTHLIST-6"),
    Border("only a warning", authlist.alerts_certificate_unknown, alerted(1, 46), [False], "NMSP-AUTHLIST-6"),
    Border("alert 45", authlist.alerts_certificate_unknown, alerted(2, 45), [False], "NMSP-AUTHLIST-6"),
    Border("our own alert", authlist.alerts_certificate_unknown,
           alerted(2, 46, "mse"), [False], "NMSP-AUTHLIST-6"),
    Border("a byte before", authlist.sends_nothing_first,
           watched(tls=Tls(application_before=b"x")), [False], "NMSP-AUTHLIST-7"),
    Border("a message", authlist.sends_nothing_first, watched(answered()), [False], "NMSP-AUTHLIST-7"),
    Border("what no one can read", authlist.sends_nothing_first,
           msgspec.structs.replace(watched(), unread=["2 bytes"]), [False], "NMSP-AUTHLIST-7"),
    Border("nothing in the clear", transport.nothing_in_the_clear, watched(), [True], "NMSP-TRANSPORT-4"),
    Border("a close_notify is no failure", transport.completes_handshake,
           watched(tls=Tls(complete=True, alerts=[Alert("wlc", 1, 0, 0.1)])), [True], "NMSP-TRANSPORT-5"),
    Border("a handshake that an alert ends", transport.completes_handshake,
           watched(tls=Tls(complete=True, alerts=[Alert("wlc", 2, 40, 0.1)])), [False], "NMSP-TRANSPORT-5"),
    Border("more than was asked for", subscription.confirms_only_what_was_asked,
           watched(served(subscription.REQUEST, 1, sender="mse"), served(subscription.RESPONSE, 3)),
           [False], "NMSP-SUBSCRIPTION-3"),
    Border("less than was asked for", subscription.confirms_only_what_was_asked,
           watched(served(subscription.REQUEST, 3, sender="mse"), served(subscription.RESPONSE, 1)),
           [True], "NMSP-SUBSCRIPTION-3"),
    Border("bits of another service", capability.sub_services_belong,
           watched(served("CAPABILITY_NOTIFICATION", 0x40)), [False], "NMSP-CAPABILITY-3"),
    Border("all bits of its own", capability.sub_services_belong,
           watched(served("CAPABILITY_NOTIFICATION", 0x3F)), [True], "NMSP-CAPABILITY-3"),
    Border("MORE in the last", lambda s, j: requests.more_announced(s, j, "X", requests.INFORMATION),
           watched(said("wlc", "INFORMATION_RESPONSE", number=1, more=True)), [False], "X"),
    Border("MORE in all but the last", lambda s, j: requests.more_announced(s, j, "X", requests.INFORMATION),
           watched(said("wlc", "INFORMATION_RESPONSE", number=1, more=True),
                   said("wlc", "INFORMATION_RESPONSE", number=1)), [True], "X"),
    Border("MORE in none of two", lambda s, j: requests.more_announced(s, j, "X", requests.INFORMATION),
           watched(said("wlc", "INFORMATION_RESPONSE", number=1),
                   said("wlc", "INFORMATION_RESPONSE", number=1)), [False], "X"),
    Border("a transaction that was not asked in", lambda s, j: requests.in_transaction(s, j, "X", requests.INFORMATION),
           watched(said("mse", "INFORMATION_REQUEST", number=1),
                   said("wlc", "INFORMATION_RESPONSE", number=2)), [False], "X"),
    Border("asked later", lambda s, j: requests.in_transaction(s, j, "X", requests.INFORMATION),
           watched(said("wlc", "INFORMATION_RESPONSE", number=1),
                   said("mse", "INFORMATION_REQUEST", number=1)), [False], "X"),
]  # fmt: skip

TRAFFIC = layers.bind().profile.element_types["TRAFFIC"]


def capable(mask: int, service: int = 1) -> tuple:  # type: ignore[type-arg]
    return served("CAPABILITY_NOTIFICATION", mask, service)


def wants(mask: int, service: int = 1) -> tuple:  # type: ignore[type-arg]
    return served(subscription.REQUEST, mask, service, "mse")


def grants(mask: int, service: int = 1) -> tuple:  # type: ignore[type-arg]
    return served(subscription.RESPONSE, mask, service)


def of_kind(kind: int, sender: str = "wlc") -> tuple:  # type: ignore[type-arg]
    return measured(station(), element("ENTITY", kind=kind), sender=sender)


def refuses(seen: Observation, judge: Judge) -> None:
    authlist.refuses(seen, judge, "X")


def speaks(seen: Observation, judge: Judge) -> None:
    session.speaks(seen, judge, "X", 12)


def waited(seen: Observation, judge: Judge) -> None:
    session.subscribes_after_capability(seen, judge, waited=True)


def cut_counters() -> tuple[str, float, bytes]:
    mac = bytes(station()).hex()
    inner = f"{mac}{TRAFFIC:04x}00020102"
    return broken("wlc", "STATISTICS_NOTIFICATION", f"0030{len(inner) // 2:04x}{inner}")


FIRST = session.subscribes_after_capability
THEIR_ECHO = said("wlc", ASK, number=1)

MORE = [
    Border("ended by the MSE", refuses, refused(1.0, "mse", EndKind.FIN), [False], "X"),
    Border("timed out", refuses, refused(1.0, kind=EndKind.TIMEOUT), [False], "X"),
    Border("ended by the MSE, not freed", authlist.frees, refused(1.0, "mse", EndKind.FIN), [False], "NMSP-AUTHLIST-16"),
    Border("timed out, not freed", authlist.frees, refused(1.0, kind=EndKind.TIMEOUT), [False], "NMSP-AUTHLIST-16"),
    Border("as many bytes before as in a message", authlist.sends_nothing_first,
           watched(answered(), tls=Tls(application_before=bytes(12))), [False], "NMSP-AUTHLIST-7"),
    Border("a late answer after an early one", echo.in_time,
           watched(answered(0.0), asked(2.0), answered(3.5)), [False], "NMSP-ECHO-4"),
    Border("a sample that is cut short", measurement.plausible,
           watched(broken("wlc", NOTIFIED, "00100006001200020102")), [True], "NMSP-MEASUREMENT-6"),
    Border("kinds where none was subscribed to", notifications.kinds_subscribed,
           watched(wants(0x200, 3), of_kind(1)), [], "NMSP-NOTIFICATIONS-5"),
    Border("a kind that the MSE notifies", notifications.kinds_subscribed,
           watched(wants(1), of_kind(2, "mse")), [], "NMSP-NOTIFICATIONS-5"),
    Border("a kind in another message", notifications.kinds_subscribed,
           watched(wants(1), said("wlc", "MEASUREMENT_RESPONSE", element("MEASUREMENT", elements=[
               station(), element("ENTITY", kind=2)]))), [], "NMSP-NOTIFICATIONS-5"),
    Border("counters that are cut short", statistics.do_not_fall,
           watched(traffic(5), cut_counters()), [], "NMSP-STATISTICS-5"),
    Border("a bit that was not asked for", subscription.confirms_only_what_was_asked,
           watched(wants(2), grants(1)), [False], "NMSP-SUBSCRIPTION-3"),
    Border("a service that was not asked for", subscription.confirms_only_what_was_asked,
           watched(wants(3), grants(1, 3)), [False], "NMSP-SUBSCRIPTION-3"),
    Border("the transaction of another request", subscription.in_transaction,
           watched(asked(0, 2), wants(1), said("wlc", subscription.RESPONSE, number=2)), [False], "NMSP-SUBSCRIPTION-7"),
    Border("granted what is offered", subscription.confirms_only_what_is_offered,
           watched(capable(3), wants(1), grants(1)), [True], "NMSP-SUBSCRIPTION-14"),
    Border("granted what is not offered", subscription.confirms_only_what_is_offered,
           watched(capable(3), wants(1, 3), grants(1, 3)), [False], "NMSP-SUBSCRIPTION-14"),
    Border("granted before anything was offered", subscription.confirms_only_what_is_offered,
           watched(wants(1), grants(1)), [], "NMSP-SUBSCRIPTION-14"),
    Border("wanted what is offered", subscription.asks_for_what_is_offered,
           watched(capable(3), wants(1), role="mse"), [True], "NMSP-SUBSCRIPTION-16"),
    Border("wanted a service that is not offered", subscription.asks_for_what_is_offered,
           watched(capable(3), wants(1, 3), role="mse"), [False], "NMSP-SUBSCRIPTION-16"),
    Border("wanted a bit that is not offered", subscription.asks_for_what_is_offered,
           watched(capable(1), wants(2), role="mse"), [False], "NMSP-SUBSCRIPTION-16"),
    Border("no answer at all", transport.is_tls_server, watched(), [], "NMSP-TRANSPORT-1"),
    Border("closed before any answer", transport.is_tls_server,
           watched(end=ended(EndKind.FIN, "wlc")), [], "NMSP-TRANSPORT-1"),
    Border("no TLS", transport.is_tls_server, watched(tls=Tls(plaintext=b"x")), [False], "NMSP-TRANSPORT-1"),
    Border("no TLS after TLS", transport.is_tls_server,
           watched(tls=Tls(seen=True, plaintext=b"x")), [False], "NMSP-TRANSPORT-1"),
    Border("TLS", transport.is_tls_server, watched(tls=Tls(seen=True)), [True], "NMSP-TRANSPORT-1"),
    Border("nobody knows whether it asked", transport.asks_for_certificate, watched(), [], "NMSP-TRANSPORT-2"),
    Border("asked, and left", transport.asks_for_certificate,
           watched(tls=Tls(certificate_requested=True)), [True], "NMSP-TRANSPORT-2"),
    Border("not seen to ask in a whole handshake", transport.asks_for_certificate,
           watched(tls=Tls(complete=True)), [False], "NMSP-TRANSPORT-2"),
    Border("an alert of our own", transport.completes_handshake,
           watched(tls=Tls(complete=True, alerts=[Alert("mse", 2, 40, 0.1)])), [True], "NMSP-TRANSPORT-5"),
    Border("nothing early, nothing complete", transport.nothing_before_handshake, watched(), [], "NMSP-TRANSPORT-3"),
    Border("our own bytes sent back", speaks, watched(asked(), THEIR_ECHO), [False], "X"),
    Border("more than our own bytes", speaks,
           msgspec.structs.replace(watched(asked(), THEIR_ECHO), unread=["1 byte"]), [True], "X"),
    Border("asked first", FIRST, watched(wants(1), capable(1), role="mse"), [False], "NMSP-SESSION-10"),
    Border("told first", FIRST, watched(capable(1), wants(1), role="mse"), [True], "NMSP-SESSION-10"),
    Border("something else first", FIRST,
           watched(answered(), wants(1), capable(1), role="mse"), [False], "NMSP-SESSION-10"),
    Border("never told", FIRST, watched(wants(1), role="mse"), [False], "NMSP-SESSION-10"),
    Border("never asked", FIRST, watched(capable(1), role="mse"), [], "NMSP-SESSION-10"),
    Border("never asked, though there was time", waited,
           watched(capable(1), role="mse"), [True], "NMSP-SESSION-10"),
]  # fmt: skip

POLICY = POLICIES["c9800"]
VERSION, SUITE = POLICY.versions[0], POLICY.suites[0]


def by_policy(seen: Observation, judge: Judge) -> None:
    transport.by_policy(seen, judge, POLICY)


CLAIMED = [
    Border("both as claimed", by_policy, watched(tls=Tls(version=VERSION, suite=SUITE)), [True], "NMSP-TRANSPORT-16"),
    Border("another version", by_policy, watched(tls=Tls(version="SSLv3", suite=SUITE)), [False], "NMSP-TRANSPORT-16"),
    Border("another suite", by_policy, watched(tls=Tls(version=VERSION, suite="NULL")), [False], "NMSP-TRANSPORT-16"),
    Border("neither", by_policy, watched(tls=Tls(version="SSLv3", suite="NULL")), [False], "NMSP-TRANSPORT-16"),
]  # fmt: skip


def offering(
    *said_: tuple[str, float, bytes],
    claimed: dict[int, int],
    met: list[bool],
    name: str,
) -> Border:
    def check(seen: Observation, judge: Judge) -> None:
        capability.offers_claimed(seen, judge, claimed)

    return Border(name, check, watched(*said_), met, "NMSP-CAPABILITY-9")


OFFERED = [
    offering(capable(3), claimed={1: 3}, met=[True], name="offered as claimed"),
    offering(
        capable(3), claimed={1: 1}, met=[True], name="offered more than is claimed"
    ),
    offering(capable(1), claimed={1: 3}, met=[False], name="a bit that is not offered"),
    offering(capable(2), claimed={1: 1}, met=[False], name="another bit"),
    offering(capable(0), claimed={1: 0}, met=[True], name="a service, whatever of it"),
    offering(
        capable(3), claimed={9: 0}, met=[False], name="a service that is not offered"
    ),
    offering(capable(3), claimed={1: 3, 9: 1}, met=[True, False], name="one of two"),
    offering(answered(), claimed={1: 3}, met=[], name="no capability"),
]

BORDERS = [*CLAIMED, *PLACES, *ASKED, *MORE, *ECHOES, *MEASUREMENTS, *OTHERS, *OFFERED]


@pytest.mark.parametrize("border", BORDERS, ids=lambda b: b.id.replace(" ", "-"))
def test_a_check_decides_at_its_border(border: Border) -> None:
    assert border.decided() == border.met
