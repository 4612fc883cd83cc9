# SPDX-License-Identifier: GPL-2.0-or-later
"""What a live case leaves behind: captures with their secrets, and a transcript.

A case's capture holds all its connections. Each deviation has one of its own besides:
the connection in which it shows, from the handshake to the message that deviates.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from conformance.link import Link
from conformance.observation import EndKind
from conformance.result import Case
from nmsp_scapy.capture.frames import TcpFrames
from nmsp_scapy.capture.pcapng import PcapngWriter, open_private

ENDED_BY_RESET = (EndKind.RST,)


class Frame(NamedTuple):
    """A frame of a recording.

    Attributes:
        chunk: index of the chunk that it carries; -1 when it opens the connection,
            one more than the last when it ends it.
        theirs: whether the endpoint under test sent it.
    """

    time_ns: int
    data: bytes
    chunk: int
    theirs: bool


def write_case(case: Case, links: Sequence[Link], folder: Path) -> str:
    """Write `<id>.pcapng` and `<id>.txt`, and a capture for each deviation.

    Args:
        case: whose id names the files; its deviations are told where they lie.
        links: its connections.
        folder: exists; holds secrets from now on.

    Returns:
        Name of the capture; empty when no byte was carried.
    """
    from conformance.pinpoint import pinpoint

    with open_private(folder / f"{case.id}.txt") as file:
        file.write(transcript_text(case).encode(errors="backslashreplace"))
    name = f"{case.id}.pcapng"
    comments = [f"{case.id}: {case.verdict}", case.description]
    if not write_capture(folder / name, links, comments):
        return ""
    pinpoint(case, links, folder)
    return name


def write_capture(path: Path, links: Sequence[Link], comments: Sequence[str]) -> bool:
    """Write what connections carried, with their secrets inside.

    Returns:
        Whether there was anything to write.
    """
    carried = [link for link in links if link.endpoints and link.chunks]
    if not carried:
        return False
    frames = sorted(
        (frame for link in carried for frame in frames_of(link)),
        key=lambda frame: frame.time_ns,
    )
    write_frames(path, frames, secrets_of(carried), comments)
    return True


def secrets_of(links: Sequence[Link]) -> bytes:
    """Write connections' secrets as a key log."""
    return b"".join(line + b"\n" for link in links for line in link.secrets)


def write_frames(
    path: Path,
    frames: Sequence[Frame],
    secrets: bytes,
    comments: Sequence[str],
    remarks: dict[int, list[str]] | None = None,
) -> None:
    """Write frames to a file that its owner alone may read.

    Args:
        path: of the file.
        frames: in the order of time.
        secrets: a key log; none is written when it is empty.
        comments: on the capture.
        remarks: comments on frames, by number; 1 is the first.
    """
    with open_private(path) as file:
        writer = PcapngWriter(file, comments=list(comments))
        writer.interface(name="tester", description="what the tester's sockets carried")
        if secrets:
            writer.secrets(secrets)
        for number, frame in enumerate(frames, 1):
            said = (remarks or {}).get(number, ())
            writer.packet(frame.data, frame.time_ns, comments=said)


def frames_of(link: Link) -> Iterator[Frame]:
    """Make the frames of a connection from what its socket carried."""
    assert link.endpoints is not None  # noqa: S101 - the caller has looked
    local, remote = link.endpoints
    tester_dials = link.observation.role == "wlc"
    client, server = (local, remote) if tester_dials else (remote, local)
    tcp = TcpFrames(client, server)
    for frame in tcp.open():
        yield Frame(link.began_ns, frame, -1, False)
    for place, chunk in enumerate(link.chunks):
        side = 0 if chunk.sent == tester_dials else 1
        at = link.began_ns + int(chunk.time_s * 1e9)
        frames = tcp.data(side, chunk.data)
        for frame in frames:  # the last one acknowledges
            theirs = not chunk.sent and frame is not frames[-1]
            yield Frame(at, frame, place, theirs)
    end = link.observation.end
    at = link.began_ns + int(max(end.time_s, link.observation.until_s) * 1e9)
    by_them = end.by == link.observation.role
    side = int(tester_dials == by_them)
    if end.kind in ENDED_BY_RESET:
        frames = tcp.reset(side)
    elif end.kind not in (EndKind.OPEN, EndKind.TIMEOUT):
        frames = tcp.finish(side)
    else:
        return
    for frame in frames:
        yield Frame(at, frame, len(link.chunks), by_them and frame is frames[0])


def transcript_text(case: Case) -> str:
    """Write a case's transcript: time, sender, what, one line each."""
    lines = [f"{case.id}: {case.verdict}", case.description, ""]
    for line in case.transcript:
        sender = f"{line.sender:>3}" if line.sender else "   "
        lines.append(
            f"{line.connection} {line.time_s:9.4f}  {sender}  {line.kind:7} {line.text}"
        )
        if line.raw:
            lines.append(f"{'':20}{line.raw}")
    return "\n".join(lines) + "\n"
