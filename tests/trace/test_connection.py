# SPDX-License-Identifier: GPL-2.0-or-later
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmsp_scapy.trace import Connection, Outcome, Tracker, connections, judge
from nmsp_scapy.trace.connection import OPEN_LIMIT, STEP_LIMIT
from nmsp_scapy.trace.verdict import intervals
from tests.trace.english import HEAD, SOURCE, english


def follow(*lines: str, task: str = "1") -> list[Connection]:
    """The connections of a trace whose records come 10 ms apart."""
    text = [
        f"[01/02/26 10:00:{at // 100:02}.{at % 100 * 10:03} UTC {at:x} {task}] {line}"
        for at, line in enumerate(lines)
    ]
    return list(connections(line.encode() for line in text))


def handshake(handle: str, number: int) -> list[str]:
    return [
        f"Allocated new NMSP connection {number}",
        f"sslConnectionInit: SSL_new() conn ssl {handle}",
        f"sslConnectionInit: SSL_do_handshake for conn ssl {handle}, conn state: INIT, "
        "SSL state: HANDSHAKING",
        "SSL state = 0x6000; where = 0x10; ret = 0x1",
        "SSL state = 0x2111; where = 0x2001; ret = 0x1",
    ]


def test_interleaved_connections_are_kept_apart() -> None:
    text = english()
    records = [line for line in text.splitlines() if HEAD.match(line)]
    at = next(i for i, line in enumerate(records) if "06/06/15" in line)
    failure = records[:at]
    success = [line for line in records[at:] if "NMSP_APP" not in line]
    # Same process, another number, and every handshake call breaks into the other's.
    other = [
        re.sub(r"(conn(?:ection)?(?: id)?) 0\b", r"\1 1", line)
        .replace("06/06/15 17:56:3", "06/03/15 22:28:1")
        .replace(" 10205]", " 10241]")
        for line in success
    ]
    blocks: list[list[str]] = []
    for lines in (failure, other):
        block: list[str] = []
        for line in lines:
            if re.search(r"Allocated|SSL_do_handshake for", line) and block:
                blocks.append(block)
                block = []
            block.append(line)
        blocks.append(block)
    half = len(blocks) // 2
    mixed = [
        line
        for pair in zip(blocks[:half], blocks[half:], strict=True)
        for block in pair
        for line in block
    ]
    found = list(connections(line.encode() for line in mixed))
    assert {c.handle: judge(c).outcome for c in found} == {
        "b3f8a8d0": Outcome.AUTHLIST,
        "590a6048": Outcome.UP,
    }
    assert [len(c.states()) for c in found] == [11, 18]


def test_tasks_keep_their_own_current_connection() -> None:
    lines = []
    for at, (a, b) in enumerate(
        zip(handshake("aaaa0000", 0), handshake("bbbb0000", 1), strict=True)
    ):
        head = f"[01/02/26 10:00:00.{at:03} UTC {at}"
        lines += [f"{head} 7] {a}", f"{head} 8] {b}"]
    first, second = connections(line.encode() for line in lines)
    assert [len(c.states()) for c in (first, second)] == [2, 2]
    assert (first.task, second.task) == ("7", "8")


def test_a_handle_one_digit_off_is_ambiguous_between_two() -> None:
    found = follow(
        *handshake("aaaa0001", 0),
        *handshake("aaaa0002", 1),
        "returns WANT_READ for conn ssl aaaa0003",
    )
    assert [c.handle for c in found] == ["aaaa0001", "aaaa0002", "aaaa0003"]
    assert [c.begun for c in found] == [True, True, False]


def test_exact_handles_win_over_near_ones() -> None:
    found = follow(
        *handshake("aaaa0001", 0),
        *handshake("aaaa0002", 1),
        "freeing Nmsp conn ssl aaaa0001, conn id 0",
        "freeing Nmsp conn ssl aaaa0002, conn id 1",
    )
    assert [(c.handle, c.ended) for c in found] == [
        ("aaaa0001", "freed"),
        ("aaaa0002", "freed"),
    ]


def test_a_reused_number_begins_a_new_connection() -> None:
    found = follow(*handshake("aaaa0001", 0), *handshake("bbbb0002", 0))
    assert [(c.handle, c.ended) for c in found] == [
        ("aaaa0001", "replaced"),
        ("bbbb0002", "end of log"),
    ]


def test_a_log_that_begins_in_the_middle_says_so() -> None:
    (only,) = follow(
        "returns WANT_READ for conn ssl aaaa0001",
        "SSL state = 0x2180; where = 0x2001; ret = 0x1",
    )
    assert not only.begun
    assert judge(only).outcome is Outcome.UNFINISHED


@pytest.mark.parametrize(
    ("lines", "outcome", "confidence"),
    [
        (
            [
                "SSL state = 0x2182; where = 0x4008; ret = 0x22e",
                "handshake failed for conn ssl aaaa0001, error ssl_err 1 = "
                "error:140890B2:SSL routines:SSL3_GET_CLIENT_CERTIFICATE:"
                "no certificate returned",
            ],
            Outcome.AUTHLIST,
            "likely",
        ),
        (
            [
                "SSL state = 0x2112; where = 0x4008; ret = 0x228",
                "handshake failed for conn ssl aaaa0001, error ssl_err 1 = "
                "error:1408A0C1:SSL routines:SSL3_GET_CLIENT_HELLO:no shared cipher",
            ],
            Outcome.SUITE,
            "certain",
        ),
        (
            [
                "SSL state = 0x2112; where = 0x4008; ret = 0x246",
                "handshake failed for conn ssl aaaa0001, error ssl_err 1 = "
                "error:1408A10B:SSL routines:SSL3_GET_CLIENT_HELLO:"
                "wrong version number",
            ],
            Outcome.VERSION,
            "certain",
        ),
        (
            [
                "SSL state = 0x2182; where = 0x4008; ret = 0x228",
                "handshake failed for conn ssl aaaa0001, error ssl_err 1 = "
                "error:140890C7:SSL routines:SSL3_GET_CLIENT_CERTIFICATE:"
                "peer did not return a certificate",
            ],
            Outcome.NO_CERTIFICATE,
            "certain",
        ),
        (
            ["SSL state = 0x2182; where = 0x4008; ret = 0x22d"],
            Outcome.CERTIFICATE,
            "certain",
        ),
        (
            ["SSL state = 0x2180; where = 0x4004; ret = 0x230"],
            Outcome.PEER_ALERT,
            "certain",
        ),
        (
            [
                "handshake failed for conn ssl aaaa0001, error ssl_err 1 = "
                "error:14094416:SSL routines:SSL3_READ_BYTES:sslv3 alert certificate "
                "unknown"
            ],
            Outcome.PEER_ALERT,
            "certain",
        ),
        (
            ["SSL state = 0x2180; where = 0x4008; ret = 0x250"],
            Outcome.ALERT,
            "certain",
        ),
        (
            ["freeing Nmsp conn ssl aaaa0001, conn id 0"],
            Outcome.LOST,
            "likely",
        ),
        (
            ["SSL state = 0x2180; where = 0x4008; ret = 0x100"],
            Outcome.UNFINISHED,
            "unclear",
        ),
    ],
)
def test_other_ends_have_other_names(
    lines: list[str], outcome: Outcome, confidence: str
) -> None:
    (only,) = follow(*handshake("aaaa0001", 0), *lines)
    verdict = judge(only)
    assert (verdict.outcome, verdict.confidence) == (outcome, confidence)
    assert verdict.advice


def test_an_accepting_list_is_not_blamed_for_a_later_alert() -> None:
    (only,) = follow(
        *handshake("aaaa0001", 0),
        "Peer certificate Validation Done for conn ssl aaaa0001, calling authlist..",
        "Authlist authentication successful for conn ssl aaaa0001",
        "Peer validated against the AuthList",
        "SSL state = 0x2182; where = 0x4008; ret = 0x22e",
    )
    assert judge(only).outcome is Outcome.ALERT


def test_memory_is_bounded_by_limits() -> None:
    state = "SSL state = 0x2180; where = 0x2002; ret = 0xffffffff"
    (only,) = follow(*handshake("aaaa0001", 0), *[state] * (STEP_LIMIT + 50))
    assert len(only.steps) == STEP_LIMIT
    assert only.dropped == 55
    tracker = Tracker()
    for at in range(OPEN_LIMIT + 5):
        for line in handshake(f"{at:05x}abc{at:05x}", at):
            tracker.feed(f"[01/02/26 10:00:00.000 UTC 1 2] {line}".encode())
    assert len(tracker.open) == OPEN_LIMIT


@settings(max_examples=60)
@given(st.data())
def test_damaged_logs_never_raise(data: st.DataObject) -> None:
    text = SOURCE.read_bytes()
    at = data.draw(st.integers(0, len(text)))
    junk = data.draw(st.binary(max_size=60))
    width = data.draw(st.integers(0, 3000))
    damaged = text[:at] + junk + text[at + width :]
    for connection in connections(damaged.split(b"\n")):
        assert judge(connection).title


@given(st.lists(st.text(max_size=80), max_size=30))
def test_any_lines_are_read(lines: list[str]) -> None:
    for connection in connections(line.encode("utf-8", "replace") for line in lines):
        judge(connection)


def test_what_is_said_after_the_end_begins_nothing() -> None:
    (only,) = follow(
        *handshake("aaaa0001", 0),
        "freeing Nmsp conn ssl aaaa0001, conn id 0",
        "SSL state = 0x3; where = 0x4008; ret = 0x100",
    )
    assert only.ended == "freed"


def test_the_time_after_the_connection_was_up_is_not_its_setting_up() -> None:
    lines = [
        *handshake("aaaa0001", 0),
        "SSL state = 0x3; where = 0x2002; ret = 0x1",
        "NMSP connection successful. for conn 0",
        *["SSL state = 0x3; where = 0x4004; ret = 0x100"] * 400,
        "freeing Nmsp conn ssl aaaa0001, conn id 0",
    ]
    (only,) = follow(*lines)
    assert judge(only).title.startswith("the connection is up after 0.060 s")
    assert all(i.seconds < 0.02 for i in intervals(only))
