# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS endpoints that are not ours, in place of a WLC or an MSE: no NMSP above them.

OpenSSL's s_server serves one client after the other, GnuTLS's all at once and sends
every byte back. Both take any certificate.
"""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance import matrix
from conformance.emulator.tls import Identity
from tests.conftest import program
from tests.gear.gnutls import await_listener, free_port

PATIENCE_S = 5.0


def _pem(folder: Path, identity: Identity) -> str:
    path = folder / f"identity-{threading.get_ident()}.pem"
    path.write_bytes(identity.pem)
    return str(path)


@contextmanager
def _process(command: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program whose standard input stays open; it ends with the block."""
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def server(kind: str, folder: Path, *options: str) -> Iterator[int]:
    """Serve TLS as `openssl` or `gnutls`; yields the port."""
    port = free_port()
    pem = _pem(folder, matrix.presented())
    if kind == "openssl":
        command = [program("openssl"), "s_server", "-quiet", "-naccept", "1000"]
        command += ["-accept", f"127.0.0.1:{port}", "-cert", pem, "-key", pem]
    else:
        command = [program("gnutls-serv"), "--quiet", "--echo", "--port", str(port)]
        command += ["--x509certfile", pem, "--x509keyfile", pem]
    with _process([*command, *options]):
        await_listener(port)
        yield port


@contextmanager
def client(
    kind: str, port: int, folder: Path, *, certificate: bool = True
) -> Iterator[None]:
    """Dial a port as `openssl` or `gnutls`, again whenever the connection ends."""
    over = threading.Event()
    pem = _pem(folder, listed())
    if kind == "openssl":
        command = [program("openssl"), "s_client", "-quiet", "-no_ign_eof"]
        command += ["-connect", f"127.0.0.1:{port}"]
        shown = ["-cert", pem, "-key", pem]
    else:
        command = [program("gnutls-cli"), "--no-ca-verification", "--port", str(port)]
        command += ["127.0.0.1"]
        shown = ["--x509certfile", pem, "--x509keyfile", pem]
    command += shown if certificate else []

    def dial() -> None:
        while not over.is_set():
            with _process(command) as process:
                while process.poll() is None and not over.wait(0.02):
                    pass

    thread = threading.Thread(target=dial, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(PATIENCE_S)


def listed() -> Identity:
    """The identity that the suite presents, as its own kind of file."""
    own = matrix.listed().listed
    return Identity(own.key, own.certificate)
