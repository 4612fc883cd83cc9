# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is let in: MAC address and key hash of a certificate.

A WLC lets an MSE in when the MAC address and the key hash of the certificate that
it presents stand in its authorisation list (documented: source document).
`identity` reads them from a certificate, `containers` finds certificates in files,
`commands` writes what is pasted on either side, `compare` holds them against what
somebody pasted.
"""

from nmsp_scapy.authlist.identity import Identity, Kind, identity_of, mac_in

__all__ = ["Identity", "Kind", "identity_of", "mac_in"]
