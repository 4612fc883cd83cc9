# SPDX-License-Identifier: GPL-2.0-or-later
"""The emulated WLC and MSE, over real TLS: whom it lets in, and what is said."""

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from conformance.emulator.authlist import AuthList
from conformance.emulator.mse import EVERYTHING, EmulatedMse, Plan
from conformance.emulator.server import EmulatedWlc
from conformance.emulator.wlc import Settings
from conformance.transport import End
from nmsp_scapy.authlist.identity import identity_of
from nmsp_scapy.constants import Service, SubService
from tests.gear.emulators import MSE, WLC

VERSIONS = ("1.0", "1.1", "1.2", "1.3")


@contextlib.contextmanager
def serving(*, interval_s: float = 0.05, **options: Any) -> Iterator[EmulatedWlc]:
    options.setdefault("authlist", AuthList.of(MSE.der))
    options.setdefault("settings", Settings(interval_s=interval_s))
    with EmulatedWlc(presented=WLC, **options) as wlc:
        yield wlc
    left = [t.name for t in threading.enumerate() if t.name == f"wlc {wlc.port}"]
    assert not left


def visit(wlc: EmulatedWlc, seconds: float = 5.0, **options: Any) -> EmulatedMse:
    """Let an MSE ask for all it wants, then leave."""
    options.setdefault("presented", MSE)
    mse = EmulatedMse(("127.0.0.1", wlc.port), **options)
    mse.once(seconds, until_settled=True)
    mse.stop()
    return mse


def counts(table: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {name: (one.count, one.size) for name, one in table.items()}


@pytest.mark.parametrize("tls", VERSIONS)
@pytest.mark.parametrize("sha1", [True, False], ids=["sha1", "sha256"])
def test_a_listed_mse_is_served(tls: str, sha1: bool) -> None:
    with serving(tls=tls, authlist=AuthList.of(MSE.der, sha1=sha1)) as wlc:
        mse = visit(wlc)
    assert mse.session is not None
    assert mse.session.settled
    assert wlc.peers[0].certificate == MSE.der


@pytest.mark.parametrize("tls", VERSIONS)
@pytest.mark.parametrize("case", ["empty", "other hash", "other MAC"])
def test_anybody_else_gets_alert_46_and_no_message(tls: str, case: str) -> None:
    shown = identity_of(MSE.der)
    mac = shown.mac or ""
    listed = {
        "empty": AuthList(),
        "other hash": AuthList([(mac, "00" * 32)]),
        "other MAC": AuthList([("02005ee0ffff", shown.sha256)]),
    }[case]
    with serving(tls=tls, authlist=listed) as wlc:
        mse = visit(wlc)
    assert (mse.ended[0].end, mse.ended[0].alert) == (End.ALERT, 46)
    assert mse.session is None or not mse.session.session.received
    assert wlc.peers[0].session is None


def test_the_list_takes_its_time_and_only_the_new_feel_a_change() -> None:
    with serving(authlist_wait_s=0.3) as wlc:
        began = time.monotonic()
        visit(wlc)
        assert time.monotonic() - began > 0.3
        wlc.authlist.remove(identity_of(MSE.der).mac or "")
        assert visit(wlc).ended[0].alert == 46


def test_the_screen_of_the_source_document_byte_for_byte() -> None:
    with serving(settings=Settings(ngwc=True, part=100)) as wlc:
        mse = visit(wlc, 1.0)
    assert mse.session is not None
    sent = counts(mse.session.session.sent)
    received = counts(mse.session.session.received)
    assert sent["SERVICE_SUBSCRIBE_REQUEST"] == (1, 77)
    assert received["SERVICE_SUBSCRIBE_RESPONSE"] == (1, 18)
    assert sent["INFORMATION_REQUEST"] == (2, 38)
    assert sent["STATISTICS_REQUEST"] == (4, 78)
    assert received["LOCATION_RESPONSE"] == (2, 70)


def test_both_sides_count_alike() -> None:
    with serving(tls="1.2", settings=Settings(interval_s=30)) as wlc:
        mse = visit(wlc, plan=Plan(asks=EVERYTHING))
    served = wlc.peers[0].session
    assert served is not None
    assert mse.session is not None
    ours, theirs = served.session, mse.session.session
    assert counts(ours.received) == counts(theirs.sent)
    assert counts(ours.sent) == counts(theirs.received)
    assert ours.unsupported == 0


def test_more_than_fits_comes_in_parts() -> None:
    settings = Settings(part=2)  # for six stations
    with serving(settings=settings) as wlc:
        ask = ("STATISTICS_REQUEST", SubService.STATISTICS_MOBILE_STATION)
        mse = visit(wlc, plan=Plan(asks=[ask]))
    assert mse.session is not None
    assert mse.session.session.received["STATISTICS_RESPONSE"].count == 3


def test_only_what_was_subscribed_is_notified_at_its_interval() -> None:
    plan = Plan({Service.RSSI: SubService.RSSI_MOBILE_STATION}, asks=())
    with serving(interval_s=0.2, settings=Settings(interval_s=0.2, part=9)) as wlc:
        mse = EmulatedMse(("127.0.0.1", wlc.port), presented=MSE, plan=plan)
        mse.once(1.1)
        mse.stop()
    assert mse.session is not None
    received = mse.session.session.received
    notified = {name for name in received if name.endswith("_NOTIFICATION")}
    assert notified == {"CAPABILITY_NOTIFICATION", "MEASUREMENT_NOTIFICATION"}
    assert 3 <= received["MEASUREMENT_NOTIFICATION"].count <= 5


def test_several_mses_at_once_each_have_their_own_session() -> None:
    plans = [
        Plan({Service.RSSI: SubService.RSSI_MOBILE_STATION}, asks=()),
        Plan({Service.AP_INFO: SubService.AP_INFO_SUBSCRIPTION}, asks=()),
        Plan(None, asks=()),
    ]
    with serving() as wlc, contextlib.ExitStack() as stack:
        target = ("127.0.0.1", wlc.port)
        mses = [
            stack.enter_context(EmulatedMse(target, presented=MSE, plan=plan))
            for plan in plans
        ]
        time.sleep(1.5)
        assert sum(peer.end is None for peer in wlc.peers) == 3
    heard = [set(mse.session.session.received) for mse in mses if mse.session]
    assert [
        {name for name in names if name.endswith("NOTIFICATION")} for names in heard
    ] == [
        {"CAPABILITY_NOTIFICATION", "MEASUREMENT_NOTIFICATION"},
        {"CAPABILITY_NOTIFICATION", "AP_INFO_NOTIFICATION"},
        {"CAPABILITY_NOTIFICATION"},
    ]


def test_echo_is_asked_at_its_interval_and_answered_once() -> None:
    with serving(settings=Settings(interval_s=30)) as wlc:
        plan = Plan(None, asks=(), echo_s=0.1, dead_s=5)
        mse = EmulatedMse(("127.0.0.1", wlc.port), presented=MSE, plan=plan)
        mse.once(1.05)
        mse.stop()
    assert mse.session is not None
    sent = mse.session.session.sent["ECHO_REQUEST"].count
    assert 6 <= sent <= 11
    assert sent - mse.session.session.received["ECHO_RESPONSE"].count <= 1


def test_a_wlc_that_falls_silent_is_dead_to_the_mse() -> None:
    with serving(faults=["echo-unanswered"], settings=Settings(interval_s=30)) as wlc:
        plan = Plan(None, asks=(), echo_s=0.1, dead_s=0.3)
        mse = EmulatedMse(("127.0.0.1", wlc.port), presented=MSE, plan=plan)
        mse.once(10)
        mse.stop()
    assert mse.session is not None
    assert mse.session.dead
    assert mse.ended[0].end is End.TIMEOUT


def test_a_stopped_wlc_says_close_notify_and_the_mse_dials_again() -> None:
    with serving() as wlc:
        port = wlc.port
        mse = EmulatedMse(("127.0.0.1", port), presented=MSE, reconnect_s=0.1).start()
        _until(lambda: mse.session is not None and mse.session.settled)
    _until(lambda: len(mse.ended) > 1)
    first, then = mse.ended[0].end, mse.ended[1].end
    assert (first, then) == (End.CLOSE_NOTIFY, End.REFUSED)
    with serving(port=port) as wlc:
        _until(lambda: bool(wlc.peers) and wlc.peers[-1].session is not None)
    mse.stop()


def test_a_listener_is_closed_with_its_block_and_may_be_stopped_twice() -> None:
    with serving() as wlc:
        pass
    wlc.stop()
    mse = EmulatedMse(("127.0.0.1", wlc.port), presented=MSE)
    mse.once(1)
    mse.stop()
    assert mse.ended[0].end is End.REFUSED


def test_unknown_policies_and_faults_are_named() -> None:
    with pytest.raises(ValueError, match=r"1\.4"):
        EmulatedWlc(tls="1.4", presented=WLC)
    with pytest.raises(ValueError, match="no fault 'nonsense'"):
        EmulatedWlc(faults=["nonsense"], presented=WLC)


def _until(condition: Any, seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_gear_that_crashes_refuses_at_once() -> None:
    with serving(faults=["short-length-crashes"]) as wlc:
        mse = EmulatedMse(("127.0.0.1", wlc.port), presented=MSE).start()
        _until(lambda: bool(wlc.peers) and wlc.peers[0].session is not None)
        served = wlc.peers[0].session
        assert served is not None
        served.ending = "crash"
        _until(lambda: bool(mse.ended))
        mse.stop()
        assert mse.ended[0].end is End.RST
        again = EmulatedMse(("127.0.0.1", wlc.port), presented=MSE)
        again.once(5)
        again.stop()
    assert again.ended[0].end is End.REFUSED
