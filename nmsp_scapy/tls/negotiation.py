# SPDX-License-Identifier: GPL-2.0-or-later
"""What the handshakes of one session say: its facts, and which keys may open it.

Knows nothing of records: TLS and DTLS hand it whole messages and ask it for the
candidates when a side turns to new keys.
"""

from typing import Final

import msgspec

from nmsp_scapy.tls import hello as read
from nmsp_scapy.tls.facts import Evidence, HandshakeFact, SessionFacts
from nmsp_scapy.tls.keylog import Label
from nmsp_scapy.tls.keys import KeyStore, Secret
from nmsp_scapy.tls.masters import Agreement, Exchange, Masters
from nmsp_scapy.tls.memory import Memory
from nmsp_scapy.tls.protection import Protection, protection, protection_13
from nmsp_scapy.tls.registry import Extension, Handshake, Version, version_name
from nmsp_scapy.tls.registry import handshake_name as name_of
from nmsp_scapy.tls.schedule import verify_data, verify_data_13
from nmsp_scapy.tls.suites import Suite, suite_name, suite_of
from nmsp_scapy.tls.transcript import Transcript

EARLY: Final = 1
HANDSHAKE: Final = 2
APPLICATION: Final = 3

_LABELS: Final = {
    (0, EARLY): Label.CLIENT_EARLY,
    (0, HANDSHAKE): Label.CLIENT_HANDSHAKE,
    (1, HANDSHAKE): Label.SERVER_HANDSHAKE,
    (0, APPLICATION): Label.CLIENT_TRAFFIC,
    (1, APPLICATION): Label.SERVER_TRAFFIC,
}

MOST_FACTS: Final = 1000
"""Handshake messages that the facts list."""


class Candidate(msgspec.Struct):
    """Keys that may be those of one direction; the first record decides.

    Attributes:
        random: the client random that the secret belongs to.
        epoch: of TLS 1.3.
        turn: KeyUpdates since the secret.
    """

    protection: Protection
    label: Label
    random: bytes
    secret: Secret
    suite: Suite
    epoch: int = APPLICATION
    turn: int = 0

    def __repr__(self) -> str:
        return f"Candidate({self.label}, {self.secret.source})"


class Waiting:
    """The answer may still come: from the other direction, or from a growing log."""


WAITING: Final = Waiting()

Candidates = list[Candidate] | Waiting | str
"""What may open a direction, or why nothing does."""


class Negotiation:
    """The handshakes of a session, one after the other.

    Attributes:
        version: negotiated, as on the wire; 0 before.
        steps: rises with every message, so that waiting is ended by news only.
        final: no more input will come: waiting makes no sense any more.
        hello, answer: both hellos of the latest handshake.
        used: key log lines of the secrets that opened something.
        missing: what would be the reason if the keys waited for never came.
    """

    def __init__(
        self, keys: KeyStore, memory: Memory, facts: SessionFacts, datagram: bool
    ) -> None:
        self.version = 0
        self.steps = 0
        self.final = False
        self.hello: read.ClientHello | None = None
        self.answer: read.ServerHello | None = None
        self.used: list[str] = []
        self.missing = ""
        self._keys = keys
        self._memory = memory
        self._masters = Masters(keys, memory)
        self._facts = facts
        self._datagram = datagram
        self._transcript = Transcript()
        self._agreed: Agreement | None = None
        self._exchange = Exchange()
        self._proved: Secret | None = None
        self._traffic: dict[tuple[int, int], bytes] = {}
        self._ticket = b""
        self._finished = [False, False]

    # -- what comes in --------------------------------------------------------------

    def message(
        self, side: int, raw: bytes, header: int, seen: Evidence, encrypted: bool
    ) -> None:
        """Take a handshake message.

        Args:
            side: who sent it, 0 client, 1 server.
            raw: the message with its header, as the transcript hashes it.
            header: bytes of the header.
            seen: where it stood.
            encrypted: whether it came under keys.

        Raises:
            MalformedError: its content contradicts itself.
        """
        self.steps += 1
        kind, body = raw[0], raw[header:]
        self.note(side, name_of(kind), seen, encrypted)
        if kind == Handshake.CLIENT_HELLO and side == 0:
            self.client_hello(read.read_client_hello(body, self._datagram), raw)
        elif kind == Handshake.SERVER_HELLO and side == 1:
            self._server_hello(read.read_server_hello(body), raw)
        elif kind not in (Handshake.HELLO_REQUEST, Handshake.HELLO_VERIFY_REQUEST):
            if kind == Handshake.FINISHED:
                self._check_finished(side, body)
            if not (self._facts.complete and self.version == Version.TLS13):
                self._transcript.add(side, raw)
            self._learn(side, kind, body)

    def note(self, side: int, name: str, seen: Evidence, encrypted: bool) -> None:
        """List a message, or a ChangeCipherSpec, in the facts."""
        if len(self._facts.handshakes) < MOST_FACTS:
            self._facts.handshakes.append(
                HandshakeFact(seen.time_ns, seen.frames, side, name, encrypted)
            )

    def lost(self, side: int) -> None:
        """Bytes of this side are missing: its handshake messages are not all known."""
        self._transcript.broken[side] = True
        self.steps += 1

    def broken(self, side: int) -> bool:
        """Whether bytes of this side are missing."""
        return self._transcript.broken[side]

    def client_hello(self, hello: read.ClientHello, raw: bytes) -> None:
        """Take a ClientHello that is read already."""
        self.steps += 1
        facts = self._facts
        if not self._repeats(hello):
            if self.hello is not None:
                facts.renegotiations += facts.complete
                self._begin_again()
            self._transcript.restart(0)
        self._transcript.add(0, raw)
        self.hello = hello
        facts.client_random = hello.random.hex()
        facts.server_name = hello.server_name
        offered = hello.versions or ([] if hello.cut else [hello.version])
        facts.offered_versions = [version_name(number) for number in offered]
        facts.offered_suites = [suite_name(number) for number in hello.suites]
        facts.offered_protocols = hello.protocols
        if Extension.EARLY_DATA in hello.extensions:
            facts.early_data = "offered"
        self._agree()

    def cut_hello(self, side: int, raw: bytes, seen: Evidence) -> None:
        """Take the beginning of this side's hello, of which the rest is missing.

        Raises:
            MalformedError: too little of it is there.
        """
        if side == 0:
            hello = read.read_cut_client_hello(raw[4:])
            self.note(0, "client_hello (cut)", seen, False)
            self.client_hello(hello, raw)
        else:
            answer = read.read_cut_server_hello(raw[4:])
            self.steps += 1
            self.note(1, "server_hello (cut)", seen, False)
            self._server_hello(answer, raw)

    def _repeats(self, hello: read.ClientHello) -> bool:
        """Whether a hello is the second of a handshake, after a HelloRetryRequest.

        The capture may show the server's real answer before either of them.
        """
        if self.answer is not None and self.answer.retry:
            return True
        before = self.hello
        return (
            self._facts.hello_retry
            and before is not None
            and before.random == hello.random
        )

    def _begin_again(self) -> None:
        """Forget the handshake before this one; its keys are with the lanes."""
        self.answer = None
        self._agreed = None
        self._proved = None
        self._exchange = Exchange()
        self._ticket = b""
        self._finished = [False, False]
        self._transcript.broken = [False, False]

    def _server_hello(self, answer: read.ServerHello, raw: bytes) -> None:
        facts = self._facts
        before = self.answer
        if before is not None and not before.retry:  # shown before its ClientHello
            facts.renegotiations += facts.complete
            self._begin_again()
            self.hello = None
        if not (before is not None and before.retry):
            self._transcript.restart(1)
        self._transcript.add(1, raw)
        self.answer = answer
        self.version = answer.negotiated
        facts.version = version_name(self.version)
        facts.version_number = self.version
        facts.suite = suite_name(answer.suite)
        facts.suite_number = answer.suite
        if answer.retry:
            facts.hello_retry = True
            facts.early_data = facts.early_data and "rejected"
            return
        facts.server_random = answer.random.hex()
        facts.session_id = answer.session_id.hex() or None
        facts.compression = answer.compression
        self._agree()

    def _agree(self) -> None:
        """See what both hellos say together, once both are known."""
        client, server = self.hello, self.answer
        if client is None or server is None or server.retry:
            return
        suite = suite_of(server.suite)
        extensions = server.extensions
        agreed = Agreement(client, server, self.version, suite)
        self._agreed = agreed
        if self.version == Version.TLS13:
            shared = Extension.PRE_SHARED_KEY in extensions
            fresh = Extension.KEY_SHARE in extensions
            parts = ["PSK"] * shared + ["(EC)DHE"] * fresh
            self._facts.key_exchange = " with ".join(parts) or None
            agreed.resumed = "psk" if shared else None
        else:
            self._facts.key_exchange = suite.key_exchange or None
            agreed.extended = Extension.EXTENDED_MASTER_SECRET in extensions
            agreed.encrypt_then_mac = (
                suite.bulk.mode == "cbc" and Extension.ENCRYPT_THEN_MAC in extensions
            )
            if server.session_id and server.session_id == client.session_id:
                agreed.resumed = "ticket" if client.ticket else "session id"
        self._facts.resumed = agreed.resumed
        self._facts.extended_master_secret = agreed.extended
        self._facts.encrypt_then_mac = agreed.encrypt_then_mac

    def _learn(self, side: int, kind: int, body: bytes) -> None:
        """Take what the messages behind the hellos tell."""
        facts = self._facts
        if kind == Handshake.CERTIFICATE:
            chain = read.read_certificates(body, self.version)
            if side:
                facts.server_certificates = chain
                self._exchange.certificate = chain[0] if chain else None
            else:
                facts.client_certificates = chain
        elif kind == Handshake.CERTIFICATE_REQUEST:
            facts.client_certificate_requested = True
        elif kind == Handshake.CLIENT_KEY_EXCHANGE:
            self._exchange.client = body
        elif kind == Handshake.SERVER_HELLO_DONE and self._agreed:
            self._agreed.resumed = facts.resumed = None
        elif kind == Handshake.NEW_SESSION_TICKET:
            facts.tickets += 1
            if self.version != Version.TLS13:
                self._ticket = read.read_ticket(body)
                self._remember()
        elif kind == Handshake.KEY_UPDATE:
            facts.key_updates += 1
        elif kind == Handshake.ENCRYPTED_EXTENSIONS and facts.early_data:
            accepted = Extension.EARLY_DATA in read.read_encrypted_extensions(body)
            facts.early_data = "accepted" if accepted else "rejected"

    # -- which keys may fit ---------------------------------------------------------

    def candidates(self, side: int) -> Candidates:
        """Keys that may open this side after its ChangeCipherSpec."""
        agreed = self._usable()
        if not isinstance(agreed, Agreement):
            return agreed
        if agreed.server.compression:
            return f"TLS compression (method {agreed.server.compression}) is not read"
        if self._proved is not None:
            masters: list[Secret] | str = [self._proved]
        else:
            masters = self._masters.find(agreed, self._exchange, self._transcript)
        if isinstance(masters, str):
            patient = self._keys.growing or self._premaster_is_late(side, agreed)
            self.missing = masters
            return WAITING if patient and not self.final else masters
        return [
            Candidate(
                protection(
                    agreed.suite,
                    agreed.schedule_version,
                    secret.value,
                    agreed.client.random,
                    agreed.server.random,
                    side,
                    outside,
                ),
                Label.MASTER,
                agreed.client.random,
                secret,
                agreed.suite,
            )
            for secret in masters
            for outside in agreed.macs_outside
        ]

    @property
    def basis(self) -> object:
        """What `candidates` rests on; equal for as long as that is the same."""
        keys, exchanged = self._keys.generation, self._exchange.client is not None
        holes = tuple(self._transcript.broken)
        return keys, id(self._agreed), exchanged, self._proved, self.final, holes

    def _usable(self) -> Agreement | Waiting | str:
        agreed = self._agreed
        if agreed is None:
            return self._unagreed()
        if agreed.suite.bulk.mode == "closed":
            return f"cipher suite {agreed.suite.name} is not one that can be opened"
        return agreed

    def _unagreed(self) -> Waiting | str:
        """Why the hellos do not say together what holds."""
        missing = 0 if self.hello is None else 1
        if not (self.final or self._transcript.broken[missing]):
            return WAITING
        name = ("ClientHello", "ServerHello")[missing]
        return f"the capture does not hold the {name}"

    def _premaster_is_late(self, side: int, agreed: Agreement) -> bool:
        """Whether the ClientKeyExchange is still under way in the other direction."""
        return (
            side == 1
            and self._exchange.client is None
            and agreed.suite.key_exchange == "RSA"
            and not agreed.resumed
            and not self._transcript.broken[0]
        )

    def candidates_13(self, side: int, epoch: int) -> Candidates:
        """Keys of TLS 1.3 that may open this side from `epoch` on."""
        hello = self.hello
        if hello is None:
            return self._unagreed()
        suites, epochs = [suite_of(number) for number in hello.suites], [EARLY]
        unanswered = self.answer is None or self.answer.retry
        if not unanswered:
            agreed = self._usable()
            if not isinstance(agreed, Agreement):
                return agreed
            suites, epochs = [agreed.suite], [EARLY, HANDSHAKE, APPLICATION]
        found = [
            candidate
            for number in epochs
            if number >= epoch
            for candidate in self._traffic_candidates(side, number, suites)
        ]
        if found:
            return found
        why = self._masters.why_none(self._agreed) if self._agreed else self._unagreed()
        if self._keys.growing and not self.final:
            self.missing = why if isinstance(why, str) else ""
            return WAITING
        return why

    def _traffic_candidates(
        self, side: int, epoch: int, suites: list[Suite]
    ) -> list[Candidate]:
        label = _LABELS.get((side, epoch))
        if label is None or self.hello is None:
            return []
        random = self.hello.random
        return [
            Candidate(
                protection_13(suite, secret.value), label, random, secret, suite, epoch
            )
            for secret in self._keys.secrets(label, random)
            for suite in suites
            if not suite.key_exchange and suite.bulk.mode != "closed"
            if len(secret.value) == (48 if suite.prf == "sha384" else 32)
        ]

    def proved(self, side: int, candidate: Candidate) -> None:
        """A record was authentic under these keys."""
        secret = candidate.secret
        self._facts.key_source = secret.source
        if candidate.turn:
            return  # it follows from a secret that was proved already
        line = f"{candidate.label} {candidate.random.hex()} {secret.value.hex()}"
        if line not in self.used:
            self.used.append(line)
        if candidate.label is Label.MASTER:
            self._proved = secret
            self._remember()
        else:
            self._traffic[side, candidate.epoch] = secret.value
            if candidate.epoch == APPLICATION:
                self._finish(side)

    def _remember(self) -> None:
        if self._proved is not None and self.answer is not None:
            master, source = self._proved.value, self._proved.source
            self._memory.remember(self.answer.session_id, master, source)
            self._memory.remember(self._ticket, master, source)

    # -- what the Finished messages prove -------------------------------------------

    def _check_finished(self, side: int, body: bytes) -> None:
        expected = self._expected_finished(side)
        if expected is not None:
            self._facts.finished_verified[side] = expected == body
        self._finish(side)

    def closed_message(self, side: int, seen: Evidence) -> None:
        """Note a handshake message that no key opens: before data, the Finished."""
        self.note(side, "closed", seen, True)
        self._finish(side)

    def _finish(self, side: int) -> None:
        self._finished[side] = True
        if all(self._finished):
            self._facts.complete = True

    def _expected_finished(self, side: int) -> bytes | None:
        """What the Finished of this side must hold; None where that is not known."""
        agreed = self._agreed
        if agreed is None:
            return None
        digest = agreed.suite.prf
        if self.version == Version.TLS13:
            hashed = self._transcript.before_finished_13(side, digest)
            secret = self._traffic.get((side, HANDSHAKE))
            if hashed is None or secret is None or self._finished[side]:
                return None
            return verify_data_13(digest, secret, hashed)
        hashed = self._transcript.before_finished()
        if hashed is None or self._proved is None:
            return None
        version = agreed.schedule_version
        return verify_data(version, digest, self._proved.value, side, hashed)
