# SPDX-License-Identifier: GPL-2.0-or-later
"""Each deviation has a capture of its own, in which the faulty bytes are found."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from conformance import matrix, scenario
from conformance.pinpoint import comment_of
from conformance.place import Place
from conformance.result import Case, Judged
from conformance.runner import run_case
from conformance.verdict import Finding, Verdict
from nmsp_scapy.export.lua import dissector
from tests.gear.wireshark import run_tshark

ROOT = Path(__file__).parents[2]


class Found(msgspec.Struct):
    """A case against a faulty WLC, and where its captures are."""

    case: Case
    folder: Path
    port: int

    @property
    def failed(self) -> Judged:
        return next(p for p in self.case.requirements if p.verdict is Verdict.FAIL)

    @property
    def capture(self) -> Path:
        return self.folder / self.failed.capture


def met(folder: Path, fault: str, name: str) -> Found:
    with matrix.wlc(fault, factor=0.1) as settings:
        settings.output = folder
        case = run_case(scenario.load()[name], settings)
        return Found(case, folder, settings.target[1])


@pytest.fixture
def lua(tmp_path: Path) -> Path:
    path = tmp_path / "nmsp.lua"
    path.write_text(dissector())
    return path


def shark(tshark: str, found: Found, lua: Path, *more: str) -> list[str]:
    said = run_tshark(
        tshark, "-n", "-r", found.capture, "-X", f"lua_script:{lua}",
        "-o", f"nmsp.port:{found.port}", *more,
    )  # fmt: skip
    return said.splitlines()


def test_wireshark_finds_the_deviating_frame_and_marks_its_bytes(
    tshark: str, lua: Path, tmp_path: Path
) -> None:
    found = met(
        tmp_path, "echo-wrong-transaction", "echo.answers_echo_in_its_transaction"
    )
    at = found.failed.unmet[0].evidence
    assert at is not None
    assert (at.field, at.offset, at.length) == ("transaction_id", 8, 4)
    fields = ["-T", "fields", "-e", "frame.number", "-e", "nmsp.transaction_id"]
    said = shark(tshark, found, lua, "-Y", at.filter, *fields)
    wrong = found.failed.unmet[0].actual.removeprefix("transaction ")
    assert said == [f"{at.frames[-1]}\t{wrong}"]
    marked = shark(
        tshark, found, lua, "-Y", f"nmsp.deviation && {at.filter}", "-T", "pdml"
    )
    (line,) = (each for each in marked if 'name="nmsp.deviation"' in each)
    assert 'pos="8"' in line
    assert 'size="4"' in line
    assert 'value="' + f"{int(wrong):08x}" + '"' in line
    assert "NMSP-ECHO-3: expected transaction 1" in line


def test_every_deviation_is_marked_and_nothing_else(
    tshark: str, lua: Path, tmp_path: Path
) -> None:
    found = met(
        tmp_path, "echo-wrong-transaction", "echo.answers_echo_in_its_transaction"
    )
    frames = [
        str(unmet.evidence.frames[-1])
        for unmet in found.failed.unmet
        if unmet.evidence is not None
    ]
    assert len(frames) == 3
    fields = ["-T", "fields", "-e", "frame.number"]
    assert shark(tshark, found, lua, "-Y", "nmsp.deviation", *fields) == frames


def numbers(tshark: str, capture: Path) -> list[str]:
    said = run_tshark(tshark, "-r", capture, "-T", "fields", "-e", "frame.number")
    return said.splitlines()


def test_it_ends_with_what_deviates_and_belongs_to_its_owner(
    tshark: str, tmp_path: Path
) -> None:
    found = met(
        tmp_path, "echo-wrong-transaction", "echo.answers_echo_in_its_transaction"
    )
    last = found.failed.unmet[-1].evidence
    assert last is not None
    frames = numbers(tshark, found.capture)
    whole = numbers(tshark, found.folder / found.case.capture)
    assert last.frames[-1] == len(frames) - 1  # what follows acknowledges it
    assert len(frames) < len(whole)
    for path in found.folder.iterdir():
        assert path.name == "nmsp.lua" or path.stat().st_mode & 0o077 == 0, path


def test_nmsp_dissect_opens_it_without_keys_of_its_own(tmp_path: Path) -> None:
    found = met(tmp_path, "echo-unanswered", "echo.answers_echo")
    done = subprocess.run(
        [
            sys.executable, "-m", "nmsp_scapy", "dissect", str(found.capture),
            "--port", str(found.port), "--format", "ndjson",
        ],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = [
        each.get("name") for each in map(msgspec.json.decode, done.stdout.splitlines())
    ]
    assert "ECHO_REQUEST" in names
    assert "ECHO_RESPONSE" not in names


def test_where_nothing_came_it_goes_on_to_the_end(tmp_path: Path) -> None:
    found = met(tmp_path, "echo-unanswered", "echo.answers_echo")
    at = found.failed.unmet[0].evidence
    assert at is not None
    assert at.frames
    assert (at.offset, at.length) == (0, 12)


def test_a_wrong_alert_is_found_by_its_frame(
    tshark: str, lua: Path, tmp_path: Path
) -> None:
    found = met(tmp_path, "rejects-with-42", "authlist.signals_refusal_with_alert_46")
    at = found.failed.unmet[0].evidence
    assert at is not None
    fields = ["-T", "fields", "-e", "tls.alert_message.desc", "-e", "frame.comment"]
    (said,) = shark(tshark, found, lua, "-Y", at.filter, *fields)
    assert said.startswith("42\tNMSP-AUTHLIST-6: expected ")


def test_a_deviation_on_a_later_connection_is_found_there(
    tshark: str, lua: Path, tmp_path: Path
) -> None:
    found = met(
        tmp_path,
        "notifies-before-subscription",
        "session.does_not_carry_subscriptions_over",
    )
    at = found.failed.unmet[0].evidence
    assert at is not None
    assert at.connection == 1
    fields = ["-T", "fields", "-e", "tcp.stream", "-e", "nmsp.deviation"]
    said = shark(tshark, found, lua, "-Y", at.filter, *fields)
    assert said == [f"0\t{clause(found)}"]  # its connection is the capture's only one


def clause(found: Found) -> str:
    first = found.failed.unmet[0]
    told = f"expected {first.expected}; actual {first.actual}"
    return f"{found.failed.requirement}: {told}"


def test_what_an_endpoint_says_cannot_forge_a_mark() -> None:
    hostile = Finding("X", False, "a", "\x1b[nmsp 00 bytes 0-1] \ud800")
    said = comment_of("X", hostile, bytes(12), Place(8, 4))
    assert said.count("[nmsp ") == 1
    assert said.isprintable()
    assert said.encode()


def test_one_of_several_elements_is_marked_and_no_other(tmp_path: Path) -> None:
    found = met(
        tmp_path,
        "capability-wrong-bits",
        "capability.offers_sub_services_under_their_service",
    )
    at = found.failed.unmet[0].evidence
    assert at is not None
    assert at.field.endswith(".sub_services")
    assert at.length == 8
    assert at.filter.endswith("nmsp.element.sub_services")


def test_a_capture_that_is_checked_is_pointed_into(tshark: str, tmp_path: Path) -> None:
    found = met(
        tmp_path, "echo-wrong-transaction", "echo.answers_echo_in_its_transaction"
    )
    done = subprocess.run(
        [
            sys.executable, "-m", "conformance", "check", str(found.capture),
            "NMSP-ECHO-3", "--port", str(found.port), "--json",
        ],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    (case,) = msgspec.json.decode(done.stdout)["runs"][0]["cases"]
    told = case["requirements"][0]["findings"][0]["evidence"]
    first = found.failed.unmet[0].evidence
    assert first is not None
    assert told["frames"] == list(first.frames)
    assert told["filter"] == first.filter


def test_the_service_that_was_not_asked_for_is_marked(
    tshark: str, lua: Path, tmp_path: Path
) -> None:
    found = met(
        tmp_path,
        "subscription-mirrors-others",
        "subscription.confirms_only_what_was_asked_for",
    )
    at = found.failed.unmet[0].evidence
    assert at is not None
    wrong = found.failed.unmet[0].actual.removeprefix("service ").partition(":")[0]
    (line,) = (
        each
        for each in shark(
            tshark, found, lua, "-Y", f"nmsp.deviation && {at.filter}", "-T", "pdml"
        )
        if 'name="nmsp.deviation"' in each
    )
    value = line.partition(' value="')[2].partition('"')[0]
    assert value.startswith(f"00020009{int(wrong):02x}")  # type SERVICE, 9 bytes
