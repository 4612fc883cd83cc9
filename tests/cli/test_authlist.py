# SPDX-License-Identifier: GPL-2.0-or-later
import json
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import msgspec
import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL

from nmsp_scapy.authlist import identity_of
from nmsp_scapy.authlist.containers import certificates_in
from nmsp_scapy.authlist.create import new_identity
from nmsp_scapy.authlist.report import Report
from nmsp_scapy.cli.endpoint import host_and_port
from nmsp_scapy.cli.main import main
from tests.gear.talks import talk
from tests.gear.tls import identity

SCHEMA = Path(__file__).parent.parent.parent / "docs" / "schema" / "authlist.json"
KEY, PEM = new_identity("00:50:56:9c:34:89")
IDENTITY = identity_of(certificates_in(PEM)[0])


def nmsp(*args: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["authlist", *args], input=stdin)


@pytest.fixture
def cert(tmp_path: Path) -> str:
    path = tmp_path / "mse.pem"
    path.write_bytes(PEM)
    return str(path)


def test_a_certificate_is_shown(cert: str) -> None:
    result = nmsp(cert)
    assert result.exit_code == 0
    assert "MAC Address: 00:50:56:9c:34:89" in result.stdout
    assert IDENTITY.sha256 in result.stdout
    assert "valid now" in result.stdout


def test_standard_input_is_read() -> None:
    assert IDENTITY.sha1 in nmsp("-", stdin=PEM).stdout


def test_configuration_is_all_that_is_printed(cert: str) -> None:
    assert nmsp(cert, "--ios").stdout.startswith("nmsp enable\nusername 0050569c3489")
    assert nmsp(cert, "--ios-newer").stdout.count("CMX_0050569c3489") == 2
    assert nmsp(cert, "--aireos").stdout.startswith("config auth-list add lbs-ssc")


def test_compare_tells_by_its_exit_code(cert: str, tmp_path: Path) -> None:
    assert nmsp(cert, "--compare", IDENTITY.sha256).exit_code == 0
    result = nmsp(cert, "--compare", IDENTITY.certificate_sha256)
    assert result.exit_code == 1
    assert "fingerprint of the whole certificate" in result.stdout
    config = tmp_path / "running"
    config.write_text(nmsp(cert, "--ios").stdout)
    assert nmsp(cert, "--compare", str(config)).exit_code == 0
    assert nmsp(cert, "--compare", "-", stdin=b"f" * 40).exit_code == 1
    assert nmsp(cert, "--compare", "nothing").exit_code == 2


def test_json_is_for_programs(cert: str) -> None:
    shown = json.loads(nmsp(cert, "--json", "--compare", "0" * 64).stdout)
    (entry,) = shown["certificates"]
    assert entry["sha256"] == IDENTITY.sha256
    assert entry["same"] is False
    assert entry["differences"][0]["state"] == "another"


def test_json_holds_to_its_schema(cert: str) -> None:
    schema = json.loads(SCHEMA.read_text())
    assert schema == msgspec.json.schema(Report)
    for more in ([], ["--compare", "0" * 64]):
        jsonschema.validate(json.loads(nmsp(cert, "--json", *more).stdout), schema)


def test_what_cannot_be_read_is_one_line_and_exit_3(cert: str, tmp_path: Path) -> None:
    junk = tmp_path / "junk"
    junk.write_bytes(b"\xff" * 100)
    result = nmsp(cert, str(junk), str(tmp_path / "absent"))
    assert result.exit_code == 3
    assert IDENTITY.sha1 in result.stdout
    assert len(result.stderr.splitlines()) == 2
    assert nmsp().exit_code == 2


def test_a_new_identity_is_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "new.pem"
    args = ("new", "--mac", "0050.569c.3489", "--key", "ec", "-o", str(path))
    assert nmsp(*args).exit_code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "0050569c3489" in nmsp(str(path)).stdout
    before = path.read_bytes()
    assert nmsp(*args).exit_code == 2
    assert path.read_bytes() == before
    assert nmsp(*args, "--force").exit_code == 0
    assert path.read_bytes() != before
    assert nmsp("new", "--mac", "nonsense").exit_code == 2


@pytest.fixture
def wlc() -> Iterator[int]:
    """A TLS server that insists on a client certificate, as a WLC does."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    key = load_pem_private_key(KEY, None)
    assert isinstance(key, RSAPrivateKey)
    context.use_privatekey(key)
    context.use_certificate(x509.load_pem_x509_certificate(PEM))
    context.set_verify(
        SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True
    )
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)

    def serve() -> None:
        raw, _ = listener.accept()
        raw.settimeout(None)
        connection = SSL.Connection(context, raw)
        connection.set_accept_state()
        try:
            connection.do_handshake()
            connection.recv(1)
        except SSL.Error:
            pass
        finally:
            raw.close()

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1]
    thread.join(10)
    listener.close()


def test_a_live_endpoint_that_wants_a_client_certificate_is_read(wlc: int) -> None:
    result = nmsp("--connect", f"127.0.0.1:{wlc}")
    assert result.exit_code == 0, result.output
    assert IDENTITY.sha256 in result.stdout


def test_an_endpoint_that_does_not_answer_is_exit_3() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    result = nmsp("--connect", f"127.0.0.1:{port}")
    assert result.exit_code == 3
    assert "refused" in result.stderr


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("wlc", ("wlc", 16113)),
        ("wlc:1", ("wlc", 1)),
        ("[::1]", ("::1", 16113)),
        ("[::1]:7", ("::1", 7)),
        ("fe80::1", ("fe80::1", 16113)),
    ],
)
def test_endpoints_are_split(text: str, expected: tuple[str, int]) -> None:
    assert host_and_port(text) == expected


@pytest.mark.parametrize("text", ["", ":1", "wlc:x", "wlc:0", "wlc:70000"])
def test_misspelt_endpoints_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="HOST"):
        host_and_port(text)


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_capture_shows_both_sides_certificates(version: str, tmp_path: Path) -> None:
    path = tmp_path / "up.pcapng"
    path.write_bytes(talk(version).pcapng())
    shown = json.loads(nmsp(str(path), "--json").stdout)["certificates"]
    assert [entry["sha256"] for entry in shown] == [
        identity_of(identity(name).certificate_der).sha256 for name in ("mse", "wlc")
    ]
    assert shown[0]["source"].endswith("MSE 10.1.1.10:40001")


def test_a_capture_without_certificates_is_exit_3(tmp_path: Path) -> None:
    path = tmp_path / "hidden.pcapng"
    path.write_bytes(talk("1.3").pcapng(secrets=False))
    result = nmsp(str(path))
    assert result.exit_code == 3
    assert "TLS 1.3 hides them" in result.stderr
    path.write_bytes(talk().pcapng()[:10])
    assert nmsp(str(path)).exit_code == 3
