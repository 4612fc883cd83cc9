# SPDX-License-Identifier: GPL-2.0-or-later
"""What a live case leaves behind: a capture with its secrets, and a transcript."""

from collections.abc import Sequence
from pathlib import Path

from conformance.link import Link
from conformance.observation import EndKind
from conformance.result import Case
from nmsp_scapy.capture.frames import TcpFrames
from nmsp_scapy.capture.pcapng import PcapngWriter, open_private

ENDED_BY_RESET = (EndKind.RST,)


def write_case(case: Case, links: Sequence[Link], folder: Path) -> str:
    """Write `<id>.pcapng` and `<id>.txt`.

    Args:
        case: whose id names the files.
        links: its connections.
        folder: exists; holds secrets from now on.

    Returns:
        Name of the capture; empty when no byte was carried.
    """
    with open_private(folder / f"{case.id}.txt") as file:
        file.write(transcript_text(case).encode())
    name = f"{case.id}.pcapng"
    comments = [f"{case.id}: {case.verdict}", case.description]
    return name if write_capture(folder / name, links, comments) else ""


def write_capture(path: Path, links: Sequence[Link], comments: Sequence[str]) -> bool:
    """Write what connections carried, with their secrets inside.

    Returns:
        Whether there was anything to write.
    """
    carried = [link for link in links if link.endpoints and link.chunks]
    if not carried:
        return False
    with open_private(path) as file:
        writer = PcapngWriter(file, comments=list(comments))
        writer.interface(name="tester", description="what the tester's sockets carried")
        secrets = b"".join(line + b"\n" for link in carried for line in link.secrets)
        if secrets:
            writer.secrets(secrets)
        for time_ns, frame in sorted(
            (pair for link in carried for pair in frames_of(link)),
            key=lambda pair: pair[0],
        ):
            writer.packet(frame, time_ns)
    return True


def frames_of(link: Link) -> list[tuple[int, bytes]]:
    """Make the frames of a connection from what its socket carried."""
    assert link.endpoints is not None  # noqa: S101 - the caller has looked
    local, remote = link.endpoints
    tester_dials = link.observation.role == "wlc"
    client, server = (local, remote) if tester_dials else (remote, local)
    tcp = TcpFrames(client, server)
    made = [(link.began_ns, frame) for frame in tcp.open()]
    for chunk in link.chunks:
        side = 0 if chunk.sent == tester_dials else 1
        at = link.began_ns + int(chunk.time_s * 1e9)
        made += [(at, frame) for frame in tcp.data(side, chunk.data)]
    end = link.observation.end
    at = link.began_ns + int(max(end.time_s, link.observation.until_s) * 1e9)
    theirs = 1 if tester_dials else 0
    side = theirs if end.by == link.observation.role else 1 - theirs
    if end.kind in ENDED_BY_RESET:
        made += [(at, frame) for frame in tcp.reset(side)]
    elif end.kind not in (EndKind.OPEN, EndKind.TIMEOUT):
        made += [(at, frame) for frame in tcp.finish(side)]
    return made


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
