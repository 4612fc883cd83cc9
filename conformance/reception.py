# SPDX-License-Identifier: GPL-2.0-or-later
"""Where an MSE under test is awaited, and its operator told what only he can do.

An MSE dials again on its own after each case, so that its operator is told nothing
while it does. He is told once, on one line, when no MSE has come for a while; where
dialling is what a case judges, he is not, for his help would spoil the verdict.
"""

from collections.abc import Callable

from conformance.tcp import Listener, Tcp

Say = Callable[[str], None]
NOBODY = "make the MSE connect to {place}: let it know this controller, {identity}"
GONE = "the MSE does not dial again: restart it, or make it connect to {place}"


class Reception(Listener):
    """Waits for the MSE of a whole run.

    Attributes:
        overdue: whether its operator was told and it has not come since.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        say: Say,
        identity: str = "",
        patience_s: float = 10.0,
        first_s: float = 300.0,
    ) -> None:
        """Listen.

        Args:
            host: an address of this machine.
            port: 0 takes one that is free.
            say: tells the operator a line.
            identity: what the suite presents, in words.
            patience_s: in which an MSE dials again on its own.
            first_s: in which the first one comes, its operator's work included.
        """
        super().__init__(host, port)
        self.overdue = False
        self._say, self._identity = say, identity
        self._patience_s, self._first_s = patience_s, first_s
        anywhere = host in ("", "0.0.0.0", "::")  # noqa: S104 - it is compared
        shown = f"[{host}]" if ":" in host else host
        self._place = (
            f"port {self.port} of this machine" if anywhere else f"{shown}:{self.port}"
        )

    def accept(self, timeout_s: float) -> Tcp | None:
        """Wait for a connection, in silence; None when none came in time."""
        tcp = super().accept(timeout_s)
        if tcp is not None:
            self.overdue = False
        return tcp

    def arrival(self, timeout_s: float) -> Tcp | None:
        """Wait for a connection, and tell the operator when it stays away.

        After he was told in vain no case waits longer than an MSE needs on its own.
        """
        whole = timeout_s if self.met else self._first_s
        alone = min(whole, self._patience_s)
        tcp = self.accept(alone)
        if tcp is not None or self.overdue:
            return tcp
        told = GONE if self.met else NOBODY
        self._say(told.format(place=self._place, identity=self._identity))
        self.overdue = True
        return self.accept(whole - alone)
