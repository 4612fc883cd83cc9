# SPDX-License-Identifier: GPL-2.0-or-later
"""The sniffer sees the interface's own packets of one port, each once."""

import os
import socket

import pytest

from conformance.sniffer import Sniffer


@pytest.mark.skipif(os.geteuid() != 0, reason="packet sockets are root's")
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_packets_of_the_port_are_kept_once_and_others_not(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with (
        socket.create_server((host, 0), family=family) as wanted,
        socket.create_server((host, 0), family=family) as other,
    ):
        with Sniffer(wanted.getsockname()[1]) as sniffer:
            for listener in (wanted, other):
                with socket.create_connection(listener.getsockname()[:2]) as client:
                    client.sendall(b"said to %d" % listener.getsockname()[1])
                    accepted, _ = listener.accept()
                    accepted.recv(100)
                    accepted.close()
        port = wanted.getsockname()[1]
    said = [frame for _, frame in sniffer.packets if b"said to" in frame]
    assert len(said) == 1
    assert said[0].endswith(b"said to %d" % port)
    assert len(sniffer.packets) >= 6
    times = [time_ns for time_ns, _ in sniffer.packets]
    assert times == sorted(times)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may")
def test_who_is_not_root_is_refused() -> None:
    with pytest.raises(PermissionError):
        Sniffer(1)
