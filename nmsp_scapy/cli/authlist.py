# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp authlist`: certificates in an AuthList's terms."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from nmsp_scapy.authlist import Identity
    from nmsp_scapy.authlist.compare import Difference

DIFFERS, UNREADABLE = 1, 3
SIZE_LIMIT = 16_000_000
CAPTURE_MAGIC = (
    b"\x0a\x0d\x0d\x0a",
    b"\xa1\xb2\xc3\xd4",
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x4d\x3c\xb2\xa1",
    b"\x1f\x8b",
    b"\x28\xb5\x2f\xfd",
)


class ShowByDefault(click.Group):
    """A group whose arguments go to `show` unless they name another command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `show` before arguments that name no command."""
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group(cls=ShowByDefault, no_args_is_help=True)
def command() -> None:
    """Show a certificate as an AuthList sees it: MAC address and key hashes.

    \b
    nmsp authlist CERT...     is short for: nmsp authlist show CERT...
    nmsp authlist new         makes an identity for tests

    \b
    Examples:
      nmsp authlist mse.pem --ios
      nmsp authlist mse.p12 --password-file pw --aireos
      nmsp authlist mse.pem --compare running-config.txt
      nmsp authlist capture.pcapng
      nmsp authlist --connect 192.0.2.10
      nmsp authlist new --mac 00:50:56:9c:34:89 -o mse.pem
    """


@command.command()
@click.argument("certs", nargs=-1, metavar="CERT...")
@click.option(
    "--connect",
    "endpoints",
    multiple=True,
    metavar="HOST[:PORT]",
    help="Show the certificate that a live TLS server presents (port 16113).",
)
@click.option("--ios", is_flag=True, help="Only the IOS-XE configuration, to paste.")
@click.option("--ios-newer", is_flag=True, help="The same in newer releases' form.")
@click.option("--aireos", is_flag=True, help="Only the AireOS commands, to paste.")
@click.option(
    "--compare",
    "pasted",
    metavar="TEXT|FILE|-",
    help="Hold against a hash, a pasted show output or a configuration.",
)
@click.option(
    "--password-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Opens PKCS#12 stores; the first line counts.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def show(
    ctx: click.Context,
    certs: tuple[str, ...],
    endpoints: tuple[str, ...],
    ios: bool,
    ios_newer: bool,
    aireos: bool,
    pasted: str | None,
    password_file: Path | None,
    as_json: bool,
) -> None:
    """Show MAC address, key hashes and validity of certificates.

    CERT is PEM, DER, PKCS#12, a Java keystore, a capture with a TLS handshake, or -
    for standard input.

    \b
    Examples:
      nmsp authlist show mse.pem --ios
      nmsp authlist show mse.pem --compare running-config.txt

    Exits 0; 1 when --compare finds a difference; 2 on usage; 3 when something could
    not be read.
    """
    if not certs and not endpoints:
        raise click.UsageError("give a certificate, a capture, or --connect HOST")
    passwords: tuple[bytes, ...] = ()
    if password_file is not None:
        passwords = tuple((password_file.read_bytes().splitlines() or [b""])[:1])
    found, unread = _collect(certs, endpoints, passwords)
    identities = [identity for _, identity in found]
    code = UNREADABLE if unread else 0
    if ios or ios_newer or aireos:
        code = _print_configuration(identities, ios, ios_newer, aireos) or code
    elif found:
        differences = _compare(identities, pasted) if pasted is not None else None
        _print(found, differences, as_json)
        if differences and not all(d.same for part in differences for d in part):
            code = code or DIFFERS
    ctx.exit(code)


@command.command()
@click.option("--mac", required=True, help="12 hex digits, separators allowed.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write here with mode 0600; standard output unless given.",
)
@click.option("--name", default="MSE", show_default=True, help="CN before the MAC.")
@click.option("--key", type=click.Choice(["rsa", "ec"]), default="rsa")
@click.option("--days", type=click.IntRange(1, 36500), default=3650, show_default=True)
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
def new(
    mac: str, output: Path | None, name: str, key: str, days: int, force: bool
) -> None:
    """Make a key and a self-signed certificate for tests, one PEM.

    \b
    Example:
      nmsp authlist new --mac 00:50:56:9c:34:89 -o mse.pem
      nmsp authlist mse.pem --ios
    """
    from nmsp_scapy.authlist.create import new_identity

    try:
        private, cert = new_identity(mac, name=name, key=key, days=days)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if output is None:
        click.echo((private + cert).decode(), nl=False)
        return
    try:
        if force:
            output.unlink(missing_ok=True)
        handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise click.UsageError(f"{output} exists; --force overwrites it") from None
    except OSError as error:
        raise click.UsageError(f"{output}: {error.strerror}") from None
    with os.fdopen(handle, "wb") as file:
        file.write(private + cert)
    click.echo(f"{output}: key and certificate; keep it private", err=True)


def _collect(
    certs: Sequence[str], endpoints: Sequence[str], passwords: tuple[bytes, ...]
) -> tuple[list[tuple[str, "Identity"]], bool]:
    """Read all sources; say on standard error what could not be read."""
    from nmsp_scapy.authlist import identity_of

    found: list[tuple[str, Identity]] = []
    unread = False
    for source in [*certs, *(f"--connect {e}" for e in endpoints)]:
        try:
            if source.startswith("--connect "):
                ders = [(source, der) for der in _presented_by(source.split()[1])]
            else:
                ders = _read(source, passwords)
            found += [(name, identity_of(der)) for name, der in ders]
        except OSError as error:
            unread = True
            click.echo(f"nmsp: {source}: {error.strerror or error}", err=True)
        except ValueError as error:
            unread = True
            click.echo(f"nmsp: {source}: {error}", err=True)
    return found, unread


def _read(source: str, passwords: tuple[bytes, ...]) -> list[tuple[str, bytes]]:
    from nmsp_scapy.authlist.containers import certificates_in

    if source == "-":
        data = sys.stdin.buffer.read(SIZE_LIMIT)
    else:
        with Path(source).open("rb") as file:
            data = file.read(4)
            if data.startswith(CAPTURE_MAGIC):
                return _in_capture(source)
            data += file.read(SIZE_LIMIT)
    ders = certificates_in(data, passwords)
    if len(ders) == 1:
        return [(source, ders[0])]
    return [(f"{source} [{at}]", der) for at, der in enumerate(ders, 1)]


def _in_capture(source: str) -> list[tuple[str, bytes]]:
    from nmsp_scapy.capture import CaptureError
    from nmsp_scapy.conversation import Conversation
    from nmsp_scapy.dissect import dissect

    seen: dict[bytes, str] = {}
    try:
        found = [r for r in dissect(source) if isinstance(r, Conversation)]
    except CaptureError as error:
        raise ValueError(str(error).removeprefix(f"{source}: ")) from None
    for conversation in found:
        facts = conversation.tls
        if facts is None:
            continue
        for who, ders in (
            (f"MSE {conversation.client}", facts.client_certificates[:1]),
            (f"WLC {conversation.server}", facts.server_certificates[:1]),
        ):
            for der in ders:
                seen.setdefault(der, f"{source}: {who}")
    if not seen:
        raise ValueError(
            "no certificate can be read in this capture: it holds no TLS handshake on "
            "port 16113, a session is resumed, or TLS 1.3 hides them without a key log"
        )
    return [(name, der) for der, name in seen.items()]


def _presented_by(endpoint: str) -> list[bytes]:
    from nmsp_scapy.cli.endpoint import presented_certificate

    return [presented_certificate(endpoint)]


def _print_configuration(
    identities: Sequence["Identity"], ios: bool, ios_newer: bool, aireos: bool
) -> int:
    from nmsp_scapy.authlist import commands

    if not identities:
        return UNREADABLE
    wanted = [
        (ios, commands.ios_xe),
        (ios_newer, commands.ios_xe_newer),
        (aireos, commands.aireos),
    ]
    try:
        for asked, write in wanted:
            if asked:
                click.echo(write(identities), nl=False)
    except ValueError as error:
        click.echo(f"nmsp: {error}", err=True)
        return UNREADABLE
    return 0


def _compare(identities: Sequence["Identity"], pasted: str) -> list[list["Difference"]]:
    from nmsp_scapy.authlist.compare import compare
    from nmsp_scapy.authlist.pasted import entries_in

    text = pasted
    if pasted == "-":
        text = sys.stdin.buffer.read(SIZE_LIMIT).decode("utf-8", "replace")
    elif len(pasted) < 4096 and "\n" not in pasted and Path(pasted).is_file():
        with Path(pasted).open("rb") as file:
            text = file.read(SIZE_LIMIT).decode("utf-8", "replace")
    entries = entries_in(text)
    if not entries:
        raise click.UsageError(
            "--compare: neither a MAC address nor a key hash (40 or 64 hex digits) "
            "in it, and no such file"
        )
    return [compare(identity, entries) for identity in identities]


def _print(
    found: Sequence[tuple[str, "Identity"]],
    differences: Sequence[Sequence["Difference"]] | None,
    as_json: bool,
) -> None:
    if as_json:
        import msgspec

        from nmsp_scapy.authlist.report import Report, certificate_record

        records = [
            certificate_record(
                name, identity, None if differences is None else list(differences[at])
            )
            for at, (name, identity) in enumerate(found)
        ]
        text = msgspec.json.encode(Report(records))
        click.echo(msgspec.json.format(text, indent=2).decode())
        return
    for at, (name, identity) in enumerate(found):
        click.echo(("\n" if at else "") + _text(name, identity), nl=False)
        if differences is not None:
            click.echo("\n" + _differences_text(differences[at]), nl=False)


def _text(name: str, identity: "Identity") -> str:
    from datetime import UTC, datetime

    from nmsp_scapy.authlist.commands import remarks, server_auth_info

    now = datetime.now(UTC)
    state = "valid now"
    if now < identity.not_before:
        state = "NOT YET VALID by this machine's clock"
    elif now > identity.not_after:
        state = "EXPIRED by this machine's clock"
    lines = [
        name,
        "",
        server_auth_info(identity),
        f"Subject:  {identity.subject}",
        f"Issuer:   {identity.issuer}",
        f"Validity: {identity.not_before:%Y-%m-%d %H:%M:%S} to "
        f"{identity.not_after:%Y-%m-%d %H:%M:%S} UTC, {state}",
        f"Key:      {identity.key}",
        "",
        *(f"- {remark}" for remark in remarks(identity)),
    ]
    return "\n".join(lines) + "\n"


def _differences_text(differences: Sequence["Difference"]) -> str:
    lines = ["Compared with what was pasted:"]
    for found in differences:
        place = f" (line {found.line})" if found.line else ""
        lines.append(f"  {found.part}{place}: {found.state}")
        if not found.same:
            lines.append(f"    given     {found.given or '-'}")
            lines.append(f"    certificate has {found.expected or '-'}")
        if found.detail:
            lines.append(f"    {found.detail}")
    return "\n".join(lines) + "\n"
