# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from nmsp_scapy.conversation import Conversation, Direction, Event, Message, Result
from nmsp_scapy.dissect import dissect
from nmsp_scapy.tls import KeyStore
from tests.gear.talks import START_NS, STEP_NS, Talk, clear_talk, talk


def read(one: Talk, **options: bool) -> list[Result]:
    return list(dissect(one.open(**options)))


def said(results: list[Result]) -> list[tuple[int, bytes]]:
    sides = {Direction.MSE_TO_WLC: 0, Direction.WLC_TO_MSE: 1}
    return [(sides[m.direction], m.raw) for m in results if isinstance(m, Message)]


def events(results: list[Result], name: str | None = None) -> list[Event]:
    found = [e for e in results if isinstance(e, Event)]
    return [e for e in found if name is None or e.event == name]


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3"])
def test_what_was_said_is_read(version: str) -> None:
    one = talk(version)
    results = read(one)
    assert said(results) == list(one.said)
    assert not [e for e in events(results) if e.lost]
    (conversation,) = (c for c in results if isinstance(c, Conversation))
    assert str(conversation.client) == "10.1.1.10:40001"
    assert conversation.ended == "fin"
    assert conversation.tls is not None
    assert conversation.tls.version == f"TLS {version}"
    assert len(conversation.tls.client_certificates) == 1


def test_messages_know_their_frames_and_times() -> None:
    messages = [m for m in read(talk()) if isinstance(m, Message)]
    assert [m.index for m in messages] == list(range(len(messages)))
    for message in messages:
        (frame,) = message.frames
        assert message.time_ns == START_NS + frame * STEP_NS
    assert [m.time_ns for m in messages] == sorted(m.time_ns for m in messages)


def test_how_it_ended_is_told_and_last() -> None:
    results = read(talk())
    alerts = events(results, "alert")
    assert [a.direction for a in alerts] == list(Direction)
    assert all("close_notify" in a.reason for a in alerts)
    assert len(events(results, "fin")) == 2
    assert isinstance(results[-1], Event)
    assert results[-1].event == "closed"


def test_without_a_key_nothing_is_made_up_and_the_reason_is_told() -> None:
    results = read(talk(), secrets=False)
    assert not said(results)
    lost = [e for e in events(results) if e.lost]
    assert {e.event for e in lost} == {"no-key"}
    assert {e.direction for e in lost} == set(Direction)


def test_keys_may_come_from_beside_the_capture() -> None:
    one = talk("1.3")
    keys = KeyStore()
    keys.add_keylog(b"junk\n" + one.key_log, "beside.keys")
    results = list(dissect(one.open(secrets=False), keys=keys))
    assert said(results) == list(one.said)
    (bad,) = events(results, "key-log")
    assert "beside.keys:1" in bad.reason
    assert not bad.lost


@pytest.mark.parametrize("version", ["1.0", "1.2", "1.3"])
def test_a_lost_frame_is_a_gap_and_the_rest_is_read(version: str) -> None:
    one = talk(version)
    whole = [m for m in read(one) if isinstance(m, Message)]
    victim = whole[6]
    one.dropped = set(victim.frames)
    results = read(one)
    found = said(results)
    for side in (0, 1):  # what waits for a late packet comes after the other side's
        rest = iter([m for m in one.said if m[0] == side])
        assert all(message in rest for message in found if message[0] == side)
    gaps = events(results, "gap")
    assert len(gaps) == 1
    assert gaps[0].lost
    assert gaps[0].stream == "tcp"
    assert len(found) >= len(one.said) - 2


def test_a_capture_without_tls_is_read_as_it_is() -> None:
    one = clear_talk()
    results = read(one)
    assert said(results) == list(one.said)
    (conversation,) = (c for c in results if isinstance(c, Conversation))
    assert (conversation.transport, conversation.tls) == ("tcp", None)


def test_a_hole_without_tls_costs_only_its_own_messages() -> None:
    one = clear_talk()
    one.dropped = {16, 17}
    results = read(one)
    assert len(events(results, "gap")) == 1
    assert len(said(results)) >= len(one.said) - 2


def test_another_port_is_not_looked_at() -> None:
    assert not list(dissect(talk().open(), ports=frozenset({17000})))


def test_damage_of_the_file_is_an_event_with_its_place() -> None:
    import io

    data = talk().pcapng()
    results = list(dissect(io.BytesIO(data[:-30])))
    (damage,) = events(results, "damage")
    assert damage.lost
    assert damage.stream == "file"
    assert damage.offset
