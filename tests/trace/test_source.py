# SPDX-License-Identifier: GPL-2.0-or-later
"""Both traces of the source document, read without a wrong word."""

import pytest

from nmsp_scapy.trace import Connection, Outcome, Tracker, judge
from nmsp_scapy.trace.events import Kind
from nmsp_scapy.trace.verdict import intervals, key_exchange
from tests.trace.english import SOURCE, aireos, english, ios_log, radioactive


def read(text: bytes) -> tuple[Connection, Connection]:
    tracker = Tracker()
    found = list(tracker.feed_all(text.split(b"\n"))) + tracker.close()
    failure, success = found
    return failure, success


@pytest.fixture(
    params=[
        "spanish, by ocr",
        "english",
        "radioactive trace",
        "AireOS debug",
        "IOS log",
    ]
)
def both(request: pytest.FixtureRequest) -> tuple[Connection, Connection]:
    text = {
        "spanish, by ocr": SOURCE.read_text,
        "english": english,
        "radioactive trace": radioactive,
        "AireOS debug": aireos,
        "IOS log": ios_log,
    }[request.param]()
    return read(text.encode())


def test_the_failure_is_the_authlist_s(both: tuple[Connection, Connection]) -> None:
    verdict = judge(both[0])
    assert verdict.outcome is Outcome.AUTHLIST
    assert verdict.confidence == "certain"
    assert verdict.title.replace("12.070000", "12.070") == (
        "the WLC's AuthList rejects the MSE's certificate: alert certificate_unknown "
        "written at 22:28:12.070, 1.001 s after the list was asked"
    )
    assert verdict.seconds == pytest.approx(1.308)
    longest = intervals(both[0])[0]
    assert longest.seconds == pytest.approx(1.001)
    assert longest.name == "the AuthList's refusal"


def test_the_success_took_as_long_as_it_took(
    both: tuple[Connection, Connection],
) -> None:
    verdict = judge(both[1])
    assert verdict.outcome is Outcome.UP
    assert verdict.title == (
        "the connection is up after 1.332 s, 0.994 s of it between the list's answer "
        "and the next state"
    )
    assert [round(i.seconds, 3) for i in intervals(both[1])][:3] == [0.994, 0.3, 0.017]


def test_the_states_betray_static_rsa(both: tuple[Connection, Connection]) -> None:
    for connection in both:
        exchange = key_exchange(connection)
        assert exchange.name == "static RSA"
        assert "no 0x2150" in exchange.reason


def test_every_state_is_read(both: tuple[Connection, Connection]) -> None:
    failure, success = both
    assert [s.said.state for s in failure.states()] == [
        *(0x6000, 0x6000, 0x2111, 0x2111, 0x2130, 0x2140, 0x2160, 0x2100),
        *(0x2180, 0x2182, 0x2182),
    ]
    assert [s.said.state for s in success.states()] == [
        *(0x6000, 0x6000, 0x2111, 0x2111, 0x2130, 0x2140, 0x2160, 0x2100),
        *(0x2180, 0x2180, 0x2190, 0x21A0, 0x21C0, 0x21D0, 0x21E0, 0x2100, 3, 3),
    ]
    alert = next(s for s in failure.states() if s.said.where == 0x4008)
    assert alert.said.ret == 0x22E


def test_each_connection_has_its_handle_and_number(
    both: tuple[Connection, Connection],
) -> None:
    failure, success = both
    assert (failure.handle, failure.number, failure.ended) == ("b3f8a8d0", 0, "freed")
    assert (success.handle, success.number) == ("590a6048", 0)
    assert failure.begun
    assert success.begun


def test_what_ocr_damaged_is_told() -> None:
    failure, success = read(SOURCE.read_bytes())
    assert success.spellings == ["59026048"]
    lost = [s.kind for s in failure.steps if not s.exact]
    assert lost == [Kind.WANT, Kind.STATE, Kind.REFUSED]
    beginning = next(s for s in success.steps if s.kind is Kind.VALIDATED)
    assert beginning.said.text == "beginning lost"


def test_an_application_message_is_counted_apart() -> None:
    tracker = Tracker()
    list(tracker.feed_all(SOURCE.read_bytes().split(b"\n")))
    assert tracker.trace.applications == {"NMSP_APP_MEAS_NOTIFY_MSG": 1}


def test_a_head_without_a_year_gives_no_date() -> None:
    _, success = read(aireos().encode())
    assert not success.dated
    assert read(radioactive().encode())[0].dated
