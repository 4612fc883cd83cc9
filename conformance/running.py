# SPDX-License-Identifier: GPL-2.0-or-later
"""What runs beside the caller, from `start` to `stop` or for the time of a block."""

from abc import ABC, abstractmethod
from typing import Self


class Running(ABC):
    """A server or client in threads of its own."""

    @abstractmethod
    def start(self) -> Self:
        """Begin to run."""

    @abstractmethod
    def stop(self) -> None:
        """End in order. May be called twice."""

    def __enter__(self) -> Self:
        """Run for the time of a block."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()
