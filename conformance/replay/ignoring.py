# SPDX-License-Identifier: GPL-2.0-or-later
"""Fields that are not compared, because they differ from moment to moment."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

VARYING = {
    "RSSI_SAMPLE": "what is heard differs from moment to moment",
    "TRAFFIC": "counters go on",
    "last_heard_s": "time passes",
    "since_s": "time passes",
    "state": "stations and access points come and go",
}
"""What naturally varies, and why; patterns as `Ignoring` takes them."""


class Ignoring:
    """Tells what is compared.

    A pattern is the name of a message, an element or a field, or several of them
    joined by dots (`SERVICE_SUBSCRIBE_RESPONSE.STATUS.code`, `STATUS.*`), in capital
    letters or not. What stands inside something ignored is ignored.

    Attributes:
        patterns: what is ignored, with the reason.
    """

    def __init__(
        self, ignored: Sequence[str] = (), compared: Sequence[str] = ()
    ) -> None:
        """Begin.

        Args:
            ignored: patterns besides those that naturally vary.
            compared: patterns of what is compared although it varies.
        """
        self._asked = [pattern.upper() for pattern in ignored]
        self._compared = [pattern.upper() for pattern in compared]
        self._varying = [pattern.upper() for pattern in VARYING]
        self.patterns = dict.fromkeys(ignored, "as asked") | {
            pattern: why
            for pattern, why in VARYING.items()
            if pattern.upper() not in self._compared
        }
        self._known: dict[str, bool] = {}

    def hides(self, path: str) -> bool:
        """Tell whether a message, element or field is ignored.

        Args:
            path: names from the message on, joined by dots.
        """
        if path not in self._known:
            self._known[path] = self._hides(path.upper())
        return self._known[path]

    def _hides(self, path: str) -> bool:
        if _matches(self._asked, path):
            return True
        return _matches(self._varying, path) and not _matches(self._compared, path)


def _matches(patterns: Sequence[str], path: str) -> bool:
    names = path.split(".")
    outer = [".".join(names[: at + 1]) for at in range(len(names))]
    return any(
        fnmatchcase(each, pattern) or fnmatchcase(each, f"*.{pattern}")
        for pattern in patterns
        for each in outer
    )
