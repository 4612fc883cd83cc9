# SPDX-License-Identifier: GPL-2.0-or-later
"""Opened ahead or in turn, the results are the same, and in the same order."""

import io
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from nmsp_scapy.capture import source
from nmsp_scapy.cli import reading
from nmsp_scapy.cli.opener import ProcessOpener
from nmsp_scapy.conversation import Conversation, Event
from nmsp_scapy.decrypt import Decryption, Opened
from nmsp_scapy.tls import Opener, ahead
from nmsp_scapy.tls.aead import Aead13
from nmsp_scapy.tls.ahead import Aead, Chain, Task
from nmsp_scapy.tls.bulk import Run
from tests.gear.captures import Tap
from tests.gear.hostile import Spoiling, file_of, spoiled, spoilings, tap_of
from tests.gear.kinds import FEATURES, KINDS, recorded
from tests.gear.tls import items, key_store, read

FEW = settings(max_examples=int(os.environ.get("NMSP_EXAMPLES", "4")), deadline=None)
AEAD = [kind for kind in KINDS if kind.endswith(("gcm", "ccm", "ccm8", "chacha"))]
ALL = [*AEAD, *FEATURES]


class Lazy:
    """Opens a run when its result is asked for, and counts."""

    def __init__(self) -> None:
        self.runs = self.went_on = self.held_else = 0
        self.chains: dict[Aead, Chain] = {}

    def submit(self, protection: Aead, task: Task) -> "Lazy.Ticket":
        self.runs += 1
        self.went_on += task.start is None
        if protection not in self.chains:
            twin = type(protection)(*protection.recipe)
            self.chains[protection] = Chain(twin)
        return self.Ticket(self, self.chains[protection], task)

    class Ticket:
        def __init__(self, opener: "Lazy", chain: Chain, task: Task) -> None:
            self.opener, self.chain, self.task = opener, chain, task

        def result(self) -> Run:
            found = self.chain.open(self.task)
            self.opener.held_else += found.inner is not None
            return found


@pytest.fixture(autouse=True)
def small() -> Iterator[None]:
    """Batches of a few packets, and runs of any size."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "CHUNK", 3000)
        patch.setattr(ahead, "LEAST", 1)
        yield


def told(found: Opened) -> object:
    if isinstance(found, Conversation):
        return found.index, str(found.client)
    if isinstance(found, Event):
        return found
    return found[0].index, *found[1:]


def opened(capture: bytes, opener: Opener | None) -> tuple[list[object], object]:
    decryption = Decryption(opener=opener)
    batches = list(decryption.run(io.BytesIO(capture)))
    results = [told(found) for batch in batches for found in batch]
    return results, (decryption.unread, decryption.key_log, decryption.conversations)


def segments(kind: str, spoiling: Spoiling, port: int = 40_000) -> list[object]:
    return spoiled(tap_of(recorded(kind), spoiling, port), spoiling)


@pytest.mark.parametrize("kind", ALL)
@FEW
@given(spoiling=spoilings())
def test_a_session_in_any_capture(kind: str, spoiling: Spoiling) -> None:
    capture = file_of(segments(kind, spoiling), recorded(kind).key_log)
    assert opened(capture, Lazy()) == opened(capture, None)


@FEW
@given(
    kinds=st.lists(st.sampled_from(AEAD), min_size=2, max_size=4),
    spoiling=st.tuples(*[spoilings()] * 4),
    chance=st.randoms(use_true_random=False),
)
def test_sessions_in_one_capture(
    kinds: list[str], spoiling: tuple[Spoiling, ...], chance: Random
) -> None:
    queues = [
        segments(kind, how, 40_000 + number)
        for number, (kind, how) in enumerate(zip(kinds, spoiling, strict=False))
    ]
    merged = []
    while any(queues):
        queue = chance.choice([queue for queue in queues if queue])
        merged += queue[: chance.randrange(1, 4)]
        del queue[:3]
    capture = file_of(merged, [line for k in kinds for line in recorded(k).key_log])
    assert opened(capture, Lazy()) == opened(capture, None)


def test_records_that_hold_something_else_are_met() -> None:
    """Tickets, key updates and alerts stand among application data in TLS 1.3."""
    runs = went_on = held_else = 0
    for kind in ALL:
        lazy = Lazy()
        capture = file_of(segments(kind, Spoiling()), recorded(kind).key_log)
        assert opened(capture, lazy) == opened(capture, None)
        runs += lazy.runs
        went_on += lazy.went_on
        held_else += lazy.held_else
    assert runs > 20
    assert went_on > 5
    assert held_else > 2


def sealed(protection: Aead13, kind: int, content: bytes) -> bytes:
    """The next record of a direction of TLS 1.3."""
    _, key, iv = protection.recipe
    length = len(content) + 17
    head = b"\x17\x03\x03" + length.to_bytes(2)
    nonce = int.from_bytes(iv) ^ protection.sequence
    protection.sequence += 1
    inner = content + bytes([kind])
    return head + AESGCM(key).encrypt(nonce.to_bytes(12), inner, head)


def test_a_ticket_among_application_data_takes_nothing_away() -> None:
    """OpenSSL sends none there; others may, and the keys stay."""
    session = recorded("tls13-gcm")
    flow = list(session.flow[:-2])  # without the two alerts that close it
    read_so_far = read(items(flow), key_store(session))
    protection = read_so_far.session._lanes[1].protection
    assert isinstance(protection, Aead13)
    ticket = b"\x04\0\0\x0d" + bytes(4) + bytes(4) + b"\0" + b"\0\0" + b"\0\0"
    said = [number.to_bytes(4) * 30 for number in range(60)]
    for number, data in enumerate(said):
        if number in (7, 8, 31):
            flow.append((1, sealed(protection, 22, ticket)))
        flow.append((1, sealed(protection, 23, data)))
    tap = Tap(client=("10.0.0.1", 40_000)).open()
    for side, data in flow:
        tap.write(side, data, acknowledged=False)
    capture = file_of(tap.segments, session.key_log)
    expected, more = opened(capture, None)
    plain = [f[2].data for f in expected if type(f) is tuple and f[1:2] == (1,)]
    assert b"".join(plain).endswith(b"".join(said))
    lazy = Lazy()
    assert opened(capture, lazy) == (expected, more)
    assert lazy.held_else >= 1


@pytest.mark.parametrize("kind", [AEAD[0], AEAD[-1]])
def test_another_process_does_it_too(kind: str) -> None:
    capture = file_of(segments(kind, Spoiling()), recorded(kind).key_log)
    opener = ProcessOpener()
    try:
        assert opened(capture, opener) == opened(capture, None)
        assert opener._process is not None
    finally:
        opener.close()


def test_a_process_that_dies_loses_nothing() -> None:
    capture = file_of(segments(AEAD[0], Spoiling()), recorded(AEAD[0]).key_log)

    class Mortal(ProcessOpener):
        def submit(self, protection: Aead, task: Task) -> ahead.Ticket | None:
            ticket = super().submit(protection, task)
            assert self._process is not None
            if self._process.pid is not None and self._process.is_alive():
                os.kill(self._process.pid, signal.SIGKILL)
                self._process.join()
            return ticket

    opener = Mortal()
    try:
        assert opened(capture, opener) == opened(capture, None)
        assert opener._over
    finally:
        opener.close()


def test_a_run_larger_than_the_pipes() -> None:
    """Neither side waits for the other for ever."""
    kept: list[tuple[Aead, Task]] = []

    class Keeping(Lazy):
        def submit(self, protection: Aead, task: Task) -> "Lazy.Ticket":
            kept.append((protection, task))
            return super().submit(protection, task)

    kind = "tls13-gcm"
    opened(file_of(segments(kind, Spoiling()), recorded(kind).key_log), Keeping())
    first = [one for one in kept if one[1].start is not None]
    protection, (number, data, _) = max(first, key=lambda one: len(one[1].data))
    many = 3_000_000 // len(data) + 1
    ends = [len(data) * (at + 1) for at in range(many)]
    task = Task(number, data * many, ends)
    opener = ProcessOpener()
    try:
        tickets = [opener.submit(protection, task) for _ in range(4)]
        found = [ticket and ticket.result() for ticket in tickets]
        assert found == [Lazy().submit(protection, task).result()] * 4
    finally:
        opener.close()


def test_large_captures_alone_get_a_process(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for size, made in ((reading.LARGE - 1, False), (reading.LARGE, True)):
        path.write_bytes(bytes(size))
        with reading._opener(str(path), None) as opener:
            assert (opener is not None) == made
        with reading._opener(str(path), io.BytesIO()) as opener:
            assert opener is None
