#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The main job on embedded defaults: dissect bundled captures, judge an emulated
# WLC. Every line that begins with $ is a command that can be typed as it stands,
# with .venv/bin before its name.
set -eu

PATH=$PWD/.venv/bin:$PATH
out=out/demo
wlc=
rm -rf "$out"
mkdir -p "$out"
trap 'test -z "$wlc" || kill "$wlc" 2>/dev/null || true' EXIT

title() { printf '\n== %s\n' "$*"; }
run() {
    printf '\n$ %s\n' "$*"
    code=0
    "$@" || code=$?
    printf '(exit code %s)\n' "$code"
}
begin() { # the first lines of a long output
    printf '\n$ %s | head -n 16\n' "$*"
    "$@" >"$out/text"
    head -n 16 "$out/text"
}
must() { # run, and insist on the exit code
    wanted=$1
    shift
    run "$@"
    test "$code" = "$wanted" || { echo "expected exit code $wanted"; exit 1; }
}
emulate() { # an emulated WLC in the background, on a free port
    rm -f "$out/address"
    printf '\n$ nmsp emulate wlc --listen 127.0.0.1:0 --authlist keys/authlist.txt %s &\n' "$*"
    nmsp emulate wlc --listen 127.0.0.1:0 --ready-file "$out/address" --for 120 \
        --authlist keys/authlist.txt --authlist-wait 0 "$@" \
        2>"$out/wlc.log" &
    wlc=$!
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        test -s "$out/address" && break
        sleep 0.25
    done
    address=$(cat "$out/address")
}
stop() {
    kill "$wlc"
    wait "$wlc" || true
    wlc=
}

title "Captured TLS sessions become NMSP messages, one for each TLS version"
begin nmsp dissect pcaps/tls10-rsa.pcapng --rsa-key keys/wlc.pem
begin nmsp dissect pcaps/tls11-rsa.pcapng --rsa-key keys/wlc.pem
begin nmsp dissect pcaps/tls12-ecdhe.pcapng --keylog keys/tls12-ecdhe.keys
begin nmsp dissect pcaps/tls13.pcapng

title "A tunnel that does not come up: the MSE is not on the AuthList"
must 0 nmsp dissect pcaps/tls10-rsa-rejected.pcapng --rsa-key keys/wlc.pem

title "Without a key nothing is invented: what could not be read is said"
must 3 nmsp dissect pcaps/tls12-ecdhe.pcapng

title "The conformance suite judges an emulated WLC"
emulate
must 0 nmsp-conformance run "$address" --identity keys/mse.pem -n 2 -v -o "$out/honest"
stop

title "... and one with a fault"
emulate --fault echo-wrong-transaction
must 1 nmsp-conformance run "$address" echo --identity keys/mse.pem -o "$out/faulty"
stop

title "Reports, transcripts and a pcapng of every case are in $out"
