# SPDX-License-Identifier: GPL-2.0-or-later
"""Many endpoints in one TOML file: what each is called, where it is, how it is met.

A key that an endpoint lacks is taken from `[defaults]`, else from the command line.
Paths are relative to the file and stay in its folder; an absolute one may lie anywhere.
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from nmsp_scapy.constants import PORT
from nmsp_scapy.profile.lines import line_of

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
"""Of an endpoint. It names a folder too, so that nothing else can stand in it."""

LARGEST = 1 << 20
ONES_OWN = (
    "--nmsp-authlist-command",
    "--nmsp-statistics-command",
    "--nmsp-statistics",
)
"""Options that can mean one endpoint alone: the first two are keys here."""

PATHS = ("identity", "profile", "claims")
Grade = Literal["auto", "documented", "observed", "reported", "inferred", "assumed"]


class InventoryError(ValueError):
    """An inventory that cannot be used: file, line, and why."""


class Meeting(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How an endpoint is met; None leaves it to the defaults, then to the options.

    Attributes:
        tls: name of a TLS policy; goes before the claims' own.
        authlist_command, statistics_command: as the options of `run`.
        select, exclude: selectors, in place of those of the command line.
    """

    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] | None = None
    identity: str | None = None
    profile: str | None = None
    claims: str | None = None
    tls: str | None = None
    risk: Literal["safe", "may-drop-session", "may-crash"] | None = None
    trust: Grade | None = None
    strict: bool | None = None
    timeout_factor: Annotated[float, msgspec.Meta(gt=0, le=1000)] | None = None
    authlist_command: str | None = None
    statistics_command: str | None = None
    select: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None


class Endpoint(Meeting, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One WLC.

    Attributes:
        name: tells it apart in every report.
        address: host name or IP address, without a port.
    """

    name: Annotated[str, msgspec.Meta(pattern=NAME)]
    address: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]

    @property
    def target(self) -> str:
        """`HOST:PORT`."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port or PORT}"

    def options(self) -> dict[str, Any]:
        """What it lays down, by the name of the plugin's option."""
        found = {
            f"--nmsp-{field.replace('_', '-')}": value
            for field in Meeting.__struct_fields__
            if (value := getattr(self, field)) is not None and field != "port"
        }
        return {**found, "--nmsp-target": self.target}


class Inventory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file.

    Attributes:
        endpoint: the tables `[[endpoint]]`.
    """

    endpoint: Annotated[tuple[Endpoint, ...], msgspec.Meta(min_length=1)]
    defaults: Meeting = Meeting()


def read(path: Path) -> list[Endpoint]:
    """Read an inventory; every endpoint with its defaults, every path absolute.

    Raises:
        InventoryError: it is none; says on which line.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise InventoryError(f"{path}: larger than {LARGEST} bytes")
    try:
        text = data.decode("utf-8-sig")  # some editors begin with a mark
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InventoryError(f"{path}:{line}: not UTF-8") from None
    return _Reader(path, text).endpoints()


class _Reader:
    """One file while it is read: every complaint names its line."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text = path, text
        self.folder = path.resolve().parent

    def error(self, place: tuple[str | int, ...], reason: str) -> InventoryError:
        return InventoryError(f"{self.path}:{line_of(self.text, place)}: {reason}")

    def endpoints(self) -> list[Endpoint]:
        inventory = self._converted(self._tables())
        seen: set[str] = set()
        found = []
        shared = msgspec.structs.asdict(inventory.defaults)
        self._checked(inventory.defaults, ("defaults",))
        for at, endpoint in enumerate(inventory.endpoint):
            place = ("endpoint", at)
            if endpoint.name.lower() in seen:
                raise self.error(
                    (*place, "name"), f"there are two endpoints {endpoint.name!r}"
                )
            seen.add(endpoint.name.lower())
            self._checked(endpoint, place)
            self._addressed(endpoint, place)
            laid = {
                key: self._placed(key, value if own else shared[key], place, own=own)
                for key in Meeting.__struct_fields__
                for value in [getattr(endpoint, key)]
                for own in [value is not None]
            }
            found.append(msgspec.structs.replace(endpoint, **laid))
        return found

    def _tables(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            match = re.search(r"at line (\d+)", str(error))
            line = int(match[1]) if match else self.text.count("\n") + 1
            reason = re.sub(r" \(at .*", "", str(error)) or "nested too deep"
            raise InventoryError(f"{self.path}:{line}: {reason}") from None

    def _converted(self, data: dict[str, Any]) -> Inventory:
        try:
            return msgspec.convert(data, Inventory)
        except msgspec.ValidationError as error:
            reason, _, place = str(error).partition(" - at `$")
            unknown = re.findall(r"unknown field `(.+)`", reason)
            steps = re.findall(r"\[(\d+)\]|\.(\w+)", place)
            path = [int(n) if n else key for n, key in steps]
            raise self.error((*path, *unknown), reason) from None

    def _checked(self, meeting: Meeting, place: tuple[str | int, ...]) -> None:
        from conformance.claims import POLICIES

        if meeting.tls and meeting.tls not in POLICIES:
            known = ", ".join(POLICIES)
            reason = f"no TLS policy {meeting.tls!r}; there are {known}"
            raise self.error((*place, "tls"), reason)

    def _addressed(self, endpoint: Endpoint, place: tuple[str | int, ...]) -> None:
        if not re.fullmatch(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+(%\w+)?", endpoint.address):
            reason = f"{endpoint.address!r} is no host; the port is a key of its own"
            raise self.error((*place, "address"), reason)

    def _placed(
        self, key: str, value: Any, place: tuple[str | int, ...], *, own: bool
    ) -> Any:
        """Make a path, or the paths among selectors, absolute."""
        where = (*place, key) if own else ("defaults", key)
        if value and key in PATHS:
            return str(self._inside(value, where))
        if value and key in ("select", "exclude"):
            return tuple(
                f"@{self._inside(each[1:], where)}" if each[:1] == "@" else each
                for each in value
            )
        return value

    def _inside(self, text: str, where: tuple[str | int, ...]) -> Path:
        path = self.folder / text
        relative = not Path(text).is_absolute()
        if relative and not path.resolve().is_relative_to(self.folder):
            reason = f"{text!r} leaves the inventory's folder; write it absolute"
            raise self.error(where, reason)
        if not path.is_file():
            raise self.error(where, f"there is no file {text!r}")
        return path
