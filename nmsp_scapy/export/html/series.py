# SPDX-License-Identifier: GPL-2.0-or-later
"""Values over time in a bounded number of buckets, however long it takes."""

from dataclasses import dataclass

WIDTH_NS = 50_000_000
"""Width of a bucket at first."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Values of one bucket: its beginning and width in ns, and what fell into it."""

    start_ns: int
    width_ns: int
    count: int
    total: float
    low: float
    high: float

    @property
    def mean(self) -> float:
        """Mean of the bucket's values."""
        return self.total / self.count


class Series:
    """Values over time; when time outgrows the buckets, they are joined in pairs.

    Attributes:
        count, total, low, high: over all values.
    """

    def __init__(self, limit: int = 240, width_ns: int = WIDTH_NS) -> None:
        """Begin.

        Args:
            limit: most buckets kept, even.
            width_ns: width at first.
        """
        self.count, self.total = 0, 0.0
        self.low, self.high = float("inf"), float("-inf")
        self._limit, self._width = limit, width_ns
        self._start: int | None = None
        self._buckets: dict[int, list[float]] = {}

    def add(self, time_ns: int, value: float = 1.0) -> None:
        """Take a value. What is older than the first falls into the first bucket."""
        if self._start is None:
            self._start = time_ns
        at = max(0, (time_ns - self._start) // self._width)
        while at >= self._limit:
            self._join()
            at //= 2
        bucket = self._buckets.get(at)
        if bucket is None:
            self._buckets[at] = [1, value, value, value]
        else:
            bucket[0] += 1
            bucket[1] += value
            bucket[2] = min(bucket[2], value)
            bucket[3] = max(bucket[3], value)
        self.count += 1
        self.total += value
        self.low, self.high = min(self.low, value), max(self.high, value)

    def _join(self) -> None:
        self._width *= 2
        joined: dict[int, list[float]] = {}
        for at, bucket in self._buckets.items():
            known = joined.get(at // 2)
            if known is None:
                joined[at // 2] = bucket
            else:
                known[0] += bucket[0]
                known[1] += bucket[1]
                known[2] = min(known[2], bucket[2])
                known[3] = max(known[3], bucket[3])
        self._buckets = joined

    @property
    def mean(self) -> float:
        """Mean of all values."""
        return self.total / self.count if self.count else 0.0

    @property
    def width_ns(self) -> int:
        """Width of the buckets."""
        return self._width

    def buckets(self) -> list[Bucket]:
        """List the buckets that hold values, in order."""
        start = self._start or 0
        return [
            Bucket(start + at * self._width, self._width, int(b[0]), b[1], b[2], b[3])
            for at, b in sorted(self._buckets.items())
        ]
