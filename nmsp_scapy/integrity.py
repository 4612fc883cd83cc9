# SPDX-License-Identifier: GPL-2.0-or-later
"""What a stage hands to the next: bytes that are certain, or a named hole.

Stages 2 and 3 of the pipeline (streams, TLS) yield these five types and nothing
else. Bytes are never invented: what could not be read is one of the four holes,
with its place and its reason.
"""

from typing import ClassVar

import msgspec


class Plain(msgspec.Struct, gc=False):
    """Bytes of one direction, in order and verified.

    Attributes:
        data: the bytes.
        offset: position of the first byte in the stream that the stage yields
            (TCP stream: 0 is the byte after the SYN; TLS: application data).
        time_ns: capture time of the frame that completed them, ns since 1970.
        frames: numbers of the frames that carried them, 1 is the capture's first.
    """

    data: bytes
    offset: int
    time_ns: int
    frames: tuple[int, ...]


class Hole(msgspec.Struct, gc=False):
    """Bytes of one direction that could not be read.

    Attributes:
        offset: position of the first missing byte in the direction's TCP stream.
        length: bytes missing in the TCP stream, None where nobody can know.
        time_ns: capture time at which the hole was certain, ns since 1970.
        frames: frames that carried or bound the hole; may be empty.
        reason: one clause for people.
    """

    kind: ClassVar[str]

    offset: int
    length: int | None
    time_ns: int
    frames: tuple[int, ...]
    reason: str


class Gap(Hole, gc=False):
    """The capture does not hold these bytes."""

    kind = "gap"


class BadMac(Hole, gc=False):
    """A record's MAC or tag does not verify."""

    kind = "bad-mac"


class NoKey(Hole, gc=False):
    """Encrypted, and no key that fits was given."""

    kind = "no-key"


class Undecodable(Hole, gc=False):
    """Present, but not what the stage can decode."""

    kind = "undecodable"


Item = Plain | Gap | BadMac | NoKey | Undecodable
"""What a direction's stream consists of."""
