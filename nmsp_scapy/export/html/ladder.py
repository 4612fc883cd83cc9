# SPDX-License-Identifier: GPL-2.0-or-later
"""The conversation as a ladder: two uprights, a rung a message, time to scale.

Bursts stand apart by minutes and their messages by milliseconds, so the ladder is cut
into scenes: within one, time runs to scale; the pause between two is named.
"""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from nmsp_scapy.conversation import Direction
from nmsp_scapy.export.html.svg import drawing, joined, seconds, tag

WIDTH, LEFT, RIGHT = 880, 250, 630
ROW, SCENE_HEIGHT, PAUSE_HEIGHT = 18, 110, 30
HEAD = 34


class Step(NamedTuple):
    """One rung.

    Attributes:
        time_ns: when.
        direction: None stands in the middle (a connection's beginning).
        kind: class of the style sheet: `tcp`, `tls`, `alert`, `nmsp`, `echo`, `gone`;
            `cut` is no rung but says what is left out.
    """

    time_ns: int
    direction: Direction | None
    text: str
    kind: str
    frame: int


class Scene(NamedTuple):
    """Steps that belong together in time.

    Attributes:
        steps: as they are drawn.
        pause_ns: to the next scene.
        again: how many scenes like it follow and are not drawn.
        end_ns: when the last of those ends.
    """

    steps: list[Step]
    pause_ns: int
    again: int = 0
    end_ns: int = 0


def scenes(steps: Sequence[Step]) -> list[Scene]:
    """Cut steps where the pause is long beside what went before."""
    found: list[Scene] = []
    current: list[Step] = []
    for step in steps:
        if current and "cut" in (step.kind, current[-1].kind):
            found.append(Scene(current, 0))
            current = []
        if current:
            pause = step.time_ns - current[-1].time_ns
            length = current[-1].time_ns - current[0].time_ns
            if pause > max(250_000_000, 4 * length) or len(current) >= 40:
                found.append(Scene(current, pause))
                current = []
        current.append(step)
    if current:
        found.append(Scene(current, 0))
    return _without_repeats([s._replace(steps=_runs(s.steps)) for s in found])


def _runs(steps: Sequence[Step]) -> list[Step]:
    """Put equal messages in a row into one rung with their number."""
    found: list[Step] = []
    counts: list[int] = []
    for step in steps:
        like = found[-1] if found else None
        same = like is not None and like[1:4] == step[1:4]
        if same and step.kind in ("nmsp", "echo"):
            counts[-1] += 1
        else:
            found.append(step)
            counts.append(1)
    return [
        step._replace(text=f"{count} x {step.text}") if count > 1 else step
        for step, count in zip(found, counts, strict=True)
    ]


def _without_repeats(found: Sequence[Scene]) -> list[Scene]:
    """Leave out scenes that say the same as the one before, and count them."""
    kept: list[Scene] = []
    for scene in found:
        shape = [step[1:4] for step in scene.steps]
        if kept and [step[1:4] for step in kept[-1].steps] == shape:
            again = kept[-1].again + 1
            end = scene.steps[-1].time_ns
            kept[-1] = kept[-1]._replace(
                pause_ns=scene.pause_ns, again=again, end_ns=end
            )
        else:
            kept.append(scene)
    return kept


def ladder(
    steps: Sequence[Step], ends: tuple[str, str], left_out: int, ident: str
) -> Markup:
    """Draw the ladder.

    Args:
        steps: in order of time.
        ends: names of the MSE and the WLC.
        left_out: messages between opening and closing that are not drawn.
        ident: of the drawing, unique on the page.
    """
    parts: list[Markup] = []
    start = steps[0].time_ns if steps else 0
    top = HEAD
    for scene in scenes(steps):
        top, drawn = _scene(scene, top, start)
        parts.append(drawn)
    height = top + 12
    uprights = joined(
        *(
            joined(
                tag("line", x1=x, x2=x, y1=HEAD - 8, y2=height - 4, class_="upright"),
                tag("text", name, x=x, y=16, class_=f"end-name {side}"),
            )
            for x, name, side in ((LEFT, ends[0], "left"), (RIGHT, ends[1], "right"))
        )
    )
    title = f"Ladder diagram: {len(steps)} steps between {ends[0]} and {ends[1]}"
    if left_out:
        title += f", {left_out} messages left out"
    return drawing(WIDTH, height, title, uprights, *parts, ident=ident)


def _scene(scene: Scene, top: int, start: int) -> tuple[int, Markup]:
    steps = scene.steps
    if steps[0].kind == "cut":
        middle = (LEFT + RIGHT) / 2
        cut = tag("text", steps[0].text, x=middle, y=top + 26, class_="pause cut")
        return top + 44, cut
    first, last = steps[0].time_ns, steps[-1].time_ns
    height = max(SCENE_HEIGHT, ROW * len(steps)) if len(steps) > 1 else ROW
    scale = (height - ROW) / (last - first) if last > first else 0
    parts: list[Markup] = []
    label = top
    for step in steps:
        true = top + ROW / 2 + (step.time_ns - first) * scale
        label = max(label, int(true) - ROW // 2)
        parts.append(_rung(step, round(true, 1), label + ROW // 2, start))
        label += ROW
    end = max(top + height, label)
    middle = (LEFT + RIGHT) / 2
    if scene.again:
        each = (scene.end_ns - last) / 1e9 / scene.again
        times = "once" if scene.again == 1 else f"{scene.again} times"
        said = f"the same {times} more, {seconds(each)} apart"
        parts.append(tag("text", said, x=middle, y=end + 14, class_="pause"))
        end += 18
    if scene.pause_ns:
        said = f"{seconds(scene.pause_ns / 1e9)} later"
        parts.append(
            tag("text", said, x=middle, y=end + PAUSE_HEIGHT / 2 + 4, class_="pause")
        )
        end += PAUSE_HEIGHT
    return end, joined(*parts)


def _rung(step: Step, true: float, label: int, start: int) -> Markup:
    since = f"+{(step.time_ns - start) / 1e9:.3f} s"
    said = f"{since}: {step.text}" + (f", frame {step.frame}" if step.frame else "")
    to_wlc = step.direction is not Direction.WLC_TO_MSE
    x1, x2 = (LEFT, RIGHT) if to_wlc else (RIGHT, LEFT)
    tip = x2 - 8 if to_wlc else x2 + 8
    head = f"{x2},{true} {tip},{true - 3.5} {tip},{true + 3.5}"
    text_x = LEFT - 12 if to_wlc else RIGHT + 12
    align = "end" if to_wlc else "start"
    leader = (
        f"M{LEFT if to_wlc else RIGHT} {true}L{text_x + (4 if to_wlc else -4)} {label}"
    )
    shape = joined(
        tag("title", said),
        tag("line", x1=x1, x2=x2, y1=true, y2=true),
        tag("polygon", points=head),
        tag("path", d=leader, class_="leader"),
        tag("text", step.text, x=text_x, y=label + 4, class_=align),
        tag(
            "text",
            since,
            x=RIGHT + 12 if to_wlc else LEFT - 12,
            y=label + 4,
            class_="when " + ("start" if to_wlc else "end"),
        ),
    )
    return tag("g", shape, class_=f"rung {step.kind}")
