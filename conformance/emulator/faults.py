# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults that emulated gear can be told to have: an honest stack, one switch each.

A fault is a name here and an `if` where it acts. What it breaks is said in a clause;
the conformance suite proves each of its checks on one of them.
"""

from collections.abc import Iterable

FAULTS: dict[str, str] = {
    # transport
    "asks-no-certificate": "does not ask for a client certificate",
    "plaintext": "speaks NMSP without TLS",
    "speaks-before-tls": "sends a message in the clear, then begins TLS",
    "accepts-renegotiation": "lets the client renegotiate",
    # authlist
    "admits-other-hash": "lets in a listed MAC with another key",
    "admits-other-mac": "lets in a listed key with another MAC",
    "admits-unlisted": "lets in whatever certificate is presented",
    "admits-no-certificate": "lets in a client without a certificate",
    "admits-not-yet-valid": "does not look at when a certificate begins",
    "admits-expired": "does not look at when a certificate ends",
    "rejects-listed": "turns a listed client away",
    "rejects-with-42": "turns away with alert 42 bad_certificate",
    "rejects-with-40": "turns away with alert 40 handshake_failure",
    "rejects-with-44": "turns away with alert 44 certificate_revoked",
    "rejects-with-fin": "turns away by closing, without an alert",
    "rejects-with-rst": "turns away by a reset, without an alert",
    "rejects-silently": "turns away by saying nothing",
    "leaks-before-rejecting": "sends a message before the list has answered",
    "locks-out": "turns everybody away after three failures",
    "resumption-bypasses-list": "does not ask the list when a session is resumed",
    # capability
    "capability-missing": "never tells its capability",
    "capability-late": "tells its capability only after the subscription",
    "capability-twice": "tells its capability twice",
    "capability-empty": "tells a capability without services",
    "capability-malformed": "tells a capability that cannot be read",
    "capability-unknown-service": "offers a service that there is not",
    "capability-wrong-bits": "offers sub-services of another service",
    # subscription
    "subscription-unanswered": "does not answer a subscription",
    "subscription-answered-twice": "answers a subscription twice",
    "subscription-wrong-transaction": "answers a subscription with another id",
    "subscription-refused": "refuses a subscription that it offers",
    "subscription-mirrors-others": "mirrors services that were not asked for",
    "subscription-mirrors-less": "mirrors fewer services than were asked for",
    "subscription-malformed-resets": "resets on a subscription that cannot be read",
    "subscription-malformed-accepted": "accepts a subscription that cannot be read",
    "subscription-malformed-unanswered": "ignores one that cannot be read",
    "subscription-unknown-accepted": "accepts a service that there is not",
    "subscription-adds": "adds a new subscription to the old one",
    "notifies-unsubscribed": "notifies what was not subscribed",
    "notifies-before-subscription": "notifies before anything was subscribed",
    "notifies-never": "never notifies",
    "notifies-too-often": "notifies at a tenth of the interval",
    "notification-with-transaction": "puts a transaction id into a notification",
    # echo
    "echo-unanswered": "does not answer echo requests",
    "echo-twice": "answers an echo request twice",
    "echo-wrong-transaction": "answers an echo request with another id",
    "echo-late": "answers an echo request after 20 s",
    "echo-unanswered-when-busy": "does not answer echo while it has work",
    "echo-unsolicited": "sends an echo response that nobody asked for",
    "echo-stops": "answers the first three echo requests only",
    # requests
    "request-unanswered": "does not answer requests",
    "response-twice": "answers a request twice",
    "response-wrong-transaction": "answers a request with another id",
    "response-wrong-type": "answers a request with the response of another",
    "response-without-status": "leaves the status out of a response",
    "response-unending": "announces a further response that never comes",
    "response-unmarked": "does not announce further responses",
    "unknown-mac-invented": "answers for a MAC address that it has never heard",
    "malformed-request-accepted": "answers a request that cannot be read with success",
    # header and robustness
    "wrong-version": "puts version 2 into its headers",
    "reserved-flags": "sets reserved flags in its headers",
    "length-too-long": "says a length that is one more than there is",
    "unknown-type-resets": "resets on a message it does not know",
    "unknown-element-refused": "refuses a request with an element it does not know",
    "unknown-type-answered": "answers a message that it does not know",
    "trailing-bytes-reset": "resets on bytes behind the last element",
    "short-length-hangs": "stops answering after a length that is too small",
    "short-length-crashes": "stops listening after a length that is too small",
    "early-request-resets": "resets on a request before its time",
    "closes-without-notify": "closes without close_notify",
    "ignores-close": "keeps its side open when the client closes",
    "one-client": "lets only one client in at a time",
    "counts-wrong": "counts echo requests as data frames",
}
"""What each fault breaks, by its name."""


class Faults(frozenset[str]):
    """The faults that a piece of gear has."""

    @classmethod
    def named(cls, names: Iterable[str]) -> "Faults":
        """Check the names.

        Raises:
            ValueError: there is no such fault.
        """
        found = cls(names)
        for name in sorted(found - FAULTS.keys()):
            raise ValueError(f"no fault {name!r}; `nmsp emulate faults` lists them")
        return found
