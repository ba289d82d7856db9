#!/usr/bin/env bash
# Runs the server and starts it anew whenever a source file has changed and builds.
set -uo pipefail
cd "$(dirname "$0")/.."

stamp() { find server/src migrations Cargo.lock server/Cargo.toml -type f -printf '%T@ %p\n' | sort | sha256sum; }

server=""
stop() { [ -n "$server" ] && kill -INT "$server" 2>/dev/null && wait "$server" 2>/dev/null; server=""; }
trap 'stop; exit 0' INT TERM EXIT

seen=""
while true; do
    now=$(stamp)
    if [ "$now" != "$seen" ]; then
        seen=$now
        if cargo build --quiet; then
            stop
            target/debug/hallpass &
            server=$!
        fi
    fi
    sleep 1
done
