# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages are sorted by what they answer, whatever comes."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.observation import Seen
from conformance.replay import parts
from conformance.replay.answered import longest_rising
from conformance.replay.exchanges import Exchanges
from conformance.replay.ignoring import Ignoring
from nmsp_scapy import layers
from nmsp_scapy.profile import NOMINAL
from tests.gear.messages import damaged, profiles


def message(name: str, transaction: int = 0, flags: int = 0) -> bytes:
    binding = layers.bind(NOMINAL)
    body = binding.message(name)
    assert body is not None
    header = binding.header(transaction_id=transaction, flags=flags)
    return bytes(header / body())


def sorted_(*said: tuple[str, str, int]) -> Exchanges:
    made = Exchanges(NOMINAL, Ignoring())
    for at, (sender, name, transaction) in enumerate(said):
        made.add(Seen(at, at / 10, sender, message(name, transaction)))
    return made


def answers(made: Exchanges) -> list[list[int]]:
    return [[answer.index for answer in each.answers] for each in made.all]


ASK, ECHO = ("mse", "INFORMATION_REQUEST", 1), ("mse", "ECHO_REQUEST", 2)


def test_answers_belong_to_their_transaction() -> None:
    made = sorted_(
        ASK, ECHO, ("wlc", "ECHO_RESPONSE", 2), ("wlc", "INFORMATION_RESPONSE", 1)
    )
    assert answers(made) == [[3], [2]]
    assert made.order == [(1, 0), (0, 0)]


def test_the_right_kind_with_another_transaction_is_an_answer() -> None:
    assert answers(sorted_(ASK, ("wlc", "INFORMATION_RESPONSE", 9))) == [[1]]


def test_the_right_transaction_of_another_kind_is_an_answer() -> None:
    assert answers(sorted_(ASK, ("wlc", "STATISTICS_RESPONSE", 1))) == [[1]]


def test_an_answer_to_nothing_is_a_stray() -> None:
    made = sorted_(ECHO, ("wlc", "ECHO_RESPONSE", 2), ("wlc", "LOCATION_RESPONSE", 8))
    assert [stray.name for stray in made.stray] == ["LOCATION_RESPONSE"]


def test_a_transaction_used_again_is_the_later_one_s() -> None:
    response = ("wlc", "ECHO_RESPONSE", 2)
    assert answers(sorted_(ECHO, response, ECHO, response)) == [[1], [3]]


def test_a_subscription_begins_an_epoch() -> None:
    note = ("wlc", "MEASUREMENT_NOTIFICATION", 0)
    made = sorted_(
        note,
        ("mse", "SERVICE_SUBSCRIBE_REQUEST", 1),
        note,
        ("wlc", "SERVICE_SUBSCRIBE_RESPONSE", 1),
        note,
    )
    counts = [sum(map(len, epoch.times.values())) for epoch in made.epochs]
    assert counts == [2, 1]
    assert made.epochs[1].began_s == 0.3


def test_without_transaction_ids_answers_come_in_turn() -> None:
    fields = tuple(f for f in NOMINAL.header.fields if f.name != "transaction_id")
    header = msgspec.structs.replace(NOMINAL.header, fields=fields)
    bare = msgspec.structs.replace(NOMINAL, name="bare", header=header)
    made = Exchanges(bare, Ignoring())
    raws = [message(n) for n in ("ECHO_REQUEST",) * 2 + ("ECHO_RESPONSE",) * 2]
    for at, raw in enumerate(raws):
        made.add(Seen(at, 0.0, "mse" if at < 2 else "wlc", raw, (), bare))
    assert answers(made) == [[2], [3]]


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_no_message_is_too_odd(data: st.DataObject) -> None:
    profile = data.draw(st.one_of(st.just(NOMINAL), profiles()))
    raws = data.draw(st.lists(damaged(profile), min_size=1, max_size=8))
    made = Exchanges(profile, Ignoring())
    seen = [
        Seen(
            at, float(at), data.draw(st.sampled_from(["mse", "wlc"])), raw, (), profile
        )
        for at, raw in enumerate(raws)
        if len(raw) >= profile.header.size
    ]
    for one in seen:
        made.add(one)
        for other in seen:
            found = parts.differences(one, other, Ignoring())
            again = parts.differences(other, one, Ignoring())
            assert bool(found) == bool(again)


@given(st.lists(st.integers(0, 30), unique=True, max_size=12))
def test_the_longest_rising_run_rises_and_is_longest(numbers: list[int]) -> None:
    kept = sorted(longest_rising(numbers))
    run = [numbers[at] for at in kept]
    assert run == sorted(run)
    best = [1] * len(numbers)
    for at in range(len(numbers)):
        for before in range(at):
            if numbers[before] < numbers[at]:
                best[at] = max(best[at], best[before] + 1)
    assert len(run) == max(best, default=0)
