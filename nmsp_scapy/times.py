# SPDX-License-Identifier: GPL-2.0-or-later
"""Capture times as text."""

from functools import lru_cache
from time import gmtime, strftime

_SECOND_NS = 1_000_000_000


@lru_cache(maxsize=64)
def _second(second: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(second))


def iso(time_ns: int) -> str:
    """Write `2023-11-14T22:13:20.000001Z`, with nanoseconds where there are any."""
    second, rest = divmod(time_ns, _SECOND_NS)
    if rest % 1000:
        return f"{_second(second)}.{rest:09}Z"
    return f"{_second(second)}.{rest // 1000:06}Z"


def elapsed(time_ns: int, since_ns: int) -> str:
    """Write the seconds since a moment, `12.345678`."""
    micros = (time_ns - since_ns) // 1000
    sign = "-" if micros < 0 else ""
    return f"{sign}{abs(micros) // 1_000_000}.{abs(micros) % 1_000_000:06}"
