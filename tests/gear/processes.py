# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions of `openssl s_server` and `openssl s_client`, as processes on loopback.

Also GnuTLS over UDP. A relay between the two records what goes over the wire.
"""

import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.gear.gnutls import Relay, await_listener, free_port
from tests.gear.tls import Recorded, identity

LINES = ((0, b"a line of the client\n"), (1, b"a line of the server\n")) * 2 + (
    (0, b"x" * 3000 + b"\n"),
    (1, b"y" * 3000 + b"\n"),
)
PATIENCE_S = 10


class UdpRelay:
    """Carries the datagrams of one client and records both directions."""

    def __init__(self, target: int) -> None:
        self.recorded = Recorded()
        self._front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._front.bind(("127.0.0.1", 0))
        self._back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._back.connect(("127.0.0.1", target))
        self._lock = threading.Lock()
        self._client: tuple[str, int] | None = None
        self.port: int = self._front.getsockname()[1]
        self._ended = False
        self._threads = [
            threading.Thread(target=carry, daemon=True)
            for carry in (self._forth, self._home)
        ]
        for thread in self._threads:
            thread.start()

    def _forth(self) -> None:
        while True:
            data, self._client = self._front.recvfrom(65536)
            if self._ended:
                return
            with self._lock:
                self.recorded.flow.append((0, data))
            self._back.send(data)

    def _home(self) -> None:
        while True:
            try:
                data = self._back.recv(65536)
            except OSError:
                return
            if self._ended:
                return
            with self._lock:
                self.recorded.flow.append((1, data))
            if self._client:
                self._front.sendto(data, self._client)

    def join(self) -> Recorded:
        """End, and return what was carried."""
        time.sleep(0.2)  # for what is still under way
        self._ended = True
        self._front.sendto(b"", self._front.getsockname())
        self._back.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE_S)
        self._front.close()
        self._back.close()
        return self.recorded


def await_bound(port: int) -> None:
    """Wait until a server has bound a UDP port, by the kernel's own list."""
    for _ in range(500):
        table = Path("/proc/net/udp").read_text() + Path("/proc/net/udp6").read_text()
        if f":{port:04X} " in table:
            return
        time.sleep(0.02)
    raise AssertionError("the server does not listen")


@contextmanager
def running(
    *command: str, log: Path | None = None
) -> "Iterator[subprocess.Popen[bytes]]":
    """A process with pipes, ended with the block."""
    environment = os.environ | ({"SSLKEYLOGFILE": str(log)} if log else {})
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _heard(process: "subprocess.Popen[bytes]", line: bytes) -> None:
    """Read until a process has printed a line."""
    assert process.stdout is not None
    heard = b""
    while not heard.endswith(line):
        more = process.stdout.readline()
        assert more, "the peers do not agree"
        heard += more


COMMANDS = (b"K\n", b"k\n", b"R\n")
"""What `s_client` takes for itself: change the keys (and ask for it), renegotiate."""


def _talk(
    ends: "Sequence[subprocess.Popen[bytes]]",
    recorded: Recorded,
    lines: Sequence[tuple[int, bytes]],
) -> None:
    for side, line in lines:
        stdin = ends[side].stdin
        assert stdin is not None
        stdin.write(line)
        stdin.flush()
        if line in COMMANDS:
            time.sleep(0.2)  # it is read alone then
            continue
        recorded.written[side] += line
        _heard(ends[1 - side], line)


def openssl_processes(
    version: str,
    *options: str,
    kind: str = "rsa",
    server_options: Sequence[str] = (),
    client_options: Sequence[str] = (),
    lines: Sequence[tuple[int, bytes]] = LINES,
) -> Recorded:
    """A whole session; `version` is an option of both, such as `-tls1_2`.

    Args:
        options: of both sides.
        lines: side and line; of the client also one of `COMMANDS`.
        server_options, client_options: of one.
    """
    datagram = version.startswith("-dtls")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        who = identity("server", kind)
        (folder / "s.pem").write_bytes(who.key_pem + who.certificate_pem)
        log, pem, port = folder / "keys.log", str(folder / "s.pem"), str(free_port())
        common = (version, *options)
        quiet = () if {line for _, line in lines} & {*COMMANDS} else ("-quiet",)
        serve = ("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", pem)
        given = ("-key", pem, "-quiet", *common, *server_options)
        with running(*serve, *given) as server:
            (await_bound if datagram else await_listener)(int(port))
            relay: UdpRelay | Relay = (UdpRelay if datagram else Relay)(int(port))
            ask = ("openssl", "s_client", "-connect", f"127.0.0.1:{relay.port}")
            more = ("-no_ign_eof", "-keylogfile", str(log))
            with running(*ask, *common, *quiet, *more, *client_options) as client:
                _talk((client, server), relay.recorded, lines)
                assert client.stdin is not None
                client.stdin.close()
                client.wait(PATIENCE_S)
            recorded = relay.join()
        recorded.key_log = log.read_bytes().splitlines()
        return recorded


def gnutls_datagrams(priority: str, kind: str = "rsa") -> Recorded:
    """A whole association between `gnutls-cli --udp` and `gnutls-serv --udp`."""
    said = [line for side, line in LINES if side == 0 and len(line) < 1000]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        who = identity("server", kind)
        (folder / "key.pem").write_bytes(who.key_pem)
        (folder / "cert.pem").write_bytes(who.certificate_pem)
        log, port = folder / "keys.log", free_port()
        serve = ("gnutls-serv", "--udp", "--echo", "--quiet", "--port", str(port))
        keys = ("--x509keyfile", str(folder / "key.pem"))
        certificates = ("--x509certfile", str(folder / "cert.pem"))
        choice = ("--priority", priority, "--disable-client-cert")
        with running(*serve, *keys, *certificates, *choice):
            await_bound(port)
            relay = UdpRelay(port)
            ask = ("gnutls-cli", "--udp", "--insecure", "--no-ca-verification")
            to = ("--port", str(relay.port), "127.0.0.1", "--priority", priority)
            with running(*ask, *to, log=log) as client:
                assert client.stdin is not None
                for line in said:
                    client.stdin.write(line)
                    client.stdin.flush()
                    _heard(client, line)
                client.stdin.close()
                client.wait(PATIENCE_S)
            recorded = relay.join()
        recorded.key_log = log.read_bytes().splitlines()
        recorded.written = [b"".join(said)] * 2
        return recorded
