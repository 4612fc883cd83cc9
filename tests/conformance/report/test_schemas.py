# SPDX-License-Identifier: GPL-2.0-or-later
"""Reports hold what the official schemas of their formats say.

The schemas come from packages by `scripts/schemas.py`: Jenkins's JUnit XML schema and
the OASIS committee's of SARIF 2.1.0.
"""

import json

import jsonschema
import pytest
from lxml import etree

from conformance.report import json as json_report
from conformance.report import junit, sarif
from conformance.result import Run
from tests.conformance.report.test_hostile import HOSTILE
from tests.conftest import schema
from tests.gear.results import sample

RUNS = {"plain": sample(), "nothing": sample()} | {
    name: sample(text) for name, text in HOSTILE.items()
}
RUNS["nothing"].cases.clear()


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_junit_is_of_jenkinss_schema(run: Run) -> None:
    official = etree.XMLSchema(etree.parse(schema("junit-10.xsd")))
    official.assertValid(etree.fromstring(junit.text_of([run, run]).encode()))


def test_the_junit_schema_refuses_what_is_wrong() -> None:
    official = etree.XMLSchema(etree.parse(schema("junit-10.xsd")))
    wrong = junit.text_of([sample()]).replace("<testcase classname", "<testcase wrong")
    assert not official.validate(etree.fromstring(wrong.encode()))


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_sarif_is_of_the_committees_schema(run: Run) -> None:
    official = json.loads(schema("sarif-2.1.0.json").read_text())
    document = json.loads(sarif.text_of([run, run]))
    jsonschema.Draft4Validator(official).validate(document)


def test_the_sarif_schema_refuses_what_is_wrong() -> None:
    official = json.loads(schema("sarif-2.1.0.json").read_text())
    document = json.loads(sarif.text_of([sample()]))
    document["runs"][0]["results"][0]["baselineState"] = "known"
    assert not jsonschema.Draft4Validator(official).is_valid(document)


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_json_is_of_the_published_schema(run: Run) -> None:
    document = json.loads(json_report.text_of([run]))
    jsonschema.Draft202012Validator(json_report.schema()).validate(document)
