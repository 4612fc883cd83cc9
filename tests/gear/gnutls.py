# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions of gnutls-serv and gnutls-cli over loopback, through a recording relay."""

import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from tests.gear.tls import Recorded, identity

LINES = [b"a line of the client\n", b"x" * 3000 + b"\n", b"the last line\n"]
"""What the client says; the server echoes each line."""


class Relay:
    """Carries one TCP connection and records both directions."""

    def __init__(self, target: int) -> None:
        self.recorded = Recorded()
        self._lock = threading.Lock()
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with self._listener:
            client, _ = self._listener.accept()
        server = socket.create_connection(("127.0.0.1", self._target))
        back = threading.Thread(target=self._carry, args=(1, server, client))
        back.start()
        self._carry(0, client, server)
        back.join()
        client.close()
        server.close()

    def _carry(self, side: int, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                with self._lock:
                    self.recorded.flow.append((side, data))
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def join(self) -> Recorded:
        """Wait for the end of the connection."""
        self._thread.join(10)
        return self.recorded


_RESERVED: list[socket.socket] = []
"""Bound and silent sockets: the kernel gives their ports to nobody who asks for any."""


def free_port() -> int:
    """A TCP port that a program may listen on; it stays reserved for this process."""
    holder = socket.socket()
    # Both sides set this, so a program can bind what is bound but not listened on.
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    _RESERVED.append(holder)
    port: int = holder.getsockname()[1]
    return port


def await_listener(port: int) -> None:
    """Wait until a server accepts connections, by the kernel's own list."""
    wanted = f":{port:04X} 00000000:0000 0A"
    for _ in range(200):
        table = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
        if wanted in table or f":{port:04X} {'0' * 32}:0000 0A" in table:
            return
        time.sleep(0.02)
    raise AssertionError("the server does not listen")


def gnutls(
    priority: str,
    kind: str = "rsa",
    server_options: Sequence[str] = (),
    client_options: Sequence[str] = (),
) -> Recorded:
    """A whole session between gnutls-cli and gnutls-serv."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        who = identity("server", kind)
        (folder / "key.pem").write_bytes(who.key_pem)
        (folder / "cert.pem").write_bytes(who.certificate_pem)
        log = folder / "keys.log"
        environment = os.environ | {"SSLKEYLOGFILE": str(log)}
        port = free_port()
        server = subprocess.Popen(
            [
                *("gnutls-serv", "--echo", "--quiet", "--port", str(port)),
                *("--x509keyfile", str(folder / "key.pem")),
                *("--x509certfile", str(folder / "cert.pem")),
                *("--priority", priority, "--disable-client-cert"),
                *server_options,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            await_listener(port)
            relay = Relay(port)
            said = _client(relay.port, (priority, *client_options), environment)
            recorded = relay.join()
        finally:
            server.kill()
            server.wait()
        recorded.key_log = log.read_bytes().splitlines() if log.exists() else []
        recorded.written = [said, said]
        return recorded


def _client(port: int, options: Sequence[str], environment: dict[str, str]) -> bytes:
    client = subprocess.Popen(
        [
            *("gnutls-cli", "--insecure", "--no-ca-verification", "--priority"),
            *(*options, "--port", str(port), "127.0.0.1"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    with client:
        return _converse(client)


def _converse(client: "subprocess.Popen[bytes]") -> bytes:
    assert client.stdin is not None
    assert client.stdout is not None
    out = client.stdout
    while line := out.readline():
        if b"Simple Client Mode" in line:
            break
    else:
        raise AssertionError("gnutls refuses this choice")
    said = b""
    for line in LINES:
        client.stdin.write(line)
        client.stdin.flush()
        said += line
        heard = b""
        while not heard.endswith(line):
            more = out.readline()
            assert more
            heard += more
    return said
