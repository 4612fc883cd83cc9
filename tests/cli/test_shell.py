# SPDX-License-Identifier: GPL-2.0-or-later
import doctest
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from nmsp_scapy.cli.loading import load
from nmsp_scapy.cli.main import main
from nmsp_scapy.profile import NOMINAL
from nmsp_scapy.tls import KeyStore
from tests.gear.talks import talk

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    one = talk()
    one.dropped = {20}
    path = tmp_path / "x.pcapng"
    path.write_bytes(one.pcapng())
    return path


def environment(home: Path) -> dict[str, str]:
    return {
        **os.environ,
        "HOME": str(home),
        "TERM": "dumb",
        "XDG_CONFIG_HOME": str(home),
    }


def test_code_finds_the_packets_and_scapys_own_names(
    capture: Path, tmp_path: Path
) -> None:
    code = (
        "print(len(packets), NMSPEchoRequest in packets[4], IP in packets[0]);"
        "print([e.event for e in events if e.lost], bytes(NMSP()/NMSPEchoRequest()))"
    )
    done = subprocess.run(
        [sys.executable, "-m", "nmsp_scapy", "shell", str(capture), "-c", code],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = done.stdout.splitlines()
    assert first == "15 True True"
    assert second.startswith("['gap'] b'\\x01")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("packets[99]", "-c: IndexError: list index out of range"),
        ("for", "-c: SyntaxError: invalid syntax (-c, line 1)"),
    ],
)
def test_an_error_in_the_users_code_is_no_bug_of_ours(
    capture: Path, code: str, said: str
) -> None:
    done = CliRunner().invoke(main, ["shell", str(capture), "-c", code])
    assert done.exit_code == 2
    assert done.stderr.endswith(f"Error: {said}\n")


def test_a_terminal_gets_the_interactive_shell(capture: Path, tmp_path: Path) -> None:
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "nmsp_scapy", "shell", str(capture)],
        cwd=ROOT,
        env=environment(tmp_path),
        stdin=slave,
        stdout=slave,
        stderr=slave,
    ) as process:
        os.close(slave)
        seen = _until(master, b">>> ")
        assert b"packets: 15 NMSP messages" in seen
        assert b"1 part could not be read" in seen
        os.write(master, b"packets[0].summary()\n")
        seen = _until(master, b"CAPABILITY_NOTIFICATION'")
        os.write(master, b"exit()\n")
        process.wait(30)
    os.close(master)


def _until(terminal: int, wanted: bytes) -> bytes:
    seen, end = b"", time.monotonic() + 60
    while wanted not in seen and time.monotonic() < end:
        if select.select([terminal], [], [], 1)[0]:
            seen += os.read(terminal, 65536)
    assert wanted in seen, seen
    return seen


def test_the_session_of_the_page_is_as_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    page = (ROOT / "docs/scapy.md").read_text()
    told = page.partition("```pycon\n")[2].partition("```")[0]
    names = load("pcaps/tls13.pcapng", KeyStore(), NOMINAL, frozenset({16113}))
    session = doctest.DocTestParser().get_doctest(told, names, "scapy.md", None, 0)
    assert len(session.examples) == 7
    result = doctest.DocTestRunner().run(session)
    assert result.failed == 0
