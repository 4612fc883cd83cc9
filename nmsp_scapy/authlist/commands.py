# SPDX-License-Identifier: GPL-2.0-or-later
"""What is pasted on either side, from an identity.

Blocks are for a terminal's clipboard: a controller takes them as they are. IOS-XE
takes lines that begin with `!` as comments; AireOS has none, so its block has none.
"""

from collections.abc import Sequence

from nmsp_scapy.authlist.identity import Identity, Kind


def server_auth_info(identity: Identity) -> str:
    """Write the block of an MSE's `show server-auth-info` (documented)."""
    return (
        "Server Auth Info\n"
        "----------------\n"
        f"MAC Address: {identity.mac_colons or 'none in the subject'}\n"
        f"SHA1 Key Hash: {identity.sha1}\n"
        f"SHA2 Key Hash: {identity.sha256}\n"
        f"Certificate Type: {identity.kind}\n"
    )


def ios_xe(identities: Sequence[Identity]) -> str:
    """Write the IOS-XE configuration that lets these certificates in.

    Documented by the source document (`username ... aaa attribute list`, SHA-256 as
    password, `credential-download wcm_loc_serv_cert`) and by the switch guides
    (`nmsp enable`). One attribute list a certificate, because each holds one hash.

    Raises:
        ValueError: an identity has no MAC address, so there is no user name.
    """
    lines = ["nmsp enable"]
    for identity in identities:
        mac = _mac(identity)
        name = "NMSP" if len(identities) == 1 else f"NMSP_{mac}"
        lines += [
            f"username {mac} aaa attribute list {name}",
            f"aaa attribute list {name}",
            f" attribute type password {identity.sha256}",
            "!",
        ]
    lines.append("aaa authorization credential-download wcm_loc_serv_cert local")
    return "\n".join(lines) + "\n"


def ios_xe_newer(identities: Sequence[Identity]) -> str:
    """Write the form of newer IOS-XE releases (reported).

    Raises:
        ValueError: an identity has no MAC address.
    """
    lines = ["nmsp enable"]
    for identity in identities:
        mac = _mac(identity)
        lines += [
            f"username {mac} mac aaa attribute list CMX_{mac}",
            f"aaa attribute list CMX_{mac}",
            f" attribute type password {identity.sha256}",
            "!",
        ]
    lines.append("aaa authorization credential-download wcm_loc_serv_cert local")
    return "\n".join(lines) + "\n"


def aireos(identities: Sequence[Identity]) -> str:
    """Write the AireOS commands that let these certificates in (reported).

    Both hashes are entered: which one is asked depends on the release.

    Raises:
        ValueError: an identity has no MAC address.
    """
    lines = []
    for identity in identities:
        mac = ":".join(_mac(identity)[i : i + 2] for i in range(0, 12, 2))
        lines += [
            f"config auth-list add lbs-ssc {mac} {identity.sha1}",
            f"config auth-list add sha256-lbs-ssc {mac} {identity.sha256}",
        ]
    return "\n".join(lines) + "\n"


def remarks(identity: Identity) -> list[str]:
    """Tell what an operator must know of this certificate, each with its grade."""
    said = [
        "SHA1 is over the DER public key (documented); SHA2 is SHA-256 over the same "
        "bytes (inferred)"
    ]
    if identity.mac is None:
        said.append(
            "no 12 hex digits in the subject's CN or serialNumber: an AuthList entry "
            "needs a MAC address, give the MSE's own"
        )
    else:
        said.append(
            f"the MAC is read from the subject's {identity.mac_source} (inferred)"
        )
    if identity.kind is Kind.ISSUED:
        said.append(
            "neither self-signed nor Cisco's own: nothing public says how a WLC treats "
            "such a certificate"
        )
    if identity.kind is Kind.MIC:
        said.append(
            "AireOS keeps manufacturer-installed certificates under another type; "
            "nothing public says which it takes for an MSE"
        )
    return said


def _mac(identity: Identity) -> str:
    if identity.mac is None:
        raise ValueError(
            f"no MAC address in the subject ({identity.subject or 'empty'}): an "
            "AuthList entry needs one"
        )
    return identity.mac
