# SPDX-License-Identifier: GPL-2.0-or-later
"""What `nmsp authlist --json` prints."""

from datetime import datetime

import msgspec

from nmsp_scapy.authlist.commands import remarks
from nmsp_scapy.authlist.compare import Difference
from nmsp_scapy.authlist.identity import Identity, Kind


class CertificateRecord(msgspec.Struct):
    """A certificate for programs.

    Attributes:
        source: where it was read.
        mac, sha1, ...: as in `Identity`.
        remarks: clauses with their grades.
        same: whether all that was pasted is the same; null without `--compare`.
        differences: part by part; null without `--compare`.
    """

    source: str
    mac: str | None
    mac_source: str
    sha1: str
    sha256: str
    kind: Kind
    subject: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    key: str
    certificate_sha1: str
    certificate_sha256: str
    key_id_sha1: str
    remarks: list[str]
    same: bool | None = None
    differences: list[Difference] | None = None


class Report(msgspec.Struct):
    """All certificates, in the order given."""

    certificates: list[CertificateRecord]


def certificate_record(
    source: str, identity: Identity, differences: list[Difference] | None
) -> CertificateRecord:
    """Put an identity into a program's terms."""
    return CertificateRecord(
        source,
        **msgspec.structs.asdict(identity),
        remarks=remarks(identity),
        same=None if differences is None else all(d.same for d in differences),
        differences=differences,
    )
