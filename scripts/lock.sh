#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Pins every dependency with its hashes. Names no index and no address.
set -eu

compile() {
    "${UV:-.venv/bin/uv}" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-annotate --no-header --upgrade "$@"
}
compile pyproject.toml --all-extras --group dev --group build -o requirements.lock
compile --group pyproject.toml:fuzz -o requirements-fuzz.lock
