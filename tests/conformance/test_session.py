# SPDX-License-Identifier: GPL-2.0-or-later
"""The session: what its table allows, what it counts, what it refuses."""

import runpy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.session import (
    TABLE,
    Kind,
    LocalProtocolError,
    RemoteProtocolError,
    Role,
    Session,
    State,
    kind_of,
)
from nmsp_scapy.constants import MessageType
from nmsp_scapy.profile import NOMINAL

ROOT = Path(__file__).parent.parent.parent


class Pair:
    """Two sessions without a wire between them."""

    def __init__(self) -> None:
        self.of = {role: Session(role) for role in Role}
        self.now = 100.0

    def say(self, role: Role, name: str, *elements: Any, **options: Any) -> Any:
        raw = self.of[role].send(name, list(elements), self.now, **options)
        (arrival,) = self.of[role.other].receive(raw, self.now + 1)
        return arrival

    def mse(self, name: str, *elements: Any, **options: Any) -> Any:
        return self.say(Role.MSE, name, *elements, **options)

    def wlc(self, name: str, *elements: Any, **options: Any) -> Any:
        return self.say(Role.WLC, name, *elements, **options)

    def introduce(self) -> None:
        self.wlc("CAPABILITY_NOTIFICATION")
        self.mse("CAPABILITY_NOTIFICATION")

    def subscribe(self) -> None:
        self.introduce()
        asked = self.mse("SERVICE_SUBSCRIBE_REQUEST")
        self.wlc("SERVICE_SUBSCRIBE_RESPONSE", transaction=asked.transaction)

    @property
    def states(self) -> set[State]:
        return {session.state for session in self.of.values()}


@pytest.fixture
def pair() -> Pair:
    return Pair()


def test_the_page_is_made_from_the_table() -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "session_diagram.py"))["page"]()
    kept = (ROOT / "docs" / "session.md").read_text()
    assert kept == made, "run: python scripts/session_diagram.py"


def test_every_state_is_reached_and_none_is_a_dead_end() -> None:
    reached, edge = {State.CONNECTED}, [State.CONNECTED]
    while edge:
        for following in TABLE[edge.pop()].values():
            if following not in reached:
                reached.add(following)
                edge.append(following)
    assert reached == set(State) == set(TABLE)


def test_the_observed_order_brings_both_sides_to_subscribed(pair: Pair) -> None:
    pair.subscribe()
    assert pair.states == {State.SUBSCRIBED}
    assert not pair.of[Role.MSE].pending


@pytest.mark.parametrize("name", MessageType.__members__)
def test_every_message_is_something_to_the_session(name: str) -> None:
    assert kind_of(name) is not Kind.UNKNOWN


def test_echo_is_allowed_in_every_state(pair: Pair) -> None:
    for step in (lambda: None, pair.introduce, pair.subscribe):
        step()
        asked = pair.mse("ECHO_REQUEST")
        answer = pair.wlc("ECHO_RESPONSE", transaction=asked.transaction)
        assert not asked.violation
        assert not answer.violation


@pytest.mark.parametrize(
    ("role", "name"),
    [
        (Role.MSE, "SERVICE_SUBSCRIBE_REQUEST"),
        (Role.MSE, "INFORMATION_REQUEST"),
        (Role.WLC, "MEASUREMENT_NOTIFICATION"),
        (Role.WLC, "SERVICE_SUBSCRIBE_RESPONSE"),
        (Role.WLC, "ECHO_REQUEST"),
        (Role.MSE, "ECHO_RESPONSE"),
    ],
)
def test_out_of_turn_it_is_our_error_to_send_and_their_violation(
    pair: Pair, role: Role, name: str
) -> None:
    with pytest.raises(LocalProtocolError, match=name):
        pair.say(role, name)
    assert not pair.of[role].sent
    arrival = pair.say(role, name, forced=True)
    assert name in arrival.violation
    assert str(State.CONNECTED) in arrival.violation
    assert pair.states == {State.CONNECTED}


def test_a_refused_send_leaves_no_request_pending(pair: Pair) -> None:
    with pytest.raises(LocalProtocolError):
        pair.mse("STATISTICS_REQUEST")
    assert not pair.of[Role.MSE].pending


def test_a_request_is_pending_until_its_last_part(pair: Pair) -> None:
    pair.introduce()
    asked = pair.mse("STATISTICS_REQUEST")
    pending = pair.of[Role.MSE].pending
    assert pending == {asked.transaction: "STATISTICS_RESPONSE"}
    first = pair.wlc("STATISTICS_RESPONSE", transaction=asked.transaction, more=True)
    assert first.more
    assert pending
    last = pair.wlc("STATISTICS_RESPONSE", transaction=asked.transaction)
    assert not last.more
    assert not pending


@pytest.mark.parametrize("difference", ["transaction", "type"])
def test_another_response_does_not_settle_a_request(
    pair: Pair, difference: str
) -> None:
    pair.introduce()
    asked = pair.mse("STATISTICS_REQUEST")
    if difference == "type":
        pair.wlc("INFORMATION_RESPONSE", transaction=asked.transaction)
    else:
        pair.wlc("STATISTICS_RESPONSE", transaction=asked.transaction + 1)
    assert pair.of[Role.MSE].pending


def test_transaction_ids_are_not_used_twice_and_never_zero(pair: Pair) -> None:
    ids = [pair.mse("ECHO_REQUEST").transaction for _ in range(5)]
    assert len(set(ids)) == 5
    assert 0 not in ids
    pair.subscribe()
    assert pair.wlc("MEASUREMENT_NOTIFICATION").transaction == 0


def test_transaction_ids_wrap_past_zero(pair: Pair) -> None:
    pair.of[Role.MSE]._next = 0xFFFF_FFFF
    ids = [pair.mse("ECHO_REQUEST").transaction for _ in range(2)]
    assert ids == [0xFFFF_FFFF, 1]


def test_counts_and_bytes_agree_on_both_sides(pair: Pair) -> None:
    pair.subscribe()
    pair.mse("ECHO_REQUEST")
    mse, wlc = pair.of[Role.MSE], pair.of[Role.WLC]
    sent = {name: (t.count, t.size) for name, t in mse.sent.items()}
    assert sent == {name: (t.count, t.size) for name, t in wlc.received.items()}
    assert sent["ECHO_REQUEST"] == (1, 12)
    assert wlc.received["ECHO_REQUEST"].last == 101.0


def test_echo_is_no_data_frame(pair: Pair) -> None:
    pair.subscribe()
    before = pair.of[Role.WLC].data_frames(pair.of[Role.WLC].received)
    pair.mse("ECHO_REQUEST")
    assert pair.of[Role.WLC].data_frames(pair.of[Role.WLC].received) == before == 2


def test_an_unknown_id_is_kept_and_counted_as_unsupported(pair: Pair) -> None:
    raw = bytes.fromhex("0100 4e20 0000000e 00000009 beef")
    (arrival,) = pair.of[Role.WLC].receive(raw, 0.0)
    assert (arrival.name, arrival.raw, arrival.transaction) == ("", raw, 9)
    assert pair.of[Role.WLC].unsupported == 1
    assert pair.of[Role.WLC].received["20000"].size == 14
    assert pair.of[Role.WLC].state is State.CONNECTED


@pytest.mark.parametrize("length", [0, 11, NOMINAL.header.maximum + 1, 0xFFFF_FFFF])
def test_a_length_that_no_message_has_is_their_error(pair: Pair, length: int) -> None:
    head = b"\x01\0\0\x01" + length.to_bytes(4) + bytes(4)
    with pytest.raises(RemoteProtocolError, match=str(length)):
        pair.of[Role.WLC].receive(head, 0.0)


def test_what_came_before_an_impossible_length_is_not_lost(pair: Pair) -> None:
    echo = pair.of[Role.MSE].send("ECHO_REQUEST", [], 0.0)
    with pytest.raises(RemoteProtocolError) as caught:
        pair.of[Role.WLC].receive(echo + bytes(12), 0.0)
    assert [arrival.name for arrival in caught.value.arrivals] == ["ECHO_REQUEST"]


@given(cuts=st.lists(st.integers(0, 60), max_size=8))
def test_any_cut_of_the_bytes_gives_the_same_messages(cuts: list[int]) -> None:
    mse, wlc = Session(Role.MSE), Session(Role.WLC)
    told = mse.element("SOFTWARE_VERSION", version="cut")
    data = mse.send("CAPABILITY_NOTIFICATION", [told], 0.0)
    data += mse.send("ECHO_REQUEST", [], 0.0) * 2
    at, names = 0, []
    for cut in [*sorted(cuts), len(data)]:
        names += [one.name for one in wlc.receive(data[at:cut], 0.0)]
        at = max(at, cut)
    assert names == ["CAPABILITY_NOTIFICATION", "ECHO_REQUEST", "ECHO_REQUEST"]


def test_a_malformed_part_is_seen_however_deep_it_stands(pair: Pair) -> None:
    inner = bytes.fromhex("0005 0006 aabb")  # says 6 bytes, holds 2
    outer = bytes.fromhex("0010") + len(inner).to_bytes(2) + inner
    raw = bytes.fromhex("0100 000f") + (12 + len(outer)).to_bytes(4) + bytes(4) + outer
    (arrival,) = pair.of[Role.MSE].receive(raw, 0.0)
    assert arrival.malformed
    whole = pair.of[Role.MSE].receive(bytes.fromhex("0100000f0000000c00000000"), 0.0)
    assert not whole[0].malformed


def test_what_the_profile_lacks_cannot_be_said() -> None:
    session = Session(Role.MSE)
    with pytest.raises(LocalProtocolError, match="no element NO_SUCH"):
        session.element("NO_SUCH")
    with pytest.raises(LocalProtocolError, match="no message NO_SUCH"):
        session.send("NO_SUCH", [], 0.0)
