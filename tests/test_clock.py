# SPDX-License-Identifier: GPL-2.0-or-later
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from nmsp_scapy.clock import utc


def test_times_are_utc_to_the_microsecond() -> None:
    assert utc(1_433_370_492_070_123_999) == datetime(
        2015, 6, 3, 22, 28, 12, 70123, tzinfo=UTC
    )


@given(st.integers(-(2**70), 2**70))
def test_any_time_is_some_time(time_ns: int) -> None:
    assert 1970 <= utc(time_ns).year <= 9999
