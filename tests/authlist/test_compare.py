# SPDX-License-Identifier: GPL-2.0-or-later
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmsp_scapy.authlist import identity_of
from nmsp_scapy.authlist.commands import (
    aireos,
    ios_xe,
    ios_xe_newer,
    remarks,
    server_auth_info,
)
from nmsp_scapy.authlist.compare import Difference, State, compare, edits
from nmsp_scapy.authlist.containers import certificates_in
from nmsp_scapy.authlist.create import new_identity
from nmsp_scapy.authlist.pasted import entries_in

# The MSE of the source document: what it prints, not what its certificate holds.
SHA1 = "e0afbe2e2abeed5a2f9ffc75f059da6a1bf2bfa0"
SHA256 = "6ab919e20afc103d025aaf210c2a9dda151af9403ef52e80a35ae1ecb6d3c177"
MSE = msgspec.structs.replace(
    identity_of(certificates_in(new_identity("00:50:56:9c:34:89", key="ec")[1])[0]),
    sha1=SHA1,
    sha256=SHA256,
)
OTHER = identity_of(certificates_in(new_identity("00:00:5e:00:53:01", key="ec")[1])[0])

SHOWN_BY_OCR = """\
Informacion de autenticacion del servidor
Direccion MAC: 00:50:56:9¢:34:89
Hash de clave SHA1: eOafbe2e2abeed5a2f9ffc75f059dab6a1bf2bfa0
Hash de clave SHAZ2:
6ab919e20afc103d025aaf210c2a9dda151af9403ef52e80a35ae1ecb6d3c177
Tipo de certificado: SSC
"""
CONFIGURED_BY_OCR = """\
3850c(config)#username 0050569c3489 aaa attribute list NMSP
3850c(config)#aaa attribute list NMSP
3850c(config)#attribute type password
6ab919e20afc103d025aaf210c2a9dda151af9403ef52e80a35ae1ecb6d3c 177
3850c(config)#aaa authorization credential-download wem_loc_serv_cert local
"""


def against(text: str) -> list[Difference]:
    return compare(MSE, entries_in(text))


def states(text: str) -> list[tuple[str, State]]:
    return [(found.part, found.state) for found in against(text)]


@pytest.mark.parametrize("write", [ios_xe, ios_xe_newer, aireos])
def test_what_is_written_compares_as_the_same(write: object) -> None:
    assert callable(write)
    text = write([OTHER, MSE])
    found = against(text)
    assert all(difference.same for difference in found)
    assert {f.part for f in found} >= {"MAC", "SHA-256 (SHA2)"}


def test_the_server_auth_info_block_compares_as_the_same() -> None:
    assert server_auth_info(MSE).splitlines()[2:] == [
        "MAC Address: 00:50:56:9c:34:89",
        f"SHA1 Key Hash: {SHA1}",
        f"SHA2 Key Hash: {SHA256}",
        "Certificate Type: SSC",
    ]
    assert [f.same for f in against(server_auth_info(MSE))] == [True, True, True]


def test_the_recipe_of_the_source_document_is_written() -> None:
    assert ios_xe([MSE]).splitlines() == [
        "nmsp enable",
        "username 0050569c3489 aaa attribute list NMSP",
        "aaa attribute list NMSP",
        f" attribute type password {SHA256}",
        "!",
        "aaa authorization credential-download wcm_loc_serv_cert local",
    ]
    assert aireos([MSE]).splitlines() == [
        f"config auth-list add lbs-ssc 00:50:56:9c:34:89 {SHA1}",
        f"config auth-list add sha256-lbs-ssc 00:50:56:9c:34:89 {SHA256}",
    ]


def test_ocr_of_the_source_document_is_named_character_by_character() -> None:
    mac, sha1, sha256 = against(SHOWN_BY_OCR)
    assert (mac.state, mac.detail) == (State.MISREAD, "look-alikes: '¢' for c at 11")
    assert sha1.state is State.MISTYPED
    assert sha1.detail == "'b' at 31 is one too many; look-alikes: 'O' for 0 at 2"
    assert sha1.line == 3
    assert sha256.same


def test_white_space_that_ocr_put_into_a_hash_is_named() -> None:
    mac, sha256 = against(CONFIGURED_BY_OCR)
    assert mac.same
    assert sha256.state is State.MISREAD
    assert "white space" in sha256.detail


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SHA1, [("SHA-1", State.SAME)]),
        (SHA256.upper(), [("SHA-256 (SHA2)", State.SAME)]),
        (SHA256.replace("0", "O"), [("SHA-256 (SHA2)", State.MISREAD)]),
        (SHA256.replace("1", "l"), [("SHA-256 (SHA2)", State.MISREAD)]),
        (SHA256[:-1], [("SHA-256 (SHA2)", State.MISTYPED)]),
        (OTHER.sha256, [("SHA-256 (SHA2)", State.OTHER)]),
        (MSE.certificate_sha1, [("SHA-1", State.WRONG_KIND)]),
        (MSE.certificate_sha256, [("SHA-256 (SHA2)", State.WRONG_KIND)]),
        (MSE.key_id_sha1, [("SHA-1", State.WRONG_KIND)]),
        (
            f"username 0050569c3489 aaa attribute list N\naaa attribute list N\n"
            f" attribute type password {SHA1}",
            [("MAC", State.SAME), ("SHA-256 (SHA2)", State.WRONG_KIND)],
        ),
        (
            f"config auth-list add lbs-ssc 00:50:56:9c:34:89 {SHA256}",
            [("MAC", State.SAME), ("SHA-1", State.WRONG_KIND)],
        ),
        (
            f"username 00:50:56:9c:34:89 aaa attribute list N\naaa attribute list N\n"
            f" attribute type password {SHA256}",
            [("MAC", State.SPELLING), ("SHA-256 (SHA2)", State.SAME)],
        ),
        (
            f"MAC 00:50:56:9c:34:98 {SHA256}",
            [("MAC", State.MISTYPED), ("SHA-256 (SHA2)", State.SAME)],
        ),
        (
            f"MAC 00:00:5e:00:53:77 {SHA256}",
            [("MAC", State.OTHER), ("SHA-256 (SHA2)", State.SAME)],
        ),
        (
            "username 0050569c3489 aaa attribute list N",
            [("MAC", State.SAME), ("key hash", State.ABSENT)],
        ),
    ],
    ids=lambda _: "",  # hashes of new keys name no test
)
def test_each_part_that_differs_is_named(
    text: str, expected: list[tuple[str, State]]
) -> None:
    assert states(text) == expected


def test_a_running_configuration_is_joined_by_list_names() -> None:
    text = (
        f"aaa attribute list B\n attribute type password {SHA256}\n!\n"
        f"aaa attribute list A\n attribute type password {OTHER.sha256}\n!\n"
        f"username {OTHER.mac} mac aaa attribute list A\n"
        "username 0050569c3489 mac aaa attribute list B\n"
    )
    assert all(f.same for f in against(text))
    assert all(f.same for f in compare(OTHER, entries_in(text)))


def test_a_text_without_any_claim_has_no_entries() -> None:
    assert entries_in("interface Vlan1\n ip address 192.0.2.1 255.255.255.0") == []


def test_grades_are_said() -> None:
    said = " ".join(remarks(MSE))
    assert "(documented)" in said
    assert "(inferred)" in said
    nameless = msgspec.structs.replace(MSE, mac=None, mac_source="")
    assert "needs a MAC address" in " ".join(remarks(nameless))
    with pytest.raises(ValueError, match="no MAC address"):
        ios_xe([nameless])


@given(
    st.text("0123456789abcdef", max_size=30), st.text("0123456789abcdef", max_size=30)
)
def test_edits_are_none_only_between_equals(given: str, expected: str) -> None:
    steps = edits(given, expected)
    assert (not steps) == (given == expected)
    assert (
        abs(len(given) - len(expected)) <= len(steps) <= max(len(given), len(expected))
    )


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    entries = entries_in(text + SHA1)
    if entries:
        compare(MSE, entries)
