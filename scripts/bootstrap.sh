#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes .venv with the pinned dependencies and this checkout in it.
set -eu

say() { printf '%s\n' "$*" >&2; }

python=
for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    say "Python 3.11 or later is needed and none was found. Install it, or name it: make PYTHON=/path/to/python3.11 ..."
    exit 2
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "Installing $package, which Debian keeps apart from Python"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null
    else
        say "$python cannot make virtual environments. As root: apt-get install $package"
        exit 2
    fi
fi

say "Making .venv with $("$python" --version)"
"$python" -m venv --clear .venv
.venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
.venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
