# SPDX-License-Identifier: GPL-2.0-or-later
"""The text of `show nmsp statistics connection` is read back as it was written."""

from hypothesis import given
from hypothesis import strategies as st

from nmsp_scapy.conversation import Direction
from nmsp_scapy.status.ios import ios_screens
from nmsp_scapy.status.reading import read_statistics
from nmsp_scapy.status.tally import Counter, Status

RX, TX = Direction.MSE_TO_WLC, Direction.WLC_TO_MSE


def status(mse: str, *counters: tuple[int, str, Direction, int]) -> Status:
    made = [Counter(n, name, where, count) for n, name, where, count in counters]
    return Status(0, mse=mse, wlc=":16113", first_ns=0, counters=made)


def test_all_screens_together_are_read_by_peer_direction_and_id() -> None:
    text = ios_screens(
        [
            status(
                "10.0.0.9:5", (1, "ECHO_REQUEST", RX, 7), (2, "ECHO_RESPONSE", TX, 6)
            ),
            status("10.0.0.8:5", (1, "ECHO_REQUEST", RX, 1)),
        ]
    )
    assert read_statistics(text) == {
        ("10.0.0.9", RX, 1): 7,
        ("10.0.0.9", TX, 2): 6,
        ("10.0.0.8", RX, 1): 1,
    }


def test_what_is_no_table_is_passed_over() -> None:
    assert read_statistics("Rx Data Frames : 7\n  1  Echo  3\nWLC#show clock\n") == {}


@given(st.text(max_size=400))
def test_no_text_is_too_odd(text: str) -> None:
    assert isinstance(
        read_statistics("CMX IP Address: x\nRx Message Counters:\n" + text), dict
    )
