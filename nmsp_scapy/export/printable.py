# SPDX-License-Identifier: GPL-2.0-or-later
"""Text from the wire, made harmless for a terminal."""


def printable(text: str) -> str:
    """Replace what a terminal would act on, or nobody would see, by escapes."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in text
    )
