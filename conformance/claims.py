# SPDX-License-Identifier: GPL-2.0-or-later
"""What an endpoint claims: services, TLS policy, limits; what counts, what is known.

A claims file is TOML. What it freezes is scored; anything newer is only noted, so
that an upgrade of the suite never turns a green pipeline red.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from nmsp_scapy.constants import Service, SubService
from nmsp_scapy.profile import Profile


class TlsPolicy(msgspec.Struct, frozen=True):
    """Versions and suites of one generation.

    Attributes:
        versions: as OpenSSL spells them.
        suites: likewise.
        source: grade and origin.
    """

    name: str
    versions: tuple[str, ...]
    suites: tuple[str, ...]
    source: str


NORMAL = ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", "AES128-SHA")
POLICIES = {
    policy.name: policy
    for policy in (
        TlsPolicy(
            "legacy-3850",
            ("TLSv1",),
            ("AES128-SHA", "AES256-SHA", "DES-CBC3-SHA"),
            "observed: the trace of a 3850 3.3.5SE shows static RSA; suites assumed",
        ),
        TlsPolicy("c9800", ("TLSv1.2",), NORMAL, "reported: C9800 normal set"),
        TlsPolicy(
            "c9800-strong",
            ("TLSv1.2",),
            (*NORMAL, "AES256-SHA256", "AES256-SHA", "AES128-SHA256"),
            "reported: C9800 strong set",
        ),
        TlsPolicy(
            "fips",
            ("TLSv1.1", "TLSv1.2", "TLSv1.3"),
            (
                "AES256-SHA",
                "AES256-SHA256",
                "AES256-GCM-SHA384",
                "ECDHE-RSA-AES256-SHA",
                "ECDHE-RSA-AES256-SHA384",
                "ECDHE-RSA-AES256-GCM-SHA384",
                "ECDHE-ECDSA-AES256-SHA",
                "ECDHE-ECDSA-AES256-SHA384",
                "ECDHE-ECDSA-AES256-GCM-SHA384",
                "TLS_AES_256_GCM_SHA384",
            ),
            "documented: CMX FIPS guide, TLS 1.1 or later, AES-256",
        ),
    )
}
"""By name."""


Hash = Literal["sha1", "sha256"]
"""Of a key, as an AuthList holds it."""

HASHES: tuple[Hash, ...] = ("sha1", "sha256")


def _services() -> dict[str, tuple[int, int]]:
    """Service and sub-service bit by name; a service alone has no bit."""
    found = {service.name: (int(service), 0) for service in Service}
    for bit in SubService:
        name = bit.name or ""
        owner = next(s for s in Service if name.startswith(f"{s.name}_"))
        found[name] = int(owner), int(bit)
    return found


SERVICES = _services()
"""What may stand in `services`."""


class Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A deviation that is known.

    Attributes:
        requirement: its id.
        case: the scenario's id; empty for every scenario of the requirement.
        reason: why it is accepted.
        expires: the last day on which it is.
    """

    requirement: str
    reason: str
    case: str = ""
    expires: date | None = None


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an endpoint claims to bear.

    Attributes:
        message_bytes: of the largest message that it takes; None is the profile's.
        sessions: MSEs that it serves at once; None claims nothing.
    """

    message_bytes: Annotated[int, msgspec.Meta(ge=64, le=1 << 30)] | None = None
    sessions: Annotated[int, msgspec.Meta(ge=1)] | None = None


class Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an endpoint claims.

    Attributes:
        role: `wlc` or `mse`; empty where it is not said.
        services: that it offers: `IDS` by any sub-service, or `RSSI_TAG`.
        limits: what it bears.
        tls: name of a TLS policy; empty claims none.
        hashes: of keys, that the AuthList may hold: `sha1`, `sha256`.
        scored: ids of requirements and scenarios that count; empty scores all.
        known: deviations that do not fail the run.
    """

    role: Literal["", "wlc", "mse"] = ""
    services: tuple[str, ...] = ()
    limits: Limits = Limits()
    tls: str = ""
    hashes: tuple[Hash, ...] = ()
    scored: tuple[str, ...] = ()
    known: tuple[Known, ...] = ()

    @property
    def policy(self) -> TlsPolicy | None:
        """The TLS policy, None when none is claimed."""
        return POLICIES.get(self.tls)

    @property
    def offered(self) -> dict[int, int]:
        """The sub-service mask that is claimed, by service; 0 claims any."""
        found: dict[int, int] = {}
        for name in self.services:
            service, bit = SERVICES[name]
            found[service] = found.get(service, 0) | bit
        return found

    def within(self, profile: Profile) -> Profile:
        """Return a profile that has no larger messages than are claimed."""
        most = self.limits.message_bytes
        if most is None:
            return profile
        header = msgspec.structs.replace(profile.header, maximum=most)
        return msgspec.structs.replace(profile, header=header)


def read(path: Path) -> Claims:
    """Read a claims file.

    Raises:
        ValueError: it is none, or names what does not exist.
        OSError: it cannot be read.
    """
    from conformance import requirements, scenario

    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors begin with a mark
        claims = msgspec.toml.decode(text, type=Claims)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from None
    except RecursionError:
        raise ValueError(f"{path}: too deep") from None
    if claims.tls and claims.tls not in POLICIES:
        policies = ", ".join(POLICIES)
        raise ValueError(f"{path}: no TLS policy {claims.tls!r}; there are {policies}")
    for name in claims.services:
        if name not in SERVICES:
            raise ValueError(f"{path}: there is no service or sub-service {name!r}")
    known_ids = requirements.load()
    for name in (k.requirement for k in claims.known):
        if name not in known_ids:
            raise ValueError(f"{path}: there is no requirement {name}")
    for name in claims.scored:
        if name not in known_ids and name not in scenario.load():
            raise ValueError(f"{path}: there is no requirement or scenario {name}")
    for known in claims.known:
        if not known.reason.strip():
            raise ValueError(f"{path}: {known.requirement}: a reason is needed")
    return claims
