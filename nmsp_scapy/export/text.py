# SPDX-License-Identifier: GPL-2.0-or-later
"""A conversation as people read it, in packetdrill's manner: one line a message.

    0     0.041337  MSE > WLC  ECHO_REQUEST #7                         frame 12
    0     0.041812  MSE < WLC  ECHO_RESPONSE #7                        frame 13
    0     1.000000  MSE < WLC  *** gap: 93 bytes at 4711 of the TCP stream ...

The first number is the conversation's, the time is in seconds since its beginning.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import IO

from nmsp_scapy import records
from nmsp_scapy.constants import HeaderFlag
from nmsp_scapy.conversation import Conversation, Direction, Event, Message, Result
from nmsp_scapy.export.brief import brief
from nmsp_scapy.export.printable import printable
from nmsp_scapy.export.session_facts import headline, identity_line, session_lines
from nmsp_scapy.export.tree import tree
from nmsp_scapy.profile import NOMINAL, Profile
from nmsp_scapy.times import elapsed, iso

Print = Callable[[str, str], None]
"""Prints a line in a style that rich knows; empty is plain."""

ARROWS = {Direction.MSE_TO_WLC: "MSE > WLC", Direction.WLC_TO_MSE: "MSE < WLC"}
STREAMS = {
    "tcp": "of the TCP stream",
    "data": "of the decrypted stream",
    "file": "of the file",
}
QUIET = frozenset({"fin", "closed"})
"""Events that only tell how a conversation went on."""


def plain(file: IO[bytes]) -> Print:
    """Print to a file, without styles."""

    def show(line: str, _: str) -> None:
        file.write(f"{line}\n".encode(errors="backslashreplace"))

    return show


def coloured() -> Print:
    """Print to the terminal, with styles."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    return lambda line, style: console.print(line, style=style or None, soft_wrap=True)


class TextWriter:
    """Writes results for people."""

    def __init__(
        self,
        show: Print,
        *,
        profile: Profile = NOMINAL,
        verbose: bool = False,
        sessions: bool = False,
    ) -> None:
        """Begin.

        Args:
            show: prints a line.
            profile: of the messages.
            verbose: whether each message is followed by its tree and bytes.
            sessions: whether each conversation is followed by what its TLS session
                showed.
        """
        self._show = show
        self._profile = profile
        self._verbose, self._sessions = verbose, sessions
        self._open: dict[int, Conversation] = {}
        self._untold: set[int] = set()
        self._conversations = 0
        self._messages: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()

    def begin(self, capture: str) -> None:
        """Go on with another capture."""
        self._show(f"# {printable(capture)}", "bold")

    def write(self, results: Iterable[Result]) -> None:
        """Write a batch."""
        for found in results:
            if isinstance(found, Message):
                self._tell(found.conversation)
                self._message(found)
            elif isinstance(found, Conversation):
                self._conversations += 1
                self._open[found.index] = found
                self._untold.add(found.index)
            else:
                if found.conversation is not None:
                    self._tell(found.conversation)
                self._event(found)

    def _tell(self, index: int) -> None:
        """Head a conversation's first line with what is known of it by then."""
        if index not in self._untold:
            return
        self._untold.discard(index)
        conversation = self._open[index]
        doubt = "" if conversation.sure else " (which end is the MSE is a guess)"
        late = "" if conversation.began == "syn" else ", begun before the capture"
        self._show("", "")
        self._show(
            f"conversation {index}: {conversation.client} (MSE) to "
            f"{conversation.server} (WLC), {iso(conversation.time_ns)}{late}{doubt}",
            "bold cyan",
        )
        facts = conversation.tls
        if facts is None:
            self._show(f"  {conversation.transport}, not encrypted", "cyan")
            return
        self._show(f"  {headline(facts)}", "cyan")
        for side, ders in enumerate(
            (facts.client_certificates, facts.server_certificates)
        ):
            for der in ders[:1]:
                self._show(f"  {identity_line(side, der, hashes=False)}", "cyan")

    def _line(self, index: int, time_ns: int | None, arrow: str) -> str:
        begun = self._open[index].time_ns if index in self._open else 0
        when = "" if time_ns is None else elapsed(time_ns, begun)
        return f"{index:<3} {when:>12}  {arrow:<9}"

    def _message(self, message: Message) -> None:
        record = records.decode(message.raw, self._profile)
        name = record.get("name", "?")
        self._messages[name] += 1
        number = f" #{message.transaction_id}" if message.transaction_id else ""
        more = " MORE" if message.flags & HeaderFlag.MORE else ""
        arrow = ARROWS[message.direction]
        head = self._line(message.conversation, message.time_ns, arrow)
        told = f"{name}{number}{more}  {brief(record)}".rstrip()
        style = "red" if "malformed" in record else ""
        self._show(f"{head}  {told}  {_frames(message.frames)}", style)
        if self._verbose:
            for line in tree(message, record):
                self._show(f"{'':18}{line}", "dim")

    def _event(self, event: Event) -> None:
        if event.lost:
            self._lost[event.event] += 1
        mark = "***" if event.lost else "---"
        style = (
            "bold red" if event.lost else "dim" if event.event in QUIET else "yellow"
        )
        text = f"{mark} {event.event}: {_place(event)}{printable(event.reason)}"
        frames = _frames(event.frames)
        if event.conversation is None:
            self._show(f"{text}  {frames}".rstrip(), style)
            return
        arrow = ARROWS[event.direction] if event.direction else ""
        head = self._line(event.conversation, event.time_ns, arrow)
        self._show(f"{head}  {text}  {frames}".rstrip(), style)
        if event.event == "closed":
            self._closed(event.conversation)

    def _closed(self, index: int) -> None:
        conversation = self._open.pop(index, None)
        if not self._sessions or conversation is None or conversation.tls is None:
            return
        self._show(f"{index:<3} TLS session", "cyan")
        for line in session_lines(conversation.tls):
            self._show(f"      {line}", "cyan")

    def close(self) -> None:
        """Write the summary."""
        total = self._messages.total()
        kinds = ", ".join(f"{n} {name}" for name, n in self._messages.most_common())
        self._show("", "")
        self._show(
            f"{_number(self._conversations, 'conversation')}, "
            f"{_number(total, 'message')}{': ' if kinds else ''}{kinds}",
            "bold",
        )
        if self._lost:
            lost = ", ".join(f"{n} {name}" for name, n in self._lost.most_common())
            self._show(f"could not be read: {lost} (the lines with ***)", "bold red")


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _place(event: Event) -> str:
    parts = [] if event.length is None else [_number(event.length, "byte")]
    if event.offset is not None:
        where = STREAMS.get(event.stream, "")
        parts.append(f"at {event.offset} {where}".rstrip())
    return f"{' '.join(parts)}: " if parts else ""


def _frames(frames: tuple[int, ...]) -> str:
    if not frames:
        return ""
    shown = ",".join(map(str, frames[:8])) + ("..." if len(frames) > 8 else "")
    return f"frame {shown}" if len(frames) == 1 else f"frames {shown}"
