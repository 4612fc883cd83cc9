# SPDX-License-Identifier: GPL-2.0-or-later
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nmsp_scapy.cli.main import main
from nmsp_scapy.export.columns import COLUMNS, chosen
from tests.gear.talks import talk

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "x.pcapng"
    path.write_bytes(talk().pcapng())
    return path


def dissect(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["dissect", *map(str, args)])


def rows(*args: str | Path) -> list[list[str]]:
    result = dissect(*args, "--format", "tsv")
    assert result.exit_code == 0, result.output
    return [line.split("\t") for line in result.stdout.splitlines()]


def test_a_row_is_a_message(capture: Path) -> None:
    head, *body = rows(capture)
    assert head == [name for name, one in COLUMNS.items() if not one.sample]
    assert len(body) == len(talk().said)
    first = dict(zip(head, body[0], strict=True))
    assert first["time"] == "2023-11-14T22:13:20.012000Z"
    assert first["name"] == "CAPABILITY_NOTIFICATION"
    assert first["client"] == "10.1.1.10:40001"
    assert first["frame"] == "12"


@pytest.mark.parametrize("columns", ["type", "type,length", "length,time,type"])
def test_columns_are_a_choice_in_their_order(columns: str, capture: Path) -> None:
    head, *body = rows(capture, "--columns", columns)
    assert head == columns.split(",")
    at = head.index("type")
    assert [int(row[at]) for row in body] == [
        int.from_bytes(raw[2:4]) for _, raw in talk().said
    ]


def test_samples_explode_to_rows(capture: Path) -> None:
    columns = "index,mac,entity,rssi_a_dbm,age_ms"
    _, *body = rows(capture, "--rows", "samples", "--columns", columns)
    assert len(body) == sum(n % 3 + 1 for n in range(8))
    assert body[1] == ["5", "00:00:5e:00:53:01", "MOBILE_STATION", "-40", "0"]
    assert body[2] == ["5", "00:00:5e:00:53:01", "MOBILE_STATION", "-41", "1"]


def test_parquet_opens_as_it_is(capture: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    out = tmp_path / "x.parquet"
    result = dissect(capture, "--format", "parquet", "--rows", "samples", "-o", out)
    assert result.exit_code == 0, result.output
    table = parquet.read_table(out)
    assert table.column_names == list(COLUMNS)
    assert str(table.schema.field("time").type) == "timestamp[ns, tz=UTC]"
    assert str(table.schema.field("rssi_a_dbm").type) == "int32"
    found = table.to_pylist()
    assert len(found) == sum(n % 3 + 1 for n in range(8))
    assert {row["rssi_a_dbm"] for row in found} == {-40, -41, -42}
    assert found[0]["band"] == "GHZ_2_4"


def test_a_parquet_without_rows_has_its_columns(tmp_path: Path, capture: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    out = tmp_path / "x.parquet"
    dissect(capture, "--format", "parquet", "--where", "type == 999", "-o", out)
    assert parquet.read_table(out).num_rows == 0


@pytest.mark.parametrize(
    ("columns", "rows"), [("tpye", "messages"), ("mac", "messages"), (",", "samples")]
)
def test_what_is_no_column_is_refused(columns: str, rows: str) -> None:
    with pytest.raises(ValueError, match="column"):
        chosen(columns, rows)


def test_the_documentation_names_every_column() -> None:
    text = (ROOT / "docs/columns.md").read_text()
    for name, column in COLUMNS.items():
        assert f"| `{name}` | {column.kind} | {column.meaning} |" in text
