# SPDX-License-Identifier: GPL-2.0-or-later
"""Primitives of a drawing: scales, ticks, elements. Text is always escaped."""

import math

from markupsafe import Markup, escape

COLOURS = 8
"""Colours of the palette; class names `c0` to `c7` in the style sheet."""


class Scale:
    """A linear scale from values to places on the paper."""

    def __init__(self, low: float, high: float, start: float, stop: float) -> None:
        """Map `low` to `start` and `high` to `stop`; equal ends are set apart."""
        self.low, self.high = low, high if high > low else low + 1
        self._start, self._factor = start, (stop - start) / (self.high - low)

    def __call__(self, value: float) -> float:
        """Return the place of a value, to a tenth."""
        return round(self._start + (value - self.low) * self._factor, 1)

    def ticks(self, about: int = 5) -> list[float]:
        """Return round values within the scale."""
        rough = (self.high - self.low) / about
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough)
        first = math.ceil(self.low / step) * step
        count = int((self.high - first) / step + 1e-9) + 1
        return [round(first + at * step, 10) for at in range(count)]


TIME_STEPS = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400),
)


def time_ticks(scale: Scale, about: int = 8) -> list[float]:
    """Return times in seconds that people count in, within a scale from 0."""
    rough = scale.high / about
    step = next((each for each in TIME_STEPS if each >= rough), None)
    step = step or math.ceil(rough / 86400) * 86400
    return [at * step for at in range(int(scale.high / step + 1e-9) + 1)]


def moment(value: float, last: float) -> str:
    """Write a time on an axis that ends at `last` seconds: `20 s`, `3:20`."""
    if last < 120:
        return seconds(value)
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    if last < 7200:
        return f"{hours * 60 + minutes}:{rest:02}"
    return f"{hours}:{minutes:02}:{rest:02}"


def tag(name: str, content: object = "", /, **attributes: object) -> Markup:
    """Make an element; `_` in attribute names stands for `-`, a trailing one is cut."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if content == "":
        return Markup(f"<{name}{said}/>")  # noqa: S704 - all parts are escaped
    return Markup(f"<{name}{said}>{escape(content)}</{name}>")  # noqa: S704


def joined(*parts: Markup | str) -> Markup:
    """Put elements one behind the other; plain text is escaped."""
    return Markup("").join(parts)


def drawing(width: int, height: int, title: str, *parts: Markup, ident: str) -> Markup:
    """Make a drawing with a name that screen readers say."""
    body = joined(tag("title", title, id=f"{ident}-title"), *parts)
    return tag(
        "svg",
        body,
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_labelledby=f"{ident}-title",
        class_="chart",
        preserveAspectRatio="xMinYMin meet",
    )


def number(value: float) -> str:
    """Write a number for people: `12`, `0.25`, `1.2 k`, `3.4 M`."""
    for size, unit in ((1e6, " M"), (1e3, " k")):
        if abs(value) >= 10 * size or (abs(value) >= size and unit == " M"):
            return f"{value / size:.3g}{unit}"
    return f"{value:.4g}"


def seconds(value: float) -> str:
    """Write a duration for people: `120 ms`, `3.5 s`, `12 min`, `2.5 h`."""
    size = abs(value)
    if size >= 7200:
        return f"{value / 3600:.3g} h"
    if size >= 120:
        return f"{value / 60:.3g} min"
    if size >= 1 or size == 0:
        return f"{value:.3g} s"
    return f"{value * 1000:.3g} ms"
