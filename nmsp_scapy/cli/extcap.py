# SPDX-License-Identifier: GPL-2.0-or-later
"""`nmsp extcap`: capture sources that Wireshark starts, by its extcap protocol.

`nmsp-live` listens to an interface and gives NMSP messages decrypted, as exported
PDUs. `nmsp-tap` is the recording proxy; it gives TLS with its secrets inside, which
Wireshark opens itself.

Source: documented: Wireshark's manual page extcap(4).
"""

import contextlib
import io
from pathlib import Path
from typing import NamedTuple

import click

import nmsp_scapy
from nmsp_scapy.constants import PORT

ETHERNET, UPPER_PDU = 1, 252


class Source(NamedTuple):
    """One capture source.

    Attributes:
        shown: its name in Wireshark's list.
        linktype: what it gives, number and name.
        arguments: what is asked of the user, as extcap sentences.
    """

    shown: str
    linktype: tuple[int, str]
    arguments: tuple[str, ...]


def _argument(number: int, call: str, shown: str, rest: str) -> str:
    return f"arg {{number={number}}}{{call=--{call}}}{{display={shown}}}{rest}"


SOURCES = {
    "nmsp-live": Source(
        "NMSP, decrypted live",
        (UPPER_PDU, "WIRESHARK_UPPER_PDU"),
        (
            _argument(0, "nmsp-interface", "Interface", "{type=string}{default=any}"),
            _argument(
                1,
                "nmsp-keylog",
                "TLS key log (may be growing)",
                "{type=fileselect}{mustexist=false}",
            ),
            _argument(2, "nmsp-rsa-key", "RSA key of the WLC", "{type=fileselect}"),
            _argument(
                3,
                "nmsp-port",
                "Port of the WLC",
                f"{{type=integer}}{{range=1,65535}}{{default={PORT}}}",
            ),
            _argument(
                4,
                "nmsp-profile",
                "Wire profile",
                "{type=fileselect}{mustexist=true}{tooltip=The dissector needs it too:"
                " nmsp wireshark install --profile FILE}",
            ),
        ),
    ),
    "nmsp-tap": Source(
        "NMSP, recording proxy",
        (ETHERNET, "EN10MB"),
        (
            _argument(
                0,
                "nmsp-listen",
                "Listen on",
                f"{{type=string}}{{default=127.0.0.1:{PORT}}}",
            ),
            _argument(1, "nmsp-target", "The WLC", "{type=string}{required=true}"),
            _argument(
                2,
                "nmsp-identity",
                "Identity (PEM)",
                "{type=fileselect}{required=true}{mustexist=true}{tooltip=Of the proxy;"
                " the WLC must list it: nmsp authlist FILE prints the commands}",
            ),
        ),
    ),
}


@click.command()
@click.option("--extcap-interfaces", "interfaces", is_flag=True, help="Name them.")
@click.option("--extcap-dlts", "dlts", is_flag=True, help="Tell the link type.")
@click.option("--extcap-config", "config", is_flag=True, help="Tell the arguments.")
@click.option("--extcap-interface", "source", type=click.Choice(list(SOURCES)))
@click.option("--extcap-version", help="Of Wireshark; not used.")
@click.option("--extcap-capture-filter", help="Not used: the port is the filter.")
@click.option("--capture", is_flag=True, help="Capture into --fifo.")
@click.option("--fifo", type=click.Path(path_type=Path), help="What Wireshark reads.")
@click.option("--nmsp-interface", "interface", default="any", help="To listen to.")
@click.option("--nmsp-keylog", "keylog", type=click.Path(path_type=Path))
@click.option("--nmsp-rsa-key", "rsa_key", type=click.Path(path_type=Path))
@click.option("--nmsp-port", "port", type=click.IntRange(1, 65535), default=PORT)
@click.option("--nmsp-profile", "profile", type=click.Path(path_type=Path))
@click.option("--nmsp-listen", "listen", default=f"127.0.0.1:{PORT}")
@click.option("--nmsp-target", "target", default="")
@click.option("--nmsp-identity", "identity", default="")
@click.pass_context
def command(
    ctx: click.Context,
    interfaces: bool,
    dlts: bool,
    config: bool,
    source: str | None,
    extcap_version: str | None,
    extcap_capture_filter: str | None,
    capture: bool,
    fifo: Path | None,
    interface: str,
    keylog: Path | None,
    rsa_key: Path | None,
    port: int,
    profile: Path | None,
    listen: str,
    target: str,
    identity: str,
) -> None:
    """Be a capture source of Wireshark; `nmsp wireshark install` puts it there.

    \b
    Examples:
      nmsp extcap --extcap-interfaces
      tshark -i nmsp-live -o extcap.nmsp_live.nmspkeylog:mse.keys
    """
    if interfaces:
        click.echo(f"extcap {{version={nmsp_scapy.__version__}}}")
        for name, one in SOURCES.items():
            click.echo(f"interface {{value={name}}}{{display={one.shown}}}")
    elif source is None:
        raise click.UsageError("--extcap-interface is missing")
    elif dlts:
        number, name = SOURCES[source].linktype
        click.echo(f"dlt {{number={number}}}{{name={name}}}{{display={name}}}")
    elif config:
        for argument in SOURCES[source].arguments:
            click.echo(argument)
    elif not capture or fifo is None:
        raise click.UsageError("--capture and --fifo go together")
    elif source == "nmsp-live":
        _live(fifo, interface, _given(keylog), _given(rsa_key), _given(profile), port)
    else:
        _tap(ctx, fifo, listen, target, identity)


def _given(path: Path | None) -> Path | None:
    """None for what the user left empty in the dialog."""
    return None if path is None or path == Path() else path


def _live(
    fifo: Path,
    interface: str,
    keylog: Path | None,
    rsa_key: Path | None,
    profile_file: Path | None,
    port: int,
) -> None:
    """Write messages as they pass, until Wireshark closes its end."""
    from nmsp_scapy.cli.listening import listening
    from nmsp_scapy.cli.options import key_store, wire_profile
    from nmsp_scapy.decrypt import Decryption
    from nmsp_scapy.dissect import Dissection
    from nmsp_scapy.export.upper_pdu import UpperPduWriter

    ports = frozenset({port})
    profile = wire_profile(profile_file)
    store = key_store((), (rsa_key,) if rsa_key else (), None)
    logs = [keylog] if keylog else []
    with (
        fifo.open("wb") as file,
        # Wireshark takes any word on standard error for an error.
        listening(interface, ports, store, logs, quiet=True) as live,
    ):
        writer = UpperPduWriter(file)
        file.flush()
        try:
            work = Decryption(store, profile=profile, ports=ports)
            for batch in Dissection(work, profile).run(live):
                writer.write(batch)
                file.flush()
        except BrokenPipeError:
            return


def _tap(
    ctx: click.Context, fifo: Path, listen: str, target: str, identity: str
) -> None:
    """Run the recording proxy with the pipe in place of its file."""
    if not target or not identity:
        raise click.UsageError("the recording proxy needs the WLC and an identity")
    from nmsp_scapy.cli.main import main

    found = main.get_command(ctx, "tap")
    if found is None:
        raise click.UsageError("there is no nmsp tap here")
    # Wireshark takes any word on standard error for an error; what is one is raised.
    with contextlib.redirect_stderr(io.StringIO()):
        found.main(
            [listen, target, "--identity", identity, "-o", str(fifo)],
            standalone_mode=False,
        )
