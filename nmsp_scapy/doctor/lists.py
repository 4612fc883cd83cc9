# SPDX-License-Identifier: GPL-2.0-or-later
"""Which part of the AuthList differs: what the MSE presents against what is listed."""

from collections.abc import Sequence

from nmsp_scapy.authlist import Identity
from nmsp_scapy.authlist.compare import State, compare
from nmsp_scapy.authlist.pasted import Entry
from nmsp_scapy.doctor.finding import Cause, Confidence, Evidence, Finding
from nmsp_scapy.doctor.handshake import listing


def refine(
    finding: Finding,
    presented: Identity,
    entries: Sequence[Entry],
    expected: Identity | None,
) -> None:
    """Name the part of the list that differs, in place.

    Args:
        finding: that the AuthList rejects.
        presented: of the certificate that the MSE presents.
        entries: of the WLC's list; empty where it is not known.
        expected: of the certificate that the operator believes to be listed.
    """
    cause: Cause | None = None
    evidence: list[Evidence] = []
    if entries:
        cause, evidence = _of_list(presented, entries)
    elif expected is not None:
        cause, evidence = _of_certificate(presented, expected)
    if cause is None:
        finding.evidence += [e for e in evidence if e not in finding.evidence]
        if entries:
            finding.remedy = [
                "the WLC asks another list than the one given: see which method "
                "credential-download names, and whether the list was saved"
            ]
            finding.commands = ["show running-config | include credential-download"]
        return
    finding.cause, finding.confidence = cause, Confidence.CERTAIN
    finding.title = {
        Cause.MAC_UNLISTED: "the MSE's MAC address does not stand in the AuthList",
        Cause.HASH_MISMATCH: "the AuthList holds another key hash than the MSE's",
        Cause.SHA1_FOR_SHA2: (
            "the AuthList holds the MSE's SHA-1 hash where its SHA-256 hash is due"
        ),
    }[cause]
    finding.evidence = [*evidence, *finding.evidence]
    finding.remedy = ["enter MAC address and key hash as the MSE presents them"]
    finding.commands = listing(presented)


def _of_list(
    presented: Identity, entries: Sequence[Entry]
) -> tuple[Cause | None, list[Evidence]]:
    macs = [entry.mac.value for entry in entries if entry.mac is not None]
    if macs and presented.mac not in macs:
        said = ", ".join(macs[:4])
        mac = Evidence(f"listed are {said}; the MSE presents {presented.mac or 'none'}")
        return Cause.MAC_UNLISTED, [mac]
    differences = [d for d in compare(presented, entries) if not d.same]
    evidence = [
        Evidence(
            f"list line {d.line}, {d.part}: {d.state}; given {d.given or '-'}"
            + (f" ({d.detail})" if d.detail else "")
        )
        for d in differences
    ]
    if not differences:
        return None, [Evidence("the list given does hold this certificate")]
    if any(d.part == "MAC" for d in differences):
        return Cause.MAC_UNLISTED, evidence
    wrong = [d for d in differences if d.state is State.WRONG_KIND]
    if any(d.given.lower() == presented.sha1 for d in wrong):
        return Cause.SHA1_FOR_SHA2, evidence
    return Cause.HASH_MISMATCH, evidence


def _of_certificate(
    presented: Identity, expected: Identity
) -> tuple[Cause | None, list[Evidence]]:
    shown = [
        Evidence(
            f"the certificate given has MAC {expected.mac_colons or 'none'}, "
            f"SHA-256 {expected.sha256}"
        )
    ]
    if presented.sha256 != expected.sha256:
        return Cause.HASH_MISMATCH, shown
    if presented.mac != expected.mac:
        return Cause.MAC_UNLISTED, shown
    same = "the MSE presents the certificate given; the list must hold something else"
    return None, [Evidence(same)]
