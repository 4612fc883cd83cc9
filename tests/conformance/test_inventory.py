# SPDX-License-Identifier: GPL-2.0-or-later
"""Many endpoints from one file: what it may say, and results told apart."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance import inventory, matrix

Command = Callable[..., subprocess.CompletedProcess[str]]
ENDPOINT = '[[endpoint]]\nname = "one"\naddress = "192.0.2.1"\n'


def read(folder: Path, text: str) -> list[inventory.Endpoint]:
    path = folder / "site.toml"
    path.write_text(text)
    return inventory.read(path)


def test_an_endpoint_goes_before_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "a.pem").touch()
    (tmp_path / "b.pem").touch()
    text = (
        '[defaults]\nidentity = "a.pem"\nport = 16114\n'
        '[[endpoint]]\nname = "one"\naddress = "192.0.2.1"\n'
        '[[endpoint]]\nname = "two"\naddress = "2001:db8::1"\n'
        'identity = "b.pem"\nport = 7\ntls = "fips"\nstrict = false\n'
    )
    one, two = read(tmp_path, text)
    assert one.target == "192.0.2.1:16114"
    assert one.identity == str(tmp_path / "a.pem")
    assert two.target == "[2001:db8::1]:7"
    assert two.options() == {
        "--nmsp-target": "[2001:db8::1]:7",
        "--nmsp-identity": str(tmp_path / "b.pem"),
        "--nmsp-tls": "fips",
        "--nmsp-strict": False,
    }


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "missing required field `endpoint`"),
        ("endpoint = []\n", 1, "length >= 1"),
        (ENDPOINT + "[[endpoint\n", 4, "Expected"),
        (ENDPOINT + 'colour = "red"\n', 4, "unknown field `colour`"),
        (ENDPOINT + "port = 0\n", 4, ">= 1"),
        (ENDPOINT + 'port = "16113"\n', 4, "Expected `int"),
        (ENDPOINT + 'tls = "rot13"\n', 4, "no TLS policy 'rot13'"),
        (ENDPOINT + 'risk = "any"\n', 4, "Invalid enum value"),
        (ENDPOINT + ENDPOINT.replace("one", "ONE"), 5, "two endpoints 'ONE'"),
        (ENDPOINT.replace("one", "../up"), 2, "matching regex"),
        (ENDPOINT.replace("192.0.2.1", "192.0.2.1:1 x"), 3, "is no host"),
        (ENDPOINT + 'identity = "../mse.pem"\n', 4, "leaves the inventory's folder"),
        (ENDPOINT + 'select = ["@/../x", "@../x"]\n', 4, "no file"),
        ('[defaults]\nclaims = "gone.toml"\n' + ENDPOINT, 2, "no file 'gone.toml'"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    tmp_path: Path, text: str, line: int, reason: str
) -> None:
    with pytest.raises(inventory.InventoryError) as told:
        read(tmp_path, text)
    assert f"site.toml:{line}: " in str(told.value)
    assert reason in str(told.value)
    assert "\n" not in str(told.value)


def test_a_link_out_of_the_folder_is_no_way_out(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "mse.pem").touch()
    (tmp_path / "inner/mse.pem").symlink_to(tmp_path / "mse.pem")
    with pytest.raises(inventory.InventoryError, match="leaves"):
        read(tmp_path / "inner", ENDPOINT + 'identity = "mse.pem"\n')
    found = read(
        tmp_path / "inner", ENDPOINT + f'identity = "{tmp_path / "mse.pem"}"\n'
    )
    assert found[0].identity == str(tmp_path / "mse.pem")


def test_what_is_no_text_or_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(b"\n\n\xff")
    with pytest.raises(inventory.InventoryError, match=r"site.toml:3: not UTF-8"):
        inventory.read(path)
    path.write_bytes(b"#" * (inventory.LARGEST + 1))
    with pytest.raises(inventory.InventoryError, match="larger"):
        inventory.read(path)


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_endpoints_are_judged_and_told_apart(
    listed_pem: Path, tmp_path: Path, suite: Command, workers: tuple[str, ...]
) -> None:
    site, out = tmp_path / "site.toml", tmp_path / "out"
    with matrix.wlc() as good, matrix.wlc("echo-wrong-transaction") as bad:
        ports = {"good": good.target[1], "down": 1, "bad": bad.target[1]}
        site.write_text(
            f'[defaults]\nidentity = "{listed_pem}"\ntimeout_factor = 0.2\n'
            + "".join(
                f'[[endpoint]]\nname = "{name}"\naddress = "127.0.0.1"\nport = {port}\n'
                for name, port in ports.items()
            )
        )
        done = suite(
            "run", "--inventory", site, "NMSP-ECHO-3", "NMSP-ECHO-1", "-o", out,
            *workers,
            *(f"--report={each}" for each in ("html", "junit", "sarif", "markdown")),
        )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    runs = json.loads((out / "result.json").read_text())["runs"]
    assert [run["name"] for run in runs] == ["good", "down", "bad"]
    verdicts = [{case["verdict"] for case in run["cases"]} for run in runs]
    assert verdicts[:2] == [{"pass"}, {"inconclusive"}]
    assert "fail" in verdicts[2]
    for case in runs[2]["cases"][1:-1]:
        assert (out / case["capture"]).parent == out / "bad"
        assert (out / case["capture"]).is_file()
    for name in ("good", "down", "bad"):
        assert f"wlc {name} (" in done.stdout
        assert f"wlc {name} (" in (out / "junit.xml").read_text()
        assert f'"name": "{name}"' in (out / "result.sarif").read_text()
        assert f"{name} " in (out / "report.md").read_text()
    page = (out / "report.html").read_text()
    heads = [page.count(f'<th scope="col">{n} (') for n in ("good", "down", "bad")]
    assert heads == [1, 1, 1]
    ElementTree.parse(out / "junit.xml")  # noqa: S314 - ours


def test_a_wrong_inventory_is_a_usage_error(tmp_path: Path, suite: Command) -> None:
    site = tmp_path / "site.toml"
    site.write_text(ENDPOINT)
    done = suite("run", "--inventory", site)
    assert (done.returncode, done.stdout) == (2, "")
    assert "one: Missing option '--identity'" in done.stderr
    done = suite("run", "--identity", site)
    assert done.returncode == 2
    assert "--inventory" in done.stderr
