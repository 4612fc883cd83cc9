#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The programs that tests hold ours against. Root gets them installed; anyone
# else is told, and the tests that need them are skipped (with CI=true they fail).
set -eu

missing=
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need tshark tshark
need gnutls-cli gnutls-bin
need openssl openssl
need chromium chromium
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    printf 'Installing%s\n' "$missing" >&2
    apt-get update -qq
    # shellcheck disable=SC2086 # a list of words
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    printf 'Not installed:%s. Tests that need them are skipped; as root: apt-get install%s\n' "$missing" "$missing" >&2
fi
