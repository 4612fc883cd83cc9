# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults that emulated gear can be told to have: an honest stack, one switch each.

A fault is a name here and an `if` where it acts. What it breaks is said in a clause;
the conformance suite proves each of its checks on one of them.
"""

from collections.abc import Iterable, Mapping

FAULTS: dict[str, str] = {
    # transport
    "asks-no-certificate": "does not ask for a client certificate",
    "plaintext": "speaks NMSP without TLS",
    "speaks-before-tls": "sends a message in the clear, then begins TLS",
    "accepts-renegotiation": "lets the client renegotiate",
    "speaks-in-the-handshake": "sends application data before the handshake is done",
    "speaks-ssl3": "answers a ClientHello of SSL 3.0",
    "takes-anonymous-suites": "negotiates suites without encryption",
    "needs-whole-hello": "drops a ClientHello that comes in pieces",
    "needs-whole-messages": "drops a message that comes in pieces",
    "drops-slow-messages": "closes on a message that is not whole after 0.03 s",
    "drops-slow-records": "closes on a TLS record that is not whole after 0.03 s",
    "first-message-only": "takes the first of several messages in a record alone",
    "crashes-on-rubbish": "stops listening after bytes that are no TLS",
    "crashes-on-forged-record": "stops listening after a record that is forged",
    "crashes-on-truncation": "stops listening after a message that is cut short",
    "crashes-on-close": "stops listening after a client's close_notify",
    "crashes-on-alert": "stops listening after a client's fatal alert",
    "crashes-on-warning": "stops listening after an alert that is no end",
    "crashes-on-fin": "stops listening after a FIN without close_notify",
    "crashes-on-silence": "stops listening when nothing is said for 0.4 s",
    "one-mse": "ends the session of an MSE when another is let in",
    "subscriptions-shared": "notifies every MSE of what any has subscribed to",
    "mute": "lets the client in and says nothing",
    "drops-idle": "closes a connection on which nothing is said for 0.2 s",
    "serves-one-session": "stops listening when a session has ended",
    # authlist
    "admits-other-hash": "lets in a listed MAC with another key",
    "admits-other-mac": "lets in a listed key with another MAC",
    "admits-unlisted": "lets in whatever certificate is presented",
    "admits-no-certificate": "lets in a client without a certificate",
    "admits-not-yet-valid": "does not look at when a certificate begins",
    "admits-expired": "does not look at when a certificate ends",
    "ignores-sha1": "looks at the SHA-256 hashes of its list alone",
    "ignores-sha256": "looks at the SHA-1 hashes of its list alone",
    "mac-form-matters": "lists a MAC only without separators and in lower case",
    "pins-certificate": "lists the first certificate, not its key",
    "rejects-listed": "turns a listed client away",
    "rejects-with-42": "turns away with alert 42 bad_certificate",
    "rejects-with-40": "turns away with alert 40 handshake_failure",
    "rejects-with-44": "turns away with alert 44 certificate_revoked",
    "rejects-with-fin": "turns away by closing, without an alert",
    "rejects-with-rst": "turns away by a reset, without an alert",
    "rejects-silently": "turns away by saying nothing",
    "rejects-late": "turns away with alert 46 behind the handshake",
    "leaks-before-rejecting": "sends a message before the list has answered",
    "list-read-once": "goes on with the list of when it was started",
    "list-change-drops-all": "ends every session when its list is changed",
    "admits-weak-key": "lets in a listed key of whatever size",
    "resumption-bypasses-list": "does not ask the list when a session is resumed",
    "locks-out": "turns everybody away after three failures",
    "locks-out-later": "turns everybody away after eight failures",
    # capability
    "capability-missing": "never tells its capability",
    "capability-twice": "tells its capability twice",
    "capability-empty": "tells a capability without services",
    "capability-withheld": "does not offer a service that it has",
    "capability-with-transaction": "tells its capability with a transaction id",
    "capability-without-version": "does not name its software",
    "capability-wrong-bits": "offers sub-services of another service",
    # subscription
    "subscription-unanswered": "does not answer a subscription",
    "subscription-answered-twice": "answers a subscription twice",
    "subscription-wrong-transaction": "answers a subscription with another id",
    "subscription-refused": "refuses a subscription that it offers",
    "sub-service-refused": "refuses a sub-service alone, but for a service's first",
    "subscription-mirrors-others": "mirrors services that were not asked for",
    "subscription-malformed-accepted": "accepts a subscription that cannot be read",
    "subscription-malformed-unanswered": "ignores one that cannot be read",
    "subscription-unknown-accepted": "accepts a service that there is not",
    "subscription-malformed-crashes": "stops listening after one that cannot be read",
    "subscription-repeat-unanswered": "answers the first subscription alone",
    "subscription-empty-unanswered": "does not answer a subscription to nothing",
    "subscription-unknown-unanswered": "does not answer one to an unknown service",
    "subscription-bits-unanswered": "does not answer one with unknown bits",
    "subscription-adds": "adds a new subscription to the old one",
    "notifies-unsubscribed": "notifies what was not subscribed",
    "ignores-threshold": "notifies a tag that has not changed by the threshold",
    "notifies-before-subscription": "notifies before anything was subscribed",
    "notifies-never": "never notifies",
    "notifies-too-often": "notifies at a tenth of the interval",
    "notifies-all-kinds": "notifies of tags and rogues whatever was subscribed",
    "notification-malformed": "cuts the last element of a notification short",
    "notification-with-transaction": "puts a transaction id into a notification",
    # echo
    "echo-unanswered": "does not answer echo requests",
    "echo-twice": "answers an echo request twice",
    "echo-wrong-transaction": "answers an echo request with another id",
    "echo-late": "answers an echo request after 1.6 s",
    "echo-with-elements": "puts a status into an echo response",
    "echo-unanswered-when-busy": "does not answer echo while it has work",
    "echo-unsolicited": "sends an echo response that nobody asked for",
    "echo-stops": "answers the first three echo requests only",
    # requests
    "request-unanswered": "does not answer requests",
    "response-wrong-transaction": "answers a request with another id",
    "response-unending": "announces a further response that never comes",
    "response-unmarked": "does not announce further responses",
    "unknown-mac-invented": "answers for a MAC address that it has never heard",
    "measurement-without-mac": "leaves the MAC out of measurements",
    "measurement-positive": "reports signal strengths without their sign",
    "counts-wrong": "counts one echo request too many",
    "counts-nothing-sent": "does not count what it sends",
    "counters-fall": "counts backwards",
    "access-point-without-mac": "leaves the MAC out of access points",
    # header and robustness
    "unknown-type-resets": "resets on a message it does not know",
    "unknown-element-refused": "refuses a request with an element it does not know",
    "short-length-crashes": "stops listening after a length that is too small",
    "trailing-bytes-crash": "stops listening after bytes behind the last element",
    "nesting-crashes": "stops listening after elements nested deeply",
    "version-crashes": "stops listening after a header of another version",
    "flags-unanswered": "does not answer a request with flags it does not know",
    "own-message-crashes": "stops listening after a message that only it sends",
    "overrun-crashes": "stops listening after an element beyond its message",
    "early-message-crashes": "stops listening after what precedes a capability",
    "ignores-close": "keeps its side open when the client closes",
    "one-client": "lets only one client in at a time",
}
"""What each fault breaks, by its name."""

QUIRKS: dict[str, str] = {
    "short-length-hangs": "stops answering after a length that is too small",
    "capability-late": "tells its capability only after the subscription",
    "capability-malformed": "tells a capability that cannot be read",
    "capability-unknown-service": "offers a service that there is not",
    "subscription-mirrors-less": "mirrors fewer services than were asked for",
    "subscription-malformed-resets": "resets on a subscription that cannot be read",
    "response-twice": "answers a request twice",
    "response-wrong-type": "answers a request with the response of another",
    "response-without-status": "leaves the status out of a response",
    "malformed-request-accepted": "answers a request that cannot be read with success",
    "wrong-version": "puts version 2 into its headers",
    "reserved-flags": "sets reserved flags in its headers",
    "length-too-long": "says a length that is one more than there is",
    "unknown-type-answered": "answers a message that it does not know",
    "trailing-bytes-reset": "resets on bytes behind the last element",
    "early-request-resets": "resets on a request before its time",
    "closes-without-notify": "closes without close_notify",
}
"""Oddities that no requirement forbids, switched like faults.

The suite must let them pass; `conformance.matrix.UNJUDGED` says why.
"""

MSE_FAULTS: dict[str, str] = {
    "plaintext": "speaks NMSP without TLS",
    "speaks-before-tls": "sends a message in the clear, then begins TLS",
    "no-certificate": "presents no certificate",
    "wrong-proof": "signs with another key than its certificate's",
    "mute": "dials and says nothing",
    "dials-once": "does not dial again",
    "needs-whole-messages": "drops a message that comes in pieces",
    "fin-ends-it": "never dials again after a FIN without close_notify",
    "alert-ends-it": "never dials again after a fatal alert",
    "warning-ends-it": "never dials again after an alert that is no end",
    "death-ends-it": "never dials again after it has given a WLC up",
    "capability-missing": "never tells its capability",
    "subscribes-early": "subscribes before the WLC has told its capability",
    "subscribes-never": "subscribes to nothing",
    "subscribes-beyond-offer": "subscribes to what is not offered",
    "subscribes-wrong-bits": "names sub-services of another service",
    "refusal-ends-it": "closes when its subscription is refused",
    "echoes-never": "never sends echo requests",
    "echoes-alike": "gives all its echo requests one transaction id",
    "never-gives-up": "keeps a connection whose echoes stay unanswered",
    "unknown-message-ends-it": "closes on a message it does not know",
    "unknown-element-ends-it": "closes on an element it does not know",
    "malformed-ends-it": "never dials again after a malformed message",
    "flood-ends-it": "closes when more than a hundred messages come within a second",
}
"""The same for an MSE."""


class Faults(frozenset[str]):
    """The faults that a piece of gear has."""

    @classmethod
    def named(
        cls, names: Iterable[str], known: Mapping[str, str] = FAULTS | QUIRKS
    ) -> "Faults":
        """Check the names.

        Raises:
            ValueError: there is no such fault.
        """
        found = cls(names)
        for name in sorted(found - known.keys()):
            raise ValueError(f"no fault {name!r}; `nmsp emulate faults` lists them")
        return found
