# SPDX-License-Identifier: GPL-2.0-or-later
"""The transport: TLS over real sockets, and how a connection ended, told apart."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conformance.emulator.tls import POLICIES, ServerContext, client_context
from conformance.recording import Track
from conformance.transport import Channel, Cut, End, EndedError, connect
from tests.gear.emulators import WLC, policy

Behaviour = Callable[[Channel], None]
ENDS = (("127.0.0.1", 1), ("127.0.0.1", 2))


@pytest.fixture(autouse=True)
def _short_linger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.transport.LINGER_S", 0.1)


class Peer:
    """A TLS server for one connection, in a thread."""

    def __init__(
        self, behaviour: Behaviour, verdict: int = 0, tls: str = "any"
    ) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._behaviour = behaviour
        self._context = ServerContext(WLC, policy(tls), lambda _: verdict)
        self.ended: EndedError | None = None
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        with self._listener:
            self._listener.settimeout(10)
            sock, _ = self._listener.accept()
        channel = Channel(sock, self._context.context, Track(None, ENDS), server=True)
        try:
            self._behaviour(channel)
        except EndedError as ended:
            self.ended = ended
        channel.drop()


@contextlib.contextmanager
def dialled(
    behaviour: Behaviour, *, tls: str = "any", presented: Any = WLC, **options: Any
) -> Iterator[tuple[Channel, Peer]]:
    peer = Peer(behaviour, tls=tls, **options)
    sock = connect("127.0.0.1", peer.port, 5)
    context = client_context(presented, policy(tls))
    channel = Channel(sock, context, Track(None, ENDS), server=False)
    try:
        yield channel, peer
    finally:
        channel.drop()
        peer.thread.join(10)
        assert not peer.thread.is_alive()


def shakes(channel: Channel) -> None:
    channel.handshake(10)


def echoes(channel: Channel) -> None:
    channel.handshake(10)
    while (data := channel.receive(10)) is not None:
        channel.send(data)


def ended(channel: Channel, seconds: float = 10) -> EndedError:
    """How a channel ends, whatever comes before."""
    try:
        if not channel.established:
            channel.handshake(seconds)
        while channel.receive(seconds) is not None:
            pass
    except EndedError as error:
        return error
    pytest.fail("it did not end")


@pytest.mark.parametrize(
    ("tls", "spoken"),
    [("1.0", "TLSv1"), ("1.1", "TLSv1.1"), ("1.2", "TLSv1.2"), ("1.3", "TLSv1.3")],
)
def test_data_passes_in_every_version(tls: str, spoken: str) -> None:
    data = bytes(range(256)) * 400
    with dialled(echoes, tls=tls) as (channel, _):
        channel.handshake(10)
        assert channel.version == spoken
        assert channel.peer_certificate() == WLC.der
        channel.send(data)
        got = b""
        while len(got) < len(data):
            got += channel.receive(10) or b"nothing came"
        assert got == data


@pytest.mark.parametrize("name", POLICIES)
def test_every_policy_completes_a_handshake_with_itself(name: str) -> None:
    with dialled(shakes, tls=name) as (channel, _):
        channel.handshake(10)
        assert channel.established


def test_policies_of_different_generations_do_not_meet() -> None:
    peer = Peer(shakes, tls="legacy-3850")
    sock = connect("127.0.0.1", peer.port, 5)
    context = client_context(WLC, policy("c9800"))
    channel = Channel(sock, context, Track(None, ENDS), server=False)
    how = ended(channel)
    channel.drop()
    peer.thread.join(10)
    assert (how.end, how.alert) == (End.ALERT, 70)


@pytest.mark.parametrize("tls", ["1.0", "1.1", "1.2", "1.3"])
@pytest.mark.parametrize(
    ("verdict", "alert"), [(24, 46), (23, 44), (28, 42), (50, 40), (9, 42), (10, 45)]
)
def test_each_refusal_puts_its_own_alert_on_the_wire(
    tls: str, verdict: int, alert: int
) -> None:
    with dialled(shakes, tls=tls, verdict=verdict) as (channel, peer):
        how = ended(channel)
        assert (how.end, how.alert) == (End.ALERT, alert)
        peer.thread.join(10)
    assert peer.ended is not None
    assert (peer.ended.end, peer.ended.alert) == (End.ALERT, alert)


def test_a_client_without_a_certificate_is_told_so() -> None:
    with dialled(shakes, tls="1.2", presented=None) as (channel, _):
        how = ended(channel)
    assert (how.end, how.alert) == (End.ALERT, 40)


def _reset(channel: Channel) -> None:
    channel.handshake(10)
    channel.abort()


def _close(channel: Channel) -> None:
    channel.handshake(10)
    channel.close()


def _mute(channel: Channel) -> None:
    time.sleep(0.5)


def _speak_plainly(channel: Channel) -> None:
    channel.send_plain(b"\x01\x00\x00\x07\x00\x00\x00\x0c\x00\x00\x00\x00")
    time.sleep(0.2)


@pytest.mark.parametrize(
    ("behaviour", "end"),
    [
        (shakes, End.FIN),
        (_close, End.CLOSE_NOTIFY),
        (_reset, End.RST),
        (_speak_plainly, End.TLS),
    ],
)
def test_ends_are_told_apart(behaviour: Behaviour, end: End) -> None:
    with dialled(behaviour) as (channel, _):
        assert ended(channel).end is end


def test_a_fin_during_the_handshake_is_a_fin() -> None:
    with dialled(lambda channel: channel.drop()) as (channel, _):
        assert ended(channel).end is End.FIN


def test_silence_in_the_handshake_is_a_timeout() -> None:
    with dialled(_mute) as (channel, _):
        began = time.monotonic()
        how = ended(channel, 0.1)
        assert time.monotonic() - began < 0.4
    assert how.end is End.TIMEOUT
    assert "handshake" in str(how)


def test_silence_after_it_is_none() -> None:
    with dialled(echoes) as (channel, _):
        channel.handshake(10)
        assert channel.receive(0.05) is None


def test_a_closed_port_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(EndedError) as caught:
        connect("127.0.0.1", port, 5)
    assert caught.value.end is End.REFUSED
    assert str(port) in str(caught.value)


def test_stopping_interrupts_a_wait() -> None:
    wake, stop = socket.socketpair()
    peer = Peer(_mute)
    sock = connect("127.0.0.1", peer.port, 5)
    context = client_context(WLC, policy("any"))
    channel = Channel(sock, context, Track(None, ENDS), server=False, wake=wake)
    stop.send(b"x")
    assert ended(channel).end is End.STOPPED
    channel.drop()
    peer.thread.join(10)
    wake.close()
    stop.close()


def test_both_sides_that_close_in_order_see_close_notify() -> None:
    seen: list[EndedError] = []

    def waits(channel: Channel) -> None:
        channel.handshake(10)
        try:
            channel.receive(10)
        except EndedError as error:
            seen.append(error)
        channel.close()

    with dialled(waits, tls="1.2") as (channel, _):
        channel.handshake(10)
        channel.close()
        assert channel._closed_by_peer
    assert [one.end for one in seen] == [End.CLOSE_NOTIFY]


def test_an_alert_is_read_although_the_client_went_on_writing() -> None:
    """TLS 1.3: the client has finished, and writes, before the refusal arrives."""
    with dialled(shakes, tls="1.3", verdict=24) as (channel, _):
        channel.handshake(10)
        with contextlib.suppress(EndedError):
            for _ in range(50):
                channel.send(b"x" * 1000)
        assert ended(channel).alert == 46


@pytest.mark.parametrize("size", [1, 5])
def test_a_cut_puts_as_many_bytes_into_a_record(size: int) -> None:
    records: list[int] = []

    def counts(channel: Channel) -> None:
        channel.handshake(10)
        got = 0
        while got < 20:
            data = channel.receive(10) or b""
            records.append(len(data))
            got += len(data)

    with dialled(counts, tls="1.2") as (channel, peer):
        channel.handshake(10)
        channel.cut = Cut(record=size)
        channel.send(bytes(20))
        peer.thread.join(10)
    assert records == [size] * (20 // size)


def test_openssl_itself_tells_where_and_ret_of_a_refusal() -> None:
    told: list[tuple[int, int]] = []

    def listens(channel: Channel) -> None:
        channel._info = lambda where, ret, _: told.append((where, ret))
        channel.handshake(10)

    with dialled(listens, tls="1.0", verdict=24) as (channel, peer):
        ended(channel)
        peer.thread.join(10)
    assert (0x4008, 0x22E) in told
    assert told[0] == (0x10, 1)


def test_a_peer_that_never_closes_holds_nobody_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sock = connect("127.0.0.1", listener.getsockname()[1], 5)
        silent, _ = listener.accept()
        context = client_context(WLC, policy("any"))
        channel = Channel(sock, context, Track(None, ENDS), server=False)
        began = time.monotonic()
        channel.drop()
        assert time.monotonic() - began < 1
        silent.close()
