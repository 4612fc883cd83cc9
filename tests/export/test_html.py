# SPDX-License-Identifier: GPL-2.0-or-later
"""The report's page: looked at by parsers here, by a browser in test_html_browser."""

import re
from functools import cache
from html.parser import HTMLParser
from io import BytesIO
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmsp_scapy.constants import MessageType
from nmsp_scapy.conversation import Conversation, Direction, Endpoint, Event
from nmsp_scapy.dissect import dissect
from nmsp_scapy.export.html import Gathered, render
from nmsp_scapy.export.html.ladder import Step, scenes
from nmsp_scapy.export.html.series import Series
from nmsp_scapy.export.html.svg import Scale, moment, number, seconds, tag, time_ticks
from tests.gear.radio import busy
from tests.gear.setups import setups
from tests.status.conversations import IN, MSE, OUT, WLC, Talk

S = 10**9


class Outline(HTMLParser):
    """What a screen reader would find."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.text.append(data)


@cache
def page() -> str:
    gathered = Gathered()
    gathered.feed_all(dissect(BytesIO(busy(1, 3).fin(0).fin(1).pcapng())))
    return render(gathered, "busy.pcapng")


def test_the_page_is_well_formed_and_self_contained() -> None:
    outline = Outline(page())
    assert not outline.open
    for name, attributes in outline.tags:
        assert name not in ("script", "link", "img", "iframe", "object", "embed")
        for key, value in attributes.items():
            assert not key.startswith("on")
            if key in ("href", "src"):
                assert value is not None
                assert value.startswith("#")
    assert not re.search(r"https?:|@import|url\(", page())


def test_the_page_is_for_keyboard_and_screen_reader() -> None:
    outline = Outline(page())
    names = [name for name, _ in outline.tags]
    assert [n for n in names if n in ("header", "nav", "main", "footer")] == [
        *("header", "nav", "main", "footer")
    ]
    headings = [int(n[1]) for n in names if re.fullmatch("h[1-6]", n)]
    assert headings[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(headings))
    ids = [a["id"] for _, a in outline.tags if "id" in a]
    assert len(ids) == len(set(ids))
    drawings = [a for n, a in outline.tags if n == "svg"]
    assert len(drawings) >= 4
    assert all(a["role"] == "img" and a["aria-labelledby"] in ids for a in drawings)
    targets = [a["href"] for n, a in outline.tags if n == "a"]
    assert all(t is not None and t[1:] in ids for t in targets)
    assert all("tabindex" in a for _, a in outline.tags if a.get("class") == "scroll")
    # Every chart over time has its table; the ladder's rungs bear titles.
    assert names.count("figure") - 1 <= page().count("The same as a table")


def test_the_page_says_what_the_capture_holds() -> None:
    text = " ".join(" ".join(Outline(page()).text).split())
    assert "Nothing is wrong" in text
    assert "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" in text
    assert "00:50:56:9c:34:89" in text
    assert "996 ms later" in text
    assert "MEASUREMENT_NOTIFICATION" in text
    assert "00:00:5e:00:53:02" in text
    assert "both sides have finished" in text


def test_hostile_names_stay_text() -> None:
    evil = '"><script>alert(1)</script>&<svg onload=x>'
    gathered = Gathered()
    gathered.feed(Conversation(0, Endpoint(evil, 1), Endpoint(evil, 2), transport=evil))
    gathered.feed(Event(evil, 0, Direction.MSE_TO_WLC, 1, 1, S, (1,), evil, True))
    hostile = render(gathered, evil)
    outline = Outline(hostile)
    assert not outline.open
    assert "<script" not in hostile
    assert not any(key.startswith("on") for _, a in outline.tags for key in a)
    assert evil in "".join(outline.text)


@pytest.mark.parametrize("name", ["RST to a SYN", "no list at hand", "a frame lost"])
def test_broken_set_ups_make_a_page(name: str) -> None:
    setup = next(s for s in setups() if s.name == name)
    gathered = Gathered()
    gathered.feed_all(dissect(BytesIO(setup.capture)))
    outline = Outline(render(gathered, name))
    assert not outline.open


def test_an_empty_capture_makes_a_page() -> None:
    assert "None is in this capture." in render(Gathered(), "empty")


def test_size_does_not_grow_with_the_capture() -> None:
    def of(count: int) -> int:
        gathered, talk = Gathered(), Talk()
        gathered.feed(Conversation(0, MSE, WLC))
        for at in range(count):
            gathered.feed(
                talk.says(OUT, MessageType.ECHO_REQUEST, at=at, transaction=at)
            )
            gathered.feed(
                talk.says(IN, MessageType.ECHO_RESPONSE, at=at, transaction=at)
            )
        return len(render(gathered, "long"))

    small, large = of(600), of(12_000)
    assert large < small * 1.6
    assert large < 500_000


@given(
    st.lists(st.tuples(st.integers(0, 10**12), st.floats(-100, 100)), min_size=1),
    st.sampled_from([2, 8, 240]),
)
def test_buckets_keep_every_value(values: list[tuple[int, float]], limit: int) -> None:
    series = Series(limit=limit)
    for when, value in values:
        series.add(when, value)
    buckets = series.buckets()
    assert len(buckets) <= limit
    assert sum(b.count for b in buckets) == len(values) == series.count
    assert min(b.low for b in buckets) == series.low == min(v for _, v in values)
    assert max(b.high for b in buckets) == series.high
    starts = [b.start_ns for b in buckets]
    assert starts == sorted(starts)


def test_scenes_part_bursts_and_count_repeats() -> None:
    steps = [
        Step(burst * 2 * S + at * 10**6, IN, "MEASUREMENT_NOTIFICATION", "nmsp", 1)
        for burst in range(4)
        for at in range(3)
    ]
    steps.append(Step(9 * S, OUT, "ECHO_REQUEST", "echo", 9))
    first, second = scenes(steps)
    assert [s.text for s in first.steps] == ["3 x MEASUREMENT_NOTIFICATION"]
    assert first.again == 3
    assert [s.text for s in second.steps] == ["ECHO_REQUEST"]


def test_axes_count_as_people_do() -> None:
    assert time_ticks(Scale(0, 242, 0, 1)) == [0, 60, 120, 180, 240]
    assert Scale(0, 10, 0, 1).ticks() == [0, 2, 4, 6, 8, 10]
    assert moment(200, 242) == "3:20"
    assert moment(7500, 9000) == "2:05:00"
    assert [number(v) for v in (12, 12_000, 1_500_000)] == ["12", "12 k", "1.5 M"]
    assert [seconds(v) for v in (0.12, 3.5, 720)] == ["120 ms", "3.5 s", "12 min"]


@given(st.text(), st.text())
def test_elements_escape_everything(name: str, text: str) -> None:
    made = str(tag("text", text, id=name))
    assert made.count("<") == (1 if text == "" else 2)
