# SPDX-License-Identifier: GPL-2.0-or-later
"""Live capture, on the loopback interface with real sockets."""

import os
import socket
import subprocess
import threading
from itertools import count
from pathlib import Path
from random import Random
from time import sleep

import pytest

from nmsp_scapy.capture import CaptureError, Datagram, Segment, open_capture
from nmsp_scapy.capture.live import open_live
from nmsp_scapy.integrity import Gap, Plain
from nmsp_scapy.streams import Reassembler
from tests.conftest import program


def may_listen() -> bool:
    try:
        open_live("lo").close()
    except CaptureError:
        return False
    return True


needs_root = pytest.mark.skipif(not may_listen(), reason="needs CAP_NET_RAW")


def talk(listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname()) as client:
        server, _ = listener.accept()
        with server:
            client.sendall(b"question" * 9000)
            while server.recv(1 << 20):
                server.sendall(b"answer")
                client.shutdown(socket.SHUT_WR)


@needs_root
def test_a_connection_on_loopback_is_read_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        done = threading.Event()
        idle = 0

        def wait() -> bool:
            nonlocal idle
            idle += done.is_set()
            return idle < 4

        capture = open_live("lo", ports={port}, wait=wait)
        talker = threading.Thread(target=lambda: (talk(listener), done.set()))
        talker.start()
        reassembler = Reassembler({port})
        sides = {0: b"", 1: b""}
        frames = []
        with capture:
            for found in capture:
                assert isinstance(found, Segment)
                frames.append(found.frame)
                for _, side, item in reassembler.feed(found):
                    if isinstance(item, Plain):
                        sides[side] += item.data
        talker.join()
    assert sides[0] == b"question" * 9000
    assert set(sides[1].split(b"answer")) == {b""}
    assert frames == sorted(set(frames))
    assert found.time_ns > 1_700_000_000_000_000_000


@needs_root
def test_datagrams_are_heard_too() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.0.1", 0))
        port = sender.getsockname()[1]
        with open_live("lo", ports={port}, wait=lambda: True) as capture:
            sender.sendto(b"hello", sender.getsockname())
            found = next(iter(capture))
    assert isinstance(found, Datagram)
    assert found.payload == b"hello"


@needs_root
def test_an_unknown_interface_is_one_clear_error() -> None:
    with pytest.raises(CaptureError, match="nosuch0: No such device"):
        open_live("nosuch0")


def test_without_root_there_is_one_clear_error() -> None:
    if os.geteuid() != 0:
        if may_listen():
            pytest.skip("this user may listen")
        with pytest.raises(CaptureError, match="root"):
            open_live("lo")
        return
    child = os.fork()
    if child == 0:
        os.setuid(65_534)
        try:
            open_live("lo")
        except CaptureError as error:
            os._exit(0 if "root" in str(error) else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@needs_root
@pytest.mark.parametrize("interface", ["lo", "any"])
def test_what_dumpcap_writes_is_read_exactly(interface: str, tmp_path: Path) -> None:
    path = tmp_path / "live.pcapng"
    command = [program("dumpcap"), "-B", "64", "-i", interface, "-w", str(path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as dumpcap:
        try:
            assert dumpcap.stderr is not None
            while "File:" not in dumpcap.stderr.readline():
                assert dumpcap.poll() is None
            follow_a_talk(path)
        finally:
            dumpcap.terminate()


def follow_a_talk(path: Path) -> None:
    """Talk over loopback while somebody captures to a file, and read along."""
    question = Random(1).randbytes(300_000)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            server, _ = listener.accept()
            with server:
                for at in range(0, len(question), 777):
                    client.sendall(question[at : at + 777])
                client.shutdown(socket.SHUT_WR)
                while server.recv(1 << 16):
                    pass
    reassembler = Reassembler({port})
    read = b""
    tries = count()

    def wait() -> bool:
        sleep(0.1)
        return next(tries) < 100

    with open_capture(path, ports={port}, follow=wait) as capture:
        for found in capture:
            assert isinstance(found, Segment)
            for _, _, item in reassembler.feed(found):
                assert not isinstance(item, Gap)
                read += item.data if isinstance(item, Plain) else b""
            if len(read) == len(question):
                break
    assert read == question
