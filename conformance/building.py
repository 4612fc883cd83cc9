# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages as a wire profile lays them out, sound ones and others."""

from typing import Any

from conformance.verdict import InconclusiveError, Reason
from nmsp_scapy import layers
from nmsp_scapy.profile import NOMINAL, ElementGeometry, Field, Profile


class Builder:
    """Builds the messages of one connection.

    Attributes:
        profile: the wire layout.
    """

    def __init__(self, profile: Profile = NOMINAL) -> None:
        """Begin with transaction 1."""
        self.profile = profile
        self._binding = layers.bind(profile)
        self._transaction = 0

    def transaction(self) -> int:
        """Return a transaction id that was not used here."""
        self._transaction += 1
        return self._transaction

    def build(
        self,
        name: str,
        *elements: Any,
        transaction: int | None = None,
        **header: int,
    ) -> bytes:
        """Build a message.

        Args:
            name: of the message (`ECHO_REQUEST`).
            elements: made by `element`; or bytes, as they are to be sent.
            transaction: its id, of which the profile's width is sent; a new one for
                a request, 0 for a notification.
            header: other fields of the header, as they are to be sent.

        Raises:
            InconclusiveError: the profile has no such message, or no such field.
        """
        if transaction is None:
            asks = name.endswith("_REQUEST")
            transaction = self.transaction() if asks else 0
        body = self._binding.message(name)
        if body is None:
            raise InconclusiveError(
                Reason.UNCONFIRMED, f"the wire profile has no message {name}"
            )
        for field in header:
            self.header_field(field)
        widths = {field.name: field.width for field in self.profile.header.fields}
        if "transaction_id" in widths:
            largest = (1 << 8 * widths["transaction_id"]) - 1
            header["transaction_id"] = transaction & largest
        head = self._binding.header(**header)
        try:
            return bytes(head / body(elements=list(elements)))
        except ValueError as error:
            text = f"{name} cannot be said in the wire profile: {error}"
            raise InconclusiveError(Reason.UNCONFIRMED, text) from None

    def element(self, name: str, **fields: Any) -> Any:
        """Make an element of the profile in use.

        Raises:
            InconclusiveError: the profile does not name it.
        """
        found = self._binding.element(name)
        if found is None:
            raise InconclusiveError(
                Reason.UNCONFIRMED, f"the wire profile has no element {name}"
            )
        return found(**fields)

    def unknown_element(self, **fields: Any) -> Any:
        """Make an element that the profile has no name for."""
        assert self.element_geometry  # noqa: S101 - else it raises
        return self._binding.unknown_element(**fields)

    @property
    def element_geometry(self) -> ElementGeometry:
        """Return the geometry of elements.

        Raises:
            InconclusiveError: the profile has none.
        """
        if self.profile.elements is None:
            raise InconclusiveError(
                Reason.UNCONFIRMED, "the wire profile has no elements"
            )
        return self.profile.elements

    def header_field(self, name: str) -> Field:
        """Return a field of the header.

        Raises:
            InconclusiveError: the profile does not name it.
        """
        for field in self.profile.header.fields:
            if field.name == name:
                return field
        raise InconclusiveError(
            Reason.UNCONFIRMED, f"the wire profile has no header field {name}"
        )
