# SPDX-License-Identifier: GPL-2.0-or-later
"""Columns: tab-separated lines, or Parquet for pandas and DuckDB.

A row is a message, or with `rows="samples"` a measurement sample: the columns of its
message are then repeated. Which columns there are, and their types: `columns_of`.
"""

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import IO, Any, NamedTuple

from nmsp_scapy.conversation import Conversation, Message, Result
from nmsp_scapy.profile import NOMINAL, Field, Profile
from nmsp_scapy.times import iso

ROWS = ("messages", "samples")

ROW_GROUP = 100_000
"""Rows of a Parquet row group, which are held in memory."""


class Column(NamedTuple):
    """One column.

    Attributes:
        kind: type in Parquet.
        meaning: for the documentation.
        sample: whether only rows of samples have it.
    """

    kind: str
    meaning: str
    sample: bool = False


COLUMNS: dict[str, Column] = {
    "conversation": Column("int32", "index of the conversation"),
    "index": Column("int64", "index of the message in its conversation"),
    "time": Column("time", "time of the frame that completed the message, UTC"),
    "direction": Column("string", "mse->wlc or wlc->mse"),
    "frame": Column("int64", "frame that completed the message"),
    "client": Column("string", "address and port of the MSE"),
    "server": Column("string", "address and port of the WLC"),
    "type": Column("uint64", "number of the message"),
    "name": Column("string", "name of the message, its number for an unknown one"),
    "version": Column("uint64", "version in the header"),
    "flags": Column("uint64", "flags of the header"),
    "length": Column("uint64", "length in the header"),
    "transaction_id": Column("uint64", "transaction id in the header"),
    "mac": Column("string", "MAC address of what was measured", True),
    "entity": Column("string", "kind of what was measured", True),
    "ap_mac": Column("string", "radio that heard it", True),
    "slot": Column("int32", "slot of the radio", True),
    "band": Column("string", "band of the radio", True),
    "antenna": Column("int32", "antenna of the radio", True),
    "source": Column("string", "what was heard", True),
    "rssi_a_dbm": Column("int32", "signal strength, first antenna, dBm", True),
    "rssi_b_dbm": Column("int32", "signal strength, second antenna, dBm", True),
    "snr_db": Column("int32", "signal to noise ratio, dB", True),
    "age_ms": Column("int64", "age of the sample when it was sent, ms", True),
}
"""Columns under any profile, in the order in which they stand."""

HEADER = frozenset(
    {"conversation", "index", "direction", "type", "version", "flags", "length"}
    | {"transaction_id"}
)
"""Columns that are attributes of a message as they stand."""

Get = Callable[[Message], Any]
Row = tuple[Any, ...]


def columns_of(profile: Profile) -> dict[str, Column]:
    """All columns; those of a profile's own fields, `BEACON.signal`, come last.

    They hold the field of the first such element in a message, or of such a body.
    """
    own = {
        f"{holder}.{field.name}": _column(holder, field)
        for table in (profile.bodies, profile.values)
        for holder, fields in table.items()
        for field in fields
        if field.value is None
    }
    return COLUMNS | own


def _column(holder: str, field: Field) -> Column:
    meaning = f"{field.name} of {holder}, as the profile names it"
    if field.kind not in ("number", "time", "dbm") or field.width > 8:
        return Column("string", meaning)
    return Column("int64" if field.kind == "dbm" else "uint64", meaning)


def chosen(
    names: str | None, rows: str, columns: dict[str, Column] | None = None
) -> list[str]:
    """Check a comma-separated choice of columns; None is all that the rows have.

    Args:
        names: the choice.
        rows: of `ROWS`.
        columns: all that there are.

    Raises:
        ValueError: one of them does not exist.
    """
    columns, samples = columns or COLUMNS, rows == "samples"
    known = [name for name, one in columns.items() if samples or not one.sample]
    if names is None:
        return known
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in columns:
            raise ValueError(f"{name} is no column; there are {', '.join(columns)}")
        if name not in known:
            raise ValueError(f"{name} is a column of --rows samples alone")
    if not wanted:
        raise ValueError("no column")
    return wanted


class Rows:
    """Makes rows of results.

    Attributes:
        columns: what a row consists of.
        plain: whether no value is ever absent.
    """

    def __init__(
        self, names: list[str], rows: str = "messages", profile: Profile = NOMINAL
    ) -> None:
        """Begin; `names` and `rows` as `chosen` has checked them."""
        known = columns_of(profile)
        self.columns = {name: known[name] for name in names}
        self._last: tuple[Message | None, dict[str, Any]] = (None, {})
        self._samples = rows == "samples"
        self._profile = profile
        self._names = {n: name for name, n in profile.message_types.items()}
        self._ends: dict[int, Conversation] = {}
        self.plain = HEADER.issuperset(names)
        self._quick = attrgetter(*names) if self.plain else None
        self._gets = [self._get(name) for name in names]

    def of(self, results: Iterable[Result]) -> Iterable[Row]:
        """Yield the rows of a batch."""
        messages = []
        for found in results:
            if isinstance(found, Message):
                messages.append(found)
            elif isinstance(found, Conversation):
                self._ends[found.index] = found
        if self._samples:
            return self._sample_rows(messages)
        if self._quick is not None:
            if len(self.columns) == 1:
                return [(self._quick(message),) for message in messages]
            return map(self._quick, messages)
        gets = self._gets
        return [tuple([get(message) for get in gets]) for message in messages]

    def _get(self, name: str) -> Get:
        """Make what reads a column of a message."""
        special: dict[str, Get] = {
            "time": attrgetter("time_ns"),
            "frame": lambda m: m.frames[-1] if m.frames else None,
            "client": lambda m: str(self._ends[m.conversation].client),
            "server": lambda m: str(self._ends[m.conversation].server),
            "name": lambda m: self._names.get(m.type) or str(m.type),
        }
        if name in special:
            return special[name]
        if self.columns[name].sample:
            return lambda _: None
        if name not in COLUMNS:
            holder, _, field = name.partition(".")
            return lambda message: _placed(self._record(message), holder, field)
        return attrgetter(name)

    def _record(self, message: Message) -> dict[str, Any]:
        """Decode a message, once for all columns of its row."""
        from nmsp_scapy import records

        if self._last[0] is not message:
            self._last = message, records.decode(message.raw, self._profile)
        return self._last[1]

    def _sample_rows(self, messages: list[Message]) -> Iterator[Row]:
        places = [(at, name) for at, name in enumerate(self.columns)]
        own = [(at, name) for at, name in places if self.columns[name].sample]
        wanted = self._profile.message_types.get("MEASUREMENT_NOTIFICATION")
        answer = self._profile.message_types.get("MEASUREMENT_RESPONSE")
        for message in messages:
            if message.type not in (wanted, answer):
                continue
            base = [get(message) for get in self._gets]
            for sample in samples(self._record(message)):
                for at, name in own:
                    base[at] = sample.get(name)
                yield tuple(base)


def _placed(record: dict[str, Any], holder: str, field: str) -> Any:
    """Find a profile's own field in a message, or in the first element that has it."""
    if record.get("name") == holder:
        body = record.get("body")
        inside = body if isinstance(body, dict) else record
        # A name that the layers need for themselves has an underscore behind it.
        found = inside.get(f"{field}_", inside.get(field))
        if found is not None:
            return found
    for element in record.get("elements", ()):
        found = _placed(element, holder, field)
        if found is not None:
            return found
    return None


def samples(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield each sample of a measurement message, with what was measured."""
    for measured in record.get("elements", ()):
        if measured.get("name") != "MEASUREMENT":
            continue
        about: dict[str, Any] = {}
        for element in measured.get("elements", ()):
            if element["name"] == "MAC_ADDRESS":
                about["mac"] = element.get("mac")
            elif element["name"] == "ENTITY":
                about["entity"] = element.get("kind_name")
            elif element["name"] == "RSSI_SAMPLE" and "malformed" not in element:
                named = {key: element.get(f"{key}_name") for key in ("band", "source")}
                yield {**about, **element, **named}


class TsvWriter:
    """Writes rows as lines of tab-separated values, the first line names them.

    Numbers are written as they are, an absent value as nothing.
    """

    def __init__(self, file: IO[bytes], rows: Rows) -> None:
        """Begin."""
        self._write, self._rows = file.write, rows
        columns = [*rows.columns]
        self._write(("\t".join(columns) + "\n").encode())
        self._time = columns.index("time") if "time" in columns else None
        self._line = "\t".join(["%s"] * len(columns)) + "\n"

    def begin(self, capture: str) -> None:
        """Go on with another capture."""

    def write(self, results: Iterable[Result]) -> None:
        """Write a batch."""
        line, rows = self._line, self._rows.of(results)
        if self._time is not None:
            rows = self._dated(rows, self._time)
        elif self._rows.plain:
            self._write("".join([line % row for row in rows]).encode())
            return
        text = [line % tuple("" if v is None else v for v in row) for row in rows]
        self._write("".join(text).encode())

    @staticmethod
    def _dated(rows: Iterable[Row], at: int) -> Iterator[Row]:
        for row in rows:
            yield (*row[:at], iso(row[at]), *row[at + 1 :])

    def close(self) -> None:
        """Write nothing more."""


class ParquetWriter:
    """Writes rows as Parquet, a row group at a time."""

    def __init__(self, file: IO[bytes], rows: Rows) -> None:
        """Begin.

        Raises:
            ImportError: pyarrow is not installed.
        """
        import pyarrow
        from pyarrow import parquet

        kinds = {
            "time": pyarrow.timestamp("ns", tz="UTC"),
            "string": pyarrow.string(),
            "int32": pyarrow.int32(),
            "int64": pyarrow.int64(),
            "uint64": pyarrow.uint64(),
        }
        fields = [
            pyarrow.field(
                name, kinds[column.kind], metadata={"description": column.meaning}
            )
            for name, column in rows.columns.items()
        ]
        self._schema = pyarrow.schema(fields)
        self._batch = pyarrow.record_batch
        self._arrays = pyarrow.array
        self._writer = parquet.ParquetWriter(file, self._schema, compression="zstd")
        self._rows = rows
        self._waiting: list[Row] = []

    def begin(self, capture: str) -> None:
        """Go on with another capture."""

    def write(self, results: Iterable[Result]) -> None:
        """Write a batch."""
        self._waiting += self._rows.of(results)
        if len(self._waiting) >= ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        columns = zip(*self._waiting, strict=True)
        arrays = [
            self._arrays(values, field.type)
            for values, field in zip(columns, self._schema, strict=True)
        ]
        self._writer.write_batch(self._batch(arrays, schema=self._schema))
        self._waiting = []

    def close(self) -> None:
        """Write the last row group and the footer."""
        if self._waiting:
            self._flush()
        self._writer.close()
