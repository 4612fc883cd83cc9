# SPDX-License-Identifier: GPL-2.0-or-later
"""Scapy finds the layers, and nothing is imported before it must be."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import nmsp_scapy

ROOT = Path(__file__).parent.parent


def run(code, *paths):
    env = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (*paths, ROOT)))}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=env,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_package_imports_no_scapy():
    code = "import sys, nmsp_scapy; print('scapy' in sys.modules)"
    assert run(code) == "False"


def test_classes_come_from_the_package_when_they_are_asked_for():
    code = """
import sys
from nmsp_scapy import NMSP, NMSPEchoRequest
assert "scapy.all" not in sys.modules and "scapy.layers.inet" not in sys.modules
try:
    from nmsp_scapy import NMSPNothing
except ImportError:
    print(NMSP().summary())
"""
    assert run(code) == "NMSP 0"


def test_the_port_is_bound_only_on_request():
    code = """
from scapy.layers.inet import IP, TCP
from nmsp_scapy.layers import NMSP, NMSPEchoRequest, bind_port
raw = bytes(IP() / TCP(dport=16113) / (NMSP() / NMSPEchoRequest()))
print(NMSP in IP(raw))
bind_port()
print(NMSP in IP(raw))
"""
    assert run(code).split() == ["False", "True"]


def test_scapy_loads_it_as_an_extension(tmp_path):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    info = tmp_path / f"nmsp_scapy-{nmsp_scapy.__version__}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.4\nName: {project['name']}\n"
        f"Version: {nmsp_scapy.__version__}\nLicense-Expression: {project['license']}\n"
    )
    names = (ROOT / "scripts" / "top_level.txt").read_text()
    (info / "top_level.txt").write_text(names)
    code = """
from scapy.config import conf
from scapy.main import load_layer
conf.exts.load("nmsp-scapy")
load_layer("nmsp", globals_dict=globals())
print(NMSP().name, NMSPStatus(code="BUSY").code)
"""
    assert run(code, tmp_path) == "NMSP 4"
