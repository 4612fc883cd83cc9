# SPDX-License-Identifier: GPL-2.0-or-later
"""What only the endpoint's operator can do, as commands or files that the run is given.

`CMD add|remove MAC SHA1 SHA256` changes the AuthList, and `-` is a hash that is not to
be listed; `CMD` prints what `show nmsp statistics connection` shows. Commands run
without a shell.
"""

import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec

from conformance.claims import HASHES, Hash
from conformance.identities import Identity
from nmsp_scapy.authlist.identity import identity_of
from nmsp_scapy.status.reading import Counts, read_statistics

PATIENCE_S = 30.0
TEXT_LIMIT = 4_000_000


class OperatorError(Exception):
    """A hook did not do what it is for."""


class Operator:
    """The operator as a case meets it; this one offers nothing.

    Attributes:
        changes_list: whether the AuthList can be changed.
        shows_statistics: whether the endpoint's counters can be read.
        alone: whether nobody else talks to the endpoint, so that its counters are of
            this case alone.
    """

    changes_list = shows_statistics = False
    alone = True

    def change(
        self, verb: str, identity: Identity, hashes: Sequence[Hash] = HASHES
    ) -> None:
        """Add an identity to the AuthList, or remove it.

        Args:
            verb: `add` or `remove`.
            identity: whose MAC address and key it is.
            hashes: of the key, that are to be listed.

        Raises:
            OperatorError: it could not be done.
        """
        raise OperatorError("no --authlist-command was given")

    def statistics(self) -> Counts:
        """Read the endpoint's counters.

        Raises:
            OperatorError: they could not be read.
        """
        raise OperatorError("no --statistics-command was given")


def entry(identity: Identity, hashes: Sequence[Hash]) -> tuple[str, str, str]:
    """MAC address, SHA-1 and SHA-256; `-` stands for a hash that is not listed."""
    shown = identity_of(identity.der)
    digests = (getattr(shown, name) if name in hashes else "-" for name in HASHES)
    sha1, sha256 = digests
    return shown.mac or "", sha1, sha256


class Hooks(msgspec.Struct):
    """What the command line names.

    Attributes:
        authlist, statistics: commands, split as a shell would.
        file: text of the statistics, written anew by somebody else.
    """

    authlist: tuple[str, ...] = ()
    statistics: tuple[str, ...] = ()
    file: Path | None = None

    @classmethod
    def given(cls, authlist: str, statistics: str, file: str) -> "Hooks":
        """Split the commands.

        Raises:
            ValueError: quotes that are not closed, or two sources of statistics.
        """
        if statistics and file:
            raise ValueError("--statistics-command or --statistics, not both")
        commands: list[tuple[str, ...]] = []
        for name, text in (
            ("--authlist-command", authlist),
            ("--statistics-command", statistics),
        ):
            try:
                commands.append(tuple(shlex.split(text or "")))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        return cls(commands[0], commands[1], Path(file) if file else None)


class CommandedOperator(Operator):
    """An operator who is asked by commands and files."""

    def __init__(self, hooks: Hooks, *, alone: bool = True) -> None:
        self._hooks = hooks
        self.changes_list = bool(hooks.authlist)
        self.shows_statistics = bool(hooks.statistics or hooks.file)
        self.alone = alone
        self._shown = ""

    def change(
        self, verb: str, identity: Identity, hashes: Sequence[Hash] = HASHES
    ) -> None:
        """Run `CMD add|remove MAC SHA1 SHA256`."""
        if not self._hooks.authlist:
            super().change(verb, identity)
        arguments = (verb, *entry(identity, hashes))
        _output((*self._hooks.authlist, *arguments), "--authlist-command")

    def statistics(self) -> Counts:
        """Run the command, or read the file."""
        if self._hooks.file is not None:
            text = self._read(self._hooks.file)
        elif self._hooks.statistics:
            text = _output(self._hooks.statistics, "--statistics-command")
        else:
            return super().statistics()
        counts = read_statistics(text)
        if not counts:
            raise OperatorError("the statistics hold no table of message counters")
        return counts

    def _read(self, path: Path) -> str:
        try:
            with path.open(errors="replace") as file:
                text = file.read(TEXT_LIMIT)
        except OSError as error:
            raise OperatorError(f"--statistics: {error}") from None
        if text == self._shown:
            raise OperatorError("--statistics: the file was not written anew")
        self._shown = text
        return text


def _output(command: tuple[str, ...], what: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command, no shell
            command,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise OperatorError(f"{what}: no end within {PATIENCE_S:g} s") from None
    except OSError as error:
        raise OperatorError(f"{what}: {error}") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        why = f": {said[-1][:200]}" if said else ""
        raise OperatorError(f"{what}: exit code {done.returncode}{why}")
    return done.stdout[:TEXT_LIMIT].decode(errors="replace")
