# SPDX-License-Identifier: GPL-2.0-or-later
"""Options that several commands share, and what they stand for."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nmsp_scapy.constants import PORT

if TYPE_CHECKING:
    from nmsp_scapy.profile import Profile
    from nmsp_scapy.tls import KeyStore

F = TypeVar("F", bound=Callable[..., Any])

UNREAD = 3
"""Exit code when something could not be read."""

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
CAPTURE = click.Path(exists=True, dir_okay=False, allow_dash=True)

_KEYS = (
    click.option(
        "--keylog",
        "keylogs",
        multiple=True,
        type=FILE,
        metavar="FILE",
        help="TLS key log (SSLKEYLOGFILE); may be given several times.",
    ),
    click.option(
        "--rsa-key",
        "rsa_keys",
        multiple=True,
        type=FILE,
        metavar="FILE",
        help="Private key of the WLC (PEM, DER, PKCS#12): opens static RSA sessions.",
    ),
    click.option(
        "--password-file",
        type=FILE,
        metavar="FILE",
        help="Opens encrypted private keys; the first line counts.",
    ),
)
_WIRE = (
    click.option(
        "--port",
        "ports",
        multiple=True,
        type=click.IntRange(1, 65535),
        default=[PORT],
        show_default=True,
        help="Port of the WLC; may be given several times.",
    ),
    click.option(
        "--profile",
        "profile_file",
        type=FILE,
        metavar="FILE",
        help="Wire profile, as nmsp calibrate writes it; the nominal one by default.",
    ),
)


def key_options(function: F) -> F:
    """Add `--keylog`, `--rsa-key` and `--password-file`; see `key_store`."""
    for option in reversed(_KEYS):
        function = option(function)
    return function


def wire_options(function: F) -> F:
    """Add `--port` (as `ports`) and `--profile` (as `profile_file`)."""
    for option in reversed(_WIRE):
        function = option(function)
    return function


def port_option(function: F) -> F:
    """Add `--port` (as `ports`) alone."""
    return _WIRE[0](function)


def jobs_option(function: F) -> F:
    """Add `--jobs`."""
    return click.option(
        "--jobs",
        type=click.IntRange(1, 64),
        default=1,
        show_default=True,
        metavar="N",
        help="Processes that share the conversations (ndjson, tsv, raw; of files).",
    )(function)


def key_store(
    keylogs: tuple[Path, ...],
    rsa_keys: tuple[Path, ...],
    password_file: Path | None,
) -> "KeyStore":
    """Read all keys. Bad lines of a key log are told with the results.

    Raises:
        click.UsageError: a file of private keys cannot be used.
    """
    from nmsp_scapy.tls import KeyFileError, KeyStore

    password = None
    if password_file is not None:
        password = (read_file(password_file).splitlines() or [b""])[0]
    store = KeyStore()
    for path in keylogs:
        store.add_keylog(read_file(path), path.name)
    for path in rsa_keys:
        try:
            store.add_rsa_key(read_file(path), path.name, password)
        except KeyFileError as error:
            raise click.UsageError(f"--rsa-key: {error}") from None
    return store


def read_file(path: Path) -> bytes:
    """Read a small file that the command line names."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror}") from None


def wire_profile(path: Path | None) -> "Profile":
    """Read a wire profile; the nominal one where none is given.

    Raises:
        click.UsageError: it cannot be used; the line at fault is said.
    """
    from nmsp_scapy.profile import NOMINAL
    from nmsp_scapy.profile.reading import ProfileError, read

    if path is None:
        return NOMINAL
    try:
        return read(path)
    except (ProfileError, OSError) as error:
        raise click.UsageError(f"--profile: {error}") from None
