# SPDX-License-Identifier: GPL-2.0-or-later
"""NMSP conversations over real TLS, as captures: what was said is known."""

from dataclasses import dataclass, field
from functools import cache
from io import BytesIO

from nmsp_scapy.capture.frames import TcpFrames
from nmsp_scapy.capture.pcapng import PcapngWriter
from nmsp_scapy.constants import PORT, Service, SubService
from nmsp_scapy.layers import (
    NMSP,
    NMSPCapabilityNotification,
    NMSPEchoRequest,
    NMSPEchoResponse,
    NMSPEntity,
    NMSPMacAddress,
    NMSPMeasurement,
    NMSPMeasurementNotification,
    NMSPRssiSample,
    NMSPService,
    NMSPServiceSubscribeRequest,
    NMSPServiceSubscribeResponse,
    NMSPStatus,
)
from tests.gear.tls import Pair, Recorded, context, identity

START_NS = 1_700_000_000_000_000_000
STEP_NS = 1_000_000
MSE, WLC = ("10.1.1.10", 40001), ("10.1.1.1", PORT)


@cache
def script() -> tuple[tuple[int, bytes], ...]:
    """A conversation: side (0 is the MSE) and message."""
    service = NMSPService(
        service=Service.RSSI, sub_services=SubService.RSSI_MOBILE_STATION
    )
    said: list[tuple[int, object]] = [
        (0, NMSP() / NMSPCapabilityNotification(elements=[service])),
        (1, NMSP() / NMSPCapabilityNotification(elements=[service])),
        (0, NMSP(transaction_id=1) / NMSPServiceSubscribeRequest(elements=[service])),
        (
            1,
            NMSP(transaction_id=1)
            / NMSPServiceSubscribeResponse(elements=[NMSPStatus(code=0)]),
        ),
    ]
    for number in range(8):
        samples = [
            NMSPRssiSample(rssi_a_dbm=-40 - n, age_ms=n) for n in range(number % 3 + 1)
        ]
        measured = NMSPMeasurement(
            elements=[
                NMSPMacAddress(mac=f"00:00:5e:00:53:{number:02x}"),
                NMSPEntity(kind=0),
                *samples,
            ]
        )
        said.append((1, NMSP() / NMSPMeasurementNotification(elements=[measured])))
        if number % 4 == 3:
            said.append((0, NMSP(transaction_id=number) / NMSPEchoRequest()))
            said.append((1, NMSP(transaction_id=number) / NMSPEchoResponse()))
    return tuple((side, bytes(packet)) for side, packet in said)  # type: ignore[call-overload]


@dataclass
class Talk:
    """A conversation and its capture.

    Attributes:
        said: side and message, in order.
        frames: the frames of its capture.
        key_log: what opens it.
    """

    said: tuple[tuple[int, bytes], ...]
    frames: list[bytes]
    key_log: bytes
    dropped: set[int] = field(default_factory=set)

    def pcapng(self, *, secrets: bool = True) -> bytes:
        """The capture file, without the frames whose numbers are in `dropped`."""
        file = BytesIO()
        writer = PcapngWriter(file)
        writer.interface()
        if secrets:
            writer.secrets(self.key_log)
        for number, frame in enumerate(self.frames, 1):
            if number not in self.dropped:
                writer.packet(frame, START_NS + number * STEP_NS)
        return file.getvalue()

    def open(self, *, secrets: bool = True) -> BytesIO:
        """The capture as an open file."""
        return BytesIO(self.pcapng(secrets=secrets))


@cache
def conversation(version: str, ciphers: str | None = None) -> Recorded:
    """The conversation as it went over the wire."""
    contexts = (
        context(0, version, ciphers, identity("mse")),
        context(1, version, ciphers, identity("wlc"), ask=True),
    )
    return Pair(*contexts).handshake().talk(script()).close()


def talk(version: str = "1.2", ciphers: str | None = None) -> Talk:
    """The conversation over real TLS, each message in a record and a segment."""
    recorded = conversation(version, ciphers)
    return Talk(script(), _frames(recorded.flow), b"\n".join(recorded.key_log) + b"\n")


def clear_talk() -> Talk:
    """The conversation without TLS."""
    return Talk(script(), _frames(list(script())), b"")


def _frames(flow: list[tuple[int, bytes]]) -> list[bytes]:
    made = TcpFrames(MSE, WLC)
    frames = made.open()
    for side, data in flow:
        frames += made.data(side, data)
    return frames + made.finish(0) + made.finish(1)
