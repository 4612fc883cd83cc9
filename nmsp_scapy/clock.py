# SPDX-License-Identifier: GPL-2.0-or-later
"""Times of captures and logs as calendar times, whatever a hostile file says."""

from datetime import UTC, datetime

_LAST_S = 253_402_300_799
"""The last second of the year 9999, which is all that a datetime can hold."""


def utc(time_ns: int) -> datetime:
    """Turn ns since 1970 into a UTC time, to the microsecond; clamped to 1970-9999."""
    seconds, rest = divmod(max(time_ns, 0), 10**9)
    moment = datetime.fromtimestamp(min(seconds, _LAST_S), UTC)
    return moment.replace(microsecond=rest // 1000)
