# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp dissect --tls`: what a session negotiated, and why one stays closed."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner

from nmsp_scapy.cli.main import main
from tests.gear.captures import Tap, frame, pcap
from tests.gear.tls import (
    Identity,
    Recorded,
    again,
    identity,
    openssl,
    renegotiated,
    retried,
)

ROOT = Path(__file__).parent.parent.parent
STATIC, FORWARD = "AES128-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"
SAID = [(0, b"hello"), (1, b"hello")]
Drop = Callable[[int, int], bool]


def told(
    folder: Path,
    flow: Iterable[tuple[int, bytes]],
    *,
    log: Iterable[bytes] = (),
    rsa: Identity | None = None,
    drop: Drop = lambda side, at: False,
    options: tuple[str, ...] = (),
) -> tuple[int, list[str]]:
    """Exit code and lines of `--tls`.

    Args:
        drop: whether a segment of this side from this byte on is not in the capture.
    """
    tap = Tap().open()
    lost = []
    for side, data in flow:
        for at in range(0, len(data), 100):
            if drop(side, len(tap.written[side])):
                lost.append(len(tap.segments))
            tap.write(side, data[at : at + 100])
    kept = [s for n, s in enumerate(tap.finish().segments) if n not in lost]
    path = folder / "x.pcap"
    path.write_bytes(pcap([frame(segment) for segment in kept]))
    arguments = ["dissect", str(path), "--tls", *options]
    if log:
        (folder / "x.keys").write_bytes(b"\n".join(log) + b"\n")
        arguments += ["--keylog", str(folder / "x.keys")]
    if rsa:
        (folder / "x.pem").write_bytes(rsa.key_pem)
        arguments += ["--rsa-key", str(folder / "x.pem")]
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, [line.strip() for line in result.stdout.splitlines()]


def why(lines: list[str]) -> str:
    """The reason in the session's own paragraph."""
    start = lines.index(next(line for line in lines if line.endswith("TLS session")))
    return lines[start + 1].partition("; stays closed: ")[2]


@pytest.fixture(scope="module")
def static() -> Recorded:
    return openssl("1.2", STATIC, talk=SAID)


@pytest.fixture(scope="module")
def forward() -> Recorded:
    return openssl("1.2", FORWARD, talk=SAID)


@pytest.fixture(scope="module")
def modern() -> Recorded:
    return openssl("1.3", talk=SAID)


def test_what_was_negotiated(tmp_path: Path) -> None:
    session = openssl("1.2", STATIC, client=identity("02005e001122", "ec"), talk=SAID)
    _, lines = told(tmp_path, session.flow, rsa=identity())
    assert any(
        line.startswith(
            "TLS 1.2 TLS_RSA_WITH_AES_128_CBC_SHA256; opened with RSA key x.pem"
        )
        for line in lines
    )
    assert "key exchange RSA, extended master secret, encrypt-then-MAC" in lines
    (offered,) = (line for line in lines if line.startswith("offered: TLS_"))
    assert "TLS_RSA_WITH_AES_128_CBC_SHA256" in offered
    assert "client certificate: asked for" in lines
    assert [line for line in lines if line.endswith("Finished: verified")] == [
        "MSE Finished: verified",
        "WLC Finished: verified",
    ]
    assert "records: 1 of the MSE, 1 of the WLC" in lines


def test_certificates_with_mac_and_key_hash(tmp_path: Path) -> None:
    client = identity("02005e001122", "ec")
    _, lines = told(tmp_path, openssl("1.2", FORWARD, client=client, talk=SAID).flow)
    (line,) = (
        line for line in lines if line.startswith("MSE cert") and "SHA-256" in line
    )
    done = CliRunner().invoke(main, ["authlist", str(_file(tmp_path, client))])
    assert "CN=02005e001122, MAC 02005e001122, key SHA-1 " in line
    sha1, sha256 = (word.strip(",") for word in line.split() if len(word) > 39)
    assert sha1 in done.stdout
    assert sha256 in done.stdout


def _file(folder: Path, who: Identity) -> Path:
    path = folder / "who.pem"
    path.write_bytes(who.certificate_pem)
    return path


def test_alerts_of_open_and_closed_sessions(tmp_path: Path, static: Recorded) -> None:
    _, lines = told(tmp_path, static.flow, rsa=identity())
    alerts = [line for line in lines if line.startswith("alert of the ")]
    assert [alert.partition(" (")[0] for alert in alerts] == [
        "alert of the MSE: warning 0 close_notify",
        "alert of the WLC: warning 0 close_notify",
    ]
    _, lines = told(tmp_path, static.flow)
    alerts = [line for line in lines if line.startswith("alert of the ")]
    assert [alert.partition(" (")[0] for alert in alerts] == [
        "alert of the MSE: stays closed",
        "alert of the WLC: stays closed",
    ]


def test_retry_early_data_resumption_and_renegotiation(tmp_path: Path) -> None:
    for session, text in (
        (retried(SAID), ", HelloRetryRequest"),
        (again("1.3", early=b"early", talk=SAID)[1], ", early data accepted"),
        (again("1.2", talk=SAID)[1], "SHA384, resumed by ticket; opened"),
        (again("1.2", False, talk=SAID)[1], ", resumed by session id; opened"),
        (again("1.3", talk=SAID)[1], ", resumed by psk; opened"),
    ):
        _, lines = told(tmp_path, session.flow, log=session.key_log)
        assert any(text in line for line in lines), text
    session = renegotiated("1.2", FORWARD, 0, SAID)
    _, lines = told(tmp_path, session.flow, log=session.key_log)
    handshake = next(line for line in lines if line.startswith("handshake ("))
    assert handshake.count(">finished@") == 2


def test_no_key_was_given(tmp_path: Path, static: Recorded, modern: Recorded) -> None:
    for session in (static, modern):
        code, lines = told(tmp_path, session.flow)
        assert code == 3
        assert why(lines) == "no key was given"


def test_no_key_that_fits(
    tmp_path: Path, static: Recorded, forward: Recorded, modern: Recorded
) -> None:
    missing = "no key log given holds its client random"
    for session, log, rsa, reason in (
        (static, modern.key_log, None, f"{missing}, and no RSA key was given"),
        (modern, static.key_log, None, missing),
        (modern, [], identity(), missing),
        (
            forward,
            [],
            identity(),
            f"{missing}; its key exchange, ECDHE_RSA, needs one",
        ),
    ):
        code, lines = told(tmp_path, session.flow, log=log, rsa=rsa)
        assert code == 3
        assert why(lines) == reason


def test_a_wrong_rsa_key_is_named(tmp_path: Path, static: Recorded) -> None:
    code, lines = told(tmp_path, static.flow, rsa=identity("other"))
    assert code == 3
    assert why(lines) == ("wrong RSA key: none given is that of the server certificate")
    code, lines = told(
        tmp_path,
        openssl("1.1", "AES128-SHA", talk=SAID, setup=_without_ems).flow,
        rsa=identity("other"),
        drop=lambda side, at: side == 1 and 100 <= at < 700,
    )
    assert code == 3
    assert why(lines).startswith("wrong RSA key: ")


def _without_ems(*contexts: object) -> None:
    for made in contexts:
        made.set_options(1 << 0)  # type: ignore[attr-defined] # NO_EXTENDED_MASTER


def test_a_wrong_secret_is_named(tmp_path: Path, static: Recorded) -> None:
    (line,) = (ln for ln in static.key_log if ln.startswith(b"CLIENT_RANDOM "))
    wrong = line[:-96] + b"00" * 48
    code, lines = told(tmp_path, static.flow, log=[wrong])
    assert code == 3
    assert why(lines) == (
        "wrong secret: key log x.keys line 1 open none of its records"
    )


def test_a_capture_from_mid_session_on_is_named(
    tmp_path: Path, forward: Recorded
) -> None:
    data = [(side, data) for side, data in forward.flow if data[0] == 23]
    code, lines = told(tmp_path, data, log=forward.key_log)
    assert code == 3
    assert why(lines) == "mid-session: the capture begins after the handshake"


def test_a_hello_that_is_missing_is_named(tmp_path: Path, forward: Recorded) -> None:
    for gone, name in ((0, "ClientHello"), (1, "ServerHello")):
        code, lines = told(
            tmp_path,
            forward.flow,
            log=forward.key_log,
            drop=lambda side, at, gone=gone: side == gone and at < 100,
        )
        assert code == 3
        assert why(lines) == f"the capture does not hold the {name}"


def test_an_unknown_suite_is_named(tmp_path: Path) -> None:
    session = openssl("1.2", "ARIA128-GCM-SHA256", talk=SAID)
    code, lines = told(tmp_path, session.flow, log=session.key_log)
    assert code == 3
    assert why(lines) == (
        "cipher suite TLS_RSA_WITH_ARIA_128_GCM_SHA256 is not one that can be opened"
    )
    strange = [(s, d.replace(b"\xc0\x50", b"\xca\xfe")) for s, d in session.flow]
    _, lines = told(tmp_path, strange, log=session.key_log)
    assert "0xcafe" in why(lines).lower()


def test_compression_is_named(tmp_path: Path, forward: Recorded) -> None:
    flow = list(forward.flow)
    number = next(n for n, (side, _) in enumerate(flow) if side == 1)
    hello = bytearray(flow[number][1])
    at = 5 + 4 + 2 + 32
    at += 1 + hello[at] + 2
    hello[at] = 1
    flow[number] = (1, bytes(hello))
    code, lines = told(tmp_path, flow, log=forward.key_log)
    assert code == 3
    assert why(lines) == "TLS compression (method 1) is not read"


def test_a_resumption_whose_first_session_is_missing(tmp_path: Path) -> None:
    session = again("1.2", ciphers=STATIC, talk=SAID)[1]
    code, lines = told(tmp_path, session.flow, rsa=identity())
    assert code == 3
    assert why(lines) == (
        "resumed by ticket: no key log given holds its client random, "
        "and its first session was not opened"
    )


def test_a_hole_in_the_handshake_of_an_extended_master_secret(
    tmp_path: Path, static: Recorded
) -> None:
    code, lines = told(
        tmp_path,
        static.flow,
        rsa=identity(),
        drop=lambda side, at: side == 1 and at == 300,
    )
    assert code == 3
    assert why(lines) == "the extended master secret needs a handshake without holes"


def test_no_reason_shows_a_secret(tmp_path: Path, static: Recorded) -> None:
    _, lines = told(tmp_path, static.flow, log=static.key_log)
    for line in static.key_log:
        assert line.split()[-1].decode() not in "\n".join(lines)
