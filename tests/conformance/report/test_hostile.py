# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever an endpoint puts into a report does nothing there."""

import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from conformance.report import console, html, junit, markdown, sarif
from conformance.report import json as json_report
from conformance.report.privacy import pseudonymised
from conformance.result import Run
from tests.gear.results import sample

HOSTILE = {
    "controls": "".join(map(chr, range(32))) + "\x7f\x85\x9b31m",
    "cdata": "]]> <![CDATA[ ]]&gt; <!-- --> <?xml ?>",
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;</pre>",
    "markdown": "| a | `b` ``c`` **d** [e](javascript:f) # g\n- h\n> i ~~j~~ @team #12",
    "terminal": "\x1b[31mred\x1b]0;title\x07\x1b[2J\x9b1m",
    "bidi": "\u202eabc\u2066\u200f\u2028\u2029\ufeff",
    "surrogates": "\ud800 and \udfff",
    "template": "{{ 7 * 7 }} {% raw %} ${x} %s {0}",
    "url": "javascript:alert(1)",
    "long": "x" * 100_000,
    "many": "a b " * 50_000,
    "astral": "\U0001f600\U0010ffff\ufffe\uffff",
}
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)


@pytest.fixture(params=HOSTILE.values(), ids=HOSTILE)
def run(request: pytest.FixtureRequest) -> Run:
    return sample(request.param)


def written(text: str) -> str:
    """A text as a file takes it: in UTF-8, without what acts unseen."""
    assert text.encode()
    assert not UNSEEN.search(text.replace("\n", ""))
    return text


def test_a_terminal_only_gets_what_can_be_seen(run: Run) -> None:
    told = written(console.report([run], verbose=True))
    assert all(c.isprintable() or c == "\n" for c in told)
    assert len(told) < 40_000


def test_xml_holds_no_markup_of_theirs(run: Run) -> None:
    root = ElementTree.fromstring(written(junit.text_of([run])))  # noqa: S314 - ours
    kinds = [[child.tag for child in case] for case in root[0]]
    skipped = ["skipped"]
    assert kinds == [["failure"], ["system-out"], [], skipped, ["error"], skipped]


def test_sarif_is_json_without_surrogates(run: Run) -> None:
    text = written(sarif.text_of([run]))
    assert json.dumps(json.loads(text), ensure_ascii=False).encode()


def test_json_keeps_all_that_json_can_hold(run: Run) -> None:
    text = json_report.text_of([run])
    actual = run.cases[0].requirements[0].findings[0].actual
    read = json.loads(text.encode())
    finding = read["runs"][0]["cases"][0]["requirements"][0]["findings"][0]
    assert finding["actual"] == actual.encode(errors="backslashreplace").decode()


SPAN = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)")
"""A code span of CommonMark; nothing in it acts."""


def cells(row: str) -> Sequence[str]:
    return re.split(r"(?<!\\)\|", row)


def test_a_markdown_table_keeps_its_columns(run: Run) -> None:
    told = written(markdown.text_of([run]))
    rows = [line for line in told.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(run.deviations)
    assert {len(cells(row)) for row in rows} == {7}
    acting = SPAN.sub("", told)
    assert "<script" not in acting.replace("\\<", "")
    assert "](javascript" not in acting
    assert not re.search(r"(?<![\\\w])@team", acting)


@pytest.mark.parametrize(
    ("text", "span"), [("a", "`a`"), ("`a`", "`` `a` ``"), ("a``b", "```a``b```")]
)
def test_nothing_ends_a_code_span(text: str, span: str) -> None:
    assert markdown.code(text) == span


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_html_holds_no_markup_of_theirs(run: Run) -> None:
    page, quiet = Page(), Page()
    page.feed(written(html.text_of([run])))
    quiet.feed(html.text_of([sample()]))
    tags = {tag for tag, _ in page.seen}
    assert tags <= {tag for tag, _ in quiet.seen}
    assert not tags & {"script", "img", "iframe", "form"}
    for _, attributes in page.seen:
        assert not any(name.startswith("on") for name in attributes)
        assert not (attributes.get("href") or "").startswith("javascript:")


def test_pseudonyms_are_made_of_anything(run: Run) -> None:
    assert pseudonymised(run, b"salt").cases
