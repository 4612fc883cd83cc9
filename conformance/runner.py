# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs one scenario and sums its findings up. Only here a case becomes an error."""

import time
import traceback
from pathlib import Path

import msgspec

from conformance import requirements
from conformance.claims import Claims
from conformance.identities import Identities
from conformance.operator import Operator
from conformance.peer import Peer, Timing
from conformance.result import Case, case_of, judged, transcript
from conformance.scenario import Scenario
from conformance.tcp import Listener
from conformance.verdict import (
    DeviationError,
    InconclusiveError,
    Judge,
    NotApplicableError,
    Reason,
    Trust,
    Verdict,
)
from nmsp_scapy.profile import NOMINAL, Profile

DECLARATION = "nmsp-scapy"
"""An endpoint whose software version says this implements this project's document."""


class Settings(msgspec.Struct):
    """How cases are run.

    Attributes:
        target: the endpoint; unused where it dials.
        confirmed: whether it was seen to speak the profile earlier in the run.
        output: folder for captures; None leaves none.
        claims: the endpoint's.
        operator: who changes the AuthList and shows the endpoint's counters.
        unreachable: why no connection can be had; then nothing is tried.
    """

    identities: Identities
    role: str = "wlc"
    target: tuple[str, int] = ("", 0)
    listener: Listener | None = None
    timing: Timing = Timing()
    trust: Trust = Trust()
    profile: Profile = NOMINAL
    confirmed: bool = False
    output: Path | None = None
    reproduce: str = ""
    unreachable: str = ""
    claims: Claims = Claims()
    operator: Operator = Operator()


def run_case(scenario: Scenario, settings: Settings) -> Case:
    """Run a scenario; it always comes to a verdict."""
    judge = Judge(scenario.requirements)
    peer = Peer(
        scenario.role,
        judge,
        target=settings.target,
        listener=settings.listener,
        identities=settings.identities,
        timing=settings.timing,
        profile=settings.profile,
        claims=settings.claims,
        operator=settings.operator,
    )
    began = time.monotonic()
    ended: tuple[Reason, str] | None = None
    bug = spared = ""
    try:
        judge.assume(not settings.unreachable, Reason.DEPENDENCY, settings.unreachable)
        scenario.function(peer, judge)
    except InconclusiveError as error:
        ended = error.reason, error.text
    except NotApplicableError as error:
        spared = error.text
    except DeviationError:
        pass
    except Exception:  # noqa: BLE001 - a bug of ours is a verdict of its own
        bug = traceback.format_exc()
    finally:
        peer.close()
    case = _summed_up(scenario, settings, peer, judge, ended)
    case.duration_s = round(time.monotonic() - began, 3)
    if spared and case.verdict is Verdict.INCONCLUSIVE:
        case.verdict, case.reason, case.detail = Verdict.NOT_APPLICABLE, None, spared
        for part in case.requirements:
            part.verdict, part.reason = Verdict.NOT_APPLICABLE, None
    if bug:
        case.verdict, case.reason, case.detail = Verdict.ERROR, None, bug
    if settings.output is not None:
        _record(case, peer, settings.output)
    return case


def _summed_up(
    scenario: Scenario,
    settings: Settings,
    peer: Peer,
    judge: Judge,
    ended: tuple[Reason, str] | None,
) -> Case:
    observations = [link.observation for link in peer.links]
    confirmed = settings.confirmed or any(seen.confirmed for seen in observations)
    known = requirements.load()
    parts = [
        judged(
            known[name],
            judge,
            settings.trust,
            ended,
            confirmed=confirmed,
            observations=observations,
        )
        for name in scenario.requirements
    ]
    case = case_of(scenario, parts)
    case.notes = list(judge.notes)
    case.confirmed = any(seen.confirmed for seen in observations)
    case.declared = next(filter(None, map(_declared, observations)), "")
    case.transcript = transcript(observations)
    case.ends = [str(seen.end) for seen in observations]
    if settings.reproduce:
        case.reproduce = f"{settings.reproduce} {scenario.id}"
    return case


def _declared(seen: object) -> str:
    """What the endpoint calls itself, when that is this project's name."""
    from conformance.observation import Observation

    assert isinstance(seen, Observation)  # noqa: S101 - for the type
    for message in seen.theirs("CAPABILITY_NOTIFICATION"):
        version = (message.first("SOFTWARE_VERSION") or {}).get("version", "")
        if isinstance(version, str) and version.startswith(DECLARATION):
            return version
    return ""


def _record(case: Case, peer: Peer, folder: Path) -> None:
    from conformance.evidence import write_case

    case.capture = write_case(case, peer.links, folder)
