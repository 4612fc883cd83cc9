# SPDX-License-Identifier: GPL-2.0-or-later
"""A diagnosis for people."""

from nmsp_scapy.doctor.finding import Diagnosis, Finding

SHOWN = 8
"""Conversations that are named of a finding."""


def diagnosis_text(diagnosis: Diagnosis) -> str:
    """Write a diagnosis: the sentence first, then each finding."""
    lines = [diagnosis.summary]
    for at, found in enumerate(diagnosis.findings, 1):
        lines += ["", *_finding(at, found)]
    if diagnosis.notes:
        lines += ["", "Worth knowing:"]
        lines += [f"  - {note}" for note in diagnosis.notes]
    return "\n".join(lines) + "\n"


def _finding(at: int, found: Finding) -> list[str]:
    lines = [f"{at}. {found.title}  [{found.cause}, {found.confidence}]"]
    count = len(found.conversations)
    if count > 1:
        shown = ", ".join(str(index) for index in found.conversations[:SHOWN])
        more = f" and {count - SHOWN} more" if count > SHOWN else ""
        lines.append(f"   conversations {shown}{more}")
    lines.append("   Evidence:")
    lines += [f"     - {evidence}" for evidence in found.evidence]
    lines.append("   Remedy:")
    lines += [f"     - {remedy}" for remedy in found.remedy]
    if found.commands:
        lines.append("   Commands on the WLC (IOS-XE):")
        lines += [f"     {command}" for command in found.commands]
    return lines
