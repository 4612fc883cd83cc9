# SPDX-License-Identifier: GPL-2.0-or-later
"""The HTML report is read by ear, by eye in light and dark, and by keyboard."""

import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from conformance.report import html
from tests.gear.results import sample

STYLE = (Path(html.__file__).parent / "report.css").read_text(encoding="utf-8")
VOID = {"meta", "br", "link", "input", "hr"}


class Node:
    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag, self.attributes = tag, attributes
        self.children: list[Node] = []
        self.text = ""

    def all(self, tag: str) -> list["Node"]:
        own = [self] if self.tag == tag else []
        return own + [found for child in self.children for found in child.all(tag)]

    def everything(self) -> list["Node"]:
        return [self, *(n for child in self.children for n in child.everything())]

    @property
    def told(self) -> str:
        return self.text + "".join(child.told for child in self.children)


class Tree(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.root = Node("", {})
        self._open = [self.root]
        self.feed(text)
        assert self._open == [self.root], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {key: value or "" for key, value in attrs})
        self._open[-1].children.append(node)
        if tag not in VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        node = Node("", {})
        node.text = data
        self._open[-1].children.append(node)


@pytest.fixture(scope="module")
def page() -> Node:
    return Tree(html.text_of([sample(), sample(target="192.0.2.11:16113")])).root


def test_it_has_landmarks_a_language_and_a_title(page: Node) -> None:
    assert page.all("html")[0].attributes["lang"] == "en"
    assert "192.0.2.11" in page.all("title")[0].told
    assert [len(page.all(tag)) for tag in ("header", "main", "footer", "h1")] == [1] * 4
    assert not page.all("script")


def test_headings_skip_no_level(page: Node) -> None:
    levels = [int(n.tag[1]) for n in page.everything() if re.fullmatch(r"h\d", n.tag)]
    assert levels[0] == 1
    for before, after in pairwise(levels):
        assert after <= before + 1


def test_each_table_has_a_caption_and_headers_with_scope(page: Node) -> None:
    tables = page.all("table")
    assert len(tables) >= 4
    for table in tables:
        assert table.all("caption")[0].told
        headers = table.all("th")
        assert headers
        assert all(th.attributes.get("scope") in ("col", "row") for th in headers)


def test_names_are_unique_and_all_that_scrolls_is_reached_by_keyboard(
    page: Node,
) -> None:
    ids = Counter(n.attributes["id"] for n in page.everything() if "id" in n.attributes)
    assert set(ids.values()) == {1}
    for node in page.everything():
        label = node.attributes.get("aria-labelledby")
        assert label is None or label in ids
        if node.tag == "pre" or node.attributes.get("class") == "scroll":
            assert node.attributes.get("tabindex") == "0"
        if node.attributes.get("role") == "region":
            assert node.attributes.get("aria-label")


def test_colour_tells_nothing_alone(page: Node) -> None:
    for node in page.everything():
        if node.attributes.get("class", "").startswith("verdict"):
            assert any(word in node.told for word in html.WORDS.values())
    marked = [n for n in page.all("tr") if "marked" in n.attributes.get("class", "")]
    assert marked
    assert all("deviates" in node.told for node in marked)
    assert "underline" in STYLE.partition("\nmark {")[2].partition("}")[0]


def test_what_a_reader_needs_stands_in_a_case(page: Node) -> None:
    (case,) = (
        n for n in page.all("section") if n.attributes.get("id") == "r0-echo.answers"
    )
    told = re.sub(r"\s+", " ", case.told)
    for part in (
        "A WLC must answer an ECHO_REQUEST", "MUST, assumed: nominal wire profile",
        "expected transaction 1", "actual transaction 2", "field transaction_id",
        "bytes 8-11 of the message", "frame.number == 16 && nmsp.transaction_id",
        "closed by the tester after 0.05 s", "nmsp-conformance run 192.0.2.10:16113",
        "MSE to WLC:▶ECHO_REQUEST #1",
    ):  # fmt: skip
        assert part in re.sub(r"(expected|actual|field) ?", r"\1 ", told), part
    marks = [mark.told for mark in case.all("mark")]
    assert marks == ["00", "00", "00", "02", "transaction_id: 2"]
    links = [a.attributes["href"] for a in case.all("a")]
    assert "echo.answers.NMSP-ECHO-3.pcapng" in links


def test_it_says_that_captures_hold_real_bytes(page: Node) -> None:
    told = page.all("header")[0].told
    assert "real bytes" in told
    assert "secrets" in told


def schemes() -> list[dict[str, str]]:
    blocks = re.findall(r":root \{([^}]*)\}", STYLE)
    assert len(blocks) == 3  # light, dark, print
    return [dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})", block)) for block in blocks]


def luminance(colour: str) -> float:
    digits = colour[1:]
    digits = "".join(2 * d for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", schemes(), ids=["light", "dark", "print"])
def test_contrast_is_enough(scheme: dict[str, str]) -> None:
    for front in ("ink", "quiet", "link", "good", "bad", "open"):
        for back in ("paper", "soft"):
            one, other = sorted((luminance(scheme[front]), luminance(scheme[back])))
            assert (other + 0.05) / (one + 0.05) >= 4.5, (front, back)
    one, other = sorted((luminance(scheme["ink"]), luminance(scheme["mark"])))
    assert (other + 0.05) / (one + 0.05) >= 7
